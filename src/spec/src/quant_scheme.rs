//! How a network's numbers are written down: one scheme of quantization.

use std::{fmt, str::FromStr};

use crate::values::{Activations, Bits, Granularity, ParseError, PtqMethod, Range, Rounding, ZeroPoint, as_text};

/// A scheme of quantization. As a text: the format, then every other word that is not the default, in any order,
/// between colons (`4:tensor:affine:gptq`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QuantScheme {
    /// The format of a weight.
    pub bits: Bits,
    /// How many weights share a scale.
    pub granularity: Granularity,
    /// Whether the codes are centred on zero.
    pub zero_point: ZeroPoint,
    /// What decides the range.
    pub range: Range,
    /// How codes are rounded.
    pub rounding: Rounding,
    /// What mends the result.
    pub repair: PtqMethod,
    /// The numbers between the layers.
    pub activations: Activations,
}

impl QuantScheme {
    /// A format and all else as usual.
    pub fn of(bits: Bits) -> Self {
        Self {
            bits,
            granularity: Granularity::Channel,
            zero_point: ZeroPoint::Symmetric,
            range: Range::Auto,
            rounding: Rounding::Nearest,
            repair: PtqMethod::None,
            activations: Activations::Float,
        }
    }

    /// The same without what makes no difference to its format: schemes of equal results are equal.
    pub fn effective(self) -> Self {
        let plain = Self::of(self.bits);
        let mut scheme = self;
        if !self.bits.is_integer() {
            // The least that is written: nothing is scaled, rounded another way or repaired.
            return Self { activations: self.activations, ..plain };
        }
        if !self.bits.has_zero_point() {
            (scheme.zero_point, scheme.range, scheme.rounding) = (plain.zero_point, plain.range, plain.rounding);
            if matches!(self.repair, PtqMethod::AdaRound) {
                scheme.repair = PtqMethod::None;
            }
        }
        scheme
    }

    /// Takes one more word.
    ///
    /// # Errors
    /// If it is not a word of any part.
    pub fn take(&mut self, word: &str) -> Result<(), ParseError> {
        fn put<T: FromStr>(place: &mut T, word: &str) -> bool {
            word.parse().map(|value| *place = value).is_ok()
        }
        let taken = put(&mut self.granularity, word)
            || put(&mut self.zero_point, word)
            || put(&mut self.range, word)
            || put(&mut self.rounding, word)
            || put(&mut self.repair, word)
            || put(&mut self.activations, word);
        if taken { Ok(()) } else { Err(ParseError) }
    }
}

as_text!(QuantScheme {
    bits: bits,
    granularity: granularity,
    zero_point: zero_point,
    range: range,
    rounding: rounding,
    repair: repair,
    activations: activations
});

impl fmt::Display for QuantScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usual = Self::of(self.bits);
        f.write_str(self.bits.word())?;
        let words = [
            (self.granularity.word(), usual.granularity.word()),
            (self.zero_point.word(), usual.zero_point.word()),
            (self.range.word(), usual.range.word()),
            (self.rounding.word(), usual.rounding.word()),
            (self.repair.word(), usual.repair.word()),
            (self.activations.word(), usual.activations.word()),
        ];
        words.iter().filter(|(word, usual)| word != usual).try_for_each(|(word, _)| write!(f, ":{word}"))
    }
}

impl FromStr for QuantScheme {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut words = text.split(':');
        let mut scheme = Self::of(words.next().ok_or(ParseError)?.parse()?);
        words.try_for_each(|word| scheme.take(word))?;
        Ok(scheme)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_are_read_and_written() {
        for text in ["8", "bf16", "4:tensor:affine", "3:group-16:mse:stochastic:bias-correction:static-entropy"] {
            assert_eq!(text.parse::<QuantScheme>().unwrap().to_string(), text);
        }
        assert_eq!("4:gptq:tensor:symmetric".parse::<QuantScheme>().unwrap().to_string(), "4:tensor:gptq");
        for bad in ["", "5", "8:", "8:fine", "tensor"] {
            assert!(bad.parse::<QuantScheme>().is_err(), "{bad}");
        }
    }

    #[test]
    fn no_word_means_two_things() {
        let all = [
            Bits::WORDS,
            Granularity::WORDS,
            ZeroPoint::WORDS,
            Range::WORDS,
            Rounding::WORDS,
            PtqMethod::WORDS,
            Activations::WORDS,
        ]
        .concat();
        let mut once = all.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), all.len());
    }

    #[test]
    fn what_makes_no_difference_is_left_out() {
        let effective = |text: &str| text.parse::<QuantScheme>().unwrap().effective().to_string();
        assert_eq!(effective("16:tensor:affine:gptq:dynamic"), "16:dynamic");
        assert_eq!(effective("1:tensor:affine:mse:stochastic:bias-correction"), "1:tensor:bias-correction");
        assert_eq!(effective("4:affine"), "4:affine");
    }
}
