//! A matrix product in single precision that leaves out what is zero and is the same everywhere, bit for bit: every output
//! is the bias, then the products in the order of the inputs, one after another.

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

/// Images and ReLU layers are mostly zero: what is not, with the place of its weights. Every number is written and kept by
/// moving on, as a branch would be mispredicted half the time.
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
            32.. => tile::<32>(kept, weight, first, sums),
            8.. => tile::<8>(kept, weight, first, sums),
            4.. => tile::<4>(kept, weight, first, sums),
            _ => tile::<1>(kept, weight, first, sums),
        };
    }
}

/// Some outputs from `first` on; returns how many.
fn tile<const WIDTH: usize>(kept: &[(usize, f32)], weight: &[f32], first: usize, sums: &mut [f32]) -> usize {
    let Some(to) = sums[first..].first_chunk_mut::<WIDTH>() else { return WIDTH };
    let mut sums = *to;
    for &(place, x) in kept {
        // Never absent; a look-up that can fail is cheaper than one that can panic.
        let Some(weights) = weight.get(place + first..place + first + WIDTH) else { continue };
        for (sum, weight) in sums.iter_mut().zip(weights) {
            *sum += x * weight;
        }
    }
    *to = sums;
    WIDTH
}

fn wide(kept: &[(usize, f32)], weight: &[f32], sums: &mut [f32]) {
    let outputs = sums.len();
    let weights = |place: usize| &weight[place..place + outputs];
    // The sums are fetched and put back once for four inputs.
    let (fours, rest) = kept.as_chunks::<4>();
    for &[(a, x), (b, y), (c, z), (d, w)] in fours {
        for ((((sum, a), b), c), d) in sums.iter_mut().zip(weights(a)).zip(weights(b)).zip(weights(c)).zip(weights(d)) {
            *sum = *sum + x * a + y * b + z * c + w * d;
        }
    }
    for &(place, x) in rest {
        sums.iter_mut().zip(weights(place)).for_each(|(sum, weight)| *sum += x * weight);
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
