//! A language model of the names of towns, letter by letter.

use super::{
    places,
    task::{Answers, Examples, Input, Inputs, Output, Task},
};
use crate::tokens::Token;

/// What begins a text of a language model.
pub const BEGIN: Token = 0;
/// What ends it.
pub const END: Token = 1;
/// The first token that is neither.
pub const FIRST: Token = 2;

/// A text between its begin and its end.
pub fn framed(tokens: Vec<Token>) -> Vec<Token> {
    [BEGIN].into_iter().chain(tokens).chain([END]).collect()
}

/// The task. A name of two countries occurs once.
pub fn names() -> Task {
    let examples = |names: Vec<(&str, u16)>| {
        let mut seen = std::collections::HashSet::new();
        let distinct = names.into_iter().filter(|(name, _)| seen.insert(*name));
        let sequences = distinct.map(|(name, _)| framed(places::letters(name, FIRST))).collect();
        Examples { inputs: Inputs::Tokens(sequences), answers: Answers::Next }
    };
    let [train, test] = places::names().map(examples);
    let vocabulary = ["".to_owned(), "".to_owned()].into_iter().chain(('a'..='z').map(String::from)).collect();
    let length = places::LETTERS + 2;
    Task { word: "names", input: Input::Tokens { length, vocabulary }, output: Output::NextToken, train, test }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_begin_and_end() {
        let task = names();
        let Inputs::Tokens(sequences) = &task.train.inputs else { return };
        for sequence in sequences {
            assert!(sequence[0] == BEGIN && sequence[sequence.len() - 1] == END && sequence.len() <= 14);
            assert!(sequence[1..sequence.len() - 1].iter().all(|token| (FIRST..28).contains(token)));
        }
        assert_eq!((task.vocabulary(), task.text(&[0, 2, 3, 1], "")), (28, "ab".to_owned()));
    }
}
