//! The numbers between layers, rounded to 8-bit codes while a network learns (Jacob et al. 2018, section 3.1).

use std::cell::{Cell, RefCell};

use burn::tensor::{ExecutionError, Tensor, activation::relu};

use crate::device::read;

/// How far a range moves towards that of the newest batch.
const PACE: f32 = 0.01;
/// Codes run from -128 to 127.
const LEAST: f32 = -128.0;
const MOST: f32 = 127.0;

/// Rounds what goes into each layer, and the logits, to the codes of a range that follows what it sees.
#[derive(Debug, Default)]
pub struct ActivationFakeQuant {
    /// Least and largest value at each place, in the order of a forward pass.
    ranges: RefCell<Vec<[Tensor<1>; 2]>>,
    place: Cell<usize>,
    /// Whether every batch has a range of its own.
    is_dynamic: bool,
    /// Whether ranges stay as they are.
    frozen: Cell<bool>,
}

impl ActivationFakeQuant {
    /// A quantizer that has seen nothing.
    pub fn new(is_dynamic: bool) -> Self {
        Self { is_dynamic, ..Self::default() }
    }

    /// A forward pass begins.
    pub fn begin(&self) {
        self.place.set(0);
    }

    /// From now on ranges stay as they are.
    pub fn freeze(&self) {
        self.frozen.set(true);
    }

    /// Rounds the numbers at the next place of the pass. Gradients pass straight through within the range and end
    /// outside it.
    pub fn round(&self, rows: Tensor<2>) -> Tensor<2> {
        let place = self.place.replace(self.place.get() + 1);
        let seen = rows.clone().inner();
        let [low, high] = self.range(place, &seen);
        let [row, column] = [1, 1];
        let scalar = |tensor: Tensor<1>| -> Tensor<2> { tensor.reshape([row, column]) };
        // A range of nothing still has a step to divide by.
        let scale = (high.clone() - low.clone()) / (MOST - LEAST) + f32::MIN_POSITIVE;
        let zero = (-low / scale.clone() + LEAST).round();
        let (least, most) = ((-zero.clone() + LEAST) * scale.clone(), (-zero + MOST) * scale.clone());
        let (scale, least, most) = (scalar(scale), scalar(least), scalar(most));
        let within =
            |x: Tensor<2>, least: Tensor<2>, most: Tensor<2>| least.clone() + relu(x.clone() - least) - relu(x - most);
        let passed = within(rows, least.autodiff(), most.autodiff());
        let kept = passed.clone().inner();
        let rounded = (kept.clone() / scale.clone()).round() * scale;
        passed + (rounded - kept).autodiff()
    }

    fn range(&self, place: usize, seen: &Tensor<2>) -> [Tensor<1>; 2] {
        // Zero has a code of its own.
        let here = [-largest(-seen.clone()), largest(seen.clone())];
        if self.is_dynamic {
            return here;
        }
        let mut ranges = self.ranges.borrow_mut();
        match ranges.get_mut(place) {
            None => ranges.push(here),
            Some(_) if self.frozen.get() => {}
            Some(known) => {
                for (known, here) in known.iter_mut().zip(here) {
                    *known = known.clone() * (1.0 - PACE) + here * PACE;
                }
            }
        }
        ranges[place].clone()
    }

    /// Least and largest value at each place; nothing where every batch has its own.
    ///
    /// # Errors
    /// The device's, if the read fails.
    pub async fn ranges(&self) -> Result<Vec<f32>, ExecutionError> {
        let ranges: Vec<Tensor<1>> = self.ranges.borrow().iter().flatten().cloned().collect();
        if ranges.is_empty() {
            return Ok(Vec::new());
        }
        read(Tensor::cat(ranges, 0)).await
    }
}

/// The largest of all numbers, and zero, by comparisons of halves: what finds a maximum otherwise is used nowhere else,
/// and would cost the engine's wasm six kilobytes.
fn largest(numbers: Tensor<2>) -> Tensor<1> {
    let [rows, columns] = numbers.dims();
    let mut row: Tensor<2> = relu(numbers).reshape([1, rows * columns]);
    loop {
        let [_, count] = row.dims();
        if count <= 1 {
            return row.reshape([count]);
        }
        // The halves of an odd number overlap, which does a maximum no harm.
        let half = count.div_ceil(2);
        let [one, other] = [0..half, count - half..count].map(|part| row.clone().slice([0..1, part]));
        row = relu(one - other.clone()) + other;
    }
}

