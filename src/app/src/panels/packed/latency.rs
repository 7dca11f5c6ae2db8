//! Is it faster? Measured here or not said: a network in floating point and in integers, in turns.

use retort_spec::{
    Activations, Bits, Granularity, NetworkKind, NoGpu, QuantScheme, Task, Timing, WorkbenchCommand, encode,
};
use yew::prelude::*;

use crate::{
    context::AppContext,
    i18n::{
        Texts,
        format::{number, time},
        labels::scheme_name,
    },
    panels::packed::fold,
    state::{Action, Latencies},
    widgets::{badge::badge, progress::progress},
};

/// Why a network of this scheme cannot be computed in integers: the message that says it.
fn refusal(kind: NetworkKind, scheme: QuantScheme) -> Option<&'static str> {
    if kind == NetworkKind::Residual {
        Some("integer-residual")
    } else if !scheme.bits.is_integer() {
        Some("integer-weights")
    } else if scheme.granularity.group().is_some() {
        Some("integer-groups")
    } else if matches!(scheme.activations, Activations::Float | Activations::Dynamic) {
        Some("integer-activations")
    } else {
        None
    }
}

/// The nearest scheme of 8 bits throughout that can be; between the layers by the extremes of the calibration examples.
fn nearest(scheme: QuantScheme) -> QuantScheme {
    let QuantScheme { granularity, activations, .. } = scheme;
    QuantScheme {
        bits: Bits::B8,
        granularity: if granularity.group().is_some() { Granularity::Channel } else { granularity },
        activations: match activations {
            Activations::Float | Activations::Dynamic => Activations::MinMax,
            activations => activations,
        },
        ..scheme
    }
}

/// What a ratio of times says, and nothing more than the interval does.
fn ratio_words(page: &AppContext, [low, _, high]: [f64; 3]) -> String {
    let texts = &page.texts;
    let id = if high < 1.0 {
        "integer-faster"
    } else if low > 1.0 {
        "integer-slower"
    } else {
        "integer-same"
    };
    texts.with(id, &[("low", number(texts, low, 2).into()), ("high", number(texts, high, 2).into())])
}

/// The section about time.
pub fn latency(page: &AppContext) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    let (kind, scheme) = (state.packed_architecture().kind, state.experiment.quant_scheme().effective());
    let found = state.bench.latency.as_ref();
    let refused = refusal(kind, scheme);
    let doing = progress(page, &[Task::Latency]);
    let cannot = doing.is_some() || state.outdated || state.bench.current.is_none() || state.chosen().is_none();
    let measure = {
        let driver = page.driver.clone();
        Callback::from(move |_: MouseEvent| driver.send_workbench(WorkbenchCommand::Latency))
    };
    let turn = {
        let (dispatch, to) = (state.dispatcher(), encode(&state.experiment.with_quant_scheme(nearest(scheme))));
        Callback::from(move |_: MouseEvent| dispatch.dispatch(Action::Navigate(to.clone())))
    };
    let locked = ["bits", "granularity", "activations"].iter().any(|key| page.locks(key));
    let label = doing.unwrap_or_else(|| texts.get(if found.is_some() { "latency-again" } else { "latency-measure" }));
    let body = html! {
        <>
            <p class="claim">{ badge(texts.get("badge-integer"), texts.help("badge-integer")) }{ if found.is_none() { texts.get("latency-none") } else { String::new() } }</p>
            if let Some(id) = refused.filter(|_| found.is_none_or(|found| found.scheme != scheme)) {
                <p class="hint">{ texts.get(id) }</p>
            }
            <p class="actions">
                <button id="latency-measure" disabled={cannot} onclick={measure}>{ label }</button>
                if refused.is_some() && kind != NetworkKind::Residual && !locked {
                    <button id="latency-knobs" onclick={turn}>{ texts.get("latency-knobs") }</button>
                }
            </p>
            if let Some(found) = found {
                { result(page, kind, found, found.scheme == scheme) }
            }
        </>
    };
    fold(page, "latency", texts.get("latency"), body)
}

