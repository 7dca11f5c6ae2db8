//! The one live region: what a reader is told while the page works, in few words: phases, notices, the verdict.

use retort_spec::RunState;
use yew::prelude::*;

use crate::{
    context::{AppContext, use_page},
    i18n::format::number,
    panels::{compression_bench::run::ending, verdict::sentence},
    shell::{
        notices::wording,
        progress::{Learning, learners, learning},
    },
};

/// The live region; nobody sees it.
#[hook]
pub fn use_announcer() -> Html {
    let page = use_page();
    let said = use_state(String::new);
    {
        let (said, words) = (said.clone(), standing(&page));
        use_effect_with(words, move |words| said.set(words.clone()));
    }
    {
        // A notice interrupts; when it is dismissed nothing is said.
        let (said, words) = (said.clone(), page.state.notices.last().map(|notice| wording(&page, notice).1));
        let count = page.state.notices.len();
        let before = use_mut_ref(|| 0);
        use_effect_with(count, move |&count| {
            if count > before.replace(count)
                && let Some(words) = words
            {
                said.set(words);
            }
        });
    }
    html! { <p id="announcer" class="hidden" role="status" aria-live="polite">{ (*said).clone() }</p> }
}

/// How things stand: a sentence that changes once a phase, not once an epoch.
fn standing(page: &AppContext) -> String {
    let (texts, state) = (&page.texts, &page.state);
    match (state.run_state, state.progress, &state.verdict) {
        _ if state.recorded => String::new(),
        (RunState::Finished, _, Some(verdict)) => {
            let flow = state.bench.flow.as_deref().filter(|_| !state.bench.is_flow_stale);
            flow.and_then(|flow| ending(page, flow)).unwrap_or_else(|| sentence(page, verdict))
        }
        (RunState::Paused, ..) => texts.get("announce-paused"),
        (RunState::Running, Some(progress), _) => {
            let id = match learning(page, progress) {
                Learning::Teacher => "announce-teacher",
                Learning::Students => "announce-students",
                Learning::Tuning => "announce-tuning",
                Learning::Others => "announce-networks",
            };
            let of = |count: u32| number(texts, count.into(), 0);
            let args = [
                ("networks", learners(page, progress).into()),
                ("run", of(progress.run + 1).into()),
                ("runs", of(progress.runs).into()),
            ];
            texts.with(id, &args)
        }
        _ => String::new(),
    }
}
