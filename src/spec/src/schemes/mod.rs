//! The registry of schemes: who teaches whom, and when.
//!
//! Each entry names the file, which holds its `SCHEME`, the type's variant, the word in permalinks, the group of the
//! menu (Gou et al. 2021, section 4), its source and where that can be read. The order is that of the menu. What a
//! scheme trains is a [`Plan`], computed from the experiment; its title and its sentence are the messages
//! `scheme-<word>` and `scheme-<word>.help`.

mod builder;

use builder::Builder;

use crate::{
    experiment::Experiment,
    plan::Plan,
    scheme_word::{Scheme, for_each_scheme},
    values::DataSet,
};

/// What a scheme is.
pub struct SchemeEntry {
    /// What it trains.
    pub plan: fn(&Experiment) -> Plan,
    /// Turns the knobs whose usual values are others than those of the data set.
    pub defaults: fn(&mut Experiment),
    /// The knobs of [`SCHEME_KNOBS`] that mean something in it.
    pub knobs: &'static [&'static str],
    /// How many members it may have.
    pub members: (u32, u32),
}

/// The knobs that mean something in some schemes only.
pub const SCHEME_KNOBS: &[&str] = &[
    "student",
    "members",
    "member-labels",
    "mix",
    "dense",
    "stale",
    "same-start",
    "teacher",
    "teacher-epochs",
    "teacher-labels",
    "teacher-smoothing",
    "dropout",
];

/// The knobs of a scheme with one teacher, trained on labels.
const TEACHER_KNOBS: &[&str] =
    &["student", "teacher", "teacher-epochs", "teacher-labels", "teacher-smoothing", "dropout"];

macro_rules! declare {
    ($($file:ident $variant:ident $id:literal $group:ident $source:literal $url:literal;)*) => {
        $(mod $file;)*

        impl Scheme {
            /// What it is.
            pub fn entry(self) -> &'static SchemeEntry {
                match self { $(Self::$variant => &$file::SCHEME),* }
            }
        }
    };
}

for_each_scheme!(declare);

impl Experiment {
    /// The default experiment of a scheme on a data set.
    pub fn usual(data: DataSet, scheme: Scheme) -> Self {
        Self::for_data(data).with_defaults(scheme)
    }

    /// This data set's defaults with those of a scheme.
    pub(crate) fn with_defaults(self, scheme: Scheme) -> Self {
        let mut experiment = Self { scheme, ..self };
        (scheme.entry().defaults)(&mut experiment);
        experiment
    }

    /// What it trains.
    pub fn plan(&self) -> Plan {
        (self.scheme.entry().plan)(self)
    }

    /// Whether a knob means anything in the experiment's scheme.
    pub fn applies(&self, key: &str) -> bool {
        !SCHEME_KNOBS.contains(&key) || self.scheme.entry().knobs.contains(&key)
    }
}

#[cfg(test)]
mod tests;
