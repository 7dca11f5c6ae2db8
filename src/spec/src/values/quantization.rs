//! How weights and activations are quantized.

use super::words;

words! {
    /// The format of a stored weight.
    Bits {
        /// 32-bit floating point, as trained.
        B32 = "32",
        /// 16-bit floating point (IEEE 754 binary16).
        B16 = "16",
        /// The upper half of 32-bit floating point.
        Bf16 = "bf16",
        /// 8-bit integers.
        B8 = "8",
        /// 6-bit integers.
        B6 = "6",
        /// 4-bit integers.
        B4 = "4",
        /// 3-bit integers.
        B3 = "3",
        /// 2-bit integers; -1, 0 or 1 times the scale where they are symmetric.
        B2 = "2",
        /// -1, 0 or 1 times the scale, five to a byte; small weights are zero (Li et al. 2016).
        Ternary = "ternary",
        /// 1 bit: the sign times the scale.
        B1 = "1",
    }
}

impl Bits {
    /// The bits of a code as it is held; five ternary ones share a byte.
    pub fn width(self) -> u32 {
        match self {
            Self::B32 => 32,
            Self::B16 | Self::Bf16 => 16,
            Self::B8 => 8,
            Self::B6 => 6,
            Self::B4 => 4,
            Self::B3 => 3,
            Self::B2 | Self::Ternary => 2,
            Self::B1 => 1,
        }
    }

    /// Whether weights are stored as integers with a scale.
    pub fn is_integer(self) -> bool {
        self.width() <= 8
    }

    /// Whether the codes could have a zero point: floating point needs none, and with two or three levels there is no
    /// choice.
    pub fn has_zero_point(self) -> bool {
        matches!(self, Self::B8 | Self::B6 | Self::B4 | Self::B3 | Self::B2)
    }
}

words! {
    /// How many weights share a scale when they are quantized.
    Granularity {
        /// One scale for a whole weight matrix.
        Tensor = "tensor",
        /// One scale for each output unit.
        Channel = "channel",
        /// One scale for every 64 inputs of an output unit.
        Group64 = "group-64",
        /// One scale for every 32 inputs of an output unit.
        Group32 = "group-32",
        /// One scale for every 16 inputs of an output unit.
        Group16 = "group-16",
    }
}

impl Granularity {
    /// How many inputs of an output unit share a scale; `None` where all do.
    pub fn group(self) -> Option<usize> {
        match self {
            Self::Tensor | Self::Channel => None,
            Self::Group64 => Some(64),
            Self::Group32 => Some(32),
            Self::Group16 => Some(16),
        }
    }
}

words! {
    /// Whether the codes' range is centred on zero.
    ZeroPoint {
        /// Zero is code zero, and the range the same on both sides.
        Symmetric = "symmetric",
        /// Zero is any code, so that the range is that of the weights.
        Affine = "affine",
    }
}

words! {
    /// What decides the range of weights that codes cover.
    Range {
        /// Minimum and maximum at 6 bits and more, least squared error below.
        Auto = "auto",
        /// The least and the largest weight.
        MinMax = "min-max",
        /// All but one weight in a hundred thousand, which is all of them in a small layer.
        Percentile = "percentile",
        /// The range of least squared error.
        Mse = "mse",
        /// The range whose histogram loses least information (Kullback–Leibler divergence).
        Entropy = "entropy",
    }
}

words! {
    /// How a number between two codes becomes one.
    Rounding {
        /// The nearer one, and the even one halfway.
        Nearest = "nearest",
        /// The upper one with the probability of its nearness.
        Stochastic = "stochastic",
    }
}

words! {
    /// What mends a quantized network without training it.
    PtqMethod {
        /// Nothing.
        None = "none",
        /// The mean error of each output is taken from its bias (Nagel et al. 2019, section 4.2).
        BiasCorrection = "bias-correction",
        /// Ranges of neighbouring layers are evened out before (Nagel et al. 2019, section 4.1).
        Equalize = "equalize",
        /// Both.
        EqualizeAndCorrect = "equalize-and-correct",
        /// Each weight is rounded up or down as the layer's outputs ask (Nagel et al. 2020).
        AdaRound = "adaround",
        /// Each column's error is made up for by the columns after it (Frantar et al. 2023).
        Gptq = "gptq",
    }
}

words! {
    /// The numbers between the layers.
    Activations {
        /// 32-bit floating point.
        Float = "float",
        /// 8-bit integers, their range that of each batch.
        Dynamic = "dynamic",
        /// 8-bit integers between the extremes of the calibration examples.
        MinMax = "static-min-max",
        /// 8-bit integers between extremes that move by a hundredth towards each batch's.
        Average = "static-average",
        /// 8-bit integers that leave out one value in a hundred thousand.
        Percentile = "static-percentile",
        /// 8-bit integers of least squared error.
        Mse = "static-mse",
        /// 8-bit integers of least loss of information.
        Entropy = "static-entropy",
    }
}
