//! What the page is about, in a sentence, and what came out: for whoever reads nothing else.

use yew::prelude::*;

use crate::{context::AppContext, i18n::format::percent, panels::verdict::outcome};

/// The line below the head of the page.
pub fn summary_line(page: &AppContext) -> Html {
    let texts = &page.texts;
    let result = page.state.verdict.as_ref().map(|verdict| {
        let args = [
            ("student", percent(texts, verdict.student.mean).into()),
            ("baseline", percent(texts, verdict.baseline.mean).into()),
        ];
        html! { <><b>{ outcome(page, verdict.outcome) }</b>{ texts.language.gap() }{ texts.with("lede-result", &args) }</> }
    });
    html! {
        <section id="lede" aria-label={texts.get("summary")}>
            <p>{ texts.get("lede") }</p>
            // Where the verdict is hidden, the class is to find it out; the sentence would give it away.
            if page.shows("verdict") {
                <p class="result">{ result.unwrap_or_else(|| html! { texts.get("lede-waiting") }) }</p>
            }
        </section>
    }
}
