//! What became of the visitor's table, and which of its columns is predicted.

use retort_spec::{Block, Exhibit, ExhibitPlace, Phrase};

use super::Scene;
use crate::tasks::{ColumnReport, Made};

/// Names that are listed; of more there is a mark.
const MOST_NAMED: usize = 12;

/// A menu of the columns, and what became of them; nothing where the data are none of the visitor's.
pub fn exhibit(scene: &Scene<'_>) -> Option<Exhibit> {
    let (file, facts) = (scene.subject.file.as_ref()?, scene.subject.facts.as_ref()?);
    let (last, target) = (file.columns.len(), file.target(scene.experiment) + 1);
    let (mut options, mut chosen) = (Vec::new(), 0);
    for (column, name, kind) in file.targets() {
        if column == target {
            chosen = options.len() as u32;
        }
        // The last one is meant where none is named.
        let column = if column == last { 0 } else { column };
        options.push((name.to_owned(), format!("target-column={column}&target-kind={kind}")));
    }
    let mut blocks = vec![Block::Choose { knob: "target-column".into(), options, chosen }];
    let task = scene.task();
    let rows = Phrase::new("table-rows").with_number("rows", (task.train.len() + task.test.len()) as f64);
    blocks.push(Block::Note(rows.with_number("test", task.test.len() as f64)));
    if facts.without_target > 0 {
        let phrase = Phrase::new("table-without-target").with_number("rows", facts.without_target as f64);
        blocks.push(Block::Note(phrase.with("name", facts.target.as_str())));
    }
    let mut note = |key: &str, is_of: &dyn Fn(&ColumnReport) -> bool, name: &dyn Fn(&ColumnReport) -> String| {
        let names: Vec<String> = facts.columns.iter().filter(|column| is_of(column)).map(name).collect();
        if !names.is_empty() {
            let phrase = Phrase::new(key).with_number("count", names.len() as f64);
            blocks.push(Block::Note(phrase.with("names", listed(names))));
        }
    };
    let plain = |column: &ColumnReport| column.name.clone();
    let words = |column: &ColumnReport| match &column.made {
        Made::OneHot(words) => format!("{} ({})", column.name, words.len()),
        _ => column.name.clone(),
    };
    note("table-scaled", &|column| matches!(column.made, Made::Scaled(_)), &plain);
    note("table-words", &|column| matches!(column.made, Made::OneHot(_)), &words);
    note("table-left-out", &|column| column.made == Made::LeftOut, &plain);
    let is_missing = |column: &ColumnReport| column.missing > 0 && column.made != Made::LeftOut;
    note("table-missing", &is_missing, &|column| format!("{} ({})", column.name, column.missing));
    Some(Exhibit { place: ExhibitPlace::Data, blocks })
}

fn listed(mut names: Vec<String>) -> String {
    if names.len() > MOST_NAMED {
        names.truncate(MOST_NAMED);
        names.push("…".to_owned());
    }
    names.join(", ")
}
