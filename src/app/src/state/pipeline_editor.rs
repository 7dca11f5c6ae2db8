//! The controls of a pipeline's stage: which there are, and what turning one makes of it. Pure.

use retort_spec::{
    Activations, Bits, CompressionStep, Granularity, Pipeline, PtqMethod, QuantScheme, Range, Rank, Rounding,
    ScaleSource, Sparsity, StartFrom, SupervisedBy, ZeroPoint,
};

/// The menus that belong to no knob: name, and words in order. The message of a word is `<name>-<word>`.
pub const MENUS: [(&str, &[&str]); 5] = [
    ("removed", &["weights", "units"]),
    ("taught", &["teacher", "labels"]),
    ("steps", &["measured", "lsq"]),
    ("begins", &["student", "fresh", "joint"]),
    ("rank-by", &["energy", "count"]),
];

/// A choice between words. No two menus of a stage have a word in common.
#[derive(Debug, PartialEq)]
pub struct Menu {
    /// Its name; of those that belong to a knob, the knob's key.
    pub name: &'static str,
    pub words: Vec<&'static str>,
    pub chosen: &'static str,
    /// Whether most visitors do without it.
    pub is_special: bool,
}

/// What a number of a stage means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Percentage that is removed.
    Sparsity,
    Epochs,
    /// Singular values that are kept.
    Rank,
    /// Percentage of the squared singular values that is kept.
    Energy,
    /// Bits of an index of shared weights.
    Indices,
}

impl Part {
    /// Its name in ids.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sparsity => "sparsity",
            Self::Epochs => "epochs",
            Self::Rank => "rank",
            Self::Energy => "energy",
            Self::Indices => "indices",
        }
    }

    /// The message that is its name.
    pub fn label(self) -> &'static str {
        match self {
            Self::Sparsity => "stage-part-sparsity",
            Self::Epochs => "stage-part-epochs",
            Self::Rank => "stage-part-rank",
            Self::Energy => "stage-part-energy",
            Self::Indices => "stage-part-indices",
        }
    }

    /// Its smallest and its largest value.
    pub fn range(self) -> (f64, f64) {
        match self {
            Self::Sparsity | Self::Energy => (0.1, 99.9),
            Self::Epochs => (1.0, CompressionStep::MAX_EPOCHS.into()),
            Self::Rank => (1.0, 2048.0),
            Self::Indices => (1.0, CompressionStep::MAX_SHARED_BITS.into()),
        }
    }

    /// Whether it is a percentage.
    pub fn is_share(self) -> bool {
        matches!(self, Self::Sparsity | Self::Energy)
    }
}

/// A share as a percentage of one decimal at most.
fn percentage(share: f64) -> f64 {
    (1000.0 * share).round() / 10.0
}

/// A stage of this kind as it is added.
pub fn usual(word: &str) -> Option<CompressionStep> {
    let text = match word {
        "prune" => "prune:0.8",
        "gradual" => "gradual:0.8:10",
        "finetune" => "finetune:5",
        "quantize" => "quantize:8",
        "qat" => "qat:2:10",
        "low-rank" => "low-rank:0.9",
        "share" => "share:5",
        word => word,
    };
    text.parse().ok()
}

/// Where a further stage makes sense, from the end on; at the end if it does nowhere.
pub fn place_for(stages: &[CompressionStep], added: CompressionStep) -> usize {
    let fits = |place: &usize| {
        let mut with = stages.to_vec();
        with.insert(*place, added);
        Pipeline(with).check().is_ok()
    };
    (0..=stages.len()).rev().find(fits).unwrap_or(stages.len())
}

/// The numbers of a stage.
pub fn numbers(treatment: &CompressionStep) -> Vec<(Part, f64)> {
    match *treatment {
        CompressionStep::Prune { sparsity, .. } => vec![(Part::Sparsity, percentage(sparsity))],
        CompressionStep::Gradual { sparsity, epochs, .. } => {
            vec![(Part::Sparsity, percentage(sparsity)), (Part::Epochs, epochs.into())]
        }
        CompressionStep::FineTune { epochs, .. } | CompressionStep::QuantizationAware { epochs, .. } => {
            vec![(Part::Epochs, epochs.into())]
        }
        CompressionStep::LowRank(Rank::Count(count)) => vec![(Part::Rank, count.into())],
        CompressionStep::LowRank(Rank::Energy(energy)) => vec![(Part::Energy, percentage(energy))],
        CompressionStep::Share { bits } => vec![(Part::Indices, bits.into())],
        CompressionStep::Quantize(_) | CompressionStep::Huffman => Vec::new(),
    }
}

