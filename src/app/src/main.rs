//! Retort's single-page app. It touches the spec and the DOM, never burn and never the engine, which runs in a worker.

mod answers;
mod app;
mod bias;
mod chart_view;
mod choices;
mod components;
mod controls;
mod device;
mod drawing;
mod driver;
mod engine;
mod files;
mod format;
mod frame;
mod i18n;
mod keys;
mod lessons;
mod link;
mod naming;
mod offline;
mod order;
mod paper;
mod plot;
mod record;
mod save;
mod snapshot;
mod state;
mod subject;
mod view;

fn main() {
    console_error_panic_hook::set_once();
    yew::Renderer::<app::App>::new().render();
}
