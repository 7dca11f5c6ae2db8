//! The page's folder, put together from `index.html`, `web/`, `assets/` and what wasm-bindgen wrote.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, ensure};
use sha2::{Digest as _, Sha256};

use crate::{literature, manual, offline, recorded, split, tools::root};

/// Files and folders that the page fetches by their names; everything in `web/` but its style sheets besides.
const ASSETS: [&str; 3] = ["assets/lessons", "assets/locales", "web/vendor/fluent-bundle/fluent-bundle.js"];

/// Style sheets in `index.html`, one a line: they become one file, in this order.
const STYLE: &str = "<link rel=\"stylesheet\" href=\"";
/// The page's first picture has its style in itself and does not wait for the file, which takes effect once it is
/// there.
const UNHURRIED: &str = "media=\"print\" onload=\"this.media='all'\"";
/// Where `index.html` gives the stamp that tells this build's files from an older build's in the browser's cache.
const STAMP: &str = "<meta name=\"build\" content=\"dev\">";

/// Puts the page together in `dist`, in the place of the page that was there. `modules` is a folder whose files all
/// become part of the page.
///
/// # Errors
/// If a file is missing, or `index.html` does not name what it should.
pub fn assemble(modules: &Path, dist: &Path) -> Result<()> {
    let stage = dist.with_extension("next");
    let _ = fs::remove_dir_all(&stage);
    copy(modules, &stage)?;
    for entry in fs::read_dir(root().join("web"))? {
        let path = entry?.path();
        if path.is_file() && path.extension().is_none_or(|extension| extension != "css") {
            copy(&path, &stage.join(path.file_name().unwrap_or_default()))?;
        }
    }
    for asset in ASSETS {
        let path = root().join(asset);
        copy(&path, &stage.join(path.file_name().unwrap_or_default()))?;
    }
    fs::write(stage.join("recorded.bin"), recorded::message()?)?;
    fs::create_dir_all(stage.join("literature"))?;
    for (language, message) in literature::messages()? {
        fs::write(stage.join("literature").join(format!("{language}.bin")), message)?;
    }
    manual::write(&stage.join("docs"))?;
    let (index, styles) = linked(&fs::read_to_string(root().join("index.html"))?)?;
    let mut style = String::new();
    for sheet in styles {
        style += &fs::read_to_string(root().join(&sheet)).with_context(|| sheet)?;
    }
    fs::write(stage.join("style.css"), style)?;
    let mut index = index;
    // A new name for new contents: browsers may keep these for ever.
    for name in ["style.css", "retort-app.js", "retort-app_bg.wasm", split::FILE] {
        let hashed = hashed_name(name, &fs::read(stage.join(name)).with_context(|| name)?);
        fs::rename(stage.join(name), stage.join(&hashed))?;
        ensure!(index.contains(name), "index.html does not name {name}");
        index = index.replace(name, &hashed);
    }
    let stamp = offline::version(&stage)?;
    ensure!(index.contains(STAMP), "index.html does not hold {STAMP}");
    fs::write(stage.join("index.html"), index.replace(STAMP, &STAMP.replace("dev", &stamp)))?;
    // Last, since it takes the checksums of all files.
    offline::fill(&stage)?;
    let _ = fs::remove_dir_all(dist);
    fs::rename(&stage, dist).with_context(|| dist.display().to_string())
}

/// `index.html` with one style sheet for all that it names, and the names of these.
fn linked(index: &str) -> Result<(String, Vec<String>)> {
    let (mut lines, mut styles) = (Vec::new(), Vec::new());
    for line in index.lines() {
        match line.trim_start().strip_prefix(STYLE) {
            Some(rest) => {
                if styles.is_empty() {
                    lines.push(format!("  {STYLE}style.css\" {UNHURRIED}>"));
                }
                styles.push(rest.split('"').next().unwrap_or_default().to_owned());
            }
            None => lines.push(line.to_owned()),
        }
    }
    ensure!(!styles.is_empty(), "index.html names no style sheet");
    lines.push(String::new());
    Ok((lines.join("\n"), styles))
}

/// `style.css` as `style-0123456789abcdef.css`, by its contents.
fn hashed_name(name: &str, contents: &[u8]) -> String {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    format!("{stem}-{}.{extension}", &format!("{:x}", Sha256::digest(contents))[..16])
}

/// Copies a file, or a folder with all that is in it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    fs::copy(from, to).with_context(|| from.display().to_string())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn style_sheets_become_one_in_their_order() {
        let index =
            "<head>\n  <link rel=\"stylesheet\" href=\"b.css\">\n  <link rel=\"stylesheet\" href=\"x/a.css\">\n";
        let (page, styles) = linked(&format!("{index}</head>\n")).unwrap();
        assert_eq!(styles, ["b.css", "x/a.css"]);
        assert_eq!(page, format!("<head>\n  <link rel=\"stylesheet\" href=\"style.css\" {UNHURRIED}>\n</head>\n"));
        assert!(linked("<head></head>").is_err());
    }

    #[test]
    fn every_style_sheet_is_in_the_page() {
        let (_, styles) = linked(&fs::read_to_string(root().join("index.html")).unwrap()).unwrap();
        for entry in fs::read_dir(root().join("web/styles")).unwrap() {
            let name = format!("web/styles/{}", entry.unwrap().file_name().to_string_lossy());
            assert!(styles.contains(&name), "index.html does not name {name}");
        }
    }

    #[test]
    fn a_page_is_put_together_whole_or_not_at_all() {
        let folder = std::env::temp_dir().join(format!("retort-page-{}", std::process::id()));
        let (modules, dist) = (folder.join("modules"), folder.join("dist"));
        fs::create_dir_all(&modules).unwrap();
        fs::create_dir_all(&dist).unwrap();
        fs::write(dist.join("old.js"), "").unwrap();
        assert!(assemble(&modules, &dist).is_err(), "no app");
        assert!(dist.join("old.js").exists());
        for name in ["retort-app.js", "retort-app_bg.wasm", split::FILE, "engine-cpu.js"] {
            fs::write(modules.join(name), name).unwrap();
        }
        let assembled = assemble(&modules, &dist);
        let exists = |name: &str| dist.join(name).exists();
        let index = fs::read_to_string(dist.join("index.html")).unwrap_or_default();
        let app = hashed_name("retort-app.js", b"retort-app.js");
        let found =
            [exists("old.js"), exists(&app), exists("engine-cpu.js"), exists("locales/en.ftl"), exists("sw.js")];
        fs::remove_dir_all(&folder).unwrap();
        assembled.unwrap();
        assert_eq!(found, [false, true, true, true, true]);
        assert!(index.contains(&format!("./{app}")) && !index.contains("\"dev\"") && !index.contains("web/styles"));
    }
}
