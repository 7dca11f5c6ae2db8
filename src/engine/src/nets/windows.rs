//! Images as matrices: every window of an image as a row, so that a convolution is one matrix product, which is what
//! CPUs and GPUs are fastest at. Channels come last, so that a row is made of whole runs.

use burn::{
    nn::Linear,
    tensor::{Int, Tensor, TensorData, activation::relu},
};

use crate::kernels;

/// Every window of `window` × `window` places around each place, or around every second one for `stride` 2; outside the
/// image there is zero.
///
/// # Shapes
/// `images`: `[batch, side, side, channels]`; the result `[batch · s², window² · channels]` with `s` the side divided
/// by the stride, rounded up.
pub fn windows(images: Tensor<4>, window: usize, stride: usize) -> Tensor<2> {
    let [batch, side, _, channels] = images.dims();
    if window == 1 && stride == 1 {
        return images.reshape([batch * side * side, channels]);
    }
    kernels::images::windows(&images, window, stride).unwrap_or_else(|| selected(images, window, stride))
}

/// Each window times a layer's weights, and its bias: `[batch · s², outputs]`. In browsers on the CPU it is our own
/// step; natively burn's product of all windows is the faster one.
pub fn convolution(images: Tensor<4>, layer: &Linear, window: usize, stride: usize) -> Tensor<2> {
    let own =
        if cfg!(target_family = "wasm") { kernels::images::convolution(&images, layer, window, stride) } else { None };
    own.unwrap_or_else(|| kernels::dense(windows(images, window, stride), layer, false))
}

/// The windows as one selection of columns, each image being a row of numbers.
fn selected(images: Tensor<4>, window: usize, stride: usize) -> Tensor<2> {
    let [batch, side, _, channels] = images.dims();
    let after = side.div_ceil(stride);
    let margin = window / 2;
    let wide = side + 2 * margin;
    let device = images.device();
    let padded = match margin {
        0 => images,
        _ => Tensor::zeros([batch, wide, wide, channels], &device)
            .slice_assign([0..batch, margin..margin + side, margin..margin + side, 0..channels], images),
    };
    let length = window * window * channels;
    let mut numbers = Vec::with_capacity(after * after * length);
    for (row, column) in (0..after).flat_map(|row| (0..after).map(move |column| (row, column))) {
        for down in 0..window {
            // The channels of the places of a window's row stand side by side.
            let start = ((row * stride + down) * wide + column * stride) * channels;
            numbers.extend((start..start + window * channels).map(|number| number as i32));
        }
    }
    let numbers = Tensor::<1, Int>::from_data(TensorData::new(numbers, [after * after * length]), &device);
    padded.reshape([batch, wide * wide * channels]).select(1, numbers).reshape([batch * after * after, length])
}

/// The largest of every 2 × 2 places; an odd last row and column are left out, and a single place stays.
///
/// # Shapes
/// `images`: `[batch, side, side, channels]`; the result `[batch, side / 2, side / 2, channels]`.
pub fn max_pool(images: Tensor<4>) -> Tensor<4> {
    let [_, side, _, _] = images.dims();
    match side {
        0 | 1 => images,
        _ => kernels::images::max_pool(&images).unwrap_or_else(|| compared(images)),
    }
}

/// The largest of every 2 × 2 places by two comparisons of all.
fn compared(images: Tensor<4>) -> Tensor<4> {
    let [batch, side, _, channels] = images.dims();
    let half = side / 2;
    let whole = match side % 2 {
        0 => images,
        _ => images.slice([0..batch, 0..2 * half, 0..2 * half, 0..channels]),
    };
    let rows = whole.reshape([batch * half, 2, 2 * half * channels]);
    let of_rows = larger(rows).reshape([batch * half * half, 2, channels]);
    larger(of_rows).reshape([batch, half, half, channels])
}

/// `[n, 2, m]` → `[n, m]`: the larger of each pair.
fn larger(pairs: Tensor<3>) -> Tensor<2> {
    let [count, _, length] = pairs.dims();
    let one = |which: usize| pairs.clone().slice([0..count, which..which + 1, 0..length]).reshape([count, length]);
    // The larger of two by the one comparison that every network makes.
    relu(one(0) - one(1)) + one(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kernels::tests::{same, wave},
        nets::dense,
    };
    use burn::tensor::Device;
    use retort_compress::Layer;

    /// What a step says of images, and its gradient by them.
    fn said(side: usize, channels: usize, step: impl Fn(Tensor<4>) -> Tensor<2>) -> [Tensor<2>; 2] {
        let images = TensorData::new(wave(2 * side * side, channels, 0.7), [2, side, side, channels]);
        let images = Tensor::<4>::from_data(images, &Device::flex().autodiff()).require_grad();
        // As they stand, and as a view of those beside them.
        let turned = images.clone().swap_dims(1, 2);
        let rows = Tensor::cat(vec![step(images.clone()), step(turned)], 0);
        let gradients = rows.clone().square().sum().backward();
        [rows.inner(), images.grad(&gradients).unwrap().reshape([2, side * side * channels])]
    }

    #[test]
    fn one_step_says_what_tensors_say() {
        for (side, channels, window, stride) in [(3, 1, 3, 1), (4, 2, 5, 1), (5, 3, 3, 2), (7, 4, 1, 2), (8, 9, 3, 1)] {
            let [ours, plain] = [windows, selected].map(|read| said(side, channels, |all| read(all, window, stride)));
            ours.into_iter().zip(plain).for_each(|(ours, plain)| same(ours, plain));
            let rows = |pooled: Tensor<4>| pooled.reshape([2 * (side / 2) * (side / 2), channels]);
            let [ours, plain] = [max_pool, compared].map(|pool| said(side, channels, |all| rows(pool(all))));
            ours.into_iter().zip(plain).for_each(|(ours, plain)| same(ours, plain));
        }
    }

    #[test]
    fn a_convolution_is_a_layer_on_all_windows() {
        let device = Device::flex().autodiff();
        for (has_bias, window, stride) in [(true, 3, 1), (false, 3, 2), (true, 5, 1)] {
            let inputs = window * window * 2;
            let layer = Layer { inputs, outputs: 9, weight: wave(inputs, 9, 0.9), bias: wave(1, 9, 0.4) };
            let [ours, plain] = [true, false].map(|ours| {
                let mut linear = dense::linear(&layer, &device);
                linear.bias = linear.bias.filter(|_| has_bias);
                let images = TensorData::new(wave(50, 2, 0.7), [2, 5, 5, 2]);
                let images = Tensor::<4>::from_data(images, &device).require_grad();
                let rows = match ours {
                    true => kernels::images::convolution(&images, &linear, window, stride).unwrap(),
                    false => kernels::dense(windows(images.clone(), window, stride), &linear, false),
                };
                let gradients = rows.clone().square().sum().backward();
                let bias = linear.bias.map(|bias| bias.val().grad(&gradients).unwrap().unsqueeze());
                let weight = linear.weight.val().grad(&gradients).unwrap();
                let images = images.grad(&gradients).unwrap().reshape([10, 10]);
                [rows.inner(), images, weight].into_iter().chain(bias).collect::<Vec<Tensor<2>>>()
            });
            ours.into_iter().zip(plain).for_each(|(ours, plain)| same(ours, plain));
        }
    }

    #[test]
    fn a_single_place_stays() {
        let one = || Tensor::<4>::from_data([[[[1.0, 2.0]]]], &Device::flex());
        assert_eq!(max_pool(one()).dims(), [1, 1, 1, 2]);
        same(max_pool(one()).reshape([1, 2]), one().reshape([1, 2]));
    }
}
