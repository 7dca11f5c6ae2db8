//! Data sets, and what a student is given of them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{ParseError, read_list, words, write_list};

words! {
    /// Where the examples come from.
    DataSet {
        /// 1,797 handwritten digits of 8×8 pixels, in the page itself (UCI, CC BY 4.0).
        Digits8 = "digits8",
        /// Digits of 28×28 pixels drawn by procedure.
        Strokes = "strokes",
        /// Intertwined spirals in the plane.
        Spirals = "spirals",
        /// Two interleaved half circles in the plane.
        Moons = "moons",
        /// Concentric rings in the plane.
        Rings = "rings",
        /// Gaussian blobs in the plane.
        Blobs = "blobs",
        /// MNIST, from the visitor's files or from a URL.
        Mnist = "mnist",
        /// Fashion-MNIST, from the visitor's files or from a URL.
        Fashion = "fashion",
        /// English sentences of a grammar: what does one say of something?
        Opinions = "opinions",
        /// The same in Chinese.
        OpinionsChinese = "opinions-zh",
        /// Names of towns, and the countries in which they lie (GeoNames, CC BY 4.0).
        Places = "places",
        /// The same names, to be written letter by letter.
        Names = "names",
        /// Brackets that close in the order in which they open, to be written one by one.
        Brackets = "brackets",
        /// A function of one variable, seen with noise.
        Curve = "curve",
        /// A table of ten columns, five of which count (Friedman 1991, section 4.3).
        Friedman = "friedman",
        /// A CSV file of the visitor's, from which one column is predicted.
        Table = "table",
    }
}

/// What one example of a data set is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A point in the plane.
    Point,
    /// A square image.
    Image {
        /// Its rows, and its columns.
        side: usize,
    },
    /// A sequence of words or letters.
    Text,
    /// A row of numbers.
    Row,
}

/// What the numbers mean that a network says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// Which class an example is of.
    Classes,
    /// Which token comes next: a language model.
    NextToken,
    /// A number: regression.
    Number,
}

/// How a data set comes to the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// In the page itself.
    Embedded,
    /// Made by procedure, as many examples as asked for.
    Generated,
    /// Made by procedure, always the same examples.
    Fixed,
    /// Read from files of the visitor's: four IDX files, or one CSV file.
    Files,
}

/// What the classes of a data set are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClassNames {
    /// 0, 1, 2, …
    Digits,
    /// A, B, C, …
    Letters,
    /// By the page's message `<word>-class`.
    Words,
    /// There are none, or the data bring them.
    None,
}

impl DataSet {
    /// What its classes are called.
    pub fn class_names(self) -> ClassNames {
        match self {
            Self::Digits8 | Self::Strokes | Self::Mnist => ClassNames::Digits,
            Self::Spirals | Self::Moons | Self::Rings | Self::Blobs => ClassNames::Letters,
            Self::Fashion | Self::Opinions | Self::OpinionsChinese | Self::Places => ClassNames::Words,
            Self::Names | Self::Brackets | Self::Curve | Self::Friedman | Self::Table => ClassNames::None,
        }
    }

    /// What is asked of a network; of a table it is the [experiment's](crate::Experiment::output) choice.
    pub fn output(self) -> Output {
        match self {
            Self::Names | Self::Brackets => Output::NextToken,
            Self::Curve | Self::Friedman | Self::Table => Output::Number,
            _ => Output::Classes,
        }
    }

    /// Whether it is trained by the engine for sequences and for numbers, rather than by the one for images and points.
    pub fn is_of_sequences(self) -> bool {
        matches!(self.form(), Form::Text | Form::Row)
    }

    /// What one example is.
    pub fn form(self) -> Form {
        match self {
            Self::Digits8 => Form::Image { side: 8 },
            Self::Strokes | Self::Mnist | Self::Fashion => Form::Image { side: 28 },
            Self::Spirals | Self::Moons | Self::Rings | Self::Blobs => Form::Point,
            Self::Opinions | Self::OpinionsChinese | Self::Places | Self::Names | Self::Brackets => Form::Text,
            Self::Curve | Self::Friedman | Self::Table => Form::Row,
        }
    }

    /// How it comes to the page.
    pub fn source(self) -> Source {
        match self {
            Self::Digits8 | Self::Places | Self::Names => Source::Embedded,
            Self::Opinions | Self::OpinionsChinese | Self::Brackets | Self::Curve | Self::Friedman => Source::Fixed,
            Self::Strokes | Self::Spirals | Self::Moons | Self::Rings | Self::Blobs => Source::Generated,
            Self::Mnist | Self::Fashion | Self::Table => Source::Files,
        }
    }

    /// Whether the examples are points in the plane rather than images.
    pub fn is_plane(self) -> bool {
        self.form() == Form::Point
    }

    /// Whether the examples are read from files.
    pub fn needs_files(self) -> bool {
        self.source() == Source::Files
    }

    /// Whether the examples are made by procedure, as many as asked for.
    pub fn is_generated(self) -> bool {
        self.source() == Source::Generated
    }
}

words! {
    /// What is predicted of the rows of a table.
    TargetKind {
        /// A number: regression.
        Number = "number",
        /// A class, one for each different value.
        Class = "class",
    }
}

words! {
    /// What the student is distilled on.
    Transfer {
        /// Only the labelled examples that the student may see.
        Labelled = "labelled",
        /// All training examples, their labels hidden.
        All = "all",
        /// Uniform noise, labelled by nobody but the teacher.
        Noise = "noise",
        /// Noise of which half the pixels are black and the rest uniform.
        Sparse = "sparse",
        /// Each pixel from the same pixel of another training example: real values in no real picture.
        Shuffled = "shuffled",
        /// The training examples of another data set of the same size.
        Other = "other",
    }
}

impl Transfer {
    /// Whether its inputs are the experiment's own training examples.
    pub fn is_own(self) -> bool {
        matches!(self, Self::Labelled | Self::All)
    }
}

/// How many labelled examples the student may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Labels {
    /// As many as there are.
    All,
    /// This many, balanced by class.
    Count(u32),
}

impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Count(n) => n.fmt(f),
        }
    }
}

impl FromStr for Labels {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text {
            "all" => Ok(Self::All),
            _ => text.parse().map(Self::Count).map_err(|_| ParseError),
        }
    }
}

/// A set of classes, in rising order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Classes(Vec<u8>);

impl Classes {
    /// The set of these classes.
    pub fn new(classes: impl IntoIterator<Item = u8>) -> Self {
        let classes: Vec<u8> = classes.into_iter().collect();
        // Asking for each class in turn brings them into order without the kilobytes of a sort.
        Self((0..=u8::MAX).filter(|class| classes.contains(class)).collect())
    }

    /// Whether the class is in the set.
    pub fn contains(&self, class: u8) -> bool {
        self.0.contains(&class)
    }

    /// The classes in rising order.
    pub fn iter(&self) -> impl Iterator<Item = u8> + '_ {
        self.0.iter().copied()
    }

    /// How many classes are in the set.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no class is in the set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Classes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        write_list(f, &self.0)
    }
}

impl FromStr for Classes {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text {
            "" | "none" => Ok(Self::default()),
            _ => Ok(Self::new(read_list(text)?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_a_set() {
        let classes: Classes = "7,3,7".parse().unwrap();
        assert_eq!(classes.to_string(), "3,7");
        assert!(classes.contains(3) && !classes.contains(8));
        assert!("".parse::<Classes>().unwrap().is_empty());
    }
}
