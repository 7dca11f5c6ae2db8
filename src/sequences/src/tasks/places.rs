//! In which country is a town? Names of places from GeoNames (`assets/places`), letter by letter.

use super::task::{Answers, Examples, Input, Inputs, Output, Task};
use crate::{
    random::{fnv1a, stream},
    tokens::Token,
};

/// A line for each country: its code, and its names.
const PLACES: &str = include_str!("../../../../assets/places/places.txt");
/// Letters of a name, at most.
pub const LETTERS: usize = 12;
/// One of so many names, by its hash, is kept for the test; a name of two countries is never on both sides.
const TEST_SHARE: u64 = 6;
/// The order is the same in every experiment.
const SEED: u32 = 1;

/// The codes of the countries.
pub fn countries() -> Vec<String> {
    PLACES.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

/// Names with the index of their country, in a random order: to learn from, and to be tested with.
pub fn names() -> [Vec<(&'static str, u16)>; 2] {
    let mut all: Vec<(&str, u16)> = (0..)
        .zip(PLACES.lines())
        .flat_map(|(country, line)| line.split(' ').skip(1).map(move |name| (name, country)))
        .collect();
    stream(SEED, "places").shuffle(&mut all);
    let (test, train) = all.into_iter().partition(|(name, _)| fnv1a(name.bytes()) % TEST_SHARE == 0);
    [train, test]
}

/// The letters of a name as tokens from `first` on; other characters have none.
pub fn letters(name: &str, first: Token) -> Vec<Token> {
    let lower = name.bytes().map(|byte| byte.to_ascii_lowercase());
    lower.filter(u8::is_ascii_lowercase).map(|byte| first + Token::from(byte - b'a')).take(LETTERS).collect()
}

/// The task: 12 classes, 26 letters.
pub fn places() -> Task {
    let examples = |names: Vec<(&str, u16)>| Examples {
        inputs: Inputs::Tokens(names.iter().map(|(name, _)| letters(name, 0)).collect()),
        answers: Answers::Classes(names.iter().map(|&(_, country)| country).collect()),
    };
    let [train, test] = names().map(examples);
    Task {
        word: "places",
        input: Input::Tokens { length: LETTERS, vocabulary: ('a'..='z').map(String::from).collect() },
        output: Output::Classes(countries()),
        train,
        test,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_source() {
        let [train, test] = names();
        assert_eq!(train.len() + test.len(), 7_183);
        assert!((1_100..1_300).contains(&test.len()));
        assert!(test.iter().all(|(name, _)| train.iter().all(|(other, _)| other != name)));
        assert!(train.iter().all(|(name, _)| (3..=12).contains(&name.len())));
        assert_eq!(countries(), ["CZ", "DE", "ES", "FI", "FR", "ID", "IT", "JP", "NL", "PL", "PT", "TR"]);
        assert_eq!(letters("Ab-c", 2), [2, 3, 4]);
    }
}
