//! The types of the knobs' values, each read from and written to the text that stands in a permalink.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A text that is not a value of the type asked for. The knob's [`Kind`](crate::Kind) says what would be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a value of this kind")]
pub struct ParseError;

/// Declares an enum whose variants are the words of a permalink.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// The words, in the order of the menu.
            pub const WORDS: &'static [&'static str] = &[$($word),+];
            /// The values, in the order of the menu.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The word that stands for this value in a permalink.
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::ParseError;
            fn from_str(text: &str) -> Result<Self, $crate::ParseError> {
                let place = Self::WORDS.iter().position(|word| *word == text);
                place.map(|place| Self::ALL[place]).ok_or($crate::ParseError)
            }
        }

        // In messages, too, the word stands for the value. What serde derives would read the same from a kilobyte of
        // code for each of these enums.
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.word())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <String as serde::Deserialize>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(crate) use words;

/// In messages the text stands for the value.
macro_rules! as_text {
    ($name:ty) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.to_string())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <String as serde::Deserialize>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(crate) use as_text;

words! {
    /// Where the examples come from.
    DataSet {
        /// 1,797 handwritten digits of 8×8 pixels, in the page itself (UCI, CC BY 4.0).
        Digits8 = "digits8",
        /// Digits of 28×28 pixels drawn by procedure.
        Strokes = "strokes",
        /// Intertwined spirals in the plane.
        Spirals = "spirals",
        /// Two interleaved half circles in the plane.
        Moons = "moons",
        /// Concentric rings in the plane.
        Rings = "rings",
        /// Gaussian blobs in the plane.
        Blobs = "blobs",
        /// MNIST, from the visitor's files or from a URL.
        Mnist = "mnist",
        /// Fashion-MNIST, from the visitor's files or from a URL.
        Fashion = "fashion",
    }
}

impl DataSet {
    /// Whether the examples are points in the plane rather than images.
    pub fn is_plane(self) -> bool {
        matches!(self, Self::Spirals | Self::Moons | Self::Rings | Self::Blobs)
    }

    /// Whether the examples are read from IDX files.
    pub fn needs_files(self) -> bool {
        matches!(self, Self::Mnist | Self::Fashion)
    }

    /// Whether the examples are made by procedure, as many as asked for.
    pub fn is_generated(self) -> bool {
        self == Self::Strokes || self.is_plane()
    }
}

words! {
    /// The rule that turns gradients into steps.
    OptimizerKind {
        /// Stochastic gradient descent with momentum 0.9.
        Sgd = "sgd",
        /// Adam (Kingma & Ba 2015).
        Adam = "adam",
        /// Adam with decoupled weight decay (Loshchilov & Hutter 2019).
        AdamW = "adamw",
    }
}

words! {
    /// How the learning rate changes over a training.
    Schedule {
        /// The same from the first step to the last.
        Constant = "constant",
        /// Half a cosine from the full rate down to zero.
        Cosine = "cosine",
        /// A tenth after half of the steps, a hundredth after three quarters.
        Step = "step",
    }
}

words! {
    /// What the student is distilled on.
    Transfer {
        /// Only the labelled examples that the student may see.
        Labelled = "labelled",
        /// All training examples, their labels hidden.
        All = "all",
        /// Uniform noise, labelled by nobody but the teacher.
        Noise = "noise",
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

words! {
    /// Where the networks are trained.
    DeviceChoice {
        /// Whatever is faster for this experiment on this machine.
        Auto = "auto",
        /// The processor, with SIMD.
        Cpu = "cpu",
        /// The GPU, by WebGPU.
        Gpu = "gpu",
    }
}

words! {
    /// On or off.
    OnOff {
        /// On.
        On = "on",
        /// Off.
        Off = "off",
    }
}

impl OnOff {
    /// `true` for on.
    pub fn is_on(self) -> bool {
        self == Self::On
    }
}

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
    /// The kinds of network; the engine builds each in a file of its own.
    NetworkKind {
        /// A multilayer perceptron with ReLU.
        Mlp = "mlp",
        /// Convolutions with ReLU, each followed by max pooling (LeCun et al. 1998, section 2.B).
        Conv = "conv",
        /// Residual blocks with batch normalization (He et al. 2016, section 3).
        Residual = "residual",
    }
}

words! {
    /// Which stage of the networks a feature objective looks at.
    HintLayer {
        /// The one its authors chose: the middle for hints, the last for factors, every one for the others.
        Usual = "usual",
        /// The first one.
        First = "first",
        /// The one in the middle.
        Middle = "middle",
        /// The last one before the classifier.
        Last = "last",
    }
}

/// How many labelled examples the student may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Labels {
    /// As many as there are.
    All,
    /// This many, balanced by class.
    Count(u32),
}

impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Count(n) => n.fmt(f),
        }
    }
}

impl FromStr for Labels {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text {
            "all" => Ok(Self::All),
            _ => text.parse().map(Self::Count).map_err(|_| ParseError),
        }
    }
}

/// A set of classes, in rising order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Classes(Vec<u8>);

impl Classes {
    /// The set of these classes.
    pub fn new(classes: impl IntoIterator<Item = u8>) -> Self {
        let classes: Vec<u8> = classes.into_iter().collect();
        // Asking for each class in turn brings them into order without the kilobytes of a sort.
        Self((0..=u8::MAX).filter(|class| classes.contains(class)).collect())
    }

    /// Whether the class is in the set.
    pub fn contains(&self, class: u8) -> bool {
        self.0.contains(&class)
    }

    /// The classes in rising order.
    pub fn iter(&self) -> impl Iterator<Item = u8> + '_ {
        self.0.iter().copied()
    }

    /// How many classes are in the set.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no class is in the set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Classes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        write_list(f, &self.0)
    }
}

impl FromStr for Classes {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text {
            "" | "none" => Ok(Self::default()),
            _ => Ok(Self::new(read_list(text)?)),
        }
    }
}

/// A network's shape: the name of its kind and the widths of its hidden layers, channels or blocks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Architecture {
    /// The kind of network.
    pub kind: NetworkKind,
    /// From the input on: the widths of the hidden layers of a perceptron, empty for a linear classifier; the channels
    /// of each convolution, or of each residual block.
    pub widths: Vec<u32>,
}

impl Architecture {
    /// A wider layer than this helps no experiment here and exhausts a small laptop.
    pub const MAX_WIDTH: u32 = 2048;
    /// More channels than this take minutes on a small laptop.
    pub const MAX_CHANNELS: u32 = 64;
    /// More layers than this do not train without tricks that are not offered.
    pub const MAX_LAYERS: usize = 6;

    /// A multilayer perceptron of these hidden widths.
    pub fn mlp(widths: impl Into<Vec<u32>>) -> Self {
        Self { kind: NetworkKind::Mlp, widths: widths.into() }
    }

    /// A network of this kind and these widths.
    pub fn new(kind: NetworkKind, widths: impl Into<Vec<u32>>) -> Self {
        Self { kind, widths: widths.into() }
    }

    /// Its layers in the order of their files, each as the matrix by which it multiplies: `[inputs, outputs]`, the
    /// inputs of a convolution being its window's places times its input channels. Batch normalization is folded into
    /// them.
    pub fn layers(&self, inputs: usize, classes: usize) -> Vec<LayerShape> {
        let mut layers = Vec::new();
        let widths = self.widths.iter().map(|&width| width as usize);
        let mut side = inputs.isqrt();
        let mut dense = |inputs: usize, outputs: usize| layers.push(LayerShape { inputs, outputs, places: 1 });
        match self.kind {
            NetworkKind::Mlp => {
                let last = widths.fold(inputs, |before, width| {
                    dense(before, width);
                    width
                });
                dense(last, classes);
            }
            NetworkKind::Conv => {
                let window = Self::window(side);
                let mut channels = 1;
                for width in widths {
                    layers.push(LayerShape { inputs: window * window * channels, outputs: width, places: side * side });
                    channels = width;
                    side = (side / 2).max(1);
                }
                layers.push(LayerShape { inputs: side * side * channels, outputs: classes, places: 1 });
            }
            NetworkKind::Residual => {
                let mut convolution = |window: usize, channels: usize, outputs: usize, side: usize| {
                    layers.push(LayerShape { inputs: window * window * channels, outputs, places: side * side });
                };
                let mut channels = self.widths.first().map_or(1, |&width| width as usize);
                convolution(3, 1, channels, side);
                for width in widths {
                    if width != channels {
                        side = side.div_ceil(2);
                    }
                    convolution(3, channels, width, side);
                    convolution(3, width, width, side);
                    if width != channels {
                        convolution(1, channels, width, side);
                    }
                    channels = width;
                }
                layers.push(LayerShape { inputs: channels, outputs: classes, places: 1 });
            }
        }
        layers
    }

    /// The side of the window of a plain convolution on images of this side: LeNet's 5, and 3 where that would cover
    /// most of the image.
    pub fn window(side: usize) -> usize {
        if side >= 16 { 5 } else { 3 }
    }

