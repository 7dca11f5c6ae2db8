//! The types of the knobs' values, each read from and written to the text that stands in a permalink.

pub mod data;
pub mod mix;
pub mod moved_points;
pub mod network;
pub mod quantization;
pub mod scheme;
pub mod training;

use std::{fmt, str::FromStr};

pub use data::{ClassNames, Classes, DataSet, Form, Labels, Output, Source, TargetKind, Transfer};
pub use mix::Mix;
pub use moved_points::{MovedPoint, MovedPoints};
pub use network::{Architecture, NetworkKind};
pub use quantization::{Activations, Bits, Granularity, PtqMethod, Range, Rounding, ZeroPoint};
pub use scheme::{
    GENERATOR_CHANNELS, GENERATOR_WIDTHS, GeneratorKind, GeneratorLoss, Heads, MATCHED_EXAMPLES, MemberLabels, NoiseLaw,
};
pub use training::{DeviceChoice, HintLayer, Judged, OnOff, OptimizerKind, Reversal, Schedule};

/// A text that is not a value of the type asked for. The knob's [`Kind`](crate::Kind) says what would be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a value of this kind")]
pub struct ParseError;

/// Declares an enum whose variants are the words of a permalink.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// The words, in the order of the menu.
            pub const WORDS: &'static [&'static str] = &[$($word),+];
            /// The values, in the order of the menu.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The word that stands for this value in a permalink.
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::ParseError;
            fn from_str(text: &str) -> Result<Self, $crate::ParseError> {
                let place = Self::WORDS.iter().position(|word| *word == text);
                place.map(|place| Self::ALL[place]).ok_or($crate::ParseError)
            }
        }

        // In JSON, too, the word stands for the value; in messages its place in the menu. What serde derives would read
        // the same from a kilobyte of code for each of these enums.
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match serializer.is_human_readable() {
                    true => serializer.serialize_str(self.word()),
                    false => serializer.serialize_u8(*self as u8),
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = match deserializer.is_human_readable() {
                    true => <String as serde::Deserialize>::deserialize(deserializer)?.parse().ok(),
                    false => {
                        let place = <u8 as serde::Deserialize>::deserialize(deserializer)?;
                        Self::ALL.get(usize::from(place)).copied()
                    }
                };
                value.ok_or_else(|| serde::de::Error::custom($crate::ParseError))
            }
        }
    };
}

pub(crate) use words;

/// In JSON the text stands for the value; in messages its fields, each with a name for the macro.
macro_rules! as_text {
    ($name:ident { $($field:tt: $value:ident),+ }) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    return serializer.serialize_str(&self.to_string());
                }
                let Self { $($field: $value),+ } = self;
                ($($value,)+).serialize(serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                    return text.parse().map_err(serde::de::Error::custom);
                }
                serde::Deserialize::deserialize(deserializer).map(|($($value,)+)| Self { $($field: $value),+ })
            }
        }
    };
}

pub(crate) use as_text;

pub(crate) fn write_list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, items: &[T]) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            f.write_str(",")?;
        }
        item.fmt(f)?;
    }
    Ok(())
}

pub(crate) fn read_list<T: FromStr>(text: &str) -> Result<Vec<T>, ParseError> {
    text.split(',').map(|item| item.trim().parse().map_err(|_| ParseError)).collect()
}
