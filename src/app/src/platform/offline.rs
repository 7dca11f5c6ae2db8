//! The service worker, which keeps the page for use without a network and a newer version until the visitor wants it.
//! The page works the same where there is none.

use std::rc::Rc;

use gloo_events::EventListener;
use gloo_timers::future::TimeoutFuture;
use js_sys::{Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{ServiceWorker, ServiceWorkerContainer, ServiceWorkerRegistration, ServiceWorkerState, console, window};

use crate::platform::fetch::await_promise;

/// The first results should be there before the worker fetches the page's files a second time, to keep them.
const DELAY_MILLIS: u32 = 3000;

/// Registers the service worker a little later; calls back when a newer version of the page waits, maybe repeatedly.
pub fn register(newer: impl Fn() + 'static) {
    spawn_local(async move {
        TimeoutFuture::new(DELAY_MILLIS).await;
        let Some(container) = container() else { return };
        match await_promise(container.register("sw.js")).await {
            Ok(registration) => watch(container, registration.unchecked_into(), newer),
            // The visitor misses nothing that is on the page.
            Err(reason) => console::warn_1(&format!("no service worker: {reason}").into()),
        }
    });
}

/// Has the waiting version take over, and reloads the page as soon as it has.
pub fn update() {
    spawn_local(async {
        let Some(container) = container() else { return reload() };
        let registration = await_promise(container.get_registration()).await.ok();
        let registration = registration.and_then(|found| found.dyn_into::<ServiceWorkerRegistration>().ok());
        match registration.and_then(|registration| registration.waiting()) {
            Some(worker) => {
                EventListener::once(&container, "controllerchange", |_| reload()).forget();
                ask(&worker);
            }
            // Another tab has had it take over.
            None => reload(),
        }
    });
}

fn watch(container: ServiceWorkerContainer, registration: ServiceWorkerRegistration, newer: impl Fn() + 'static) {
    let announce: Rc<dyn Fn()> = Rc::new(move || {
        // Without a controller, the page came from the network and is the newest itself.
        if container.controller().is_some() {
            newer();
        }
    });
    if registration.waiting().is_some() {
        announce();
    }
    // The browser looks for a newer worker with every visit, maybe before this page could listen.
    follow(registration.installing(), announce.clone());
    let found = registration.clone();
    EventListener::new(&registration, "updatefound", move |_| follow(found.installing(), announce.clone())).forget();
}

/// Announces a worker once it is installed.
fn follow(installing: Option<ServiceWorker>, announce: Rc<dyn Fn()>) {
    let Some(worker) = installing else { return };
    let changed = worker.clone();
    let listener = EventListener::new(&worker, "statechange", move |_| {
        if changed.state() == ServiceWorkerState::Installed {
            announce();
        }
    });
    listener.forget();
}

/// Sends what `web/sw.js` waits for.
fn ask(worker: &ServiceWorker) {
    let message = Object::new();
    let sent = Reflect::set(&message, &"type".into(), &"update".into()).and_then(|_| worker.post_message(&message));
    if let Err(error) = sent {
        console::warn_1(&error);
    }
}

/// The browser's service workers: none in an insecure page or a private window, and an error in some frames.
fn container() -> Option<ServiceWorkerContainer> {
    let window = window().filter(|window| window.is_secure_context())?;
    let container: JsValue = Reflect::get(&window.navigator(), &"serviceWorker".into()).ok()?;
    container.dyn_into().ok()
}

fn reload() {
    // A browser that refuses leaves the page as it is.
    let _ = window().map(|window| window.location().reload());
}
