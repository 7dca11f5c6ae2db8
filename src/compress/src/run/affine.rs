//! A matrix product in single precision that leaves out what is zero and is the same everywhere, bit for bit: every
//! output is the bias, then the products in the order of the inputs, one after another.

use wide::f32x4;

/// From so many outputs on a row of weights is read through, as memory prefers it; below, sums stay in registers.
const WIDE: usize = 64;

/// `rows · weight + bias`.
///
/// # Shapes
/// `rows`: `[n, inputs]`; `weight`: `[inputs, outputs]` with `bias` as long as `outputs`; the result `[n, outputs]`.
pub fn affine(rows: &[f32], weight: &[f32], bias: &[f32]) -> Vec<f32> {
    let outputs = bias.len().max(1);
    let inputs = (weight.len() / outputs).max(1);
    let mut sums = vec![0.0; rows.len() / inputs * bias.len()];
    // One more: the place that is written and not kept.
    let mut kept = vec![(0, 0.0); inputs + 1];
    for (row, sums) in rows.chunks_exact(inputs).zip(sums.chunks_exact_mut(outputs)) {
        sums.copy_from_slice(bias);
        let count = keep(row, outputs, &mut kept);
        if outputs < WIDE {
            narrow(&kept[..count], weight, sums);
        } else {
            wide(&kept[..count], weight, sums);
        }
    }
    sums
}

/// Images and ReLU layers are mostly zero: what is not, with the place of its weights. Every number is written and kept
/// by moving on, as a branch would be mispredicted half the time.
fn keep(row: &[f32], outputs: usize, kept: &mut [(usize, f32)]) -> usize {
    let mut count = 0;
    for (input, &x) in row.iter().enumerate() {
        if let Some(entry) = kept.get_mut(count) {
            *entry = (input * outputs, x);
        }
        count += usize::from(x != 0.0);
    }
    count
}

fn narrow(kept: &[(usize, f32)], weight: &[f32], sums: &mut [f32]) {
    let mut first = 0;
    while first < sums.len() {
        first += match sums.len() - first {
            32.. => tile::<8>(kept, weight, first, sums),
            8.. => tile::<2>(kept, weight, first, sums),
            4.. => tile::<1>(kept, weight, first, sums),
            _ => single(kept, weight, first, sums),
        };
    }
}

/// Four outputs times `QUADS`, from `first` on; returns how many.
fn tile<const QUADS: usize>(kept: &[(usize, f32)], weight: &[f32], first: usize, sums: &mut [f32]) -> usize {
    let width = 4 * QUADS;
    let to = sums[first..first + width].as_chunks_mut::<4>().0;
    let mut sums = [f32x4::ZERO; QUADS];
    sums.iter_mut().zip(&*to).for_each(|(sum, &to)| *sum = to.into());
    for &(place, x) in kept {
        // Never absent; a look-up that can fail is cheaper than one that can panic.
        let Some(weights) = weight.get(place + first..place + first + width) else { continue };
        let x = f32x4::splat(x);
        for (sum, &weights) in sums.iter_mut().zip(weights.as_chunks::<4>().0) {
            *sum += x * f32x4::from(weights);
        }
    }
    to.iter_mut().zip(sums).for_each(|(to, sum)| *to = sum.to_array());
    width
}

fn single(kept: &[(usize, f32)], weight: &[f32], output: usize, sums: &mut [f32]) -> usize {
    sums[output] = kept.iter().fold(sums[output], |sum, &(place, x)| sum + x * weight[place + output]);
    1
}

fn wide(kept: &[(usize, f32)], weight: &[f32], sums: &mut [f32]) {
    let outputs = sums.len();
    let (quads, ends) = sums.as_chunks_mut::<4>();
    let weights = |place: usize| weight[place..place + outputs].as_chunks::<4>();
    // The sums are fetched and put back once for four inputs.
    let (fours, rest) = kept.as_chunks::<4>();
    for four in fours {
        let [(a, a_end), (b, b_end), (c, c_end), (d, d_end)] = four.map(|(place, _)| weights(place));
        let [x, y, z, w] = four.map(|(_, x)| f32x4::splat(x));
        for ((((sum, &a), &b), &c), &d) in quads.iter_mut().zip(a).zip(b).zip(c).zip(d) {
            let first = f32x4::from(*sum) + x * f32x4::from(a) + y * f32x4::from(b);
            *sum = (first + z * f32x4::from(c) + w * f32x4::from(d)).to_array();
        }
        for (end, weights) in [a_end, b_end, c_end, d_end].into_iter().enumerate() {
            ends.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += four[end].1 * weight);
        }
    }
    for &(place, x) in rest {
        let (weights, weight_ends) = weights(place);
        let all = quads.as_flattened_mut().iter_mut().zip(weights.as_flattened());
        all.chain(ends.iter_mut().zip(weight_ends)).for_each(|(sum, weight)| *sum += x * weight);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::stream;
    use rand::RngExt;

    #[test]
    fn sums_are_those_of_one_product_after_another() {
        let mut generator = stream(1, "affine");
        for (inputs, outputs) in [(1, 1), (3, 2), (9, 8), (31, 10), (20, 45), (40, 63), (41, 64), (42, 101)] {
            let mut draw =
                |count: usize| -> Vec<f32> { (0..count).map(|_| generator.random_range(-1.0..1.0)).collect() };
            let (weight, bias) = (draw(inputs * outputs), draw(outputs));
            let rows: Vec<f32> = draw(5 * inputs).into_iter().map(|x| x.max(0.0)).collect();
            let sums = affine(&rows, &weight, &bias);
            for (place, sum) in sums.iter().enumerate() {
                let (row, output) = (place / outputs, place % outputs);
                let add = |sum: f32, input: usize| sum + rows[row * inputs + input] * weight[input * outputs + output];
                assert_eq!(*sum, (0..inputs).fold(bias[output], add), "{inputs} {outputs}");
            }
            assert_eq!(sums.len(), 5 * outputs);
        }
        assert!(affine(&[], &[1.0], &[1.0]).is_empty());
    }
}
