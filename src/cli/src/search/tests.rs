use super::*;
use crate::command as program;

const SMALL: &str =
    "data=moons&examples=200&teacher=6&student=3&teacher-epochs=2&student-epochs=9&labels=12&batch=20&runs=2";

fn searched(arguments: &[&str]) -> Result<String, Failure> {
    let matches = program().get_matches_from([&["retort", "search", "--device", "cpu"], arguments].concat());
    let mut written = Vec::new();
    search(matches.subcommand().unwrap().1, &mut written)?;
    Ok(String::from_utf8(written).unwrap())
}

/// The number behind a line's first word, in percent.
fn number(written: &str, word: &str) -> f64 {
    let line = written.lines().find(|line| line.starts_with(word)).unwrap();
    line.split_whitespace().find_map(|word| word.parse().ok()).unwrap()
}

#[test]
fn the_best_is_measured_again_where_the_search_has_not_been() {
    let over = "temperature:1..20/4;soft:0..1/3";
    for (method, lines) in [("halving", vec!["1 epochs", "3 epochs", "9 epochs"]), ("random", vec!["9 epochs"])] {
        let arguments = [SMALL, "--over", over, "--budget", "3", "--method", method];
        let written = searched(&arguments).unwrap();
        assert_eq!(written, searched(&arguments).unwrap(), "the same link gives the same search");
        for line in lines {
            assert!(written.contains(&format!("{line} of the student")), "{written}");
        }
        let (validation, test) = (number(&written, "validation"), number(&written, "test"));
        let word = if written.contains("overestimated") { "overestimated" } else { "underestimated" };
        let signed = if word == "overestimated" { validation - test } else { test - validation };
        // Three numbers, each rounded to a tenth.
        assert!((number(&written, word) - signed).abs() < 0.16, "{written}");
        let link = written.lines().find_map(|line| line.strip_prefix("link          ")).unwrap();
        assert_eq!(retort_spec::decode(link, &[]).problems, []);
    }
}

#[test]
fn what_cannot_be_searched_says_why() {
    let why = |arguments: &[&str]| searched(arguments).unwrap_err().to_string();
    assert!(why(&["data=names", "--over", "temperature:1,2"]).contains("names"));
    assert!(why(&[SMALL, "--over", "data:moons,rings"]).contains("rings"));
    assert!(why(&[SMALL, "--over", "warmth:1"]).contains("'warmth'"));
    assert!(why(&[SMALL, "--over", "student:conv:4"]).contains("none of the candidates"));
    assert!(why(&[SMALL]).contains("no knobs"));
    for budget in ["0", "9m", "many"] {
        assert!(why(&[SMALL, "--over", "temperature:1,2", "--budget", budget]).contains("halving:9"), "{budget}");
    }
}

#[test]
fn the_page_s_link_is_a_whole_search() {
    let link = format!("{SMALL}&sweep=temperature:1,4&search=random:2");
    let written = searched(&[&link]).unwrap();
    assert_eq!(
        written,
        searched(&[SMALL, "--over", "temperature:1,4", "--budget", "2", "--method", "random"]).unwrap()
    );
    assert_ne!(written, searched(&[&link, "--method", "halving"]).unwrap(), "a flag counts instead of the link");
}

#[test]
fn a_search_by_the_clock_ends() {
    let written = searched(&[SMALL, "--over", "temperature:1,2,4", "--budget", "1s"]).unwrap();
    assert!(written.contains("overestimated") || written.contains("underestimated"), "{written}");
}
