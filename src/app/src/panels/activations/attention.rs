//! Where the networks look: the energy of a stage at each place of the example, teacher's above student's (Zagoruyko &
//! Komodakis 2017).

use retort_spec::{ActivationReport, HintLayer, StageMap};
use yew::prelude::*;

use crate::{
    context::AppContext,
    i18n::format::number,
    panels::activations::Pair,
    state::compatibility::pairs,
    widgets::{
        dom::network_class,
        pixel_grid::{ACROSS, Grid, grey, most},
    },
};

/// Row and column, from 1, of the place with the most attention.
fn peak(stage: &StageMap) -> (usize, usize) {
    let side = stage.side.max(1) as usize;
    let places = stage.attention.iter().enumerate();
    let at = places.max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(at, _)| at);
    (at / side + 1, at % side + 1)
}

/// The cosine between two maps of unit length; none where they have not the same places.
fn agreement(one: &StageMap, other: &StageMap) -> Option<f32> {
    (one.side == other.side).then(|| one.attention.iter().zip(&*other.attention).map(|(a, b)| a * b).sum())
}

/// The stages to show beside each other, teacher's and student's, by their places in the networks: those of the same
/// relative depth, where both have more places than one.
fn compared(teacher: &[StageMap], student: &[StageMap]) -> Vec<[usize; 2]> {
    if teacher.is_empty() || student.is_empty() {
        return Vec::new();
    }
    let has_places = |[mine, other]: &[usize; 2]| teacher[*mine].side.min(student[*other].side) > 1;
    let pairs = pairs(student.len(), teacher.len(), HintLayer::Usual).into_iter();
    pairs.map(|(mine, other)| [other, mine]).filter(has_places).collect()
}

/// The attention maps of the stages that are compared; the teacher's own where there is no student yet.
pub fn attention(page: &AppContext, pair: Pair<'_>) -> Html {
    let texts = &page.texts;
    let picture = |inside: &ActivationReport, index: usize| {
        let (name, stage) = (page.short_name(inside.network_id), &inside.stages[index]);
        let ((row, column), most) = (peak(stage), most(&stage.attention));
        let words = texts.with(
            "inside-attention-words",
            &[
                ("name", name.clone().into()),
                ("stage", (index + 1).into()),
                ("row", row.to_string().into()),
                ("column", column.to_string().into()),
                ("side", stage.side.to_string().into()),
            ],
        );
        html! {
            <div class={network_class(inside.network_id)}>
                { Grid::squares(&stage.attention, stage.side as usize, ACROSS, &|value| grey(value, most)).picture(words) }
                <b>{ name }</b>{ " " }{ texts.with("inside-stage", &[("stage", (index + 1).into())]) }
            </div>
        }
    };
    let columns: Vec<Html> = match pair {
        [Some(teacher), Some(student)] => {
            let column = |[mine, other]: [usize; 2]| {
                let cosine = agreement(&teacher.stages[mine], &student.stages[other]);
                html! {
                    <figure>
                        { picture(teacher, mine) }
                        { picture(student, other) }
                        if let Some(cosine) = cosine {
                            <figcaption>{ texts.with("inside-cosine", &[("cosine", number(texts, cosine.into(), 2).into())]) }</figcaption>
                        }
                    </figure>
                }
            };
            compared(&teacher.stages, &student.stages).into_iter().map(column).collect()
        }
        [one, other] => {
            let alone = one.or(other).into_iter();
            let stages = alone.flat_map(|inside| (0..inside.stages.len()).map(move |index| (inside, index)));
            let with_places = stages.filter(|(inside, index)| inside.stages[*index].side > 1);
            with_places.map(|(inside, index)| html! { <figure>{ picture(inside, index) }</figure> }).collect()
        }
    };
    if columns.is_empty() {
        return html! { <p class="empty">{ texts.get("inside-no-places") }</p> };
    }
    html! { <div class="inside-columns">{ for columns }</div> }
}

#[cfg(test)]
mod tests {
    use super::*;
    use retort_spec::Floats;

    fn stage(side: u32, attention: Vec<f32>) -> StageMap {
        StageMap { channels: 1, of: 1, side, values: Floats::default(), attention: attention.into() }
    }

    #[test]
    fn stages_of_the_same_relative_depth_are_compared_where_they_have_places() {
        let stages = |sides: &[u32]| sides.iter().map(|&side| stage(side, vec![])).collect::<Vec<_>>();
        assert_eq!(compared(&stages(&[14, 7]), &stages(&[14, 7])), [[0, 0], [1, 1]]);
        // A single stage stands for the whole network, and the first and last of two for those of three.
        assert_eq!(compared(&stages(&[14, 7, 4]), &stages(&[14])), [[2, 0]]);
        assert_eq!(compared(&stages(&[14, 7, 4]), &stages(&[14, 7])), [[0, 0], [2, 1]]);
        assert_eq!(compared(&stages(&[1, 1]), &stages(&[14, 7])), [[0; 2]; 0], "a perceptron has no places");
        assert_eq!(compared(&[], &stages(&[14])), [[0; 2]; 0]);
    }

    #[test]
    fn peak_and_agreement_by_hand() {
        let (one, other) = (stage(2, vec![0.6, 0.0, 0.8, 0.0]), stage(2, vec![0.0, 0.0, 1.0, 0.0]));
        assert_eq!(peak(&one), (2, 1));
        assert_eq!(agreement(&one, &other), Some(0.8));
        assert_eq!(agreement(&one, &stage(1, vec![1.0])), None);
    }
}
