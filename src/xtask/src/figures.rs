//! What the page weighs and how fast a first visit is. Printed, never promised.

use anyhow::{Result, ensure};

use crate::{serve::gzip, test, tools::root};

/// What a visitor waits for before training starts, compressed.
const FIRST_BYTES: usize = 900_000;

/// Prints the sizes of the build in `dist/` and fails where the first visit's wasm is heavier than it may be.
pub fn sizes() -> Result<()> {
    let mut first = 0;
    println!("{:<34} {:>10} {:>10}", "file", "bytes", "gzip");
    let mut files: Vec<_> =
        std::fs::read_dir(root().join("dist"))?.filter_map(Result::ok).map(|entry| entry.path()).collect();
    files.sort();
    for path in files.into_iter().filter(|path| path.is_file()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let bytes = std::fs::read(&path)?;
        let compressed = gzip(&bytes)?.len();
        println!("{name:<34} {:>10} {compressed:>10}", bytes.len());
        if name.ends_with(".wasm") && !name.contains("gpu") {
            first += compressed;
        }
    }
    println!("wasm before training starts (app and CPU engine), gzip: {first} bytes, {FIRST_BYTES} allowed");
    ensure!(first > 0 && first <= FIRST_BYTES, "the first visit's wasm is {first} bytes, more than {FIRST_BYTES}");
    Ok(())
}

/// Prints sizes and the times of a first visit in headless Chromium.
pub fn print() -> Result<()> {
    sizes()?;
    test::browser("figures")
}
