//! Pipelines to begin with, each with a reason.

use retort_spec::{Experiment, OnOff, Pipeline, encode};
use yew::prelude::*;

use crate::{context::AppContext, state::Action};

/// Word and pipeline of each.
pub const PRESETS: [(&str, &str); 6] = [
    ("prune", "gradual:0.8:10,quantize:8,huffman"),
    ("two-bits", "qat:2:10:lsq"),
    ("one-bit", "qat:1:10"),
    ("deep", "gradual:0.9:15,share:5,finetune:5,huffman"),
    ("low-rank", "low-rank:0.9,finetune:5,quantize:8"),
    (HOT, "qat:2:10"),
];

/// The one that turns the temperature up, too.
const HOT: &str = "hot";
/// So far that the soft targets are nearly even.
const HOT_TEMPERATURE: f64 = 20.0;

/// The menu; choosing from it drops a draft.
pub fn presets(page: &AppContext, open: bool, drop_draft: &Callback<()>) -> Html {
    let texts = &page.texts;
    let entry = |&(word, text): &(&'static str, &'static str)| {
        let locked = page.locks("compress") || (word == HOT && (page.locks("temperature") || page.locks("t2")));
        let compress: Pipeline = text.parse().unwrap_or_default();
        let before = &page.state.experiment;
        let after = match word {
            HOT => Experiment { compress, temperature: HOT_TEMPERATURE, scale_by_t2: OnOff::On, ..before.clone() },
            _ => Experiment { compress, ..before.clone() },
        };
        let chosen = after == *before;
        let (dispatch, drop_draft) = (page.state.dispatcher(), drop_draft.clone());
        let choose = Callback::from(move |_: MouseEvent| {
            drop_draft.emit(());
            dispatch.dispatch(Action::Navigate(encode(&after)));
        });
        html! {
            <li>
                <button id={format!("preset-{word}")} disabled={locked} aria-pressed={chosen.to_string()} onclick={choose}>
                    <b>{ texts.get(&format!("preset-{word}")) }</b>
                    <span>{ texts.help(&format!("preset-{word}")) }</span>
                </button>
            </li>
        }
    };
    html! {
        <details class="presets" {open}>
            <summary>{ texts.get("bench-start-from") }</summary>
            <p class="hint">{ texts.get("bench-intro") }</p>
            <ul tabindex="0">{ for PRESETS.iter().map(entry) }</ul>
        </details>
    }
}
