//! A pipeline: what is done to a trained student, one stage after the other, to make it small.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    number::read_number,
    quant_scheme::QuantScheme,
    values::{Bits, ParseError, as_text},
};

/// What pruning removes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sparsity {
    /// The smallest weights of each layer (Han et al. 2015, section 3.1).
    Unstructured,
    /// The hidden units or channels with the smallest weights: the matrices become smaller (Li et al. 2017, section
    /// 3.1).
    Structured,
}

/// How low-rank factors are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Rank {
    /// So many singular values.
    Count(u32),
    /// As many as keep this share of the squared singular values.
    Energy(f64),
}

/// Whether the teacher helps while a compressed network trains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SupervisedBy {
    /// As in the experiment: its soft targets beside the labels, temperature and weight as the knobs say.
    Teacher,
    /// Labels alone.
    Labels,
}

/// Where quantization-aware training begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StartFrom {
    /// From the trained student (scheme C of Mishra & Marr 2018).
    Student,
    /// From the student's initial weights, taught by the finished teacher (their scheme B); a residual network without
    /// batch normalization, which is folded in a compressed one.
    Fresh,
    /// From the initial weights of both, the teacher learning beside its student (their scheme A).
    Joint,
}

/// How quantization-aware training finds the scales.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScaleSource {
    /// From the weights, anew in every step; gradients pass straight through (Bengio et al. 2013; Jacob et al. 2018).
    Measured,
    /// Learned beside the weights (Esser et al. 2020); where codes have a zero point, at 1 bit and in ternary codes
    /// they are measured all the same.
    Learned,
}

/// One stage.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum CompressionStep {
    /// Removes this share of weights or units at once: `prune:0.9`, `prune:0.5:units`.
    Prune {
        /// Share that is removed, 0 to 1.
        sparsity: f64,
        /// What is removed.
        structure: Sparsity,
    },
    /// Removes weights little by little while it trains, along a cubic schedule (Zhu & Gupta 2017, eq. 1):
    /// `gradual:0.8:5`.
    Gradual {
        /// Share of the weights that is gone at the end.
        sparsity: f64,
        /// For how long.
        epochs: u32,
        /// Taught by whom.
        supervised_by: SupervisedBy,
    },
    /// Trains on: what is removed stays removed, what is shared stays shared: `finetune:5`, `finetune:5:labels`.
    FineTune {
        /// For how long.
        epochs: u32,
        /// Taught by whom.
        supervised_by: SupervisedBy,
    },
    /// Quantizes after training: `quantize:4:tensor`.
    Quantize(QuantScheme),
    /// Trains with quantized weights: `qat:2:10`, `qat:1:10:lsq:labels`.
    QuantizationAware {
        /// What the weights are quantized to. Its range, rounding and repair make no difference: scales are those of
        /// the extremes (means at 1 bit and in ternary codes) or learned, codes the nearest, and static ranges of the
        /// numbers between the layers are followed in training.
        scheme: QuantScheme,
        /// For how long.
        epochs: u32,
        /// Where the scales come from.
        scales: ScaleSource,
        /// Where it begins.
        start: StartFrom,
        /// Taught by whom.
        supervised_by: SupervisedBy,
    },
    /// Replaces matrices by products of two thinner ones (truncated singular value decomposition): `low-rank:8`,
    /// `low-rank:0.95`.
    LowRank(Rank),
    /// Lets the weights of a layer share 2^bits values (k-means, linear initialization; Han et al. 2016, section 3):
    /// `share:5`.
    Share {
        /// Bits of an index.
        bits: u32,
    },
    /// Writes what remains with codes as long as they are rare (Han et al. 2016, section 4): `huffman`.
    Huffman,
}

impl CompressionStep {
    /// The longest training of a stage.
    pub const MAX_EPOCHS: u32 = 200;
    /// The widest index of shared weights.
    pub const MAX_SHARED_BITS: u32 = 8;

    /// The word it begins with.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Prune { .. } => "prune",
            Self::Gradual { .. } => "gradual",
            Self::FineTune { .. } => "finetune",
            Self::Quantize(_) => "quantize",
            Self::QuantizationAware { .. } => "qat",
            Self::LowRank(_) => "low-rank",
            Self::Share { .. } => "share",
            Self::Huffman => "huffman",
        }
    }

    /// Epochs it trains for.
    pub fn epochs(&self) -> u32 {
        match *self {
            Self::Gradual { epochs, .. } | Self::FineTune { epochs, .. } | Self::QuantizationAware { epochs, .. } => {
                epochs
            }
            _ => 0,
        }
    }
}

