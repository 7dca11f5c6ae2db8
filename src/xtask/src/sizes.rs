//! What the page weighs, and what it may.

use anyhow::{Result, ensure};

use crate::tools::{gzip, root};

/// What wasm may weigh, compressed, and what it should: the build fails above the first, so that nothing creeps in, and
/// says so above the second.
struct SizeBudget {
    what: &'static str,
    /// Beginnings of the names of its files.
    files: &'static [&'static str],
    limit: usize,
    target: usize,
}

/// Before training starts a visitor fetches two of them: on a slow line (1 MB/s) in less than a second. Everything else
/// is fetched beside or on demand. `cargo xtask sizes --crates` says what the bytes are.
///
/// The app was in one piece until it had 655 kB. Its first part is smaller than the app of three networks was (465 kB),
/// which had no plan, map, tabs, sweeps or sequences. What comes to the app belongs to the later part, unless a first
/// visit runs it. A visitor fetched 299 kB more before the first engine was one for perceptrons alone. Most of the
/// engine for all networks is burn.
const BUDGETS: [SizeBudget; 7] = [
    SizeBudget { what: "the app's first part", files: &["retort-app_bg"], limit: 420_000, target: 400_000 },
    SizeBudget {
        what: "what is fetched before training starts (the app's first part and the engine for perceptrons)",
        files: &["retort-app_bg", "engine-perceptrons"],
        limit: 650_000,
        target: 600_000,
    },
    SizeBudget {
        what: "the app's later part, fetched behind the engine",
        files: &["retort-app-later"],
        limit: 330_000,
        target: 300_000,
    },
    SizeBudget {
        what: "the CPU engine for all networks, fetched on demand",
        files: &["engine-cpu"],
        limit: 570_000,
        target: 450_000,
    },
    SizeBudget {
        what: "the workbench, fetched while networks train",
        files: &["workbench"],
        limit: 200_000,
        target: 200_000,
    },
    SizeBudget {
        what: "the engine for sequences and numbers, fetched with such data",
        files: &["engine-sequences"],
        limit: 400_000,
        target: 300_000,
    },
    SizeBudget { what: "the GPU engine", files: &["engine-gpu"], limit: 2_120_000, target: 2_000_000 },
];

impl SizeBudget {
    fn hold(&self, bytes: usize) -> Result<()> {
        let Self { what, limit, target, .. } = self;
        let met = if bytes > *target { format!("; the goal of {target} is MISSED") } else { String::new() };
        println!("wasm of {what}, gzip -9: {bytes} bytes, {limit} allowed{met}");
        ensure!(bytes > 0 && bytes <= *limit, "the wasm of {what} is {bytes} bytes, more than {limit}");
        Ok(())
    }
}

/// What arranging the files of the last build saved, a line each.
pub const SAVINGS: &str = "target/savings.txt";

/// Prints the sizes of the build in `dist/` and fails where the first visit's wasm is heavier than it may be.
pub fn sizes() -> Result<()> {
    let mut weights = [0; BUDGETS.len()];
    println!("{:<34} {:>10} {:>10}", "file", "bytes", "gzip -9");
    let mut files: Vec<_> =
        std::fs::read_dir(root().join("dist"))?.filter_map(Result::ok).map(|entry| entry.path()).collect();
    files.sort();
    for path in files.into_iter().filter(|path| path.is_file()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let bytes = std::fs::read(&path)?;
        let compressed = gzip(&bytes, 9)?.len();
        println!("{name:<34} {:>10} {compressed:>10}", bytes.len());
        if name.ends_with(".wasm") {
            for (weight, budget) in weights.iter_mut().zip(&BUDGETS) {
                *weight += if budget.files.iter().any(|file| name.starts_with(file)) { compressed } else { 0 };
            }
        }
    }
    // What is kept only for its size says what it saves.
    print!("{}", std::fs::read_to_string(root().join(SAVINGS)).unwrap_or_default());
    let digits = |name: &str| std::fs::metadata(root().join("assets/digits8").join(name)).map(|file| file.len());
    println!("the digits: gzip {}, by their codec {}", digits("digits.gz")?, digits("digits.mix")?);
    weights.into_iter().zip(&BUDGETS).try_for_each(|(bytes, budget)| budget.hold(bytes))
}
