//! A lesson's quantities in words and numbers.

use retort_spec::NetworkId;

use crate::{
    context::AppContext,
    i18n::{
        format::{bytes, number, temperature, with_percent_sign},
        labels::class_name,
    },
    lessons::quantity::Quantity,
};

/// What a quantity is called; its name in the file where it is unknown.
pub fn label(page: &AppContext, name: &str) -> String {
    let Some(quantity) = Quantity::named(name) else { return name.to_owned() };
    let texts = &page.texts;
    let name = |network_id: NetworkId| page.name(network_id);
    let class_word = |class| class_name(&page.texts, page.state.experiment.data, class);
    match quantity {
        Quantity::Knob(knob) => texts.get(&format!("knob-{}", knob.key)),
        Quantity::Accuracy(network_id) => texts.with("quantity-accuracy", &[("network", name(network_id).into())]),
        Quantity::Class(network_id, class) => {
            let args = [("network", name(network_id).into()), ("class", class_word(class).into())];
            texts.with("quantity-class", &args)
        }
        Quantity::Agreement(id) if id == page.state.plan.product => texts.get("quantity-agreement"),
        Quantity::Agreement(id) => texts.with("quantity-agreement-of", &[("network", name(id).into())]),
        Quantity::Calibration(network_id) => {
            texts.with("quantity-calibration", &[("network", name(network_id).into())])
        }
        Quantity::PackedAccuracy => texts.get("quantity-packed-accuracy"),
        Quantity::PackedBytes => texts.get("quantity-packed-bytes"),
        Quantity::Bytes(network_id) => texts.with("quantity-bytes", &[("network", name(network_id).into())]),
        Quantity::Entropy => texts.get("quantity-entropy"),
        Quantity::Top => texts.get("quantity-top"),
        Quantity::Mean(network_id) => texts.with("quantity-mean", &[("network", name(network_id).into())]),
        Quantity::PValue => texts.get("quantity-p"),
        Quantity::Outcome => texts.get("quantity-outcome"),
        Quantity::Bias => texts.get("quantity-bias"),
        Quantity::BiasedAccuracy => texts.get("quantity-biased-accuracy"),
        Quantity::BiasedClass(class) => texts.with("quantity-biased-class", &[("class", class_word(class).into())]),
        Quantity::Disagreements => texts.get("quantity-disagreements"),
        Quantity::Drawn => texts.get("quantity-drawn"),
    }
}

/// A quantity's value as it is written; a dash where it has not been measured.
pub fn written(page: &AppContext, name: &str, value: Option<f64>) -> String {
    let texts = &page.texts;
    let (Some(quantity), Some(value)) = (Quantity::named(name), value) else { return "–".into() };
    match quantity {
        Quantity::Knob(knob) if knob.key == "temperature" => temperature(texts, value),
        Quantity::Knob(knob) => knob.get(&page.state.experiment),
        Quantity::PackedBytes | Quantity::Bytes(_) => bytes(texts, value),
        Quantity::Entropy => number(texts, value, 2),
        // Below this a p value says nothing more.
        Quantity::PValue if value < 0.001 => "< 0.001".into(),
        Quantity::PValue => number(texts, value, 3),
        Quantity::Outcome if value > 0.0 => texts.get("verdict-helps"),
        Quantity::Outcome if value < 0.0 => texts.get("verdict-hurts"),
        Quantity::Outcome => texts.get("verdict-no-difference"),
        Quantity::Bias => number(texts, value, 1),
        Quantity::Disagreements => number(texts, value, 0),
        Quantity::Drawn => if value > 0.0 { "✓" } else { "–" }.into(),
        Quantity::Accuracy(_)
        | Quantity::Class(..)
        | Quantity::Agreement(_)
        | Quantity::Calibration(_)
        | Quantity::PackedAccuracy
        | Quantity::Top
        | Quantity::Mean(_)
        | Quantity::BiasedAccuracy
        | Quantity::BiasedClass(_) => with_percent_sign(texts, &number(texts, value, 1)),
    }
}
