//! How large a tile is: known to the loop in Rust and to what writes its instructions.

/// Columns of a tile: two vectors.
pub const COLUMNS: usize = 8;
/// Rows of a tile: by fused multiply–add twelve sums, two vectors of the right factor and one splat, of sixteen
/// registers.
pub const ROWS: usize = 6;
