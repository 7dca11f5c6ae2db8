//! What the page is about, in a sentence, and what came out: for whoever reads nothing else.

use retort_spec::Scheme;
use yew::prelude::*;

use crate::{context::AppContext, i18n::format::percent, panels::verdict::outcome, state::networks::is_usual};

/// The line below the head of the page.
pub fn summary_line(page: &AppContext) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    let is_alone = is_usual(&state.plan);
    let result = state.verdict.as_ref().map(|verdict| {
        let args = [
            ("student", percent(texts, verdict.mean(verdict.product)).into()),
            ("baseline", percent(texts, verdict.mean(verdict.control)).into()),
        ];
        let id = if is_alone { "lede-result" } else { "lede-result-control" };
        html! { <><b>{ outcome(page, verdict.outcome) }</b>{ texts.language.gap() }{ texts.with(id, &args) }</> }
    });
    let words = match state.experiment.scheme {
        Scheme::Offline => texts.get("lede"),
        scheme => texts.help(&format!("scheme-{scheme}")),
    };
    html! {
        <section id="lede" aria-label={texts.get("summary")}>
            <p>{ words }</p>
            // Where the verdict is hidden, the class is to find it out; the sentence would give it away.
            if page.shows("verdict") {
                <p class="result">{ result.unwrap_or_else(|| html! { texts.get("lede-waiting") }) }</p>
            }
        </section>
    }
}
