//! Labels against answers: one network's counts, or how they differ from another's.

use yew::prelude::*;

use crate::{
    context::AppContext,
    i18n::format::{number, percent, signed},
};

/// The test examples of each cell: `[label][answer]`.
pub type Cells = Vec<Vec<Vec<usize>>>;

/// Puts each test example into the cell of its label and its answer.
pub fn cells(labels: &[u8], answers: &[u8], classes: usize) -> Cells {
    let mut cells = vec![vec![Vec::new(); classes]; classes];
    for (index, (&label, &answer)) in labels.iter().zip(answers).enumerate() {
        if let Some(cell) = cells.get_mut(usize::from(label)).and_then(|row| row.get_mut(usize::from(answer))) {
            cell.push(index);
        }
    }
    cells
}

/// Share of the examples of a class that is right, 0 to 1; NaN without examples.
fn right(cells: &Cells, class: usize) -> f64 {
    let all: usize = cells[class].iter().map(Vec::len).sum();
    cells[class][class].len() as f64 / all as f64
}

/// How many more examples each cell holds than the cell of `minus`; all of them where there is none.
fn counts(cells: &Cells, minus: Option<&Cells>) -> Vec<Vec<i64>> {
    let less = |i: usize, j: usize| minus.map_or(0, |minus| minus[i][j].len() as i64);
    let row = |(i, row): (usize, &Vec<Vec<usize>>)| {
        row.iter().enumerate().map(|(j, members)| members.len() as i64 - less(i, j)).collect()
    };
    cells.iter().enumerate().map(row).collect()
}

/// What a matrix shows.
pub struct Shown<'a> {
    /// The network's cells.
    pub cells: &'a Cells,
    /// The cells that are taken off.
    pub minus: Option<&'a Cells>,
    /// The style's word.
    pub class: &'static str,
    /// The cell whose examples are shown.
    pub open: Option<(usize, usize)>,
}

/// The matrix as a table; a cell with examples is a button that opens it.
pub fn matrix(page: &AppContext, shown: &Shown<'_>, choose: &Callback<(usize, usize)>) -> Html {
    let texts = &page.texts;
    let classes = shown.cells.len();
    let name = |class: usize| page.class_name(class);
    let difference = shown.minus.is_some();
    let counts = counts(shown.cells, shown.minus);
    // A count's shade would drown in the diagonal, a difference's not.
    let shaded = |i: usize, j: usize| difference || i != j;
    let places = (0..classes).flat_map(|i| (0..classes).map(move |j| (i, j)));
    let most = places.filter(|&(i, j)| shaded(i, j)).map(|(i, j)| counts[i][j].abs()).max().unwrap_or(0).max(1);
    let square = |i: usize, j: usize| {
        let (count, members) = (counts[i][j], shown.cells[i][j].len());
        let written = match count {
            0 => "·".into(),
            _ if difference => signed(texts, count as f64, 0),
            _ => number(texts, count as f64, 0),
        };
        let words = [("label", name(i).into()), ("answer", name(j).into()), ("count", members.into())];
        let label = match difference {
            true => {
                let [label, answer, members] = words;
                let change = ("change", signed(texts, count as f64, 0).into());
                texts.with("confusion-difference-cell", &[label, answer, members, change])
            }
            false => texts.with("confusion-cell", &words),
        };
        let content = match members {
            0 => html! { <span class={classes!((count == 0).then_some("none"))}>{ written }</span> },
            _ => {
                let open = choose.reform(move |_: MouseEvent| (i, j));
                let pressed = (shown.open == Some((i, j))).to_string();
                html! { <button onclick={open} aria-label={label} aria-pressed={pressed}>{ written }</button> }
            }
        };
        let shade = if shaded(i, j) { 100.0 * count.abs() as f64 / most as f64 } else { 0.0 };
        let hue = difference.then_some(if count < 0 { "fewer" } else { "more" });
        html! { <td class={classes!((i == j).then_some("same"), hue)} style={format!("--shade:{shade:.0}%")}>{ content }</td> }
    };
    let last = |i: usize| match shown.minus {
        Some(minus) => {
            let change = 100.0 * (right(shown.cells, i) - right(minus, i));
            if change.is_finite() { signed(texts, change, 1) } else { "–".into() }
        }
        None => percent(texts, right(shown.cells, i)),
    };
    let (caption, head) = match difference {
        true => (texts.get("confusion-difference-caption"), texts.get("right-change")),
        false => (texts.get("confusion-caption"), texts.get("right")),
    };
    html! {
        <div class="scroll" tabindex="0" role="region" aria-label={texts.get("confusion")}><table class={classes!("matrix", "counts", shown.class, (name(0).chars().count() > 2).then_some("names"))}>
            <caption>{ caption }</caption>
            <thead><tr><td></td>{ for (0..classes).map(|class| html! { <th scope="col">{ name(class) }</th> }) }<th scope="col">{ head }</th></tr></thead>
            <tbody>{ for (0..classes).map(|i| html! {
                <tr><th scope="row">{ name(i) }</th>{ for (0..classes).map(|j| square(i, j)) }<td class="right">{ last(i) }</td></tr>
            }) }</tbody>
        </table></div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_stands_in_the_cell_of_its_label_and_its_answer() {
        let cells = cells(&[0, 1, 1], &[0, 0, 1], 2);
        assert_eq!(cells, [[vec![0], vec![]], [vec![1], vec![2]]]);
        assert_eq!((right(&cells, 0), right(&cells, 1)), (1.0, 0.5));
    }

    #[test]
    fn a_class_without_examples_has_no_share() {
        assert!(right(&cells(&[0], &[1], 2), 1).is_nan());
    }

    #[test]
    fn differences_of_the_same_examples_sum_to_nothing_in_each_row() {
        let labels = [0, 0, 1, 1, 1];
        let (student, alone) = (cells(&labels, &[0, 0, 1, 0, 1], 2), cells(&labels, &[0, 1, 0, 0, 1], 2));
        assert_eq!(counts(&student, None), [[2, 0], [1, 2]]);
        let difference = counts(&student, Some(&alone));
        assert_eq!(difference, [[1, -1], [-1, 1]]);
        assert!(difference.iter().all(|row| row.iter().sum::<i64>() == 0));
    }
}
