//! The verdict, in words: what distillation did, also where it hurts.

use retort_spec::{NetworkId, Outcome, Verdict};
use yew::prelude::*;

use super::Panel;
use crate::{
    context::AppContext,
    i18n::format::{number, percent, percentage},
};

/// Its entry in the table.
pub const PANEL: Panel = Panel { id: "verdict", holds: |_| false, draw: verdict };

/// The order of the tables.
const ORDER: [NetworkId; 3] = [NetworkId::TEACHER, NetworkId::STUDENT, NetworkId::BASELINE];

/// The verdict's panel.
pub fn verdict(page: &AppContext) -> Html {
    let texts = &page.texts;
    let own = page.state.data.as_ref().map_or(0, |data| data.own);
    html! {
        <section id="verdict" class="panel" aria-labelledby="verdict-title">
            <h2 id="verdict-title">{ texts.get("verdict") } <small>{ texts.get("verdict-sub") }</small></h2>
            if page.state.recorded {
                <p class="recorded">{ texts.get("recorded") }</p>
            }
            if let Some(verdict) = &page.state.verdict {
                { words(page, verdict) }
            } else {
                <p class="empty">{ texts.get("verdict-empty") }</p>
            }
            if own > 0 {
                <p id="verdict-own" class="recorded">{ texts.with("verdict-own", &[("count", own.into())]) }</p>
            }
        </section>
    }
}

/// The verdict as one sentence and a word.
pub fn sentence(page: &AppContext, verdict: &Verdict) -> String {
    let (words, outcome, _) = parts(page, verdict);
    format!("{words}{}{outcome}", page.texts.language.gap())
}

/// What distillation did, in a sentence.
pub fn outcome(page: &AppContext, outcome: Outcome) -> String {
    match outcome {
        Outcome::Helps => page.texts.get("verdict-helps"),
        Outcome::NoDifference => page.texts.get("verdict-no-difference"),
        Outcome::Hurts => page.texts.get("verdict-hurts"),
    }
}

/// What was measured, what that says, and how sure it is.
fn parts(page: &AppContext, verdict: &Verdict) -> (String, String, String) {
    let texts = &page.texts;
    let outcome = outcome(page, verdict.outcome);
    // Below this a p value says nothing more.
    let p_value = if verdict.p_value < 0.001 {
        "p < 0.001".to_owned()
    } else {
        format!("p = {}", number(texts, verdict.p_value, 3))
    };
    let labels = page.state.data.as_ref().map_or(0, |data| data.labelled);
    let seeds = verdict.student.values.len();
    let args = [
        ("count", labels.into()),
        ("labels", number(texts, labels.into(), 0).into()),
        ("student", percent(texts, verdict.student.mean).into()),
        ("baseline", percent(texts, verdict.baseline.mean).into()),
    ];
    let sure = texts.with("verdict-sure", &[("p", p_value.into()), ("count", seeds.into())]);
    (texts.with("verdict-words", &args), outcome, sure)
}

/// The accuracies of each seed, folded away.
fn each_seed(page: &AppContext, verdict: &Verdict) -> Html {
    let texts = &page.texts;
    let first = page.state.experiment.seed;
    let row = |index: usize| {
        let seed = first.wrapping_add(index as u32);
        html! {
            <tr>
                <th scope="row">{ texts.with("seed-number", &[("seed", seed.to_string().into())]) }</th>
                { for ORDER.map(|network_id| html! { <td>{ verdict.spread(network_id).values.get(index).map(|value| percent(texts, *value)) }</td> }) }
            </tr>
        }
    };
    html! {
        <details class="seeds">
            <summary>{ texts.get("each-seed") }</summary>
            <table class="spread">
                <thead><tr><td></td>{ for ORDER.map(|network_id| html! { <th scope="col" class={network_id.word()}>{ texts.get(&format!("short-{}", network_id.word())) }</th> }) }</tr></thead>
                <tbody>{ for (0..verdict.student.values.len()).map(row) }</tbody>
            </table>
        </details>
    }
}

fn words(page: &AppContext, verdict: &Verdict) -> Html {
    let texts = &page.texts;
    let (words, outcome, sure) = parts(page, verdict);
    let gap = texts.language.gap();
    html! {
        <>
            <p id="verdict-words" data-outcome={format!("{:?}", verdict.outcome)}>
                { words }{ gap }<b>{ outcome }</b>{ gap }{ sure }
            </p>
            <table class="spread">
                <tbody>{ for ORDER.map(|network_id| (network_id, verdict.spread(network_id))).map(|(network_id, spread)| html! {
                    <tr class={network_id.word()}>
                        <th scope="row">{ texts.get(&format!("actor-{}", network_id.word())) }</th>
                        <td>{ percentage(texts, spread.mean) }</td>
                        // One seed has no spread.
                        <td>{ (spread.values.len() > 1).then(|| format!("± {}", percent(texts, spread.deviation))) }</td>
                    </tr>
                }) }</tbody>
            </table>
            if verdict.student.values.len() > 1 {
                { each_seed(page, verdict) }
            }
            if verdict.edited_while_training {
                <p class="recorded">{ texts.get("touched") }</p>
            }
        </>
    }
}
