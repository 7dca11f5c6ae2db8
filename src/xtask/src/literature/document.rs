//! `docs/literature.md`: published figures beside those that were measured.

use std::{fmt::Write as _, fs};

use anyhow::Result;
use serde_json::Value;

use super::{Source, sources, texts::Language};
use crate::tools::root;

/// Where the document lies.
pub const PATH: &str = "docs/literature.md";

const HEAD: &str = "# Experiments of the literature\n\n\
Each section is a sweep that the page offers under Compare, *From the literature*. Published figures stand beside what\n\
Retort measured, on other data and with far smaller networks: what can be compared is the direction, not the number.\n\
A figure that could not be confirmed in the paper, its code or notes on it is left out.\n\n\
`cargo xtask literature` writes this document from `assets/literature`; `--measure` measures with `retort sweep` first.\n\
What stands in quotation marks behind `retort sweep` stands behind `#` in the address of the page.\n\
Accuracies are in percent of the 500 test examples of digits8, mean and standard deviation over the seeds; p is of the\n\
paired test of student against control.\n";

/// Writes the document.
pub fn write() -> Result<()> {
    Ok(fs::write(root().join(PATH), text(&sources()?)?)?)
}

/// The document.
pub fn text(sources: &[Source]) -> Result<String> {
    let mut text = HEAD.to_owned();
    for source in sources {
        section(&mut text, source)?;
    }
    Ok(text)
}

fn section(text: &mut String, source: &Source) -> Result<()> {
    let language = Language::English;
    let of = |field: &str| language.of(&source.file[field]).unwrap_or_default();
    let (paper, address, link) = (source.text("paper")?, source.text("address")?, source.link()?);
    let paper = paper.replace(';', ",");
    writeln!(text, "\n## {}\n\n[{paper}]({address})\n\n{}\n", of("title"), wrapped(&of("claim")))?;
    let published = source.published(language)?;
    if !published.is_empty() {
        writeln!(text, "| published | |\n| --- | --- |")?;
        for (what, figure) in published {
            writeln!(text, "| {what} | {figure} |")?;
        }
        writeln!(text)?;
    }
    writeln!(text, "{}\n", wrapped(&format!("Seen here: {}", of("seen"))))?;
    writeln!(text, "{}\n", wrapped(&format!("Not seen: {}", of("unseen"))))?;
    writeln!(text, "```\nretort sweep '{link}'\n```\n")?;
    table(text, source)?;
    let ours = source.ours(language);
    if !ours.is_empty() {
        writeln!(text, "\n| {} | |\n| --- | --- |", of("head"))?;
        for (what, figure) in ours {
            writeln!(text, "| {what} | {figure} |")?;
        }
    }
    Ok(())
}

/// What was measured, a row for each cell.
fn table(text: &mut String, source: &Source) -> Result<()> {
    let keys: Vec<&str> = source.sweep.axes().iter().map(|axis| axis.key()).collect();
    writeln!(text, "| {} | control | accuracy | gain | agreement | ECE |", keys.join(" | "))?;
    writeln!(text, "|{}", " --- |".repeat(keys.len() + 5))?;
    for (cell, measured) in source.cells.iter().zip(&source.measured) {
        let values = cell.values.join(" | ");
        if let Err(problem) = &cell.experiment {
            writeln!(text, "| {values} | – | {problem} | – | – | – |")?;
            continue;
        }
        let number = |field: &str| measured[field].as_f64();
        let one = |field: &str| number(field).map_or("–".into(), |number| format!("{number:.1}"));
        let spread = |mean: &str, deviation: &str| format!("{} ± {}", one(mean), one(deviation));
        let gain = number("gain").map_or("–".into(), |gain| format!("{:+.1}", (gain * 10.0).round() / 10.0 + 0.0));
        let p_value = match number("p_value") {
            Some(value) if value < 0.001 => "p < 0.001".into(),
            Some(value) => format!("p = {value:.3}"),
            None => "–".into(),
        };
        writeln!(
            text,
            "| {values} | {} | {} | {gain}, {p_value} | {} | {} |",
            one("control_accuracy"),
            spread("accuracy", "accuracy_deviation"),
            one("agreement"),
            one("calibration_error"),
        )?;
    }
    Ok(())
}

/// A text in lines that fit.
fn wrapped(text: &str) -> String {
    const WIDTH: usize = 118;
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in text.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line += word;
    }
    lines.push(line);
    lines.join("\n")
}

/// A number as a file keeps it: what is behind the sixth digit is noise of the sum.
pub fn kept(value: &Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => {
            let number = number.as_f64().unwrap_or_default();
            Value::from((number * 1e6).round() / 1e6)
        }
        Value::Array(values) => values.iter().map(kept).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), kept(value))).collect(),
        other => other.clone(),
    }
}
