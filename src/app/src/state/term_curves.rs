//! The curves of the terms of the student's loss. Pure: what the engine told in, lines out.

use retort_spec::{Objective, Terms};

use crate::state::{
    loss_terms::{LABELS, SOFT_TARGETS},
    order::sorted,
};

/// So many lines besides those of the two terms that are always there have looks of their own.
const MARKS: usize = 6;

/// A term's course.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve<'a> {
    /// Its name, as the engine gives it.
    pub name: &'a str,
    /// Its looks: 0 for the labels, 1 for the soft targets, from 2 on for all else.
    pub mark: usize,
    /// Epochs and values, as far as they are numbers.
    pub values: Vec<(u32, f64)>,
}

/// The curve of each term: labels, soft targets, then the objectives in the order of the menu.
pub fn curves(terms: &[Terms]) -> Vec<Curve<'_>> {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in terms.iter().flat_map(|terms| &terms.values) {
        if !names.contains(&&**name) {
            names.push(name);
        }
    }
    let rank = |name: &str| match name {
        LABELS => 0,
        SOFT_TARGETS => 1,
        _ => {
            2 + Objective::WORDS
                .iter()
                .position(|word| Some(*word) == name.split(':').next())
                .unwrap_or(Objective::WORDS.len())
        }
    };
    let order = sorted(names.len(), &|a, b| rank(names[a]).cmp(&rank(names[b])));
    let mut others = 0;
    let curve = |index: usize| {
        let name = names[index];
        let mark = match rank(name) {
            rank @ (0 | 1) => rank,
            _ => {
                others += 1;
                2 + (others - 1) % MARKS
            }
        };
        let value = |terms: &Terms| {
            let (_, value) = terms.values.iter().find(|(other, value)| other == name && value.is_finite())?;
            Some((terms.epoch, *value))
        };
        Curve { name, mark, values: terms.iter().filter_map(value).collect() }
    };
    order.into_iter().map(curve).collect()
}

/// The axis of values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    /// The place of its lower end.
    pub bottom: f64,
    /// The place of its upper end.
    pub top: f64,
    /// How many parts its levels cut it into.
    pub parts: u32,
    /// Whether places are the logarithms of values: where one term would press all others flat.
    pub is_log: bool,
}

