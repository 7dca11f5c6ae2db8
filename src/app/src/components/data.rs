//! The data: what the teacher saw, and what little the student may see.

use retort_spec::{DataSet, DataSummary, Example};
use web_sys::{DragEvent, FileList, HtmlInputElement};
use yew::prelude::*;

use super::{
    knob::KnobControl,
    picture::{Picture, Scatter},
};
use crate::{
    app::{Page, use_page},
    files,
    format::number,
    state::{Action, Fetching, Notice},
};

/// Thumbnails in the panel.
const THUMBNAILS: usize = 25;

/// The data panel.
#[component]
pub fn DataPanel() -> Html {
    let page = use_page();
    let texts = &page.texts;
    let data = page.state.experiment.data;
    let summary = page.state.data.as_ref().filter(|summary| summary.data == data);
    let count = |number_of: u32| number(texts, number_of.into(), 0);
    html! {
        <section id="data" class="panel" aria-labelledby="data-title">
            <h2 id="data-title">{ texts.get("data") }
                if let Some(summary) = summary {
                    <small>{ texts.with("training-examples", &[("count", count(summary.train).into())]) }</small>
                }
            </h2>
            <KnobControl id="data" />
            if data.needs_files() {
                <FileDrop />
            }
            if let Some(summary) = summary {
                { gallery(&page, summary) }
                <dl>
                    <dt>{ texts.get("student-labels") }</dt><dd id="labelled-count">{ count(summary.labelled) }</dd>
                    <dt>{ texts.get("transfer-examples") }</dt><dd>{ count(summary.transfer) }</dd>
                    <dt>{ texts.get("test-examples") }</dt><dd>{ count(summary.test) }</dd>
                </dl>
            }
            <KnobControl id="labels" />
            <KnobControl id="transfer" />
            <KnobControl id="omit" />
            if data.is_generated() {
                <KnobControl id="examples" />
            }
            if data.is_plane() {
                <KnobControl id="classes" />
                <KnobControl id="noise" />
            }
        </section>
    }
}

fn gallery(page: &Page, summary: &DataSummary) -> Html {
    let texts = &page.texts;
    if summary.data.is_plane() {
        let point = |example: &Example| match example.point.as_ref() {
            &[x, y] => Some(([x, y], example.label, example.labelled)),
            _ => None,
        };
        let points = summary.gallery.iter().filter_map(point).collect::<Vec<_>>();
        return html! { <Scatter {points} label={texts.get("data-picture")} /> };
    }
    let thumbnail = |example: &Example| {
        let id = if example.labelled { "thumbnail-labelled" } else { "thumbnail" };
        let label = texts.with(id, &[("label", example.label.to_string().into())]);
        let class = classes!(example.labelled.then_some("labelled"));
        html! { <Picture shape={summary.shape} pixels={example.pixels.clone()} {label} {class} /> }
    };
    // Labelled and unlabelled by turns, as far as there are both.
    let (labelled, others): (Vec<&Example>, Vec<&Example>) =
        summary.gallery.iter().partition(|example| example.labelled);
    let ringed = labelled.len().min(THUMBNAILS / 3);
    let mut shown: Vec<&Example> =
        labelled.into_iter().take(ringed).chain(others.into_iter().take(THUMBNAILS - ringed)).collect();
    shown.sort_by_key(|example| example.index);
    html! { <div class="thumbnails">{ for shown.into_iter().map(thumbnail) }</div> }
}

/// Where the files of a data set are dropped, chosen or fetched.
#[component]
fn FileDrop() -> Html {
    let page = use_page();
    let texts = &page.texts;
    let data = page.state.experiment.data;
    let take = {
        let (driver, dispatch) = (page.driver.clone(), page.state.dispatcher());
        move |list: Option<FileList>| {
            let Some(list) = list else { return };
            let (driver, dispatch) = (driver.clone(), dispatch.clone());
            wasm_bindgen_futures::spawn_local(async move {
                match files::read(list).await {
                    Ok(files) => driver.give(data, files),
                    Err(reason) => dispatch.dispatch(Action::Notify(Notice::Fetch { reason })),
                }
            });
        }
    };
    let drop = {
        let take = take.clone();
        Callback::from(move |event: DragEvent| {
            event.prevent_default();
            take(event.data_transfer().and_then(|transfer| transfer.files()));
        })
    };
    let choose = Callback::from(move |event: Event| {
        take(event.target_dyn_into::<HtmlInputElement>().and_then(|input| input.files()));
    });
    let driver = page.driver.clone();
    let fetch = Callback::from(move |_: MouseEvent| driver.fetch(data));
    html! {
        <div class="drop" ondrop={drop} ondragover={Callback::from(|event: DragEvent| event.prevent_default())}>
            <p>{ texts.get("drop-files") }</p>
            <label class="button">{ texts.get("choose-files") }
                <input id="files" class="hidden" type="file" multiple=true onchange={choose} />
            </label>
            if files::can_fetch(data) {
                <button id="fetch" onclick={fetch} disabled={page.state.fetching != Fetching::Idle}>{ texts.get("fetch-files") }</button>
            }
            if let Fetching::Progress(share) = page.state.fetching {
                <progress max="1" value={share.to_string()} aria-label={texts.get("fetch-files")} />
            }
        </div>
    }
}

/// What a class is called: a digit, a garment, or a letter for points.
pub fn class_name(page: &Page, data: DataSet, class: usize) -> String {
    match data {
        DataSet::Fashion => page.texts.with("fashion-class", &[("class", class.into())]),
        data if data.is_plane() => char::from(b'A' + class as u8).to_string(),
        _ => class.to_string(),
    }
}