fn result(page: &AppContext, kind: NetworkKind, found: &Latencies, is_current: bool) -> Html {
    let texts = &page.texts;
    let Latencies { scheme, times, no_gpu } = found;
    let cell = |timing: &Timing| {
        html! {
            <td><b>{ time(texts, timing.median) }</b><small>{ format!("{}–{}", time(texts, timing.low), time(texts, timing.high)) }</small></td>
        }
    };
    let reason = times.iter().find_map(|times| times.integer.as_ref().err());
    // The workbench speaks English alone; what it says is said here in the visitor's language where it is known.
    let reason = reason.map(|said| refusal(kind, *scheme).map_or_else(|| said.clone(), |id| texts.get(id)));
    let name = scheme_name(texts, scheme);
    html! {
        <div class={classes!("times", (!is_current).then_some("faded"))}>
            <p class="of">{ texts.with(if is_current { "latency-of" } else { "latency-of-other" }, &[("scheme", name.into())]) }</p>
            <div class="scroll" tabindex="0" role="region" aria-label={texts.get("latency")}><table>
                <thead><tr>
                    <td></td>{ for times.iter().map(|times| html! { <th scope="col">{ texts.with("latency-batch", &[("count", times.batch.into())]) }<small>{ if times.is_gpu { "GPU" } else { "CPU" } }</small></th> }) }
                </tr></thead>
                <tbody>
                    <tr><th scope="row">{ texts.get("latency-float") }</th>{ for times.iter().map(|times| cell(&times.float)) }</tr>
                    <tr><th scope="row">{ texts.get("latency-integer") }</th>{ for times.iter().map(|times| match &times.integer {
                        Ok(timing) => cell(timing),
                        Err(_) => html! { <td>{ "–" }</td> },
                    }) }</tr>
                    <tr class="calls"><th scope="row">{ texts.get("latency-calls") }</th>{ for times.iter().map(|times| html! {
                        <td>{ format!("{} × {}", number(texts, times.float.samples.into(), 0), number(texts, times.float.repeats.into(), 0)) }</td>
                    }) }</tr>
                    if reason.is_none() {
                        <tr class="ratio"><td></td>{ for times.iter().map(|times| html! {
                            <td>{ for times.ratio.map(|ratio| html! { <>{ interval(ratio) }{ ratio_words(page, ratio) }</> }) }</td>
                        }) }</tr>
                    }
                </tbody>
            </table></div>
            if let Some(reason) = reason {
                <p class="hint">{ texts.with("latency-refused", &[("reason", reason.into())]) }</p>
            }
            if let Some(why) = no_gpu {
                <p class="hint">{ without_gpu(texts, why) }</p>
            }
            if !times.is_empty() {
                <p class="hint">{ texts.get("latency-how") }</p>
            }
        </div>
    }
}

fn without_gpu(texts: &Texts, why: &NoGpu) -> String {
    let id = match why {
        NoGpu::Missing => "gpu-missing",
        NoGpu::NoDot => "gpu-no-dot",
        NoGpu::Kind => "gpu-kind",
        NoGpu::Wide => "gpu-wide",
        NoGpu::Failed(reason) => return texts.with("gpu-failed", &[("reason", reason.as_str().into())]),
    };
    texts.get(id)
}

/// A ratio's place between a quarter and four times, on a logarithmic axis, 0 to 100.
fn along(ratio: f64) -> f64 {
    (50.0 + 25.0 * ratio.log2()).clamp(0.0, 100.0)
}

/// The interval of a ratio as a bar, beside the line of equal times.
fn interval([low, value, high]: [f64; 3]) -> Html {
    let (low, value, high) = (along(low), along(value), along(high));
    html! {
        <span class="interval" aria-hidden="true">
            <i class="equal" style="left:50%" /><i class="range" style={format!("left:{low:.1}%;width:{:.1}%", high - low)} /><i class="value" style={format!("left:{value:.1}%")} />
        </span>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_scheme_is_one_that_integers_compute() {
        for text in ["32", "bf16:dynamic", "4:group-16:affine", "8:tensor", "1:static-mse"] {
            let scheme: QuantScheme = text.parse().unwrap();
            let nearest = nearest(scheme);
            assert_eq!(refusal(NetworkKind::Mlp, nearest), None, "{text}");
            assert_eq!(refusal(NetworkKind::Residual, nearest), Some("integer-residual"));
        }
        assert_eq!(nearest("4:tensor:gptq".parse().unwrap()).to_string(), "8:tensor:gptq:static-min-max");
    }

    #[test]
    fn equal_times_are_in_the_middle() {
        assert_eq!([0.25, 1.0, 2.0, 100.0].map(along), [0.0, 50.0, 75.0, 100.0]);
    }
}
