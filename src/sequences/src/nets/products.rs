//! Products of matrices, with room for what they need.

use retort_kernels::{Lhs, Matrix, Rhs, Scratch, matmul};

/// Room for products.
#[derive(Debug, Default)]
pub struct Products {
    scratch: Scratch,
}

impl Products {
    /// Adds `left · right` to `to`.
    pub fn add(&mut self, to: &mut [f32], left: Matrix<'_>, right: Rhs<'_>) {
        assert!(matmul(to, Lhs::Plain(left), right, &mut self.scratch), "the factors have other shapes");
    }
}

/// A matrix of so many columns, and as many rows as there are numbers for.
pub fn with_columns(numbers: &[f32], columns: usize) -> Matrix<'_> {
    Matrix::with_rows(numbers, numbers.len() / columns.max(1))
}

/// Makes a list of so many zeros.
pub fn zeros(numbers: &mut Vec<f32>, count: usize) {
    numbers.clear();
    numbers.resize(count, 0.0);
}
