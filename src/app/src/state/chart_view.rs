//! What the visitor chose to see of the learning curves. Pure.

use retort_spec::CurvePoint;

/// What the chart shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// Share of examples that is right.
    Accuracy,
    /// Cross-entropy on the test set; in training, what the network minimises.
    Loss,
}

/// On which examples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Those that no network learns from.
    Test,
    /// Those that the network learns from.
    Train,
}

impl Quantity {
    /// Its value at a point; `None` where it was not measured or is no number.
    pub fn of(self, part: Part, point: &CurvePoint) -> Option<f64> {
        let value = match (self, part) {
            (Self::Accuracy, Part::Test) => Some(point.test_accuracy),
            (Self::Accuracy, Part::Train) => point.train_accuracy,
            (Self::Loss, Part::Test) => Some(point.test_loss),
            (Self::Loss, Part::Train) => point.train_loss,
        };
        value.filter(|value| value.is_finite())
    }

    /// Where the axis ends: a whole number that the values reach, so that it seldom changes.
    pub fn top(self, values: impl Iterator<Item = f64>) -> f64 {
        /// A loss that runs away should not flatten all others.
        const MOST: f64 = 5.0;
        match self {
            Self::Accuracy => 1.0,
            Self::Loss => values.fold(0.0, f64::max).ceil().clamp(1.0, MOST),
        }
    }
}

/// What the visitor chose to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    pub quantity: Quantity,
    pub test: bool,
    pub train: bool,
}

impl View {
    /// Shows a part or hides it; the last one stays, since an empty chart tells nothing.
    pub fn toggled(self, part: Part) -> Self {
        let (test, train) = match part {
            Part::Test => (!self.test, self.train),
            Part::Train => (self.test, !self.train),
        };
        if test || train { Self { test, train, ..self } } else { self }
    }

    /// Whether a part is shown.
    pub fn shows(self, part: Part) -> bool {
        if part == Part::Test { self.test } else { self.train }
    }

    /// The one part of the lines that are only compared with: two of each would be a thicket.
    pub fn main_part(self) -> Part {
        if self.test { Part::Test } else { Part::Train }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use retort_spec::NetworkId;

    const FIRST: CurvePoint = CurvePoint {
        run: 0,
        network_id: NetworkId::STUDENT,
        epoch: 0,
        step: 0,
        train_loss: None,
        train_accuracy: None,
        test_loss: f64::NAN,
        test_accuracy: 0.5,
    };

    #[test]
    fn what_was_not_measured_is_no_value() {
        assert_eq!(Quantity::Accuracy.of(Part::Test, &FIRST), Some(0.5));
        assert_eq!(Quantity::Accuracy.of(Part::Train, &FIRST), None);
        assert_eq!(Quantity::Loss.of(Part::Train, &FIRST), None);
        assert_eq!(Quantity::Loss.of(Part::Test, &FIRST), None, "NaN is no number");
        assert_eq!(Quantity::Loss.top([1.2, 2.3].into_iter()), 3.0);
        assert_eq!(Quantity::Loss.top([900.0].into_iter()), 5.0);
    }

    #[test]
    fn one_part_always_stays() {
        let view = View { quantity: Quantity::Loss, test: true, train: false };
        assert_eq!(view.toggled(Part::Test), view);
        let both = view.toggled(Part::Train);
        assert!(both.shows(Part::Test) && both.shows(Part::Train));
        assert_eq!(both.toggled(Part::Test).main_part(), Part::Train);
    }
}
