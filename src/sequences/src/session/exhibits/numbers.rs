//! Regression as a picture: a curve with its points, or what was predicted against what is true.

use retort_spec::{Block, DataSet, Exhibit, ExhibitPlace, Experiment, Floats, Labels, Phrase, Plan};

use super::Shown;
use crate::{
    nets::Batch,
    tasks::{Answers, Inputs, REACH, Task, truth},
    train::chosen,
};

/// Places at which a curve is drawn.
const PLACES: usize = 81;
/// Test examples that are drawn.
const DRAWN: usize = 150;
/// Labelled points that are drawn at most.
const POINTS: usize = 120;

/// One picture.
pub fn exhibits(experiment: &Experiment, plan: &Plan, task: &Task, shown: &mut Shown) -> Vec<Exhibit> {
    let block = if experiment.data == DataSet::Curve {
        curves(experiment, plan, task, shown)
    } else {
        predictions(plan, task, shown)
    };
    vec![Exhibit { place: ExhibitPlace::Hero, blocks: block.into_iter().collect() }]
}

fn curves(experiment: &Experiment, plan: &Plan, task: &Task, shown: &mut Shown) -> Option<Block> {
    let (Inputs::Numbers(inputs, 1), Answers::Numbers(answers, 1)) = (&task.train.inputs, &task.train.answers) else {
        return None;
    };
    let places: Vec<f32> = (0..PLACES).map(|at| REACH * (2.0 * at as f32 / (PLACES - 1) as f32 - 1.0)).collect();
    let pairs = |numbers: &[f32]| -> Floats {
        Floats::from(places.iter().zip(numbers).flat_map(|(&x, &y)| [x, y]).collect::<Vec<f32>>())
    };
    let mut lines = Vec::new();
    for id in plan.ids() {
        if let Some(network) = shown.network(id) {
            lines.push((id, pairs(network.forward(Batch::Numbers(&places), None))));
        }
    }
    let labels = match experiment.labels {
        Labels::All => None,
        Labels::Count(count) => Some(count as usize),
    };
    let labelled = chosen(task.train.len(), labels, experiment.seed);
    let points: Vec<f32> = labelled.iter().take(POINTS).flat_map(|&at| [inputs[at], answers[at]]).collect();
    let true_line: Vec<f32> = places.iter().map(|&x| truth(x)).collect();
    let highest = points.chunks_exact(2).map(|pair| pair[1].abs()).chain(true_line.iter().map(|y| y.abs()));
    let highest = f64::from(highest.fold(0.0, f32::max)) * 1.05;
    let reach = f64::from(REACH);
    Some(Block::Chart {
        caption: Phrase::new("curve-picture").with_number("points", labelled.len() as f64),
        axes: [Phrase::new("axis-x"), Phrase::new("axis-y")],
        ranges: [[-reach, reach], [-highest, highest]],
        truth: pairs(&true_line),
        points: points.into(),
        lines,
        clouds: Vec::new(),
    })
}

fn predictions(plan: &Plan, task: &Task, shown: &mut Shown) -> Option<Block> {
    let (Inputs::Numbers(inputs, width), Answers::Numbers(answers, 1)) = (&task.test.inputs, &task.test.answers) else {
        return None;
    };
    let count = DRAWN.min(answers.len());
    let (inputs, answers) = (&inputs[..count * width], &answers[..count]);
    let mut clouds = Vec::new();
    // Who teaches stands behind those that are compared.
    for id in plan.ids() {
        if let Some(network) = shown.network(id) {
            let said = network.forward(Batch::Numbers(inputs), None);
            let pairs: Vec<f32> = answers.iter().zip(said).flat_map(|(&is, &said)| [is, said]).collect();
            clouds.push((id, Floats::from(pairs)));
        }
    }
    let highest = f64::from(answers.iter().fold(0.0_f32, |most, answer| most.max(answer.abs()))) * 1.1;
    Some(Block::Chart {
        caption: Phrase::new("predicted-picture").with_number("rows", count as f64),
        axes: [Phrase::new("axis-true"), Phrase::new("axis-predicted")],
        ranges: [[-highest, highest]; 2],
        truth: vec![-highest as f32, -highest as f32, highest as f32, highest as f32].into(),
        points: Vec::new().into(),
        lines: Vec::new(),
        clouds,
    })
}
