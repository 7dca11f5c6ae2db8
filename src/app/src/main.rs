//! Retort's single-page app. It touches the spec and the DOM, never burn and never the engine, which runs in a worker.

mod app;
mod components;
mod device;
mod driver;
mod engine;
mod files;
mod format;
mod i18n;
mod lessons;
mod link;
mod state;

fn main() {
    console_error_panic_hook::set_once();
    yew::Renderer::<app::App>::new().render();
}
