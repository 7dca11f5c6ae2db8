//! Networks: their kinds and widths.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{Form, ParseError, read_list, words, write_list};

words! {
    /// The kinds of network; the engine builds each in a file of its own.
    NetworkKind {
        /// A multilayer perceptron with ReLU.
        Mlp = "mlp",
        /// Convolutions with ReLU, each followed by max pooling (LeCun et al. 1998, section 2.B).
        Conv = "conv",
        /// Residual blocks with batch normalization (He et al. 2016, section 3).
        Residual = "residual",
        /// Convolutions of which each behind the first is one of every channel alone and one of every place alone, with
        /// ReLU, each followed by max pooling (Howard et al. 2017, section 3.1).
        Separable = "separable",
        /// A Transformer with layer norm before attention (Xiong et al. 2020, figure 1b).
        Transformer = "transformer",
        /// A long short-term memory (Hochreiter & Schmidhuber 1997).
        Lstm = "lstm",
    }
}

impl NetworkKind {
    /// Whether such a network reads examples of this form.
    pub fn reads(self, form: Form) -> bool {
        match form {
            Form::Point | Form::Row => self == Self::Mlp,
            Form::Image { .. } => matches!(self, Self::Mlp | Self::Conv | Self::Residual | Self::Separable),
            Form::Text => matches!(self, Self::Transformer | Self::Lstm),
        }
    }
}

/// A network's shape: the name of its kind and the widths of its hidden layers, channels or blocks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Architecture {
    /// The kind of network.
    pub kind: NetworkKind,
    /// From the input on: the widths of the hidden layers of a perceptron, empty for a linear classifier; the channels
    /// of each convolution, or of each residual block; a Transformer's width and its number of blocks; the width of
    /// an LSTM's embedding and its cells in each direction.
    pub widths: Vec<u32>,
}

impl Architecture {
    /// A wider layer than this helps no experiment here and exhausts a small laptop.
    pub const MAX_WIDTH: u32 = 2048;
    /// More channels than this take minutes on a small laptop.
    pub const MAX_CHANNELS: u32 = 64;
    /// Attention heads of a Transformer, each as wide as the others.
    pub const HEADS: u32 = 4;
    /// A wider sequence network than this takes minutes.
    pub const MAX_CELLS: u32 = 256;
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

    /// The side of the window of a plain convolution on images of this side: LeNet's 5, and 3 where that would cover
    /// most of the image.
    pub fn window(side: usize) -> usize {
        if side >= 16 { 5 } else { 3 }
    }
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
            NetworkKind::Conv | NetworkKind::Residual | NetworkKind::Separable => (1, Self::MAX_CHANNELS),
            NetworkKind::Transformer | NetworkKind::Lstm => (2, Self::MAX_CELLS),
        };
        let in_range = widths.iter().all(|width| (1..=most).contains(width));
        let fits = match kind {
            NetworkKind::Transformer => {
                matches!(widths[..], [width, blocks] if width % Self::HEADS == 0 && blocks as usize <= Self::MAX_LAYERS)
            }
            NetworkKind::Lstm => widths.len() == 2,
            _ => (least..=Self::MAX_LAYERS).contains(&widths.len()),
        };
        match in_range && fits {
            true => Ok(Self { kind, widths }),
            false => Err(ParseError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn architectures_are_read_and_written() {
        for text in ["16", "128,128", "linear", "conv:8,16", "residual:8,16,16", "separable:8,16"]
            .into_iter()
            .chain(["transformer:32,2", "lstm:12,16"])
        {
            assert_eq!(text.parse::<Architecture>().unwrap().to_string(), text);
        }
        assert_eq!("mlp:16".parse::<Architecture>().unwrap().to_string(), "16");
        for bad in ["", "0", "16,", "-1", "4096", "1,1,1,1,1,1,1", "unknown:16", "NaN", "conv:linear", "conv:65"]
            .into_iter()
            .chain(["transformer:32", "transformer:30,2", "transformer:32,7", "lstm:16", "lstm:1,2,3", "lstm:0,8"])
        {
            assert!(bad.parse::<Architecture>().is_err(), "{bad}");
        }
    }
}
