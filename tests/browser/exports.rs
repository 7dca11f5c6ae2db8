//! Files that the page exports, opened by programs that are not ours.

use std::{env, fs, path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};
use retort_spec::Experiment;
use retort_tests::{Gpu, Page};
use serde_json::{Value, json};

/// Test images that both are asked about.
const IMAGES: usize = 100;
const FEATURES: usize = 64;
const CLASSES: usize = 10;

/// Scheme, the format of the file with its ending, and how closely the other program has to agree.
const FILES: &[(&str, &str, &str, &str)] = &[
    ("32", "onnx", "onnx", "close"),
    ("32", "safetensors", "safetensors", "close"),
    ("16", "safetensors-half", "safetensors", "close"),
    ("8", "onnx-qdq", "onnx", "weights"),
    ("4", "onnx-qdq", "onnx", "weights"),
    ("8:static-min-max", "onnx-qdq", "onnx", "argmax"),
];

/// Both workers of the page, without the page: an experiment trained, its student looked at and exported.
const SCRIPT: &str = "
    const done = (result) => { window.exported = result; };
    addEventListener('error', (event) => done({ error: event.message }));
    const base64 = (bytes) => { let text = ''; for (const byte of bytes) text += String.fromCharCode(byte); return btoa(text); };
    const start = async (name) => {
        const worker = new Worker('./engine.js', { type: 'module' });
        const wasm = await (await fetch(`./${name}_bg.wasm`)).arrayBuffer();
        worker.onerror = (event) => done({ error: `${name}: ${event.message}` });
        worker.postMessage({ glue: `./${name}.js`, module: await WebAssembly.compile(wasm) });
        return worker;
    };
    (async () => {
        const bench = await start('workbench');
        let ready, look, file, answers, inputs, measured;
        const benchReady = new Promise((resolve) => { ready = resolve; });
        bench.onmessage = ({ data }) => {
            for (const report of Array.isArray(data) ? data : []) {
                if (report === 'Ready') ready();
                else if (report.Quantized) look(report.Quantized);
                else if (report.File) file(report.File);
                else if (report.Answers) answers(report.Answers.answer.logits);
            }
        };
        await benchReady;
        const engine = await start('engine-cpu');
        const order = (order) => bench.postMessage(order);
        await new Promise((resolve) => {
            engine.onmessage = ({ data }) => {
                if (!Array.isArray(data)) {
                    inputs ??= data.EvaluationData?.test.slice(0, 4 * 64 * images);
                    bench.postMessage([data]);
                }
                for (const event of Array.isArray(data) ? data : []) {
                    if (event.Ready) engine.postMessage({ Run: experiment });
                    else if (event.Data) engine.postMessage('RequestEvaluationData');
                    else if (event.Measured?.network === 'student') measured = event.Measured;
                    else if (event.State === 'Finished') resolve();
                }
            };
        });
        const results = [];
        for (const [scheme, format] of files) {
            const looked = await new Promise((resolve) => { look = resolve; order({ Quantize: { scheme, seed: 1, link: 'v=1' } }); });
            const made = await new Promise((resolve) => { file = resolve; order({ Export: { format, stage: null, name: 'x' } }); });
            const packed = await new Promise((resolve) => { file = resolve; order({ Export: { format: 'packed', stage: null, name: 'x' } }); });
            const logits = await new Promise((resolve) => { answers = resolve; order({ Classify: { id: 1, inputs } }); });
            results.push({ bytes: looked.bytes + looked.parts.link, packed: packed.bytes.length, accuracy: looked.accuracy, file: base64(made.bytes), logits: base64(logits) });
        }
        done({ accuracy: measured.accuracy, bytes: measured.bytes, logits: base64(measured.logits.slice(0, 40 * images)), inputs: base64(inputs), results });
    })().catch((error) => done({ error: String(error) }));";

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_exports_files_that_other_runtimes_agree_with() -> Result<()> {
    let python = env::var("RETORT_PYTHON").context("RETORT_PYTHON: cargo xtask test sets it")?;
    let page = Page::open("#v=1&runs=1&teacher-epochs=1&student-epochs=1", Gpu::None).await?;
    // A document of the site's own, which lets a test start workers of its own.
    page.go("engine.js").await?;
    let experiment = Experiment { runs: 1, teacher_epochs: 5, student_epochs: 20, ..Experiment::default() };
    let files: Vec<[&str; 2]> = FILES.iter().map(|&(scheme, format, ..)| [scheme, format]).collect();
    let constants = json!([experiment, files, IMAGES]);
    page.script(&format!("const [experiment, files, images] = {constants}; {SCRIPT}")).await?;
    page.until("window.exported").await?;
    let got = page.script("return window.exported").await?;
    ensure!(got["error"].is_null(), "{}", got["error"]);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("exports");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let inputs = bytes(&got["inputs"])?;
    ensure!(inputs.len() == 4 * FEATURES * IMAGES, "{} bytes of inputs", inputs.len());
    for ((scheme, format, kind, check), result) in FILES.iter().zip(got["results"].as_array().into_iter().flatten()) {
        ensure!(
            result["bytes"] == result["packed"],
            "{scheme}: the bytes that are shown, and the link, are those of the file"
        );
        let name = format!("{}-{format}.{kind}", scheme.replace(':', "-"));
        fs::write(folder.join(&name), bytes(&result["file"])?)?;
        fs::write(folder.join(format!("{name}.input.f32")), &inputs)?;
        // The floating-point file is held against the engine itself, the others against the network read back.
        let logits = if *scheme == "32" { &got["logits"] } else { &result["logits"] };
        fs::write(folder.join(format!("{name}.logits.f32")), bytes(logits)?)?;
        let about = json!({
            "kind": kind, "check": check, "tolerance": 1e-4, "features": FEATURES, "classes": CLASSES, "permalink": "v=1",
        });
        fs::write(folder.join(format!("{name}.json")), about.to_string())?;
        if *scheme == "32" {
            ensure!(result["accuracy"] == got["accuracy"], "the file knows what the network knew");
        }
    }
    let checker = Path::new(env!("CARGO_MANIFEST_DIR")).join("runtimes/check.py");
    let status = Command::new(python).arg(checker).arg(&folder).status()?;
    ensure!(status.success(), "another runtime does not agree");
    page.close().await
}

/// What a script gave in base 64.
fn bytes(text: &Value) -> Result<Vec<u8>> {
    let text = text.as_str().context("a script gave no text")?;
    let digit = |letter: u8| match letter {
        b'A'..=b'Z' => Some(letter - b'A'),
        b'a'..=b'z' => Some(letter - b'a' + 26),
        b'0'..=b'9' => Some(letter - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let digits: Vec<u32> = text.bytes().filter_map(digit).map(u32::from).collect();
    let mut bytes = Vec::new();
    for four in digits.chunks(4) {
        let whole = four.iter().fold(0, |whole, digit| whole << 6 | digit) << (6 * (4 - four.len()));
        bytes.extend((0..four.len() - 1).map(|place| (whole >> (16 - 8 * place)) as u8));
    }
    Ok(bytes)
}
