//! Which network of an experiment a number or a curve belongs to.

use std::{fmt, str::FromStr};

use crate::values::{ParseError, as_text, words};

words! {
    /// What a network is in its scheme.
    Role {
        /// It teaches, and is no student's rival.
        Teacher = "teacher",
        /// It is taught, and teaches in turn.
        Assistant = "assistant",
        /// The control: the student's equal but for one thing, which the plan names.
        Baseline = "baseline",
        /// What the scheme is about.
        Student = "student",
        /// The mean answer of several networks: no network of its own.
        Ensemble = "ensemble",
        /// One of many teachers, of whom only the votes are heard. No picture shows it.
        Voter = "voter",
    }
}

/// A network of an experiment: its role, and which one of that role. As a text: `teacher`, `student-2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NetworkId {
    /// Its role.
    pub role: Role,
    /// Which one, from 0.
    pub index: u8,
}

impl NetworkId {
    /// The first teacher.
    pub const TEACHER: Self = Self::first(Role::Teacher);
    /// The first baseline.
    pub const BASELINE: Self = Self::first(Role::Baseline);
    /// The first student.
    pub const STUDENT: Self = Self::first(Role::Student);
    /// The ensemble.
    pub const ENSEMBLE: Self = Self::first(Role::Ensemble);

    /// The first of a role.
    pub const fn first(role: Role) -> Self {
        Self { role, index: 0 }
    }

    /// One of a role, from 0.
    pub const fn new(role: Role, index: u8) -> Self {
        Self { role, index }
    }

    /// The word of its role: it names hue and style.
    pub fn role_word(self) -> &'static str {
        self.role.word()
    }
}

as_text!(NetworkId { role: role, index: index });

impl fmt::Display for NetworkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.role.word())?;
        if self.index > 0 { write!(f, "-{}", u32::from(self.index) + 1) } else { Ok(()) }
    }
}

impl FromStr for NetworkId {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let (role, number) = text.split_once('-').unwrap_or((text, "1"));
        let number: u8 = number.parse().map_err(|_| ParseError)?;
        Ok(Self { role: role.parse()?, index: number.checked_sub(1).ok_or(ParseError)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_read_and_written() {
        for text in ["teacher", "student-2", "assistant-10", "ensemble"] {
            assert_eq!(text.parse::<NetworkId>().unwrap().to_string(), text);
        }
        for bad in ["", "teacher-0", "pupil", "student-", "student-300"] {
            assert!(bad.parse::<NetworkId>().is_err(), "{bad}");
        }
    }
}
