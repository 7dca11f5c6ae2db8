//! The networks of an experiment, and what one says of an input.

use serde::{Deserialize, Serialize};

use crate::floats::Floats;

/// Places along each side of the square that [`Event::Regions`] covers.
pub const REGION_SIDE: usize = 48;

/// Half the side of that square, in the data's units: places lie at the centres of its cells.
pub const REGION_REACH: f32 = 1.5;

/// Whose curve, number or bar it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actor {
    /// The large network that saw every label.
    Teacher,
    /// The small network trained on its labels alone.
    Baseline,
    /// The same small network, trained on the teacher's soft targets too.
    Student,
}

impl Actor {
    /// All three, in the order of the page.
    pub const ALL: [Actor; 3] = [Actor::Teacher, Actor::Baseline, Actor::Student];

    /// The word that names the actor in styles, messages and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Actor::Teacher => "teacher",
            Actor::Baseline => "baseline",
            Actor::Student => "student",
        }
    }
}

/// What one network says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Whose answer.
    pub actor: Actor,
    /// Whether it is the network that was read back from the packed file of the chosen width and granularity.
    pub packed: bool,
    /// Row by row.
    pub logits: Floats,
}

/// A file's name and contents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileData {
    /// Its name, for messages to the visitor.
    pub name: String,
    /// Its bytes.
    #[serde(with = "crate::floats::bytes")]
    pub bytes: Vec<u8>,
}
