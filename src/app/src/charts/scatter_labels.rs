//! Where the labels of a scatter's dots find room.

/// Half the width of a dot with some air.
const DOT: f64 = 5.0;
/// Half the height of a label.
const HALF_HEIGHT: f64 = 5.0;
/// Half the width of a character.
const HALF_CHARACTER: f64 = 3.5;

/// A box: its middle and half its sides.
type Area = (f64, f64, f64, f64);

fn overlap(a: &Area, b: &Area) -> bool {
    (a.0 - b.0).abs() < a.2 + b.2 && (a.1 - b.1).abs() < a.3 + b.3
}

/// The middle of each dot's label: below it, above it, left or right of it, wherever it touches no dot and no label
/// before it; `None` where there is no room. Each dot is its middle and the characters of its label, the one that
/// matters most first.
pub fn place(dots: &[(f64, f64, usize)]) -> Vec<Option<(f64, f64)>> {
    let mut taken: Vec<Area> = dots.iter().map(|&(x, y, _)| (x, y, DOT, DOT)).collect();
    let mut label = |&(x, y, characters): &(f64, f64, usize)| {
        let half = HALF_CHARACTER * characters as f64;
        let (aside, away) = (DOT + half + 1.0, DOT + HALF_HEIGHT + 1.0);
        let tries = [(x, y + away), (x, y - away), (x - aside, y), (x + aside, y)];
        let free = |&(x, y): &(f64, f64)| !taken.iter().any(|area| overlap(area, &(x, y, half, HALF_HEIGHT)));
        let found = tries.into_iter().find(free);
        taken.extend(found.map(|(x, y)| (x, y, half, HALF_HEIGHT)));
        found
    };
    dots.iter().map(&mut label).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_dot_is_labelled_below_and_a_crowd_makes_way() {
        assert_eq!(place(&[(50.0, 50.0, 1)]), [Some((50.0, 61.0))]);
        let column = place(&[(50.0, 50.0, 1), (50.0, 61.0, 1)]);
        assert_eq!(column, [Some((50.0, 39.0)), Some((50.0, 72.0))]);
    }

    #[test]
    fn no_label_touches_another_or_a_dot() {
        let dots: Vec<(f64, f64, usize)> =
            (0..12).map(|i| (f64::from(i * i % 31) * 3.0, f64::from(i * 17 % 29) * 2.0, 2)).collect();
        let labels: Vec<Area> =
            place(&dots).into_iter().flatten().map(|(x, y)| (x, y, 2.0 * HALF_CHARACTER, HALF_HEIGHT)).collect();
        assert!(labels.len() > 3);
        for (nth, label) in labels.iter().enumerate() {
            assert!(labels[..nth].iter().all(|other| !overlap(other, label)));
            assert!(dots.iter().all(|&(x, y, _)| !overlap(&(x, y, DOT, DOT), label)));
        }
    }
}
