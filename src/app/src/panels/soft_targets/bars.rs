//! One example's distribution at the slider's T as a table with bars: teacher, student and baseline.

use retort_spec::{
    NetworkId, ClassNames, DataSet,
    probability::{argmax, softmax},
};
use yew::prelude::*;

use crate::{
    context::use_page,
    i18n::{
        format::{percent, temperature, with_percent_sign},
        labels::class_name,
    },
};

/// Shares from here on have a bar on the logarithmic axis.
const LEAST: f64 = 1e-4;

/// The order of the bars: what is imitated, who imitates, who does not.
const ORDER: [NetworkId; 3] = [NetworkId::TEACHER, NetworkId::STUDENT, NetworkId::BASELINE];

/// What the bars show.
#[derive(PartialEq)]
pub struct BarsProps {
    pub data: DataSet,
    /// The logits of teacher, baseline and student, as far as they are there.
    pub logits: [Option<Vec<f32>>; 3],
    pub classes: usize,
    /// The true class, where it is known.
    pub label: Option<usize>,
}

/// The table of bars, with its switch between a linear and a logarithmic axis.
#[hook]
pub fn use_bars(props: &BarsProps) -> Html {
    let page = use_page();
    let logarithmic = use_state(|| false);
    let texts = &page.texts;
    let now = page.state.temperature();
    let shares = ORDER.map(|network_id| {
        let index = NetworkId::ALL.iter().position(|&other| other == network_id)?;
        props.logits[index].as_deref().map(|logits| softmax(logits, now))
    });
    // Whether its first answer is right.
    let mark = |network_id: NetworkId| {
        let index = NetworkId::ALL.iter().position(|&other| other == network_id)?;
        let right = argmax(props.logits[index].as_deref()?)? == props.label?;
        Some(if right { " ✓" } else { " ✗" })
    };
    let width = |share: f64| 100.0 * length(share, *logarithmic);
    let row = |class: usize| {
        html! {
            <tr>
                <th scope="row">{ class_name(&page.texts, props.data, class) }</th>
                <td>{ for ORDER.iter().zip(&shares).map(|(network_id, shares)| html! {
                    // What is not known yet has no bar.
                    <i class={classes!("bar", network_id.word())} style={format!("width:{:.2}%", shares.as_ref().map_or(0.0, |shares| width(shares[class])))} />
                }) }</td>
                { for ORDER.iter().zip(&shares).map(|(network_id, shares)| html! {
                    <td class={classes!("number", network_id.word())}>{ shares.as_ref().map_or_else(|| "–".into(), |shares| percent(texts, shares[class])) }</td>
                }) }
            </tr>
        }
    };
    let choose = |on: bool, id: &'static str, name: &'static str| {
        let logarithmic = logarithmic.clone();
        html! { <button {id} aria-pressed={(*logarithmic == on).to_string()} onclick={Callback::from(move |_: MouseEvent| logarithmic.set(on))}>{ texts.get(name) }</button> }
    };
    let axis: String = match *logarithmic {
        true => ["0.01", "1", "100"].map(|mark| with_percent_sign(texts, mark)).join(" … "),
        false => with_percent_sign(texts, "0 … 100"),
    };
    html! {
        <div class="distribution">
            // The numbers' heads are the key of the bars; where there is no room for them this is.
            <p class="legend bars-key" aria-hidden="true">{ for ORDER.iter().map(|network_id| html! {
                <span class={network_id.word()}>{ texts.get(&format!("short-{}", network_id.word())) }{ mark(*network_id) }</span>
            }) }</p>
            <table class={classes!("bars", (props.data.class_names() == ClassNames::Words).then_some("names"))}>
                <caption class="hidden">{ texts.get("bars-caption") }</caption>
                <thead><tr>
                    <td></td>
                    <th scope="col">{ "T = " }{ temperature(texts, now) }</th>
                    { for ORDER.iter().map(|network_id| html! { <th scope="col" class={network_id.word()}>{ texts.get(&format!("short-{}", network_id.word())) }{ mark(*network_id) }</th> }) }
                </tr></thead>
                <tbody>{ for (0..props.classes).map(row) }</tbody>
            </table>
            <div class="axis">
                <div class="segments" role="group" aria-label={texts.get("bars-axis")}>
                    { choose(false, "axis-linear", "axis-linear") }
                    { choose(true, "axis-log", "axis-log") }
                </div>
                <small>{ axis }</small>
            </div>
        </div>
    }
}

/// How long a share's bar is, 0 to 1.
fn length(share: f64, logarithmic: bool) -> f64 {
    match logarithmic {
        false => share,
        true => (1.0 - share.max(LEAST).log10() / LEAST.log10()).clamp(0.0, 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logarithmic_bar_grows_by_a_quarter_for_every_ten_times_the_share() {
        for (share, want) in [(1.0, 1.0), (0.1, 0.75), (0.01, 0.5), (1e-4, 0.0), (1e-9, 0.0), (0.0, 0.0)] {
            assert!((length(share, true) - want).abs() < 1e-12, "{share}");
        }
        assert_eq!(length(0.25, false), 0.25);
    }
}
