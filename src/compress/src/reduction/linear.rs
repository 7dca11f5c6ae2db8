//! The few operations on rows in double precision that decompositions are made of.

/// Sums that run side by side, so that they can share an instruction.
const LANES: usize = 8;

/// The scalar product of two rows.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    let (wide_a, rest_a) = a.as_chunks::<LANES>();
    let (wide_b, rest_b) = b.as_chunks::<LANES>();
    for (a, b) in wide_a.iter().zip(wide_b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f64>() + rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum::<f64>()
}

/// `to += factor · from`.
pub fn add_scaled(to: &mut [f64], factor: f64, from: &[f64]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += factor * from);
}

/// The scalar products of all pairs of columns, `[width, width]`, of rows `[n, width]`.
pub fn gram(rows: &[f32], width: usize) -> Vec<f64> {
    let mut products = vec![0.0; width * width];
    let mut wide = vec![0.0; width];
    for row in rows.chunks_exact(width.max(1)) {
        wide.iter_mut().zip(row).for_each(|(wide, x)| *wide = f64::from(*x));
        // Images and what a ReLU lets through are mostly zero.
        for (place, &x) in wide.iter().enumerate().filter(|(_, x)| **x != 0.0) {
            add_scaled(&mut products[place * width + place..(place + 1) * width], x, &wide[place..]);
        }
    }
    for row in 1..width {
        for column in 0..row {
            products[row * width + column] = products[column * width + row];
        }
    }
    products
}

/// Rotates two rows in their plane by the angle of this tangent.
pub fn rotate(a: &mut [f64], b: &mut [f64], tangent: f64) {
    let cosine = tangent.hypot(1.0).recip();
    let sine = cosine * tangent;
    for (a, b) in a.iter_mut().zip(b) {
        (*a, *b) = (cosine * *a - sine * *b, sine * *a + cosine * *b);
    }
}

/// The inverse's upper Cholesky factor `U`, `H⁻¹ = Uᵀ·U`, of a symmetric positive definite `H`, `[size, size]` row by
/// row.
///
/// `H = R·Rᵀ` with an upper triangular `R`, found from its last row up; `U` is the inverse of `R`.
pub fn inverse_factor(matrix: &[f64], size: usize) -> Vec<f64> {
    let mut factor = vec![0.0; size * size];
    for column in (0..size).rev() {
        let (above, from) = factor.split_at_mut(column * size);
        let from = &mut from[..size];
        let square = matrix[column * size + column] - dot(&from[column + 1..], &from[column + 1..]);
        // Damping keeps squares positive; rounding must not undo that.
        let diagonal = square.max(f64::MIN_POSITIVE).sqrt();
        from[column] = diagonal;
        for (row, entries) in above.chunks_exact_mut(size.max(1)).enumerate() {
            let rest = dot(&entries[column + 1..], &from[column + 1..]);
            entries[column] = (matrix[row * size + column] - rest) / diagonal;
        }
    }
    let mut inverse = vec![0.0; size * size];
    for row in (0..size).rev() {
        let entries = &factor[row * size..][..size];
        let (above, below) = inverse.split_at_mut((row + 1) * size);
        let result = &mut above[row * size..];
        let diagonal = entries[row];
        result[row] = diagonal.recip();
        for (later, solved) in below.chunks_exact(size.max(1)).enumerate() {
            let from = row + 1 + later;
            add_scaled(&mut result[from..], -entries[from] / diagonal, &solved[from..]);
        }
    }
    inverse
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverse_factor_as_numpy_finds_it() {
        // numpy.linalg.cholesky(numpy.linalg.inv(H)).T of a damped Gram matrix.
        let rows: Vec<Vec<f64>> = (0..5)
            .map(|column| (0..12).map(|row| ((row * 5 + column) * 29 % 31) as f64 / 15.0 - 1.0).collect())
            .collect();
        let mut matrix: Vec<f64> = rows.iter().flat_map(|a| rows.iter().map(|b| dot(a, b) / 6.0)).collect();
        let damping = 0.01 * (0..5).map(|place| matrix[place * 6]).sum::<f64>() / 5.0;
        (0..5).for_each(|place| matrix[place * 6] += damping);
        let numpy = [
            [1.459_413_19, -0.341_191_51, 0.961_106_9, 0.273_168_38, -0.414_770_14],
            [0.0, 1.139_116_33, -0.084_949_28, -0.061_794_48, -0.038_639_68],
            [0.0, 0.0, 5.522_488_08, -8.725_141_12, 3.200_145_29],
            [0.0, 0.0, 0.0, 4.518_237_4, -4.401_696_21],
            [0.0, 0.0, 0.0, 0.0, 1.277_394],
        ];
        for (got, aim) in inverse_factor(&matrix, 5).iter().zip(numpy.as_flattened()) {
            assert!((got - aim).abs() < 1e-7, "{got} {aim}");
        }
    }
}
