//! The verdict, in words: what distillation did, also where it hurts.

use retort_spec::{Outcome, Verdict};
use yew::prelude::*;

use super::Panel;
use crate::{
    context::AppContext,
    i18n::format::{number, percent},
};

/// Its entry in the table.
pub const PANEL: Panel = Panel { id: "verdict", holds: |_| false, draw: verdict };

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
    format!("{words} {outcome}")
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
        ("labels", number(texts, labels.into(), 0).into()),
        ("student", percent(texts, verdict.student.mean).into()),
        ("baseline", percent(texts, verdict.baseline.mean).into()),
    ];
    let sure = format!("({p_value}, {})", texts.with("mean-of-seeds", &[("count", seeds.into())]));
    (texts.with("verdict-words", &args), outcome, sure)
}

fn words(page: &AppContext, verdict: &Verdict) -> Html {
    let texts = &page.texts;
    let (words, outcome, sure) = parts(page, verdict);
    html! {
        <>
            <p id="verdict-words" data-outcome={format!("{:?}", verdict.outcome)}>
                { words }{ " " }<b>{ outcome }</b>{ " " }{ sure }
            </p>
            <table class="spread">
                <tbody>{ for [("teacher", &verdict.teacher), ("student", &verdict.student), ("baseline", &verdict.baseline)].map(|(word, spread)| html! {
                    <tr class={word}>
                        <th scope="row">{ texts.get(&format!("actor-{word}")) }</th>
                        <td>{ percent(texts, spread.mean) }{ " %" }</td>
                        // One seed has no spread.
                        <td>{ (spread.values.len() > 1).then(|| format!("± {}", percent(texts, spread.deviation))) }</td>
                    </tr>
                }) }</tbody>
            </table>
            if verdict.edited_while_training {
                <p class="recorded">{ texts.get("touched") }</p>
            }
        </>
    }
}