/// The words that begin a stage, in the order of the menu.
pub const COMPRESSION_STEPS: &[&str] =
    &["prune", "gradual", "finetune", "quantize", "qat", "low-rank", "share", "huffman"];

/// Stages in order; none for no pipeline.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pipeline(pub Vec<CompressionStep>);

/// Why stages make no sense in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum PipelineError {
    /// After Huffman coding there is nothing left to change.
    #[error("huffman comes last: what is written cannot be changed any more")]
    AfterHuffman,
    /// Huffman coding of floating point gains nothing.
    #[error("huffman needs codes: quantize or share first")]
    HuffmanOfFloats,
    /// Training or pruning would change weights that are codes by now.
    #[error("quantized weights cannot be changed any more: train or prune before, or use qat")]
    AfterQuantize,
    /// Shared weights are codes already.
    #[error("shared weights are codes already: quantize or share, not both")]
    SharedAndQuantized,
    /// A singular value decomposition fills up what was pruned, breaks up what is shared, and is done once.
    #[error("low-rank keeps neither zeros nor shared values: put it before prune and share, and only once")]
    PrunedBeforeLowRank,
    /// Units of factors are no units of the network.
    #[error("units can only be pruned before low-rank")]
    UnitsOfFactors,
    /// A network that begins anew forgets what was done to it.
    #[error("a network that begins anew forgets what was done before: put it first")]
    BeginsAnew,
    /// Pruning would break up what is shared.
    #[error("prune before share: shared weights move together")]
    PrunedAfterShare,
    /// More stages than anyone can follow.
    #[error("at most {} stages", Pipeline::MAX_STAGES)]
    TooMany,
}

impl PipelineError {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::AfterHuffman,
        Self::HuffmanOfFloats,
        Self::AfterQuantize,
        Self::SharedAndQuantized,
        Self::PrunedBeforeLowRank,
        Self::UnitsOfFactors,
        Self::BeginsAnew,
        Self::PrunedAfterShare,
        Self::TooMany,
    ];

    /// The word that names it in messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::AfterHuffman => "after-huffman",
            Self::HuffmanOfFloats => "huffman-of-floats",
            Self::AfterQuantize => "after-quantize",
            Self::SharedAndQuantized => "shared-and-quantized",
            Self::PrunedBeforeLowRank => "pruned-before-low-rank",
            Self::UnitsOfFactors => "units-of-factors",
            Self::BeginsAnew => "begins-anew",
            Self::PrunedAfterShare => "pruned-after-share",
            Self::TooMany => "too-many",
        }
    }
}

impl Pipeline {
    /// More stages than this nobody follows.
    pub const MAX_STAGES: usize = 12;

    /// Whether the stages make sense one after the other.
    ///
    /// # Errors
    /// The first stage that does not, by its place, and why.
    pub fn check(&self) -> Result<(), (usize, PipelineError)> {
        let [mut pruned, mut factored, mut shared, mut quantized, mut written] = [false; 5];
        for (place, step) in self.0.iter().enumerate() {
            let wrong = |error| Err((place, error));
            if place >= Self::MAX_STAGES {
                return wrong(PipelineError::TooMany);
            }
            if written {
                return wrong(PipelineError::AfterHuffman);
            }
            let is_huffman = *step == CompressionStep::Huffman;
            if shared
                && matches!(
                    step,
                    CompressionStep::Quantize(_)
                        | CompressionStep::QuantizationAware { .. }
                        | CompressionStep::Share { .. }
                )
                || quantized && matches!(step, CompressionStep::Share { .. })
            {
                return wrong(PipelineError::SharedAndQuantized);
            }
            if quantized && !is_huffman {
                return wrong(PipelineError::AfterQuantize);
            }
            match *step {
                CompressionStep::Prune { .. } | CompressionStep::Gradual { .. } if shared => {
                    return wrong(PipelineError::PrunedAfterShare);
                }
                CompressionStep::Prune { structure: Sparsity::Structured, .. } => {
                    if factored {
                        return wrong(PipelineError::UnitsOfFactors);
                    }
                }
                CompressionStep::Prune { .. } | CompressionStep::Gradual { .. } => pruned = true,
                CompressionStep::LowRank(_) if pruned || shared || factored => {
                    return wrong(PipelineError::PrunedBeforeLowRank);
                }
                CompressionStep::LowRank(_) => factored = true,
                CompressionStep::Share { .. } => shared = true,
                CompressionStep::Quantize(_) => quantized = true,
                CompressionStep::QuantizationAware { start, .. } => {
                    if place > 0 && start != StartFrom::Student {
                        return wrong(PipelineError::BeginsAnew);
                    }
                    quantized = true;
                }
                CompressionStep::Huffman if !(shared || quantized) => return wrong(PipelineError::HuffmanOfFloats),
                CompressionStep::Huffman => written = true,
                CompressionStep::FineTune { .. } => {}
            }
        }
        Ok(())
    }
}

