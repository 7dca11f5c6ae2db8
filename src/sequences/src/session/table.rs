//! The visitor's table: which of the files that were given it is, and what an experiment must be like to use it.

use retort_spec::{
    DataSet, EngineError, Experiment, FileData, FileProblem, Foreign, TargetKind, is_clutter, is_table_name,
};

use crate::tasks::{
    MOST_CLASSES, TEST_SHARE, Table, TableError,
    csv::{self, Column, Columns},
    usual_kind,
};

/// Steps of a network on a table whose rows nobody knew when its epochs were set.
const STEPS: usize = 2_500;
/// Epochs of a small table, at most.
const MOST_EPOCHS: usize = 200;

/// A table that was read.
pub struct TableFile {
    /// The file's name.
    pub name: String,
    /// What is in it.
    pub columns: Columns,
    /// Another one for each file that is read.
    pub number: u32,
}

impl TableFile {
    /// Its rows.
    pub fn rows(&self) -> usize {
        self.columns.iter().find_map(|(_, column)| length(column)).unwrap_or(0)
    }

    /// Rows that nothing learns from, where all have a target.
    pub fn held_out(&self) -> usize {
        self.rows() / TEST_SHARE
    }

    /// The column that is predicted, counted from 0.
    pub fn target(&self, experiment: &Experiment) -> usize {
        (experiment.target_column as usize).checked_sub(1).unwrap_or(self.columns.len().saturating_sub(1))
    }

    /// The table ready to learn from.
    ///
    /// # Errors
    /// Why nothing can be learned from it.
    pub fn table(&self, experiment: &Experiment) -> Result<Table, EngineError> {
        let table = Table::new(&self.columns, self.target(experiment), experiment.target_kind);
        table.map_err(|error| bad(&self.name, error))
    }

    /// What must change in an experiment that was planned without knowing the table: knobs as a link writes them. A
    /// target that it does not have becomes the last column, words become classes. Epochs that are as usual become as
    /// many as its rows need.
    pub fn adapt(&self, experiment: &Experiment) -> String {
        let (mut knobs, mut column) = (Vec::new(), self.target(experiment));
        if column >= self.columns.len() {
            column = self.columns.len().saturating_sub(1);
            knobs.push("target-column=0".to_owned());
        }
        if let Some((_, target)) = self.columns.get(column)
            && !can_be(target, experiment.target_kind)
        {
            let kind = usual_kind(target);
            if kind != experiment.target_kind {
                knobs.push(format!("target-kind={kind}"));
            }
        }
        let usual = Experiment::for_data(DataSet::Table);
        let has_usual = |of: fn(&Experiment) -> u32| of(experiment) == of(&usual);
        if has_usual(|one| one.teacher_epochs) && has_usual(|one| one.student_epochs) {
            let batch = experiment.batch.max(1) as usize;
            let epochs = (STEPS * batch).div_ceil(self.rows().max(1)).clamp(1, MOST_EPOCHS);
            if epochs as u32 != usual.teacher_epochs {
                knobs.push(format!("teacher-epochs={epochs}&student-epochs={epochs}"));
            }
        }
        knobs.join("&")
    }

    /// The columns that can be predicted, each counted from 1 and with what it is predicted as.
    pub fn targets(&self) -> impl Iterator<Item = (usize, &str, TargetKind)> {
        let usable = self.columns.iter().enumerate().filter(|(_, (_, column))| can_be(column, usual_kind(column)));
        usable.map(|(at, (name, column))| (at + 1, name.as_str(), usual_kind(column)))
    }
}

fn length(column: &Column) -> Option<usize> {
    match column {
        Column::Numbers(numbers) => Some(numbers.len()),
        Column::Words(words, _) => Some(words.len()),
        Column::Varied { .. } => None,
    }
}

/// Whether a column can be predicted so.
fn can_be(column: &Column, kind: TargetKind) -> bool {
    match (column, kind) {
        (Column::Numbers(_), TargetKind::Number) => true,
        (Column::Numbers(numbers), TargetKind::Class) => {
            let mut values: Vec<f32> = Vec::new();
            for number in numbers.iter().filter(|number| !number.is_nan()) {
                if !values.contains(number) {
                    values.push(*number);
                }
                if values.len() > MOST_CLASSES {
                    return false;
                }
            }
            true
        }
        (Column::Words(_, list), TargetKind::Class) => list.len() <= MOST_CLASSES,
        _ => false,
    }
}

fn bad(name: &str, reason: impl Into<FileProblem>) -> EngineError {
    EngineError::BadFile { name: name.to_owned(), reason: reason.into() }
}

/// Reads the table among files, and names those that are none. Files of equal content count as one.
///
/// # Errors
/// What is wrong with a file, or that there are several tables.
pub fn choose(files: Vec<FileData>, number: u32) -> Result<(TableFile, Vec<String>), EngineError> {
    // By their names if some are called so; else whatever is no file of a system.
    let has_table_name = files.iter().any(|file| is_table_name(&file.name));
    let is_meant = |file: &FileData| if has_table_name { is_table_name(&file.name) } else { !is_clutter(&file.name) };
    let (meant, others): (Vec<FileData>, Vec<FileData>) = files.into_iter().partition(is_meant);
    let mut meant = meant.into_iter();
    let Some(FileData { name, bytes }) = meant.next() else {
        let name = others.into_iter().next().map_or_else(String::new, |file| file.name);
        return Err(bad(&name, FileProblem::Foreign(Foreign::Empty)));
    };
    if let Some(other) = meant.find(|other| other.bytes != bytes) {
        return Err(bad(&name, TableError::Several { other: other.name }));
    }
    let columns = read(&bytes).map_err(|reason| bad(&name, reason))?;
    Ok((TableFile { name, columns, number }, others.into_iter().map(|file| file.name).collect()))
}

