//! The engine behind a Web Worker's message port: commands in, lists of events out. Thin; all else is the engine's.

#[cfg(not(feature = "gpu"))]
pub mod microkernel;
pub mod workbench;

use std::{
    cell::{OnceCell, RefCell},
    collections::VecDeque,
    future::{Future, ready},
    mem, panic,
    rc::Rc,
    time::Duration,
};

use js_sys::{Array, Promise, Uint8Array};
use retort_engine::{Session, device::Compute};
use retort_spec::{Command, EngineError, EngineInfo, Event, Exhibit, Parcel, codec};
use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{DedicatedWorkerGlobalScope, MessageChannel, MessageEvent};
use web_time::Instant;

/// How often the engine reports: ten times a second.
const REPORT: Duration = Duration::from_millis(100);
/// How long the CPU engine trains before it looks for messages: a question asked while it trains is answered within a
/// few frames. A look costs a tenth of a millisecond.
const SLICE: Duration = Duration::from_millis(25);

thread_local! {
    /// What is computed on, once it is there.
    static COMPUTE: OnceCell<Compute> = const { OnceCell::new() };
}

/// What the engine computes on; nothing before it is ready. A browser gives a device once.
pub fn compute_in_use() -> Option<Compute> {
    COMPUTE.with(|compute| compute.get().cloned())
}

/// Messages that have arrived, and whoever waits for one.
struct Mailbox<T> {
    messages: VecDeque<T>,
    waiting: Option<js_sys::Function>,
}

/// Starts serving the worker's message port.
pub fn start() {
    on_panic(fail);
    spawn_local(serve());
}

/// A panic ends this instance; the page hears why and starts another.
fn on_panic(tell: fn(String)) {
    panic::set_hook(Box::new(move |info| {
        tell(info.to_string());
        console_error_panic_hook::hook(info);
    }));
}

fn fail(reason: String) {
    tell(&[Event::Error(EngineError::Engine { reason })]);
}

/// What trains behind the message port.
trait Engine {
    /// Carries out a command.
    fn handle(&mut self, command: Command) -> impl Future<Output = Vec<Event>>;
    /// Trains for about `budget`.
    fn advance(&mut self, budget: Duration) -> impl Future<Output = Vec<Event>>;
    /// Whether it has anything to do.
    fn is_running(&self) -> bool;
    /// How long to wait before it goes on.
    fn rest(&self) -> Duration;
}

impl Engine for Session {
    fn handle(&mut self, command: Command) -> impl Future<Output = Vec<Event>> {
        self.handle(command)
    }
    fn advance(&mut self, budget: Duration) -> impl Future<Output = Vec<Event>> {
        self.advance(budget)
    }
    fn is_running(&self) -> bool {
        self.is_running()
    }
    fn rest(&self) -> Duration {
        self.rest()
    }
}

impl Engine for retort_sequences::session::Session {
    fn handle(&mut self, command: Command) -> impl Future<Output = Vec<Event>> {
        ready(self.handle(command))
    }
    fn advance(&mut self, budget: Duration) -> impl Future<Output = Vec<Event>> {
        ready(self.advance(budget))
    }
    fn is_running(&self) -> bool {
        self.is_running()
    }
    fn rest(&self) -> Duration {
        self.rest()
    }
}

/// Starts serving the message port of a worker that trains sequences and numbers.
pub fn start_sequences() {
    on_panic(fail);
    #[cfg(not(feature = "gpu"))]
    microkernel::link();
    spawn_local(async {
        use retort_sequences::session::Session;
        serve_engine(Session::default(), Session::info(), SLICE).await;
    });
}

async fn serve() {
    let compute = match compute().await {
        Ok(compute) => compute,
        Err(reason) => return tell(&[Event::Error(EngineError::Device { reason })]),
    };
    let compute = COMPUTE.with(|cell| cell.get_or_init(|| compute).clone());
    let info = compute.info.clone();
    // Waiting for a GPU costs too much to do it more often.
    let slice = if info.gpu { REPORT } else { SLICE };
    serve_engine(Session::new(compute), info, slice).await;
}

async fn serve_engine(mut session: impl Engine, info: EngineInfo, slice: Duration) {
    let mailbox = listen(read, fail);
    tell(&[Event::Ready(info)]);
    let mut report = EventBuffer::default();
    loop {
        while let Some(command) = next(&mailbox) {
            report.add(session.handle(command).await);
        }
        // A page that asks something of every report would else be told, and draw, after every slice.
        let rests = !session.is_running() || !session.rest().is_zero();
        if rests || report.is_due() {
            report.send();
        }
        match session.is_running() {
            // A command that came meanwhile does not bring the next step forward.
            true if rests => arrival(&mailbox, Some(session.rest())).await,
            true => {
                report.add(session.advance(slice).await);
                if session.rest().is_zero() {
                    give_way().await;
                }
            }
            false => arrival(&mailbox, None).await,
        }
    }
}

/// Events that have not been posted yet; of those that only tell how things stand, the last one of each kind.
#[derive(Default)]
struct EventBuffer {
    events: Vec<Event>,
    sent: Option<Instant>,
}

