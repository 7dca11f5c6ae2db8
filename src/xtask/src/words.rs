//! Holds what can be checked of the style in CONTRIBUTING.md.

use crate::tools::{output, root};

/// Characters of a line of prose or of a comment.
const WIDTH: usize = 120;
/// A network is "it".
const PERSONS: [&str; 5] = ["he", "his", "him", "she", "her"];
/// Each thing has one name, the field's.
const OTHER_NAMES: [(&str, &str); 2] = [("graphics card", "GPU"), ("the card's engine", "the GPU engine")];

/// A comment's text, without its slashes.
fn comment(line: &str) -> Option<&str> {
    let line = line.trim_start().strip_prefix("//")?;
    Some(line.trim_start_matches(['/', '!']).trim())
}

/// What is wrong with a text of a file; each with its line.
fn faults(name: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let (is_prose, mut is_code) = (name.ends_with(".md"), false);
    for (number, line) in (1..).zip(text.lines()) {
        let mut report = |what: String| faults.push(format!("{name}:{number}: {what}"));
        is_code ^= is_prose && line.trim_start().starts_with("```");
        let Some(words) = (if is_prose { Some(line) } else { comment(line) }) else { continue };
        if is_code {
            continue;
        }
        for word in words.split(|c: char| !c.is_alphanumeric()).filter(|word| PERSONS.contains(word)) {
            report(format!("\"{word}\": a network is \"it\""));
        }
        for (name, other) in OTHER_NAMES.iter().filter(|(name, _)| words.contains(name)) {
            report(format!("\"{name}\": say \"{other}\""));
        }
        if !is_prose && words.starts_with("Of ") {
            report("begin with the subject, not with \"Of\"".into());
        }
        // A table's row, a heading, an address or a permalink cannot be broken.
        let breaks = !words.trim_start().starts_with(['|', '#']) && words.split_whitespace().count() > 1;
        let length = line.chars().count();
        if length > WIDTH && breaks && !words.contains("](http") {
            report(format!("{length} characters, {WIDTH} fit"));
        }
    }
    faults
}

#[test]
fn comments_and_documents_keep_the_style() {
    let files = output("git", &["ls-files", "*.rs", "*.md"]).unwrap();
    let mut found = Vec::new();
    for name in files.lines().filter(|name| !name.contains("vendor") && !name.ends_with("xtask/src/words.rs")) {
        found.extend(faults(name, &std::fs::read_to_string(root().join(name)).unwrap()));
    }
    assert!(found.is_empty(), "{} faults:\n{}", found.len(), found.join("\n"));
}

#[test]
fn planted_faults_are_found() {
    let long = format!("/// {}", "word ".repeat(30));
    for line in ["// what he learned", "/// the graphics card", "/// Of each class.", "//! his logits", &long] {
        assert_eq!(faults("planted.rs", line).len(), 1, "{line}");
    }
    for line in ["// He et al. 2015", "let his = 1;", "/// Official", "// of each", "// the others"] {
        assert_eq!(faults("planted.rs", line), Vec::<String>::new(), "{line}");
    }
    let table = format!("| {} |", "cell ".repeat(30));
    for text in [table.as_str(), "```\nhis\n```"] {
        assert_eq!(faults("planted.md", text), Vec::<String>::new(), "{text}");
    }
    assert_eq!(faults("planted.md", &"word ".repeat(30)).len(), 1);
}
