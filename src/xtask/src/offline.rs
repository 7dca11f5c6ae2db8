//! What the service worker is told of a build: its files with their checksums, and a version made of these.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context as _, Result, ensure};
use sha2::{Digest as _, Sha256};

const WORKER: &str = "sw.js";

/// Fills the places in a page's `sw.js` that wait for the version and the files of this build.
pub fn fill(page: &Path) -> Result<()> {
    let worker = page.join(WORKER);
    let template = std::fs::read_to_string(&worker).with_context(|| worker.display().to_string())?;
    let mut files = BTreeMap::new();
    list(page, "", &mut files)?;
    // The browser itself keeps the worker.
    files.remove(WORKER);
    Ok(std::fs::write(&worker, filled(&template, &files)?)?)
}

/// The version of all files in a folder.
pub fn version(folder: &Path) -> Result<String> {
    let mut files = BTreeMap::new();
    list(folder, "", &mut files)?;
    Ok(version_of(&files))
}

fn version_of(files: &BTreeMap<String, String>) -> String {
    let mut hash = Sha256::new();
    for (name, sum) in files {
        hash.update(format!("{name} {sum}\n"));
    }
    format!("{:x}", hash.finalize())[..12].to_owned()
}

/// Every file below a folder: its address from there, and its SHA-256 in hexadecimal digits.
fn list(folder: &Path, prefix: &str, files: &mut BTreeMap<String, String>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            list(&entry.path(), &format!("{name}/"), files)?;
        } else {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
            ensure!(name.chars().all(plain), "{name} would stand otherwise in an address; use letters, digits, -_.");
            files.insert(name, format!("{:x}", Sha256::digest(std::fs::read(entry.path())?)));
        }
    }
    Ok(())
}

/// A worker with the places filled in.
fn filled(template: &str, files: &BTreeMap<String, String>) -> Result<String> {
    let list: String = files.iter().map(|(name, sum)| format!("\n  [{name:?}, {sum:?}],")).collect();
    let mut text = template.to_owned();
    for (place, value) in
        [("/*version*/ \"\"", format!("{:?}", version_of(files))), ("/*files*/ []", format!("[{list}\n]"))]
    {
        ensure!(text.matches(place).count() == 1, "{WORKER} does not hold {place} once");
        text = text.replace(place, &value);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = include_str!("../../../web/sw.js");

    #[test]
    fn files_are_listed_with_their_checksums() {
        let folder = std::env::temp_dir().join(format!("retort-offline-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("lessons")).unwrap();
        std::fs::write(folder.join("index.html"), "abc").unwrap();
        std::fs::write(folder.join("lessons/first.json"), "").unwrap();
        let mut files = BTreeMap::new();
        let listed = list(&folder, "", &mut files);
        std::fs::remove_dir_all(&folder).unwrap();
        listed.unwrap();
        // NIST's examples of SHA-256: the message "abc", and the empty one.
        let expected = [
            ("index.html", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            ("lessons/first.json", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ];
        assert_eq!(files, expected.map(|(name, sum)| (name.to_owned(), sum.to_owned())).into());
    }

    #[test]
    fn the_version_tells_builds_apart_and_nothing_else() {
        let version = |sum: &str| {
            let text = filled(TEMPLATE, &[("index.html".to_owned(), sum.to_owned())].into()).unwrap();
            assert!(text.contains(&format!("[\"index.html\", \"{sum}\"]")));
            text.lines().find(|line| line.starts_with("const VERSION")).map(str::to_owned)
        };
        assert!(version("1").is_some_and(|line| !line.contains("\"\"")));
        assert_eq!(version("1"), version("1"));
        assert_ne!(version("1"), version("2"));
    }

    #[test]
    fn a_worker_is_filled_only_once() {
        let text = filled(TEMPLATE, &BTreeMap::new()).unwrap();
        assert!(filled(&text, &BTreeMap::new()).is_err());
    }
}
