//! What the teacher thinks looks like what: each class's mean distribution, teacher's or student's, at the slider's T.

use retort_spec::{NetworkId, Output, probability::mean_distribution_per_class};
use yew::prelude::*;

use super::{Area, Panel, Tab};
use crate::{
    context::use_page,
    i18n::format::{number, percent, percentage, temperature},
    island,
    state::{
        Action,
        selection::{look_like, typical},
    },
    widgets::{
        choice::choice,
        dom::text_of,
        example_card::example_card,
        picture::{PictureProps, PixelsProps, use_picture, use_pixels},
        window::{PHONE, use_narrower},
    },
};

/// Its entry in the table.
pub const PANEL: Panel = Panel {
    id: "similarity",
    draw: |_| island!(use_similarity),
    sites: &[(Tab::Inside, Area::Stage)],
    applies: |experiment, _| experiment.output() == Output::Classes,
    ..Panel::PLAIN
};

/// The class-similarity panel.
#[hook]
pub fn use_similarity() -> Html {
    let page = use_page();
    let chosen = use_state_eq(|| None::<NetworkId>);
    let softened = use_state(|| true);
    let narrow = use_narrower(PHONE);
    let (texts, state) = (&page.texts, &page.state);
    let at = if *softened { state.temperature() } else { 1.0 };
    let soften = |on: bool| {
        let softened = softened.clone();
        Callback::from(move |_: MouseEvent| softened.set(on))
    };
    let choose = {
        let chosen = chosen.clone();
        Callback::from(move |of: String| chosen.set(of.parse().ok()))
    };
    let (reference, control) = (state.reference(), state.plan.control);
    // What a network knows without being taught is seen at the others, unless it is what the product is compared with.
    let ids = state.networks().filter(|id| *id != control || reference == control);
    let views: Vec<(String, String)> = ids.map(|id| (id.to_string(), page.short_name(id))).collect();
    let network_id = chosen.filter(|id| state.networks().any(|other| other == *id)).unwrap_or(reference);
    let matrix = state.data.as_ref().zip(state.network(network_id)).map(|(data, network)| {
        let classes = data.classes as usize;
        let means = mean_distribution_per_class(&network.logits, &data.test_labels, classes, at);
        let (least, most) = off_diagonal_range(&means);
        let digits = if narrow { 0 } else { 1 };
        let cell = |(i, j, p): (usize, usize, f64)| {
            let shade = if i == j { 0.0 } else { 100.0 * (p - least) / (most - least).max(1e-9) };
            let value = if p.is_finite() { number(texts, 100.0 * p, digits) } else { "–".into() };
            html! { <td class={classes!((i == j).then_some("same"))} style={format!("--shade:{shade:.0}%")}>{ value }</td> }
        };
        let name = |class: usize| page.class_name(class);
        // A picture of the class; its name says what it is of.
        let head = |scope: &'static str, class: usize| {
            let picture = typical(&data.gallery, class as u8).filter(|example| !example.pixels.is_empty()).map(|example| {
                let colours = example.pixels.iter().flat_map(|&ink| [ink, ink, ink, u8::MAX]).collect();
                island!(use_pixels, PixelsProps { shape: data.shape, colours, label: None, style: None })
            });
            html! { <th {scope}>{ for picture }{ name(class) }</th> }
        };
        let scale = [("least", percent(texts, least).into()), ("most", percent(texts, most).into())];
        html! {
            <>
            <div class="scroll" tabindex="0" role="region" aria-label={texts.get("similarity")}><table class={classes!("matrix", network_id.role_word(), (name(0).chars().count() > 2).then_some("names"))}>
                <caption>{ texts.with("similarity-caption", &[("temperature", temperature(texts, at).into())]) }</caption>
                <thead><tr><td></td>{ for (0..classes).map(|class| head("col", class)) }</tr></thead>
                <tbody>{ for means.iter().enumerate().map(|(i, row)| html! {
                    <tr>{ head("row", i) }{ for row.iter().enumerate().map(|(j, &p)| cell((i, j, p))) }</tr>
                }) }</tbody>
            </table></div>
            <p class="scale hint"><i class={network_id.role_word()}></i>{ texts.with("similarity-scale", &scale) }</p>
            </>
        }
    });
    html! {
        <section id="similarity" class="panel" aria-labelledby="similarity-title">
            <h2 id="similarity-title">{ page.of_first_seed("similarity") }</h2>
            { choice(texts.get("similarity"), views, &network_id.to_string(), &choose) }
            if state.temperature() != 1.0 {
                <div class="segments" role="group" aria-label={texts.get("knob-temperature")}>
                    <button aria-pressed={(!*softened).to_string()} onclick={soften(false)}>{ "T = 1" }</button>
                    <button aria-pressed={softened.to_string()} onclick={soften(true)}>{ "T = " }{ temperature(texts, state.temperature()) }</button>
                </div>
            }
            <div class="beside">
                <div>{ matrix.unwrap_or_else(|| html! { <p class="empty">{ texts.get("soft-targets-empty") }</p> }) }</div>
                { example_card(&page) }
            </div>
            { island!(use_look_alikes, LookAlikesProps { network_id, at }) }
        </section>
    }
}

