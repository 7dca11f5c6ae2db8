//! A network in whatever form its weights have: floating point, codes with scales, shared values, pruned, factored.

use retort_spec::{Bits, Granularity, NetworkKind, QuantScheme};

use crate::{Layer, network::shapes::is_depthwise, run::net};

/// A network that can be packed, and is what a packed file holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// The kind of network.
    pub kind: NetworkKind,
    /// Numbers of an example.
    pub features: usize,
    /// In the order of the network's files.
    pub layers: Vec<LayerModel>,
    /// The numbers between the layers.
    pub activations: Coding,
}

/// A layer of a [`Model`].
#[derive(Debug, Clone, PartialEq)]
pub struct LayerModel {
    /// `[outputs]`.
    pub bias: Vec<f32>,
    /// One matrix, `[inputs, outputs]`; or two whose product it is, `[inputs, rank]` and `[rank, outputs]`.
    pub factors: Vec<Matrix>,
}

/// A weight matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// Inputs.
    pub rows: usize,
    /// Outputs.
    pub columns: usize,
    /// `[rows, columns]`, row by row.
    pub values: Values,
    /// Which weights are there, `[rows, columns]`; the others are zero. `None` where nothing was pruned.
    pub mask: Option<Vec<bool>>,
}

/// A matrix's weights; what stands in places that are masked out means nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Floating point, every number one that the format (`B32`, `B16`, `Bf16`) can hold.
    Float {
        /// The format.
        bits: Bits,
        /// The weights.
        values: Vec<f32>,
    },
    /// Integer codes with scales.
    Codes(Codes),
    /// Places in a codebook.
    Shared {
        /// At most 256 values.
        codebook: Vec<f32>,
        /// One a weight.
        indices: Vec<u8>,
    },
}

/// Integer codes: a weight is `(code − zero point) · scale`.
#[derive(Debug, Clone, PartialEq)]
pub struct Codes {
    /// An integer format.
    pub bits: Bits,
    /// Which weights share a scale; see [`group_of`].
    pub granularity: Granularity,
    /// One a group.
    pub scales: Vec<f32>,
    /// One a group; empty where all are zero.
    pub zero_points: Vec<i32>,
    /// One a weight.
    pub codes: Vec<i32>,
}

/// How the numbers between layers are written.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Coding {
    /// 32-bit floating point.
    #[default]
    Float,
    /// 8-bit integers whose scale and zero point follow each batch.
    Dynamic,
    /// 8-bit integers with these: what goes into each layer, and the logits last.
    Static(Vec<Affine>),
}

/// A scale and a zero point of 8-bit codes from -128 to 127.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Affine {
    /// The distance of two codes.
    pub scale: f32,
    /// The code of zero.
    pub zero_point: i32,
}

/// The group of the weight in a row and a column: groups of a column stand together.
pub fn group_of(granularity: Granularity, rows: usize, row: usize, column: usize) -> usize {
    match granularity.group() {
        Some(length) => column * rows.div_ceil(length) + row / length,
        None if granularity == Granularity::Tensor => 0,
        None => column,
    }
}

/// How many groups a matrix has.
pub fn groups(granularity: Granularity, rows: usize, columns: usize) -> usize {
    match granularity.group() {
        Some(length) => columns * rows.div_ceil(length),
        None if granularity == Granularity::Tensor => 1,
        None => columns,
    }
}

impl Codes {
    /// The weights, `[rows, columns]`.
    pub fn values(&self, rows: usize, columns: usize) -> Vec<f32> {
        let value = |(index, &code): (usize, &i32)| {
            let group = group_of(self.granularity, rows, index / columns, index % columns);
            (code - self.zero_points.get(group).copied().unwrap_or(0)) as f32 * self.scales[group]
        };
        self.codes.iter().enumerate().map(value).collect()
    }
}

