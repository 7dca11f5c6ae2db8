//! An entry of the menu of objectives: whether it is asked, what it weighs, what it needs, and what there is to know.

use retort_spec::{Kind, Objective, encode, knob};
use yew::prelude::*;

use crate::{
    context::AppContext,
    i18n::{Texts, formula::typeset, troubles::refusal_text},
    state::{
        Action,
        compatibility::{mended, refusal},
        loss_terms::{LABELS, SOFT_TARGETS, labels_weight},
    },
    widgets::{
        help::plain,
        knob::{knob_control, lock_mark},
        number_field::{NumberField, number_field},
    },
};

/// Formula, source and its address.
type Origin = (&'static str, &'static str, &'static str);

const HINTON: (&str, &str) = ("Hinton et al. 2015, section 2", "https://arxiv.org/abs/1503.02531");

/// What the student is always asked: the labels, and the teacher's soft targets, by the one knob that weighs them.
pub fn usual(page: &AppContext) -> Html {
    let (texts, experiment) = (&page.texts, &page.state.experiment);
    let row = |id: &'static str, name: String, weight: Html, formula: &'static str| {
        let why = html! { texts.get(&format!("why-{id}")) };
        html! {
            <li class="entry used" data-term={id}>
                <div class="row"><span class="always">{ &name }</span>{ weight }</div>
                { fold(texts, &name, texts.help(&format!("term-{id}")), (formula, HINTON.0, HINTON.1), why) }
            </li>
        }
    };
    let labels = html! { <output>{ plain(texts, labels_weight(experiment)) }</output> };
    let soft = match page.shows_knob("soft") {
        true => weight(page, "soft", texts.get("knob-soft")),
        false => html! { <output>{ plain(texts, experiment.soft_weight) }</output> },
    };
    let divergence = if experiment.scale_by_t2.is_on() {
        "T^{2} KL(softmax(v/T) ‖ softmax(z/T))"
    } else {
        "KL(softmax(v/T) ‖ softmax(z/T))"
    };
    html! {
        <>
            { row(LABELS, texts.get("term-cross-entropy"), labels, "−ln softmax(z)_{y}") }
            { row(SOFT_TARGETS, texts.get("term-soft-targets"), soft, divergence) }
        </>
    }
}

/// The knobs that mean something to one objective alone.
pub fn own_knobs(objective: Objective) -> &'static [&'static str] {
    match objective {
        Objective::Decoupled => &["decoupled-target", "decoupled-others"],
        Objective::Adversarial => &["judged", "reversal"],
        _ => &[],
    }
}

/// An objective's entry.
pub fn entry(page: &AppContext, objective: Objective) -> Html {
    let (texts, experiment, word) = (&page.texts, &page.state.experiment, objective.word());
    let (about, name) = (objective.info(), texts.get(&format!("knob-{word}")));
    let is_used = experiment.weights.get(objective) > 0.0;
    let formula = match experiment.scale_by_t2.is_on() {
        true => about.formula,
        false => about.formula.strip_prefix("T^{2} ").unwrap_or(about.formula),
    };
    let refusal = refusal(objective, experiment);
    let (id, needs) = (format!("use-{word}"), format!("needs-{word}"));
    let choose =
        page.turn(word).reform(move |_: Event| if is_used { "0".to_owned() } else { about.weight.to_string() });
    // What cannot be used may still be taken out.
    let disabled = page.locks(word) || (refusal.is_some() && !is_used);
    let usual = texts.with("usual-weight", &[("weight", plain(texts, about.weight).into())]);
    let why = html! { <><b>{ usual }</b>{ texts.language.gap() }{ texts.get(&format!("why-{word}")) }</> };
    html! {
        <li class={classes!("entry", is_used.then_some("used"))} data-knob={word}>
            <div class="row">
                <label class="check">
                    <input {id} type="checkbox" checked={is_used} {disabled} onchange={choose} aria-describedby={refusal.map(|_| needs.clone())} />
                    { &name }
                </label>
                if page.locks(word) {
                    { lock_mark(page) }
                }
                if is_used {
                    { weight(page, word, texts.with("weight-of", &[("objective", name.as_str().into())])) }
                }
            </div>
            if let Some(refusal) = refusal {
                <p id={needs} class="needs">{ texts.with("objective-needs", &[("reason", refusal_text(texts, refusal).into())]) }</p>
                { remedy(page, objective) }
            }
            { fold(texts, &name, texts.help(&format!("knob-{word}")), (formula, about.source, about.url), why) }
            { for own_knobs(objective).iter().filter(|_| is_used).map(|key| knob_control(page, key)) }
        </li>
    }
}

/// A knob's value as a number to write.
fn weight(page: &AppContext, key: &'static str, label: String) -> Html {
    let Some(knob) = knob(key) else { return Html::default() };
    let Kind::Number { min, max, .. } = knob.kind else { return Html::default() };
    number_field(NumberField {
        id: format!("knob-{key}"),
        value: knob.get(&page.state.experiment),
        range: [min, max],
        whole: false,
        disabled: page.locks(key),
        label: Some(label),
        described: None,
        change: page.turn(key),
    })
}

/// What there is to know of a term, folded away.
fn fold(texts: &Texts, name: &str, help: String, (formula, source, url): Origin, why: Html) -> Html {
    html! {
        <details>
            <summary><span aria-hidden="true">{ "?" }</span><span class="hidden">{ texts.with("help-for", &[("knob", name.into())]) }</span></summary>
            <p>{ help }</p>
            <p class="formula">{ typeset(formula) }</p>
            <p class="hint">{ texts.get("objectives-letters") }</p>
            <p>{ why }</p>
            <p><a href={url} target="_blank" rel="noopener">{ source }</a></p>
        </details>
    }
}

/// A button that changes both networks so that the objective can be used, and uses it: one step to undo.
pub fn remedy(page: &AppContext, objective: Objective) -> Html {
    let (texts, word) = (&page.texts, objective.word());
    let mended = mended(objective, &page.state.experiment);
    let Some(mended) = mended.filter(|_| ["teacher", "student", word].iter().all(|key| !page.locks(key))) else {
        return Html::default();
    };
    let args = [("teacher", mended.teacher.to_string().into()), ("student", mended.student.to_string().into())];
    let (title, name) = (texts.with("use-with", &args), texts.get(&format!("use-with-{}", mended.student.kind)));
    let dispatch = page.state.dispatcher();
    let mend = Callback::from(move |_: MouseEvent| dispatch.dispatch(Action::Navigate(encode(&mended))));
    html! { <button class="remedy" data-mend={word} onclick={mend} {title}>{ name }</button> }
}
