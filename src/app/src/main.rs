//! Retort's single-page app. It touches the spec and the DOM, never burn and never the engine, which runs in a worker.

mod charts;
mod context;
mod controls;
mod i18n;
mod lessons;
mod panels;
mod platform;
mod sharing;
mod shell;
mod state;
mod transport;
mod widgets;

fn main() {
    console_error_panic_hook::set_once();
    wasm_bindgen_futures::spawn_local(async {
        // Nobody should see the page in one language and a moment later in another.
        let texts = i18n::Texts::load(platform::link::language()).await;
        // A link may open any part of the page at once; what a visitor without one sees first is all in the first part.
        if platform::link::asks_for_more() {
            platform::later::load().await;
        }
        // A lesson takes a part of the window, which would else be the page's until the lesson is drawn.
        if lessons::guide::addressed().is_some() {
            widgets::highlight::set_root_class("with-lesson", true);
        }
        yew::Renderer::<shell::app::App>::with_props(shell::app::AppProps { texts }).render();
    });
}
