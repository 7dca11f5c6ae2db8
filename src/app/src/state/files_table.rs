//! The measured files of this visit as points of accuracy against bytes, and which of them are the best for their size.

use retort_spec::{
    Bits, CompressionResult, CompressionStep, Experiment, NetworkId, PAGE_KEYS, Pipeline, QuantScheme, decode,
};

use crate::state::{MeasuredFile, State, link_of, order::sorted};

/// Whose point it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A network of another training, or another one of this training.
    Past,
    /// The network that is shown, with other scales than those asked for.
    Other,
    /// The network that is shown.
    Current,
    /// The teacher at 32 bits.
    Teacher,
}

impl Kind {
    /// The word that names it in styles.
    pub fn word(self) -> &'static str {
        match self {
            Self::Past => "past",
            Self::Other => "other",
            Self::Current => "current",
            Self::Teacher => "teacher",
        }
    }
}

/// A measured file.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    pub kind: Kind,
    pub network_id: NetworkId,
    /// What was done to it; nothing to the teacher.
    pub pipeline: Pipeline,
    pub bytes: u32,
    pub accuracy: f64,
    /// The experiment that makes it, with its scheme or stages; none for the teacher.
    pub link: Option<String>,
}

impl Point {
    /// The scheme, if that is all that was done.
    pub fn quant_scheme(&self) -> Option<QuantScheme> {
        match self.pipeline.0[..] {
            [CompressionStep::Quantize(scheme)] => Some(scheme.effective()),
            _ => None,
        }
    }

    /// A few characters that stand for it beside its dot; none for stages, whose dot has a form of its own.
    pub fn mark(&self) -> &'static str {
        self.quant_scheme().map_or("", |scheme| short(scheme.bits))
    }

    /// Whether it is drawn small.
    pub fn is_faint(&self) -> bool {
        matches!(self.kind, Kind::Past | Kind::Other)
    }

    /// Whether it is of the scheme that this experiment asks for.
    pub fn is_of(&self, experiment: &Experiment) -> bool {
        self.quant_scheme() == Some(experiment.quant_scheme().effective())
    }
}

/// A format in at most four characters.
pub fn short(bits: Bits) -> &'static str {
    match bits {
        Bits::Ternary => "±1",
        bits => bits.word(),
    }
}

/// Whether both are measured on examples of one kind, so that their accuracies compare.
fn compares(one: &Experiment, other: &Experiment) -> bool {
    let kind = |experiment: &Experiment| (experiment.data, experiment.class_count(), experiment.noise.to_bits());
    kind(one) == kind(other)
}

/// The networks of this visit that compare with what is shown, each measurement once.
pub fn past(weighed: &[MeasuredFile], shown: &Experiment) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::new();
    for weighed in weighed.iter().filter(|weighed| weighed.data == shown.data) {
        let experiment = decode(&weighed.link, PAGE_KEYS).experiment;
        let &MeasuredFile { bytes, accuracy, .. } = weighed;
        let link = Some(weighed.link.clone());
        let network_id = experiment.pack;
        let point = Point { kind: Kind::Past, network_id, pipeline: weighed.pipeline.clone(), bytes, accuracy, link };
        if compares(&experiment, shown) && !points.contains(&point) {
            points.push(point);
        }
    }
    few(points)
}

/// The latest of so many measurements, and those that none beats: hundreds of dots would hide what was measured now.
fn few(points: Vec<Point>) -> Vec<Point> {
    const LATEST: usize = 40;
    let front = pareto(&points.iter().map(|point| (point.bytes, point.accuracy)).collect::<Vec<_>>());
    let first = points.len().saturating_sub(LATEST);
    let kept = points.into_iter().enumerate().filter(|(index, _)| *index >= first || front.contains(index));
    kept.map(|(_, point)| point).collect()
}

