use super::*;
use crate::{command as program, table_file::experiment};

/// The tables of the documentation, with the file that each is written into.
const TABLES: [(&str, &str); 3] =
    [("objectives", "objectives"), ("compression", "compression"), ("deep-compression", "compression")];

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
                assert_eq!(experiment(&table, row).unwrap().runs, table.seeds, "{row}");
            }
        }
    }
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
fn schemes_and_tasks_are_measured_by_their_own_commands() {
    for word in ["schemes", "tasks"] {
        let matches = program().try_get_matches_from(["retort", "table", word]).unwrap();
        assert_eq!(matches.subcommand().unwrap().1.subcommand_name(), Some(word));
    }
    assert!(program().try_get_matches_from(["retort", "table"]).is_err());
}
