//! Retort's single-page app. It touches the spec and the DOM, never burn and never the engine, which runs in a worker.

mod answers;
mod app;
mod asked;
mod bias;
mod chart_view;
mod choices;
mod components;
mod context;
mod controls;
mod device;
mod drawing;
mod engine;
mod files;
mod format;
mod frame;
mod i18n;
mod keys;
mod lessons;
mod link;
mod markup;
mod messages;
mod naming;
mod needs;
mod offline;
mod order;
mod paper;
mod plot;
mod pool;
mod record;
mod save;
mod snapshot;
mod state;
mod subject;
mod terms;
mod transport;
mod treatment;
mod view;

fn main() {
    console_error_panic_hook::set_once();
    wasm_bindgen_futures::spawn_local(async {
        // Nobody should see the page in one language and a moment later in another.
        let texts = i18n::Texts::load(link::language()).await;
        yew::Renderer::<app::App>::with_props(app::AppProps { texts }).render();
    });
}
