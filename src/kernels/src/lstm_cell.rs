//! One step of the cells of a long short-term memory, and its gradient (Hochreiter & Schmidhuber 1997; the forget gate
//! is that of Gers et al. 2000). Gates stand in the order input, forget, candidate, output.

use crate::activations::{sigmoid, tanh};

/// From the sums in front of the gates to the gates, the cells and what the cells say.
///
/// # Shapes
/// `gates`: `[rows, 4 · width]`, sums before and gates afterwards; `before`, `cells`, `squashed`, `hidden`:
/// `[rows, width]`. `squashed` is the hyperbolic tangent of the cells, which the gradient needs.
#[inline(never)]
pub fn lstm_forward(gates: &mut [f32], before: &[f32], [cells, squashed, hidden]: [&mut [f32]; 3], width: usize) {
    let width = width.max(1);
    // All gates are then one function of numbers that stand side by side: tanh x = 2 σ(2x) − 1.
    for row in gates.chunks_exact_mut(4 * width) {
        row[2 * width..3 * width].iter_mut().for_each(|sum| *sum *= 2.0);
    }
    sigmoid(gates);
    let rows = gates.chunks_exact_mut(4 * width).zip(before.chunks_exact(width));
    for ((gates, before), cells) in rows.zip(cells.chunks_exact_mut(width)) {
        let (inputs, rest) = gates.split_at_mut(width);
        let (forgets, rest) = rest.split_at_mut(width);
        let candidates = &mut rest[..width];
        for ((((cell, before), input), forget), candidate) in
            cells.iter_mut().zip(before).zip(inputs).zip(forgets).zip(candidates)
        {
            *candidate = 2.0 * *candidate - 1.0;
            *cell = *forget * before + *input * *candidate;
        }
    }
    squashed.copy_from_slice(cells);
    tanh(squashed);
    let rows = gates.chunks_exact(4 * width).zip(squashed.chunks_exact(width));
    for ((gates, squashed), hidden) in rows.zip(hidden.chunks_exact_mut(width)) {
        for ((hidden, squashed), output) in hidden.iter_mut().zip(squashed).zip(&gates[3 * width..]) {
            *hidden = output * squashed;
        }
    }
}

/// From the gradient of what the cells said and of the cells to those of the sums and of the cells before.
///
/// # Shapes
/// `gates`: `[rows, 4 · width]`, gates before and the gradient of their sums afterwards; `squashed`, `before`,
/// `of_hidden`: `[rows, width]`; `of_cells`: `[rows, width]`, the gradient that comes from the next step before, and
/// what goes to the step before afterwards.
#[inline(never)]
pub fn lstm_backward(
    gates: &mut [f32],
    [squashed, before, of_hidden]: [&[f32]; 3],
    of_cells: &mut [f32],
    width: usize,
) {
    let width = width.max(1);
    let rows = gates.chunks_exact_mut(4 * width).zip(squashed.chunks_exact(width)).zip(before.chunks_exact(width));
    let rows = rows.zip(of_hidden.chunks_exact(width)).zip(of_cells.chunks_exact_mut(width));
    for ((((gates, squashed), before), of_hidden), of_cells) in rows {
        let (inputs, rest) = gates.split_at_mut(width);
        let (forgets, rest) = rest.split_at_mut(width);
        let (candidates, outputs) = rest.split_at_mut(width);
        for at in 0..width {
            let (input, forget, candidate, output) = (inputs[at], forgets[at], candidates[at], outputs[at]);
            let (said, of_said) = (squashed[at], of_hidden[at]);
            let of_cell = of_cells[at] + of_said * output * (1.0 - said * said);
            inputs[at] = of_cell * candidate * input * (1.0 - input);
            forgets[at] = of_cell * before[at] * forget * (1.0 - forget);
            candidates[at] = of_cell * input * (1.0 - candidate * candidate);
            outputs[at] = of_said * said * output * (1.0 - output);
            of_cells[at] = of_cell * forget;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packing::tests::wave;

    const WIDTH: usize = 5;
    const ROWS: usize = 3;

    /// Gates, cells, their hyperbolic tangents and what the cells say.
    fn forward(sums: &[f32], before: &[f32]) -> [Vec<f32>; 4] {
        let mut gates = sums.to_vec();
        let [mut cells, mut squashed, mut hidden] = [(); 3].map(|()| vec![0.0; ROWS * WIDTH]);
        lstm_forward(&mut gates, before, [&mut cells, &mut squashed, &mut hidden], WIDTH);
        [gates, cells, squashed, hidden]
    }

    #[test]
    fn a_cell_by_hand() {
        let (sums, before) = (wave(ROWS * 4 * WIDTH, 0.9), wave(ROWS * WIDTH, 0.4));
        let [_, cells, _, hidden] = forward(&sums, &before);
        let logistic = |number: f32| 1.0 / (1.0 + (-f64::from(number)).exp());
        for at in 0..ROWS * WIDTH {
            let sum = |gate: usize| sums[at / WIDTH * 4 * WIDTH + gate * WIDTH + at % WIDTH];
            let cell = logistic(sum(1)) * f64::from(before[at]) + logistic(sum(0)) * f64::from(sum(2)).tanh();
            assert!((f64::from(cells[at]) - cell).abs() < 1e-6);
            assert!((f64::from(hidden[at]) - logistic(sum(3)) * cell.tanh()).abs() < 1e-6);
        }
    }

    #[test]
    fn gradients_are_those_of_finite_differences() {
        let (sums, before) = (wave(ROWS * 4 * WIDTH, 0.9), wave(ROWS * WIDTH, 0.4));
        let (of_hidden, of_cells) = (wave(ROWS * WIDTH, 1.7), wave(ROWS * WIDTH, 2.3));
        let value = |sums: &[f32], before: &[f32]| -> f32 {
            let [_, cells, _, hidden] = forward(sums, before);
            let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
            product(&cells, &of_cells) + product(&hidden, &of_hidden)
        };
        let [mut gates, _, squashed, _] = forward(&sums, &before);
        let mut of_before = of_cells.clone();
        lstm_backward(&mut gates, [&squashed, &before, &of_hidden], &mut of_before, WIDTH);
        for (list, gradient, first) in [(&sums, &gates, true), (&before, &of_before, false)] {
            for at in 0..list.len() {
                let moved = |by: f32| {
                    let mut moved = list.clone();
                    moved[at] += by;
                    if first { value(&moved, &before) } else { value(&sums, &moved) }
                };
                let expected = (moved(0.01) - moved(-0.01)) / 0.02;
                assert!((gradient[at] - expected).abs() < 1e-3, "{at}: {} {expected}", gradient[at]);
            }
        }
    }
}