impl EventBuffer {
    fn add(&mut self, events: Vec<Event>) {
        for mut event in events {
            if let Event::Pong { memory, .. } = &mut event {
                *memory = memory_bytes();
            }
            if matches!(event, Event::Progress(_) | Event::Regions(_)) {
                self.events.retain(|other| mem::discriminant(other) != mem::discriminant(&event));
            }
            if let Event::Exhibit(Exhibit { place, .. }) = &event {
                self.events.retain(|other| !matches!(other, Event::Exhibit(exhibit) if exhibit.place == *place));
            }
            self.events.push(event);
        }
    }

    fn is_due(&self) -> bool {
        self.sent.is_none_or(|sent| sent.elapsed() >= REPORT)
    }

    fn send(&mut self) {
        if !self.events.is_empty() {
            post(mem::take(&mut self.events));
            self.sent = Some(Instant::now());
        }
    }
}

#[cfg(feature = "gpu")]
async fn compute() -> Result<Compute, String> {
    Compute::gpu().await.map_err(|error| error.to_string())
}

#[cfg(not(feature = "gpu"))]
async fn compute() -> Result<Compute, String> {
    microkernel::link();
    Ok(Compute::cpu())
}

/// Bytes of this worker's memory.
fn memory_bytes() -> f64 {
    let buffer = wasm_bindgen::memory().unchecked_into::<js_sys::WebAssembly::Memory>().buffer();
    f64::from(buffer.unchecked_into::<js_sys::ArrayBuffer>().byte_length())
}

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

/// Posts events in their order; those for the other worker as parcels, which the page does not open.
fn post(events: Vec<Event>) {
    let mut told = Vec::new();
    for event in events {
        match Parcel::of(event) {
            Ok(parcel) => {
                tell(&mem::take(&mut told));
                send_parcel(&parcel);
            }
            Err(event) => told.push(event),
        }
    }
    tell(&told);
}

fn tell(events: &[Event]) {
    if !events.is_empty() {
        send(events);
    }
}

/// Sends reports to the page.
fn send<E: Serialize>(reports: &[E]) {
    hand_over(reports, JsValue::from);
}

/// Sends a parcel, in a list of its own, so that the page knows it without a look.
fn send_parcel(parcel: &Parcel) {
    hand_over(parcel, |bytes| Array::of1(&bytes).into());
}

/// Posts the bytes of a message without copying them once more.
fn hand_over(message: &(impl Serialize + ?Sized), wrap: fn(Uint8Array) -> JsValue) {
    // Neither can fail: messages hold no skipped variants, and bytes that were just made can be transferred.
    if let Ok(bytes) = codec::encode(message) {
        let bytes = Uint8Array::from(bytes.as_slice());
        let buffer = Array::of1(&bytes.buffer());
        let _ = scope().post_message_with_transfer(&wrap(bytes), &buffer);
    }
}

/// Keeps what arrives, once it was read.
fn listen<T: 'static>(read: fn(JsValue) -> Result<T, codec::Error>, fail: fn(String)) -> Rc<RefCell<Mailbox<T>>> {
    let mailbox = Rc::new(RefCell::new(Mailbox { messages: VecDeque::new(), waiting: None }));
    let inbox = mailbox.clone();
    let receive = Closure::<dyn Fn(MessageEvent)>::new(move |message: MessageEvent| {
        match read(message.data()) {
            Ok(message) => inbox.borrow_mut().messages.push_back(message),
            Err(error) => fail(format!("a command cannot be read: {error}")),
        }
        let waiting = inbox.borrow_mut().waiting.take();
        if let Some(wake) = waiting {
            let _ = wake.call0(&JsValue::NULL);
        }
    });
    scope().set_onmessage(Some(receive.as_ref().unchecked_ref()));
    // The handler lives as long as the worker.
    receive.forget();
    mailbox
}

/// A command of the page, or a parcel of the other worker, which comes in a list of its own.
fn read(message: JsValue) -> Result<Command, codec::Error> {
    match message.dyn_ref::<Array>() {
        Some(parcel) => codec::decode::<Parcel>(&bytes(&parcel.get(0))).map(Command::from),
        None => codec::decode(&bytes(&message)),
    }
}

/// The bytes of a message; none of one that is no block of bytes.
fn bytes(message: &JsValue) -> Vec<u8> {
    message.dyn_ref().map_or_else(Vec::new, Uint8Array::to_vec)
}

fn next<T>(mailbox: &RefCell<Mailbox<T>>) -> Option<T> {
    mailbox.borrow_mut().messages.pop_front()
}

/// Waits until a command is there, or for `most`.
async fn arrival<T>(mailbox: &RefCell<Mailbox<T>>, most: Option<Duration>) {
    let promise = Promise::new(&mut |resolve, _| {
        let mut mailbox = mailbox.borrow_mut();
        if !mailbox.messages.is_empty() {
            drop(resolve.call0(&JsValue::NULL));
            return;
        }
        if let Some(most) = most {
            // Called a second time, by the command or by the clock, it does nothing.
            let _ = scope().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, most.as_millis() as i32);
        }
        mailbox.waiting = Some(resolve);
    });
    let _ = JsFuture::from(promise).await;
}

/// Lets the browser deliver messages. A message to oneself is a task of its own, without the four milliseconds that a
/// nested timeout costs.
async fn give_way() {
    let Ok(channel) = MessageChannel::new() else { return };
    let promise = Promise::new(&mut |resolve, _| {
        channel.port1().set_onmessage(Some(&resolve));
        let _ = channel.port2().post_message(&JsValue::NULL);
    });
    let _ = JsFuture::from(promise).await;
    // An open channel is never collected.
    channel.port1().close();
}