as_text!(Pipeline { 0: steps });

impl fmt::Display for CompressionStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        let supervised_by = |f: &mut fmt::Formatter<'_>, supervised_by: SupervisedBy| match supervised_by {
            SupervisedBy::Teacher => Ok(()),
            SupervisedBy::Labels => f.write_str(":labels"),
        };
        match *self {
            Self::Prune { sparsity, structure } => {
                write!(f, ":{sparsity}")?;
                if structure == Sparsity::Structured { f.write_str(":units") } else { Ok(()) }
            }
            Self::Gradual { sparsity, epochs, supervised_by: by } => {
                write!(f, ":{sparsity}:{epochs}")?;
                supervised_by(f, by)
            }
            Self::FineTune { epochs, supervised_by: by } => {
                write!(f, ":{epochs}")?;
                supervised_by(f, by)
            }
            Self::Quantize(scheme) => write!(f, ":{scheme}"),
            Self::QuantizationAware { scheme, epochs, scales, start, supervised_by: by } => {
                // The epochs stand right behind the format.
                let text = scheme.to_string();
                let (bits, words) = text.split_once(':').map_or((text.as_str(), None), |(b, w)| (b, Some(w)));
                write!(f, ":{bits}:{epochs}")?;
                words.map_or(Ok(()), |words| write!(f, ":{words}"))?;
                if scales == ScaleSource::Learned {
                    f.write_str(":lsq")?;
                }
                match start {
                    StartFrom::Student => {}
                    StartFrom::Fresh => f.write_str(":fresh")?,
                    StartFrom::Joint => f.write_str(":joint")?,
                }
                supervised_by(f, by)
            }
            Self::LowRank(Rank::Count(count)) => write!(f, ":{count}"),
            Self::LowRank(Rank::Energy(energy)) => write!(f, ":{energy}"),
            Self::Share { bits } => write!(f, ":{bits}"),
            Self::Huffman => Ok(()),
        }
    }
}

impl FromStr for CompressionStep {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let (word, rest) = text.split_once(':').unwrap_or((text, ""));
        let mut words = rest.split(':').filter(|_| !rest.is_empty());
        let mut next = || words.next().ok_or(ParseError);
        let share = |text: &str| {
            let share = read_number(text).filter(|share| *share > 0.0 && *share < 1.0);
            share.ok_or(ParseError)
        };
        let whole = |text: &str, most: u32| {
            text.parse::<u32>().ok().filter(|number| (1..=most).contains(number)).ok_or(ParseError)
        };
        let epochs = |text: &str| whole(text, Self::MAX_EPOCHS);
        let step = match word {
            "prune" => {
                let sparsity = share(next()?)?;
                let structure = match words.next() {
                    None => Sparsity::Unstructured,
                    Some("units") => Sparsity::Structured,
                    Some(_) => return Err(ParseError),
                };
                Self::Prune { sparsity, structure }
            }
            "gradual" => Self::Gradual {
                sparsity: share(next()?)?,
                epochs: epochs(next()?)?,
                supervised_by: supervised_by(words.next())?,
            },
            "finetune" => Self::FineTune { epochs: epochs(next()?)?, supervised_by: supervised_by(words.next())? },
            "quantize" => return rest.parse().map(Self::Quantize),
            "qat" => {
                let bits: Bits = next()?.parse()?;
                if !bits.is_integer() {
                    return Err(ParseError);
                }
                let (mut scheme, epochs) = (QuantScheme::of(bits), epochs(next()?)?);
                let (mut scales, mut start, mut by) =
                    (ScaleSource::Measured, StartFrom::Student, SupervisedBy::Teacher);
                for word in words.by_ref() {
                    match word {
                        "lsq" => scales = ScaleSource::Learned,
                        "fresh" => start = StartFrom::Fresh,
                        "joint" => start = StartFrom::Joint,
                        "labels" => by = SupervisedBy::Labels,
                        word => scheme.take(word)?,
                    }
                }
                Self::QuantizationAware { scheme, epochs, scales, start, supervised_by: by }
            }
            "low-rank" => {
                let text = next()?;
                match share(text) {
                    Ok(energy) => Self::LowRank(Rank::Energy(energy)),
                    Err(_) => Self::LowRank(Rank::Count(whole(text, 2048)?)),
                }
            }
            "share" => Self::Share { bits: whole(next()?, Self::MAX_SHARED_BITS)? },
            "huffman" => Self::Huffman,
            _ => return Err(ParseError),
        };
        match words.next() {
            None => Ok(step),
            Some(_) => Err(ParseError),
        }
    }
}

