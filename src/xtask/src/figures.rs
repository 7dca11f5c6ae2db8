//! What the page weighs and how fast a first visit is. Printed, never promised.

use anyhow::{Result, ensure};

use crate::{serve::gzip, test, tools::root};

/// What a visitor waits for before training starts, compressed.
const FIRST_BYTES: usize = 900_000;
/// What the page itself should weigh of it. The compression bench brought it above; until it is below again, the build says
/// so.
const APP_GOAL: usize = 400_000;
/// Above this it fails, so that nothing more creeps in.
const APP_BYTES: usize = 437_000;
/// What the workbench may weigh, which is fetched while networks train.
const BENCH_BYTES: usize = 200_000;

/// Prints the sizes of the build in `dist/` and fails where the first visit's wasm is heavier than it may be.
pub fn sizes() -> Result<()> {
    let (mut first, mut app, mut bench) = (0, 0, 0);
    println!("{:<34} {:>10} {:>10}", "file", "bytes", "gzip -9");
    let mut files: Vec<_> =
        std::fs::read_dir(root().join("dist"))?.filter_map(Result::ok).map(|entry| entry.path()).collect();
    files.sort();
    for path in files.into_iter().filter(|path| path.is_file()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let bytes = std::fs::read(&path)?;
        let compressed = gzip(&bytes, 9)?.len();
        println!("{name:<34} {:>10} {compressed:>10}", bytes.len());
        if name.starts_with("workbench") && name.ends_with(".wasm") {
            bench += compressed;
        } else if name.ends_with(".wasm") && !name.contains("gpu") {
            first += compressed;
            app += if name.starts_with("retort-app") { compressed } else { 0 };
        }
    }
    let goal = if app > APP_GOAL { "MISSED" } else { "met" };
    println!("wasm of the page itself, gzip -9: {app} bytes, {APP_BYTES} allowed; the goal of {APP_GOAL} is {goal}");
    println!("wasm before training starts (app and CPU engine), gzip -9: {first} bytes, {FIRST_BYTES} allowed");
    println!("wasm of the workbench, fetched while networks train, gzip -9: {bench} bytes, {BENCH_BYTES} allowed");
    ensure!(bench > 0 && bench <= BENCH_BYTES, "the workbench's wasm is {bench} bytes, more than {BENCH_BYTES}");
    ensure!(app > 0 && app <= APP_BYTES, "the page's wasm is {app} bytes, more than {APP_BYTES}");
    ensure!(first > 0 && first <= FIRST_BYTES, "the first visit's wasm is {first} bytes, more than {FIRST_BYTES}");
    Ok(())
}

/// Prints sizes and the times of a first visit in headless Chromium.
pub fn print() -> Result<()> {
    sizes()?;
    test::browser("figures")
}
