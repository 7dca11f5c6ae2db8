//! What each stage of a pipeline left: bytes, accuracy, and how much of both is gone.

use retort_spec::{Activations, Architecture, CompressionResult, CompressionStep, DataSet, Layout};
use yew::prelude::*;

use crate::{
    context::AppContext,
    i18n::{
        Texts,
        format::{bytes, number, percentage, signed, tenth, with_percent_sign},
        labels::treatment_name,
    },
    panels::compression_bench::run::times,
    state::{PipelineState, State},
};

/// What Han et al. 2016 report for LeNet-300-100 (table 1): kilobytes before and after, percentages of error before and
/// after.
const LENET: ([f64; 2], [f64; 2]) = ([1070.0, 27.0], [1.64, 1.58]);

/// The table with its picture, and what its numbers are.
pub fn results(page: &AppContext, flow: &PipelineState) -> Html {
    let texts = &page.texts;
    let axis = Axis::of(&flow.stages);
    let rows = 0..=flow.pipeline.0.len();
    let last = flow.stages.len().saturating_sub(1);
    let whose = flow.stages.first().map_or(page.state.plan.product, |stage| stage.network_id);
    let float = page.made_of(whose, texts.get("bench-float"));
    let row = |place: usize| {
        let name = match place.checked_sub(1) {
            None => float.clone(),
            Some(stage) => treatment_name(texts, &flow.pipeline.0[stage]),
        };
        let is_last = place == last && flow.ended.is_some();
        match flow.stages.get(place) {
            Some(done) => measured(texts, name, done, &flow.stages[0], &axis, is_last),
            None => html! {
                <tr class="waiting" data-stage={place.to_string()}><th scope="row">{ name }</th><td class="file">{ "–" }</td><td class="picture" aria-hidden="true" /><td colspan="6" /></tr>
            },
        }
    };
    let column = |id: &'static str| html! { <th scope="col">{ texts.get(id) }</th> };
    let simulated = flow.stages.iter().any(is_simulated);
    html! {
        <div id="bench-results">
            <div class="scroll" tabindex="0" role="region" aria-label={texts.get("bench-results")}><table class="results">
                <caption class="hidden">{ texts.get("bench-results") }</caption>
                <thead><tr>
                    { column("column-stage") }
                    { column("column-file") }
                    <td class="picture" aria-hidden="true"><span>{ texts.get("column-share") }</span></td>
                    { column("column-smaller") }
                    { column("column-accuracy") }
                    { column("column-change") }
                    { column("column-sparsity") }
                    { column("column-positions") }
                    { column("column-seconds") }
                </tr></thead>
                <tbody>{ for rows.map(row) }</tbody>
                if !page.state.bench.is_flow_stale && is_lenet(&page.state, flow) {
                    <tbody class="published">{ published(texts) }</tbody>
                }
            </table></div>
            <p class="hint">{ texts.get("bench-honest") }
                if simulated {
                    { texts.language.gap() }{ texts.get("bench-simulated") }
                }
            </p>
        </div>
    }
}

/// Where accuracies stand on a line that ends a little below the least of them.
struct Axis {
    floor: f64,
    float: f64,
}

impl Axis {
    fn of(stages: &[CompressionResult]) -> Self {
        /// Least width of the axis: noise should not look like a fall.
        const LEAST: f64 = 0.1;
        let float = stages.first().map_or(1.0, |stage| stage.accuracy);
        let least = stages.iter().fold(1.0 - LEAST, |least, stage| stage.accuracy.min(least));
        Self { floor: (20.0 * least - 0.2).floor().max(0.0) / 20.0, float }
    }

    /// Percentage of the way.
    fn at(&self, accuracy: f64) -> f64 {
        100.0 * ((accuracy - self.floor) / (1.0 - self.floor)).clamp(0.0, 1.0)
    }
}

fn measured(
    texts: &Texts,
    name: String,
    done: &CompressionResult,
    float: &CompressionResult,
    axis: &Axis,
    is_last: bool,
) -> Html {
    let share = 100.0 * f64::from(done.bytes) / f64::from(float.bytes.max(1));
    let change = 100.0 * (done.accuracy - float.accuracy);
    let sparsity = if done.sparsity > 0.0 { percentage(texts, done.sparsity) } else { "–".into() };
    let place = done.pipeline.0.len();
    let (label, simulated) = (|id: &str| texts.get(id), is_simulated(done));
    let is_float = place == 0;
    html! {
        <tr class={classes!(is_last.then_some("last"))} data-stage={place.to_string()} data-bytes={done.bytes.to_string()}>
            <th scope="row">{ name }</th>
            <td class="file">{ bytes(texts, done.bytes.into()) }</td>
            <td class="picture" aria-hidden="true">
                <span class="bytes"><i style={format!("width:{}%", tenth(share.min(100.0)))} /></span>
                <span class="right"><i class="float" style={format!("left:{}%", tenth(axis.at(axis.float)))} /><i class="now" style={format!("left:{}%", tenth(axis.at(done.accuracy)))} /></span>
            </td>
            <td data-label={label("column-smaller")}>{ if is_float { "–".into() } else { format!("{}×", number(texts, times(float.bytes, done.bytes), 1)) } }</td>
            <td data-label={label("column-accuracy")}>{ percentage(texts, done.accuracy) }{ if simulated { "*" } else { "" } }</td>
            <td data-label={label("column-change")}>{ if is_float { "–".into() } else { signed(texts, change, 1) } }</td>
            <td data-label={label("column-sparsity")}>{ sparsity }</td>
            <td class="words" data-label={label("column-positions")}>{ layouts(texts, &done.layouts) }</td>
            <td data-label={label("column-seconds")}>{ if is_float { "–".into() } else { seconds(texts, done.seconds) } }</td>
        </tr>
    }
}