fn read(bytes: &[u8]) -> Result<Columns, FileProblem> {
    /// How the files of older spreadsheets begin.
    const OLE: [u8; 4] = [0xd0, 0xcf, 0x11, 0xe0];
    /// RFC 1952.
    const GZIP: [u8; 2] = [0x1f, 0x8b];
    match Foreign::of(bytes) {
        Some(foreign @ (Foreign::Empty | Foreign::WebPage | Foreign::Pointer)) => Err(FileProblem::Foreign(foreign)),
        Some(Foreign::Zip) => Err(TableError::Spreadsheet.into()),
        _ if bytes.starts_with(&OLE) => Err(TableError::Spreadsheet.into()),
        _ if bytes.starts_with(&GZIP) => Err(TableError::Gzip.into()),
        _ => Ok(csv::read(bytes)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &[u8] = b"a,b\n1,x\n2,y\n";

    fn given(files: &[(&str, &[u8])]) -> Result<(TableFile, Vec<String>), EngineError> {
        let file = |(name, bytes): &(&str, &[u8])| FileData { name: (*name).to_owned(), bytes: bytes.to_vec() };
        choose(files.iter().map(file).collect(), 1)
    }

    fn problem(files: &[(&str, &[u8])]) -> (String, String) {
        match given(files).map(|_| ()) {
            Err(EngineError::BadFile { name, reason }) => (name, reason.word().0.to_owned()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_table_is_found_among_other_files() {
        for (files, passed_over) in [
            (vec![("t.csv", GOOD)], vec![]),
            (vec![("T.CSV", GOOD)], vec![]),
            (vec![("t.csv", GOOD), ("copy of t.csv", GOOD)], vec![]),
            (vec![("README.txt", b"# about\n".as_slice()), ("t.csv", GOOD)], vec!["README.txt"]),
            (
                vec![("._t.csv", b"\0\x05".as_slice()), ("t.csv", GOOD), (".DS_Store", b"\0")],
                vec!["._t.csv", ".DS_Store"],
            ),
            (vec![("table", GOOD)], vec![]),
            (vec![("t.tsv", b"a\tb\n1\tx\n".as_slice())], vec![]),
        ] {
            let (file, over) = given(&files).unwrap();
            assert_eq!((file.columns.len(), over), (2, passed_over.into_iter().map(str::to_owned).collect()));
        }
    }

    #[test]
    fn what_is_no_table_is_named() {
        for (files, word) in [
            (vec![("t.csv", b"".as_slice())], "empty"),
            (vec![("t.csv", b"<!DOCTYPE html><html>")], "web-page"),
            (vec![("t.csv", b"version https://git-lfs.github.com/spec/v1\n")], "pointer"),
            (vec![("t.xlsx", b"PK\x03\x04\x14\0")], "table-spreadsheet"),
            (vec![("t.xls", b"\xd0\xcf\x11\xe0\xa1\xb1")], "table-spreadsheet"),
            (vec![("t.csv.gz", b"\x1f\x8b\x08\0")], "table-gzip"),
            (vec![("t.csv", b"a,b\n1,2\n3,4,5\n")], "table-ragged"),
            (vec![("t.csv", b"\xff\xfea\0")], "table-wide-text"),
            (vec![("t.csv", GOOD), ("u.csv", b"a,b\n1,2\n")], "table-several"),
            (vec![("._t.csv", b"\0\x05")], "empty"),
        ] {
            assert_eq!(problem(&files), (files[0].0.to_owned(), word.to_owned()));
        }
        // All of them are known to the page.
        assert!(FileProblem::WORDS.contains(&"table-ragged"));
    }

    #[test]
    fn an_experiment_is_adapted_to_what_it_could_not_know() {
        let (file, _) = given(&[("t.csv", b"a,b,c\n1,x,0.5\n2,y,1.5\n")]).unwrap();
        let usual = Experiment::for_data(DataSet::Table);
        assert_eq!(file.adapt(&usual), "teacher-epochs=200&student-epochs=200");
        let set = Experiment { teacher_epochs: 7, ..usual };
        assert_eq!(file.adapt(&set), "");
        assert_eq!(file.adapt(&Experiment { target_column: 2, ..set.clone() }), "target-kind=class");
        let classes = Experiment { target_kind: TargetKind::Class, ..set.clone() };
        // Two different numbers can be classes.
        assert_eq!(file.adapt(&classes), "");
        assert_eq!(file.adapt(&Experiment { target_column: 4, ..set.clone() }), "target-column=0");
        let targets: Vec<_> = file.targets().map(|(at, name, kind)| (at, name.to_owned(), kind.word())).collect();
        assert_eq!(targets, [(1, "a".into(), "number"), (2, "b".into(), "class"), (3, "c".into(), "number")]);
        // What it is adapted to needs no more.
        let adapted = Experiment { target_column: 2, ..set }.adapted("target-kind=class");
        assert_eq!((file.adapt(&adapted), adapted.target_kind), (String::new(), TargetKind::Class));
    }
}