impl Matrix {
    /// 32-bit weights, all of them there.
    pub fn float(rows: usize, columns: usize, values: Vec<f32>) -> Self {
        Self { rows, columns, values: Values::Float { bits: Bits::B32, values }, mask: None }
    }

    /// The weights as numbers, `[rows, columns]`; zero where they are masked out.
    pub fn values(&self) -> Vec<f32> {
        let mut values = match &self.values {
            Values::Float { values, .. } => values.clone(),
            Values::Codes(codes) => codes.values(self.rows, self.columns),
            Values::Shared { codebook, indices } => indices.iter().map(|&index| codebook[usize::from(index)]).collect(),
        };
        if let Some(mask) = &self.mask {
            values.iter_mut().zip(mask).filter(|(_, kept)| !**kept).for_each(|(value, _)| *value = 0.0);
        }
        values
    }

    /// Weights that are there.
    pub fn kept(&self) -> usize {
        self.mask.as_ref().map_or(self.rows * self.columns, |mask| mask.iter().filter(|kept| **kept).count())
    }
}

impl LayerModel {
    /// Inputs of the layer.
    pub fn inputs(&self) -> usize {
        self.factors.first().map_or(0, |matrix| matrix.rows)
    }

    /// Outputs of the layer.
    pub fn outputs(&self) -> usize {
        self.bias.len()
    }

    /// The layer's matrix, `[inputs, outputs]`, its factors multiplied out.
    pub fn weight(&self) -> Vec<f32> {
        match &self.factors[..] {
            [left, right] => net::affine(&left.values(), &right.values(), &vec![0.0; right.columns]),
            factors => factors.first().map_or_else(Vec::new, Matrix::values),
        }
    }
}

impl Model {
    /// A network as it was trained.
    pub fn new(kind: NetworkKind, features: usize, layers: &[Layer]) -> Self {
        let part = |layer: &Layer| LayerModel {
            bias: layer.bias.clone(),
            factors: vec![Matrix::float(layer.inputs, layer.outputs, layer.weight.clone())],
        };
        Self { kind, features, layers: layers.iter().map(part).collect(), activations: Coding::Float }
    }

    /// Its layers as plain numbers.
    pub fn to_layers(&self) -> Vec<Layer> {
        let layer = |part: &LayerModel| Layer {
            inputs: part.inputs(),
            outputs: part.outputs(),
            weight: part.weight(),
            bias: part.bias.clone(),
        };
        self.layers.iter().map(layer).collect()
    }

    /// Inputs and outputs of each layer.
    pub fn shapes(&self) -> Vec<net::Shape> {
        self.layers.iter().map(|part| (part.inputs(), part.outputs())).collect()
    }

    /// The logits of some examples, `[examples, classes]`: the weights as plain numbers, the numbers between the layers
    /// rounded to their codes. A multiplication by a factored matrix is one by its product.
    ///
    /// # Shapes
    /// `inputs`: `[examples, features]`.
    pub fn logits(&self, inputs: &[f32]) -> Vec<f32> {
        let weights: Vec<Vec<f32>> = self.layers.iter().map(LayerModel::weight).collect();
        let shapes = self.shapes();
        let mut logits = net::forward(self.kind, &shapes, inputs, self.features, &mut |layer, rows| {
            let is_depthwise = is_depthwise(self.kind, shapes.len(), layer);
            let product = if is_depthwise { net::depthwise } else { net::affine };
            let (weight, bias) = (&weights[layer], &self.layers[layer].bias);
            match self.coding(layer, rows) {
                Some(coding) => product(&coding.rounded(rows), weight, bias),
                None => product(rows, weight, bias),
            }
        });
        if let Some(coding) = self.coding(self.layers.len(), &logits) {
            logits = coding.rounded(&logits);
        }
        logits
    }

