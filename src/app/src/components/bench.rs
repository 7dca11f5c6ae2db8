//! The compression bench: a pipeline put together, carried out on the trained student, and what it made of it.

use web_sys::DragEvent;
use yew::prelude::*;

use crate::island;

use super::{bench_editor::use_bench_editor, bench_files::use_bench_files, bench_import, bench_results};
use crate::context::Page;

/// The panel.
pub fn bench(page: &Page) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    let flow = state.bench.flow.as_deref();
    let take = bench_import::take(page);
    let drop = Callback::from(move |event: DragEvent| {
        event.prevent_default();
        take(event.data_transfer().and_then(|transfer| transfer.files()));
    });
    html! {
        <section id="bench" class={classes!("panel", state.bench.is_flow_stale.then_some("stale"))} aria-labelledby="bench-title"
            ondrop={drop} ondragover={Callback::from(|event: DragEvent| event.prevent_default())}>
            <h2 id="bench-title">{ texts.get("bench") } <small>{ texts.get("bench-sub") }</small></h2>
            { island!(use_bench_editor) }
            { for flow.map(|flow| bench_results::results(page, flow)) }
            <div class="takes">
                { island!(use_bench_files) }
                { bench_import::import(page) }
            </div>
        </section>
    }
}
