//! Retort's single-page app. It touches the spec and the DOM, never burn and never the engine, which runs in a worker.

mod answers;
mod app;
mod bias;
mod choices;
mod components;
mod controls;
mod device;
mod driver;
mod engine;
mod files;
mod format;
mod i18n;
mod keys;
mod link;
mod offline;
mod state;
mod subject;
mod view;

fn main() {
    console_error_panic_hook::set_once();
    yew::Renderer::<app::App>::new().render();
}
