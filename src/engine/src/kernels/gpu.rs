//! The steps on a GPU, as CubeCL kernels: each is one call where burn's plain formulas are several.

use burn::{
    backend::{Cube, tensor::FloatTensor},
    tensor::{DType, Shape, Tensor},
};
use burn_cubecl::{kernel::into_contiguous, ops::numeric::empty_device_contiguous_dtype, tensor::CubeTensor};
use cubecl::prelude::*;
use retort_kernels::Adam;

use super::{DenseBackward, Loss, Steps};

/// The GPU backend, for any vendor's GPU.
pub type Gpu = Cube;

type GpuTensor = FloatTensor<Gpu>;

/// Rows and columns of the result that a workgroup computes, each of its units two by two numbers.
const TILE: usize = 32;
/// Units of a workgroup along both.
const UNITS: usize = 16;
/// Inputs that are read together.
const DEPTH: usize = 16;
/// Units of a workgroup that goes over rows or numbers.
const LINE: usize = 256;

impl Steps for Gpu {
    fn dense(x: &GpuTensor, weight: &GpuTensor, bias: &GpuTensor, with_relu: bool) -> GpuTensor {
        let (x, weight, bias) = (rows_first(x), rows_first(weight), rows_first(bias));
        let [rows, depth] = sides(&x);
        let columns = sides(&weight)[1];
        let output = empty(&x, &[rows, columns]);
        let unused = empty(&x, &[1]);
        let strides = [depth, 1, columns, 1];
        let flags = Flags { masked: 0, biased: true, rectified: with_relu, summed: false };
        launch_product([&x, &weight, &x, &bias], [&output, &unused], [rows, depth, columns], strides, flags);
        output
    }

    fn dense_backward(
        DenseBackward { x, weight, output, gradient }: DenseBackward<'_, Self>,
        wanted: [bool; 3],
    ) -> [Option<GpuTensor>; 3] {
        let (x, weight, gradient) = (rows_first(x), rows_first(weight), rows_first(&gradient));
        let mask = output.map(rows_first);
        let masked = |side| if mask.is_some() { side } else { 0 };
        let mask = mask.as_ref().unwrap_or(&gradient);
        let [rows, outputs] = sides(&gradient);
        let inputs = sides(&x)[1];
        let unused = empty(&x, &[1]);
        let of_x = wanted[0].then(|| {
            let to = empty(&x, &[rows, inputs]);
            let flags = Flags { masked: masked(1), biased: false, rectified: false, summed: false };
            let strides = [outputs, 1, 1, outputs];
            launch_product(
                [&gradient, &weight, mask, &gradient],
                [&to, &unused],
                [rows, outputs, inputs],
                strides,
                flags,
            );
            to
        });
        let [of_weight, of_bias] = match wanted[1] || wanted[2] {
            false => [None, None],
            true => {
                let (to, sums) = (empty(&x, &[inputs, outputs]), empty(&x, &[outputs]));
                let flags = Flags { masked: masked(2), biased: false, rectified: false, summed: true };
                let strides = [1, inputs, outputs, 1];
                launch_product([&x, &gradient, mask, &gradient], [&to, &sums], [inputs, rows, outputs], strides, flags);
                [Some(to), Some(sums)]
            }
        };
        [of_x, of_weight.filter(|_| wanted[1]), of_bias.filter(|_| wanted[2])]
    }

    fn loss(loss: Loss, logits: &GpuTensor, wanted: &GpuTensor) -> [GpuTensor; 2] {
        let (logits, wanted) = (rows_first(logits), rows_first(wanted));
        let [rows, classes] = sides(&logits);
        let (value, gradient) = (empty(&logits, &[1]), empty(&logits, &[rows, classes]));
        let (soft, temperature, factor) = match loss {
            Loss::SoftTargets { temperature, factor } => (1, temperature, factor),
            Loss::CrossEntropy { factor } => (0, 1.0, factor),
        };
        let client = logits.client.clone();
        divergence::launch(
            &client,
            CubeCount::Static(1, 1, 1),
            CubeDim::new_1d(LINE as u32),
            logits.into_buffer_arg(),
            wanted.into_buffer_arg(),
            value.clone().into_buffer_arg(),
            gradient.clone().into_buffer_arg(),
            rows,
            classes,
            temperature,
            factor,
            soft,
        );
        [value, gradient]
    }

