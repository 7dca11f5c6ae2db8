//! What each stage of the networks makes of the example, channel by channel, and the filters of their first layers.

use retort_spec::{ActivationReport, StageMap};
use yew::prelude::*;

use crate::{
    context::AppContext,
    i18n::format::number,
    panels::activations::Pair,
    widgets::pixel_grid::{ACROSS, Grid, grey, most, signed},
};

/// Mean activation of each channel that is given.
fn means(stage: &StageMap) -> Vec<f32> {
    let places = (stage.side * stage.side).max(1) as usize;
    stage.values.chunks_exact(places).map(|channel| channel.iter().sum::<f32>() / places as f32).collect()
}

/// The side of the first layer's filters, of which there are as many as the first stage gives channels, or as there are
/// classes in a network without stages.
fn filter_side(inside: &ActivationReport, classes: usize) -> Option<usize> {
    let count = inside.stages.first().map_or(classes, |stage| stage.channels as usize);
    let size = inside.filters.len().checked_div(count)?;
    let side = size.isqrt();
    (size > 0 && side * side * count == inside.filters.len()).then_some(side)
}

/// The maps, teacher's above student's, with the filters and the numbers folded below them.
pub fn stages(page: &AppContext, pair: Pair<'_>) -> Html {
    let texts = &page.texts;
    let classes = page.state.experiment.class_count();
    let name = |inside: &ActivationReport| page.short_name(inside.network_id);
    let insides = || pair.into_iter().flatten();
    let row = |inside: &ActivationReport| {
        html! {
            <div class={classes!("inside-row", inside.network_id.role_word())} data-network={inside.network_id.to_string()}>
                <b>{ name(inside) }</b>
                if inside.stages.is_empty() {
                    <span class="empty">{ texts.get("inside-no-stages") }</span>
                }
                { for inside.stages.iter().enumerate().map(|(index, stage)| map(page, &name(inside), index + 1, stage)) }
            </div>
        }
    };
    let filters = |inside: &ActivationReport| {
        let side = filter_side(inside, classes)?;
        let most = most(&inside.filters);
        let count = inside.filters.len() / (side * side);
        let words = texts.with(
            "inside-filters-words",
            &[
                ("name", name(inside).into()),
                ("count", count.into()),
                ("side", side.to_string().into()),
                ("most", number(texts, most.into(), 2).into()),
            ],
        );
        let picture = Grid::squares(&inside.filters, side, ACROSS, &|value| signed(value, most)).picture(words);
        Some(
            html! { <div class={classes!("inside-row", inside.network_id.role_word())}><b>{ name(inside) }</b>{ picture }</div> },
        )
    };
    html! {
        <>
            { for insides().map(row) }
            if insides().any(|inside| filter_side(inside, classes).is_some()) {
                <details id="inside-filters">
                    <summary>{ texts.get("inside-filters") }</summary>
                    { for insides().filter_map(filters) }
                    <p class="hint">{ texts.get("inside-filters-hint") }</p>
                </details>
            }
            { table(page, pair) }
        </>
    }
}

/// A stage's channels on one canvas.
fn map(page: &AppContext, name: &str, index: usize, stage: &StageMap) -> Html {
    let texts = &page.texts;
    let most = most(&stage.values);
    let means = means(stage);
    let silent = means.iter().filter(|mean| **mean <= 0.0).count();
    let stage_name = texts.with("inside-stage", &[("stage", index.into())]);
    let shown = ("shown", stage.channels.into());
    let size = match (stage.side, stage.channels < stage.of) {
        (1, false) => texts.with("inside-units", &[shown]),
        (1, true) => texts.with("inside-units-of", &[shown, ("all", stage.of.into())]),
        (_, false) => texts.with("inside-channels", &[shown]),
        (_, true) => texts.with("inside-channels-of", &[shown, ("all", stage.of.into())]),
    };
    let places = if stage.side > 1 { format!(" · {0}×{0}", stage.side) } else { String::new() };
    let words = texts.with(
        "inside-map-words",
        &[
            ("name", name.into()),
            ("stage", stage_name.clone().into()),
            ("size", format!("{size}{places}").into()),
            ("most", number(texts, most.into(), 2).into()),
            ("silent", silent.into()),
        ],
    );
    html! {
        <figure>
            { Grid::squares(&stage.values, stage.side as usize, ACROSS, &|value| grey(value, most)).picture(words) }
            <figcaption>{ stage_name }{ " · " }{ size }{ places }</figcaption>
        </figure>
    }
}

/// The mean activation of each channel: a column for each stage.
fn table(page: &AppContext, pair: Pair<'_>) -> Html {
    let texts = &page.texts;
    let columns: Vec<(String, Vec<f32>)> = pair
        .into_iter()
        .flatten()
        .flat_map(|inside| {
            inside.stages.iter().enumerate().map(move |(index, stage)| (inside.network_id, index, stage))
        })
        .map(|(network_id, index, stage)| {
            let name = page.short_name(network_id);
            (format!("{name}, {}", texts.with("inside-stage", &[("stage", (index + 1).into())])), means(stage))
        })
        .collect();
    let rows = columns.iter().map(|(_, means)| means.len()).max().unwrap_or(0);
    if rows == 0 {
        return Html::default();
    }
    let caption = texts.get("inside-means");
    let cell = |mean: Option<&f32>| mean.map(|&mean| number(texts, mean.into(), 3));
    html! {
        <details class="data">
            <summary>{ texts.get("table-of-data") }</summary>
            <div class="scroll" tabindex="0" role="region" aria-label={caption.clone()}><table>
                <caption>{ caption }</caption>
                <thead><tr>
                    <th scope="col">{ texts.get("inside-channel") }</th>
                    { for columns.iter().map(|(name, _)| html! { <th scope="col">{ name }</th> }) }
                </tr></thead>
                <tbody>{ for (0..rows).map(|row| html! {
                    <tr><th scope="row">{ row + 1 }</th>{ for columns.iter().map(|(_, means)| html! { <td>{ cell(means.get(row)) }</td> }) }</tr>
                }) }</tbody>
            </table></div>
        </details>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use retort_spec::{Floats, NetworkId};

    fn stage(channels: u32, side: u32, values: Vec<f32>) -> StageMap {
        StageMap { channels, of: channels, side, values: values.into(), attention: Floats::default() }
    }

    #[test]
    fn a_channel_s_mean_is_over_its_places() {
        assert_eq!(means(&stage(2, 2, vec![1.0, 2.0, 3.0, 4.0, 0.0, 0.0, 0.0, 0.0])), [2.5, 0.0]);
        assert_eq!(means(&stage(3, 1, vec![1.0, 0.0, 5.0])), [1.0, 0.0, 5.0]);
    }

    #[test]
    fn filters_are_squares_one_for_each_channel_or_class() {
        let inside = |stages, count: usize| ActivationReport {
            network_id: NetworkId::TEACHER,
            stages,
            filters: vec![0.0; count].into(),
            compared: vec![],
            similarities: Floats::default(),
        };
        assert_eq!(filter_side(&inside(vec![stage(8, 14, vec![])], 200), 10), Some(5));
        assert_eq!(filter_side(&inside(vec![], 640), 10), Some(8), "no stage: a filter for each class");
        assert_eq!(filter_side(&inside(vec![stage(8, 1, vec![])], 0), 2), None, "points have none");
        assert_eq!(filter_side(&inside(vec![stage(8, 1, vec![])], 16), 2), None, "two numbers are no square");
    }
}
