//! The page, built into `dist/`.

use std::{
    env::{self, consts::EXE_SUFFIX},
    ffi::OsString,
    path::PathBuf,
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    offline, order, prune,
    sizes::SAVINGS,
    tools::{cargo, gzip, root, run, step, web_tools},
};

/// The page without the GPU engine, for Trunk: written beside `index.html`, whose addresses are relative.
const FIRST: &str = ".first.html";
/// What the GPU engine's line of `index.html` holds.
const GPU: &str = "data-bin=\"engine-gpu\"";

/// Builds the page.
pub fn build() -> Result<()> {
    Build::prepare()?.whole()?;
    crate::sizes::sizes()
}

/// A build that is prepared: the tools are there.
pub struct Build {
    path: OsString,
    /// The real wasm-bindgen.
    bindgen: PathBuf,
    /// Tells this build's files from an older build's in the browser's cache.
    stamp: String,
}

impl Build {
    /// Installs the tools that are missing and fetches the libraries.
    pub fn prepare() -> Result<Self> {
        let mut folders = web_tools()?;
        let bindgen = folders.first().context("no wasm-bindgen")?.join(format!("wasm-bindgen{EXE_SUFFIX}"));
        // Trunk finds this program under wasm-bindgen's name first.
        let tools = root().join("target/tools");
        std::fs::create_dir_all(&tools)?;
        std::fs::copy(env::current_exe()?, tools.join(format!("wasm-bindgen{EXE_SUFFIX}")))?;
        folders.insert(0, tools);
        folders.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
        let path = env::join_paths(folders)?;
        let stamp = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs().to_string();
        // Trunk passes `--offline`, which keeps it from fetching tools of its own, on to cargo.
        step("fetching the libraries", "a minute, once", || run(cargo().args(["fetch", "--locked"])))?;
        Ok(Self { path, bindgen, stamp })
    }

    /// Builds all but the GPU engine, by far the largest part: the page works without it.
    pub fn first(&self) -> Result<()> {
        let index = std::fs::read_to_string(root().join("index.html"))?;
        let lines: Vec<&str> = index.lines().filter(|line| !line.contains(GPU)).collect();
        ensure!(lines.len() + 1 == index.lines().count(), "index.html does not name the GPU engine once");
        let page = root().join(FIRST);
        std::fs::write(&page, lines.join("\n"))?;
        let built = step("building the page, the CPU engine and the workbench", "5 to 8 minutes from nothing", || {
            self.trunk(&[FIRST, "--html-output", "index.html"])
        });
        std::fs::remove_file(&page)?;
        built
    }

    /// Builds everything.
    pub fn whole(&self) -> Result<()> {
        step(
            "building the page and all engines",
            "12 to 20 minutes from nothing on two cores, 1 when only the page changed",
            || self.trunk(&[]),
        )?;
        eprintln!("the page is in dist/; any static host can serve it");
        Ok(())
    }

    fn trunk(&self, arguments: &[&str]) -> Result<()> {
        let mut trunk = Command::new("trunk");
        // Trunk would read NO_COLOR=1 as a malformed flag.
        trunk
            .arg("build")
            // First, since a flag would take a file's name for its value.
            .args(arguments)
            .args(["--release", "--offline"])
            .env("PATH", &self.path)
            .env_remove("NO_COLOR")
            .env("RETORT_BUILD", &self.stamp)
            .env(prune::REAL, &self.bindgen);
        run(&mut trunk).context("trunk")?;
        arrange()?;
        // Last, since it takes the checksums of all that the build has made.
        offline::fill()
    }
}

/// Arranges the wasm files. (A strip by the compiler would also drop the section that wasm-bindgen reads.)
fn arrange() -> Result<()> {
    let mut savings = String::new();
    for entry in std::fs::read_dir(root().join("dist"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            let linked = std::fs::read(&path)?;
            let arranged = order::arrange(&linked).with_context(|| path.display().to_string())?;
            let (before, after) = (gzip(&order::unordered(&linked)?, 9)?.len(), gzip(&arranged, 9)?.len());
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            savings += &format!("functions of {name} in order of likeness: gzip -9 {before} before, {after} after\n");
            std::fs::write(&path, arranged)?;
        }
    }
    Ok(std::fs::write(root().join(SAVINGS), savings)?)
}

/// Records the run that the page shows while its engine loads.
pub fn record() -> Result<()> {
    step("recording the default experiment", "a few minutes from nothing, then seconds", || {
        let file = root().join("assets/recorded.json");
        run(cargo().args(["run", "--quiet", "--release", "-p", "retort", "--", "record"]).arg(file))
    })
}
