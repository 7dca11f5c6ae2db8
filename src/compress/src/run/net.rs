//! The networks' forward passes on the host, in single precision: slower than the engine's, needing nothing, and open
//! in the middle, so that whoever calls sees what goes into each layer and decides how it multiplies.

use std::rc::Rc;

use retort_spec::{
    NetworkKind,
    geometry::{Operation, Place},
};

use crate::network::shapes::geometry;
pub use crate::{network::shapes::Shape, run::affine::affine};

/// What a layer does to its rows: its place in the network, and `[rows, inputs]`; returns `[rows, outputs]`. Rows of a
/// convolution of every channel alone are the windows of one channel after the other. Only its own channel's output is
/// read of what comes of a row, and that may be all, `[rows]`.
pub type LayerFn<'a> = dyn FnMut(usize, &[f32]) -> Vec<f32> + 'a;

/// The logits of some examples.
///
/// # Shapes
/// `inputs`: `[examples, features]`, row by row; `shapes`: of the layers in the order of their files; the result
/// `[examples, classes]`. Images are square.
pub fn forward(
    kind: NetworkKind,
    shapes: &[Shape],
    inputs: &[f32],
    features: usize,
    layer: &mut LayerFn<'_>,
) -> Vec<f32> {
    let Ok(geometry) = geometry(kind, features, shapes) else { return Vec::new() };
    let examples = inputs.len() / features.max(1);
    let image = |channels, side| Image { values: Rc::new(inputs.to_vec()), examples, side, channels };
    let mut image = if kind == NetworkKind::Mlp { image(features, 1) } else { image(1, features.isqrt()) };
    let (mut remembered, mut index) = (image.clone(), 0);
    for operation in geometry.operations {
        match operation {
            Operation::Layer { place, outputs } => {
                image = image.multiplied(&place, outputs, &mut |rows| layer(index, rows));
                index += 1;
            }
            Operation::Around { place, outputs } => {
                remembered = remembered.multiplied(&place, outputs, &mut |rows| layer(index, rows));
                index += 1;
            }
            Operation::Relu => relu(Rc::<Vec<f32>>::make_mut(&mut image.values)),
            Operation::Pool => image = image.pooled(),
            Operation::Branch => remembered = image.clone(),
            Operation::Add => {
                let sums = Rc::make_mut(&mut image.values).iter_mut();
                sums.zip(&*remembered.values).for_each(|(sum, value)| *sum += value);
            }
            Operation::Mean => image.values = Rc::new(image.means()),
        }
    }
    Rc::unwrap_or_clone(image.values)
}

/// Rows of one channel after the other, each by the column of its channel.
///
/// # Shapes
/// `rows`: `[n · channels, inputs]`; `weight`: `[inputs, channels]` with `bias` as long as `channels`; the result
/// `[n · channels]`.
pub fn depthwise(rows: &[f32], weight: &[f32], bias: &[f32]) -> Vec<f32> {
    let channels = bias.len().max(1);
    let inputs = (weight.len() / channels).max(1);
    let product = |(row, numbers): (usize, &[f32])| {
        let column = weight[row % channels..].iter().step_by(channels);
        numbers.iter().zip(column).fold(bias[row % channels], |sum, (x, w)| sum + x * w)
    };
    rows.chunks_exact(inputs).enumerate().map(product).collect()
}

fn relu(values: &mut [f32]) {
    values.iter_mut().for_each(|value| *value = value.max(0.0));
}

/// Images, `[examples, side, side, channels]`.
#[derive(Clone)]
struct Image {
    values: Rc<Vec<f32>>,
    examples: usize,
    side: usize,
    channels: usize,
}

impl Image {
    /// What a layer makes of it.
    fn multiplied(&self, place: &Place, outputs: usize, layer: &mut dyn FnMut(&[f32]) -> Vec<f32>) -> Self {
        let values = match place.convolution {
            true if place.depthwise => self.by_channels(place, layer),
            true => layer(&self.windows(place.window, place.stride)),
            false => layer(&self.values),
        };
        Self { values: Rc::new(values), examples: self.examples, side: place.side_after(), channels: outputs }
    }

    /// What a convolution of every channel alone makes of it.
    fn by_channels(&self, place: &Place, layer: &mut dyn FnMut(&[f32]) -> Vec<f32>) -> Vec<f32> {
        let (channels, inputs) = (self.channels, place.inputs());
        let windows = self.windows(place.window, place.stride);
        let mut rows = Vec::with_capacity(windows.len());
        for window in windows.chunks_exact(inputs * channels) {
            for channel in 0..channels {
                rows.extend(window[channel..].iter().step_by(channels));
            }
        }
        let outputs = layer(&rows);
        match outputs.len() == rows.len() / inputs {
            true => outputs,
            // Every row meets every column, of which one is its own.
            false => outputs.chunks_exact(channels).enumerate().map(|(row, all)| all[row % channels]).collect(),
        }
    }

