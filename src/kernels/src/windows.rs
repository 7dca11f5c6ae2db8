//! Windows of images as rows of a matrix, and convolutions, also of each channel alone, with their gradients.
//!
//! None is inlined, and vectors are written out, for the reasons that `rows` gives.

use std::ops::Range;

use crate::{
    images::Images,
    matmul::{Lhs, Rhs, Scratch, matmul},
    matrix::Matrix,
    rows::column_sums,
    simd4::{LANES, four, put, update},
};

/// The windows of images: `window` × `window` places around each place, or around every `stride`-th one. Outside an
/// image there is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    /// The images.
    pub images: Images,
    /// Places in a row of a window.
    pub window: usize,
    /// Places from one window to the next.
    pub stride: usize,
}

impl Windows {
    /// Windows in a row of an image.
    fn side(self) -> usize {
        self.images.side.div_ceil(self.stride)
    }

    /// Numbers of a row of a window, which are one run of the image.
    fn run(self) -> usize {
        self.window * self.images.channels
    }

    /// Numbers of a window.
    pub fn length(self) -> usize {
        self.window * self.run()
    }

    /// Places around an image that a window reaches.
    fn margin(self) -> usize {
        self.window / 2
    }

    /// Numbers of a row of an image with its margins.
    fn wide(self) -> usize {
        (self.images.side + 2 * self.margin()) * self.images.channels
    }

    /// What lies inside the margins of an image, row by row.
    fn inside(self) -> impl Iterator<Item = Range<usize>> {
        let (margin, row, wide) = (self.margin(), self.images.row(), self.wide());
        (margin..margin + self.images.side).map(move |line| {
            let start = line * wide + margin * self.images.channels;
            start..start + row
        })
    }

    /// Windows of an image.
    fn places(self) -> usize {
        self.side() * self.side()
    }

    /// Room for an image with its margins, and to read whole vectors at its end.
    fn padded(self) -> Vec<f32> {
        vec![0.0; (self.images.side + 2 * self.margin()) * self.wide() + LANES]
    }

    /// Numbers of all windows of an image.
    fn numbers(self) -> usize {
        self.places() * self.length()
    }

    /// Room for all windows of an image, and to write whole vectors at its end.
    fn rows(self) -> Vec<f32> {
        vec![0.0; self.numbers() + LANES]
    }

    /// Each window as a row.
    ///
    /// # Shapes
    /// `images`: `[batch, side, side, channels]`; the result `[batch · s², window² · channels]` with `s` the side
    /// divided by the stride, rounded up.
    #[inline(never)]
    pub fn read(self, images: &[f32]) -> Vec<f32> {
        let size = self.images.size().max(1);
        let mut to = Vec::with_capacity(images.len() / size * self.numbers());
        let (mut padded, mut rows) = (self.padded(), self.rows());
        for image in images.chunks_exact(size) {
            to.extend_from_slice(self.read_image(image, &mut padded, &mut rows));
        }
        to
    }

