//! The engine's worker as the page sees it: fetched with progress, started, watched, ended.

use js_sys::{Array, Object, Reflect, Uint8Array, WebAssembly};
use retort_spec::{NetworkId, ParcelLabel, codec, network_file, network_parcel};
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{ErrorEvent, Event, MessageEvent, Worker, WorkerOptions, WorkerType};

use crate::platform::{
    fetch::{build, fetch, text},
    later,
};

/// A compiled engine and the address of its glue.
#[derive(Clone)]
pub struct CompiledWorker {
    glue: String,
    module: JsValue,
}

/// Fetches and compiles an engine, reporting bytes received and in all.
///
/// # Errors
/// What the browser says where that fails.
pub async fn load(name: &str, progress: &dyn Fn(f64, Option<f64>)) -> Result<CompiledWorker, String> {
    let stamp = build();
    let bytes = fetch(&format!("{name}_bg.wasm?{stamp}"), progress).await?;
    // An engine comes first on a slow line, since what trains is what a visitor waits for.
    spawn_local(later::load());
    let module = JsFuture::from(WebAssembly::compile(&bytes.into())).await.map_err(text)?;
    // Relative to the worker's script, which stands beside the engines.
    Ok(CompiledWorker { glue: format!("./{name}.js?{stamp}"), module })
}

/// What a worker says.
pub enum Message<E> {
    /// To the page.
    Events(Vec<E>),
    /// To the other worker.
    Parcel(ParcelLabel, Parcel),
}

/// The bytes that one worker sends the other (`retort_spec::Parcel`): megabytes at times, which the page does not open.
#[derive(Debug, Clone)]
pub struct Parcel(Uint8Array);

impl Parcel {
    /// A network of the first run, from a packed file: as if the engine had trained it.
    pub fn network(network_id: NetworkId, file: &[u8]) -> Self {
        let parcel = network_parcel(0, network_id, file.to_vec()).unwrap_or_default();
        Self(Uint8Array::from(parcel.as_slice()))
    }

    /// The packed file of a network, for the visitor.
    pub fn file(&self) -> Option<Vec<u8>> {
        network_file(&self.0.to_vec()).ok()
    }

    /// What it holds.
    fn label(&self) -> Result<ParcelLabel, codec::Error> {
        codec::decode(&self.0.slice(0, ParcelLabel::LONGEST as u32).to_vec())
    }
}

/// A running worker. Dropping it ends it.
pub struct WorkerHandle {
    worker: Worker,
    _receive: Closure<dyn Fn(MessageEvent)>,
    _fail: Closure<dyn Fn(Event)>,
}

impl WorkerHandle {
    /// Starts a worker on a compiled engine.
    ///
    /// # Errors
    /// What the browser says where it refuses.
    pub fn start<E: DeserializeOwned + 'static>(
        engine: &CompiledWorker,
        receive: impl Fn(Message<E>) + 'static,
        fail: impl Fn(String) + Clone + 'static,
    ) -> Result<Self, String> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        // What developer tools list it as.
        options.set_name(&engine.glue);
        let worker = Worker::new_with_options(&format!("./engine.js?{}", build()), &options).map_err(text)?;
        let broken = fail.clone();
        let receive = Closure::<dyn Fn(MessageEvent)>::new(move |message: MessageEvent| {
            let message = message.data();
            // A parcel comes in a list of its own.
            let read = match message.dyn_ref::<Array>() {
                Some(parcel) => {
                    let parcel = Parcel(parcel.get(0).unchecked_into());
                    parcel.label().map(|label| Message::Parcel(label, parcel))
                }
                None => codec::decode(&message.unchecked_into::<Uint8Array>().to_vec()).map(Message::Events),
            };
            match read {
                Ok(message) => receive(message),
                Err(error) => broken(format!("a message of the engine cannot be read: {error}")),
            }
        });
        // A script that could not be loaded gives an event without a message.
        let fail = Closure::<dyn Fn(Event)>::new(move |event: Event| {
            let message = event.dyn_ref::<ErrorEvent>().map(ErrorEvent::message).filter(|message| !message.is_empty());
            fail(message.unwrap_or_else(|| "engine.js could not be loaded".to_owned()));
        });
        worker.set_onmessage(Some(receive.as_ref().unchecked_ref()));
        worker.set_onerror(Some(fail.as_ref().unchecked_ref()));
        let hello = Object::new();
        Reflect::set(&hello, &"glue".into(), &engine.glue.as_str().into()).map_err(text)?;
        Reflect::set(&hello, &"module".into(), &engine.module).map_err(text)?;
        worker.post_message(&hello).map_err(text)?;
        Ok(Self { worker, _receive: receive, _fail: fail })
    }

    /// Hands on what the other worker sent.
    pub fn forward(&self, parcel: &Parcel) {
        let _ = self.worker.post_message(&Array::of1(&parcel.0));
    }

    /// Sends a command.
    pub fn send<C: Serialize>(&self, command: &C) {
        // Commands can be encoded; a worker that has ended takes no notice, and the watchdog does.
        if let Ok(message) = codec::encode(command) {
            let message = Uint8Array::from(message.as_slice());
            let _ = self.worker.post_message_with_transfer(&message, &Array::of1(&message.buffer()));
        }
    }
}

impl WorkerHandle {
    /// Ends the worker.
    pub fn end(&self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

impl Drop for WorkerHandle {
    fn drop(&mut self) {
        self.end();
    }
}
