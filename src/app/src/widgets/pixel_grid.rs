//! Values painted as cells: the channels of a stage side by side, or a matrix with gaps between its groups.

use yew::prelude::*;

use crate::{
    island,
    widgets::picture::{PixelsProps, use_pixels},
};

/// Squares in a row of a picture of many.
pub const ACROSS: usize = 8;
/// How wide a square is drawn, in pixels of the page, where there is room.
const TILE: usize = 32;
/// The same of a cell of a strip and of a matrix.
const CELL: usize = 4;
/// The hues of values above and below nothing: no network_id's, and visible on light paper and on dark.
const ABOVE: [u8; 3] = [180, 120, 0];
const BELOW: [u8; 3] = [139, 92, 246];

/// A colour: red, green, blue and opacity.
type Colour = [u8; 4];

/// Cells with their colours; what is not painted is clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    /// Rows and columns.
    shape: [usize; 2],
    /// Row by row, four bytes each.
    colours: Vec<u8>,
    /// How wide the whole is drawn where there is room, in pixels of the page.
    width: usize,
}

impl Grid {
    fn clear(shape: [usize; 2], width: usize) -> Self {
        Self { shape, colours: vec![0; 4 * shape[0] * shape[1]], width }
    }

    fn paint(&mut self, row: usize, column: usize, colour: Colour) {
        let at = 4 * (row * self.shape[1] + column);
        if let Some(cell) = self.colours.get_mut(at..at + 4) {
            cell.copy_from_slice(&colour);
        }
    }

    /// Squares of this side, so many in a row, a clear cell between them; squares of one cell as one strip.
    ///
    /// # Shapes
    /// `values`: `[squares, side²]`.
    pub fn squares(values: &[f32], side: usize, across: usize, colour: &dyn Fn(f32) -> Colour) -> Self {
        let side = side.max(1);
        let count = values.len() / (side * side);
        let (across, pitch) = if side == 1 { (count.max(1), 1) } else { (across.clamp(1, count.max(1)), side + 1) };
        let extent = |squares: usize| (squares.max(1) * pitch).saturating_sub(pitch - side);
        let (rows, columns) = (extent(count.div_ceil(across)), extent(across));
        let mut grid = Self::clear([rows, columns], columns * if side == 1 { 2 * CELL } else { TILE.div_ceil(side) });
        for (index, &value) in values.iter().take(count * side * side).enumerate() {
            let (square, cell) = (index / (side * side), index % (side * side));
            let row = square / across * pitch + cell / side;
            grid.paint(row, square % across * pitch + cell % side, colour(value));
        }
        grid
    }

    /// A square matrix with a clear cell wherever the group of its rows changes.
    ///
    /// # Shapes
    /// `values`: `[groups, groups]`.
    pub fn matrix(values: &[f32], groups: &[u8], colour: &dyn Fn(f32) -> Colour) -> Self {
        let size = groups.len();
        let changes = |at: usize| groups.windows(2).take(at).filter(|pair| pair[0] != pair[1]).count();
        let places: Vec<usize> = (0..size).map(|at| at + changes(at)).collect();
        let side = places.last().map_or(1, |last| last + 1);
        let mut grid = Self::clear([side, side], side * CELL);
        for (index, &value) in values.iter().take(size * size).enumerate() {
            grid.paint(places[index / size], places[index % size], colour(value));
        }
        grid
    }

    /// The picture, which `words` tell of.
    pub fn picture(self, words: String) -> Html {
        let [rows, columns] = self.shape;
        let form =
            if rows == 1 { "height:18px;aspect-ratio:auto".into() } else { format!("aspect-ratio:{columns}/{rows}") };
        let style = format!("width:{}px;max-width:100%;{form}", self.width);
        let shape = [rows as u32, columns as u32];
        let (label, style) = (Some(words.into()), Some(style.into()));
        island!(use_pixels, PixelsProps { shape, colours: self.colours, label, style })
    }
}

/// The largest of the values without their signs; never nothing, so that it can be divided by.
pub fn most(values: &[f32]) -> f32 {
    values.iter().fold(f32::MIN_POSITIVE, |most, value| most.max(value.abs()))
}

/// From black for nothing to white for `most`.
pub fn grey(value: f32, most: f32) -> Colour {
    let ink = (255.0 * (value / most).clamp(0.0, 1.0)).round() as u8;
    [ink, ink, ink, u8::MAX]
}

/// One hue above nothing and another below, the paler the nearer.
pub fn signed(value: f32, most: f32) -> Colour {
    let [r, g, b] = if value < 0.0 { BELOW } else { ABOVE };
    [r, g, b, (255.0 * (value.abs() / most).min(1.0)).round() as u8]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first byte of each cell; 0 where it is clear.
    fn inks(grid: &Grid) -> Vec<u8> {
        grid.colours.chunks_exact(4).map(|cell| cell[0]).collect()
    }

    fn ink(value: f32) -> Colour {
        [value as u8, 0, 0, 255]
    }

    #[test]
    fn squares_stand_eight_in_a_row_with_a_clear_cell_between_them() {
        let two = Grid::squares(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], 2, ACROSS, &ink);
        assert_eq!(two.shape, [2, 5]);
        assert_eq!(inks(&two), [1, 2, 0, 5, 6, 3, 4, 0, 7, 8]);
        let nine = Grid::squares(&[9.0; 36], 2, ACROSS, &ink);
        assert_eq!(nine.shape, [5, 23]);
        assert_eq!(inks(&nine)[3 * 23..3 * 23 + 3], [9, 9, 0], "the ninth begins a row");
    }

    #[test]
    fn units_are_one_strip_and_nothing_is_a_cell() {
        let strip = Grid::squares(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0], 1, ACROSS, &ink);
        assert_eq!((strip.shape, inks(&strip)), ([1, 9], vec![1, 2, 3, 4, 5, 6, 7, 8, 9]));
        assert_eq!(Grid::squares(&[], 1, ACROSS, &ink).shape, [1, 1]);
    }

    #[test]
    fn a_matrix_has_gaps_between_its_classes() {
        let values: Vec<f32> = (1..=9).map(|value| value as f32).collect();
        let grid = Grid::matrix(&values, &[0, 0, 1], &ink);
        assert_eq!(grid.shape, [4, 4]);
        assert_eq!(inks(&grid), [1, 2, 0, 3, 4, 5, 0, 6, 0, 0, 0, 0, 7, 8, 0, 9]);
    }

    #[test]
    fn colours_by_hand() {
        assert_eq!([grey(-1.0, 2.0), grey(1.0, 2.0), grey(3.0, 2.0)], [[0, 0, 0, 255], [128, 128, 128, 255], [255; 4]]);
        assert_eq!((signed(-2.0, 2.0)[3], &signed(-2.0, 2.0)[..3]), (255, &BELOW[..]));
        assert_eq!((signed(0.5, 2.0)[3], &signed(0.5, 2.0)[..3]), (64, &ABOVE[..]));
        assert_eq!(most(&[1.0, -3.0, f32::NAN]), 3.0);
    }
}