/// The stage with another number, which is brought into its range.
pub fn with_number(mut treatment: CompressionStep, part: Part, value: f64) -> CompressionStep {
    let (least, most) = part.range();
    let value = value.clamp(least, most);
    let (share, whole) = ((10.0 * value).round() / 1000.0, value.round() as u32);
    match &mut treatment {
        CompressionStep::Gradual { epochs, .. }
        | CompressionStep::FineTune { epochs, .. }
        | CompressionStep::QuantizationAware { epochs, .. }
            if part == Part::Epochs =>
        {
            *epochs = whole;
        }
        CompressionStep::Prune { sparsity, .. } | CompressionStep::Gradual { sparsity, .. } => *sparsity = share,
        CompressionStep::LowRank(Rank::Count(count)) => *count = whole,
        CompressionStep::LowRank(Rank::Energy(energy)) => *energy = share,
        CompressionStep::Share { bits } => *bits = whole,
        _ => {}
    }
    treatment
}

/// The menus of a stage.
pub fn menus(treatment: &CompressionStep) -> Vec<Menu> {
    let own = |name: &str, chosen: usize| {
        let &(name, words) = MENUS.iter().find(|(of, _)| *of == name)?;
        Some(Menu { name, words: words.to_vec(), chosen: words[chosen], is_special: false })
    };
    let taught = |help: SupervisedBy| own("taught", usize::from(help == SupervisedBy::Labels));
    let found = match *treatment {
        CompressionStep::Prune { structure, .. } => {
            vec![own("removed", usize::from(structure == Sparsity::Structured))]
        }
        CompressionStep::Gradual { supervised_by, .. } | CompressionStep::FineTune { supervised_by, .. } => {
            vec![taught(supervised_by)]
        }
        CompressionStep::LowRank(rank) => vec![own("rank-by", usize::from(matches!(rank, Rank::Count(_))))],
        CompressionStep::Quantize(scheme) => return of_scheme(&scheme, Bits::ALL, true),
        CompressionStep::QuantizationAware { scheme, scales, start, supervised_by, .. } => {
            let integers: Vec<Bits> = Bits::ALL.iter().copied().filter(|bits| bits.is_integer()).collect();
            let mut menus = of_scheme(&scheme, &integers, false);
            let begins = match start {
                StartFrom::Student => 0,
                StartFrom::Fresh => 1,
                StartFrom::Joint => 2,
            };
            let own = [
                own("steps", usize::from(scales == ScaleSource::Learned)),
                own("begins", begins),
                taught(supervised_by),
            ];
            menus.extend(own.into_iter().flatten());
            return menus;
        }
        CompressionStep::Share { .. } | CompressionStep::Huffman => Vec::new(),
    };
    found.into_iter().flatten().collect()
}

