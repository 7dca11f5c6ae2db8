//! Writes the list of lessons from their files, so that adding a lesson is adding a file.

use std::{
    collections::BTreeSet,
    env,
    error::Error,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

use serde_json::Value;

/// Where the lessons lie, seen from this crate.
const LESSONS: &str = "../../assets/lessons";

fn main() -> Result<(), Box<dyn Error>> {
    // A folder that is not there would make cargo run this at every build; its parent tells when it comes.
    let watched = if Path::new(LESSONS).is_dir() { LESSONS } else { "../../assets" };
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={watched}");
    let mut lessons = Vec::new();
    for path in files()? {
        let name = path.display().to_string();
        let lesson: Value = serde_json::from_slice(&fs::read(&path)?).map_err(|error| format!("{name}: {error}"))?;
        let id = path.file_stem().and_then(|stem| stem.to_str()).ok_or_else(|| format!("{name}: no plain name"))?;
        let order = lesson["order"].as_u64().ok_or_else(|| format!("{name}: order is no whole number"))?;
        lessons.push((order, entry(id, &lesson).ok_or_else(|| format!("{name}: a field of the list is missing"))?));
    }
    lessons.sort();
    let list: String = lessons.into_iter().map(|(_, entry)| entry).collect();
    let out = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    fs::write(Path::new(&out).join("lessons.rs"), format!("&[{list}]"))?;
    Ok(())
}

fn files() -> io::Result<Vec<PathBuf>> {
    if !Path::new(LESSONS).is_dir() {
        return Ok(Vec::new());
    }
    let paths: io::Result<Vec<PathBuf>> = fs::read_dir(LESSONS)?.map(|entry| entry.map(|entry| entry.path())).collect();
    Ok(paths?.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "json")).collect())
}

/// A lesson's line of the list, as Rust.
fn entry(id: &str, lesson: &Value) -> Option<String> {
    let both = |field: &str| Some([lesson[field]["en"].as_str()?, lesson[field]["zh-CN"].as_str()?]);
    let picture = [lesson["picture"][0].as_str()?, lesson["picture"][1].as_str()?];
    let knobs: Option<Vec<&str>> = lesson["knobs"].as_array()?.iter().map(Value::as_str).collect();
    let panels: BTreeSet<&str> = lesson["steps"].as_array()?.iter().filter_map(|step| step["look"].as_str()).collect();
    let panels: Vec<&str> = panels.into_iter().collect();
    let mut line = String::new();
    writeln!(
        line,
        "Entry {{ id: {id:?}, minutes: {}, title: {:?}, summary: {:?}, learn: {:?}, picture: {picture:?}, panels: \
         &{panels:?}, knobs: &{:?}, link: {:?} }},",
        lesson["minutes"].as_u64()?,
        both("title")?,
        both("summary")?,
        both("learn")?,
        knobs?,
        lesson["link"].as_str()?,
    )
    .ok()?;
    Some(line)
}