/// `saturate(round_half_even(x · inverse) + zero)` on a device: ONNX `QuantizeLinear` by the reciprocal of the scale,
/// since a shader's division is only nearly right and its multiplication is right (WGSL, section 15.7.4).
///
/// # Shapes
/// `x`: `[rows, columns]`; `inverse` and `zero`: such that they spread to it; the result whole numbers, `[rows,
/// columns]`.
pub fn quantize_linear(x: Tensor<2>, inverse: Tensor<2>, zero: Tensor<2>, [least, most]: [f32; 2]) -> Tensor<2> {
    let codes = (x * inverse).round() + zero;
    -relu(-relu(codes - least) + (most - least)) + most
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use pollster::block_on;

    fn rows(values: [f32; 4]) -> Tensor<2> {
        Tensor::from_data([values], &Device::flex().autodiff())
    }

    #[test]
    fn numbers_are_rounded_as_the_workbench_rounds_them() {
        let activation_quant = ActivationFakeQuant::new(false);
        let values = [-1.0, 0.0, 0.013, 1.55];
        let got = block_on(read(activation_quant.round(rows(values)))).unwrap();
        let affine = retort_compress::network::model::Affine::covering(-1.0, 1.55);
        for (got, want) in got.iter().zip(affine.rounded(&values)) {
            assert!((got - want).abs() < 1e-6, "{got} {want}");
        }
        assert_eq!(block_on(activation_quant.ranges()).unwrap(), [-1.0, 1.55]);
    }

    #[test]
    fn places_are_what_goes_into_each_layer_and_the_logits() {
        use crate::nets::{Network, Pass};
        use retort_spec::Architecture;
        let pixels: Vec<f32> = (0..8 * 64).map(|i| ((i * 37 % 23) as f32 / 11.0 - 1.0).max(0.0)).collect();
        for text in ["5,3", "conv:3,4", "residual:4,4,6", "separable:3,4"] {
            let architecture: Architecture = text.parse().unwrap();
            let layers = Network::draw(&architecture, 64, 3, 1, "test");
            let device = Device::flex().autodiff();
            let network = Network::from_layers(architecture.kind, &layers, &device);
            let activation_quant = ActivationFakeQuant::new(false);
            activation_quant.begin();
            let inputs = Tensor::from_data(burn::tensor::TensorData::new(pixels.clone(), [8, 64]), &device);
            activation_quant.round(network.forward(inputs, Pass::FakeQuantized(&activation_quant)).logits);
            let mut want = Vec::new();
            let extremes = |numbers: &[f32]| numbers.iter().fold([0.0_f32; 2], |[l, h], x| [l.min(*x), h.max(*x)]);
            retort_compress::run::calibration::visit_layer_inputs(
                architecture.kind,
                64,
                &layers,
                &pixels,
                layers.len(),
                &mut |place, numbers| {
                    assert_eq!(place, want.len());
                    want.push(extremes(numbers));
                },
            );
            let got = block_on(activation_quant.ranges()).unwrap();
            assert_eq!(got.len(), 2 * (layers.len() + 1), "{text}");
            for (place, (got, want)) in got.chunks(2).zip(&want).enumerate() {
                // What goes into a layer was rounded before.
                let near = 0.03 * (want[1] - want[0]);
                assert!(
                    (got[0] - want[0]).abs() < near && (got[1] - want[1]).abs() < near,
                    "{text} {place}: {got:?} {want:?}"
                );
            }
        }
    }

    #[test]
    fn ranges_follow_slowly_until_they_are_frozen_and_gradients_end_outside() {
        let activation_quant = ActivationFakeQuant::new(false);
        activation_quant.round(rows([0.0, 0.0, 0.0, 1.0]));
        activation_quant.begin();
        activation_quant.round(rows([0.0, 0.0, 0.0, 2.0]));
        assert!((block_on(activation_quant.ranges()).unwrap()[1] - 1.01).abs() < 1e-6);
        activation_quant.freeze();
        activation_quant.begin();
        let x = rows([-1.0, 0.5, 1.0, 3.0]).require_grad();
        let gradients = activation_quant.round(x.clone()).sum().backward();
        assert_eq!(block_on(read(x.grad(&gradients).unwrap())).unwrap(), [0.0, 1.0, 1.0, 0.0]);
        assert!((block_on(activation_quant.ranges()).unwrap()[1] - 1.01).abs() < 1e-6);
    }
}