    fn scaled(gradient: GpuTensor, by: GpuTensor) -> GpuTensor {
        let to = empty(&gradient, &sides(&gradient));
        let count = gradient.meta.shape().num_elements();
        let client = gradient.client.clone();
        multiply::launch(
            &client,
            lines(count),
            CubeDim::new_1d(LINE as u32),
            gradient.into_buffer_arg(),
            by.into_buffer_arg(),
            to.clone().into_buffer_arg(),
            count,
        );
        to
    }
}

/// A step of Adam for weights, first and second moments; `None` for tensors of another device.
pub fn adam<const D: usize>(rule: Adam, numbers: &[Tensor<D>; 3], gradient: &Tensor<D>) -> Option<[Tensor<D>; 3]> {
    let on = |tensor: &Tensor<D>| super::on::<Gpu, D>(tensor).map(|tensor| rows_first(&tensor));
    let [weights, first, second] = numbers.each_ref().map(on);
    let (weights, first, second, gradient) = (weights?, first?, second?, on(gradient)?);
    let to = [(); 3].map(|()| empty(&weights, weights.meta.shape()));
    let count = weights.meta.shape().num_elements();
    let client = weights.client.clone();
    let [new_weights, new_first, new_second] = to.clone();
    descend::launch(
        &client,
        lines(count),
        CubeDim::new_1d(LINE as u32),
        weights.into_buffer_arg(),
        gradient.into_buffer_arg(),
        first.into_buffer_arg(),
        second.into_buffer_arg(),
        new_weights.into_buffer_arg(),
        new_first.into_buffer_arg(),
        new_second.into_buffer_arg(),
        count,
        rule.rate,
        rule.betas.0,
        rule.betas.1,
        rule.epsilon,
        rule.correction,
        rule.penalty,
        rule.kept,
    );
    Some(to.map(Tensor::from_primitive::<Gpu>))
}

/// What a product does besides. All but the last are told when it runs: each variant of a kernel is compiled before a
/// first step.
struct Flags {
    /// Whose numbers count only where the mask is above zero: the left factor's (1), the right one's (2) or nobody's
    /// (0).
    masked: u32,
    biased: bool,
    rectified: bool,
    /// Whether the right factor's columns are added up.
    summed: bool,
}

/// `left · right` for factors, a mask and a bias; the strides are those of the left factor's rows and columns, then of
/// the right one's.
fn launch_product(
    [left, right, mask, bias]: [&GpuTensor; 4],
    [to, sums]: [&GpuTensor; 2],
    [rows, depth, columns]: [usize; 3],
    [left_row, left_column, right_row, right_column]: [usize; 4],
    flags: Flags,
) {
    let count = |side: usize| side.div_ceil(TILE) as u32;
    product::launch(
        &left.client,
        CubeCount::Static(count(columns), count(rows), 1),
        CubeDim::new_2d(UNITS as u32, UNITS as u32),
        left.clone().into_buffer_arg(),
        right.clone().into_buffer_arg(),
        mask.clone().into_buffer_arg(),
        bias.clone().into_buffer_arg(),
        to.clone().into_buffer_arg(),
        sums.clone().into_buffer_arg(),
        rows,
        depth,
        columns,
        left_row,
        left_column,
        right_row,
        right_column,
        flags.masked,
        u32::from(flags.biased),
        u32::from(flags.rectified),
        flags.summed,
    );
}

