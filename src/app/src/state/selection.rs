//! The example whose distributions are shown: a test example, or one that was given.

use retort_spec::{
    Example, Floats, Measured, NetworkId,
    probability::{argmax, entropy_bits, softmax},
};

use crate::state::{Source, State, order::sorted};

/// An example with what the networks say of it.
pub struct Subject<'a> {
    /// Its place in the test set; `None` for a given one.
    pub index: Option<usize>,
    /// Where a given one comes from.
    pub source: Option<Source>,
    /// Its class, where it is known.
    pub label: Option<usize>,
    /// Its pixels, each 0 to 255, for images.
    pub pixels: Vec<u8>,
    /// Its coordinates, for points.
    pub point: Option<[f32; 2]>,
    /// The network whose distribution stands first.
    pub reference: NetworkId,
    /// The logits of every network, as far as they are there.
    pub logits: Vec<(NetworkId, Option<&'a [f32]>)>,
}

impl<'a> Subject<'a> {
    /// What the page shows now; `None` before the first network can say anything.
    pub fn of(state: &'a State) -> Option<Self> {
        let data = state.data.as_ref()?;
        if let Some(given) = &state.given {
            let point = data.data.is_plane().then(|| given.input.first_chunk::<2>().copied()).flatten();
            return Some(Self {
                index: None,
                source: Some(given.source),
                label: given.label.map(usize::from),
                pixels: given.input.iter().map(|x| (255.0 * x.clamp(0.0, 1.0)).round() as u8).collect(),
                point,
                reference: state.reference(),
                logits: state.networks().map(|id| (id, state.answer(id, false))).collect(),
            });
        }
        let classes = data.classes as usize;
        let index =
            state.example.or_else(|| most_telling(state)).unwrap_or(0).min(data.test_labels.len().checked_sub(1)?);
        let row = |id| state.network(id)?.logits.get(index * classes..(index + 1) * classes);
        // What a network that is learning says now; its last measurement is an older network's.
        let row = |id| state.answer(id, false).filter(|_| state.follows(id)).or_else(|| row(id));
        let logits: Vec<_> = state.networks().map(|id| (id, row(id))).collect();
        if logits.iter().all(|(_, logits)| logits.is_none()) {
            return None;
        }
        let size = (data.shape[0] * data.shape[1]) as usize;
        Some(Self {
            index: Some(index),
            source: None,
            label: data.test_labels.get(index).map(|&label| usize::from(label)),
            pixels: data.test_pixels.get(index * size..(index + 1) * size).unwrap_or_default().to_vec(),
            point: data.test_points.get(2 * index..).and_then(|rest| rest.first_chunk::<2>().copied()),
            reference: state.reference(),
            logits,
        })
    }

    /// The logits of a network.
    pub fn of_network(&self, network_id: NetworkId) -> Option<&'a [f32]> {
        self.logits.iter().find(|(id, _)| *id == network_id).and_then(|(_, logits)| *logits)
    }

    /// The logits of the network whose distribution stands first: the teacher's, where there is one.
    pub fn reference(&self) -> Option<&'a [f32]> {
        self.of_network(self.reference)
    }
}

impl State {
    /// Whether the network's answer about the shown test example is asked for at each of its reports: it learns, and it
    /// is of the first run.
    pub fn follows(&self, network_id: NetworkId) -> bool {
        self.given.is_none() && self.is_training(network_id) && self.progress.is_some_and(|progress| progress.run == 0)
    }
}

/// What the networks see of the example that the page shows; of the first test example before there is one.
pub fn input(state: &State) -> Option<Floats> {
    if let Some(given) = &state.given {
        return Some(given.input.clone());
    }
    let data = state.data.as_ref()?;
    let index = Subject::of(state).and_then(|subject| subject.index).or(state.example).unwrap_or(0);
    if data.data.is_plane() {
        return data.test_points.get(2 * index..2 * index + 2).map(|point| point.to_vec().into());
    }
    let size = (data.shape[0] * data.shape[1]) as usize;
    let pixels = data.test_pixels.get(index * size..(index + 1) * size)?;
    Some(pixels.iter().map(|&pixel| f32::from(pixel) / 255.0).collect::<Vec<f32>>().into())
}

