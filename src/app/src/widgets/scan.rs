//! Codes from the camera: a button that is there where the browser can read them, and the picture while it does.

use wasm_bindgen::JsValue;
use web_sys::Element;
use yew::prelude::*;

use crate::{
    context::use_page,
    platform::camera::{Camera, can_scan},
    widgets::tag::text,
};

/// The button. It tells every code that the camera sees, again and again while it sees it.
#[hook]
pub fn use_scan(read: &Callback<String>) -> Html {
    let page = use_page();
    // Whether it is on, or why it cannot be.
    let (state, video) = (use_state_eq(|| Ok(false)), use_node_ref());
    // Whoever closes this closes the camera.
    let camera = use_mut_ref(|| None::<Camera>);
    if !can_scan() {
        return Html::default();
    }
    let is_on = *state == Ok(true);
    let turn = {
        let (video, camera, state, read) = (video.clone(), camera, state.clone(), read.clone());
        Callback::from(move |_: MouseEvent| {
            let told = {
                let (state, read) = (state.setter(), read.clone());
                Callback::from(move |code: Result<String, String>| match code {
                    Ok(code) => read.emit(code),
                    Err(reason) => state.set(Err(reason)),
                })
            };
            let element: Option<JsValue> = video.cast::<Element>().filter(|_| !is_on).map(JsValue::from);
            *camera.borrow_mut() = element.map(|element| Camera::start(element, told));
            state.set(Ok(!is_on));
        })
    };
    let texts = &page.texts;
    let why = state.as_ref().err().map(|reason| texts.with("scan-trouble", &[("reason", reason.as_str().into())]));
    html! {
        <div class="scan">
            <button id="class-scan" onclick={turn}>{ texts.get(if is_on { "scan-stop" } else { "scan" }) }</button>
            <video ref={video} hidden={!is_on} autoplay=true muted=true playsinline=true aria-label={texts.get("scan-picture")}></video>
            { text("p", &[("role", "status"), ("class", "error")], why.unwrap_or_default()) }
        </div>
    }
}
