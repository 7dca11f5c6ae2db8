//! The example that is inspected, beside the table that it was clicked in: its picture, its label, and the first answer
//! of each network at the slider's T. Its room is there before it is.

use retort_spec::{
    DataSummary, NetworkId,
    probability::{argmax, softmax},
};
use yew::prelude::*;

use crate::{
    context::AppContext,
    i18n::{
        format::{percentage, temperature},
        labels::class_name,
    },
    island,
    state::{Source, networks::few, selection::Subject},
    widgets::{
        dom::network_class,
        picture::{PictureProps, ScatterProps, scatter, use_picture},
    },
};

/// The card.
pub fn example_card(page: &AppContext) -> Html {
    // Sequences and rows have no picture.
    if page.state.experiment.data.is_of_sequences() {
        return Html::default();
    }
    let texts = &page.texts;
    let shown = page.state.data.as_ref().zip(Subject::of(&page.state));
    let now = page.state.temperature();
    let row = |network_id: NetworkId| {
        let (data, subject) = shown.as_ref()?;
        let answer = subject.of_network(network_id).and_then(|logits| Some((argmax(logits)?, softmax(logits, now))));
        let (told, share) = answer.map_or_else(Default::default, |(top, shares)| {
            let mark = subject.label.map_or("", |label| if label == top { " ✓" } else { " ✗" });
            let told = [&class_name(texts, data.data, top), mark, " ", &percentage(texts, shares[top])].concat();
            (told, shares[top])
        });
        let style = format!("--share:{:.1}%", 100.0 * share);
        Some(html! { <p class={network_class(network_id)} {style}>{ page.short_name(network_id) }<b>{ told }</b></p> })
    };
    html! {
        <div class="example-card" role="group" aria-label={texts.get("example-card")}>
            if let Some((data, subject)) = &shown {
                { picture(page, data, subject) }
                <div>
                    <p>{ origin(page, data, subject) }<small>{ "T = " }{ temperature(texts, now) }</small></p>
                    { for few(&page.state.plan).into_iter().filter_map(row) }
                </div>
            }
        </div>
    }
}

/// What the example is: its label, or where it comes from.
pub fn origin(page: &AppContext, data: &DataSummary, subject: &Subject<'_>) -> String {
    let texts = &page.texts;
    match (subject.source, subject.label) {
        (Some(Source::Drawing), _) => texts.get("your-drawing"),
        (Some(Source::Place), _) => texts.get("chosen-place"),
        (Some(Source::Gallery(_)), Some(label)) => {
            texts.with("training-example", &[("label", class_name(texts, data.data, label).into())])
        }
        (_, Some(label)) => texts.with("labelled-as", &[("label", class_name(texts, data.data, label).into())]),
        (_, None) => String::new(),
    }
}

/// The example, drawn: an image as it is, a point among its neighbours.
pub fn picture(page: &AppContext, data: &DataSummary, subject: &Subject<'_>) -> Html {
    let label = subject.label.map_or_else(|| "?".into(), |label| class_name(&page.texts, data.data, label));
    let words = page.texts.with("test-example", &[("label", label.into())]);
    if data.data.is_plane() {
        let points = data.test_points.chunks_exact(2).zip(&data.test_labels);
        let points = points.map(|(point, &label)| ([point[0], point[1]], label, false)).collect::<Vec<_>>();
        return scatter(ScatterProps { points, label: words.into(), chosen: subject.point });
    }
    let (pixels, label) = (subject.pixels.clone(), words.into());
    island!(use_picture, PictureProps { shape: data.shape, pixels, label, class: Classes::new() })
}
