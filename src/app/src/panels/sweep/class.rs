//! A sweep for a class: a link that deals it out, the codes that come back, and what the class has found.

use retort_spec::{CLASS_KEY, ClassCode, ClassCodeProblem, Experiment, SWEEP_KEY, Sweep};
use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

use crate::{
    context::{AppContext, use_page},
    i18n::{
        Texts,
        format::{number, percent},
    },
    island,
    panels::sweep::values::Shown,
    platform::{clipboard::copy, link},
    state::{
        SweepState,
        class::{DEAL, Gathered},
    },
    widgets::{
        dom::opened,
        qr::{QrProps, use_qr},
        scan::use_scan,
    },
};

/// The stored setting that keeps the codes: a page that was closed by mistake has them again.
const STORED: &str = "class-codes";
/// So many codes that were refused, or cells, are named.
const NAMED: usize = 8;

/// What the panel keeps of a class: whether its part is open, and the codes as they were typed.
#[derive(Clone, PartialEq)]
pub struct Class {
    pub is_open: UseStateHandle<bool>,
    pub codes: UseStateHandle<String>,
}

/// The same for this visit.
#[hook]
pub fn use_class_codes() -> Class {
    let (is_open, codes) = (use_state_eq(|| false), use_state_eq(|| link::setting(STORED).unwrap_or_default()));
    Class { is_open, codes }
}

/// What the class has found of a sweep, once its part is open and a code has come back.
pub fn found(page: &AppContext, sweep: &Sweep, class: &Class) -> Option<SweepState> {
    let base = &page.state.experiment;
    let cells = class.is_open.then(|| sweep.cells(base))?;
    let gathered = Gathered::read(&class.codes, ClassCode::name_of(sweep, base), cells.len());
    gathered.cells.iter().any(|codes| !codes.is_empty()).then(|| gathered.as_sweep(base, sweep, &cells))
}

/// The part of the panel for a class. It takes the sweep as a text.
#[hook]
pub fn use_class(of: &(String, Class)) -> Html {
    let page = use_page();
    let (text, Class { is_open, codes }) = of;
    let (copied, latest) = (use_state_eq(|| false), use_mut_ref(String::new));
    latest.replace((**codes).clone());
    let texts = &page.texts;
    // The sweep is of the experiment that is shown, as the link is.
    let base = &page.state.experiment;
    let toggled = {
        let is_open = is_open.clone();
        Callback::from(move |event: Event| is_open.set(opened(&event)))
    };
    let body = || -> Option<Html> {
        let sweep: Sweep = text.parse().ok()?;
        let address = dealt(base, text);
        let copying = {
            let (address, told) = (address.clone(), copied.setter());
            Callback::from(move |_: MouseEvent| {
                copy(
                    &address,
                    Callback::from({
                        let told = told.clone();
                        move |done| told.set(done)
                    }),
                )
            })
        };
        let write = {
            let codes = codes.setter();
            Callback::from(move |event: InputEvent| {
                let text = event.target_dyn_into::<HtmlTextAreaElement>().map(|area| area.value()).unwrap_or_default();
                link::store(STORED, &text);
                codes.set(text);
            })
        };
        let read = {
            let (codes, latest) = (codes.setter(), latest.clone());
            Callback::from(move |code: String| {
                let mut all = latest.borrow_mut();
                // The camera sees a code many times.
                if !all.contains(&code) {
                    *all = [all.trim_end(), if all.is_empty() { "" } else { "\n" }, &code].concat();
                    link::store(STORED, &all);
                    codes.set(all.clone());
                }
            })
        };
        let code = QrProps {
            id: "class-qr",
            link: address.clone(),
            name: texts.get("share-qr"),
            too_long: texts.get("share-qr-long"),
        };
        Some(html! {
            <>
                <p>{ texts.get("class-about") }</p>
                <div class="class-deal">
                    <div>
                        <label for="class-link">{ texts.get("class-link") }</label>
                        <input id="class-link" type="text" readonly=true value={address} />
                        <button id="class-copy" onclick={copying}>{ texts.get(if *copied { "copied" } else { "copy" }) }</button>
                        <label for="class-codes">{ texts.get("class-codes") }</label>
                        <textarea id="class-codes" rows="6" value={(**codes).clone()} oninput={write} placeholder="2K7Q-0A9X-M3PD" spellcheck="false"
                            autocomplete="off" autocapitalize="characters" aria-describedby="class-gathered" />
                        { island!(use_scan, read) }
                    </div>
                    { island!(use_qr, code) }
                </div>
                { gathered(&page, &sweep, base, codes) }
            </>
        })
    };
    html! {
        <details id="sweep-class" ontoggle={toggled}>
            <summary>{ texts.get("class-share") }</summary>
            if **is_open {
                { body().unwrap_or_default() }
            }
        </details>
    }
}

