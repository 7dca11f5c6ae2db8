//! Drawings of the page that the visitor takes away.

use wasm_bindgen_futures::spawn_local;
use web_sys::Element;
use yew::prelude::*;

use crate::{
    context::AppContext,
    platform::{
        link,
        save::{said, save, save_blob},
        snapshot,
    },
    state::{Action, Notice, record},
};

/// Saves a drawing, or the one in an element, as SVG or PNG. Its file is named after the experiment, with `suffix`
/// behind. The experiment's permalink goes into the file.
///
/// # Errors
/// What the browser said; what it says later becomes a notice.
pub fn save_drawing(page: &AppContext, drawing: &NodeRef, suffix: &str, png: bool) -> Result<(), String> {
    let experiment = &page.state.experiment;
    let address = format!("{}#{}", link::base(), retort_spec::encode(experiment));
    let name = [&*record::stem(experiment), suffix, if png { ".png" } else { ".svg" }].concat();
    save_drawing_of(page, drawing, &address, name, png)
}

/// The same of what another address shows, under another name.
///
/// # Errors
/// What the browser said; what it says later becomes a notice.
pub fn save_drawing_of(
    page: &AppContext,
    drawing: &NodeRef,
    address: &str,
    name: String,
    png: bool,
) -> Result<(), String> {
    let place = drawing.cast::<Element>().ok_or("no drawing")?;
    let drawing = place.query_selector("svg").map_err(said)?.unwrap_or(place);
    let snapshot = snapshot::take(&drawing, address)?;
    if !png {
        return save(&name, "image/svg+xml", snapshot.svg.as_bytes());
    }
    let dispatch = page.state.dispatcher();
    spawn_local(async move {
        let saved = snapshot.png().await.and_then(|png| save_blob(&name, &png));
        if let Err(reason) = saved {
            dispatch.dispatch(Action::Notify(Notice::Save { reason }));
        }
    });
    Ok(())
}
