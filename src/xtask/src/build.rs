//! The page, built into `dist/`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::{
    gzip_order, page, prune,
    sizes::SAVINGS,
    split,
    tools::{Beside, cargo, gzip, root, run, step, wasm_target},
};

/// Where cargo leaves the wasm files, below its target folder: target and profile.
const BUILT: &str = "wasm32-unknown-unknown/web";
/// The wasm files without which there is no page.
pub const FIRST: [&str; 5] = ["retort-app", "engine-perceptrons", "engine-cpu", "engine-sequences", "workbench"];
/// What cargo is told to compile the app.
const APP: [&str; 2] = ["-p", "retort-app"];
/// The same for what has no graph in it: burn is a feature of the engine.
const WITHOUT_GRAPH: [&str; 5] = ["-p", "retort-worker", "--no-default-features", "--features", "perceptrons"];
/// The same for the other one.
const WITH_GRAPH: [&str; 4] = ["-p", "retort-worker", "--bin", "engine-cpu"];
/// The GPU engine, by far the largest part: the page works without it.
const GPU: &str = "engine-gpu";
/// What cargo is told to compile it.
const GPU_ONLY: [&str; 6] = ["-p", "retort-worker", "--bin", GPU, "--features", "gpu"];
/// What a harness in JavaScript speaks to an engine by; no part of the page, and a feature of the same name.
const TRANSLATOR: &str = "translator";

/// Builds the page with all engines.
pub fn build() -> Result<()> {
    first()?;
    complete()
}

/// Adds the GPU engine to the page, and weighs it.
pub fn complete() -> Result<()> {
    gpu()?;
    eprintln!("the page is in dist/; any static host can serve it");
    crate::sizes::sizes()
}

/// Builds all but the GPU engine.
pub fn first() -> Result<()> {
    wasm_target()?;
    step("building the page, the engines on the CPU and the workbench", "5 to 7 minutes from nothing", || {
        // Names that say of which types a function was made tell its place (`split`).
        run(compile("rustc", &APP).args(["--", "-C", "symbol-mangling-version=v0"]))?;
        run(&mut compile("build", &WITHOUT_GRAPH))?;
        run(&mut compile("build", &WITH_GRAPH))?;
        publish(&FIRST, true)
    })
}

/// Builds the GPU engine and puts it beside the rest.
pub fn gpu() -> Result<()> {
    step("building the GPU engine", "6 to 12 minutes from nothing on two cores", || {
        run(&mut compile("build", &GPU_ONLY))?;
        publish(&[GPU], false)
    })
}

/// Begins to compile the GPU engine, beside what follows.
pub fn gpu_beside() -> Result<Beside> {
    Beside::start(&mut compile("build", &GPU_ONLY), root().join("target/engine-gpu.txt"))
}

/// Builds the module that writes and reads an engine's messages as JSON, into a folder.
pub fn translator(folder: &Path) -> Result<()> {
    wasm_target()?;
    step("building the translator of messages", "6 minutes from nothing", || {
        run(&mut compile("build", &["-p", "retort-worker", "--bin", TRANSLATOR, "--features", TRANSLATOR]))?;
        module(TRANSLATOR, folder).map(drop)
    })
}

/// The command that compiles crates of the page: cargo's `build`, or `rustc` for one crate with options of its own.
fn compile(how: &str, what: &[&str]) -> Command {
    let mut command = cargo();
    command.args([how, "--locked", "--target", "wasm32-unknown-unknown", "--profile", "web"]).args(what);
    command
}

/// Makes modules for a browser of compiled wasm files, and a page of all the modules that there are.
fn publish(names: &[&str], anew: bool) -> Result<()> {
    let modules = root().join("target/modules");
    if anew {
        let _ = fs::remove_dir_all(&modules);
    }
    fs::create_dir_all(&modules)?;
    let mut savings = if anew { String::new() } else { fs::read_to_string(root().join(SAVINGS)).unwrap_or_default() };
    for name in names {
        savings += &module(name, &modules).with_context(|| format!("{name}.wasm"))?;
    }
    fs::write(root().join(SAVINGS), savings)?;
    page::assemble(&modules, &root().join("dist"))
}

/// Makes a module for a browser, `NAME.js` and `NAME_bg.wasm`; what arranging its functions saved.
fn module(name: &str, modules: &Path) -> Result<String> {
    let compiled = fs::read(compiled(name))?;
    let mut bindgen = Bindgen::new();
    // The glue knows where its module is, for whoever imports it without the page.
    bindgen
        .web(true)?
        .typescript(false)
        .omit_default_module_path(false)
        .demangle(false)
        .input_bytes(name, prune::prune(name, compiled)?);
    bindgen.generate(modules)?;
    let path = modules.join(format!("{name}_bg.wasm"));
    // A strip by the compiler would also drop the section that wasm-bindgen reads.
    let linked = fs::read(&path)?;
    if name != APP[1] {
        return arrange(name, &linked, &path);
    }
    let parts = split::app(&linked)?;
    Ok(arrange(name, &parts.first, &path)? + &arrange(split::FILE, &parts.later, &modules.join(split::FILE))?)
}

/// Writes a module with its functions in order; what that saves.
fn arrange(name: &str, linked: &[u8], path: &Path) -> Result<String> {
    let arranged = gzip_order::reorder(linked)?;
    let (before, after) = (gzip(&gzip_order::unordered(linked)?, 9)?.len(), gzip(&arranged, 9)?.len());
    fs::write(path, arranged)?;
    Ok(format!("functions of {name} in order of likeness: gzip -9 {before} before, {after} after\n"))
}

/// Where cargo leaves a wasm file.
pub fn compiled(name: &str) -> PathBuf {
    target().join(BUILT).join(format!("{name}.wasm"))
}

/// Cargo's target folder.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Records the run that the page shows while its engine loads.
pub fn record() -> Result<()> {
    step("recording the default experiment", "a few minutes from nothing, then seconds", || {
        let file = root().join("assets/recorded.json");
        run(cargo().args(["run", "--quiet", "--release", "-p", "retort", "--", "record"]).arg(file))
    })
}
