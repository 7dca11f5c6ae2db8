//! What a training step asks of WebGPU. Counts do not depend on the machine; the limits leave a little slack.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use retort_spec::{Command, DataSet, Event, FileData, decode};
use retort_tests::{Gpu, Page, PageWorker};
use serde_json::Value;
use tokio::time::sleep;

/// Calls of a step of a perceptron of three layers.
const DISPATCHES: f64 = 22.0;
const SUBMITS: f64 = 1.1;
/// Pipelines that are compiled before the student's first step, its teacher's training among them.
const PIPELINES: f64 = 18.0;
/// Steps that calls are counted in, at least.
const STEPS: u32 = 4;

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_asks_little_of_the_graphics_card() -> Result<()> {
    let link = "v=1&data=mnist&teacher=16&student=8,8&batch=32&teacher-epochs=1&student-epochs=1000&runs=1&labels=0&soft=1&transfer=all&dropout=0";
    let experiment = decode(link, &[]).experiment;
    let page = Page::open("#v=1&teacher-epochs=1&student-epochs=1&runs=1", Gpu::Software).await?;
    // Unlike the page, a script of the site's own, opened as a document, lets a test start workers of its own.
    page.go("engine.js").await?;
    page.script(include_str!("../peers/counting.js")).await?;
    let mut engine = PageWorker::start(&page, "engine-gpu").await?;
    engine.until(|event| matches!(event, Event::Ready(_)).then_some(())).await?;
    engine.send(&Command::Files { data: DataSet::Mnist, files: files() }).await?;
    engine.until(|event| matches!(event, Event::FilesRead { .. }).then_some(())).await?;
    engine.send(&Command::Run(experiment)).await?;
    let mut step = engine.until(student_step).await?;
    engine.send(&Command::Pause).await?;
    let mut before = counted(&page).await?;
    step = last_step(&mut engine).await?.unwrap_or(step);
    let pipelines = number(&before, "pipelines")?;
    ensure!(pipelines <= PIPELINES, "{before}");
    let mut stretches = Vec::new();
    for _ in 0..3 {
        engine.send(&Command::Resume).await?;
        let reached = engine.until(|event| student_step(event).filter(|now| *now >= step + STEPS)).await?;
        engine.send(&Command::Pause).await?;
        let after = counted(&page).await?;
        let now = last_step(&mut engine).await?.unwrap_or(reached);
        let steps = f64::from(now - step);
        let [dispatches, submits, reads] = ["dispatches", "submits", "reads"]
            .map(|name| anyhow::Ok((number(&after, name)? - number(&before, name).unwrap_or(0.0)) / steps));
        stretches.push([dispatches?, submits?, reads?]);
        (before, step) = (after, now);
    }
    println!("{pipelines} pipelines; dispatches, submits and reads of a step: {stretches:?}");
    // In a stretch in which the test set is asked about there are more.
    let [dispatches, submits, reads] =
        stretches.iter().copied().min_by(|a, b| a[0].total_cmp(&b[0])).context("no stretch")?;
    ensure!(dispatches <= DISPATCHES, "{stretches:?}");
    // A slow adapter's loss is read after each step, which is a submission too; others' after dozens.
    ensure!(submits - reads <= SUBMITS, "{stretches:?}");
    page.close().await
}

/// Steps of the student's phase that are done; `None` for other reports.
fn student_step(event: Event) -> Option<u32> {
    match event {
        Event::Progress(progress) if progress.phase == Some(1) && progress.step > 0 => Some(progress.step),
        _ => None,
    }
}

async fn last_step(engine: &mut PageWorker<'_, Event>) -> Result<Option<u32>> {
    Ok(engine.reports().await?.into_iter().filter_map(student_step).next_back())
}

/// What all workers have counted so far, once what was under way is over.
async fn counted(page: &Page) -> Result<Value> {
    sleep(Duration::from_millis(500)).await;
    page.promise("counted()").await
}

fn number(counts: &Value, name: &str) -> Result<f64> {
    counts[name].as_f64().with_context(|| format!("no {name} in {counts}"))
}

/// Four small files in the format of MNIST (LeCun et al. 1998).
fn files() -> Vec<FileData> {
    let pixels = |count: u64| (0..count * 784).map(|i| (i * i % 251) as u8).collect::<Vec<_>>();
    let labels = |count: u64| (0..count).map(|i| (i % 10) as u8).collect::<Vec<_>>();
    let file = |name: &str, sizes: &[u8], contents: Vec<u8>| {
        let mut bytes = vec![0, 0, 8, sizes.len() as u8];
        bytes.extend(sizes.iter().flat_map(|&size| u32::from(size).to_be_bytes()));
        bytes.extend(contents);
        FileData { name: format!("{name}-ubyte"), bytes }
    };
    vec![
        file("train-images", &[250, 28, 28], pixels(250)),
        file("train-labels", &[250], labels(250)),
        file("t10k-images", &[100, 28, 28], pixels(100)),
        file("t10k-labels", &[100], labels(100)),
    ]
}