    /// The windows of one image; the margins of `padded` are zero. Whole vectors are copied: a copy of each run would
    /// be a call.
    fn read_image<'a>(self, image: &[f32], padded: &mut [f32], to: &'a mut [f32]) -> &'a [f32] {
        let (side, wide, length, run) = (self.side(), self.wide(), self.length(), self.run());
        let step = self.stride * self.images.channels;
        let lines = image.chunks_exact(self.images.row().max(1));
        self.inside().zip(lines).for_each(|(inside, line)| padded[inside].copy_from_slice(line));
        for row in 0..side {
            let (from, to) = (&padded[row * self.stride * wide..], &mut to[row * side * length..]);
            if run < LANES {
                // What is written beyond a run is overwritten by the next one.
                for place in 0..side {
                    for down in 0..self.window {
                        put(to, place * length + down * run, four(from, down * wide + place * step));
                    }
                }
                continue;
            }
            for down in 0..self.window {
                // The last vector overlaps the one before.
                for part in (0..run / LANES).map(|part| LANES * part).chain([run - LANES]) {
                    let (first, start) = (down * run + part, down * wide + part);
                    (0..side).for_each(|place| put(to, place * length + first, four(from, start + place * step)));
                }
            }
        }
        &to[..self.numbers()]
    }

    /// The gradient of images from that of their windows: each place adds up what it was given wherever it stood.
    ///
    /// # Shapes
    /// `gradient`: `[batch · s², window² · channels]`; the result `[batch, side, side, channels]`.
    #[inline(never)]
    pub fn read_backward(self, gradient: &[f32]) -> Vec<f32> {
        let of_image = self.numbers().max(1);
        let mut to = Vec::with_capacity(gradient.len() / of_image * self.images.size());
        let mut padded = self.padded();
        gradient.chunks_exact(of_image).for_each(|gradient| self.add_image(gradient, &mut padded, &mut to));
        to
    }

    /// The gradient of one image is added to those before it.
    fn add_image(self, gradient: &[f32], padded: &mut [f32], to: &mut Vec<f32>) {
        let (side, wide, length, run) = (self.side(), self.wide(), self.length(), self.run());
        let step = self.stride * self.images.channels;
        padded.fill(0.0);
        for (row, gradient) in gradient.chunks_exact((side * length).max(1)).enumerate() {
            for down in 0..self.window {
                let (from, to) = (&gradient[down * run..], &mut padded[(row * self.stride + down) * wide..]);
                for part in (0..run / LANES).map(|part| LANES * part) {
                    for place in 0..side {
                        let at = place * step + part;
                        put(to, at, four(to, at) + four(from, place * length + part));
                    }
                }
                for part in run / LANES * LANES..run {
                    (0..side).for_each(|place| to[place * step + part] += from[place * length + part]);
                }
            }
        }
        self.inside().for_each(|inside| to.extend_from_slice(&padded[inside]));
    }

    /// A convolution: each window times the weights, and a bias. Image by image, so that what is read stays in a near
    /// cache; all windows at once are as many numbers as the memory is slow for.
    ///
    /// # Shapes
    /// `images`: `[batch, side, side, channels]`; `weight`: `[window² · channels, outputs]`; `bias`: `[outputs]`; the
    /// result `[batch · s², outputs]`, empty where they do not fit.
    #[inline(never)]
    pub fn convolve(self, images: &[f32], weight: Matrix<'_>, bias: &[f32], scratch: &mut Scratch) -> Vec<f32> {
        let (places, size) = (self.places(), self.images.size().max(1));
        let (mut padded, mut rows) = (self.padded(), self.rows());
        let mut to = bias.repeat(images.len() / size * places);
        for (image, to) in images.chunks_exact(size).zip(to.chunks_exact_mut((places * bias.len()).max(1))) {
            let rows = Matrix::with_rows(self.read_image(image, &mut padded, &mut rows), places);
            if !matmul(to, Lhs::Plain(rows), Rhs::Plain(weight), scratch) {
                return Vec::new();
            }
        }
        to
    }

    /// The gradients of the images of a convolution and of its weights, as far as they are wanted.
    ///
    /// # Shapes
    /// Those of [`Windows::convolve`]; `gradient` is that of its result.
    #[inline(never)]
    pub fn convolve_backward(
        self,
        images: &[f32],
        weight: Matrix<'_>,
        gradient: &[f32],
        wanted: [bool; 2],
        scratch: &mut Scratch,
    ) -> [Option<Vec<f32>>; 2] {
        let (places, size, length) = (self.places(), self.images.size().max(1), self.length());
        let of_image = (places * weight.columns()).max(1);
        let (mut padded, mut rows) = (self.padded(), self.rows());
        let mut of_images = wanted[0].then(|| Vec::with_capacity(images.len()));
        let mut of_weight = wanted[1].then(|| vec![0.0; length * weight.columns()]);
        if let Some(to) = &mut of_weight {
            for (image, gradient) in images.chunks_exact(size).zip(gradient.chunks_exact(of_image)) {
                let rows = Matrix::with_rows(self.read_image(image, &mut padded, &mut rows), places);
                let gradient = Rhs::Plain(Matrix::with_rows(gradient, places));
                matmul(to, Lhs::Plain(rows.transposed()), gradient, scratch);
            }
        }
        if let Some(to) = &mut of_images {
            let rows = &mut rows[..self.numbers()];
            for gradient in gradient.chunks_exact(of_image) {
                rows.fill(0.0);
                let gradient = Lhs::Plain(Matrix::with_rows(gradient, places));
                matmul(rows, gradient, Rhs::Plain(weight.transposed()), scratch);
                self.add_image(rows, &mut padded, to);
            }
        }
        [of_images, of_weight]
    }

    /// A convolution of each channel alone: what stands in a window times the channel's own weights, added up, and the
    /// channel's bias (Howard et al. 2017, section 3.1). The windows stand one place apart.
    ///
    /// # Shapes
    /// `images` and the result: `[batch, side, side, channels]`; `weight`: `[window², channels]`; `bias`: `[channels]`.
    #[inline(never)]
    pub fn depthwise(self, images: &[f32], weight: &[f32], bias: &[f32]) -> Vec<f32> {
        let (row, size) = (self.images.row().max(1), self.images.size().max(1));
        let weights = self.of_rows(weight);
        let mut to = bias.repeat(images.len() / self.images.channels.max(1));
        for (image, to) in images.chunks_exact(size).zip(to.chunks_exact_mut(size)) {
            for (line, to) in to.chunks_exact_mut(row).enumerate() {
                for (tap, weights) in self.taps(line).zip(weights.chunks_exact(row)) {
                    let Some(Tap { here, there }) = tap else { continue };
                    let weights = &weights[..here.len()];
                    update(
                        [&mut to[here]],
                        [&image[there], weights],
                        |[sum], [number, weight]| [sum + number * weight],
                    );
                }
            }
        }
        to
    }

    /// The gradients of what went into a convolution of each channel alone and of its weights, as far as they are
    /// wanted.
    ///
    /// # Shapes
    /// Those of [`Windows::depthwise`]; `gradient` is that of its result.
    #[inline(never)]
    pub fn depthwise_backward(
        self,
        images: &[f32],
        weight: &[f32],
        gradient: &[f32],
        wanted: [bool; 2],
    ) -> [Option<Vec<f32>>; 2] {
        let (row, size) = (self.images.row().max(1), self.images.size().max(1));
        let weights = self.of_rows(weight);
        let zeros = |wanted: bool, length| wanted.then(|| vec![0.0; length]);
        let (mut of_images, mut of_rows) = (zeros(wanted[0], images.len()), zeros(wanted[1], weights.len()));
        for (at, gradient) in (0..images.len()).step_by(size).zip(gradient.chunks_exact(size)) {
            for (line, gradient) in gradient.chunks_exact(row).enumerate() {
                for (place, tap) in self.taps(line).enumerate() {
                    let Some(Tap { here, there }) = tap else { continue };
                    let (own, there) = (place * row..place * row + here.len(), at + there.start..at + there.end);
                    let gradient = &gradient[here];
                    if let Some(to) = &mut of_images {
                        update(
                            [&mut to[there.clone()]],
                            [gradient, &weights[own.clone()]],
                            |[sum], [gradient, weight]| [sum + gradient * weight],
                        );
                    }
                    if let Some(to) = &mut of_rows {
                        update([&mut to[own]], [gradient, &images[there]], |[sum], [gradient, number]| {
                            [sum + gradient * number]
                        });
                    }
                }
            }
        }
        let channels = self.images.channels.max(1);
        let of_weight = of_rows.map(|of_rows| {
            let mut to = vec![0.0; weight.len()];
            let parts = to.chunks_exact_mut(channels).zip(of_rows.chunks_exact(row));
            parts.for_each(|(to, of_row)| column_sums(of_row, to));
            to
        });
        [of_images, of_weight]
    }

    /// Each place of a window with its weights, once for each place of a row: `[window², side · channels]`.
    fn of_rows(self, weight: &[f32]) -> Vec<f32> {
        weight.chunks_exact(self.images.channels.max(1)).flat_map(|weights| weights.repeat(self.images.side)).collect()
    }

    /// For each place of a window which part of a line sees something there, and where in the image that stands;
    /// `None` where nothing of a line does.
    fn taps(self, line: usize) -> impl Iterator<Item = Option<Tap>> {
        let (margin, Images { side, channels }) = (self.margin(), self.images);
        (0..self.window * self.window).map(move |place| {
            let (down, across) = (place / self.window, place % self.window);
            let other = (line + down).checked_sub(margin).filter(|&other| other < side)?;
            let first = margin.saturating_sub(across);
            let end = (side + margin).saturating_sub(across).min(side);
            let start = (other * side + first + across - margin) * channels;
            let here = first * channels..end * channels;
            (first < end).then(|| Tap { there: start..start + here.len(), here })
        })
    }
}

