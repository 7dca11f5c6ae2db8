//! Rows of a table that are asked about: what each network says of one.

use retort_spec::{Block, Cell, Floats, Phrase, RowName};

use super::{Scene, Shown};
use crate::{
    nets::Batch,
    tasks::{Answers, Output, Scaling, TableFacts},
};

/// The block in which the visitor types.
const FIELD: u8 = 0;
/// Columns of a row that anybody would type.
const MOST_TYPED: usize = 16;

/// A field for a row, and what networks say of it; nothing where a row is too long to be typed.
pub fn blocks(scene: &Scene<'_>, facts: &TableFacts, shown: &mut Shown) -> Vec<Block> {
    let names: Vec<&str> = facts.used().map(|column| column.name.as_str()).collect();
    if names.len() > MOST_TYPED {
        return Vec::new();
    }
    let text = scene.question(FIELD).or(facts.samples.first().map(String::as_str)).unwrap_or_default();
    let (inputs, unknown) = facts.inputs(text);
    let sample = facts.samples.iter().position(|sample| sample == text);
    let mut blocks = vec![Block::Field {
        id: FIELD,
        label: Phrase::new("ask-row").with("columns", names.join(", ")),
        text: text.to_owned(),
        suggestions: facts.samples.clone(),
    }];
    if !unknown.is_empty() {
        blocks.push(Block::Note(Phrase::new("ask-row-unknown").with("values", unknown.join(", "))));
    }
    let mut said = Vec::new();
    for id in scene.plan.ids() {
        if let Some(network) = shown.network(id) {
            said.push((id, network.forward(Batch::Numbers(&inputs), None).to_vec()));
        }
    }
    let answers = &scene.task().test.answers;
    blocks.push(match (&scene.task().output, answers) {
        (Output::Classes(names), Answers::Classes(classes)) => Block::Bars {
            caption: Phrase::new("ask-answers"),
            names: names.clone(),
            right: sample.and_then(|at| classes.get(at)).map(|&class| class.into()),
            rows: said.into_iter().map(|(id, logits)| (id, Floats::from(logits))).collect(),
        },
        _ => {
            let scaling = facts.scaling.unwrap_or(Scaling::NONE);
            let cell = |number: f32| Cell::Number(scaling.unscaled(number).into(), decimals(scaling));
            let network = |(id, said): (_, Vec<f32>)| {
                (RowName::Network(id), said.first().map(|&number| cell(number)).into_iter().collect())
            };
            let mut rows: Vec<(RowName, Vec<Cell>)> = said.into_iter().map(network).collect();
            if let (Some(at), Answers::Numbers(numbers, 1)) = (sample, answers) {
                let truth = numbers.get(at).map(|&number| cell(number));
                rows.push((RowName::Phrase(Phrase::new("row-truth")), truth.into_iter().collect()));
            }
            Block::Table {
                caption: Phrase::new("ask-row-answers"),
                columns: vec![Phrase::new("plain").with("text", facts.target.as_str())],
                rows,
            }
        }
    });
    blocks
}

/// Decimals that show a hundredth of how much numbers differ.
fn decimals(scaling: Scaling) -> u8 {
    (2.0 - f64::from(scaling.deviation).log10().floor()).clamp(0.0, 6.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_exact_as_they_differ() {
        let of = |deviation| decimals(Scaling { mean: 0.0, deviation });
        assert_eq!([of(0.05), of(1.0), of(30.0), of(1e6), of(1e-30)], [4, 2, 1, 0, 6]);
    }
}
