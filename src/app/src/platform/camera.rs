//! QR codes before the device's camera, where the browser reads them itself (Shape Detection API, BarcodeDetector).

use std::{cell::Cell, rc::Rc};

use gloo_timers::future::TimeoutFuture;
use js_sys::{Array, Function, Object, Promise, Reflect, global};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use yew::Callback;

use crate::platform::fetch::text;

/// How long the camera rests between two looks.
const LOOK_MILLIS: u32 = 200;

/// The browser's reader of codes.
const DETECTOR: &str = "BarcodeDetector";

/// Whether the browser has a camera to offer and reads codes.
pub fn can_scan() -> bool {
    get(&global(), DETECTOR).and_then(|_| devices()).is_some()
}

/// A camera that is on until this is dropped.
pub struct Camera(Rc<Cell<bool>>);

impl Drop for Camera {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

impl Camera {
    /// Shows the camera in a video element, and tells the text of every code that it sees, or why it cannot be used.
    pub fn start(video: JsValue, told: Callback<Result<String, String>>) -> Self {
        let is_on = Rc::new(Cell::new(true));
        let on = is_on.clone();
        spawn_local(async move {
            if let Err(error) = look(&video, &on, &told).await
                && on.get()
            {
                told.emit(Err(text(error)));
            }
        });
        Self(is_on)
    }
}

/// Reads codes for as long as the camera is on.
async fn look(video: &JsValue, on: &Cell<bool>, told: &Callback<Result<String, String>>) -> Result<(), JsValue> {
    let class: Function = get(&global(), DETECTOR).unwrap_or_default().unchecked_into();
    let detector = Reflect::construct(&class, &Array::of1(&object("formats", &Array::of1(&"qr_code".into()))))?;
    // The camera that looks away from the visitor, if there is a choice.
    let wanted = object("video", &object("facingMode", &"environment".into()));
    let stream = settled(call(&devices().unwrap_or_default(), "getUserMedia", &wanted)?).await?;
    Reflect::set(video, &"srcObject".into(), &stream)?;
    while on.get() {
        // Before its first picture there is nothing to look at.
        let codes = settled(call(&detector, "detect", video)?).await.unwrap_or_default();
        for code in Array::from(&codes) {
            if let Some(text) = get(&code, "rawValue").and_then(|value| value.as_string()).filter(|_| on.get()) {
                told.emit(Ok(text));
            }
        }
        TimeoutFuture::new(LOOK_MILLIS).await;
    }
    // Its light goes out.
    for track in Array::from(&call(&stream, "getTracks", &JsValue::UNDEFINED)?) {
        call(&track, "stop", &JsValue::UNDEFINED)?;
    }
    Ok(())
}

/// The browser's cameras and microphones; a page without a secure address has none.
fn devices() -> Option<JsValue> {
    get(&get(&global(), "navigator")?, "mediaDevices")
}

async fn settled(promise: JsValue) -> Result<JsValue, JsValue> {
    JsFuture::from(promise.unchecked_into::<Promise>()).await
}

fn get(of: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(of, &name.into()).ok().filter(|value| !value.is_undefined())
}

fn object(key: &str, value: &JsValue) -> JsValue {
    let object = Object::new();
    // A new object takes any key.
    let _ = Reflect::set(&object, &key.into(), value);
    object.into()
}

fn call(of: &JsValue, name: &str, argument: &JsValue) -> Result<JsValue, JsValue> {
    let function: Function = Reflect::get(of, &name.into())?.unchecked_into();
    function.call1(of, argument)
}
