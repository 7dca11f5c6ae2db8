//! Regression of ten variables, of which five count: `y = 10 sin(π x₁ x₂) + 20 (x₃ − ½)² + 10 x₄ + 5 x₅` and normal
//! noise (Friedman 1991, equation 61).

use retort_spec::TargetKind;

use super::{csv::Column, table::Table, table_error::TableError};
use crate::random::stream;

const ROWS: usize = 4_000;
const COLUMNS: usize = 10;
/// The rows are the same in every experiment.
const SEED: u32 = 1;

/// The table, with noise of this standard deviation.
///
/// # Errors
/// None: it is a table of numbers.
pub fn friedman(noise: f32) -> Result<Table, TableError> {
    let mut stream = stream(SEED, "friedman");
    let mut columns = vec![Vec::new(); COLUMNS + 1];
    for _ in 0..ROWS {
        let x: [f32; COLUMNS] = std::array::from_fn(|_| stream.uniform());
        let y = 10.0 * (std::f32::consts::PI * x[0] * x[1]).sin()
            + 20.0 * (x[2] - 0.5).powi(2)
            + 10.0 * x[3]
            + 5.0 * x[4]
            + noise * stream.normal();
        columns.iter_mut().zip(x.into_iter().chain([y])).for_each(|(column, number)| column.push(number));
    }
    let name = |index| if index < COLUMNS { format!("x{}", index + 1) } else { "y".into() };
    let columns = (0..).zip(columns).map(|(index, numbers)| (name(index), Column::Numbers(numbers))).collect();
    Table::new(&columns, COLUMNS, TargetKind::Number)
}
