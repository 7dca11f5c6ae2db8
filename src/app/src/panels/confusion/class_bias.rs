//! The slider that adds a bias to the classes the student never saw, and what it is then right on.

use retort_spec::{
    DataSummary,
    class_bias::{Accuracy, prior_bias},
    read_number,
};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::{
    context::AppContext,
    i18n::format::{percent, signed},
    state::Action,
};

/// The least and the greatest bias of the slider.
const BIASES: (f64, f64) = (-5.0, 10.0);

/// The slider with the accuracies of the student whose biased logits are given.
pub fn slider(page: &AppContext, data: &DataSummary, logits: &[f32]) -> Html {
    let (texts, state) = (&page.texts, &page.state);
    let dispatch = state.dispatcher();
    let slide = Callback::from(move |event: InputEvent| {
        let text = event.target_dyn_into::<HtmlInputElement>().map(|input| input.value());
        if let Some(bias) = text.and_then(|text| read_number(&text)) {
            dispatch.dispatch(Action::Bias(bias));
        }
    });
    let shown = signed(texts, state.bias, 1);
    let (classes, omit) = (data.classes as usize, &state.experiment.omitted_classes);
    let accuracy = Accuracy::of(logits, &data.test_labels, classes, omit);
    // The logits have the bias that the slider has.
    let found = state.bias + prior_bias(logits, classes, omit);
    let found = ((found * 10.0).round() / 10.0).clamp(BIASES.0, BIASES.1);
    let take = {
        let dispatch = state.dispatcher();
        Callback::from(move |_: MouseEvent| dispatch.dispatch(Action::Bias(found)))
    };
    html! {
        <div id="bias" class="student">
            <label for="bias-slider">{ texts.get("bias") }</label>
            <output id="bias-value" for="bias-slider">{ shown.clone() }</output>
            <input id="bias-slider" type="range" min={BIASES.0.to_string()} max={BIASES.1.to_string()} step="0.1" value={state.bias.to_string()}
                aria-valuetext={shown} aria-describedby="bias-words" oninput={slide} />
            <dl>
                <dt>{ texts.get("bias-overall") }</dt><dd><b id="biased-accuracy">{ percent(texts, accuracy.overall) }</b>{ texts.language.percent_sign() }</dd>
                <dt>{ texts.get("bias-omitted") }</dt><dd><b id="biased-class">{ percent(texts, accuracy.omitted) }</b>{ texts.language.percent_sign() }</dd>
            </dl>
            <button id="bias-find" onclick={take}>{ texts.get("bias-find") }</button>
            <p id="bias-words">{ texts.get("bias-words") }</p>
        </div>
    }
}
