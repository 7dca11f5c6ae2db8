//! Retort beside its peers in one browser, in turns: ratios with their spread, in Markdown.

use std::{env, fmt::Write as _, time::Duration};

use anyhow::{Context as _, Result, ensure};
use retort_spec::{Experiment, decode};
use retort_tests::{Gpu, Page};
use serde_json::{Value, json};

use crate::cores;

/// A pair of networks that a student's step is measured on.
pub struct Workload {
    pub name: &'static str,
    teacher: &'static str,
    student: &'static str,
    batch: u32,
    /// Millions of floating point operations of a step with the teacher's forward pass, and without.
    megaflops: [f64; 2],
}

const FEATURES: usize = 784;
const EXAMPLES: usize = 2048;
/// Steps in which WebGPU's calls are counted.
const COUNTED: u32 = 20;
/// Timed turns of each contender.
pub const REPEATS: usize = 5;
/// Milliseconds of a turn.
pub const TURN: u32 = 1500;

/// Operations of a perceptron: two a weight and example forward, as many again for each gradient; that of the inputs is
/// never needed.
const fn perceptron(batch: f64, teacher: &[f64], student: &[f64]) -> [f64; 2] {
    const fn weights(widths: &[f64]) -> f64 {
        let (mut sum, mut i) = (0.0, 1);
        while i < widths.len() {
            sum += widths[i - 1] * widths[i];
            i += 1;
        }
        sum
    }
    let learned = 2.0 * batch * (3.0 * weights(student) - student[0] * student[1]) / 1e6;
    [learned + 2.0 * batch * weights(teacher) / 1e6, learned]
}

pub const WORKLOADS: [Workload; 3] = [
    Workload {
        name: "784-64-64-10 under 784-256-256-10, batch 64",
        teacher: "256,256",
        student: "64,64",
        batch: 64,
        megaflops: perceptron(64.0, &[784.0, 256.0, 256.0, 10.0], &[784.0, 64.0, 64.0, 10.0]),
    },
    Workload {
        name: "784-800-800-10 under 784-1200-1200-10 (Hinton et al. 2015), batch 128",
        teacher: "1200,1200",
        student: "800,800",
        batch: 128,
        megaflops: perceptron(128.0, &[784.0, 1200.0, 1200.0, 10.0], &[784.0, 800.0, 800.0, 10.0]),
    },
    Workload {
        name: "LeNet-like, 5 × 5: 8-16 under 24-32, batch 128",
        teacher: "conv:24,32",
        student: "conv:8,16",
        batch: 128,
        // Not compared with the peak, since how a convolution is computed decides how many there are.
        megaflops: [f64::NAN; 2],
    },
];

impl Workload {
    /// What the harness is told: the networks for the peers, the experiments for Retort. Shifted by a pixel, every
    /// batch is new to the teacher, which is asked about it; as they are, its logits are computed once.
    pub fn plan(&self) -> Result<Value> {
        let experiment = |more: &str| -> Result<Value> {
            let link = format!(
                "v=1&data=mnist&teacher={}&student={}&batch={}&teacher-epochs=1&student-epochs=1000&runs=1&labels=0&soft=1&transfer=all&optimizer=adam&learning-rate=0.001&dropout=0{more}",
                self.teacher, self.student, self.batch
            );
            let decoded = decode(&link, &[]);
            ensure!(decoded.problems.is_empty(), "{link}: {:?}", decoded.problems);
            Ok(serde_json::to_value::<Experiment>(decoded.experiment)?)
        };
        Ok(json!({
            "features": FEATURES, "batch": self.batch, "count": EXAMPLES,
            "teacher": network(self.teacher), "student": network(self.student),
            "experiments": { "cached": experiment("")?, "asked": experiment("&jitter=1")? },
        }))
    }
}

/// A network as the harness is told of it.
fn network(text: &str) -> Value {
    let (kind, widths) = text.split_once(':').unwrap_or(("mlp", text));
    let widths: Vec<u32> = widths.split(',').filter_map(|width| width.parse().ok()).collect();
    json!({ "kind": kind, "widths": widths })
}

/// The least, the median and the most.
pub fn spread(numbers: &[f64]) -> Option<[f64; 3]> {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    Some([*sorted.first()?, *sorted.get(sorted.len() / 2)?, *sorted.last()?])
}

fn numbers(found: &Value) -> Vec<f64> {
    found.as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
}