impl Axis {
    /// An axis between round numbers that holds all values: with zero, unless it is logarithmic. A term may be
    /// negative, as a logarithm is.
    pub fn of(curves: &[Curve<'_>]) -> Self {
        /// Terms whose largest values differ more than so many times are told apart by their logarithms.
        const APART: f64 = 50.0;
        /// What is smaller than the largest value by more powers of ten stands at the axis' end.
        const MOST: f64 = 6.0;
        let values = |curve: &Curve<'_>| curve.values.clone().into_iter().map(|(_, value)| value);
        let largest = |curve: &Curve<'_>| values(curve).fold(0.0, f64::max);
        let peaks = || curves.iter().map(largest).filter(|peak| *peak > 0.0);
        let (low, top) = (peaks().fold(f64::INFINITY, f64::min), peaks().fold(0.0, f64::max));
        let least = curves.iter().flat_map(values).fold(0.0, f64::min);
        if least < 0.0 || top <= APART * low {
            let (bottom, top) = (-round_up(-least), round_up(top));
            return Self { bottom, top: if top > bottom { top } else { 1.0 }, parts: 4, is_log: false };
        }
        let positive = curves.iter().flat_map(values).filter(|value| *value > 0.0).fold(low, f64::min);
        let top = top.log10().ceil();
        let bottom = positive.log10().floor().max(top - MOST);
        Self { bottom, top, parts: (top - bottom) as u32, is_log: true }
    }

    /// The place of a value.
    pub fn place(self, value: f64) -> f64 {
        if self.is_log { value.log10().max(self.bottom) } else { value }
    }

    /// The value at a place; on a logarithmic axis at the next power of ten.
    pub fn value(self, place: f64) -> f64 {
        if self.is_log { 10.0_f64.powi(place.round() as i32) } else { place }
    }
}

/// Digits after the point that give a number three significant ones; of an axis' length they tell its quarters apart.
pub fn digits(of: f64) -> u32 {
    /// What is smaller than its last digit is nothing beside the other terms.
    const LEAST: f64 = 0.001;
    (2.0 - of.abs().max(LEAST).log10().floor()).max(0.0) as u32
}

/// The least of 1, 2 and 5 times a power of ten that is not below the value.
fn round_up(value: f64) -> f64 {
    if value <= 0.0 {
        return 0.0;
    }
    let power = value.log10().floor() as i32;
    // Below one, dividing by a whole power keeps the decimals short.
    let unit = |step: f64| if power < 0 { step / 10.0_f64.powi(-power) } else { step * 10.0_f64.powi(power) };
    [1.0, 2.0, 5.0, 10.0].map(unit).into_iter().find(|end| *end >= value).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use retort_spec::NetworkId;

    fn terms(epoch: u32, values: &[(&str, f64)]) -> Terms {
        Terms {
            run: 0,
            network_id: NetworkId::STUDENT,
            epoch,
            step: epoch,
            values: values.iter().map(|(name, value)| ((*name).into(), *value)).collect(),
        }
    }

    #[test]
    fn each_term_has_a_curve_and_the_two_usual_ones_come_first() {
        let told = [
            terms(1, &[("hint", 3.0)]),
            terms(2, &[("soft-targets", 0.5), ("dist:inter", 0.2), ("cross-entropy", 0.1), ("dist:intra", f64::NAN)]),
        ];
        let curves = curves(&told);
        let curve = |name, mark, values: &[(u32, f64)]| Curve { name, mark, values: values.to_vec() };
        let expected = [
            curve("cross-entropy", 0, &[(2, 0.1)]),
            curve("soft-targets", 1, &[(2, 0.5)]),
            curve("dist:inter", 2, &[(2, 0.2)]),
            curve("dist:intra", 3, &[]),
            curve("hint", 4, &[(1, 3.0)]),
        ];
        assert_eq!(curves, expected);
        assert_eq!(super::curves(&[]), []);
    }

    fn axis(named: &[(&str, &[f64])]) -> Axis {
        let told = named.iter().flat_map(|(name, values)| {
            (1..).zip(*values).map(|(epoch, value)| terms(epoch, &[(*name, *value)])).collect::<Vec<_>>()
        });
        Axis::of(&curves(&told.collect::<Vec<_>>()))
    }

    #[test]
    fn the_axis_ends_at_round_numbers_and_holds_zero() {
        let ends = |values: &[f64]| {
            let axis = axis(&[("vid", values)]);
            assert!(!axis.is_log && axis.parts == 4 && axis.place(0.3) == 0.3);
            (axis.bottom, axis.top)
        };
        assert_eq!(ends(&[0.3, 1.2]), (0.0, 2.0));
        assert_eq!(ends(&[0.031]), (0.0, 0.05));
        assert_eq!(ends(&[2.0, -0.7]), (-1.0, 2.0));
        assert_eq!(ends(&[1000.0]), (0.0, 1000.0));
        assert_eq!(ends(&[]), (0.0, 1.0));
    }

    #[test]
    fn terms_far_apart_stand_on_a_logarithmic_axis() {
        let apart = axis(&[("hint", &[150.0, 26.0]), ("soft-targets", &[2.0, 0.3, 0.0])]);
        assert_eq!(apart, Axis { bottom: -1.0, top: 3.0, parts: 4, is_log: true });
        assert_eq!([150.0, 10.0, 0.0].map(|value| apart.place(value).round()), [2.0, 1.0, -1.0]);
        assert_eq!(apart.value(-1.0), 0.1);
        let far = axis(&[("hint", &[150.0]), ("soft-targets", &[2.0, 1e-9])]);
        assert_eq!((far.bottom, far.parts), (-3.0, 6), "what is next to nothing does not stretch it");
        assert!(!axis(&[("hint", &[150.0]), ("vid", &[1.0, -1.0])]).is_log, "a negative number has no logarithm");
    }

    #[test]
    fn numbers_have_three_significant_digits() {
        assert_eq!([0.05, -0.3, 2.0, 50.0, 1000.0, 0.0].map(digits), [4, 3, 2, 1, 0, 5]);
    }
}
