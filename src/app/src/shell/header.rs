//! The head of the page: what it is, the run's controls, how far it is, and on what it computes.

use yew::prelude::*;

use crate::{
    context::{AppContext, use_page},
    i18n::{Language, format::percent},
    island,
    sharing::dialog::use_share,
    shell::{diagnostics::diagnostics, progress::use_progress, toolbar::toolbar},
    widgets::{
        icon::{Icon, icon},
        term::term,
    },
};

/// The head of the page.
#[hook]
pub fn use_header() -> Html {
    let page = use_page();
    let page = &page;
    // On a phone most buttons wait behind one.
    let open = use_state(|| false);
    let more = {
        let open = open.clone();
        Callback::from(move |_: MouseEvent| open.set(!*open))
    };
    let texts = &page.texts;
    let state = &page.state;
    let other = if texts.language == Language::English { Language::Chinese } else { Language::English };
    let set_language = page.set_language.reform(move |_: MouseEvent| other);
    let next_theme = if page.theme == "dark" { "light" } else { "dark" };
    let set_theme = page.set_theme.reform(move |_: MouseEvent| next_theme.to_owned());
    let (theme_name, theme_icon) = match next_theme {
        "dark" => (texts.get("dark"), Icon::Moon),
        _ => (texts.get("light"), Icon::Sun),
    };
    html! {
        <header class={(*open).then_some("open")}>
            <h1 class="brand" title={texts.get("tagline")}>
                <svg width="22" height="22" viewBox="0 0 24 24" aria-hidden="true">
                    <path d="M9 3h4v5.2A6.5 6.5 0 1 1 5 14.5c0-2.9 1.6-5.2 4-6.3zM13 5.5c5 .3 7.5 4 8.5 10.5M5.6 15h11" />
                </svg>
                <span>{ "Retort" }</span>
            </h1>
            { toolbar(page) }
            <div class="badges">
                { island!(use_progress) }
                if state.recorded {
                    <span class="badge mark" title={texts.get("recorded")}>{ texts.get("recorded-mark") }</span>
                }
                { score(page) }
                <button id="more" class="icon-button" onclick={more} aria-expanded={open.to_string()} aria-label={texts.get("more-buttons")}>{ "⋯" }</button>
                if page.shows("device") {
                    { diagnostics(page) }
                }
                if page.shows("share") {
                    { island!(use_share) }
                }
                if page.shows("theme") {
                    <button id="theme" class="icon-button" onclick={set_theme} aria-label={theme_name.clone()} title={theme_name}>{ icon(theme_icon) }</button>
                }
                if page.shows("language") {
                    <button id="language" onclick={set_language} lang={other.tag()}>{ other.name() }</button>
                }
            </div>
        </header>
    }
}

/// With and without: the mean accuracies of product and control.
fn score(page: &AppContext) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    if !page.shows("verdict") {
        return Html::default();
    }
    // Its place is kept until the verdict is there.
    let percent =
        |id| state.verdict.as_ref().map_or_else(|| "–".to_owned(), |verdict| percent(texts, verdict.mean(id)));
    let pair = html! {
        <><b class="student">{ percent(state.plan.product) }</b>{ " : " }<span class="baseline">{ percent(state.plan.control) }</span></>
    };
    term("with-without", pair, texts.get("with-without"))
}
