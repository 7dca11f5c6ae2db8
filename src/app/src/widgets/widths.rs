//! A network as a kind from a menu and the widths of its layers, which together are a knob's text.

use retort_spec::{Architecture, DataSet, Experiment, Knob, NetworkKind};
use yew::prelude::*;

use crate::{context::AppContext, widgets::dom::text_of};

/// The network that a change of kind begins with: small ones of images, the student half as wide as its teacher.
pub fn beginning(kind: NetworkKind, is_student: bool, data: DataSet) -> Architecture {
    let usual = Experiment::for_data(data);
    let width = if is_student { 4 } else { 8 };
    match kind {
        NetworkKind::Mlp if is_student => usual.student,
        NetworkKind::Mlp => usual.teacher,
        NetworkKind::Conv | NetworkKind::Separable => Architecture::new(kind, [width, 2 * width]),
        NetworkKind::Residual => Architecture::new(kind, [width, 2 * width, 2 * width]),
        NetworkKind::Transformer => Architecture::new(kind, [4 * width, 2]),
        NetworkKind::Lstm => Architecture::new(kind, [2 * width, 4 * width]),
    }
}

/// The widths alone, as they stand behind the kind.
fn widths(text: &str) -> &str {
    text.split_once(':').map_or(text, |(_, widths)| widths)
}

/// The knob's text of a kind and widths; a text that names a kind itself stands as it is.
fn joined(kind: NetworkKind, widths: &str) -> String {
    match kind {
        NetworkKind::Mlp => widths.to_owned(),
        _ if widths.contains(':') => widths.to_owned(),
        kind => format!("{kind}:{widths}"),
    }
}

/// The controls of a network's knob. Points in the plane have no places that a convolution could slide over.
pub fn control(page: &AppContext, knob: &Knob, described: &str) -> Html {
    let (texts, experiment) = (&page.texts, &page.state.experiment);
    let (disabled, name) = (page.locks(knob.key), format!("knob-{}", knob.key));
    let is_student = knob.key == "student";
    let network = if is_student { &experiment.student } else { &experiment.teacher };
    let kinds: Vec<NetworkKind> =
        NetworkKind::ALL.iter().copied().filter(|kind| kind.reads(experiment.data.form())).collect();
    let (turn, kind, data) = (page.turn(knob.key), network.kind, experiment.data);
    let choose = turn
        .reform(move |event: Event| beginning(text_of(&event).parse().unwrap_or(kind), is_student, data).to_string());
    let change = turn.reform(move |event: Event| joined(kind, text_of(&event).trim()));
    html! {
        <span class="network">
            if kinds.len() > 1 {
                <select id={format!("kind-{}", knob.key)} {disabled} onchange={choose} aria-label={texts.get("network-kind")} title={texts.help("network-kind")}>
                    { for kinds.iter().map(|of| html! {
                        <option value={of.word()} selected={kind == *of}>{ texts.get(&format!("kind-{of}")) }</option>
                    }) }
                </select>
            }
            <input id={name} {disabled} type="text" value={widths(&network.to_string()).to_owned()} autocomplete="off" spellcheck="false"
                onchange={change} aria-describedby={described.to_owned()} />
        </span>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_kind_begins_with_networks_that_the_knob_takes() {
        let of = |kind, is_student| beginning(kind, is_student, DataSet::Digits8).to_string();
        assert_eq!([of(NetworkKind::Conv, false), of(NetworkKind::Conv, true)], ["conv:8,16", "conv:4,8"]);
        assert_eq!(
            [of(NetworkKind::Residual, false), of(NetworkKind::Residual, true)],
            ["residual:8,16,16", "residual:4,8,8"]
        );
        assert_eq!([of(NetworkKind::Mlp, false), of(NetworkKind::Mlp, true)], ["128,128", "16"]);
        for kind in NetworkKind::ALL {
            assert_eq!(of(*kind, true).parse::<Architecture>().unwrap().kind, *kind);
        }
    }

    #[test]
    fn kind_and_widths_make_the_text_of_the_knob_and_come_apart_again() {
        for text in ["conv:8,16", "residual:4", "128,128", "linear"] {
            let network: Architecture = text.parse().unwrap();
            assert_eq!(joined(network.kind, widths(text)), text);
        }
        assert_eq!(joined(NetworkKind::Conv, "residual:8"), "residual:8", "whoever knows the text may write it");
        assert_eq!(joined(NetworkKind::Mlp, "conv:8"), "conv:8");
    }
}
