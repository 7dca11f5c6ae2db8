//! What the page weighs, and what it may.

use anyhow::{Result, ensure};

use crate::tools::{gzip, root};

/// What wasm may weigh, compressed, and what it should: the build fails above the first, so that nothing creeps in, and
/// says so above the second.
struct SizeBudget {
    what: &'static str,
    limit: usize,
    target: usize,
}

/// Before training starts a visitor fetches both: on a slow line (1 MB/s) in less than a second. Everything else (the
/// engine that trains all networks, the workbench, the GPU engine) is fetched on demand. The goal stays in view: `cargo
/// xtask sizes --crates` says what the bytes are. The page's limit was 470 kB; plans, fourteen schemes with their panel
/// and panels that list any number of networks took 27 kB of it. Messages as bytes gave 12 kB back; the map, the tabs
/// with their inspector, the comparison of runs and the lessons' cards took 60. What draws the blocks of sequences and
/// numbers, their knobs and their messages took 27. Sweeps took 43: their text, their workers, form, two charts, a
/// table and files. A table of the visitor's own, six schemes with what they show, and a sweep shared out to a class
/// took 27. Experiments of the literature, colours by rank, and what a class found beside what is computed here took
/// 10; a search among the cells 10; moved points, a discriminator, drawn pictures, weights of other data, a camera and
/// the change of engines 19. A visitor fetched 299 kB more before the first engine was one for perceptrons
/// alone, of 218 kB.
const PAGE: SizeBudget = SizeBudget { what: "the page itself", limit: 665_000, target: 400_000 };
const FIRST: SizeBudget = SizeBudget {
    what: "what is fetched before training starts (app and the engine for perceptrons)",
    limit: 885_000,
    target: 750_000,
};
/// Fetched where an experiment asks for more than perceptrons that learn from labels and soft targets: most of it is
/// burn.
const FULL: SizeBudget =
    SizeBudget { what: "the CPU engine for all networks, fetched on demand", limit: 560_000, target: 450_000 };
const BENCH: SizeBudget =
    SizeBudget { what: "the workbench, fetched while networks train", limit: 200_000, target: 200_000 };
const SEQUENCES: SizeBudget = SizeBudget {
    what: "the engine for sequences and numbers, fetched with such data",
    limit: 400_000,
    target: 300_000,
};
const GPU: SizeBudget = SizeBudget { what: "the GPU engine", limit: 2_120_000, target: 2_000_000 };

impl SizeBudget {
    fn hold(&self, bytes: usize) -> Result<()> {
        let Self { what, limit, target } = self;
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
    let (mut first, mut app, mut full, mut bench, mut sequences, mut gpu) = (0, 0, 0, 0, 0, 0);
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
        } else if name.starts_with("engine-sequences") && name.ends_with(".wasm") {
            sequences += compressed;
        } else if name.starts_with("engine-cpu") && name.ends_with(".wasm") {
            full += compressed;
        } else if name.starts_with("engine-gpu") && name.ends_with(".wasm") {
            gpu += compressed;
        } else if name.ends_with(".wasm") {
            first += compressed;
            app += if name.starts_with("retort-app") { compressed } else { 0 };
        }
    }
    // What is kept only for its size says what it saves.
    print!("{}", std::fs::read_to_string(root().join(SAVINGS)).unwrap_or_default());
    let digits = |name: &str| std::fs::metadata(root().join("assets/digits8").join(name)).map(|file| file.len());
    println!("the digits: gzip {}, by their codec {}", digits("digits.gz")?, digits("digits.mix")?);
    PAGE.hold(app)?;
    FIRST.hold(first)?;
    FULL.hold(full)?;
    BENCH.hold(bench)?;
    SEQUENCES.hold(sequences)?;
    GPU.hold(gpu)?;
    Ok(())
}