/// The menus of a scheme, as far as they make a difference to its format. What is repaired or rounded another way is so
/// after training alone.
fn of_scheme(scheme: &QuantScheme, formats: &[Bits], is_after: bool) -> Vec<Menu> {
    let menu =
        |name, words: &[&'static str], chosen, is_special| Menu { name, words: words.to_vec(), chosen, is_special };
    let formats: Vec<&'static str> = formats.iter().map(|bits| bits.word()).collect();
    let mut menus = vec![menu("bits", &formats, scheme.bits.word(), false)];
    if scheme.bits.is_integer() {
        menus.push(menu("granularity", Granularity::WORDS, scheme.granularity.word(), false));
    }
    if scheme.bits.has_zero_point() {
        menus.push(menu("zero-point", ZeroPoint::WORDS, scheme.zero_point.word(), true));
        if is_after {
            menus.push(menu("range", Range::WORDS, scheme.range.word(), true));
            menus.push(menu("rounding", Rounding::WORDS, scheme.rounding.word(), true));
        }
    }
    if scheme.bits.is_integer() && is_after {
        menus.push(menu("repair", PtqMethod::WORDS, scheme.repair.word(), true));
    }
    menus.push(menu("activations", Activations::WORDS, scheme.activations.word(), true));
    menus
}

/// The stage with another word of one of its menus.
pub fn with_word(mut treatment: CompressionStep, word: &str) -> CompressionStep {
    match &mut treatment {
        CompressionStep::Prune { structure, .. } => {
            *structure = if word == "units" { Sparsity::Structured } else { Sparsity::Unstructured };
        }
        CompressionStep::Gradual { supervised_by, .. } | CompressionStep::FineTune { supervised_by, .. } => {
            *supervised_by = taught_by(word)
        }
        CompressionStep::LowRank(rank) => *rank = if word == "count" { Rank::Count(8) } else { Rank::Energy(0.9) },
        CompressionStep::Quantize(scheme) => take(scheme, word),
        CompressionStep::QuantizationAware { scheme, scales, start, supervised_by, .. } => match word {
            "measured" => *scales = ScaleSource::Measured,
            "lsq" => *scales = ScaleSource::Learned,
            "student" => *start = StartFrom::Student,
            "fresh" => *start = StartFrom::Fresh,
            "joint" => *start = StartFrom::Joint,
            "teacher" | "labels" => *supervised_by = taught_by(word),
            word => take(scheme, word),
        },
        CompressionStep::Share { .. } | CompressionStep::Huffman => {}
    }
    treatment
}

fn taught_by(word: &str) -> SupervisedBy {
    if word == "labels" { SupervisedBy::Labels } else { SupervisedBy::Teacher }
}

fn take(scheme: &mut QuantScheme, word: &str) {
    match word.parse() {
        Ok(bits) => scheme.bits = bits,
        // The menus have no other words.
        Err(_) => {
            let _ = scheme.take(word);
        }
    }
    *scheme = scheme.effective();
}

#[cfg(test)]
mod tests {
    use super::*;
    use retort_spec::COMPRESSION_STEPS;

    fn stage(text: &str) -> CompressionStep {
        text.parse().unwrap()
    }

    #[test]
    fn every_kind_of_stage_can_be_added() {
        for word in COMPRESSION_STEPS {
            assert_eq!(usual(word).unwrap().word(), *word);
        }
        assert_eq!(usual("shrink"), None);
    }

    #[test]
    fn every_word_of_a_menu_can_be_chosen_and_is_chosen_then() {
        for word in COMPRESSION_STEPS {
            let treatment = usual(word).unwrap();
            for menu in menus(&treatment) {
                assert!(menu.words.contains(&menu.chosen), "{word}: {}", menu.name);
                for &other in &menu.words {
                    let after = with_word(treatment, other);
                    let menus = menus(&after);
                    let again = menus.iter().find(|of| of.name == menu.name).unwrap();
                    assert_eq!(again.chosen, other, "{word}: {}", menu.name);
                    assert_eq!(after.to_string().parse(), Ok(after), "it can be written down");
                }
            }
        }
    }

    #[test]
    fn numbers_are_brought_into_their_range_and_can_be_written_down() {
        assert_eq!(with_number(stage("prune:0.9"), Part::Sparsity, 12.3), stage("prune:0.123"));
        assert_eq!(with_number(stage("gradual:0.9:5"), Part::Sparsity, 100.0), stage("gradual:0.999:5"));
        assert_eq!(with_number(stage("gradual:0.9:5"), Part::Epochs, 7.0), stage("gradual:0.9:7"));
        assert_eq!(with_number(stage("finetune:5"), Part::Epochs, 1e9), stage("finetune:200"));
        assert_eq!(with_number(stage("low-rank:8"), Part::Rank, 0.0), stage("low-rank:1"));
        assert_eq!(with_number(stage("share:5"), Part::Indices, 9.0), stage("share:8"));
        assert_eq!(numbers(&stage("gradual:0.07:5")), [(Part::Sparsity, 7.0), (Part::Epochs, 5.0)]);
    }

    #[test]
    fn what_is_added_goes_where_it_makes_sense() {
        let stages = |text: &str| text.parse::<Pipeline>().unwrap().0;
        assert_eq!(place_for(&stages("prune:0.9,share:5,huffman"), stage("finetune:5")), 2);
        assert_eq!(place_for(&stages("gradual:0.8:10,quantize:8"), stage("huffman")), 2);
        assert_eq!(place_for(&stages("prune:0.9"), stage("low-rank:0.9")), 0);
        assert_eq!(place_for(&stages("none"), stage("huffman")), 0, "it is said what is missing");
    }
}