/// The test example that shows best what soft targets are: of those that the teacher has right, and where they are
/// known the product too and the control wrong, the one of which the teacher is least certain.
pub fn most_telling(state: &State) -> Option<usize> {
    // Where there are no classes, none is telling.
    let data = state.data.as_ref().filter(|data| data.classes > 0)?;
    let classes = data.classes as usize;
    let [teacher, baseline, student] =
        [state.reference(), state.plan.control, state.plan.product].map(|id| state.network(id));
    let teacher = teacher?;
    let row = |network: &Measured, index: usize| {
        network.logits.get(index * classes..(index + 1) * classes).map(<[f32]>::to_vec)
    };
    let is_right = |network: &Measured, index: usize| {
        row(network, index).and_then(|row| argmax(&row)) == data.test_labels.get(index).map(|&label| usize::from(label))
    };
    let gains = |index: &usize| {
        student.is_none_or(|student| is_right(student, *index))
            && baseline.is_none_or(|baseline| !is_right(baseline, *index))
    };
    let doubt = |index: &usize| row(teacher, *index).map_or(0.0, |row| entropy_bits(&softmax(&row, 1.0)));
    let count = teacher.logits.len() / classes;
    let taught: Vec<usize> = (0..count).filter(|&index| is_right(teacher, index)).collect();
    let most = |of: &mut dyn Iterator<Item = usize>| of.max_by(|a, b| doubt(a).total_cmp(&doubt(b)));
    most(&mut taught.iter().copied().filter(gains)).or_else(|| most(&mut taught.iter().copied())).or(Some(0))
}

/// The test examples of which the reference is surest and least sure.
pub fn extremes(state: &State) -> Option<(usize, usize)> {
    let classes = state.data.as_ref().filter(|data| data.classes > 0)?.classes as usize;
    let reference = state.network(state.reference())?;
    let doubts: Vec<f64> = reference.logits.chunks_exact(classes).map(|row| entropy_bits(&softmax(row, 1.0))).collect();
    let by_doubt = |a: &usize, b: &usize| doubts[*a].total_cmp(&doubts[*b]);
    Some(((0..doubts.len()).min_by(by_doubt)?, (0..doubts.len()).max_by(by_doubt)?))
}

/// The example of a class whose pixels are nearest to the mean of that class.
pub fn typical(gallery: &[Example], class: u8) -> Option<&Example> {
    let of_class = || gallery.iter().filter(|example| example.label == class);
    let mut sums = vec![0.0; of_class().next()?.pixels.len()];
    for example in of_class() {
        for (sum, &pixel) in sums.iter_mut().zip(&example.pixels) {
            *sum += f64::from(pixel);
        }
    }
    let count = of_class().count() as f64;
    let distance = |example: &Example| -> f64 {
        example.pixels.iter().zip(&sums).map(|(&pixel, sum)| (f64::from(pixel) - sum / count).powi(2)).sum()
    };
    of_class().min_by(|a, b| distance(a).total_cmp(&distance(b)))
}

