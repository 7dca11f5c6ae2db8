//! Which colour a value of a heat map has. By value, one weak row takes nearly all of the colours; by rank, all rows
//! are told apart, whatever their distance.

use retort_spec::sweep::Metric;

/// What decides a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colours {
    /// The place among all values.
    Rank,
    /// The value itself.
    Value,
}

impl Colours {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Rank, Self::Value];

    /// Its name in the page's document.
    pub fn word(self) -> &'static str {
        match self {
            Self::Rank => "rank",
            Self::Value => "value",
        }
    }

    /// The message that names it.
    pub fn message(self) -> &'static str {
        match self {
            Self::Rank => "sweep-colours-rank",
            Self::Value => "sweep-colours-value",
        }
    }
}

/// The shades of the values of one map, or of several that are compared.
pub struct Scale {
    colours: Colours,
    /// Whether zero has no hue, and what is below has another one.
    has_sides: bool,
    /// All values in rising order; where they have sides, their sizes. Values that are written alike are equal.
    sorted: Vec<f64>,
    has_losses: bool,
}

impl Scale {
    /// The scale of all these values.
    pub fn of(colours: Colours, metric: Metric, values: impl Iterator<Item = f64>) -> Self {
        let has_sides = metric == Metric::Gain;
        let (mut sorted, mut has_losses) = (Vec::new(), false);
        for value in values.filter(|value| value.is_finite()) {
            has_losses |= value < 0.0;
            let size = as_written(if has_sides { value.abs() } else { value });
            // There are few: their places are looked for without the kilobytes of a sort.
            let place = sorted.iter().position(|other| *other > size).unwrap_or(sorted.len());
            sorted.insert(place, size);
        }
        Self { colours, has_sides, sorted, has_losses }
    }

    /// How much of the hue a value has, 0 to 1; negative for the other hue. What is equal everywhere has half of it.
    pub fn shade(&self, value: f64) -> f64 {
        let size = as_written(if self.has_sides { value.abs() } else { value });
        let (Some(&first), Some(&most)) = (self.sorted.first(), self.sorted.last()) else { return 0.5 };
        let least = if self.has_sides { 0.0 } else { first };
        let share = match self.colours {
            _ if most <= least => 0.5,
            Colours::Value => (size - least) / (most - least),
            Colours::Rank => {
                let below = self.sorted.iter().filter(|other| **other < size).count();
                let equal = self.sorted.iter().filter(|other| **other == size).count();
                // Equal values share the mean of their places.
                let place = below as f64 + 0.5 * (equal.max(1) - 1) as f64;
                place / (self.sorted.len() - 1).max(1) as f64
            }
        };
        if self.has_sides && value < 0.0 { -share } else { share }
    }

    /// Shades from the least to the greatest, with the values that have them.
    pub fn marks(&self) -> Vec<(f64, f64)> {
        let (Some(&first), Some(&most)) = (self.sorted.first(), self.sorted.last()) else { return Vec::new() };
        let least = if self.has_sides { 0.0 } else { first };
        if most <= least {
            return Vec::new();
        }
        let value = |shade: f64| match self.colours {
            Colours::Value => least + shade * (most - least),
            Colours::Rank => {
                let place = shade * (self.sorted.len() - 1) as f64;
                let (below, above) = (place.floor() as usize, place.ceil() as usize);
                self.sorted[below] + (self.sorted[above] - self.sorted[below]) * place.fract()
            }
        };
        let shades: &[f64] =
            if self.has_losses && self.has_sides { &[-1.0, -0.5, 0.0, 0.5, 1.0] } else { &[0.0, 0.25, 0.5, 0.75, 1.0] };
        shades.iter().map(|shade| (*shade, shade.signum() * value(shade.abs()))).collect()
    }
}

/// A share as the page writes it, to a tenth of a percent: what is written alike has one colour. Lengths are whole.
fn as_written(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row of weak cells, and two of good ones.
    const VALUES: [f64; 6] = [0.60, 0.62, 0.90, 0.94, 0.95, 0.95];

    #[test]
    fn by_rank_a_weak_row_leaves_colours_to_the_others() {
        let scale = |colours| Scale::of(colours, Metric::Accuracy, VALUES.into_iter());
        let shades = |colours| VALUES.map(|value| scale(colours).shade(value));
        let by_value = shades(Colours::Value);
        assert!(by_value[5] - by_value[2] < 0.15 && by_value[0] == 0.0 && by_value[5] == 1.0, "{by_value:?}");
        // Places of six from 0 to 5; the two last share the mean of theirs.
        assert_eq!(shades(Colours::Rank), [0.0, 0.2, 0.4, 0.6, 0.9, 0.9]);
        assert_eq!(scale(Colours::Rank).marks().map_values(), [0.6, 0.69, 0.92, 0.9475, 0.95]);
        assert_eq!(scale(Colours::Value).marks().map_values(), [0.6, 0.6875, 0.775, 0.8625, 0.95]);
    }

    trait MapValues {
        fn map_values(self) -> Vec<f64>;
    }

    impl MapValues for Vec<(f64, f64)> {
        fn map_values(self) -> Vec<f64> {
            self.into_iter().map(|(_, value)| (value * 1e6).round() / 1e6).collect()
        }
    }

    #[test]
    fn what_is_written_alike_has_one_colour() {
        let scale = Scale::of(Colours::Rank, Metric::Accuracy, [0.9721, 0.9724, 0.5].into_iter());
        assert_eq!(scale.shade(0.9721), scale.shade(0.9724));
        for colours in Colours::ALL {
            let equal = Scale::of(colours, Metric::Accuracy, [0.5, 0.5].into_iter());
            assert_eq!((equal.shade(0.5), equal.marks().len()), (0.5, 0));
            assert_eq!(Scale::of(colours, Metric::Accuracy, std::iter::empty()).shade(0.5), 0.5);
        }
    }

    #[test]
    fn a_gain_of_nothing_has_no_hue_and_what_hurts_has_the_other() {
        let values = [0.0, 0.02, -0.04];
        for (colours, half) in [(Colours::Value, 0.02), (Colours::Rank, 0.02)] {
            let scale = Scale::of(colours, Metric::Gain, values.into_iter());
            assert_eq!(values.map(|value| scale.shade(value)), [0.0, 0.5, -1.0]);
            assert_eq!(scale.marks().map_values(), [-0.04, -half, 0.0, half, 0.04]);
        }
        assert_eq!(Scale::of(Colours::Value, Metric::Gain, [0.0, 0.4].into_iter()).marks().map_values()[1], 0.1);
    }
}
