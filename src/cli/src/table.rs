//! `retort table`: measures the experiments of a table file, and prints them as Markdown for the documentation.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use clap::{Arg, ArgMatches, value_parser};

use crate::{
    Failure,
    compression::Students,
    objectives, schemes,
    table_file::{self, Columns},
    text,
};

/// What the command takes.
pub fn arguments(data_dir: Arg) -> Vec<Arg> {
    let path = |name: &'static str| Arg::new(name).value_name("FILE").value_parser(value_parser!(PathBuf));
    vec![
        path("table").required(true).help("A table as a text, such as docs/sweeps/schemes.txt"),
        Arg::new("section")
            .long("section")
            .visible_alias("scheme")
            .value_name("NAME")
            .help("One section, such as a scheme; all unless given"),
        Arg::new("seeds")
            .long("seeds")
            .value_name("COUNT")
            .value_parser(value_parser!(u32).range(1..=20))
            .help("Runs of each experiment, in the place of the file's"),
        Arg::new("base")
            .long("base")
            .value_name("PERMALINK")
            .help("What is the same in all experiments, in the place of the file's"),
        path("into").long("into").help("Writes each section into this file, behind its line '<!-- measured: NAME -->'"),
        data_dir,
    ]
}

/// Prints the sections, or writes them into a file.
pub fn table(matches: &ArgMatches, out: &mut dyn Write) -> Result<(), Failure> {
    let read = |path: &Path| fs::read_to_string(path).map_err(|error| failure(path, &error));
    let Some(path) = matches.get_one::<PathBuf>("table") else { return Ok(()) };
    let faulty = |fault| Failure::Table { path: path.display().to_string(), fault };
    let mut table = table_file::read(&read(path)?).map_err(faulty)?;
    table.seeds = matches.get_one::<u32>("seeds").copied().unwrap_or(table.seeds);
    table.base = text(matches, "base").map_or(table.base, str::to_owned);
    let asked = text(matches, "section");
    if let Some(name) = asked.filter(|name| table.sections.iter().all(|section| section.name != *name)) {
        let names = table.sections.iter().map(|section| &*section.name).collect::<Vec<&str>>().join(", ");
        return Err(Failure::NoSection { name: name.to_owned(), names });
    }
    let mut students: Option<Students> = None;
    for section in table.sections.iter().filter(|section| asked.is_none_or(|asked| asked == section.name)) {
        let written = match table.columns {
            Columns::Schemes => schemes::section(&table, section)?,
            Columns::Objectives => objectives::section(&table, section)?,
            Columns::Compression | Columns::Steps => {
                let students = match &mut students {
                    Some(students) => students,
                    none => none.insert(Students::train(matches, &table)?),
                };
                students.section(&table, section)?
            }
        };
        match matches.get_one::<PathBuf>("into") {
            Some(path) => {
                let before = read(path)?;
                fs::write(path, replaced(&before, &section.name, &written)).map_err(|error| failure(path, &error))?;
            }
            None => write!(out, "\n## {}\n\n{written}", section.name)?,
        }
    }
    Ok(())
}

/// A text with a section behind its mark, up to the next heading.
fn replaced(text: &str, name: &str, section: &str) -> String {
    let mark = format!("<!-- measured: {name} -->\n");
    let Some((before, behind)) = text.split_once(&mark) else { return text.to_owned() };
    let rest = behind.find("\n## ").map_or("", |at| &behind[at..]);
    format!("{before}{mark}\n{section}{rest}")
}

fn failure(path: &Path, error: &std::io::Error) -> Failure {
    Failure::File { path: path.display().to_string(), reason: error.to_string() }
}

#[cfg(test)]
mod tests;
