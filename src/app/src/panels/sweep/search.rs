//! A search among the cells of a sweep: how it is asked for, what it has tried, and what its best cell is worth.

use retort_spec::{
    Experiment, Search, SearchError, SearchPlan, Spread, Sweep, knob,
    search::{Budget, Method, Trial},
};
use yew::prelude::*;

use crate::{
    context::AppContext,
    i18n::{
        format::{number, percent},
        labels::knob_name,
        troubles::trouble_text,
    },
    panels::sweep::{
        table::cells_table,
        values::{cell_name, link},
    },
    state::{Action, SweepAction, SweepState},
    widgets::{
        cell::{Cell, row},
        choice::choice,
        dom::text_of,
        tag::{tag, text},
    },
};

/// The word of the choice that is no search.
const ALL: &str = "all";

/// The search that a text asks for: none, one, or one that cannot be read.
pub fn asked(text: &str) -> Result<Option<SearchPlan>, SearchError> {
    Some(text).filter(|text| !text.is_empty()).map(str::parse).transpose()
}

/// Whether all cells are trained or the best one is looked for, and within which budget.
pub fn search_form(page: &AppContext, error: Option<&SearchError>) -> Html {
    let (texts, asked) = (&page.texts, &page.state.search_text);
    let (method, budget) = asked.split_once(':').unwrap_or((asked, ""));
    let put = |to: fn(&str, &str, String) -> String| {
        let (state, method, budget) = (page.state.clone(), method.to_owned(), budget.to_owned());
        Callback::from(move |text: String| {
            state.dispatch(Action::Sweep(SweepAction::Plan(to(&method, &budget, text))));
        })
    };
    let choose = put(|_, budget, method| match (&*method, budget) {
        (ALL, _) => String::new(),
        // What is not written is as usual.
        (method, "") => [method, ":", SearchPlan::USUAL_BUDGET].concat(),
        (method, budget) => [method, ":", budget].concat(),
    });
    let write = put(|method, _, budget| {
        let is_plain = |letter: &char| letter.is_ascii_alphanumeric();
        [method, ":", &budget.chars().filter(is_plain).collect::<String>()].concat()
    });
    let write = write.reform(|event: Event| text_of(&event));
    let names =
        [(ALL, "search-all"), (Method::Halving.word(), "search-halving"), (Method::Random.word(), "search-random")];
    let views = names.map(|(word, name)| (word.to_owned(), texts.get(name)));
    let is_bad = error == Some(&SearchError::BadPlan);
    html! {
        <div class="tools">
            { choice(texts.get("search-how"), views.into(), if asked.is_empty() { ALL } else { method }, &choose) }
            if !asked.is_empty() {
                <label for="search-budget">{ texts.get("search-budget") }</label>
                <input id="search-budget" type="text" size="6" value={budget.to_owned()} onchange={write} autocomplete="off"
                    aria-invalid={is_bad.to_string()} aria-describedby="sweep-size" />
                { text("span", &[("class", "hint")], texts.get("search-budget-hint")) }
            }
        </div>
    }
}

/// Why there is no search.
pub fn search_error(page: &AppContext, error: &SearchError) -> String {
    let texts = &page.texts;
    match error {
        SearchError::BadPlan => texts.with("search-bad", &[("most", number(texts, Budget::MOST.into(), 0).into())]),
        SearchError::NoValidation { .. } => texts.get("search-no-validation"),
        SearchError::OtherData { .. } => texts.get("search-other-data"),
        SearchError::NoCandidates => texts.get("search-nothing"),
    }
}

/// What has been tried, the best first, and what the best cell is worth.
pub fn search_report(page: &AppContext, ran: &SweepState, search: &Search) -> Html {
    let texts = &page.texts;
    let sweep = &ran.run.sweep;
    let figure = |spread: &Spread| match spread.values.len() {
        1 => percent(texts, spread.mean),
        _ => [&*percent(texts, spread.mean), " ± ", &percent(texts, spread.deviation)].concat(),
    };
    let name =
        |trial: &Trial| trial.place.map(|place| cell_name(texts, sweep, &search.cells()[place])).unwrap_or_default();
    let mut parts = Vec::new();
    let mut tests = search.tests();
    if let (Some(seen), Some(tested), Some(excess)) = (search.best(), tests.next(), search.overestimate()) {
        let args = [
            ("cell", name(seen).into()),
            ("seen", seen.spread().map(figure).unwrap_or_default().into()),
            ("test", tested.spread().map(figure).unwrap_or_default().into()),
            ("points", number(texts, 100.0 * excess.abs(), 1).into()),
        ];
        let mut words = texts.with(if excess >= 0.0 { "search-over" } else { "search-under" }, &args);
        if let Some(base) = tests.next().and_then(Trial::spread) {
            words =
                [&words, texts.language.gap(), &texts.with("search-base", &[("value", figure(base).into())])].concat();
        }
        let open = link(page, &tested.experiment, Classes::new(), None, texts.get("search-open").into());
        let words = vec![[&words, texts.language.gap()].concat().into(), open];
        parts.push(tag("p", &[("id", "search-found"), ("role", "status")], words));
    } else if !ran.status.is_open() && search.best().is_none() {
        parts.push(text("p", &[("class", "error")], texts.get("search-nothing")));
    }
    parts.push(tried(page, sweep, search, figure));
    tag("div", &[("class", "search")], parts)
}

/// The candidates that were tried, each by its longest trial.
fn tried(page: &AppContext, sweep: &Sweep, search: &Search, figure: impl Fn(&Spread) -> String) -> Html {
    let texts = &page.texts;
    let epochs = knob("student-epochs").map(|knob| knob_name(texts, knob)).unwrap_or_default();
    let heads = [("run", texts.get("sweep-cell")), ("", epochs), ("student", texts.get("search-validation"))];
    let mut trials: Vec<&Trial> = (0..search.rungs().len()).rev().flat_map(|rung| search.ranked(rung)).collect();
    // What is under way or failed has no place among the others.
    trials.extend(search.trials().iter().filter(|trial| trial.rung.is_some() && trial.spread().is_none()));
    let mut seen: Vec<Option<usize>> = Vec::new();
    let mut rows = Vec::new();
    for trial in trials {
        let Some(Ok(experiment)) = trial.place.map(|place| &search.cells()[place].experiment) else { continue };
        if seen.contains(&trial.place) {
            continue;
        }
        seen.push(trial.place);
        let place = trial.place.unwrap_or_default();
        let Experiment { student_epochs, .. } = trial.experiment;
        let content =
            link(page, experiment, Classes::new(), Some(place), cell_name(texts, sweep, &search.cells()[place]).into());
        let outcome = match &trial.outcome {
            None => "…".into(),
            Some(Ok(spread)) => figure(spread),
            Some(Err(trouble)) => trouble_text(texts, &experiment.plan(), trouble),
        };
        let name = |column: usize| heads[column].1.clone();
        let share = trial.spread().map_or(0.0, |spread| spread.mean);
        let cells = vec![
            Cell { class: "run", content, ..Cell::default() },
            Cell { name: name(1), ..Cell::text("", number(texts, student_epochs.into(), 0)) },
            Cell { name: name(2), share, ..Cell::text("student", outcome) },
        ];
        rows.push(row(place, "", false, cells));
    }
    let head = heads.iter().map(|(class, name)| Cell::text(class, name.clone())).collect();
    cells_table(&texts.get("search-tried"), head, rows, None)
}