#[cube(launch)]
#[allow(clippy::too_many_arguments, reason = "a kernel's arguments are its bindings")]
#[allow(
    clippy::collapsible_if,
    reason = "a kernel computes both sides of `&&`, and a mask that is none may be shorter"
)]
fn product(
    left: &[f32],
    right: &[f32],
    mask: &[f32],
    bias: &[f32],
    to: &mut [f32],
    sums: &mut [f32],
    rows: usize,
    depth: usize,
    columns: usize,
    left_row: usize,
    left_column: usize,
    right_row: usize,
    right_column: usize,
    masked: u32,
    biased: u32,
    rectified: u32,
    #[comptime] summed: bool,
) {
    let mut lefts = Shared::<[f32]>::new_slice(TILE * DEPTH);
    let mut rights = Shared::<[f32]>::new_slice(DEPTH * TILE);
    let x = UNIT_POS_X as usize;
    let y = UNIT_POS_Y as usize;
    let unit = y * UNITS + x;
    let row = CUBE_POS_Y as usize * TILE;
    let column = CUBE_POS_X as usize * TILE;
    let mut a = f32::new(0.0);
    let mut b = f32::new(0.0);
    let mut c = f32::new(0.0);
    let mut d = f32::new(0.0);
    let mut left_sum = f32::new(0.0);
    let mut right_sum = f32::new(0.0);
    let blocks = depth.div_ceil(DEPTH);
    for block in 0..blocks {
        #[unroll]
        for half in 0..2usize {
            let place = unit + half * UNITS * UNITS;
            let at = block * DEPTH + place % DEPTH;
            let of = row + place / DEPTH;
            let mut number = f32::new(0.0);
            if of < rows && at < depth {
                let index = of * left_row + at * left_column;
                number = left[index];
                if masked == 1u32 {
                    if mask[index] <= 0.0 {
                        number = f32::new(0.0);
                    }
                }
            }
            lefts[place] = number;
            let at = block * DEPTH + place / TILE;
            let of = column + place % TILE;
            let mut number = f32::new(0.0);
            if of < columns && at < depth {
                let index = at * right_row + of * right_column;
                number = right[index];
                if masked == 2u32 {
                    if mask[index] <= 0.0 {
                        number = f32::new(0.0);
                    }
                }
            }
            rights[place] = number;
        }
        sync_cube();
        for at in 0..DEPTH {
            let above = lefts[y * DEPTH + at];
            let below = lefts[(y + UNITS) * DEPTH + at];
            let first = rights[at * TILE + x];
            let second = rights[at * TILE + x + UNITS];
            a += above * first;
            b += above * second;
            c += below * first;
            d += below * second;
            if summed {
                left_sum += first;
                right_sum += second;
            }
        }
        sync_cube();
    }
    let row = row + y;
    let column = column + x;
    put(to, bias, a, row, column, rows, columns, biased, rectified);
    put(to, bias, b, row, column + UNITS, rows, columns, biased, rectified);
    put(to, bias, c, row + UNITS, column, rows, columns, biased, rectified);
    put(to, bias, d, row + UNITS, column + UNITS, rows, columns, biased, rectified);
    if summed && row == 0 {
        if column < columns {
            sums[column] = left_sum;
        }
        if column + UNITS < columns {
            sums[column + UNITS] = right_sum;
        }
    }
}

#[cube]
#[allow(clippy::too_many_arguments, reason = "it is inlined")]
fn put(
    to: &mut [f32],
    bias: &[f32],
    sum: f32,
    row: usize,
    column: usize,
    rows: usize,
    columns: usize,
    biased: u32,
    rectified: u32,
) {
    if row < rows && column < columns {
        let mut number = sum;
        if biased == 1u32 {
            number += bias[column];
        }
        if rectified == 1u32 {
            number = max(number, f32::new(0.0));
        }
        to[row * columns + column] = number;
    }
}

