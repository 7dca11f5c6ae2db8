//! A language model of brackets of three kinds that must match, of which it can be decided exactly whether a text is
//! right: the Dyck language with three pairs, no deeper than six.

use super::{
    names::{BEGIN, END, FIRST, framed},
    task::{Answers, Examples, Input, Inputs, Output, Task},
};
use crate::{
    random::{Stream, stream},
    tokens::Token,
};

/// Opening brackets, then those that close them.
const BRACKETS: [&str; 6] = ["(", "[", "{", ")", "]", "}"];
const KINDS: Token = 3;
/// Brackets of a text, at most.
pub const LENGTH: usize = 22;
/// How deep brackets stand in brackets, at most.
const DEPTH: usize = 6;
/// How likely each kind is.
const SHARES: [f32; 3] = [0.6, 0.3, 0.1];
const OPEN: f32 = 0.5;
const STOP: f32 = 0.35;
const TRAIN: usize = 8_000;
const TEST: usize = 1_200;
/// The texts are the same in every experiment.
const SEED: u32 = 1;

fn text(stream: &mut Stream) -> Vec<Token> {
    let (mut text, mut open) = (Vec::new(), Vec::<Token>::new());
    loop {
        let left = LENGTH - text.len();
        if open.is_empty() && (left < 2 || !text.is_empty() && stream.chance(STOP)) {
            return text;
        }
        // What is open has to be closed in time.
        let may_open = open.len() < DEPTH && left >= open.len() + 2;
        if may_open && (open.is_empty() || stream.chance(OPEN)) {
            let drawn = stream.uniform();
            let kind = if drawn < SHARES[0] { 0 } else { 1 + Token::from(drawn >= SHARES[0] + SHARES[1]) };
            open.push(kind);
            text.push(FIRST + kind);
        } else if let Some(kind) = open.pop() {
            text.push(FIRST + KINDS + kind);
        }
    }
}

/// What is right of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// Whether no token is wrong where it stands: no bracket closes another, nothing ends with brackets open, nothing
    /// is deeper than it may be.
    pub is_legal: bool,
    /// Whether the text ends in time.
    pub ends: bool,
}

/// What is right of a text that begins with [`BEGIN`].
pub fn validity(sequence: &[Token]) -> Validity {
    let mut open = Vec::new();
    let ends = sequence.last() == Some(&END);
    let mut is_legal = true;
    for &token in sequence.iter().skip(1) {
        is_legal &= match token {
            BEGIN => false,
            END => open.is_empty() && sequence.len() > 2,
            token if token < FIRST + KINDS => {
                open.push(token);
                open.len() <= DEPTH
            }
            token => open.pop() == Some(token - KINDS),
        };
    }
    Validity { is_legal, ends }
}

/// The task.
pub fn brackets() -> Task {
    let examples = |purpose, count| {
        let mut stream = stream(SEED, purpose);
        let sequences = (0..count).map(|_| framed(text(&mut stream))).collect();
        Examples { inputs: Inputs::Tokens(sequences), answers: Answers::Next }
    };
    let vocabulary = ["", ""].into_iter().chain(BRACKETS).map(str::to_owned).collect();
    Task {
        word: "brackets",
        input: Input::Tokens { length: LENGTH + 2, vocabulary },
        output: Output::NextToken,
        train: examples("brackets train", TRAIN),
        test: examples("brackets test", TEST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Validity {
        let tokens = text.chars().map(|c| match c {
            '<' => BEGIN,
            '>' => END,
            c => FIRST + BRACKETS.iter().position(|bracket| bracket.starts_with(c)).unwrap() as Token,
        });
        validity(&tokens.collect::<Vec<Token>>())
    }

    #[test]
    fn texts_are_judged_exactly() {
        let judged = |is_legal, ends| Validity { is_legal, ends };
        assert_eq!(of("<([])()>"), judged(true, true));
        assert_eq!(of("<([])("), judged(true, false));
        for wrong in ["<(]>", "<(()>", "<)(>", "<>", "<((((((()))))))>"] {
            assert_eq!(of(wrong), judged(false, true), "{wrong}");
        }
    }

    #[test]
    fn all_examples_are_right() {
        let task = brackets();
        let Inputs::Tokens(sequences) = &task.train.inputs else { return };
        assert!(sequences.iter().all(|text| validity(text) == Validity { is_legal: true, ends: true }));
        assert!(sequences.iter().all(|text| (4..=24).contains(&text.len())));
        let mean = sequences.iter().map(|text| text.len() - 2).sum::<usize>() as f64 / TRAIN as f64;
        assert!((mean - 13.3).abs() < 0.5, "{mean}");
    }
}
