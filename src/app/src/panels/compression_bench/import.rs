//! Networks from files: what one is, and what it can be used as.

use retort_spec::{Architecture, Experiment, Imported, WorkbenchCommand};
use web_sys::{FileList, HtmlInputElement};
use yew::prelude::*;

use crate::{
    context::AppContext,
    i18n::{format::percent, labels::passed_over_files},
    panels::compression_bench::run::is_student_there,
    platform::files,
    state::{Action, Notice, WorkbenchAction},
};

/// Gives the workbench the first of these files.
pub fn take(page: &AppContext) -> impl Fn(Option<FileList>) + use<> {
    let (driver, dispatch) = (page.driver.clone(), page.state.dispatcher());
    move |list: Option<FileList>| {
        let Some(file) = list.and_then(|list| list.get(0)) else { return };
        let (driver, dispatch) = (driver.clone(), dispatch.clone());
        wasm_bindgen_futures::spawn_local(async move {
            match files::read(&file, false).await {
                Ok(file) => driver.send_workbench(WorkbenchCommand::Import(file)),
                Err(reason) => dispatch.dispatch(Action::Notify(Notice::File { name: file.name(), reason })),
            }
        });
    }
}

/// The button that opens a file, and the network that was in it.
pub fn import(page: &AppContext) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    let take = take(page);
    let input = |event: &Event| event.target_dyn_into::<HtmlInputElement>();
    let choose = Callback::from(move |event: Event| take(input(&event).and_then(|input| input.files())));
    // The same file can be chosen again. Not when it was: it is read later, and would be gone by then.
    let clear = Callback::from(move |event: MouseEvent| {
        if let Some(input) = input(&event) {
            input.set_value("");
        }
    });
    // The workbench answers once it has a student.
    let disabled = !is_student_there(state);
    html! {
        <div id="bench-import">
            <h3>{ texts.get("bench-import") }</h3>
            <label class={classes!("button", disabled.then_some("disabled"))}>{ texts.get("bench-open") }
                <input id="bench-file" class="hidden" type="file" accept=".retort,.safetensors" {disabled} onclick={clear} onchange={choose} />
            </label>
            <div>
                if let Some(imported) = &state.bench.imported {
                    { network(page, imported) }
                } else {
                    <p class="hint">{ texts.get("bench-open-hint") }</p>
                }
            </div>
        </div>
    }
}

fn network(page: &AppContext, imported: &Imported) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    let Imported { name, kind, widths, link, accuracy, file, open_order, passed_over } = imported;
    let architecture = Architecture::new(*kind, widths.clone());
    // The kind is said in words before it.
    let text = architecture.to_string();
    let widths_text = text.split_once(':').map_or(text.as_str(), |(_, widths)| widths);
    let dispatch = state.dispatcher();
    let dismiss = Callback::from(move |()| dispatch.dispatch(Action::Bench(WorkbenchAction::Unimport)));
    let fit = match accuracy {
        Some(accuracy) => texts.with("import-accuracy", &[("accuracy", percent(texts, *accuracy).into())]),
        None => texts.get("import-foreign"),
    };
    let as_teacher = {
        let (driver, dismiss, turn) = (page.driver.clone(), dismiss.clone(), page.turn("teacher"));
        let (experiment, file) =
            (Experiment { teacher: architecture.clone(), ..state.experiment.clone() }, file.clone());
        Callback::from(move |_: MouseEvent| {
            driver.use_teacher_file(experiment.clone(), file.clone());
            turn.emit(experiment.teacher.to_string());
            dismiss.emit(());
        })
    };
    let as_student = {
        let (driver, dismiss, file) = (page.driver.clone(), dismiss.clone(), file.clone());
        let replaced = state.experiment.pack;
        Callback::from(move |_: MouseEvent| {
            driver.replace_network(replaced, &file);
            dismiss.emit(());
        })
    };
    let open = link.clone().map(|link| {
        let (dispatch, dismiss) = (state.dispatcher(), dismiss.clone());
        let open = Callback::from(move |_: MouseEvent| {
            dispatch.dispatch(Action::Navigate(link.clone()));
            dismiss.emit(());
        });
        html! { <button id="import-experiment" onclick={open} title={texts.help("import-experiment")}>{ texts.get("import-experiment") }</button> }
    });
    let fits = accuracy.is_some();
    html! {
        <div class="imported">
            <p><b>{ name }</b><br />{ texts.get(&format!("kind-{kind}")) }{ " " }{ widths_text }<br />{ fit }</p>
            if !open_order.is_empty() {
                <p id="import-order">{ texts.with("import-order", &[("layers", open_order.join(" → ").into())]) }</p>
            }
            if !passed_over.is_empty() {
                <p id="import-passed-over">{ passed_over_files(texts, passed_over) }</p>
            }
            <div class="buttons">
                if page.state.experiment.applies("teacher") {
                    <button id="import-teacher" disabled={!fits || page.locks("teacher")} onclick={as_teacher} title={texts.help("import-teacher")}>{ texts.get("import-teacher") }</button>
                }
                <button id="import-student" disabled={!fits} onclick={as_student} title={texts.help("import-student")}>{ texts.get("import-student") }</button>
                { for open }
                <button id="import-dismiss" onclick={dismiss.reform(|_: MouseEvent| ())}>{ texts.get("dismiss") }</button>
            </div>
        </div>
    }
}
