//! The engine's worker as the page sees it: fetched with progress, started, watched, ended.

use js_sys::{Object, Reflect, Uint8Array, WebAssembly};
use retort_spec::NetworkId;
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ErrorEvent, Event, MessageEvent, Worker, WorkerOptions, WorkerType};

use crate::platform::fetch::{build, fetch, text};

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
    let module = JsFuture::from(WebAssembly::compile(&bytes.into())).await.map_err(text)?;
    // Relative to the worker's script, which stands beside the engines.
    Ok(CompiledWorker { glue: format!("./{name}.js?{stamp}"), module })
}

/// What a worker says.
pub enum Message<E> {
    /// To the page.
    Events(Vec<E>),
    /// To the other worker.
    Parcel(Parcel),
}

/// What a parcel holds, as far as the page must know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contents {
    /// The examples that networks are measured with.
    EvaluationData,
    /// A trained network.
    Network {
        /// Its run.
        run: u32,
        /// Which one, as text.
        network_id: String,
    },
    /// A run of a helper is done.
    Result,
    /// Something else for the other worker.
    Other,
}

/// What one worker sends the other (`retort_spec::Parcel`): megabytes at times, which the page does not open.
#[derive(Debug, Clone, PartialEq)]
pub struct Parcel(JsValue);

impl Parcel {
    /// A network of the first run, from a packed file: as if the engine had trained it.
    pub fn network(network_id: NetworkId, file: &[u8]) -> Self {
        let (network, parcel) = (Object::new(), Object::new());
        let fields =
            [("run", 0.into()), ("network", network_id.to_string().into()), ("file", Uint8Array::from(file).into())];
        // Setting a property of a plain object cannot fail.
        for (key, value) in fields {
            let _ = Reflect::set(&network, &key.into(), &value);
        }
        let _ = Reflect::set(&parcel, &"Network".into(), &network);
        Self(parcel.into())
    }

    /// The packed file of a network, for the visitor.
    pub fn file(&self) -> Option<Vec<u8>> {
        let network = Reflect::get(&self.0, &"Network".into()).ok()?;
        Reflect::get(&network, &"file".into()).ok()?.dyn_into::<Uint8Array>().ok().map(|file| file.to_vec())
    }

    /// What it holds, as far as the page must know.
    pub fn contents(&self) -> Contents {
        let field = |of: &JsValue, key: &str| Reflect::get(of, &key.into()).ok().filter(|value| !value.is_undefined());
        let network = || {
            let network = field(&self.0, "Network")?;
            let (run, network_id) =
                (field(&network, "run")?.as_f64()? as u32, field(&network, "network")?.as_string()?);
            Some(Contents::Network { run, network_id })
        };
        let is = |kind: &str| field(&self.0, kind).is_some();
        match network() {
            Some(network) => network,
            None if is("EvaluationData") => Contents::EvaluationData,
            None if is("Result") => Contents::Result,
            None => Contents::Other,
        }
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
            // Events come in lists.
            if !js_sys::Array::is_array(&message) {
                return receive(Message::Parcel(Parcel(message)));
            }
            match serde_wasm_bindgen::from_value(message) {
                Ok(events) => receive(Message::Events(events)),
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
        let _ = self.worker.post_message(&js_sys::Array::of1(&parcel.0));
    }

    /// Sends a command.
    pub fn send<C: Serialize>(&self, command: &C) {
        // Commands hold plain values; a worker that has ended takes no notice, and the watchdog does.
        if let Ok(message) = serde_wasm_bindgen::to_value(command) {
            let _ = self.worker.post_message(&message);
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