fn supervised_by(word: Option<&str>) -> Result<SupervisedBy, ParseError> {
    match word {
        None => Ok(SupervisedBy::Teacher),
        Some("labels") => Ok(SupervisedBy::Labels),
        Some(_) => Err(ParseError),
    }
}

impl fmt::Display for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        for (place, step) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str(",")?;
            }
            step.fmt(f)?;
        }
        Ok(())
    }
}

impl FromStr for Pipeline {
    type Err = ParseError;
    /// Reads the stages; whether they make sense in that order is another question, [`Pipeline::check`].
    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text {
            "" | "none" => Ok(Self::default()),
            _ => text.split(',').map(|stage| stage.trim().parse()).collect::<Result<_, _>>().map(Self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipelines_are_read_and_written() {
        let texts = [
            "none",
            "prune:0.9,finetune:5,quantize:4",
            "prune:0.5:units,gradual:0.8:5:labels,share:5,finetune:2,huffman",
            "qat:2:10:tensor:lsq:fresh:labels,huffman",
            "low-rank:8,finetune:3:labels,quantize:8:group-16:affine",
            "low-rank:0.95",
        ];
        for text in texts {
            let pipeline: Pipeline = text.parse().unwrap();
            assert_eq!(pipeline.to_string(), text);
            assert_eq!(pipeline.check(), Ok(()), "{text}");
        }
        let bad = [
            "prune",
            "prune:1",
            "prune:-0.1",
            "prune:NaN",
            "finetune:0",
            "finetune:1000",
            "share:9",
            "huffman:1",
            "qat:16:5",
            "qat:4",
            "quantize",
            "quantize:5",
            "prune:0.5,,huffman",
            "shrink:1",
            "gradual:0.5:3:nobody",
        ];
        for text in bad {
            assert!(text.parse::<Pipeline>().is_err(), "{text}");
        }
    }

    #[test]
    fn every_word_of_the_menu_begins_a_stage() {
        let stages =
            ["prune:0.5", "gradual:0.5:1", "finetune:1", "quantize:8", "qat:4:1", "low-rank:2", "share:4", "huffman"];
        let words: Vec<&str> = stages.iter().map(|stage| stage.parse::<CompressionStep>().unwrap().word()).collect();
        assert_eq!(words, COMPRESSION_STEPS);
    }

    #[test]
    fn what_makes_no_sense_is_refused_where_it_stands() {
        let refused = |text: &str| text.parse::<Pipeline>().unwrap().check().unwrap_err();
        assert_eq!(refused("quantize:4,finetune:5"), (1, PipelineError::AfterQuantize));
        assert_eq!(refused("quantize:4,prune:0.5"), (1, PipelineError::AfterQuantize));
        assert_eq!(refused("prune:0.5,huffman"), (1, PipelineError::HuffmanOfFloats));
        assert_eq!(refused("share:5,huffman,finetune:1"), (2, PipelineError::AfterHuffman));
        assert_eq!(refused("share:5,quantize:4"), (1, PipelineError::SharedAndQuantized));
        assert_eq!(refused("quantize:4,share:4"), (1, PipelineError::SharedAndQuantized));
        assert_eq!(refused("prune:0.5,low-rank:4"), (1, PipelineError::PrunedBeforeLowRank));
        assert_eq!(refused("low-rank:4,prune:0.5:units"), (1, PipelineError::UnitsOfFactors));
        assert_eq!(refused("finetune:1,qat:2:5:fresh"), (1, PipelineError::BeginsAnew));
        assert_eq!(refused("share:5,prune:0.5"), (1, PipelineError::PrunedAfterShare));
        assert!(matches!(refused(&vec!["finetune:1"; 13].join(",")), (12, PipelineError::TooMany)));
    }
}