/// The link that deals a sweep out.
fn dealt(base: &Experiment, sweep: &str) -> String {
    let language = link::page_key("lang");
    let keys = [(SWEEP_KEY, sweep), (CLASS_KEY, DEAL)];
    let language = language.iter().map(|tag| ("lang", tag.as_str()));
    link::address_of(base, &keys.into_iter().chain(language).collect::<Vec<_>>())
}

/// What has come back: how much, what is missing, what was refused, and where codes disagree.
fn gathered(page: &AppContext, sweep: &Sweep, base: &Experiment, codes: &str) -> Html {
    let texts = &page.texts;
    let cells = sweep.cells(base);
    let gathered = Gathered::read(codes, ClassCode::name_of(sweep, base), cells.len());
    let class = gathered.as_sweep(base, sweep, &cells);
    let shown = Shown::of(&class);
    let count = |count: usize| number(texts, count as f64, 0).into();
    let answered = gathered.cells.iter().filter(|codes| !codes.is_empty()).count();
    let possible = cells.iter().filter(|cell| cell.experiment.is_ok()).count();
    let missing: Vec<usize> = gathered.missing(&cells).collect();
    let list = |places: &[usize]| {
        let named: Vec<String> = places.iter().take(NAMED).map(|place| (place + 1).to_string()).collect();
        let more = if places.len() > NAMED { "…" } else { "" };
        [&named.join(texts.language.comma()), more].concat()
    };
    let all: usize = gathered.cells.iter().map(Vec::len).sum();
    let words = texts
        .with("class-answered", &[("answered", count(answered)), ("cells", count(possible)), ("codes", count(all))]);
    let disagree = |place: usize| {
        let values: Vec<String> = gathered.cells[place].iter().map(|code| percent(texts, code.product)).collect();
        let args = [
            ("cell", count(place + 1)),
            ("name", shown.name(texts, place).into()),
            ("values", values.join(" / ").into()),
        ];
        html! { <li key={place}>{ texts.with("class-disagree", &args) }</li> }
    };
    html! {
        <>
            <p id="class-gathered" role="status">
                { words }
                if answered > 0 && !missing.is_empty() {
                    { texts.language.gap() }{ texts.with("class-missing", &[("list", list(&missing).into())]) }
                }
            </p>
            <ul class="class-notes">
                { for gathered.refused.iter().take(NAMED).enumerate().map(|(place, (code, problem))| html! {
                    <li key={format!("refused-{place}")} class="error"><code>{ code.chars().take(40).collect::<String>() }</code>{ texts.language.colon() }{ refusal(texts, *problem) }</li>
                }) }
                { for gathered.disagreeing().map(disagree) }
            </ul>
        </>
    }
}

/// Why a code was refused.
fn refusal(texts: &Texts, problem: ClassCodeProblem) -> String {
    let value = match problem {
        ClassCodeProblem::Length(count) => count.to_string(),
        ClassCodeProblem::Symbol(letter) => letter.to_string(),
        ClassCodeProblem::NoCell(cell) => (u32::from(cell) + 1).to_string(),
        ClassCodeProblem::Check | ClassCodeProblem::OtherSweep => String::new(),
    };
    texts.with(&format!("class-refused-{}", problem.word()), &[("value", value.into())])
}
