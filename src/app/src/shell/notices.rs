//! What the visitor is told: bad links, trouble, restarts. Each says what to do and can be dismissed.

use retort_spec::{EngineError, Experiment, knob};
use yew::prelude::*;

use crate::{
    context::AppContext,
    i18n::{
        format::number,
        labels::passed_over_files,
        troubles::{bad_file, problem_reason, sweep_error, trouble_text},
    },
    panels::objectives::entry,
    platform::{files, offline},
    state::{Action, Notice},
};

/// The notices, newest last.
pub fn notices(page: &AppContext) -> Html {
    let notice = |(index, notice): (usize, &Notice)| {
        let dispatch = page.state.dispatcher();
        let dismiss = Callback::from(move |_: MouseEvent| dispatch.dispatch(Action::Dismiss(index)));
        let (kind, text) = wording(page, notice);
        html! {
            <li class={classes!("notice", kind)}>
                <span>{ text }</span>
                if *notice == Notice::Update {
                    <button id="update" onclick={|_| offline::update()}>{ page.texts.get("update-now") }</button>
                }
                if let Notice::Left { before, .. } = notice {
                    <button id="lesson-restore" onclick={restore(page, index, before)}>{ page.texts.get("lesson-restore") }</button>
                }
                { remedy(page, notice) }
                <button class="dismiss" onclick={dismiss} aria-label={page.texts.get("dismiss")}>{ "×" }</button>
            </li>
        }
    };
    html! {
        <section aria-label={page.texts.get("notices")}>
            <ul id="notices">{ for page.state.notices.iter().enumerate().map(notice) }</ul>
        </section>
    }
}

/// Goes back to the experiment before a lesson or the decision maps, as a step that can be undone.
fn restore(page: &AppContext, index: usize, before: &str) -> Callback<MouseEvent> {
    let (dispatch, before) = (page.state.dispatcher(), before.to_owned());
    Callback::from(move |_| {
        dispatch.dispatch(Action::Dismiss(index));
        dispatch.dispatch(Action::Navigate(before.clone()));
    })
}

/// A button that mends what the notice tells of, where a button can.
fn remedy(page: &AppContext, notice: &Notice) -> Option<Html> {
    if let Notice::EngineError(EngineError::Refused { objective, .. }) = notice {
        let out = page.turn(objective.word()).reform(|_: MouseEvent| "0".to_owned());
        return Some(html! {
            <>
                { entry::remedy(page, *objective) }
                if !page.locks(objective.word()) {
                    <button id="take-out" class="remedy" onclick={out}>{ page.texts.get("take-out") }</button>
                }
            </>
        });
    }
    let Notice::EngineError(EngineError::Diverged { .. }) = notice else { return None };
    let key = "learning-rate";
    if page.locks(key) {
        return None;
    }
    let half = halved(page.state.experiment.learning_rate)?;
    let turn = page.turn(key).reform(move |_: MouseEvent| half.to_string());
    Some(html! { <button id="halve" class="remedy" onclick={turn}>{ page.texts.get("halve") }</button> })
}

/// Half of a learning rate, where its knob goes so low.
fn halved(rate: f64) -> Option<f64> {
    let half = rate / 2.0;
    let mut experiment = Experiment::default();
    knob("learning-rate")?.set(&mut experiment, &half.to_string()).ok().map(|()| half)
}

/// A notice in words, and its kind in styles.
pub fn wording(page: &AppContext, notice: &Notice) -> (&'static str, String) {
    let texts = &page.texts;
    match notice {
        Notice::Link(problem) => {
            let reason = problem_reason(texts, &problem.kind);
            let (key, value) = (shortened(&problem.key), shortened(&problem.value));
            let args = [("key", key.as_str().into()), ("value", value.as_str().into()), ("reason", reason.into())];
            let text = match &problem.used {
                Some(used) => {
                    let used = texts.with("problem-used", &[("used", used.as_str().into())]);
                    format!("{} {used}", texts.with("problem", &args))
                }
                None => texts.with("problem", &args),
            };
            ("warning", text)
        }
        Notice::MoreLinks { count, .. } => {
            ("warning", texts.with("problems-more", &[("count", (*count as u32).into())]))
        }
        Notice::Sweep(error) => {
            ("warning", texts.with("sweep-notice", &[("reason", sweep_error(texts, error).into())]))
        }
        Notice::EngineError(trouble) => ("error", trouble_text(texts, &page.state.plan, trouble)),
        Notice::Restarted { reason } => ("warning", texts.with("restarted", &[("reason", reason.as_str().into())])),
        Notice::WorkbenchLost { reason, restarted } => {
            let id = if *restarted { "workbench-restarted" } else { "workbench-lost" };
            ("warning", texts.with(id, &[("reason", reason.as_str().into())]))
        }
        Notice::File { name, reason } => ("warning", bad_file(texts, name, reason)),
        Notice::Fetch { reason } => {
            let args = [("host", files::HOST.into()), ("reason", reason.as_str().into())];
            ("error", texts.with("fetch-failed", &args))
        }
        Notice::Save { reason } => ("error", texts.with("save-failed", &[("reason", reason.as_str().into())])),
        Notice::FilesRead { train, test, passed_over } => {
            let args = [
                ("train", number(texts, (*train).into(), 0).into()),
                ("test", number(texts, (*test).into(), 0).into()),
            ];
            let read = texts.with("files-read", &args);
            match &passed_over[..] {
                [] => ("good", read),
                names => ("good", [&read, texts.language.gap(), &passed_over_files(texts, names)].concat()),
            }
        }
        Notice::Update => ("good", texts.get("update-ready")),
        Notice::Left { words, .. } => ("good", texts.get(words)),
    }
}

/// A text of a link, cut where it is longer than anybody reads, and without what would turn the page's direction.
fn shortened(text: &str) -> String {
    const MOST: usize = 60;
    let is_plain = |letter: &char| !letter.is_control() && !('\u{202a}'..='\u{202e}').contains(letter);
    let mut letters = text.chars().filter(is_plain);
    let start: String = letters.by_ref().take(MOST).collect();
    if letters.next().is_some() { format!("{start}…") } else { start }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(shortened("temperature"), "temperature");
        assert_eq!(shortened(&"é".repeat(300)), format!("{}…", "é".repeat(60)));
        assert_eq!(shortened("a\u{202e}b\nc"), "abc");
    }

    #[test]
    fn a_learning_rate_is_halved_down_to_the_end_of_its_knob() {
        assert_eq!(halved(0.01), Some(0.005));
        assert_eq!(halved(2e-5), Some(1e-5));
        assert_eq!(halved(1.9e-5), None, "the knob ends at 0.00001");
    }
}
