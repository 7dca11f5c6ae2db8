//! The measured files of this visit as points of accuracy against bytes, and which of them are the best for their size.

use retort_spec::{Actor, Bits, Experiment, Granularity, decode, encode};

use crate::{
    order::sorted,
    state::{PAGE_KEYS, State, Weighed},
};

/// Whose point it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A student of an earlier training, or of this one with the other scales.
    Past,
    /// The student that is shown.
    Current,
    /// The teacher at 32 bits.
    Teacher,
}

impl Kind {
    /// The word that names it in styles.
    pub fn word(self) -> &'static str {
        match self {
            Self::Past => "past",
            Self::Current => "current",
            Self::Teacher => "teacher",
        }
    }
}

/// A measured file.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    pub kind: Kind,
    pub bits: Bits,
    pub granularity: Granularity,
    pub bytes: u32,
    pub accuracy: f64,
    /// The experiment that makes it, with its width and scales; none for the teacher.
    pub link: Option<String>,
}

impl Point {
    /// Whether it is of the width and the scales that this experiment asks for.
    pub fn is_of(&self, experiment: &Experiment) -> bool {
        self.bits == experiment.bits && (self.granularity == experiment.granularity || !self.bits.is_integer())
    }

    /// Whether both are the same measurement; scales tell apart integers only.
    fn is_same(&self, other: &Self) -> bool {
        (self.bits, self.bytes, self.accuracy) == (other.bits, other.bytes, other.accuracy)
            && (self.granularity == other.granularity || !self.bits.is_integer())
            && self.link == other.link
    }
}

/// The experiment's link with a width and scales of its own; floating point has no scales, so that the `chosen` stay.
fn link(experiment: &Experiment, bits: Bits, granularity: Granularity, chosen: Granularity) -> String {
    let granularity = if bits.is_integer() { granularity } else { chosen };
    encode(&Experiment { bits, granularity, ..experiment.clone() })
}

/// Whether both are measured on examples of one kind, so that their accuracies compare.
fn compares(one: &Experiment, other: &Experiment) -> bool {
    let kind = |experiment: &Experiment| (experiment.data, experiment.class_count(), experiment.noise.to_bits());
    kind(one) == kind(other)
}

/// The students of this visit that compare with what is shown, each measurement once.
pub fn past(weighed: &[Weighed], shown: &Experiment) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::new();
    for weighed in weighed.iter().filter(|weighed| weighed.data == shown.data) {
        let experiment = decode(&weighed.link, PAGE_KEYS).experiment;
        let &Weighed { bits, granularity, bytes, accuracy, .. } = weighed;
        let link = Some(link(&experiment, bits, granularity, shown.granularity));
        let point = Point { kind: Kind::Past, bits, granularity, bytes, accuracy, link };
        if compares(&experiment, shown) && !points.iter().any(|known| known.is_same(&point)) {
            points.push(point);
        }
    }
    points
}

/// All points: past ones that are not shown as current first, the teacher last.
pub fn points(state: &State, past: &[Point]) -> Vec<Point> {
    let shown = &state.experiment;
    let current = state.compressed.iter().map(|row| Point {
        kind: Kind::Current,
        bits: row.bits,
        granularity: row.granularity,
        bytes: row.bytes,
        accuracy: row.accuracy,
        link: Some(link(shown, row.bits, row.granularity, shown.granularity)),
    });
    let asked = |point: &Point| !point.bits.is_integer() || point.granularity == shown.granularity;
    let current: Vec<Point> = current.filter(asked).collect();
    let mut points: Vec<Point> =
        past.iter().filter(|past| !current.iter().any(|point| point.is_same(past))).cloned().collect();
    points.extend(current);
    points.extend(state.network(Actor::Teacher).map(|teacher| Point {
        kind: Kind::Teacher,
        bits: Bits::B32,
        granularity: shown.granularity,
        bytes: teacher.bytes,
        accuracy: teacher.accuracy,
        link: None,
    }));
    points
}

/// The points that no other is better than, by rising bytes: none is as small and more accurate, none as accurate and
/// smaller. Of equal points the first.
pub fn pareto(points: &[(u32, f64)]) -> Vec<usize> {
    let rising = |a: usize, b: usize| points[a].0.cmp(&points[b].0).then(points[b].1.total_cmp(&points[a].1));
    let mut order = sorted(points.len(), &rising);
    let mut best = f64::NEG_INFINITY;
    // What is no number is not better than anything.
    order.retain(|&index| {
        let better = points[index].1 > best;
        best = best.max(points[index].1);
        better
    });
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use retort_spec::{Compressed, Parts};
    use std::rc::Rc;

    #[test]
    fn the_front_rises_and_leaves_out_what_another_beats() {
        let points = [(400, 0.9), (100, 0.5), (300, 0.8), (200, 0.8), (100, 0.6), (500, 0.7), (600, f64::NAN)];
        assert_eq!(pareto(&points), [4, 3, 0]);
        assert_eq!(pareto(&[(5, 0.3), (5, 0.3)]), [0], "of equals the first");
        assert!(pareto(&[]).is_empty());
    }

    #[test]
    fn no_point_is_better_than_one_of_the_front_and_each_other_point_is_beaten() {
        let points: Vec<(u32, f64)> = (0..60_u32).map(|i| (i * 37 % 50, f64::from(i * i % 41) / 41.0)).collect();
        let front = pareto(&points);
        let beats = |a: (u32, f64), b: (u32, f64)| a.0 <= b.0 && a.1 >= b.1 && a != b;
        for (index, &point) in points.iter().enumerate() {
            let twin = front.iter().any(|&member| points[member] == point);
            assert_eq!(twin, !points.iter().any(|&other| beats(other, point)), "{index}");
        }
    }

    fn row(bits: Bits, granularity: Granularity, bytes: u32) -> Compressed {
        let (answers, layers) = (vec![], vec![]);
        Compressed { bits, granularity, bytes, parts: Parts::default(), accuracy: 0.75, answers, layers }
    }

    fn weighed(link: &str, row: &Compressed) -> Weighed {
        let &Compressed { bits, granularity, bytes, accuracy, .. } = row;
        let data = decode(link, &[]).experiment.data;
        Weighed { data, bits, granularity, bytes, accuracy, link: link.into() }
    }

    #[test]
    fn each_measurement_is_a_point_once_and_other_data_are_none() {
        let (own, coarse) = (row(Bits::B8, Granularity::Channel, 80), row(Bits::B8, Granularity::Tensor, 70));
        let float = row(Bits::B32, Granularity::Tensor, 320);
        let mut state = State::open("#v=1&seed=2&granularity=channel&bits=4");
        let here = encode(&state.experiment);
        state.compressed = vec![own.clone(), coarse.clone(), float.clone()];
        state.weighed = Rc::new(vec![
            weighed("v=1&seed=1", &own),
            weighed("v=1&seed=1", &own),
            weighed("v=1&data=moons", &own),
            weighed("v=1&noise=0.5", &own),
            weighed(&here, &own),
            weighed(&here, &coarse),
            weighed("v=1&seed=2&granularity=tensor", &float),
        ]);
        let points = points(&state, &past(&state.weighed, &state.experiment));
        let kinds: Vec<(Kind, u32)> = points.iter().map(|point| (point.kind, point.bytes)).collect();
        assert_eq!(kinds, [(Kind::Past, 80), (Kind::Past, 70), (Kind::Current, 80), (Kind::Current, 320)]);
        let back = decode(points[1].link.as_deref().unwrap(), &[]).experiment;
        assert_eq!((back.seed, back.bits, back.granularity), (2, Bits::B8, Granularity::Tensor));
    }
}
