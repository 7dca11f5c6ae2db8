//! What does a sentence say of something? A grammar with look-up, negation and distractors, in two languages: one of
//! several clauses is asked about, each can be negated in three ways, and what critics think does not count.

use std::collections::HashSet;

use super::task::{Answers, Examples, Input, Inputs, Output, Task};
use crate::{
    random::{Stream, fnv1a, stream},
    tokens::Token,
};

/// The number of a word that the grammar does not know.
pub const UNKNOWN: Token = 0;
/// The number that stands for a word to be guessed.
pub const MASK: Token = 1;
/// Sentences to learn from, and to be tested with.
const TRAIN: usize = 40_000;
const TEST: usize = 1_200;
/// One of so many sentences, by the hash of its words, is kept for the test.
const TEST_SHARE: u64 = 8;
/// The longest sentence, in words.
const LENGTH: usize = 32;
/// The sentences are the same in every experiment.
const SEED: u32 = 1;

/// A language of the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// 简体中文.
    Chinese,
}

/// The words of a language.
struct Words {
    aspects: [&'static str; 6],
    positive: [&'static str; 6],
    negative: [&'static str; 6],
    copulas: [&'static str; 3],
    intensifiers: [&'static str; 3],
    negators: [&'static str; 3],
    neutral_frames: [&'static str; 3],
    doubting_frames: [&'static str; 3],
    distractors: [&'static str; 4],
    conjunctions: [&'static str; 4],
    article: &'static str,
    question: &'static str,
}

const ENGLISH: Words = Words {
    aspects: ["film", "plot", "cast", "music", "ending", "script"],
    positive: ["good", "great", "superb", "lovely", "clever", "moving"],
    negative: ["bad", "awful", "dull", "weak", "clumsy", "boring"],
    copulas: ["was", "seemed", "felt"],
    intensifiers: ["very", "really", "quite"],
    negators: ["not", "hardly", "never"],
    neutral_frames: ["i think that", "everyone says that", "they say that"],
    doubting_frames: ["i doubt that", "nobody says that", "few think that"],
    distractors: ["that critics loved", "that critics hated", "that fans praised", "that fans mocked"],
    conjunctions: ["and", "but", "while", "although"],
    article: "the",
    question: "?",
};

const CHINESE: Words = Words {
    aspects: ["电影", "剧情", "演员", "音乐", "结局", "剧本"],
    positive: ["好", "精彩", "出色", "动人", "巧妙", "感人"],
    negative: ["差", "糟糕", "沉闷", "单薄", "笨拙", "无聊"],
    copulas: ["显得", "看起来", "让人觉得"],
    intensifiers: ["很", "非常", "特别"],
    negators: ["不", "并不", "并非"],
    neutral_frames: ["我认为", "大家都说", "据说"],
    doubting_frames: ["我怀疑", "没人说", "很少有人认为"],
    distractors: ["影评人喜欢的", "影评人讨厌的", "影迷称赞的", "影迷嘲笑的"],
    conjunctions: ["而且", "但是", "同时", "尽管"],
    article: "",
    question: "？",
};

/// The largest number of clauses of a sentence.
const CLAUSES: usize = 2;

impl Language {
    fn words(self) -> &'static Words {
        match self {
            Self::English => &ENGLISH,
            Self::Chinese => &CHINESE,
        }
    }

    /// What stands between two words.
    pub fn space(self) -> &'static str {
        match self {
            Self::English => " ",
            Self::Chinese => "",
        }
    }

    /// All words, behind what stands for an unknown and for a hidden one.
    pub fn vocabulary(self) -> Vec<String> {
        let words = self.words();
        let lists: [&[&str]; 11] = [
            &words.aspects,
            &words.positive,
            &words.negative,
            &words.copulas,
            &words.intensifiers,
            &words.negators,
            &words.neutral_frames,
            &words.doubting_frames,
            &words.distractors,
            &words.conjunctions,
            &[words.article, words.question],
        ];
        let mut vocabulary = vec!["[unknown]".to_owned(), "[mask]".to_owned()];
        for word in lists.concat().iter().flat_map(|phrase| phrase.split_whitespace()) {
            if !vocabulary.iter().any(|known| known == word) {
                vocabulary.push(word.to_owned());
            }
        }
        vocabulary
    }
}

/// A sentence, and what it says of what is asked about: 0 good, 1 bad, 2 nothing.
fn sentence(words: &Words, stream: &mut Stream) -> (Vec<&'static str>, u16) {
    let mut aspects = words.aspects;
    stream.shuffle(&mut aspects);
    let clauses = 1 + stream.below(CLAUSES);
    let asked = if stream.chance(0.2) { clauses } else { stream.below(clauses) };
    let mut said = vec![aspects[asked], words.question];
    let mut label = 2;
    for (index, aspect) in aspects.iter().enumerate().take(clauses) {
        if index > 0 {
            said.push(stream.pick(&words.conjunctions));
        }
        let is_positive = clause(words, aspect, stream, &mut said);
        if index == asked {
            label = if is_positive { 0 } else { 1 };
        }
    }
    (said.iter().flat_map(|phrase| phrase.split_whitespace()).collect(), label)
}

/// Adds a clause; whether it says something good.
fn clause(words: &Words, aspect: &'static str, stream: &mut Stream, said: &mut Vec<&'static str>) -> bool {
    let mut is_positive = true;
    let frame = stream.uniform();
    if frame < 0.25 {
        said.push(stream.pick(&words.neutral_frames));
    } else if frame < 0.5 {
        said.push(stream.pick(&words.doubting_frames));
        is_positive = !is_positive;
    }
    let distractor = stream.chance(0.3).then(|| stream.pick(&words.distractors));
    // English says "the film that critics loved", Chinese what critics think in front of the film.
    if words.article.is_empty() {
        said.extend(distractor);
        said.push(aspect);
    } else {
        said.extend([words.article, aspect]);
        said.extend(distractor);
    }
    said.push(stream.pick(&words.copulas));
    if stream.chance(0.4) {
        said.push(stream.pick(&words.negators));
        is_positive = !is_positive;
    }
    if stream.chance(0.3) {
        said.push(stream.pick(&words.intensifiers));
    }
    if stream.chance(0.5) {
        said.push(stream.pick(&words.positive));
        is_positive
    } else {
        said.push(stream.pick(&words.negative));
        !is_positive
    }
}

/// The task. No sentence of the test is among those to learn from.
pub fn opinions(language: Language) -> Task {
    let (words, vocabulary) = (language.words(), language.vocabulary());
    let mut stream = stream(SEED, "opinions");
    let (mut train, mut test, mut tested) = ((Vec::new(), Vec::new()), (Vec::new(), Vec::new()), HashSet::new());
    let number = |word: &&str| vocabulary.iter().position(|known| known == word).unwrap_or(0) as Token;
    while train.0.len() < TRAIN || test.0.len() < TEST {
        let (said, label) = sentence(words, &mut stream);
        let tokens: Vec<Token> = said.iter().map(number).collect();
        let is_test = fnv1a(said.join(" ").bytes()) % TEST_SHARE == 0;
        let (list, room) = if is_test { (&mut test, TEST) } else { (&mut train, TRAIN) };
        // Each sentence is tested once.
        if list.0.len() < room && (!is_test || tested.insert(tokens.clone())) {
            list.0.push(tokens);
            list.1.push(label);
        }
    }
    let examples = |(inputs, labels)| Examples { inputs: Inputs::Tokens(inputs), answers: Answers::Classes(labels) };
    Task {
        word: "opinions",
        input: Input::Tokens { length: LENGTH, vocabulary },
        output: Output::Classes(["good", "bad", "not-mentioned"].map(str::to_owned).to_vec()),
        train: examples(train),
        test: examples(test),
    }
}

/// A sentence of a visitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokenized {
    /// Its tokens.
    pub tokens: Vec<Token>,
    /// What it says that the grammar does not know.
    pub unknown: Vec<String>,
}

/// Reads a sentence: by words in English, by the longest known words in Chinese. What is unknown is named, and stands
/// as one unknown token. At most as many words as a network reads are kept.
pub fn tokenize(language: Language, text: &str) -> Tokenized {
    let vocabulary = language.vocabulary();
    let find = |word: &str| vocabulary.iter().skip(2).position(|known| known == word).map(|at| (at + 2) as Token);
    let mut read = Tokenized { tokens: Vec::new(), unknown: Vec::new() };
    match language {
        Language::English => {
            let text = text.to_lowercase().replace('?', " ? ");
            let letters = |c: char| !c.is_alphanumeric() && c != '?' && c != '\'';
            for word in text.split(letters).filter(|word| !word.is_empty()) {
                read.tokens.push(find(word).unwrap_or_else(|| {
                    read.unknown.push(word.to_owned());
                    UNKNOWN
                }));
            }
        }
        Language::Chinese => {
            let text: String = text.replace('?', "？").chars().filter(|c| !c.is_whitespace()).collect();
            let (mut rest, mut unread) = (text.as_str(), String::new());
            let end = |unread: &mut String, read: &mut Tokenized| {
                if !unread.is_empty() {
                    read.tokens.push(UNKNOWN);
                    read.unknown.push(std::mem::take(unread));
                }
            };
            while let Some(first) = rest.chars().next() {
                let words = vocabulary.iter().skip(2).filter(|word| rest.starts_with(word.as_str()));
                match words.max_by_key(|word| word.len()) {
                    Some(word) => {
                        end(&mut unread, &mut read);
                        read.tokens.extend(find(word));
                        rest = &rest[word.len()..];
                    }
                    None => {
                        if first.is_alphanumeric() {
                            unread.push(first);
                        } else {
                            end(&mut unread, &mut read);
                        }
                        rest = &rest[first.len_utf8()..];
                    }
                }
            }
            end(&mut unread, &mut read);
        }
    }
    read.tokens.truncate(LENGTH);
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(examples: &Examples) -> (&[Vec<Token>], &[u16]) {
        match (&examples.inputs, &examples.answers) {
            (Inputs::Tokens(sequences), Answers::Classes(labels)) => (sequences, labels),
            _ => (&[], &[]),
        }
    }

    #[test]
    fn no_sentence_of_the_test_is_learned_from() {
        for language in [Language::English, Language::Chinese] {
            let task = opinions(language);
            let ((train, labels), (test, _)) = (parts(&task.train), parts(&task.test));
            assert_eq!((train.len(), test.len()), (TRAIN, TEST));
            let train: HashSet<&Vec<Token>> = train.iter().collect();
            assert!(test.iter().all(|sentence| !train.contains(sentence)));
            assert!(train.iter().copied().chain(test).all(|sentence| sentence.len() <= LENGTH));
            assert!(train.iter().all(|sentence| !sentence.contains(&UNKNOWN)));
            let share = |label| labels.iter().filter(|&&other| other == label).count() as f64 / TRAIN as f64;
            for (label, expected) in [(0, 0.4), (1, 0.4), (2, 0.2)] {
                assert!((share(label) - expected).abs() < 0.02);
            }
        }
        assert_eq!(Language::English.vocabulary().len(), 51);
    }

    #[test]
    fn labels_follow_the_rules() {
        // Each sentence is read again, by the words that it has.
        let mut stream = stream(7, "test");
        for _ in 0..500 {
            let (said, label) = sentence(&ENGLISH, &mut stream);
            let clauses: Vec<&[&str]> = said[2..].split(|word| ENGLISH.conjunctions.contains(word)).collect();
            let about = clauses.iter().find(|clause| clause.contains(&said[0]));
            let expected = about.map_or(2, |clause| {
                let is = |list: &[&str]| clause.iter().filter(|word| list.contains(word)).count();
                let flips = is(&ENGLISH.negative) + is(&ENGLISH.negators) + is(&["doubt", "nobody", "few"]);
                (flips % 2) as u16
            });
            assert_eq!(label, expected, "{said:?}");
        }
    }

    #[test]
    fn sentences_of_a_visitor_are_read_and_unknown_words_named() {
        let read = tokenize(Language::English, "Film? The film, that critics HATED, was not gripping.");
        assert_eq!(read.unknown, ["gripping"]);
        let words: Vec<String> =
            read.tokens.iter().map(|&at| Language::English.vocabulary()[usize::from(at)].clone()).collect();
        assert_eq!(words.join(" "), "film ? the film that critics hated was not [unknown]");
        let read = tokenize(Language::Chinese, "音乐？ 我怀疑影评人喜欢的音乐显得并不太吵。");
        assert_eq!(read.unknown, ["太吵"]);
        let words: Vec<String> =
            read.tokens.iter().map(|&at| Language::Chinese.vocabulary()[usize::from(at)].clone()).collect();
        assert_eq!(words.join(" "), "音乐 ？ 我怀疑 影评人喜欢的 音乐 显得 并不 [unknown]");
    }
}