    /// The codes of the numbers that go into a layer, or of the logits behind the last one.
    pub fn coding(&self, layer: usize, numbers: &[f32]) -> Option<Affine> {
        match &self.activations {
            Coding::Float => None,
            Coding::Dynamic => Some(Affine::of(numbers)),
            Coding::Static(all) => all.get(layer).copied(),
        }
    }
}

impl Affine {
    /// The least and the largest code.
    pub const CODES: (i32, i32) = (-128, 127);

    /// Covers the range from `low` to `high`, and zero, which has a code of its own (ONNX `DynamicQuantizeLinear`, for
    /// signed codes).
    pub fn covering(low: f32, high: f32) -> Self {
        let (low, high) = (low.min(0.0), high.max(0.0));
        let (least, most) = Self::CODES;
        let scale = (high - low) / (most - least) as f32;
        // A range too small to be divided, or none: any scale gives zero back.
        if !(scale >= f32::MIN_POSITIVE && scale.is_finite()) {
            return Self { scale: 1.0, zero_point: 0 };
        }
        let zero_point = (least as f32 - low / scale).round_ties_even().clamp(least as f32, most as f32) as i32;
        Self { scale, zero_point }
    }

    /// Covers these numbers.
    pub fn of(numbers: &[f32]) -> Self {
        let (low, high) = numbers.iter().fold((0.0_f32, 0.0_f32), |(low, high), &x| (low.min(x), high.max(x)));
        Self::covering(low, high)
    }

    /// The code of a number: ONNX `QuantizeLinear`.
    pub fn code(self, x: f32) -> i32 {
        let (least, most) = Self::CODES;
        ((x / self.scale).round_ties_even() as i32).saturating_add(self.zero_point).clamp(least, most)
    }

    /// The number of a code.
    pub fn value(self, code: i32) -> f32 {
        (code - self.zero_point) as f32 * self.scale
    }

    /// Numbers as their codes give them back.
    pub fn rounded(self, numbers: &[f32]) -> Vec<f32> {
        numbers.iter().map(|&x| self.value(self.code(x))).collect()
    }
}

/// Whether a scheme asks for floating point with nothing else to do.
pub fn is_plain(scheme: &QuantScheme) -> bool {
    !scheme.bits.is_integer()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_run_down_the_columns() {
        let of = |granularity| (0..6).map(|i| group_of(granularity, 3, i / 2, i % 2)).collect::<Vec<_>>();
        assert_eq!(of(Granularity::Tensor), [0; 6]);
        assert_eq!(of(Granularity::Channel), [0, 1, 0, 1, 0, 1]);
        assert_eq!(group_of(Granularity::Group16, 40, 17, 1), 4, "three groups a column");
        assert_eq!(groups(Granularity::Group16, 40, 2), 6);
    }

    #[test]
    fn factors_are_multiplied_out_and_masks_applied() {
        let left = Matrix::float(2, 1, vec![1.0, 2.0]);
        let mut right = Matrix::float(1, 2, vec![3.0, 4.0]);
        right.mask = Some(vec![true, false]);
        let part = LayerModel { bias: vec![0.0, 0.0], factors: vec![left, right] };
        assert_eq!(part.weight(), [3.0, 0.0, 6.0, 0.0]);
        assert_eq!((part.inputs(), part.outputs(), part.factors[1].kept()), (2, 2, 1));
    }

    #[test]
    fn zero_has_a_code_and_ends_are_reached() {
        for (low, high) in [(-1.0, 3.0), (0.0, 6.0), (-2.0, -1.0), (0.0, 0.0), (0.0, f32::MIN_POSITIVE / 4.0)] {
            let affine = Affine::covering(low, high);
            assert_eq!(affine.value(affine.code(0.0)), 0.0, "{low} {high}");
            for end in [low, high] {
                assert!((affine.value(affine.code(end)) - end).abs() <= 0.51 * affine.scale);
            }
        }
        assert_eq!(Affine::covering(0.0, 255.0), Affine { scale: 1.0, zero_point: -128 });
    }
}
