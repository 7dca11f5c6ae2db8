//! Sentences and names that are read: what each network says of one, and which words a Transformer looks at.

use retort_spec::{Block, Exhibit, ExhibitPlace, Floats, NetworkId, Phrase, Piece};

use super::{Scene, Shown};
use crate::{
    nets::Batch,
    session::reports::{language, written},
    tasks::{self, Answers, Inputs, Task},
    tokens::{Token, TokenBatch},
};

/// The block in which the visitor types.
const FIELD: u8 = 0;
/// The block of words whose attention is shown.
const WORDS: u8 = 1;
/// Texts of the test that may be chosen.
const SUGGESTIONS: usize = 4;

/// A text that is asked about.
struct Asked {
    text: String,
    tokens: Vec<Token>,
    unknown: Vec<String>,
    right: Option<u32>,
}

/// What networks say of the text that is asked about, and what a teacher looks at in it.
pub fn exhibits(scene: &Scene<'_>, shown: &mut Shown) -> Vec<Exhibit> {
    let (experiment, task) = (scene.experiment, scene.task());
    let (Inputs::Tokens(inputs), Answers::Classes(classes)) = (&task.test.inputs, &task.test.answers) else {
        return Vec::new();
    };
    let suggestions: Vec<String> =
        inputs.iter().take(SUGGESTIONS).map(|tokens| written(experiment.data, task, tokens)).collect();
    let text = scene.question(FIELD).map_or_else(|| suggestions.first().cloned().unwrap_or_default(), str::to_owned);
    let (tokens, unknown) = match language(experiment.data) {
        Some(language) => {
            let read = tasks::tokenize(language, &text);
            (read.tokens, read.unknown)
        }
        None => {
            let other = |c: &char| !c.is_ascii_alphabetic() && !c.is_whitespace() && *c != '-';
            (tasks::letters(&text, 0), text.chars().filter(other).map(String::from).collect())
        }
    };
    let right = inputs.iter().position(|input| *input == tokens).map(|at| u32::from(classes[at]));
    let asked_text = Asked { text, tokens, unknown, right };
    let mut hero = vec![Block::Field {
        id: FIELD,
        label: Phrase::new(if language(experiment.data).is_some() { "ask-sentence" } else { "ask-place" }),
        text: asked_text.text.clone(),
        suggestions,
    }];
    if !asked_text.unknown.is_empty() {
        hero.push(Block::Note(Phrase::new("ask-unknown").with("words", asked_text.unknown.join(", "))));
        // What a network says of words that it never saw means nothing: these it knows.
        if let Some(language) = language(experiment.data) {
            let known = language.vocabulary().split_off(2).join(", ");
            hero.push(Block::Note(Phrase::new("ask-known").with("words", known)));
        }
    }
    hero.push(match asked_text.tokens.is_empty() {
        true => Block::Note(Phrase::new("ask-nothing")),
        false => bars(scene, shown, &asked_text),
    });
    let mut exhibits = vec![Exhibit { place: ExhibitPlace::Hero, blocks: hero }];
    exhibits.push(Exhibit { place: ExhibitPlace::Inside, blocks: attention(scene, shown, &asked_text) });
    exhibits
}

fn bars(scene: &Scene<'_>, shown: &mut Shown, asked: &Asked) -> Block {
    let batch = TokenBatch::new([asked.tokens.as_slice()]);
    let mut rows = Vec::new();
    for id in scene.plan.ids() {
        if let Some(network) = shown.network(id) {
            let said = network.forward(Batch::Tokens(&batch), None).to_vec();
            rows.push((id, Floats::from(said)));
        }
    }
    Block::Bars { caption: Phrase::new("ask-answers"), names: Vec::new(), right: asked.right, rows }
}

/// From each word to each other one, as the mean over all heads of a Transformer's last block.
fn attention(scene: &Scene<'_>, shown: &mut Shown, asked_text: &Asked) -> Vec<Block> {
    let task = scene.task();
    let tokens = &asked_text.tokens;
    let batch = TokenBatch::new([tokens.as_slice()]);
    let mut blocks = Vec::new();
    let ids: Vec<NetworkId> = scene.plan.ids().collect();
    for id in ids.into_iter().filter(|_| !tokens.is_empty()) {
        let Some(network) = shown.network(id) else { continue };
        network.forward(Batch::Tokens(&batch), None);
        let maps = network.attention_maps(0);
        let Some(heads) = maps.last() else { continue };
        let count = tokens.len();
        let from = scene.pressed(WORDS).map(|[_, piece]| piece as usize).filter(|&at| at < count);
        let from = from.unwrap_or(count - 1);
        let shade = |to: usize| {
            heads.iter().map(|map| f64::from(map[from * count + to])).sum::<f64>() / heads.len().max(1) as f64
        };
        // Relative to the word that is looked at most.
        let most = (0..count).map(shade).fold(f64::MIN_POSITIVE, f64::max);
        let pieces = tokens
            .iter()
            .enumerate()
            .map(|(to, &token)| Piece { text: word(task, token), shade: shade(to) / most })
            .collect();
        blocks.push(Block::Texts {
            id: WORDS,
            network: id,
            caption: Some(Phrase::new("attention-words").with("word", word(task, tokens[from]))),
            lines: vec![pieces],
            chosen: Some([0, from as u32]),
        });
    }
    if blocks.is_empty() {
        blocks.push(Block::Note(Phrase::new("attention-none")));
    }
    blocks
}

/// A token as it is written; an unknown one as a mark.
fn word(task: &Task, token: Token) -> String {
    let text = task.text(&[token], "");
    if text.is_empty() { "□".to_owned() } else { text }
}
