//! A sweep as a table of text: a row for each value of its slowest knob, a column for each value of the other.

use retort_spec::{Sweep, sweep::Metric};

use super::metric::width;

/// How the cells of a sweep stand in a table.
pub struct Grid<'a> {
    sweep: &'a Sweep,
    metric: Metric,
    /// The axes of the rows and, with two knobs, of the columns.
    axes: Vec<usize>,
    /// Letters of each column.
    widths: Vec<usize>,
}

impl<'a> Grid<'a> {
    /// A table of this metric. The rows are of the knob whose turns retrain most.
    pub fn new(sweep: &'a Sweep, metric: Metric) -> Self {
        let axes = sweep.slowest_first();
        let mut grid = Self { sweep, metric, axes, widths: Vec::new() };
        let head = grid.head();
        let count = |text: &String| text.chars().count();
        let first = grid.values(0).iter().chain(&head[..1]).map(count).max().unwrap_or(0);
        let rest = head[1..].iter().map(|text| count(text).max(width(metric)));
        grid.widths = std::iter::once(first).chain(rest).collect();
        grid
    }

    /// The values of the knob that varies slowest, or of the other.
    fn values(&self, place: usize) -> &[String] {
        self.axes.get(place).map_or(&[], |&axis| self.sweep.axes()[axis].values())
    }

    /// The places of the cells among [`Sweep::cells`], row by row.
    pub fn rows(&self) -> Vec<Vec<usize>> {
        let columns = self.values(1).len().max(1);
        self.sweep.order().chunks(columns).map(<[usize]>::to_vec).collect()
    }

    fn head(&self) -> Vec<String> {
        let key = |place: usize| self.axes.get(place).map_or("", |&axis| self.sweep.axes()[axis].key());
        match self.axes.len() {
            1 => vec![key(0).to_owned(), self.metric.word().to_owned()],
            _ => {
                let columns = self.values(1).iter().map(|value| format!("{}={value}", key(1)));
                std::iter::once(key(0).to_owned()).chain(columns).collect()
            }
        }
    }

    /// The line above the rows.
    pub fn head_line(&self) -> String {
        self.line(&self.head())
    }

    /// A row with the texts of its cells.
    pub fn row_line(&self, row: usize, cells: Vec<String>) -> String {
        let value = self.values(0).get(row).cloned().unwrap_or_default();
        self.line(&[vec![value], cells].concat())
    }

    fn line(&self, texts: &[String]) -> String {
        let cell = |(text, &width): (&String, &usize)| format!("{text:<width$}");
        let line = texts.iter().zip(&self.widths).map(cell).collect::<Vec<String>>().join("  ");
        line.trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_knob_that_retrains_most_has_the_rows() {
        let sweep: Sweep = "temperature:1,2,4;teacher:64,64|16".parse().unwrap();
        let grid = Grid::new(&sweep, Metric::Bytes);
        assert_eq!(grid.rows(), [[0, 2, 4], [1, 3, 5]]);
        assert_eq!(grid.head_line(), "teacher  temperature=1   temperature=2   temperature=4");
        let row = grid.row_line(1, ["1", "22", "333"].map(String::from).to_vec());
        assert_eq!(row, "16       1               22              333");
        let sweep: Sweep = "temperature:1,2,4;student:4,16".parse().unwrap();
        assert_eq!(Grid::new(&sweep, Metric::Gain).rows(), [[0, 1], [2, 3], [4, 5]]);
        let sweep: Sweep = "teacher:1,2".parse().unwrap();
        let grid = Grid::new(&sweep, Metric::Accuracy);
        assert_eq!(grid.rows(), [[0], [1]]);
        assert_eq!(grid.head_line(), "teacher  accuracy");
    }
}
