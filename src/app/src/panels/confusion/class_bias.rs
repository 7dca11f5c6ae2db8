//! The slider that adds a bias to the classes the student never saw, and what it is then right on.

use retort_spec::{DataSummary, read_number};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::{
    context::AppContext,
    i18n::format::{percent, signed},
    state::{Action, class_bias::Accuracy},
};

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
    let accuracy = Accuracy::of(logits, &data.test_labels, data.classes as usize, &state.experiment.omitted_classes);
    html! {
        <div id="bias" class="student">
            <label for="bias-slider">{ texts.get("bias") }</label>
            <output id="bias-value" for="bias-slider">{ shown.clone() }</output>
            <input id="bias-slider" type="range" min="-5" max="10" step="0.1" value={state.bias.to_string()}
                aria-valuetext={shown} aria-describedby="bias-words" oninput={slide} />
            <dl>
                <dt>{ texts.get("bias-overall") }</dt><dd><b id="biased-accuracy">{ percent(texts, accuracy.overall) }</b>{ texts.language.percent_sign() }</dd>
                <dt>{ texts.get("bias-omitted") }</dt><dd><b id="biased-class">{ percent(texts, accuracy.omitted) }</b>{ texts.language.percent_sign() }</dd>
            </dl>
            <p id="bias-words">{ texts.get("bias-words") }</p>
        </div>
    }
}
