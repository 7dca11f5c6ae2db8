//! Retort beside what a visitor would otherwise use, in one browser.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result};

use crate::{
    build,
    runtimes::environment,
    test,
    tools::{NATIVE, cargo, root, run, step},
};

/// Measures the page in `dist/`, built if it is not there, beside the peers that `tests/peers/package.json` names, and
/// prints tables.
///
/// `only` leaves out the workloads whose names do not hold it.
pub fn command(only: &str) -> Result<()> {
    let dist = root().join("dist");
    if !dist.join("index.html").exists() {
        build::build()?;
    }
    let folder = root().join("target/bench");
    let peers = folder.join("peers");
    fs::create_dir_all(&peers)?;
    copy(&dist, &folder)?;
    copy(&root().join("tests/peers"), &peers)?;
    fs::copy(root().join("assets/digits8/digits.gz"), peers.join("digits.gz"))?;
    build::translator(&peers)?;
    step("installing the peers", "a minute, once", || {
        let mut npm = Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix"]).arg(&peers);
        run(&mut npm).context("the peers are npm packages: is Node.js installed?")
    })?;
    test::browser_in(
        &folder,
        "beside_peers",
        "a quarter of an hour",
        &[("RETORT_PEERS", &peers), ("RETORT_ONLY", Path::new(only))],
    )
}

/// Measures the engine outside of browsers beside PyTorch, and prints tables.
pub fn native(only: &str) -> Result<()> {
    let python = environment("torch", "tests/peers/requirements.txt", "torch", "five gigabytes, once")?;
    step("building the engine", "5 minutes from nothing", || {
        run(cargo().args(["build", "--release", "--quiet", "-p", "retort-engine", "--example", "step"]))
    })?;
    step("the engine beside PyTorch", "2 minutes", || {
        let mut tests = cargo();
        tests.args(["test", "--quiet"]).args(NATIVE).args(["--test", "browser", "--"]);
        tests.args(["--ignored", "--nocapture", "beside_pytorch"]).env("RETORT_ONLY", only);
        tests.env("RETORT_STEP", root().join("target/release/examples/step"));
        tests.env("RETORT_TORCH", root().join("tests/peers/torch_step.py")).env("RETORT_PYTHON", &python);
        run(&mut tests)
    })
}

/// Copies a folder's files over another's.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let (entry, to) = entry.map(|entry| (entry.path(), to.join(entry.file_name())))?;
        match entry.is_dir() {
            // What npm has installed is as it should be.
            true if entry.ends_with("node_modules") => {}
            true => copy(&entry, &to)?,
            false => fs::copy(&entry, &to).map(|_| ())?,
        }
    }
    Ok(())
}