/// Test examples of other classes that look most like `class` to a network: the largest shares first, `(index, share)`.
///
/// # Shapes
/// `logits`: `[examples, classes]`, row by row; `labels`: `[examples]`.
pub fn look_like(logits: &[f32], labels: &[u8], classes: usize, class: usize, temperature: f64) -> Vec<(usize, f64)> {
    let rows = logits.chunks_exact(classes).zip(labels).enumerate();
    let others = rows.filter(|(_, (_, label))| usize::from(**label) != class);
    let shares: Vec<(usize, f64)> = others.map(|(i, (row, _))| (i, softmax(row, temperature)[class])).collect();
    let falling = sorted(shares.len(), &|a, b| shares[b].1.total_cmp(&shares[a].1));
    falling.into_iter().map(|place| shares[place]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{Action, CustomExample};
    use retort_spec::{Answer, DataSet, DataSummary, Event, Floats};
    use std::rc::Rc;
    use yew::Reducible;

    fn state() -> State {
        let summary = DataSummary {
            data: DataSet::Moons,
            networks: vec![NetworkId::TEACHER, NetworkId::BASELINE, NetworkId::STUDENT],
            classes: 2,
            shape: [1, 2],
            train: 4,
            test: 3,
            labelled: 2,
            sees: Vec::new(),
            transfer: 4,
            own: 0,
            gallery: vec![],
            test_pixels: vec![],
            test_points: vec![0.0, 0.1, 1.0, 1.1, 2.0, 2.1].into(),
            class_names: Vec::new(),
            test_texts: Vec::new(),
            test_labels: vec![0, 1, 1],
        };
        let teacher = Measured {
            run: 0,
            network_id: NetworkId::TEACHER,
            accuracy: 1.0,
            per_class_accuracy: vec![],
            agreement: None,
            calibration_error: 0.0,
            parameters: 0,
            extra_parameters: 0,
            bytes: 0,
            // Sure and right; wrong; right and in doubt.
            logits: vec![9.0, 0.0, 1.0, 0.0, 0.0, 0.5].into(),
            seconds: 0.0,
        };
        let events = vec![Event::Data(summary), Event::Measured(teacher)];
        (*Rc::new(State::open("#data=moons")).reduce(Action::Events { events, recorded: false })).clone()
    }

    #[test]
    fn the_example_right_and_in_doubt_is_shown_first() {
        let state = state();
        let subject = Subject::of(&state).unwrap();
        assert_eq!((subject.index, subject.label, subject.point), (Some(2), Some(1), Some([2.0, 2.1])));
        assert_eq!(subject.reference(), Some(&[0.0, 0.5][..]));
        assert_eq!(subject.of_network(NetworkId::STUDENT), None, "there is no student yet");
    }

    #[test]
    fn what_only_the_distilled_student_has_right_is_told_first_and_stays() {
        let state = Rc::new(state());
        let network = |network_id, logits: Vec<f32>| {
            let teacher = state.network(NetworkId::TEACHER).unwrap();
            Event::Measured(Measured { network_id, logits: logits.into(), ..(**teacher).clone() })
        };
        // Alone it has the first example wrong and the third right; distilled it has both right.
        let alone = network(NetworkId::BASELINE, vec![0.0, 1.0, 1.0, 0.0, 0.0, 1.0]);
        let distilled = network(NetworkId::STUDENT, vec![1.0, 0.0, 1.0, 0.0, 0.0, 1.0]);
        let state = state.clone().reduce(Action::Events { events: vec![alone, distilled], recorded: false });
        assert_eq!(Subject::of(&state).unwrap().index, Some(0));
        assert_eq!(state.example, Some(0), "another training shows the same example");
    }

    #[test]
    fn a_given_example_is_shown_with_its_own_answers_only() {
        let given = CustomExample { source: Source::Place, input: vec![0.5, -0.5].into(), label: None };
        let state = Rc::new(state()).reduce(Action::Give(Some(given)));
        assert_eq!(Subject::of(&state).unwrap().reference(), None);
        let answer = |id| Event::Answers {
            id,
            answers: vec![Answer { network_id: NetworkId::TEACHER, packed: false, logits: Floats(vec![3.0, 4.0]) }],
        };
        let late = Action::Events { events: vec![answer(state.question.wrapping_sub(1))], recorded: false };
        let state = state.reduce(late);
        assert_eq!(Subject::of(&state).unwrap().reference(), None, "an answer to another question");
        let state = state.clone().reduce(Action::Events { events: vec![answer(state.question)], recorded: false });
        assert_eq!(Subject::of(&state).unwrap().reference(), Some(&[3.0, 4.0][..]));
        assert_eq!(Subject::of(&state.reduce(Action::Inspect(0))).unwrap().index, Some(0));
    }

    #[test]
    fn the_networks_see_coordinates_and_pixels_from_0_to_1() {
        let plane = state();
        assert_eq!(input(&plane), Some(Floats(vec![2.0, 2.1])));
        let summary = DataSummary {
            data: DataSet::Digits8,
            networks: vec![NetworkId::TEACHER, NetworkId::BASELINE, NetworkId::STUDENT],
            shape: [1, 2],
            test_pixels: vec![255, 0, 51, 102],
            test_points: Floats::default(),
            ..(**plane.data.as_ref().unwrap()).clone()
        };
        let image = State { data: Some(Rc::new(summary)), measured: Default::default(), ..plane };
        assert_eq!(input(&image), Some(Floats(vec![1.0, 0.0])), "before the teacher says anything");
        assert_eq!(input(&State { example: Some(1), ..image.clone() }), Some(Floats(vec![0.2, 0.4])));
        let given = CustomExample { source: Source::Drawing, input: vec![0.25, 0.5].into(), label: None };
        assert_eq!(input(&State { given: Some(Rc::new(given)), ..image }), Some(Floats(vec![0.25, 0.5])));
    }

    #[test]
    fn a_typical_example_is_nearest_to_the_mean_of_its_class() {
        let example = |index: u32, label: u8, pixels: [u8; 2]| Example {
            index,
            label,
            labelled: false,
            pixels: pixels.to_vec(),
            point: Floats::default(),
        };
        // The mean of class 1 is (20, 10).
        let gallery =
            [example(0, 1, [0, 0]), example(1, 0, [20, 10]), example(2, 1, [50, 20]), example(3, 1, [10, 10])];
        assert_eq!(typical(&gallery, 1).map(|example| example.index), Some(3));
        assert!(typical(&gallery, 2).is_none());
    }

    #[test]
    fn look_alikes_are_of_other_classes_largest_share_first() {
        let found = look_like(&[9.0, 0.0, 1.0, 0.0, 0.0, 0.5, 0.0, 3.0], &[0, 1, 1, 0], 2, 0, 1.0);
        let order: Vec<usize> = found.iter().map(|(index, _)| *index).collect();
        assert_eq!(order, [1, 2]);
        assert!((found[0].1 - 1.0 / (1.0 + (-1.0_f64).exp())).abs() < 1e-9);
    }
}
