//! One example's distribution at the slider's T as a table with bars: of all networks where they are few, of some where
//! they are many.

use retort_spec::{
    ClassNames, DataSet, NetworkId,
    probability::{argmax, softmax},
};
use yew::prelude::*;

use crate::{
    context::use_page,
    i18n::{
        format::{percent, temperature, with_percent_sign},
        labels::class_name,
    },
    state::networks::{FEW, compared, few},
    widgets::dom::network_class,
};

/// Shares from here on have a bar on the logarithmic axis.
const LEAST: f64 = 1e-4;

/// Networks whose numbers stand beside the bars; a narrow panel has room for no more.
const NUMBERS: usize = 3;

/// What the bars show.
#[derive(PartialEq)]
pub struct BarsProps {
    pub data: DataSet,
    /// The outcomes' names; those of the data set's classes if there are none.
    pub names: Vec<String>,
    /// The logits of every network, as far as they are there.
    pub logits: Vec<(NetworkId, Option<Vec<f32>>)>,
    pub classes: usize,
    /// The true class, where it is known.
    pub label: Option<usize>,
}

/// The table of bars, with its switch between a linear and a logarithmic axis.
#[hook]
pub fn use_bars(props: &BarsProps) -> Html {
    let page = use_page();
    let logarithmic = use_state(|| false);
    let all_numbers = use_state(|| false);
    let chosen = use_state_eq(|| None::<Vec<NetworkId>>);
    let (texts, plan) = (&page.texts, &page.state.plan);
    let now = page.state.temperature();
    // What is imitated, who imitates, who does not; what was chosen may be of another scheme.
    let all = compared(plan);
    let kept = chosen.as_ref().map(|ids| all.iter().copied().filter(|id| ids.contains(id)).collect::<Vec<_>>());
    let shown = kept.filter(|ids| !ids.is_empty()).unwrap_or_else(|| few(plan));
    let logits = |network_id: NetworkId| {
        props.logits.iter().find(|(id, _)| *id == network_id).and_then(|(_, logits)| logits.as_deref())
    };
    let columns: Vec<(NetworkId, Option<Vec<f64>>)> =
        shown.iter().map(|&id| (id, logits(id).map(|logits| softmax(logits, now)))).collect();
    // Whether its first answer is right.
    let mark = |network_id: NetworkId| {
        let right = argmax(logits(network_id)?)? == props.label?;
        Some(if right { " ✓" } else { " ✗" })
    };
    let head = |network_id: NetworkId| html! { <>{ page.short_name(network_id) }{ mark(network_id) }</> };
    let width = |share: f64| 100.0 * length(share, *logarithmic);
    let telling = props.label.or_else(|| argmax(logits(*shown.first()?)?));
    let row = |class: usize| {
        html! {
            <tr class={(telling == Some(class)).then_some("telling")}>
                <th scope="row">{ props.names.get(class).cloned().unwrap_or_else(|| class_name(&page.texts, props.data, class)) }</th>
                <td>{ for columns.iter().map(|(network_id, shares)| html! {
                    // What is not known yet has no bar.
                    <i class={classes!("bar", network_class(*network_id))} style={format!("width:{:.2}%", shares.as_ref().map_or(0.0, |shares| width(shares[class])))} />
                }) }</td>
                { for columns.iter().take(NUMBERS).map(|(network_id, shares)| html! {
                    <td class={classes!("number", network_id.role_word())}>{ shares.as_ref().map_or_else(|| "–".into(), |shares| percent(texts, shares[class])) }</td>
                }) }
            </tr>
        }
    };
    let choose = |on: bool, id: &'static str, name: &'static str| {
        let logarithmic = logarithmic.clone();
        html! { <button {id} aria-pressed={(*logarithmic == on).to_string()} onclick={Callback::from(move |_: MouseEvent| logarithmic.set(on))}>{ texts.get(name) }</button> }
    };
    let toggle = |network_id: NetworkId| {
        let is_shown = shown.contains(&network_id);
        let mut ids = shown.clone();
        match is_shown {
            true => ids.retain(|id| *id != network_id),
            false => ids.push(network_id),
        }
        let disabled = if is_shown { shown.len() == 1 } else { shown.len() >= FEW };
        let chosen = chosen.clone();
        let onclick = Callback::from(move |_: MouseEvent| chosen.set(Some(ids.clone())));
        html! { <button {disabled} aria-pressed={is_shown.to_string()} {onclick}>{ page.short_name(network_id) }</button> }
    };
    let many = shown.len() > NUMBERS;
    let show_numbers = {
        let all_numbers = all_numbers.clone();
        Callback::from(move |_: MouseEvent| all_numbers.set(!*all_numbers))
    };
    let marks = if *logarithmic { ["0.01", "1"] } else { ["0", "50"] };
    html! {
        <div class="distribution">
            // The numbers' heads are the key of the bars; where there is no room for them this is.
            if all.len() > FEW {
                <div class="chips" role="group" aria-label={texts.get("bars-networks")}>{ for all.iter().map(|id| toggle(*id)) }</div>
            }
            <p class={classes!("legend", "bars-key", many.then_some("many"))} aria-hidden="true">{ for shown.iter().map(|id| html! {
                <span class={network_class(*id)}>{ head(*id) }</span>
            }) }</p>
            <table class={classes!("bars", all_numbers.then_some("all"), many.then_some("many"), (props.data.class_names() == ClassNames::Words).then_some("names"))}>
                <caption class="hidden">{ texts.get("bars-caption") }</caption>
                <thead><tr>
                    <td></td>
                    <th scope="col">{ "T = " }{ temperature(texts, now) }</th>
                    { for shown.iter().take(NUMBERS).map(|id| html! { <th scope="col" class={id.role_word()}>{ head(*id) }</th> }) }
                </tr></thead>
                <tbody>{ for (0..props.classes).map(row) }</tbody>
                <tfoot aria-hidden="true"><tr><td></td><td><div class="marks">
                    // One sign for the three: a narrow axis has no room for more.
                    { for marks.map(|mark| html! { <span>{ mark }</span> }) }<span>{ with_percent_sign(texts, "100") }</span>
                </div></td></tr></tfoot>
            </table>
            <div class="axis">
                <button id="all-numbers" aria-pressed={all_numbers.to_string()} onclick={show_numbers}>{ texts.get("all-numbers") }</button>
                <div class="segments" role="group" aria-label={texts.get("bars-axis")}>
                    { choose(false, "axis-linear", "axis-linear") }
                    { choose(true, "axis-log", "axis-log") }
                </div>
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
