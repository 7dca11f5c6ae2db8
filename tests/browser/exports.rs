//! Files that the page exports, opened by programs that are not ours.

use std::{env, fs, path::Path, process};

use anyhow::{Context as _, Result, ensure};
use retort_spec::{
    Command, Event, Experiment, FileFormat, Floats, NetworkId, Parcel, RunState, WorkbenchCommand, WorkbenchEvent,
};
use retort_tests::{Gpu, Page, PageWorker};
use serde_json::json;

/// Test images that both are asked about.
const IMAGES: usize = 100;
const FEATURES: usize = 64;
const CLASSES: usize = 10;
/// The permalink that is written into the files.
const LINK: &str = "v=1";

/// Scheme, the format of the file with its ending, and how closely the other program has to agree.
const FILES: &[(&str, FileFormat, &str, &str)] = &[
    ("32", FileFormat::Onnx, "onnx", "close"),
    ("32", FileFormat::Safetensors, "safetensors", "close"),
    ("16", FileFormat::SafetensorsHalf, "safetensors", "close"),
    ("8", FileFormat::OnnxQdq, "onnx", "weights"),
    ("4", FileFormat::OnnxQdq, "onnx", "weights"),
    ("8:static-min-max", FileFormat::OnnxQdq, "onnx", "argmax"),
];

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_exports_files_that_other_runtimes_agree_with() -> Result<()> {
    let python = env::var("RETORT_PYTHON").context("RETORT_PYTHON: cargo xtask test sets it")?;
    let page = Page::open("#v=1&runs=1&teacher-epochs=1&student-epochs=1", Gpu::None).await?;
    // A document of the site's own, which lets a test start workers of its own.
    page.go("engine.js").await?;
    let mut workbench = PageWorker::start(&page, "workbench").await?;
    workbench.until(|report| matches!(report, WorkbenchEvent::Ready).then_some(())).await?;
    let mut engine = PageWorker::start(&page, "engine-cpu").await?;
    engine.hand_parcels_to(&workbench).await?;
    engine.until(|event| matches!(event, Event::Ready(_)).then_some(())).await?;
    let experiment = Experiment { runs: 1, teacher_epochs: 5, student_epochs: 20, ..Experiment::default() };
    engine.send(&Command::Run(experiment)).await?;
    engine.until(|event| matches!(event, Event::Data(_)).then_some(())).await?;
    engine.send(&Command::RequestEvaluationData).await?;
    let mut student = None;
    let finished = |event| match event {
        Event::Measured(measured) if measured.network_id == NetworkId::STUDENT => {
            student = Some(measured);
            None
        }
        event => (event == Event::State(RunState::Finished)).then_some(()),
    };
    engine.until(finished).await?;
    let student = student.context("no student was measured")?;
    let examples = engine.parcels().find_map(|parcel| match parcel {
        Parcel::EvaluationData(examples) => Some(examples.test),
        _ => None,
    });
    let inputs = first(&examples.context("no examples came")?, FEATURES)?;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("exports");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    for &(scheme, format, kind, check) in FILES {
        let quant_scheme = scheme.parse().ok().with_context(|| format!("{scheme} is no scheme"))?;
        let order = WorkbenchCommand::Quantize { scheme: quant_scheme, seed: 1, link: LINK.to_owned() };
        workbench.send(&order).await?;
        let quantized = workbench.until(|report| match report {
            WorkbenchEvent::Quantized(result) => Some(result),
            _ => None,
        });
        let quantized = quantized.await?;
        let made = export(&mut workbench, format).await?;
        let packed = export(&mut workbench, FileFormat::Packed).await?;
        ensure!(
            (quantized.bytes + quantized.breakdown.link) as usize == packed.len(),
            "{scheme}: the bytes that are shown, and the link, are those of the file"
        );
        workbench.send(&WorkbenchCommand::Classify { id: 1, inputs: inputs.clone() }).await?;
        let answer = workbench.until(|report| match report {
            WorkbenchEvent::Answers { answer, .. } => Some(answer.logits),
            _ => None,
        });
        let answer = answer.await?;
        // The floating-point file is held against the engine itself, the others against the network read back.
        let logits = if scheme == "32" { first(&student.logits, CLASSES)? } else { answer };
        let name = format!("{}-{}.{kind}", scheme.replace(':', "-"), format.word());
        fs::write(folder.join(&name), made)?;
        fs::write(folder.join(format!("{name}.input.f32")), little_endian(&inputs))?;
        fs::write(folder.join(format!("{name}.logits.f32")), little_endian(&logits))?;
        let about = json!({
            "kind": kind, "check": check, "tolerance": 1e-4, "features": FEATURES, "classes": CLASSES,
            "permalink": LINK,
        });
        fs::write(folder.join(format!("{name}.json")), about.to_string())?;
        if scheme == "32" {
            ensure!(quantized.accuracy == student.accuracy, "the file knows what the network knew");
        }
    }
    let checker = Path::new(env!("CARGO_MANIFEST_DIR")).join("runtimes/check.py");
    let status = process::Command::new(python).arg(checker).arg(&folder).status()?;
    ensure!(status.success(), "another runtime does not agree");
    page.close().await
}

/// The file that the workbench makes of the network that it last looked at.
async fn export(workbench: &mut PageWorker<'_, WorkbenchEvent>, format: FileFormat) -> Result<Vec<u8>> {
    workbench.send(&WorkbenchCommand::Export { format, stage: None, name: "x".to_owned() }).await?;
    let is_file = |report| match report {
        WorkbenchEvent::File(file) => Some(file.bytes),
        _ => None,
    };
    workbench.until(is_file).await
}

/// The rows of the first test images, each of so many numbers.
fn first(rows: &[f32], width: usize) -> Result<Floats> {
    Ok(rows.get(..width * IMAGES).context("too few rows")?.to_vec().into())
}

fn little_endian(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}
