//! Regression as a picture: a curve with its points, or what was predicted against what is true.

use retort_spec::{Block, DataSet, Exhibit, ExhibitPlace, Floats, Labels, Phrase};

use super::{Scene, Shown, rows};
use crate::{
    nets::Batch,
    tasks::{Answers, Inputs, REACH, Scaling, truth},
    train::chosen,
};

/// Places at which a curve is drawn.
const PLACES: usize = 81;
/// Test examples that are drawn.
const DRAWN: usize = 150;
/// Labelled points that are drawn at most.
const POINTS: usize = 120;

/// One picture, and a row to ask about where there are rows.
pub fn exhibits(scene: &Scene<'_>, shown: &mut Shown) -> Vec<Exhibit> {
    let block = if scene.experiment.data == DataSet::Curve { curves(scene, shown) } else { predictions(scene, shown) };
    let mut blocks: Vec<Block> = block.into_iter().collect();
    if let Some(facts) = &scene.subject.facts {
        blocks.extend(rows::blocks(scene, facts, shown));
    }
    vec![Exhibit { place: ExhibitPlace::Hero, blocks }]
}

fn curves(scene: &Scene<'_>, shown: &mut Shown) -> Option<Block> {
    let (experiment, task) = (scene.experiment, scene.task());
    let (Inputs::Numbers(inputs, 1), Answers::Numbers(answers, 1)) = (&task.train.inputs, &task.train.answers) else {
        return None;
    };
    let places: Vec<f32> = (0..PLACES).map(|at| REACH * (2.0 * at as f32 / (PLACES - 1) as f32 - 1.0)).collect();
    let pairs = |numbers: &[f32]| -> Floats {
        Floats::from(places.iter().zip(numbers).flat_map(|(&x, &y)| [x, y]).collect::<Vec<f32>>())
    };
    let mut lines = Vec::new();
    for id in scene.plan.ids() {
        if let Some(network) = shown.network(id) {
            lines.push((id, pairs(network.forward(Batch::Numbers(&places), None))));
        }
    }
    let labels = match experiment.labels {
        Labels::All => None,
        Labels::Count(count) => Some(count as usize),
    };
    let labelled = chosen(task.train.len(), labels, experiment.seed);
    let place = |(at, &index): (usize, &usize)| match experiment.moved_points.get(at as u8 + 1) {
        Some(place) => place.map(|hundredths| f32::from(hundredths) / 100.0),
        None => [inputs[index], answers[index]],
    };
    let points: Vec<f32> = labelled.iter().take(POINTS).enumerate().flat_map(place).collect();
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
        moves: true,
        lines,
        clouds: Vec::new(),
    })
}

/// In the units of the table.
fn predictions(scene: &Scene<'_>, shown: &mut Shown) -> Option<Block> {
    let task = scene.task();
    let scaling = scene.subject.facts.as_ref().and_then(|facts| facts.scaling).unwrap_or(Scaling::NONE);
    let (Inputs::Numbers(inputs, width), Answers::Numbers(answers, 1)) = (&task.test.inputs, &task.test.answers) else {
        return None;
    };
    let count = DRAWN.min(answers.len());
    let (inputs, answers) = (&inputs[..count * width], &answers[..count]);
    let mut clouds = Vec::new();
    // Who teaches stands behind those that are compared.
    for id in scene.plan.ids() {
        if let Some(network) = shown.network(id) {
            let said = network.forward(Batch::Numbers(inputs), None);
            let pairs: Vec<f32> = answers
                .iter()
                .zip(said)
                .flat_map(|(&is, &said)| [is, said].map(|number| scaling.unscaled(number)))
                .collect();
            clouds.push((id, Floats::from(pairs)));
        }
    }
    let of = |pick: fn(f32, f32) -> f32| answers.iter().copied().reduce(pick).map(|one| scaling.unscaled(one));
    let (least, most) = (of(f32::min)?, of(f32::max)?);
    let margin = 0.05 * (most - least).max(f32::MIN_POSITIVE);
    let (least, most) = (least - margin, most + margin);
    Some(Block::Chart {
        caption: Phrase::new("predicted-picture").with_number("rows", count as f64),
        axes: [Phrase::new("axis-true"), Phrase::new("axis-predicted")],
        ranges: [[least.into(), most.into()]; 2],
        truth: vec![least, least, most, most].into(),
        points: Vec::new().into(),
        moves: false,
        lines: Vec::new(),
        clouds,
    })
}
