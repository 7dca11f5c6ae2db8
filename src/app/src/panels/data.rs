//! The data: what the teacher saw, and what little the student may see.

use retort_spec::{DataSet, Example, ExhibitPlace};
use web_sys::{DragEvent, FileList, HtmlInputElement};
use yew::prelude::*;

use super::Panel;
use crate::i18n::{
    Texts,
    labels::{class_name, passed_over_files},
};
use crate::{
    context::{AppContext, use_page},
    i18n::format::number,
    island,
    platform::files,
    state::{Action, CustomExample, Fetching, MissingFiles, Notice, Source, order::sorted},
    widgets::{
        dom::text_of,
        exhibit::exhibit,
        knob::knob_control,
        picture::{PictureProps, ScatterProps, scatter, use_picture},
        user_examples::own_examples,
    },
};

/// Thumbnails in the panel.
const THUMBNAILS: usize = 20;

/// Its entry in the table.
pub const PANEL: Panel = Panel {
    id: "data",
    holds: |key| {
        matches!(
            key,
            "data"
                | "examples"
                | "classes"
                | "noise"
                | "moved"
                | "labels"
                | "transfer"
                | "omit"
                | "target-column"
                | "target-kind"
        )
    },
    draw: data_panel,
    ..Panel::PLAIN
};

/// The data panel.
pub fn data_panel(page: &AppContext) -> Html {
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
            { knob_control(page, "data") }
            if data.needs_files() {
                { file_drop(page) }
            }
            if summary.is_none() && !data.needs_files() {
                // Room for what comes in a moment, so that nothing moves then.
                <div class="gallery-space" />
            }
            if let Some(summary) = summary {
                { island!(use_gallery) }
                <dl>
                    <dt>{ texts.get("student-labels") }</dt><dd id="labelled-count">{ count(summary.labelled) }</dd>
                    <dt>{ texts.get("transfer-examples") }</dt><dd>{ count(summary.transfer) }</dd>
                    <dt>{ texts.get("test-examples") }</dt><dd>{ count(summary.test) }</dd>
                </dl>
            }
            { knob_control(page, "labels") }
            { knob_control(page, "transfer") }
            { knob_control(page, "omit") }
            if data.is_generated() {
                { knob_control(page, "examples") }
            }
            if data.is_plane() {
                { knob_control(page, "classes") }
            }
            { knob_control(page, "noise") }
            { knob_control(page, "moved") }
            if data.is_plane() && page.state.own.iter().any(|own| own.data == data) {
                { own_examples(page) }
            }
        </section>
    }
}

/// Training examples to look at: some of all, or those of one class; a click inspects one.
#[hook]
fn use_gallery() -> Html {
    let page = use_page();
    let class = use_state(|| None::<u8>);
    let (texts, data) = (&page.texts, page.state.experiment.data);
    let summary = page.state.data.as_ref().filter(|summary| summary.data == data && !summary.gallery.is_empty());
    let Some(summary) = summary else { return Html::default() };
    if data.is_plane() {
        let point = |example: &Example| match example.point.as_ref() {
            &[x, y] => Some(([x, y], example.label, example.labelled)),
            _ => None,
        };
        let points = summary.gallery.iter().filter_map(point).collect::<Vec<_>>();
        return scatter(ScatterProps { points, label: texts.get("data-picture").into(), chosen: None });
    }
    let choose = {
        let class = class.clone();
        Callback::from(move |event: Event| class.set(text_of(&event).parse().ok()))
    };
    let thumbnail = |place: usize| {
        let example = &summary.gallery[place];
        let id = if example.labelled { "thumbnail-labelled" } else { "thumbnail" };
        let label = texts.with(id, &[("label", class_name(&page.texts, data, example.label.into()).into())]);
        let class = classes!(example.labelled.then_some("labelled"));
        let dispatch = page.state.dispatcher();
        let given = CustomExample {
            source: Source::Gallery(place),
            input: example.pixels.iter().map(|&ink| f32::from(ink) / 255.0).collect::<Vec<f32>>().into(),
            label: Some(example.label),
        };
        let chosen = page.state.given.as_ref().is_some_and(|given| given.source == Source::Gallery(place));
        let inspect = Callback::from(move |_: MouseEvent| dispatch.dispatch(Action::Give(Some(given.clone()))));
        html! {
            <button class="thumbnail" onclick={inspect} aria-pressed={chosen.to_string()} title={texts.get("inspect-training")}>
                { island!(use_picture, PictureProps { shape: summary.shape, pixels: example.pixels.clone(), label: label.into(), class }) }
            </button>
        }
    };
    html! {
        <>
            <div class="thumbnails">{ for shown(&summary.gallery, *class).into_iter().map(thumbnail) }</div>
            <div class="knob gallery-class">
                <label for="gallery-class">{ texts.get("gallery-class") }</label>
                <select id="gallery-class" onchange={choose}>
                    <option value="" selected={class.is_none()}>{ texts.get("gallery-all") }</option>
                    { for (0..summary.classes as u8).map(|of| html! {
                        <option value={of.to_string()} selected={*class == Some(of)}>{ class_name(&page.texts, data, of.into()) }</option>
                    }) }
                </select>
            </div>
        </>
    }
}

