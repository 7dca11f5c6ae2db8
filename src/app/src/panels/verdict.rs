//! The verdict, in words: what distillation did, also where it hurts.

use retort_spec::{Contrast, NetworkId, Outcome, Output, Spread, Verdict, paired_test::SIGNIFICANT};
use yew::prelude::*;

use super::{Area, Panel, Tab};
use crate::{
    context::AppContext,
    i18n::{
        fluent::Argument,
        format::{number, percent, percentage},
    },
    platform::place::Depth,
    widgets::{dom::network_class, term::term},
};

/// Its entry in the table.
pub const PANEL: Panel = Panel {
    id: "verdict",
    draw: verdict,
    sites: &[(Tab::Distil, Area::Stage), (Tab::Compare, Area::Stage)],
    ..Panel::PLAIN
};

/// The verdict's panel.
pub fn verdict(page: &AppContext) -> Html {
    let texts = &page.texts;
    let own = page.state.data.as_ref().map_or(0, |data| data.own);
    html! {
        <section id="verdict" class="panel" aria-labelledby="verdict-title">
            <h2 id="verdict-title">{ texts.get("verdict") } <small>{ term("verdict-sub", texts.get("verdict-sub").into(), texts.help("verdict-sub")) }</small></h2>
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

/// What came out, in a sentence: what distillation did, where the control is not distilled. It says on how many seeds
/// where that was not on all: the test is over examples, which does not see that one seed went the other way.
pub fn outcome(page: &AppContext, verdict: &Verdict) -> String {
    let [on_all, on_some] = match (verdict.outcome, page.state.plan.contrast == Contrast::Alone) {
        (Outcome::NoDifference, _) => ["verdict-no-difference"; 2],
        (Outcome::Helps, true) => ["verdict-helps", "verdict-helps-some"],
        (Outcome::Helps, false) => ["verdict-better", "verdict-better-some"],
        (Outcome::Hurts, true) => ["verdict-hurts", "verdict-hurts-some"],
        (Outcome::Hurts, false) => ["verdict-worse", "verdict-worse-some"],
    };
    page.texts.with(if is_split(verdict) { on_some } else { on_all }, &seeds(verdict))
}

/// Whether there is a difference that not every seed shows.
fn is_split(verdict: &Verdict) -> bool {
    verdict.outcome != Outcome::NoDifference && verdict.runs_like_the_mean() < verdict.runs()
}

/// On how many of how many seeds the difference is like the mean's.
fn seeds(verdict: &Verdict) -> [Argument<'static>; 2] {
    [("alike", verdict.runs_like_the_mean().into()), ("count", verdict.runs().into())]
}

/// How sure it is, in a sentence: the p value speaks of other test examples, and the seeds of other trainings.
fn sure(page: &AppContext, verdict: &Verdict) -> String {
    let texts = &page.texts;
    // Below this a p value says nothing more.
    let p_value = if verdict.p_value < 0.001 {
        "p\u{a0}<\u{a0}0.001".to_owned()
    } else {
        format!("p\u{a0}=\u{a0}{}", number(texts, verdict.p_value, 3))
    };
    let id = match verdict.outcome {
        // Examples enough, but too few seeds on their side.
        Outcome::NoDifference if verdict.p_value < SIGNIFICANT => "verdict-unsure-seeds",
        Outcome::NoDifference => "verdict-unsure",
        _ if is_split(verdict) => "verdict-sure-some",
        _ => "verdict-sure",
    };
    let [alike, count] = seeds(verdict);
    texts.with(id, &[("p", p_value.into()), alike, count])
}

/// What was measured, what that says, and how sure it is.
pub fn parts(page: &AppContext, verdict: &Verdict) -> (String, String, String) {
    let texts = &page.texts;
    let outcome = outcome(page, verdict);
    let (plan, output) = (&page.state.plan, page.state.experiment.output());
    let accuracies = [
        ("student", percent(texts, verdict.mean(verdict.product)).into()),
        ("baseline", percent(texts, verdict.mean(verdict.control)).into()),
    ];
    let words = match plan.contrast {
        Contrast::Alone if output != Output::Classes => {
            texts.with(if output == Output::NextToken { "verdict-tokens" } else { "verdict-numbers" }, &accuracies)
        }
        Contrast::Alone => {
            let labels = page.state.data.as_ref().map_or(0, |data| data.labelled);
            let [student, baseline] = accuracies;
            let count = [("count", labels.into()), ("labels", number(texts, labels.into(), 0).into())];
            texts.with("verdict-words", &[&count[..], &[student, baseline]].concat())
        }
        Contrast::OneTeacher | Contrast::Single => {
            let members = plan.network(plan.product).map_or(0, |network| network.origin.members().len());
            let count = members.max(plan.teachers(plan.product).len());
            let [student, baseline] = accuracies;
            texts.with(&format!("verdict-{}", plan.contrast), &[("count", count.into()), student, baseline])
        }
        contrast => texts.with(&format!("verdict-{contrast}"), &accuracies),
    };
    (words, outcome, sure(page, verdict))
}

/// The networks in the order of the tables, with their accuracies.
fn spreads<'a>(page: &AppContext, verdict: &'a Verdict) -> Vec<(NetworkId, &'a Spread)> {
    page.state.compared().into_iter().filter_map(|id| Some((id, verdict.spread(id)?))).collect()
}

/// The accuracies of each seed, folded away.
fn each_seed(page: &AppContext, verdict: &Verdict) -> Html {
    let texts = &page.texts;
    let first = page.state.experiment.seed;
    let spreads = spreads(page, verdict);
    let row = |index: usize| {
        let seed = first.wrapping_add(index as u32);
        html! {
            <tr>
                <th scope="row">{ texts.with("seed-number", &[("seed", seed.to_string().into())]) }</th>
                { for spreads.iter().map(|(_, spread)| html! { <td>{ spread.values.get(index).map(|value| percent(texts, *value)) }</td> }) }
            </tr>
        }
    };
    html! {
        <details class="seeds">
            <summary>{ texts.get("each-seed") }</summary>
            <div class="scroll" tabindex="0" role="region" aria-label={texts.get("each-seed")}><table class="spread">
                <thead><tr><td></td>{ for spreads.iter().map(|(id, _)| html! { <th scope="col" class={network_class(*id)}>{ page.short_name(*id) }</th> }) }</tr></thead>
                <tbody>{ for (0..verdict.runs()).map(row) }</tbody>
            </table></div>
        </details>
    }
}

fn words(page: &AppContext, verdict: &Verdict) -> Html {
    /// The map has the accuracies, too: with more networks than this their table waits.
    const MOST: usize = 4;
    let texts = &page.texts;
    let spreads = spreads(page, verdict);
    let folds = spreads.len() > MOST && page.place.depth != Depth::Everything;
    let table = html! {
        <table class="spread">
            <tbody>{ for spreads.into_iter().map(|(network_id, spread)| html! {
                <tr class={network_class(network_id)}>
                    <th scope="row">{ page.name(network_id) }</th>
                    <td>{ percentage(texts, spread.mean) }</td>
                    // One seed has no spread.
                    <td>{ (spread.values.len() > 1).then(|| format!("± {}", percent(texts, spread.deviation))) }</td>
                </tr>
            }) }</tbody>
        </table>
    };
    let (words, outcome, sure) = parts(page, verdict);
    let gap = texts.language.gap();
    html! {
        <>
            <div class="found">
                <p id="verdict-words" data-outcome={format!("{:?}", verdict.outcome)}>
                    { words }{ gap }<b>{ outcome }</b>{ gap }{ sure }
                </p>
                <div>
                    if folds {
                        <details class="seeds"><summary>{ texts.get("table-of-data") }</summary>{ table }</details>
                    } else {
                        { table }
                    }
                    if verdict.runs() > 1 {
                        { each_seed(page, verdict) }
                    }
                </div>
            </div>
            if verdict.edited_while_training {
                <p class="recorded">{ texts.get("touched") }</p>
            }
        </>
    }
}
