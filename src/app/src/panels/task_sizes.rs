//! What the product of a task of sequences or of numbers weighs, its files, and files that become its teacher.

use retort_spec::ExhibitPlace;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::{Area, Panel, Tab};
use crate::{
    context::AppContext,
    platform::files,
    state::{Action, Notice},
    widgets::exhibit::exhibit,
};

/// Its entry in the table.
pub const PANEL: Panel = Panel {
    id: "task-sizes",
    draw: sizes,
    sites: &[(Tab::Shrink, Area::Stage)],
    applies: |experiment, _| experiment.data.is_of_sequences(),
    ..Panel::PLAIN
};

fn sizes(page: &AppContext) -> Html {
    html! {
        <section id="task-sizes" class="panel" aria-labelledby="task-sizes-title">
            <h2 id="task-sizes-title">{ page.texts.get("task-sizes") }</h2>
            { exhibit(page, ExhibitPlace::Sizes) }
            { teacher(page) }
        </section>
    }
}

/// A button that opens a file, whose network becomes the teacher.
fn teacher(page: &AppContext) -> Html {
    let texts = &page.texts;
    let choose = {
        let page = page.clone();
        Callback::from(move |event: Event| {
            let Some(input) = event.target_dyn_into::<HtmlInputElement>() else { return };
            let Some(file) = input.files().and_then(|files| files.get(0)) else { return };
            // The same file can be chosen again.
            input.set_value("");
            let page = page.clone();
            wasm_bindgen_futures::spawn_local(async move {
                match files::read(&file, false).await {
                    Ok(file) => page.driver.use_teacher_file(page.state.experiment.clone(), file.bytes),
                    Err(reason) => page.state.dispatch(Action::Notify(Notice::File { name: file.name(), reason })),
                }
            });
        })
    };
    let disabled = page.locks("teacher");
    html! {
        <>
            <h3>{ texts.get("task-teacher") }</h3>
            <label class={classes!("button", disabled.then_some("disabled"))}>{ texts.get("bench-open") }
                <input id="teacher-file" class="hidden" type="file" accept=".retort,.safetensors" {disabled} onchange={choose} />
            </label>
            <p class="hint">{ texts.get("task-teacher-hint") }</p>
        </>
    }
}