    /// Parameters of the network between `inputs` and `classes`: weights and biases.
    pub fn parameter_count(&self, inputs: usize, classes: usize) -> usize {
        self.layers(inputs, classes).iter().map(|layer| (layer.inputs + 1) * layer.outputs).sum()
    }

    /// Multiply–adds of one example's way through the network.
    pub fn multiply_adds(&self, inputs: usize, classes: usize) -> usize {
        self.layers(inputs, classes).iter().map(|layer| layer.inputs * layer.outputs * layer.places).sum()
    }
}

/// A layer as the matrix by which it multiplies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerShape {
    /// Rows of the matrix.
    pub inputs: usize,
    /// Columns of the matrix.
    pub outputs: usize,
    /// How many places of an image it is multiplied with.
    pub places: usize,
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind != NetworkKind::Mlp {
            write!(f, "{}:", self.kind)?;
        }
        match self.widths.is_empty() {
            true => f.write_str("linear"),
            false => write_list(f, &self.widths),
        }
    }
}

impl FromStr for Architecture {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let (kind, widths) = match text.split_once(':') {
            Some((kind, widths)) => (kind.parse()?, widths),
            None => (NetworkKind::Mlp, text),
        };
        let widths: Vec<u32> = match widths {
            "linear" => Vec::new(),
            _ => read_list(widths)?,
        };
        let (least, most) = match kind {
            NetworkKind::Mlp => (0, Self::MAX_WIDTH),
            NetworkKind::Conv | NetworkKind::Residual => (1, Self::MAX_CHANNELS),
        };
        let in_range = widths.iter().all(|width| (1..=most).contains(width));
        match in_range && (least..=Self::MAX_LAYERS).contains(&widths.len()) {
            true => Ok(Self { kind, widths }),
            false => Err(ParseError),
        }
    }
}

fn write_list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, items: &[T]) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            f.write_str(",")?;
        }
        item.fmt(f)?;
    }
    Ok(())
}

fn read_list<T: FromStr>(text: &str) -> Result<Vec<T>, ParseError> {
    text.split(',').map(|item| item.trim().parse().map_err(|_| ParseError)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn architectures_are_read_and_written() {
        for text in ["16", "128,128", "linear", "conv:8,16", "residual:8,16,16"] {
            assert_eq!(text.parse::<Architecture>().unwrap().to_string(), text);
        }
        assert_eq!("mlp:16".parse::<Architecture>().unwrap().to_string(), "16");
        for bad in ["", "0", "16,", "-1", "4096", "1,1,1,1,1,1,1", "unknown:16", "NaN", "conv:linear", "conv:65"] {
            assert!(bad.parse::<Architecture>().is_err(), "{bad}");
        }
    }

    #[test]
    fn parameters_of_the_default_networks() {
        // By hand: 64·16 + 16 + 16·10 + 10, and 64·128 + 128 + 128·128 + 128 + 128·10 + 10.
        assert_eq!(Architecture::mlp([16]).parameter_count(64, 10), 1_210);
        assert_eq!(Architecture::mlp([128, 128]).parameter_count(64, 10), 26_122);
    }

    #[test]
    fn classes_are_a_set() {
        let classes: Classes = "7,3,7".parse().unwrap();
        assert_eq!(classes.to_string(), "3,7");
        assert!(classes.contains(3) && !classes.contains(8));
        assert!("".parse::<Classes>().unwrap().is_empty());
    }

    #[test]
    fn layers_by_hand() {
        let count = |text: &str, inputs| text.parse::<Architecture>().unwrap().parameter_count(inputs, 10);
        assert_eq!(count("16", 64), 64 * 16 + 16 + 16 * 10 + 10);
        // 28×28 → 5×5 convolution, pooled to 14 → again, pooled to 7.
        assert_eq!(count("conv:8,16", 784), 25 * 8 + 8 + 25 * 8 * 16 + 16 + 49 * 16 * 10 + 10);
        // Stem, a block of 8, a block of 16 with a projection, classifier.
        let blocks = (9 * 8 + 8) + 2 * (72 * 8 + 8) + (72 * 16 + 16) + (144 * 16 + 16) + (8 * 16 + 16);
        assert_eq!(count("residual:8,16", 64), blocks + 16 * 10 + 10);
        let conv: Architecture = "conv:8".parse().unwrap();
        assert_eq!(conv.multiply_adds(64, 10), 64 * 9 * 8 + 16 * 8 * 10);
    }
}
