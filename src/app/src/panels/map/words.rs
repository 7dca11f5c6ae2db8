//! What the map says.

use retort_spec::{Channel, Contrast, LabelAccess, Labels, NetworkId, Shown, Supervision};

use crate::{
    context::AppContext,
    i18n::{
        format::{bytes, number, percent, temperature},
        labels::{network_name, taught_by},
    },
    panels::map::model::{Layout, Node, Part, Say, Size, label_weight},
};

/// What stands in a node: its name, a large number, and what stands beside that.
pub struct Content {
    pub name: String,
    pub number: String,
    pub beside: String,
}

/// How wide a text is, about: what does not fit is not written. Letters of Chinese are as wide as the type is high.
pub fn width(text: &str, size: f64) -> f64 {
    /// The page's type in its medium weight.
    const LATIN: f64 = 0.58;
    text.chars().map(|letter| if letter.is_ascii() { LATIN * size } else { size }).sum()
}

/// What stands in a node.
pub fn content(page: &AppContext, map: &Layout, node: &Node) -> Content {
    let (texts, state) = (&page.texts, &page.state);
    let share = |share: Option<f64>| share.map_or_else(|| "–".into(), |share| percent(texts, share));
    match node.part {
        Part::Data => {
            let data = state.experiment.data;
            let name = texts.get(&format!("data-{data}"));
            let name = if width(&name, 13.0) < node.area.width - 18.0 { name } else { texts.get("data") };
            let count = state.data.as_ref().filter(|summary| summary.data == data).map(|summary| summary.train);
            let number = count.map_or_else(|| "–".into(), |count| number(texts, count.into(), 0));
            Content { name, number, beside: String::new() }
        }
        Part::Network(id) => {
            let (accuracy, spread) = state.accuracy(id);
            let beside = spread.map_or_else(String::new, |spread| format!("± {}", percent(texts, spread.deviation)));
            // In a group on a phone the colour says whose number it is.
            let is_tight = node.size == Size::Tiny && node.area.width < 60.0;
            let name = if is_tight { (u32::from(id.index) + 1).to_string() } else { page.short_name(id) };
            Content { name, number: share(accuracy), beside }
        }
        // The sizes of its files are measured when they are asked for.
        Part::Packed if state.experiment.data.is_of_sequences() => {
            Content { name: texts.get("map-packed"), number: "→".into(), beside: texts.get("tab-shrink") }
        }
        Part::Packed => {
            let shown = state.shown().map(|(file, _)| file);
            let length = shown.map_or_else(String::new, |file| bytes(texts, file.bytes.into()));
            // It is one network's file, beside means over the seeds.
            let several = has_several_runs(page);
            // A small node has no room for the seed, which stands below it.
            let is_said = several && !map.says_seed();
            let name = texts.get(if is_said { "map-packed-first" } else { "map-packed" });
            Content { name, number: share(shown.map(|file| file.accuracy)), beside: length }
        }
    }
}

/// Whether numbers beside the packed file's are means over several seeds.
fn has_several_runs(page: &AppContext) -> bool {
    page.state.verdict.as_ref().is_some_and(|verdict| verdict.runs() > 1)
}

