//! Layer by layer: the weights, the noise that packing adds to them, and how much the accuracy hangs on each.

use retort_spec::{Activations, QuantScheme, Sensitivity, Task, WeightHistogram, WorkbenchCommand};
use yew::prelude::*;

use crate::{
    context::{AppContext, use_page},
    i18n::{
        format::{number, percent, with_percent_sign},
        labels::scheme_name,
    },
    panels::packed::{fold, histogram::histogram},
    widgets::progress::progress,
};

/// The longest stem, in decibels: what 8 bits have by a good margin.
const MOST_DECIBELS: f64 = 60.0;

/// A signal's place on the axis, 0 to 100.
fn along(decibels: f64) -> f64 {
    (100.0 * decibels / MOST_DECIBELS).clamp(0.0, 100.0)
}

/// The layer that loses most, where there is a choice.
fn worst(layers: &[WeightHistogram]) -> Option<usize> {
    let signals = layers.iter().enumerate().filter_map(|(index, layer)| layer.sqnr.map(|sqnr| (index, sqnr)));
    signals.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(index, _)| index).filter(|_| layers.len() > 1)
}

/// The layer that costs most when it alone is quantized: its place and how many points it costs.
fn dearest(layers: &[Sensitivity], float: f64) -> Option<(usize, f64)> {
    let costs = layers.iter().map(|layer| 100.0 * (float - layer.alone)).enumerate();
    // The first of equal ones.
    costs.rev().max_by(|a, b| a.1.total_cmp(&b.1))
}

/// Histogram and layers of the file that is shown; one layer is chosen in both.
#[hook]
pub fn use_layers() -> Html {
    let page = use_page();
    let layer = use_state(|| 0_usize);
    let Some((file, _)) = page.state.shown() else { return Html::default() };
    let shown = (*layer).min(file.layers.len().saturating_sub(1));
    let choose = Callback::from(move |index| layer.set(index));
    html! {
        <div>
            { histogram(&page, &file.layers, shown, choose.clone()) }
            if !file.layers.is_empty() {
                { list(&page, &file.layers, shown, choose) }
            }
        </div>
    }
}

/// What was found of each layer, and the accuracies that it compares with.
struct Found<'a> {
    scheme: QuantScheme,
    layers: &'a [Sensitivity],
    float: f64,
    /// All layers quantized, if that was measured.
    all: Option<f64>,
    /// Where the axis begins; it ends at 1.
    floor: f64,
}

impl<'a> Found<'a> {
    fn of(page: &'a AppContext, count: usize) -> Option<Self> {
        let state = &page.state;
        let (scheme, layers) = state.bench.sensitivity.as_ref().filter(|(_, layers)| layers.len() == count)?;
        let float = state.float_file()?.accuracy;
        // Between the layers all stays in floating point when layers are asked about.
        let all = state.row_of(QuantScheme { activations: Activations::Float, ..*scheme }).map(|row| row.accuracy);
        let least = layers.iter().flat_map(|layer| [layer.alone, layer.without]).chain(all).fold(float, f64::min);
        Some(Self { scheme: *scheme, layers, float, all, floor: (10.0 * least).floor() / 10.0 })
    }

    /// An accuracy's place on the axis, as a style.
    fn left(&self, accuracy: f64) -> String {
        let span = (1.0 - self.floor).max(1e-9);
        format!("left:{:.1}%", 100.0 * ((accuracy - self.floor) / span).clamp(0.0, 1.0))
    }
}

fn list(page: &AppContext, layers: &[WeightHistogram], shown: usize, choose: Callback<usize>) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    let (found, worst) = (Found::of(page, layers.len()), worst(layers));
    let signal = |layer: &WeightHistogram| {
        layer.sqnr.map_or_else(|| texts.get("layer-lossless"), |sqnr| format!("{} dB", number(texts, sqnr, 1)))
    };
    let name = |index: usize| texts.with("layer", &[("layer", (index + 1).into())]);
    let row = |(index, layer): (usize, &WeightHistogram)| {
        let stem = format!("width:{:.1}%", layer.sqnr.map_or(100.0, along));
        let class =
            classes!("lollipop", (worst == Some(index)).then_some("worst"), layer.sqnr.is_none().then_some("lossless"));
        let title = texts.with("layer-choose", &[("layer", (index + 1).into()), ("signal", signal(layer).into())]);
        html! {
            <li>
                <button {class} aria-pressed={(index == shown).to_string()} {title} onclick={choose.reform(move |_: MouseEvent| index)}>
                    <span>{ name(index) }</span><span class="track"><i style={stem} /></span><b>{ signal(layer) }</b>
                </button>
                { for found.as_ref().map(|found| dots(page, found, index)) }
            </li>
        }
    };
    let scheme = state.experiment.quant_scheme().effective();
    let doing = progress(page, &[Task::Sensitivity]);
    let cannot = doing.is_some()
        || state.outdated
        || state.bench.current.is_none()
        || state.chosen().is_none()
        || !scheme.bits.is_integer();
    let ask = {
        let driver = page.driver.clone();
        Callback::from(move |_: MouseEvent| driver.send_workbench(WorkbenchCommand::Sensitivity(scheme)))
    };
    let hint = match (&found, scheme.bits.is_integer()) {
        (_, false) => texts.get("sensitivity-float"),
        (None, true) => texts.get("sensitivity-none"),
        (Some(found), true) => finding(page, found, scheme),
    };
    let body = html! {
        <>
            <p class="actions"><button id="sensitivity" disabled={cannot} onclick={ask}>{ doing.unwrap_or_else(|| texts.get("sensitivity-ask")) }</button></p>
            <ol class={classes!(found.is_some().then_some("found"), found.as_ref().is_some_and(|found| found.scheme != scheme).then_some("faded"))}>
                <li class="head" aria-hidden="true"><span>{ texts.get("layer-sqnr") }</span>{ for found.as_ref().map(|_| html! { <span>{ texts.get("packed-accuracy") }</span> }) }</li>
                { for layers.iter().enumerate().map(row) }
                if let Some(found) = &found {
                    <li class="axis" aria-hidden="true"><span></span><span class="ends"><span>{ with_percent_sign(texts, &number(texts, 100.0 * found.floor, 0)) }</span><span>{ with_percent_sign(texts, &number(texts, 100.0, 0)) }</span></span></li>
                }
            </ol>
            if found.is_some() {
                <p class="legend">
                    <span class="alone">{ texts.get("sensitivity-alone") }</span><span class="without">{ texts.get("sensitivity-without") }</span>
                    <span class="float">{ texts.get("bits-32") }</span><span class="all">{ texts.get("sensitivity-all") }</span>
                </p>
            }
            <p class="hint">{ hint }</p>
            if let Some(found) = &found {
                { table(page, found, layers) }
            }
        </>
    };
    fold(page, "layers", texts.get("layers"), body)
}