/// A table of milliseconds, of how many times as long as Retort each takes, round by round, and of the share of the
/// machine's peak.
pub fn table(found: &Value, key: &str, megaflops: f64) -> String {
    let mut text = String::from(
        "| | ms, median (min–max) | time ÷ Retort's, median (min–max) | share of the peak |\n| --- | --- | --- | --- |\n",
    );
    let own = found.as_object().into_iter().flatten().find(|(name, _)| name.starts_with("retort"));
    let own = own.map_or_else(Vec::new, |(_, own)| numbers(&own[key]));
    let peak = spread(&numbers(&found["peak"]["rates"])).map_or(f64::NAN, |[_, median, _]| median);
    let contenders = found.as_object().into_iter().flatten().filter(|(name, _)| *name != "peak");
    for (name, found) in contenders {
        let times = numbers(&found[key]);
        let Some([least, median, most]) = spread(&times) else {
            let why = found["error"].as_str().unwrap_or("not measured");
            let _ = writeln!(text, "| {name} | {why} | – | – |");
            continue;
        };
        let ratios: Vec<f64> = times.iter().zip(&own).map(|(time, own)| time / own).collect();
        let ratio =
            spread(&ratios).map_or("–".into(), |[least, median, most]| format!("{median:.2} ({least:.2}–{most:.2})"));
        let share = megaflops / median / peak;
        let share = if share.is_nan() { "–".into() } else { format!("{share:.2}") };
        let _ = writeln!(text, "| {name} | {median:.2} ({least:.2}–{most:.2}) | {ratio} | {share} |");
    }
    text
}

/// A table of what a step asks of WebGPU.
fn counted(found: &Value) -> String {
    const NAMES: [&str; 8] =
        ["dispatches", "submits", "bind groups", "buffers", "writes", "bytes written", "reads", "bytes read"];
    let mut text = format!("| | {} |\n|{}\n", NAMES.join(" | "), " --- |".repeat(NAMES.len() + 1));
    for (name, found) in found.as_object().into_iter().flatten().filter(|(name, _)| *name != "peak") {
        let number = |name: &&str| found["counts"][name].as_f64().map_or("–".into(), |number| format!("{number:.1}"));
        let _ = writeln!(text, "| {name} | {} |", NAMES.iter().map(number).collect::<Vec<String>>().join(" | "));
    }
    text
}