fn seconds(texts: &Texts, seconds: f64) -> String {
    /// Less is not told apart.
    const LEAST: f64 = 0.1;
    let sign = if seconds < LEAST { "< " } else { "" };
    format!("{sign}{} s", number(texts, seconds.max(LEAST), 1))
}

/// How the positions of weights are written, each way once.
fn layouts(texts: &Texts, layouts: &[Layout]) -> String {
    let used = Layout::ALL.iter().filter(|layout| layouts.contains(layout));
    let name = |layout: &Layout| {
        texts.get(match layout {
            Layout::Dense => "layout-dense",
            Layout::Bitmask => "layout-bitmask",
            Layout::Csr => "layout-csr",
            Layout::Gaps => "layout-gaps",
        })
    };
    used.map(name).collect::<Vec<_>>().join(" · ")
}

/// Whether the numbers between its layers are rounded, which is computed as if.
fn is_simulated(done: &CompressionResult) -> bool {
    done.pipeline.0.iter().any(|stage| match stage {
        CompressionStep::Quantize(scheme) | CompressionStep::QuantizationAware { scheme, .. } => {
            scheme.activations != Activations::Float
        }
        _ => false,
    })
}

/// Whether it is what Han et al. did.
fn is_lenet(state: &State, flow: &PipelineState) -> bool {
    let has = |word: &str| flow.pipeline.0.iter().any(|stage| stage.word() == word);
    state.experiment.data == DataSet::Mnist
        && *state.packed_architecture() == Architecture::mlp([300, 100])
        && has("share")
        && has("huffman")
}

fn published(texts: &Texts) -> Html {
    let ([before, after], [error_before, error_after]) = LENET;
    html! {
        <tr data-stage="published">
            <th scope="row">{ texts.get("bench-published") }</th>
            <td class="file">{ format!("{} kB", number(texts, after, 0)) }</td>
            <td class="picture" aria-hidden="true"><span class="bytes"><i style={format!("width:{}%", tenth(100.0 * after / before))} /></span></td>
            <td data-label={texts.get("column-smaller")}>{ format!("{}×", number(texts, before / after, 0)) }</td>
            <td data-label={texts.get("column-accuracy")}>{ with_percent_sign(texts, &number(texts, 100.0 - error_after, 2)) }</td>
            <td data-label={texts.get("column-change")}>{ signed(texts, error_before - error_after, 2) }</td>
            <td data-label={texts.get("column-sparsity")}>{ "–" }</td>
            <td class="words" data-label={texts.get("column-positions")}>{ texts.get("layout-gaps") }</td>
            <td data-label={texts.get("column-seconds")}>{ "–" }</td>
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{i18n::Language, state::fixture::compressed};

    #[test]
    fn the_axis_of_accuracies_ends_below_the_least() {
        let stage = |accuracy| CompressionResult { accuracy, ..compressed() };
        let axis = Axis::of(&[stage(0.97), stage(0.52)]);
        assert!((axis.floor - 0.5).abs() < 1e-9);
        assert!((axis.at(1.0) - 100.0).abs() < 1e-9 && axis.at(0.52) > 0.0);
        let axis = Axis::of(&[stage(0.97), stage(0.965)]);
        assert!((axis.floor - 0.85).abs() < 1e-9, "half a point is no fall");
        assert!(Axis::of(&[stage(0.97), stage(0.0)]).floor < 1e-9);
    }

    #[test]
    fn each_way_of_writing_positions_is_named_once() {
        let texts = Texts::new(Language::English);
        let named = layouts(&texts, &[Layout::Gaps, Layout::Dense, Layout::Gaps]);
        assert_eq!(named, format!("{} · {}", texts.get("layout-dense"), texts.get("layout-gaps")));
    }

    #[test]
    fn rounding_between_layers_is_told_of() {
        let made = |text: &str| CompressionResult { pipeline: text.parse().unwrap_or_default(), ..compressed() };
        assert!(is_simulated(&made("prune:0.5,quantize:8:dynamic")));
        assert!(!is_simulated(&made("prune:0.5,quantize:8")));
    }
}
