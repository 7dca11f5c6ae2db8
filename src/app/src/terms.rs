//! The curves of the terms of the student's loss. Pure: what the engine told in, lines out.

use retort_spec::{Objective, Terms};

use crate::{
    asked::{LABELS, SOFT_TARGETS},
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

/// The ends of the axis: round numbers that hold all values, and zero. A term may be negative, as a logarithm is.
pub fn ends(curves: &[Curve<'_>]) -> (f64, f64) {
    let values = || curves.iter().flat_map(|curve| &curve.values).map(|(_, value)| *value);
    let bottom = -round_up(values().fold(0.0, |most, value| f64::max(most, -value)));
    let top = round_up(values().fold(0.0, f64::max));
    (bottom, if top > bottom { top } else { 1.0 })
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

    fn terms(epoch: u32, values: &[(&str, f64)]) -> Terms {
        Terms {
            run: 0,
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

    #[test]
    fn the_axis_ends_at_round_numbers_and_holds_zero() {
        let of = |values: &[f64]| {
            let told: Vec<Terms> = (1..).zip(values).map(|(epoch, value)| terms(epoch, &[("vid", *value)])).collect();
            ends(&curves(&told))
        };
        assert_eq!(of(&[0.3, 1.2]), (0.0, 2.0));
        assert_eq!(of(&[0.031]), (0.0, 0.05));
        assert_eq!(of(&[2.0, -0.7]), (-1.0, 2.0));
        assert_eq!(of(&[1000.0]), (0.0, 1000.0));
        assert_eq!(of(&[]), (0.0, 1.0));
    }

    #[test]
    fn numbers_have_three_significant_digits() {
        assert_eq!([0.05, -0.3, 2.0, 50.0, 1000.0, 0.0].map(digits), [4, 3, 2, 1, 0, 5]);
    }
}