/// A module whose `run` does so many rounds of twelve independent chains of f32 multiply–add, which all stay in
/// registers: what this machine can do at most by instructions of WebAssembly without relaxed SIMD.
fn peak() -> String {
    let chains = || 0..12;
    let list = |each: &dyn Fn(usize) -> String| chains().map(each).collect::<String>();
    let locals = list(&|i| format!("(local $a{i} v128)"));
    let round =
        list(&|i| format!("(local.set $a{i} (f32x4.add (f32x4.mul (local.get $a{i}) (local.get $m)) (local.get $c)))"));
    let sum = list(&|i| format!("(local.set $c (f32x4.add (local.get $c) (local.get $a{i})))"));
    format!(
        "(module
          (func (export \"flops\") (result f64) (f64.const {flops}))
          (func (export \"run\") (param $n i32) (result f32) (local $m v128) (local $c v128) {locals}
            (local.set $m (v128.const f32x4 0.5 0.5 0.5 0.5)) (local.set $c (v128.const f32x4 1 2 3 4))
            (loop $again {round} {round} {round} {round}
              (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            {sum} (f32x4.extract_lane 0 (local.get $c))))",
        flops = 4 * 12 * 4 * 2,
    )
}

/// How a workload is measured.
struct View {
    heading: String,
    /// Whether the teacher's logits are computed once.
    cached: bool,
    contenders: &'static [&'static str],
    gpu: Gpu,
}

const ASKED: &str = "the teacher runs on every batch";
const ONCE: &str = "the teacher's logits computed once";

fn views() -> [View; 4] {
    // Each page has its own memory; what is slow by a factor of ten would make the others wait, and has one of its own.
    let plain = |cached, heading: &str| View {
        heading: heading.into(),
        cached,
        contenders: &["retort", "jax-wasm", "tensorflow-wasm"],
        gpu: Gpu::None,
    };
    let script = format!("{ONCE}, against plain JavaScript");
    // On the software adapter WebGPU is right and slow; one workload tells how slow.
    let webgpu = format!("{ONCE}, with WebGPU");
    [
        plain(false, ASKED),
        plain(true, ONCE),
        View { contenders: &["retort", "tensorflow-cpu"], ..plain(true, &script) },
        View {
            contenders: &["retort-webgpu", "jax-webgpu", "tensorflow-webgpu"],
            gpu: Gpu::Software,
            ..plain(true, &webgpu)
        },
    ]
}

#[tokio::test]
#[ignore = "prints, and takes a quarter of an hour: cargo xtask bench"]
async fn beside_peers() -> Result<()> {
    let folder = env::var("RETORT_PEERS").context("call it by cargo xtask bench")?;
    std::fs::write(format!("{folder}/peak.wasm"), wat::parse_str(peak())?)?;
    let only = env::var("RETORT_ONLY").unwrap_or_default();
    for (place, workload) in WORKLOADS.iter().enumerate().filter(|(_, workload)| workload.name.contains(&only)) {
        for View { heading, cached, contenders, gpu } in views() {
            let infers = heading == ONCE;
            if gpu == Gpu::Software && place > 0 {
                continue;
            }
            let counts = gpu == Gpu::Software;
            let counting = if counts { include_str!("../peers/counting.js") } else { "" };
            let page = Page::open_after("peers/", gpu, counting).await?;
            page.until("window.measure").await?;
            let plan = json!({
                "workload": workload.plan()?, "contenders": contenders, "repeats": REPEATS, "milliseconds": TURN,
                "cached": cached, "infer": infers, "counting": if counts { COUNTED } else { 0 },
            });
            let found = measured(&page, "measure", &plan).await?;
            let peak = spread(&numbers(&found["peak"]["rates"])).unwrap_or([f64::NAN; 3]);
            println!(
                "\n### {}: {heading}\n\nOne training step. Peak: {:.1} GFLOP/s ({:.1}–{:.1}).\n",
                workload.name, peak[1], peak[0], peak[2]
            );
            println!("{}", table(&found, "rates", workload.megaflops[usize::from(cached)]));
            if infers {
                println!(
                    "Inference of 1,000 examples by teacher, student and student alone.\nRetort's worker receives the request as a message, as from the page.\n\n{}",
                    table(&found, "inference", f64::NAN)
                );
            }
            if counts {
                println!("WebGPU calls of one step:\n\n{}", counted(&found));
            }
            page.close().await?;
        }
    }
    if OMITTED_DIGIT.contains(&only) {
        omitted_digit().await?;
    }
    if LANGUAGE_MODEL.contains(&only) {
        language_model().await?;
    }
    if cores::EIGHT_SEEDS.contains(&only) {
        cores::eight_seeds().await?;
    }
    Ok(())
}

/// What a promise of the harness comes to, which takes longer than a script may.
async fn measured(page: &Page, what: &str, plan: &Value) -> Result<Value> {
    page.script(&format!("window.{what}({plan}).then((found) => {{ window.found = found; }}, (error) => {{ window.found = {{ error: String(error) }}; }})")).await?;
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let found = page.script("return window.found").await?;
        if !found.is_null() {
            ensure!(found["error"].is_null(), "{}", found["error"]);
            return Ok(found);
        }
    }
}

const LANGUAGE_MODEL: &str = "language model, width 96, context 64, batch 16";

/// A causal Transformer learns from the tokens that come next.
async fn language_model() -> Result<()> {
    let shape =
        json!({ "width": 96, "blocks": 3, "heads": 4, "hidden": 384, "context": 64, "vocabulary": 128, "batch": 16 });
    let page = Page::open("peers/", Gpu::None).await?;
    page.until("window.measureLanguageModel").await?;
    let plan = json!({ "shape": shape, "repeats": REPEATS, "milliseconds": TURN });
    let found = measured(&page, "measureLanguageModel", &plan).await?;
    println!("\n### {LANGUAGE_MODEL}\n\nOne training step.\n\n{}", table(&found, "rates", f64::NAN));
    for (name, found) in found.as_object().into_iter().flatten() {
        println!(
            "- {name}: {} parameters; losses of the first and of a later step: {}",
            found["parameters"], found["losses"]
        );
    }
    page.close().await
}

const OMITTED_DIGIT: &str = "omitted digit, end to end";

/// A student that never sees a 3 (Hinton et al. 2015, section 3), on the digits of 8 × 8 pixels, one seed.
async fn omitted_digit() -> Result<()> {
    let link = "v=1&omit=3&soft=1&student=64&temperature=20&labels=all&dropout=0&runs=1";
    let experiment = decode(link, &[]).experiment;
    let plan = json!({
        "experiment": &experiment, "omitted": 3, "temperature": experiment.temperature, "batch": experiment.batch,
        "rate": experiment.learning_rate,
        "epochs": { "teacher": experiment.teacher_epochs, "students": experiment.student_epochs },
        "teacher": network(&experiment.teacher.to_string()), "student": network(&experiment.student.to_string()),
    });
    let mut found = json!({});
    for repeat in 0..REPEATS {
        for name in ["retort", "jax-wasm", "tensorflow-wasm"] {
            // A page of its own for each: some of them leave memory behind.
            let page = Page::open("peers/", Gpu::None).await?;
            page.until("window.measureWhole").await?;
            let one = measured(&page, "measureWhole", &json!({ "plan": plan, "contender": name })).await?;
            eprintln!("{OMITTED_DIGIT}, {repeat}: {name} {one}");
            for key in ["milliseconds", "accuracy", "omitted"] {
                match found[name][key].as_array_mut() {
                    Some(all) => all.push(one[key].clone()),
                    None => found[name][key] = json!([one[key]]),
                }
            }
            page.close().await?;
        }
    }
    println!(
        "\n### {OMITTED_DIGIT}\n\n`{link}`: time from the first step to the verdict.\n\n{}",
        table(&found, "milliseconds", f64::NAN)
    );
    for (name, found) in found.as_object().into_iter().flatten() {
        let [accuracy, omitted] = ["accuracy", "omitted"]
            .map(|key| spread(&numbers(&found[key])).map_or(f64::NAN, |[_, median, _]| 100.0 * median));
        println!("- {name}: the student's accuracy is {accuracy:.1} % on the test set, {omitted:.0} % on the 3s.");
    }
    Ok(())
}