    /// Every window around each place, or around every second one for `stride` 2, as a row; zero outside the image.
    fn windows(&self, window: usize, stride: usize) -> Vec<f32> {
        let Self { side, channels, .. } = *self;
        let (after, margin) = (side.div_ceil(stride), window / 2);
        let length = window * window * channels;
        let mut rows = vec![0.0; self.examples * after * after * length];
        for (index, row) in rows.chunks_exact_mut(length).enumerate() {
            let (example, place) = (index / (after * after), index % (after * after));
            let (top, left) = (place / after * stride, place % after * stride);
            for down in 0..window {
                let Some(y) = (top + down).checked_sub(margin).filter(|y| *y < side) else { continue };
                // The places of a window's row stand together in the image.
                let (first, end) = (margin.saturating_sub(left), window.min(side + margin - left));
                let from = ((example * side + y) * side + left + first - margin) * channels;
                let (to, length) = ((down * window + first) * channels, (end - first) * channels);
                row[to..to + length].copy_from_slice(&self.values[from..from + length]);
            }
        }
        rows
    }

    /// The largest of every 2 × 2 places; an odd last row and column are left out, and a single place stays.
    fn pooled(self) -> Self {
        let Self { examples, side, channels, .. } = self;
        let half = side / 2;
        if half == 0 {
            return self;
        }
        let mut values = Vec::with_capacity(examples * half * half * channels);
        for (example, y, x) in
            (0..examples).flat_map(|e| (0..half).flat_map(move |y| (0..half).map(move |x| (e, y, x))))
        {
            let at = |down: usize, right: usize, channel: usize| {
                self.values[((example * side + 2 * y + down) * side + 2 * x + right) * channels + channel]
            };
            let largest = |c: usize| at(0, 0, c).max(at(0, 1, c)).max(at(1, 0, c)).max(at(1, 1, c));
            values.extend((0..channels).map(largest));
        }
        Self { values: Rc::new(values), examples, side: half, channels }
    }

    /// The mean over all places, `[examples, channels]`.
    fn means(&self) -> Vec<f32> {
        let places = self.side * self.side;
        let mut means = vec![0.0; self.examples * self.channels];
        for (index, place) in self.values.chunks_exact(self.channels.max(1)).enumerate() {
            let mean = &mut means[index / places * self.channels..][..self.channels];
            mean.iter_mut().zip(place).for_each(|(sum, value)| *sum += value);
        }
        means.iter_mut().for_each(|sum| *sum /= places as f32);
        means
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_perceptron_by_hand() {
        let weights = [vec![1.0, -1.0, 2.0, 0.5], vec![3.0, 10.0]];
        let biases = [vec![0.5, 0.0], vec![-1.0]];
        let logits = forward(NetworkKind::Mlp, &[(2, 2), (2, 1)], &[1.0, 2.0, 0.0, -1.0], 2, &mut |layer, rows| {
            affine(rows, &weights[layer], &biases[layer])
        });
        assert_eq!(logits, [15.5, -1.0]);
    }

    #[test]
    fn a_convolution_by_hand() {
        // Every window of a 2×2 image holds all of it: 10 - 3 = 7; doubled.
        let layers = [(vec![1.0; 9], vec![-3.0]), (vec![2.0, -2.0], vec![0.0, 1.0])];
        let logits = forward(NetworkKind::Conv, &[(9, 1), (1, 2)], &[1.0, 2.0, 3.0, 4.0], 4, &mut |layer, rows| {
            affine(rows, &layers[layer].0, &layers[layer].1)
        });
        assert_eq!(logits, [14.0, -13.0]);
    }

    #[test]
    fn a_separable_convolution_by_hand() {
        // 4×4 pixels of one. Two channels, the pixel and its double, pooled to 2×2. All four places are in every
        // window: four times the first channel, and of the second its own place alone. Their sum and a bias of 1 is
        // 4 + 2 + 1; pooled, it is tripled.
        let mut centres = vec![0.0; 18];
        centres[8..10].copy_from_slice(&[1.0, 2.0]);
        let alone: Vec<f32> = (0..9).flat_map(|at| [1.0, if at == 4 { 1.0 } else { 0.0 }]).collect();
        let layers =
            [(centres, vec![0.0; 2]), (alone, vec![0.0; 2]), (vec![1.0, 1.0], vec![1.0]), (vec![3.0], vec![0.0])];
        let shapes = [(9, 2), (9, 2), (2, 1), (1, 1)];
        for by_column in [false, true] {
            let logits = forward(NetworkKind::Separable, &shapes, &[1.0; 16], 16, &mut |layer, rows| {
                let (weight, bias) = &layers[layer];
                if by_column && layer == 1 { depthwise(rows, weight, bias) } else { affine(rows, weight, bias) }
            });
            assert_eq!(logits, [21.0]);
        }
    }

    #[test]
    fn a_block_adds_its_input() {
        // A stem that copies the centre, a block whose convolutions do so too, the mean of 1 to 4, which is 2.5,
        // doubled.
        let mut centre = vec![0.0; 9];
        centre[4] = 1.0;
        let shapes = [(9, 1), (9, 1), (9, 1), (1, 1)];
        let logits = forward(NetworkKind::Residual, &shapes, &[1.0, 2.0, 3.0, 4.0], 4, &mut |layer, rows| {
            affine(rows, if layer < 3 { &centre } else { &[1.0] }, &[0.0])
        });
        assert_eq!(logits, [5.0]);
    }
}
