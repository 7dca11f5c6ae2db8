//! What the visitor can take away: the chart, the run, a report, the student.

use js_sys::JSON;
use retort_spec::{FileFormat, WorkbenchCommand};
use serde::Serialize as _;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlElement, window};
use yew::prelude::*;

use crate::{
    context::{AppContext, use_page},
    platform::{
        fetch::text,
        link,
        save::{said, save},
    },
    state::{
        Action, Engine, Notice,
        record::{self, Record},
    },
    widgets::{drawing::save_drawing, framed::framed_hint},
};

/// Where the chart is.
#[derive(PartialEq)]
pub struct DownloadsProps {
    pub svg: NodeRef,
}

/// The menu of what can be taken away.
#[hook]
pub fn use_downloads(props: &DownloadsProps) -> Html {
    let page = use_page();
    let (texts, state) = (&page.texts, &page.state);
    {
        // The workbench's answer to an export comes later than the click.
        let dispatch = state.dispatcher();
        use_effect_with(state.files.clone(), move |files| {
            for file in files.iter() {
                if let Err(reason) = save(&file.name, "application/octet-stream", &file.bytes) {
                    dispatch.dispatch(Action::Notify(Notice::Save { reason }));
                }
            }
            if !files.is_empty() {
                dispatch.dispatch(Action::Saved);
            }
        });
    }
    let empty = state.curves.is_empty();
    let there = matches!(state.engine, Engine::Ready(_)) && !state.recorded;
    let trained = state.network(state.plan.product).filter(|product| state.is_of_this_training(product));
    let student = there && !state.outdated && trained.is_some();
    let picture = |png: bool| {
        let (page, chart) = (page.clone(), props.svg.clone());
        move || save_drawing(&page, &chart, "", png)
    };
    let csv = {
        let page = page.clone();
        move || save(&name(&page, "csv"), "text/csv;charset=utf-8", record::csv(&page.state.curves).as_bytes())
    };
    let json = {
        let page = page.clone();
        move || {
            let text = written(&Record::of(&page.state, &link::base()))?;
            save(&name(&page, "json"), "application/json", text.as_bytes())
        }
    };
    let report = || window().ok_or("no window")?.print().map_err(said);
    let weights = {
        let page = page.clone();
        move || {
            let name = record::packed_stem(&page.state.experiment);
            page.driver.send_workbench(WorkbenchCommand::Export { format: FileFormat::Safetensors, stage: None, name });
            Ok(())
        }
    };
    let networks = {
        let page = page.clone();
        move || {
            page.driver.save_networks(record::stem(&page.state.experiment));
            Ok(())
        }
    };
    html! {
        <details id="downloads" class="menu" onkeydown={Callback::from(escape)}>
            <summary class="button">{ texts.get("downloads") }</summary>
            <div class="items">
                { item(&page, "download-svg", empty, picture(false)) }
                { item(&page, "download-png", empty, picture(true)) }
                { item(&page, "download-csv", empty, csv) }
                { item(&page, "download-json", empty, json) }
                { item(&page, "download-report", empty, report) }
                { item(&page, "download-weights", !student, weights) }
                { item(&page, "download-networks", !student, networks) }
                <p id="download-hint" class="empty">
                    if empty {
                        { texts.get("curve-empty") }
                    } else if !student {
                        { texts.get("download-no-student") }
                    }
                </p>
                { framed_hint(texts) }
            </div>
        </details>
    }
}

/// A line of the menu; choosing it closes the menu.
fn item(page: &AppContext, id: &'static str, disabled: bool, make: impl Fn() -> Result<(), String> + 'static) -> Html {
    let dispatch = page.state.dispatcher();
    let onclick = Callback::from(move |event: MouseEvent| {
        close(&event);
        if let Err(reason) = make() {
            dispatch.dispatch(Action::Notify(Notice::Save { reason }));
        }
    });
    let hint = disabled.then_some("download-hint");
    html! { <button {id} {disabled} {onclick} aria-describedby={hint}>{ page.texts.get(id) }</button> }
}

fn escape(event: KeyboardEvent) {
    if event.key() == "Escape" {
        close(&event);
    }
}

/// Closes the menu and gives the focus back to its name, since what had it is hidden.
fn close(event: &Event) {
    let inside = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let Some(menu) = inside.and_then(|inside| inside.closest("details").ok().flatten()) else { return };
    // An attribute that is not there cannot be removed, and that is as well.
    let _ = menu.remove_attribute("open");
    let summary =
        menu.query_selector("summary").ok().flatten().and_then(|summary| summary.dyn_into::<HtmlElement>().ok());
    if let Some(summary) = summary {
        let _ = summary.focus();
    }
}

/// A record as JSON. The browser writes it, indented, since a person may open the file.
fn written(record: &Record<'_>) -> Result<String, String> {
    let record = record.serialize(&Serializer::json_compatible()).map_err(|error| error.to_string())?;
    let written = JSON::stringify_with_replacer_and_space(&record, &JsValue::NULL, &2.into()).map_err(text)?;
    Ok(format!("{}\n", String::from(written)))
}

fn name(page: &AppContext, extension: &str) -> String {
    format!("{}.{extension}", record::stem(&page.state.experiment))
}