/// `factor · Σ KL(wanted ‖ given)` at a temperature, or the cross-entropy with `wanted`, and its gradient; one
/// workgroup, each unit some rows.
#[cube(launch)]
#[allow(clippy::too_many_arguments, reason = "a kernel's arguments are its bindings")]
fn divergence(
    given: &[f32],
    wanted: &[f32],
    value: &mut [f32],
    gradient: &mut [f32],
    rows: usize,
    classes: usize,
    temperature: f32,
    factor: f32,
    soft: u32,
) {
    let mut parts = Shared::<[f32]>::new_slice(LINE);
    let unit = UNIT_POS as usize;
    let mut part = f32::new(0.0);
    let turns = rows.div_ceil(LINE);
    for turn in 0..turns {
        let row = turn * LINE + unit;
        if row < rows {
            let from = row * classes;
            let mut most_given = given[from];
            let mut most_wanted = wanted[from];
            for class in 1..classes {
                most_given = max(most_given, given[from + class]);
                most_wanted = max(most_wanted, wanted[from + class]);
            }
            let mut all_given = f32::new(0.0);
            let mut all_wanted = f32::new(0.0);
            for class in 0..classes {
                all_given += ((given[from + class] - most_given) / temperature).exp();
                if soft == 1u32 {
                    all_wanted += ((wanted[from + class] - most_wanted) / temperature).exp();
                }
            }
            let log_given = all_given.ln();
            let log_wanted = all_wanted.ln();
            for class in 0..classes {
                let answer = (given[from + class] - most_given) / temperature - log_given;
                let mut share = wanted[from + class];
                if soft == 1u32 {
                    let log_share = (wanted[from + class] - most_wanted) / temperature - log_wanted;
                    share = log_share.exp();
                    part += share * (log_share - answer);
                } else {
                    part -= share * answer;
                }
                gradient[from + class] = (answer.exp() - share) * factor / temperature;
            }
        }
    }
    parts[unit] = part;
    sync_cube();
    if unit == 0 {
        let mut sum = f32::new(0.0);
        for other in 0..LINE {
            sum += parts[other];
        }
        value[0] = sum * factor;
    }
}

#[cube(launch)]
fn multiply(gradient: &[f32], by: &[f32], to: &mut [f32], count: usize) {
    if ABSOLUTE_POS < count {
        to[ABSOLUTE_POS] = gradient[ABSOLUTE_POS] * by[0];
    }
}

#[cube(launch)]
#[allow(clippy::too_many_arguments, reason = "a kernel's arguments are its bindings")]
fn descend(
    weights: &[f32],
    gradient: &[f32],
    first: &[f32],
    second: &[f32],
    new_weights: &mut [f32],
    new_first: &mut [f32],
    new_second: &mut [f32],
    count: usize,
    rate: f32,
    beta1: f32,
    beta2: f32,
    epsilon: f32,
    correction: f32,
    penalty: f32,
    kept: f32,
) {
    let at = ABSOLUTE_POS;
    if at < count {
        let gradient = weights[at] * penalty + gradient[at];
        let first = first[at] * beta1 + gradient * (1.0 - beta1);
        let second = second[at] * beta2 + gradient * gradient * (1.0 - beta2);
        new_first[at] = first;
        new_second[at] = second;
        new_weights[at] = weights[at] * kept - first * correction / (second.sqrt() + epsilon) * rate;
    }
}

/// As many workgroups as it takes for each number to have a unit.
fn lines(count: usize) -> CubeCount {
    let groups = count.div_ceil(LINE) as u32;
    // A dimension has at most 65,535 of them.
    let across = groups.clamp(1, 1 << 15);
    CubeCount::Static(across, groups.div_ceil(across).max(1), 1)
}

fn rows_first(tensor: &GpuTensor) -> GpuTensor {
    into_contiguous(tensor.clone())
}

fn sides(tensor: &GpuTensor) -> [usize; 2] {
    let shape = tensor.meta.shape();
    [shape[0], shape[1]]
}

fn empty(like: &CubeTensor, sides: &[usize]) -> GpuTensor {
    empty_device_contiguous_dtype(like.client.clone(), like.device.clone(), Shape::from(sides.to_vec()), DType::F32)
}
