//! Trains the students of an experiment a turn at a time, and says how long a step took and what it asked of memory.
//!
//! `step EXPERIMENT`, an experiment in JSON on images of 28×28. Each line of standard input is a turn's milliseconds;
//! each line of standard output what was measured, in JSON. `cargo xtask bench --native` runs it beside PyTorch.
#![expect(unsafe_code, reason = "an allocator is")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    error::Error,
    io::stdin,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use pollster::block_on;
use retort_engine::{Session, device::Compute};
use retort_spec::{Command, Event, Experiment, FileData, Progress};

const SIDE: usize = 28;
const EXAMPLES: usize = 2048;
const TEST: usize = 100;
const CLASSES: usize = 10;
/// What the page asks for at once.
const SLICE: Duration = Duration::from_millis(25);

/// Counts what is asked of memory.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

// SAFETY: everything is the system's own; it is only counted.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        BYTES.fetch_add(layout.size() as u64, Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static MEMORY: Counting = Counting;

/// A file in the format of MNIST (LeCun et al. 1998).
fn idx(name: &str, sizes: &[usize], body: Vec<u8>) -> FileData {
    let mut bytes = vec![0, 0, 8, sizes.len() as u8];
    sizes.iter().for_each(|&size| bytes.extend((size as u32).to_be_bytes()));
    bytes.extend(body);
    FileData { name: name.to_owned(), bytes }
}

/// Images half of which is empty, as digits are.
fn images(count: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut draw = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 23).saturating_sub(256) as u8
    };
    (0..count * SIDE * SIDE).map(|_| draw()).collect()
}

fn labels(count: usize) -> Vec<u8> {
    (0..count).map(|example| (example % CLASSES) as u8).collect()
}

/// Trains for a slice; how far the students are, once they learn.
fn advance(session: &mut Session) -> Result<Option<Progress>, Box<dyn Error>> {
    let events = block_on(session.advance(SLICE));
    if let Some(trouble) = events.iter().find(|event| matches!(event, Event::Error(_))) {
        return Err(format!("{trouble:?}").into());
    }
    Ok(events.into_iter().rev().find_map(|event| match event {
        Event::Progress(progress) if progress.phase == Some(1) => Some(progress),
        _ => None,
    }))
}

fn main() -> Result<(), Box<dyn Error>> {
    let experiment = std::env::args().nth(1).ok_or("an experiment in JSON is missing")?;
    let experiment: Experiment = serde_json::from_str(&experiment)?;
    let files = vec![
        idx("train-images-ubyte", &[EXAMPLES, SIDE, SIDE], images(EXAMPLES)),
        idx("train-labels-ubyte", &[EXAMPLES], labels(EXAMPLES)),
        idx("t10k-images-ubyte", &[TEST, SIDE, SIDE], images(TEST)),
        idx("t10k-labels-ubyte", &[TEST], labels(TEST)),
    ];
    let mut session = Session::new(Compute::cpu());
    block_on(session.handle(Command::Files { data: experiment.data, files }));
    block_on(session.handle(Command::Run(experiment)));
    let mut progress = None;
    while progress.is_none() {
        progress = advance(&mut session)?;
    }
    for line in stdin().lines() {
        let turn = Duration::from_millis(line?.trim().parse()?);
        let asked = || [&ALLOCATIONS, &BYTES].map(|count| count.load(Ordering::Relaxed));
        let mut step = || Ok::<u32, Box<dyn Error>>(advance(&mut session)?.ok_or("the students are done")?.step);
        let first = step()?;
        let (mut last, start, before) = (first, Instant::now(), asked());
        while start.elapsed() < turn {
            last = step()?;
        }
        let (spent, after, steps) = (start.elapsed(), asked(), f64::from(last - first));
        let since = |which: usize| (after[which] - before[which]) as f64 / steps;
        let milliseconds = spent.as_secs_f64() * 1000.0 / steps;
        println!("{}", serde_json::json!({ "step": milliseconds, "allocations": since(0), "bytes": since(1) }));
    }
    Ok(())
}
