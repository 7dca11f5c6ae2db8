//! The knobs of the scheme: a slider over the formats, and what else can be chosen of each.

use retort_spec::{Bits, Experiment, Kind, Knob, QuantScheme, knob};
use yew::prelude::*;

use crate::{
    context::{AppContext, use_page},
    state::files_table::short,
    widgets::{
        dom::{opened, text_of},
        knob::{choice_control, knob_label},
    },
};

/// The knobs that stand behind “More”.
const MORE: [&str; 5] = ["zero-point", "range", "rounding", "repair", "activations"];

/// The slider over the formats, with a button at each stop.
pub fn bits(page: &AppContext) -> Html {
    if !page.shows_knob("bits") {
        return Html::default();
    }
    let (texts, chosen) = (&page.texts, page.state.experiment.bits);
    let (turn, disabled) = (page.turn("bits"), page.locks("bits"));
    let place = Bits::ALL.iter().position(|bits| *bits == chosen).unwrap_or(0);
    let slide = turn.reform(|event: InputEvent| {
        let place = text_of(&event).parse::<usize>().unwrap_or(0);
        Bits::ALL[place.min(Bits::ALL.len() - 1)].to_string()
    });
    let name = |bits: Bits| texts.get(&format!("bits-{bits}"));
    let stop = |(at, &bits): (usize, &Bits)| {
        let turn = turn.reform(move |_: MouseEvent| bits.to_string());
        html! { <button data-bits={bits.word()} {disabled} aria-pressed={(chosen == bits).to_string()} title={name(bits)} style={format!("--at:{at}")} onclick={turn}>{ short(bits) }</button> }
    };
    html! {
        <div class="bits">
            { knob_label(page, "bits", Some("slider-bits")) }
            <input id="slider-bits" type="range" min="0" max={(Bits::ALL.len() - 1).to_string()} step="1" value={place.to_string()}
                {disabled} aria-valuetext={name(chosen)} oninput={slide} />
            <div class="ticks" role="group" aria-label={texts.get("knob-bits")}>{ for Bits::ALL.iter().enumerate().map(stop) }</div>
        </div>
    }
}

/// A scheme without what makes no difference, had a knob this word.
fn with(scheme: QuantScheme, word: &str) -> QuantScheme {
    let mut scheme = scheme;
    // A word of the knob's own table is always read.
    let _ = scheme.take(word);
    scheme.effective()
}

/// Whether a word of a knob gives what its first word gives.
fn is_idle(scheme: QuantScheme, words: &[&str], word: &str) -> bool {
    word != words[0] && with(scheme, word) == with(scheme, words[0])
}

/// A knob of the scheme; one that makes no difference to the chosen format says so and cannot be turned.
pub fn scheme_knob(page: &AppContext, key: &str) -> Html {
    let Some((knob, words)) = choice(key) else { return Html::default() };
    let scheme = page.state.experiment.quant_scheme();
    let all_idle = words.iter().skip(1).all(|word| is_idle(scheme, words, word));
    let why = all_idle.then(|| match scheme.bits.is_integer() {
        true => page.texts.get("idle-levels"),
        false => page.texts.get("idle-float"),
    });
    choice_control(page, knob, words, why, &|word| is_idle(scheme, words, word))
}

fn choice(key: &str) -> Option<(&'static Knob, &'static [&'static str])> {
    let knob = knob(key)?;
    match knob.kind {
        Kind::Choice(words) => Some((knob, words)),
        _ => None,
    }
}

/// The knobs that one seldom turns; open where one of them is turned.
#[hook]
pub fn use_more() -> Html {
    let page = use_page();
    let open = use_state_eq(|| false);
    let (experiment, usual) = (&page.state.experiment, Experiment::default());
    let is_turned = |key: &&str| knob(key).is_some_and(|knob| knob.get(experiment) != knob.get(&usual));
    let needed = MORE.iter().any(is_turned);
    let toggled = {
        let open = open.clone();
        Callback::from(move |event: Event| open.set(opened(&event)))
    };
    if !MORE.iter().any(|key| page.shows_knob(key)) {
        return Html::default();
    }
    html! {
        <details id="scheme-more" open={*open || needed} ontoggle={toggled}>
            <summary>{ page.texts.get("scheme-more") }</summary>
            { for MORE.iter().map(|key| scheme_knob(&page, key)) }
        </details>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use retort_spec::{Granularity, PtqMethod, Range};

    #[test]
    fn what_makes_no_difference_is_idle() {
        let idle = |scheme: &str, words: &[&'static str]| {
            let scheme = scheme.parse().unwrap();
            words.iter().copied().filter(|word| is_idle(scheme, words, word)).collect::<Vec<&str>>()
        };
        assert_eq!(idle("8", PtqMethod::WORDS), [""; 0]);
        assert_eq!(idle("1", PtqMethod::WORDS), ["adaround"]);
        assert_eq!(idle("32", PtqMethod::WORDS), PtqMethod::WORDS[1..]);
        assert_eq!(idle("ternary", Range::WORDS), Range::WORDS[1..]);
        assert_eq!(idle("bf16", Granularity::WORDS), Granularity::WORDS[1..]);
        assert_eq!(idle("4:tensor", Granularity::WORDS), [""; 0]);
    }
}