/// What a place of a window adds to a line.
struct Tap {
    /// Numbers of the line.
    here: Range<usize>,
    /// Numbers of the image.
    there: Range<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images::tests::{IMAGE, counted};

    #[test]
    fn windows_by_hand() {
        // 1 2 3
        // 4 5 6
        // 7 8 9
        let windows = |images, window, stride| Windows { images, window, stride };
        let rows = windows(IMAGE, 3, 1).read(&counted(IMAGE, 1));
        assert_eq!(rows.len(), 9 * 9);
        assert_eq!(rows[..9], [0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 0.0, 4.0, 5.0]);
        assert_eq!(rows[36..45], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
        let strided = windows(IMAGE, 3, 2).read(&counted(IMAGE, 1));
        assert_eq!((strided.len(), &strided[27..]), (4 * 9, &[5.0, 6.0, 0.0, 8.0, 9.0, 0.0, 0.0, 0.0, 0.0][..]));
        let two = Images { channels: 2, ..IMAGE };
        assert_eq!(windows(two, 1, 2).read(&counted(two, 1)), [1.0, 2.0, 5.0, 6.0, 13.0, 14.0, 17.0, 18.0]);
    }

    #[test]
    fn what_is_read_backwards_is_what_was_read() {
        // Σ g · read(x) = Σ read_backward(g) · x for all g and x: each is the other's transpose.
        for (side, channels, window, stride) in [(3, 1, 3, 1), (4, 2, 5, 1), (5, 3, 3, 2), (1, 5, 3, 1), (2, 4, 1, 2)] {
            let windows = Windows { images: Images { side, channels }, window, stride };
            let images = counted(windows.images, 2);
            let rows = windows.read(&images);
            let gradient: Vec<f32> = (0..rows.len()).map(|at| (at * 7 % 5) as f32 - 2.0).collect();
            let back = windows.read_backward(&gradient);
            assert_eq!(back.len(), images.len());
            let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
            assert_eq!(dot(&gradient, &rows), dot(&back, &images), "{windows:?}");
        }
    }

    #[test]
    fn a_convolution_is_a_product_of_all_windows() {
        let mut scratch = Scratch::default();
        for (side, channels, window, stride) in [(4, 2, 3, 1), (5, 1, 5, 1), (5, 3, 3, 2)] {
            let windows = Windows { images: Images { side, channels }, window, stride };
            let images = counted(windows.images, 2);
            let of = |count: usize| (0..count).map(|at| (at * 5 % 7) as f32 - 3.0).collect::<Vec<f32>>();
            let (weight, bias) = (of(3 * windows.length()), of(3));
            let weight = Matrix::with_rows(&weight, windows.length());
            let rows = windows.read(&images);
            let rows = Matrix::with_rows(&rows, 2 * windows.places());
            let product = |left, right, mut to: Vec<f32>| {
                assert!(matmul(&mut to, Lhs::Plain(left), Rhs::Plain(right), &mut Scratch::default()));
                to
            };
            let got = windows.convolve(&images, weight, &bias, &mut scratch);
            assert_eq!(got, product(rows, weight, bias.repeat(rows.rows())));
            let gradient = of(got.len());
            let [of_images, of_weight] = windows.convolve_backward(&images, weight, &gradient, [true; 2], &mut scratch);
            let gradient = Matrix::with_rows(&gradient, rows.rows());
            let want = product(rows.transposed(), gradient, vec![0.0; 3 * windows.length()]);
            assert_eq!(of_weight.unwrap(), want);
            let of_rows = product(gradient, weight.transposed(), vec![0.0; rows.rows() * windows.length()]);
            assert_eq!(of_images.unwrap(), windows.read_backward(&of_rows));
        }
    }

    #[test]
    fn a_channel_alone_is_a_window_times_its_weights() {
        for (side, channels, window) in [(3, 1, 3), (4, 2, 5), (5, 6, 3), (1, 3, 3), (1, 2, 5)] {
            let windows = Windows { images: Images { side, channels }, window, stride: 1 };
            let images = counted(windows.images, 2);
            let weight: Vec<f32> = (0..window * window * channels).map(|at| (at * 5 % 7) as f32 - 3.0).collect();
            let bias: Vec<f32> = (0..channels).map(|at| at as f32).collect();
            let got = windows.depthwise(&images, &weight, &bias);
            let rows = windows.read(&images);
            let length = windows.length();
            let mut want = bias.repeat(rows.len() / length);
            for (row, want) in rows.chunks_exact(length).zip(want.chunks_exact_mut(channels)) {
                for (at, number) in row.iter().enumerate() {
                    want[at % channels] += number * weight[at];
                }
            }
            assert_eq!(got, want, "{windows:?}");
            // Linear in images and in weights: each gradient is a transpose.
            let gradient: Vec<f32> = (0..got.len()).map(|at| (at * 3 % 5) as f32 - 2.0).collect();
            let [of_images, of_weight] = windows.depthwise_backward(&images, &weight, &gradient, [true; 2]);
            let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
            let said = dot(&gradient, &windows.depthwise(&images, &weight, &vec![0.0; channels]));
            assert_eq!(dot(&of_images.unwrap(), &images), said);
            assert_eq!(dot(&of_weight.unwrap(), &weight), said);
        }
    }
}
