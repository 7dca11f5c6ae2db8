//! What a task is: what goes in, what comes out, examples, and how well something answers.

use serde::{Deserialize, Serialize};

use crate::tokens::Token;

/// What a network reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Input {
    /// So many numbers an example, each with a name.
    Numbers(Vec<String>),
    /// Sequences of tokens.
    Tokens {
        /// Tokens of a sequence, at most.
        length: usize,
        /// What each token is written as.
        vocabulary: Vec<String>,
    },
}

/// What a network says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Output {
    /// One of these classes.
    Classes(Vec<String>),
    /// Numbers, each with a name.
    Numbers(Vec<String>),
    /// The token that comes next.
    NextToken,
}

/// What goes in, example by example.
#[derive(Debug, Clone, PartialEq)]
pub enum Inputs {
    /// Rows of so many numbers.
    Numbers(Vec<f32>, usize),
    /// Sequences. In a language model's the first token begins and the last one may end the text.
    Tokens(Vec<Vec<Token>>),
}

/// What should come out, example by example.
#[derive(Debug, Clone, PartialEq)]
pub enum Answers {
    /// Classes.
    Classes(Vec<u16>),
    /// Rows of so many numbers.
    Numbers(Vec<f32>, usize),
    /// The sequences themselves.
    Next,
}

/// Examples.
#[derive(Debug, Clone, PartialEq)]
pub struct Examples {
    /// What goes in.
    pub inputs: Inputs,
    /// What should come out.
    pub answers: Answers,
}

impl Examples {
    /// How many.
    pub fn len(&self) -> usize {
        match &self.inputs {
            Inputs::Numbers(numbers, width) => numbers.len() / (*width).max(1),
            Inputs::Tokens(sequences) => sequences.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A task.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// What it is called in links.
    pub word: &'static str,
    /// What a network reads.
    pub input: Input,
    /// What it says.
    pub output: Output,
    /// Examples to learn from. How many of their labels are used is the experiment's choice.
    pub train: Examples,
    /// Examples that nothing learns from.
    pub test: Examples,
}

impl Task {
    /// Entries of its vocabulary.
    pub fn vocabulary(&self) -> usize {
        match &self.input {
            Input::Tokens { vocabulary, .. } => vocabulary.len(),
            Input::Numbers(_) => 0,
        }
    }

    /// Numbers of a row that a network says.
    pub fn outputs(&self) -> usize {
        match &self.output {
            Output::Classes(classes) => classes.len(),
            Output::Numbers(names) => names.len(),
            Output::NextToken => self.vocabulary(),
        }
    }

    /// A sequence as text.
    pub fn text(&self, sequence: &[Token], between: &str) -> String {
        let Input::Tokens { vocabulary, .. } = &self.input else { return String::new() };
        let words: Vec<&str> =
            sequence.iter().filter_map(|&token| vocabulary.get(usize::from(token)).map(String::as_str)).collect();
        words.join(between)
    }
}
