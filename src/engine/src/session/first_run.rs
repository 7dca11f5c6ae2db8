//! The networks of the first run, kept to be asked.

use crate::nets::Network;

/// The finished students of the first run.
#[derive(Default)]
pub struct FirstRunNetworks {
    students: Option<[Network; 2]>,
}

impl FirstRunNetworks {
    /// Keeps the students of a finished run.
    pub fn new(baseline: Network, student: Network) -> Self {
        Self { students: Some([baseline, student]) }
    }

    /// Both of them.
    pub fn students(&self) -> Option<[Network; 2]> {
        self.students.clone()
    }

    /// The finished student.
    pub fn student(&self) -> Option<Network> {
        self.students.as_ref().map(|[_, student]| student.clone())
    }
}
