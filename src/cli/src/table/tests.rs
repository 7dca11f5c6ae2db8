use retort_spec::{DataSet, Scheme};

use super::*;
use crate::{command as program, table_file::experiment};

/// The tables of the documentation, with the file that each is written into.
const TABLES: [(&str, &str); 4] = [
    ("schemes", "schemes"),
    ("objectives", "objectives"),
    ("compression", "compression"),
    ("deep-compression", "compression"),
];

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// Trains in a moment.
const SMALL: &str = "data=moons&examples=60&teacher=4&student=2&teacher-epochs=1&student-epochs=1&labels=12&batch=6";

/// What a table file prints at two seeds.
fn printed(name: &str, text: &str) -> String {
    let path = std::env::temp_dir().join(format!("retort-table-{name}-{}.txt", std::process::id()));
    fs::write(&path, text).unwrap();
    let matches = program().get_matches_from(["retort", "table", path.to_str().unwrap(), "--seeds", "2"]);
    let mut out = Vec::new();
    table(matches.subcommand().unwrap().1, &mut out).unwrap();
    fs::remove_file(path).unwrap();
    String::from_utf8(out).unwrap()
}

/// Its rows, each as its cells.
fn rows(text: &str) -> Vec<Vec<&str>> {
    let rows = text.lines().filter(|line| line.starts_with('|'));
    rows.map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect()).collect()
}

#[test]
fn every_table_of_the_documentation_is_right_and_has_its_places() {
    for (name, document) in TABLES {
        let text = fs::read_to_string(docs().join(format!("sweeps/{name}.txt"))).unwrap();
        let table = table_file::read(&text).unwrap();
        let document = fs::read_to_string(docs().join(format!("{document}.md"))).unwrap();
        for section in &table.sections {
            let mark = format!("<!-- measured: {} -->\n", section.name);
            assert_eq!(document.matches(&mark).count(), 1, "{name}: {}", section.name);
            for row in &section.rows {
                let experiment = experiment(&table, &row.link).unwrap();
                assert_eq!(experiment.plan().check(), Ok(()), "{}", row.link);
                assert_eq!(experiment.runs, table.seeds, "{}", row.link);
            }
        }
    }
}

#[test]
fn every_scheme_has_rows_and_the_documentation_has_these_rows() {
    let read = |name: &str| fs::read_to_string(docs().join(name)).unwrap();
    let table = table_file::read(&read("sweeps/schemes.txt")).unwrap();
    let document = read("schemes.md");
    let words = Scheme::ALL.iter().filter(|scheme| scheme.fits(DataSet::Digits8)).map(|scheme| scheme.word());
    assert!(words.eq(table.sections.iter().map(|section| &*section.name)));
    for section in &table.sections {
        let rows: Vec<String> = section.rows.iter().map(|row| format!("| {}<br>`{}` |", row.why, row.link)).collect();
        let (_, behind) = document.split_once(&format!("<!-- measured: {} -->\n", section.name)).unwrap();
        let written = behind.split("\n## ").next().unwrap().lines().filter(|line| line.contains("<br>`"));
        let written: Vec<&str> = written.collect();
        assert!(section.rows[0].link == format!("scheme={}", section.name) && rows.len() > 2);
        // One that was not measured yet has no table.
        assert!(written.is_empty() || written.len() == rows.len(), "{}", section.name);
        for (written, row) in written.iter().zip(&rows) {
            assert!(written.starts_with(row), "{written}: {row}");
        }
    }
}

#[test]
fn rows_of_schemes_say_what_they_measured() {
    let text = format!(
        "columns = schemes\nbase = {SMALL}\nfirst = scheme={{}} | the default\n\n[mutual] two\nscheme=offline | a teacher"
    );
    let printed = printed("schemes", &text);
    assert!(printed.starts_with("\n## mutual\n\nMean and standard deviation over 2 seeds"), "{printed}");
    let rows = rows(&printed);
    assert_eq!(rows.len(), 4);
    assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{printed}");
    assert_eq!((rows[2][0], rows[3][0]), ("the default: two<br>`scheme=mutual`", "a teacher<br>`scheme=offline`"));
}

#[test]
fn rows_of_objectives_are_all_of_them() {
    let printed = printed("objectives", &format!("columns = objectives\nbase = {SMALL}&soft=0\n[small]\nlabels=10"));
    let rows = rows(&printed);
    assert_eq!(rows.len(), 3 + retort_spec::Objective::ALL.len());
    assert_eq!((rows[2][0], rows[3][1]), ("none", "1"));
    assert!(printed.contains("labels=10") && printed.contains("\nRefused: attention"), "{printed}");
}

#[test]
fn rows_of_compression_are_pipelines_or_their_steps() {
    let text = |columns: &str| {
        format!(
            "columns = {columns}\nbase = {SMALL}\n[networks]\n[some]\ncompress=quantize:8\ncompress=prune:0.5,finetune:1"
        )
    };
    let all = printed("compression", &text("compression"));
    let rows = rows(&all);
    let names: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    let networks = ["network", "---", "teacher", "baseline", "student"];
    assert_eq!(names, [&networks[..], &["steps", "---", "`quantize:8`", "`prune:0.5,finetune:1`"]].concat());
    let steps = printed("steps", &text("steps"));
    let names: Vec<&str> = self::rows(&steps).iter().skip(7).map(|row| row[0]).collect();
    assert_eq!(names.last(), Some(&"`prune:0.5,finetune:1`"));
    assert!(names.len() > 3 && names.contains(&"`prune:0.5`"), "{names:?}");
}

#[test]
fn a_table_takes_the_place_of_the_one_before() {
    let text = "# A\n\n## B\n\n<!-- measured: soup -->\n\nold\n\n## C\n\nkept\n";
    let new = replaced(text, "soup", "new\n");
    assert_eq!(new, "# A\n\n## B\n\n<!-- measured: soup -->\n\nnew\n\n## C\n\nkept\n");
    assert_eq!(replaced(&new, "soup", "new\n"), new);
    assert_eq!(replaced(text, "noise", "new\n"), text);
}

#[test]
fn a_section_is_asked_for_as_a_scheme_too_and_tasks_have_their_own_command() {
    let asked = |name: &str| {
        let matches = program().try_get_matches_from(["retort", "table", "a.txt", name, "soup"]).unwrap();
        text(matches.subcommand().unwrap().1, "section").map(str::to_owned)
    };
    assert_eq!((asked("--section").as_deref(), asked("--scheme").as_deref()), (Some("soup"), Some("soup")));
    let matches = program().try_get_matches_from(["retort", "table", "tasks"]).unwrap();
    assert_eq!(matches.subcommand().unwrap().1.subcommand_name(), Some("tasks"));
    assert!(program().try_get_matches_from(["retort", "table"]).is_err());
}