/// The accuracies of one layer as dots beside the lines of none and of all quantized.
fn dots(page: &AppContext, found: &Found<'_>, index: usize) -> Html {
    let texts = &page.texts;
    let Sensitivity { alone, without, .. } = found.layers[index];
    let words = texts.with(
        "sensitivity-layer",
        &[
            ("layer", (index + 1).into()),
            ("alone", percent(texts, alone).into()),
            ("without", percent(texts, without).into()),
        ],
    );
    html! {
        <span class="dots" role="img" aria-label={words.clone()} title={words}><span>
            { for found.all.map(|all| html! { <i class="all" style={found.left(all)} /> }) }
            <i class="float" style={found.left(found.float)} />
            <i class="without" style={found.left(without)} />
            <i class="alone" style={found.left(alone)} />
        </span></span>
    }
}

/// What the answer says, or that it is about another scheme.
fn finding(page: &AppContext, found: &Found<'_>, scheme: QuantScheme) -> String {
    /// Less than this is written as nothing.
    const NOTHING: f64 = 0.05;
    let texts = &page.texts;
    if found.scheme != scheme {
        return texts.with("sensitivity-other", &[("scheme", scheme_name(texts, &found.scheme).into())]);
    }
    let mut words = match dearest(found.layers, found.float).filter(|(_, cost)| *cost >= NOTHING) {
        None => texts.get("sensitivity-nothing"),
        Some((index, cost)) => {
            let args = [("layer", (index + 1).into()), ("points", number(texts, cost, 1).into())];
            texts.with("sensitivity-most", &args)
        }
    };
    if scheme.activations != Activations::Float {
        words += &format!(" {}", texts.get("sensitivity-weights"));
    }
    words
}

fn table(page: &AppContext, found: &Found<'_>, layers: &[WeightHistogram]) -> Html {
    let texts = &page.texts;
    html! {
        <details class="data">
            <summary>{ texts.get("table-of-data") }</summary>
            <div class="scroll" tabindex="0" role="region" aria-label={texts.get("table-of-data")}><table>
                <caption>{ texts.with("sensitivity-table", &[
                    ("float", percent(texts, found.float).into()),
                    ("all", found.all.map_or_else(|| "–".to_owned(), |all| percent(texts, all)).into()),
                ]) }</caption>
                <thead><tr>
                    <td></td><th scope="col">{ texts.get("layer-sqnr") }</th>
                    <th scope="col">{ texts.get("sensitivity-alone") }</th><th scope="col">{ texts.get("sensitivity-without") }</th>
                </tr></thead>
                <tbody>{ for found.layers.iter().zip(layers).enumerate().map(|(index, (layer, _))| html! {
                    <tr><th scope="row">{ texts.with("layer", &[("layer", (index + 1).into())]) }</th>
                        <td>{ layer.sqnr.map_or_else(|| "–".to_owned(), |sqnr| number(texts, sqnr, 1)) }</td>
                        <td>{ percent(texts, layer.alone) }</td><td>{ percent(texts, layer.without) }</td></tr>
                }) }</tbody>
            </table></div>
        </details>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use retort_spec::Floats;

    fn layer(sqnr: Option<f64>) -> WeightHistogram {
        WeightHistogram { reach: 1.0, before: vec![], after: vec![], levels: Floats::default(), sqnr }
    }

    #[test]
    fn the_noisiest_layer_is_the_worst_and_one_alone_is_none() {
        assert_eq!(worst(&[layer(None), layer(Some(20.0)), layer(Some(9.0))]), Some(2));
        assert_eq!(worst(&[layer(Some(9.0))]), None);
        assert_eq!(worst(&[layer(None), layer(None)]), None);
        assert_eq!([-3.0, 30.0, 99.0].map(along), [0.0, 50.0, 100.0]);
    }

    #[test]
    fn the_dearest_layer_costs_most_alone() {
        let layers = [0.9, 0.7, 0.7].map(|alone| Sensitivity { alone, without: 0.8, sqnr: None });
        let (index, cost) = dearest(&layers, 0.95).unwrap();
        assert!(index == 1 && (cost - 25.0).abs() < 1e-9);
        assert_eq!(dearest(&[], 0.95), None);
    }
}
