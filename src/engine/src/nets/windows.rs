//! Images as matrices: every window of an image as a row, so that a convolution is one matrix product, which is what
//! CPUs and GPUs are fastest at. Channels come last, so that a row is made of whole runs.

use burn::tensor::{Int, Tensor, TensorData, activation::relu};

/// Every window of `window` × `window` places around each place, or around every second one for `stride` 2; outside the
/// image there is zero.
///
/// One selection of columns, each image being a row of numbers: burn's CPU engine has a short way for matrices and
/// divides three times for each number of anything else, so that a network learns up to twice as fast as by a selection
/// of places from images of several channels, and as by one of rows, a place each.
///
/// # Shapes
/// `images`: `[batch, side, side, channels]`; the result `[batch · s², window² · channels]` with `s` the side divided
/// by the stride, rounded up.
pub fn windows(images: Tensor<4>, window: usize, stride: usize) -> Tensor<2> {
    let [batch, side, _, channels] = images.dims();
    let after = side.div_ceil(stride);
    if window == 1 && stride == 1 {
        return images.reshape([batch * side * side, channels]);
    }
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
    let [batch, side, _, channels] = images.dims();
    let half = side / 2;
    if half == 0 {
        return images;
    }
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
    use burn::tensor::Device;

    fn image(side: usize, channels: usize) -> Tensor<4> {
        let values = (1..=side * side * channels).map(|x| x as f32).collect::<Vec<f32>>();
        Tensor::from_data(TensorData::new(values, [1, side, side, channels]), &Device::flex())
    }

    fn numbers(tensor: Tensor<2>) -> Vec<f32> {
        tensor.into_data().iter::<f32>().collect()
    }

    #[test]
    fn windows_by_hand() {
        // 1 2 3
        // 4 5 6
        // 7 8 9
        let rows = windows(image(3, 1), 3, 1);
        assert_eq!(rows.dims(), [9, 9]);
        let all = numbers(rows);
        assert_eq!(all[..9], [0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 0.0, 4.0, 5.0]);
        assert_eq!(all[36..45], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
        let strided = windows(image(3, 1), 3, 2);
        assert_eq!(strided.dims(), [4, 9], "places 1, 3, 7 and 9");
        assert_eq!(numbers(strided)[27..], [5.0, 6.0, 0.0, 8.0, 9.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(numbers(windows(image(3, 2), 1, 2)), [1.0, 2.0, 5.0, 6.0, 13.0, 14.0, 17.0, 18.0]);
    }

    #[test]
    fn pooling_by_hand() {
        let pooled = |side: usize, channels: usize| {
            let after = max_pool(image(side, channels));
            let [batch, height, width, depth] = after.dims();
            (after.dims(), numbers(after.reshape([batch * height * width, depth])))
        };
        assert_eq!(pooled(3, 1), ([1, 1, 1, 1], vec![5.0]));
        assert_eq!(pooled(2, 2), ([1, 1, 1, 2], vec![7.0, 8.0]));
        assert_eq!(pooled(1, 1), ([1, 1, 1, 1], vec![1.0]));
    }
}