/// The places in the gallery of what is shown: a third labelled, as far as there are both, in the order of the data.
fn shown(gallery: &[Example], class: Option<u8>) -> Vec<usize> {
    let of_class = |place: &usize| class.is_none_or(|class| gallery[*place].label == class);
    let (labelled, others): (Vec<usize>, Vec<usize>) =
        (0..gallery.len()).filter(of_class).partition(|&place| gallery[place].labelled);
    let ringed = labelled.len().min(THUMBNAILS / 3).max(THUMBNAILS.saturating_sub(others.len()).min(labelled.len()));
    let shown: Vec<usize> = spread(&labelled, ringed).into_iter().chain(spread(&others, THUMBNAILS - ringed)).collect();
    let index = |place: usize| gallery[shown[place]].index;
    sorted(shown.len(), &|a, b| index(a).cmp(&index(b))).into_iter().map(|place| shown[place]).collect()
}

/// At most `count` of these, evenly spread, so that all classes come up.
fn spread(places: &[usize], count: usize) -> Vec<usize> {
    let count = count.min(places.len());
    (0..count).map(|index| places[index * places.len() / count]).collect()
}

/// Where the files of a data set are dropped, chosen or fetched, and what of a table is predicted.
pub fn file_drop(page: &AppContext) -> Html {
    let texts = &page.texts;
    let data = page.state.experiment.data;
    let take = {
        let (driver, dispatch) = (page.driver.clone(), page.state.dispatcher());
        move |list: Option<FileList>| {
            let Some(list) = list else { return };
            let (driver, dispatch) = (driver.clone(), dispatch.clone());
            wasm_bindgen_futures::spawn_local(async move {
                let mut given = Vec::new();
                for file in files::read_data(&list, data).await {
                    match file {
                        Ok(file) => given.push(file),
                        Err((name, reason)) => dispatch.dispatch(Action::Notify(Notice::File { name, reason })),
                    }
                }
                if !given.is_empty() {
                    driver.load_files(data, given);
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
    let stop = Callback::from(move |_: MouseEvent| driver.stop_fetching());
    let driver = page.driver.clone();
    let fetch = Callback::from(move |_: MouseEvent| driver.fetch(data));
    let missing = page.state.missing.as_deref().filter(|missing| missing.data == data);
    html! {
        <>
        <div class="drop" ondrop={drop} ondragover={Callback::from(|event: DragEvent| event.prevent_default())}>
            <p>{ texts.get(if data == DataSet::Table { "drop-table" } else { "drop-files" }) }</p>
            <p id="files-missing" role="status">{ for missing.map(|missing| missing_files(texts, missing)) }</p>
            <label class="button">{ texts.get("choose-files") }
                <input id="data-files" class="hidden" type="file" multiple=true onchange={choose} />
            </label>
            if files::can_fetch(data) {
                <button id="fetch" onclick={fetch} disabled={page.state.fetching != Fetching::Idle}>{ texts.get("fetch-files") }</button>
                <p class="hint">{ texts.with("fetch-host", &[("host", files::HOST.into())]) }</p>
            }
            if let Fetching::Progress(share) = page.state.fetching {
                <button id="fetch-stop" onclick={stop}>{ texts.get("fetch-stop") }</button>
                <progress max="1" value={share.to_string()} aria-label={texts.get("fetch-files")} />
            }
        </div>
        // A table's columns are known once it is read.
        if page.state.exhibit(ExhibitPlace::Data).is_some() {
            { exhibit(page, ExhibitPlace::Data) }
            { knob_control(page, "target-kind") }
        }
        </>
    }
}

/// Which files are still missing of a data set that comes in several goes.
fn missing_files(texts: &Texts, missing: &MissingFiles) -> String {
    let names: Vec<&str> = missing.parts.iter().map(|part| part.file_name()).collect();
    let text = texts.with("files-missing", &[("files", names.join(texts.language.comma()).into())]);
    match &missing.passed_over[..] {
        [] => text,
        passed_over => [&text, texts.language.gap(), &passed_over_files(texts, passed_over)].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gallery_shows_both_kinds_and_one_class_when_asked() {
        let example = |index: u32| Example {
            index,
            label: (index % 10) as u8,
            labelled: index < 100,
            pixels: vec![],
            point: Vec::new().into(),
        };
        let gallery: Vec<Example> = (0..240).map(example).collect();
        let all = shown(&gallery, None);
        assert_eq!(all.len(), THUMBNAILS);
        assert_eq!(all.iter().filter(|&&place| gallery[place].labelled).count(), THUMBNAILS / 3);
        assert!(all.is_sorted());
        let sevens = shown(&gallery, Some(7));
        assert_eq!(sevens.len(), THUMBNAILS, "as many as fit");
        assert!(sevens.iter().all(|&place| gallery[place].label == 7));
    }
}
