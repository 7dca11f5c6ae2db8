//! The networks of the plan: in one panel those that teach, in the other the product beside its control, and what else
//! learns with them.

pub mod hints;

use retort_spec::{Measured, NetworkId};
use yew::prelude::*;

use super::Panel;
use crate::{
    context::AppContext,
    i18n::{
        format::{bytes, number, percent, percentage},
        labels::taught_by,
    },
    panels::networks::hints::student_hints,
    state::networks::{compared, is_teaching, is_usual},
    widgets::{
        icon::{Icon, icon},
        knob::{knob_control, knob_slider},
        term::term,
    },
};

/// The entry of those that teach.
pub const TEACHER: Panel = Panel {
    id: "teacher",
    holds: |key| matches!(key, "teacher" | "dropout"),
    applies: |_, plan| plan.ids().any(is_teaching),
    draw: teachers,
    ..Panel::PLAIN
};

/// The entry of the others.
pub const STUDENT: Panel =
    Panel { id: "student", holds: |key| matches!(key, "student" | "soft" | "t2"), draw: students, ..Panel::PLAIN };

/// The panel of those that teach.
fn teachers(page: &AppContext) -> Html {
    let texts = &page.texts;
    let ids: Vec<NetworkId> = page.state.networks().filter(|id| is_teaching(*id)).collect();
    let title = match ids[..] {
        [only] => page.name(only),
        _ => texts.get("network-teachers"),
    };
    html! {
        <section id="teacher" class="panel teacher" aria-labelledby="teacher-title">
            <h2 id="teacher-title">{ title }</h2>
            { for ids.iter().take(1).map(|id| score(page, *id)) }
            { knob_control(page, "teacher") }
            { knob_control(page, "dropout") }
            // Before what comes and goes, so that it stays where it is.
            <p class="hint mark-key">{ icon(Icon::Again) }{ " " }{ texts.get("mark-key") }</p>
            if let Some(measured) = ids.first().and_then(|id| page.state.network(*id)) {
                { facts(page, measured) }
            }
            <>{ for ids.iter().skip(1).map(|id| further(page, *id)) }</>
        </section>
    }
}

/// The panel of the product, its control, and what learns with them.
fn students(page: &AppContext) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    let (product, control) = (state.plan.product, state.plan.control);
    let others = compared(&state.plan);
    let others = others.into_iter().filter(|id| !is_teaching(*id) && ![product, control].contains(id));
    let others: Vec<NetworkId> = others.collect();
    let title = if others.is_empty() { page.name(product) } else { texts.get("network-students") };
    let is_stale = state.network(product).is_some_and(|measured| !state.is_of_this_training(measured));
    html! {
        <section id="student" class={classes!("panel", "student", is_stale.then_some("stale"))} aria-labelledby="student-title">
            <h2 id="student-title">{ title }</h2>
            { score(page, product) }
            { score(page, control) }
            <p id="control" class="hint">{ texts.with("control-is", &[("contrast", texts.get(&format!("contrast-{}", state.plan.contrast)).into())]) }</p>
            { knob_control(page, "student") }
            { knob_slider(page, "soft") }
            { knob_control(page, "t2") }
            // A child that comes and goes has a place of its own: else all below it would be another's.
            if let Some(measured) = state.network(product) {
                { facts(page, measured) }
            }
            { student_hints(page) }
            <>{ for others.into_iter().map(|id| further(page, id)) }</>
        </section>
    }
}

/// A network after the leading ones, in a line: all else is folded.
fn further(page: &AppContext, network_id: NetworkId) -> Html {
    let (share, seeds) = accuracy(page, network_id);
    html! {
        <details class={classes!("further", network_id.role_word())}>
            <summary>
                { page.name(network_id) }
                <b id={format!("accuracy-{network_id}")}>{ share }</b>
            </summary>
            <p class="hint">{ taught_by(&page.texts, &page.state.plan, network_id) }<br/>{ seeds }</p>
            if let Some(measured) = page.state.network(network_id) {
                { facts(page, measured) }
            }
        </details>
    }
}

/// A network's accuracy in percent, and over which seeds.
fn accuracy(page: &AppContext, network_id: NetworkId) -> (String, String) {
    let texts = &page.texts;
    let (share, spread) = page.state.accuracy(network_id);
    let seeds = match spread {
        Some(spread) => {
            let args = [("count", spread.values.len().into()), ("deviation", percent(texts, spread.deviation).into())];
            texts.with("score-mean", &args)
        }
        None => texts.get("score-seed"),
    };
    (share.map_or_else(|| "–".into(), |share| percent(texts, share)), seeds)
}

/// An accuracy, large, with the network's name and its teachers.
fn score(page: &AppContext, network_id: NetworkId) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    let (share, seeds) = accuracy(page, network_id);
    // Where there are three networks, one sentence says who each is and who teaches it.
    let (name, taught) = match is_usual(&state.plan) {
        true => (texts.get(&format!("score-{}", network_id.role_word())), None),
        false => {
            let name = texts.with("score-network", &[("network", page.name(network_id).into())]);
            (name, Some(taught_by(texts, &page.state.plan, network_id)))
        }
    };
    // What the last training had: the turn of a knob should be seen to do something, and to move nothing else.
    let before = state.before(network_id).map_or_else(
        || "\u{a0}".into(),
        |accuracy| texts.with("score-before", &[("percent", percent(texts, accuracy).into())]),
    );
    html! {
        <p class={classes!("score", network_id.role_word())}>
            <b id={format!("accuracy-{network_id}")}>{ share }</b>
            <span>
                { name }
                if let Some(taught) = taught {
                    <small>{ taught }</small>
                }
                <small>{ seeds }</small>
                if !is_teaching(network_id) { <small class="before">{ before }</small> }
            </span>
        </p>
    }
}

fn facts(page: &AppContext, measured: &Measured) -> Html {
    let texts = &page.texts;
    let plan = &page.state.plan;
    let (is_product, teachers) = (measured.network_id == plan.product, plan.teachers(plan.product).len());
    html! {
        <>
            <p class="hint facts-of">{ page.of_first_seed("facts") }</p>
        <dl>
            <dt>{ texts.get("parameters") }</dt><dd>{ number(texts, measured.parameters.into(), 0) }</dd>
            if measured.extra_parameters > 0 {
                <dt>{ texts.get("extra-parameters") }</dt><dd id={is_product.then_some("extra-parameters")}>{ number(texts, measured.extra_parameters.into(), 0) }</dd>
            }
            <dt>{ texts.get("float-bytes") }</dt><dd>{ bytes(texts, measured.bytes.into()) }</dd>
            if let Some(agreement) = measured.agreement {
                <dt>{ texts.with("agreement", &[("count", teachers.into())]) }</dt><dd>{ percentage(texts, agreement) }</dd>
            }
            <dt>{ term(&["calibration-", measured.network_id.role_word()].concat(), texts.get("calibration").into(), texts.help("calibration")) }</dt><dd>{ percentage(texts, measured.calibration_error) }</dd>
            <dt>{ texts.get("train-seconds") }</dt><dd>{ number(texts, measured.seconds, 1) }{ " s" }</dd>
        </dl>
        </>
    }
}
