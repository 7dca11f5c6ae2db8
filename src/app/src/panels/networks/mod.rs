//! A network: the teacher, or the student beside the same network alone.

pub mod hints;

use std::rc::Rc;

use retort_spec::{NetworkId, Measured};
use yew::prelude::*;

use super::Panel;
use crate::{
    context::AppContext,
    i18n::format::{bytes, number, percent, percentage},
    panels::networks::hints::student_hints,
    widgets::{
        icon::{Icon, icon},
        knob::{knob_control, knob_slider},
    },
};

/// The teacher's entry in the table.
pub const TEACHER: Panel = Panel {
    id: "teacher",
    holds: |key| matches!(key, "teacher" | "dropout"),
    draw: |page| network(page, NetworkId::TEACHER),
};

/// The student's.
pub const STUDENT: Panel = Panel {
    id: "student",
    holds: |key| matches!(key, "student" | "soft" | "t2"),
    draw: |page| network(page, NetworkId::STUDENT),
};

/// A network's panel.
pub fn network(page: &AppContext, network_id: NetworkId) -> Html {
    let (texts, word) = (&page.texts, network_id.word());
    let measured = page.state.network(network_id);
    let title = format!("{word}-title");
    html! {
        <section id={word} class={classes!("panel", word, (network_id == NetworkId::STUDENT && page.state.outdated).then_some("stale"))} aria-labelledby={title.clone()}>
            <h2 id={title}>{ texts.get(&format!("actor-{word}")) }</h2>
            { score(page, network_id, measured) }
            if network_id == NetworkId::STUDENT {
                { score(page, NetworkId::BASELINE, page.state.network(NetworkId::BASELINE)) }
                { knob_control(page, "student") }
                { knob_slider(page, "soft") }
                { knob_control(page, "t2") }
            } else {
                { knob_control(page, "teacher") }
                { knob_control(page, "dropout") }
                // Before what comes and goes, so that it stays where it is.
                <p class="hint mark-key">{ icon(Icon::Again) }{ " " }{ texts.get("mark-key") }</p>
            }
            if let Some(measured) = measured {
                { facts(page, measured) }
            }
            if network_id == NetworkId::STUDENT {
                { student_hints(page) }
            }
        </section>
    }
}

/// An accuracy, large; while the network trains, the last point of its curve.
fn score(page: &AppContext, network_id: NetworkId, measured: Option<&Rc<Measured>>) -> Html {
    let texts = &page.texts;
    let training = page.state.is_training(network_id);
    let live = || {
        page.state
            .curves
            .iter()
            .rev()
            .find(|point| point.network_id == network_id && point.run == 0)
            .map(|point| point.test_accuracy)
    };
    let first_run = page.state.progress.is_none_or(|progress| progress.run == 0);
    // What stands in the sentence above and in the verdict: one student has one accuracy.
    let spread =
        page.state.verdict.as_ref().map(|verdict| verdict.spread(network_id)).filter(|spread| spread.values.len() > 1);
    let share = match spread {
        Some(spread) => Some(spread.mean),
        None if training && first_run => live(),
        None => measured.map(|measured| measured.accuracy),
    };
    let seeds = match spread {
        Some(spread) => {
            let args = [("count", spread.values.len().into()), ("deviation", percent(texts, spread.deviation).into())];
            texts.with("score-mean", &args)
        }
        None => texts.get("score-seed"),
    };
    let id = match network_id {
        NetworkId::TEACHER => "score-teacher",
        NetworkId::STUDENT => "score-student",
        NetworkId::BASELINE => "score-baseline",
    };
    // What the last training had: the turn of a knob should be seen to do something, and to move nothing else.
    let before = page.state.before(network_id).map_or_else(
        || "\u{a0}".into(),
        |accuracy| texts.with("score-before", &[("percent", percent(texts, accuracy).into())]),
    );
    html! {
        <p class={classes!("score", network_id.word())}>
            <b id={format!("accuracy-{}", network_id.word())}>{ share.map_or_else(|| "–".into(), |share| percent(texts, share)) }</b>
            <span>{ texts.get(id) }<small>{ seeds }</small>if network_id != NetworkId::TEACHER { <small class="before">{ before }</small> }</span>
        </p>
    }
}

fn facts(page: &AppContext, measured: &Measured) -> Html {
    let texts = &page.texts;
    html! {
        <dl>
            <dt>{ texts.get("parameters") }</dt><dd>{ number(texts, measured.parameters.into(), 0) }</dd>
            if measured.extra_parameters > 0 {
                <dt>{ texts.get("extra-parameters") }</dt><dd id="extra-parameters">{ number(texts, measured.extra_parameters.into(), 0) }</dd>
            }
            <dt>{ texts.get("float-bytes") }</dt><dd>{ bytes(texts, measured.bytes.into()) }</dd>
            if let Some(agreement) = measured.agreement {
                <dt>{ texts.get("agreement") }</dt><dd>{ percentage(texts, agreement) }</dd>
            }
            <dt title={texts.help("calibration")}>{ texts.get("calibration") }</dt><dd>{ percentage(texts, measured.calibration_error) }</dd>
            <dt>{ texts.get("train-seconds") }</dt><dd>{ number(texts, measured.seconds, 1) }{ " s" }</dd>
        </dl>
    }
}