/// All points: those of other networks first, then this network's faint ones, then the others, the teacher last.
pub fn points(state: &State, past: &[Point]) -> Vec<Point> {
    let (asked, origin) = (state.experiment.granularity, state.source_experiment());
    let of = |row: &CompressionResult| {
        let other = row.quant_scheme().is_some_and(|scheme| scheme.bits.is_integer() && scheme.granularity != asked);
        Point {
            kind: if other { Kind::Other } else { Kind::Current },
            network_id: row.network_id,
            pipeline: row.pipeline.clone(),
            bytes: row.bytes,
            accuracy: row.accuracy,
            link: Some(link_of(origin, row)),
        }
    };
    let stages = state.bench.flow.iter().flat_map(|flow| &flow.stages).filter(|_| !state.outdated);
    let rows = state.compressed.iter().chain(state.chosen()).chain(stages);
    let mut own: Vec<Point> = Vec::new();
    for point in rows.filter(|row| !row.pipeline.0.is_empty()).map(of) {
        if !own.contains(&point) {
            own.push(point);
        }
    }
    let same = |one: &Point, other: &Point| {
        (one.bytes, &one.link) == (other.bytes, &other.link) && one.accuracy == other.accuracy
    };
    let is_shown = |past: &&Point| !own.iter().any(|point| same(point, past));
    let mut points: Vec<Point> = past.iter().filter(is_shown).cloned().collect();
    let (faint, clear): (Vec<Point>, Vec<Point>) = own.into_iter().partition(Point::is_faint);
    points.extend(faint);
    points.extend(clear);
    // Where it is the one that is compressed, its file at 32 bits is there already.
    let teacher = state.teacher().filter(|teacher| *teacher != state.packed_network());
    points.extend(teacher.and_then(|teacher| state.network(teacher)).map(|teacher| Point {
        kind: Kind::Teacher,
        network_id: teacher.network_id,
        pipeline: Pipeline::default(),
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
    use crate::state::{
        Action, Bench, PipelineState,
        fixture::{act, compressed, measured_state},
        link,
    };
    use retort_spec::{Event, encode};
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

    fn row(made: &str, bytes: u32) -> CompressionResult {
        CompressionResult { pipeline: made.parse().unwrap(), bytes, ..compressed() }
    }

    /// What a run of this link measured.
    fn weighed(run: &str, row: &CompressionResult) -> MeasuredFile {
        let experiment = decode(run, &[]).experiment;
        let (data, link) = (experiment.data, link(&experiment, &row.pipeline));
        MeasuredFile { data, pipeline: row.pipeline.clone(), bytes: row.bytes, accuracy: row.accuracy, link }
    }

    #[test]
    fn what_the_last_training_left_keeps_its_links() {
        let state = measured_state();
        let (seed, data) = (state.experiment.seed, state.data.as_deref().cloned().unwrap());
        let state = act(state, Action::Turn { key: "seed", value: (seed + 70).to_string() });
        let state = act(state, Action::Events { events: vec![Event::Data(data)], recorded: false });
        assert!(state.outdated && state.experiment.seed == seed + 70);
        let points = points(&state, &[]);
        let linked: Vec<&String> = points.iter().filter_map(|point| point.link.as_ref()).collect();
        assert_eq!(linked.len(), 2);
        assert!(linked.iter().all(|link| decode(link, &[]).experiment.seed == seed));
    }

    #[test]
    fn of_hundreds_of_earlier_files_the_latest_and_the_best_stay() {
        let file = |seed: u32| {
            let accuracy = if seed == 3 { 0.99 } else { 0.5 };
            weighed(&format!("v=1&seed={seed}"), &CompressionResult { accuracy, ..row("quantize:8", 100 + seed) })
        };
        let files: Vec<MeasuredFile> = (1..=300).map(file).collect();
        let kept: Vec<u32> = past(&files, &State::open("").experiment).iter().map(|point| point.bytes - 100).collect();
        // The shortest and the one that is right most often are beaten by none.
        assert_eq!(kept, [1, 3].into_iter().chain(261..=300).collect::<Vec<_>>());
    }

    #[test]
    fn each_measurement_is_a_point_once_and_other_data_are_none() {
        let (own, coarse, float) = (row("quantize:8", 80), row("quantize:8:tensor", 70), row("quantize:32", 320));
        let pruned = row("prune:0.5", 170);
        let mut state = State::open("#v=1&seed=2&granularity=channel&bits=4");
        let here = encode(&state.experiment);
        state.compressed = Rc::new(vec![own.clone(), coarse.clone(), float.clone()]);
        let stages = vec![row("none", 330), pruned.clone()];
        let flow = PipelineState { id: 1, pipeline: pruned.pipeline.clone(), stages, ended: Some(None) };
        state.bench = Rc::new(Bench { flow: Some(Rc::new(flow)), ..Bench::default() });
        state.weighed = Rc::new(vec![
            weighed("v=1&seed=1", &own),
            weighed("v=1&seed=1", &own),
            weighed("v=1&data=moons", &own),
            weighed("v=1&noise=0.5", &own),
            weighed(&here, &own),
            weighed(&here, &coarse),
            weighed("v=1&seed=2&granularity=tensor", &float),
            weighed(&here, &pruned),
        ]);
        let points = points(&state, &past(&state.weighed, &state.experiment));
        let kinds: Vec<(Kind, u32)> = points.iter().map(|point| (point.kind, point.bytes)).collect();
        let current = [80, 320, 170].map(|bytes| (Kind::Current, bytes));
        assert_eq!(kinds, [&[(Kind::Past, 80), (Kind::Other, 70)][..], &current].concat());
        let back = decode(points[1].link.as_deref().unwrap(), &[]).experiment;
        assert_eq!((back.seed, back.quant_scheme().to_string()), (2, "8:tensor".into()));
        let back = decode(points[4].link.as_deref().unwrap(), &[]).experiment;
        assert_eq!(back.compress.to_string(), "prune:0.5");
    }
}