/// What is said in a place; where it has two parts the second is of less weight. Empty where nothing is to be said.
pub fn said(page: &AppContext, say: Say) -> [String; 2] {
    let (texts, state) = (&page.texts, &page.state);
    let (plan, experiment) = (&state.plan, &state.experiment);
    let lesson = |id: NetworkId| plan.supervision(id).map(|(_, lesson)| lesson);
    let product = lesson(plan.product);
    let is_extra = product.is_some_and(|lesson| lesson.channel == Channel::Extra);
    let votes = product.is_some_and(|lesson| matches!(lesson.channel, Channel::Votes(_) | Channel::Pictures));
    let times = |weight: f64| {
        let digits = if (10.0 * weight - (10.0 * weight).round()).abs() < 1e-6 { 1 } else { 2 };
        ["× ", &number(texts, weight, digits)].concat()
    };
    let degree = || ["T = ", &temperature(texts, state.temperature())].concat();
    let one = |text: String| [text, String::new()];
    match say {
        Say::Labels(id) => one(plan.lesson(id).map_or_else(String::new, |lesson| labels(page, id, lesson))),
        Say::LabelWeight => {
            let weight = product.filter(|lesson| !lesson.teachers.is_empty());
            let weight = weight.and_then(|lesson| label_weight(experiment, lesson)).filter(|weight| *weight < 1.0);
            one(weight.map_or_else(String::new, times))
        }
        Say::Soft if is_extra => one(texts.get("map-extra")),
        Say::Transfer if product.is_some_and(|lesson| lesson.channel == Channel::Old) => one(texts.get("map-old")),
        Say::Transfer if product.is_some_and(|lesson| lesson.shown != Shown::Examples) => {
            one(network_name(texts, plan, plan.product))
        }
        Say::Soft if product.is_some_and(|lesson| lesson.channel == Channel::Pictures) => {
            one(texts.get("map-pictures"))
        }
        Say::Soft if votes => one(texts.get("map-votes")),
        Say::Soft => [degree(), times(experiment.soft_weight)],
        Say::Temperature | Say::SoftWeight if is_extra || votes => one(String::new()),
        Say::Temperature => one(degree()),
        Say::SoftWeight => one(times(experiment.soft_weight)),
        Say::Transfer if votes => one(product.map_or_else(String::new, |lesson| labels(page, plan.product, lesson))),
        Say::Transfer => one(texts.get(&format!("transfer-{}", experiment.transfer))),
        Say::Twins if matches!(plan.contrast, Contrast::OtherStart | Contrast::FreshStart) => one(String::new()),
        Say::Twins => one(texts.get("map-twins")),
        Say::Bits => one(texts.get(&format!("bits-{}", experiment.bits))),
        Say::Seed if has_several_runs(page) && !experiment.data.is_of_sequences() => one(texts.get("map-first-seed")),
        Say::Seed => one(String::new()),
    }
}

/// How many labels a network sees.
fn labels(page: &AppContext, learner: NetworkId, lesson: &Supervision) -> String {
    let (texts, state) = (&page.texts, &page.state);
    let Some(data) = state.data.as_ref().filter(|data| data.data == state.experiment.data) else {
        return String::new();
    };
    let (count, id) = match lesson.labels {
        LabelAccess::Revealed => (data.labelled, "map-labels"),
        LabelAccess::Apart { labels, of, .. } => (labels.min(data.train / u32::from(of)), "map-labels-each"),
        LabelAccess::Private { queries, of, .. } => {
            (data.train.saturating_sub(queries) / u32::from(of), "map-labels-each")
        }
        LabelAccess::Elsewhere(_) => return texts.get("transfer-other"),
        LabelAccess::Queries(queries) => (queries.min(data.train / 2), "map-queries"),
        LabelAccess::Some(labels)
        | LabelAccess::Special { labels, .. }
        | LabelAccess::Task { labels, .. }
        | LabelAccess::Blind { labels, .. } => {
            let count = if let Labels::Count(count) = labels { count.min(data.train) } else { data.train };
            (count, "map-labels")
        }
    };
    // The engine has counted them: a half of the classes, or all but two, are not known here.
    let place = data.networks.iter().position(|network| *network == learner);
    let count = place.and_then(|place| data.sees.get(place)).copied().unwrap_or(count);
    texts.with(id, &[("count", number(texts, count.into(), 0).into())])
}

/// The map in words: each network, and who teaches it.
pub fn summary(page: &AppContext) -> String {
    let (texts, plan) = (&page.texts, &page.state.plan);
    let network = |id: NetworkId| {
        let (name, taught) = (network_name(texts, plan, id), taught_by(texts, plan, id));
        texts.with("map-network", &[("network", name.into()), ("taught", taught.into())])
    };
    let networks: Vec<String> = plan.ids().map(network).collect();
    texts.with("map-summary", &[("networks", networks.concat().into())])
}

/// What a node is, for those who point at it: of the control, in what it differs from the product.
pub fn about(page: &AppContext, part: Part) -> String {
    let (texts, plan) = (&page.texts, &page.state.plan);
    match part {
        Part::Network(id) if id == plan.control => {
            let contrast = texts.get(&format!("contrast-{}", plan.contrast));
            texts.with("control-is", &[("contrast", contrast.into())])
        }
        Part::Network(id) => taught_by(texts, plan, id),
        _ => String::new(),
    }
}