/// The least and the largest value off the diagonal, between which the colours span: the diagonal's would drown all
/// others, and at a high temperature these are nearly equal; their small differences are what the student learns.
fn off_diagonal_range(matrix: &[Vec<f64>]) -> (f64, f64) {
    let row = |(i, row): (usize, &Vec<f64>)| {
        row.iter().enumerate().filter(move |(j, _)| i != *j).map(|(_, &p)| p).collect::<Vec<f64>>()
    };
    let others = matrix.iter().enumerate().flat_map(row);
    others.fold((f64::INFINITY, 0.0), |(least, most), p| (least.min(p), most.max(p)))
}

/// Whose eyes, and at which temperature.
#[derive(PartialEq)]
struct LookAlikesProps {
    network_id: NetworkId,
    at: f64,
}

/// The test examples of other classes that look most like a class to a network.
#[hook]
fn use_look_alikes(props: &LookAlikesProps) -> Html {
    /// Enough to see what they share.
    const SHOWN: usize = 12;
    let page = use_page();
    let class = use_state(|| None::<usize>);
    let (texts, state) = (&page.texts, &page.state);
    let Some((data, network)) = state.data.as_ref().zip(state.network(props.network_id)) else {
        return Html::default();
    };
    if data.data.is_plane() || data.data.is_of_sequences() {
        return Html::default();
    }
    let classes = data.classes as usize;
    // The 3 is what the literature asks about; garments have no favourite.
    let of = class.unwrap_or(3).min(classes - 1);
    let choose = {
        let class = class.clone();
        Callback::from(move |event: Event| class.set(text_of(&event).parse().ok()))
    };
    let size = (data.shape[0] * data.shape[1]) as usize;
    let found = look_like(&network.logits, &data.test_labels, classes, of, props.at);
    let thumbnail = |(index, share): (usize, f64)| {
        let dispatch = state.dispatcher();
        let inspect = Callback::from(move |_: MouseEvent| dispatch.dispatch(Action::Inspect(index)));
        let label = texts.with("inspect-example", &[("index", index.to_string().into())]);
        let pixels = data.test_pixels.get(index * size..(index + 1) * size).unwrap_or_default().to_vec();
        let picture = PictureProps { shape: data.shape, pixels, label: label.clone().into(), class: Classes::new() };
        html! {
            <figure>
                <button class="thumbnail" onclick={inspect} title={label}>{ island!(use_picture, picture) }</button>
                <figcaption>{ percentage(texts, share) }</figcaption>
            </figure>
        }
    };
    html! {
        <div id="look-alikes">
            <p>
                <label for="look-like">{ texts.with("looks-like", &[("network", page.name(props.network_id).into())]) }</label>
                <select id="look-like" onchange={choose}>{ for (0..classes).map(|class| html! {
                    <option value={class.to_string()} selected={class == of}>{ page.class_name(class) }</option>
                }) }</select>
            </p>
            <div class="look-alikes">{ for found.into_iter().take(SHOWN).map(thumbnail) }</div>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_s_own_share_does_not_set_the_colours() {
        let matrix = [vec![0.7, 0.2, 0.1], vec![0.05, 0.9, 0.05], vec![0.13, 0.12, 0.01]];
        assert_eq!(off_diagonal_range(&matrix), (0.05, 0.2));
    }
}
