//! What an engine shows of its task or its scheme: blocks, which the page draws without knowing either.

use serde::{Deserialize, Serialize};

use crate::{floats::Floats, network_id::NetworkId, values::words};

words! {
    /// Where an exhibit stands.
    ExhibitPlace {
        /// In the middle of the first view.
        Hero = "hero",
        /// Among what happens inside networks.
        Inside = "inside",
        /// Among sizes.
        Sizes = "sizes",
        /// In a panel of its own, while there is one.
        Scheme = "scheme",
        /// Below that, about the example that is shown.
        Example = "example",
        /// Among what is said of the data.
        Data = "data",
    }
}

/// What a task or a scheme shows in one place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exhibit {
    /// Where.
    pub place: ExhibitPlace,
    /// One below the other.
    pub blocks: Vec<Block>,
}

/// A message of the page with its values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Phrase {
    /// The message's key.
    pub key: String,
    /// Its values by name.
    pub values: Vec<(String, PhraseValue)>,
}

/// A value of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum PhraseValue {
    /// A text as it is.
    Text(String),
    /// A number, written as the visitor's language writes it.
    Number(f64),
}

impl Phrase {
    /// A message without values.
    pub fn new(key: &str) -> Self {
        Self { key: key.to_owned(), values: Vec::new() }
    }

    /// The same with a text.
    pub fn with(mut self, name: &str, text: impl Into<String>) -> Self {
        self.values.push((name.to_owned(), PhraseValue::Text(text.into())));
        self
    }

    /// The same with a number.
    pub fn with_number(mut self, name: &str, number: f64) -> Self {
        self.values.push((name.to_owned(), PhraseValue::Number(number)));
        self
    }
}

/// How a number of a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Cell {
    /// Nothing was measured.
    None,
    /// A number with so many decimals.
    Number(f64, u8),
    /// A share, 0 to 1, as a percentage.
    Share(f64),
    /// Bytes.
    Bytes(f64),
    /// A class, and how sure a network is of it.
    Answer(u8, f64),
}

/// A piece of a text: a letter, a word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Piece {
    /// What is written.
    pub text: String,
    /// How strongly it is coloured, 0 to 1.
    pub shade: f64,
}

/// A block of an exhibit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Block {
    /// A sentence.
    Note(Phrase),
    /// A line that the visitor types; it is sent as [`Command::Ask`](crate::Command::Ask).
    Field {
        /// Names it in the question.
        id: u8,
        /// What is to be typed.
        label: Phrase,
        /// What is asked about now.
        text: String,
        /// Texts that may be chosen instead.
        suggestions: Vec<String>,
    },
    /// A menu that sets knobs.
    Choose {
        /// The knob that names it.
        knob: String,
        /// What each choice is called, and the knobs that it sets, as a link writes them.
        options: Vec<(String, String)>,
        /// The one that holds.
        chosen: u32,
    },
    /// What networks say of one input, as logits, which the page softens by the experiment's temperature.
    Bars {
        /// What is shown.
        caption: Phrase,
        /// The names of the outcomes; those of the data set's classes if there are none.
        names: Vec<String>,
        /// The right outcome, where there is one.
        right: Option<u32>,
        /// Logits of each network, as many as outcomes.
        rows: Vec<(NetworkId, Floats)>,
    },
    /// Texts of a network; a piece that is pressed is asked about as `line,piece`.
    Texts {
        /// Names it in the question.
        id: u8,
        /// Whose.
        network: NetworkId,
        /// What is shown, where no sentence above it says so.
        caption: Option<Phrase>,
        /// Lines of pieces.
        lines: Vec<Vec<Piece>>,
        /// The line and the piece that is asked about.
        chosen: Option<[u32; 2]>,
    },
    /// Numbers of networks.
    Table {
        /// What is shown.
        caption: Phrase,
        /// The heads of the columns.
        columns: Vec<Phrase>,
        /// A network's name, or another text, and a number for each column.
        rows: Vec<(RowName, Vec<Cell>)>,
    },
    /// Pictures side by side.
    Pictures {
        /// What they are.
        caption: Phrase,
        /// Rows and columns of each.
        side: u32,
        /// How many stand in a row.
        across: u32,
        /// Each row by row, 0 for black to 1 for white.
        ink: Floats,
    },
    /// Files that the visitor may take away; the one that is chosen is asked for by its word, and comes as
    /// [`Event::File`](crate::Event::File).
    Files {
        /// Names it in the question.
        id: u8,
        /// What they are.
        caption: Phrase,
        /// Each file's word, what it is, and its size in bytes.
        files: Vec<(String, Phrase, f64)>,
    },
    /// Curves and points over a plane. All coordinates are pairs, one after the other.
    Chart {
        /// What is shown.
        caption: Phrase,
        /// What the axes are.
        axes: [Phrase; 2],
        /// Least and most of each axis.
        ranges: [[f64; 2]; 2],
        /// What is true, as a line.
        truth: Floats,
        /// Examples, as points.
        points: Floats,
        /// Whether the visitor may move the points, by the knob `moved`: the first is its point 1.
        moves: bool,
        /// What networks say, as lines.
        lines: Vec<(NetworkId, Floats)>,
        /// What networks say, as points.
        clouds: Vec<(NetworkId, Floats)>,
    },
}

/// What a row of a table is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum RowName {
    /// A network.
    Network(NetworkId),
    /// Something else.
    Phrase(Phrase),
}
