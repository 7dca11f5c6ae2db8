//! The page, built into `dist/`.

use std::{
    env::{self, consts::EXE_SUFFIX},
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Result};

use crate::{
    offline, prune,
    tools::{cargo, root, run, step, web_tools},
};

/// Builds the page.
pub fn build() -> Result<()> {
    let mut folders = web_tools()?;
    let real = folders.first().context("no wasm-bindgen")?.join(format!("wasm-bindgen{EXE_SUFFIX}"));
    // Trunk finds this program under wasm-bindgen's name first.
    let tools = root().join("target/tools");
    std::fs::create_dir_all(&tools)?;
    std::fs::copy(env::current_exe()?, tools.join(format!("wasm-bindgen{EXE_SUFFIX}")))?;
    folders.insert(0, tools);
    folders.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    let path = env::join_paths(folders)?;
    // Tells this build's files from an older build's in the browser's cache.
    let stamp = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs().to_string();
    // Trunk passes `--offline`, which keeps it from fetching tools of its own, on to cargo.
    step("fetching the libraries", "a minute, once", || run(cargo().args(["fetch", "--locked"])))?;
    step(
        "building the page and both engines",
        "10 to 20 minutes from nothing on two cores, 1 when only the page changed",
        || {
            let mut trunk = Command::new("trunk");
            // Trunk would read NO_COLOR=1 as a malformed flag.
            trunk
                .args(["build", "--release", "--offline"])
                .env("PATH", &path)
                .env_remove("NO_COLOR")
                .env("RETORT_BUILD", &stamp)
                .env(prune::REAL, &real);
            run(&mut trunk).context("trunk")
        },
    )?;
    drop_names()?;
    // Last, since it takes the checksums of all that the build has made.
    offline::fill()?;
    eprintln!("the page is in dist/; any static host can serve it");
    crate::figures::sizes()
}

/// Drops the names of functions from the wasm files: a tenth of what a visitor waits for, and no visitor reads them.
/// (A strip by the compiler would also drop the section that wasm-bindgen reads.)
fn drop_names() -> Result<()> {
    for entry in std::fs::read_dir(root().join("dist"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            let stripped =
                without_names(&std::fs::read(&path)?).with_context(|| format!("{} is no wasm", path.display()))?;
            std::fs::write(&path, stripped)?;
        }
    }
    Ok(())
}

/// A module without its custom section `name` (WebAssembly core specification, section 5.5).
fn without_names(module: &[u8]) -> Option<Vec<u8>> {
    const HEADER: usize = 8;
    const NAME: &[u8] = b"\x04name";
    let mut kept = module.get(..HEADER)?.to_vec();
    let mut at = HEADER;
    while at < module.len() {
        // A section: its kind, its length in LEB128, its contents.
        let (mut length, mut contents) = (0_usize, at + 1);
        for shift in (0..35).step_by(7) {
            let byte = usize::from(*module.get(contents)?);
            contents += 1;
            length |= (byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        let end = contents + length;
        let section = module.get(at..end)?;
        if !(section[0] == 0 && module.get(contents..end)?.starts_with(NAME)) {
            kept.extend(section);
        }
        at = end;
    }
    Some(kept)
}

/// Records the run that the page shows while its engine loads.
pub fn record() -> Result<()> {
    step("recording the default experiment", "a few minutes from nothing, then seconds", || {
        let file = root().join("assets/recorded.json");
        run(cargo().args(["run", "--quiet", "--release", "-p", "retort", "--", "record"]).arg(file))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_names_go() {
        let header = *b"\0asm\x01\0\0\0";
        let (names, other, code) = ([0, 6, 4, b'n', b'a', b'm', b'e', 9], [0, 3, 2, b'h', b'i'], [10, 2, 1, 0]);
        let module = [&header[..], &other, &names, &code].concat();
        assert_eq!(without_names(&module), Some([&header[..], &other, &code].concat()));
        assert_eq!(without_names(&module[..module.len() - 1]), None, "cut short");
    }
}
