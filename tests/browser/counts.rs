//! What a training step asks of WebGPU. Counts do not depend on the machine; the limits leave a little slack.

use anyhow::{Context as _, Result, ensure};
use retort_spec::{Experiment, decode};
use retort_tests::{Gpu, Page};
use serde_json::{json, to_value};

/// Calls of a step of a perceptron of three layers.
const DISPATCHES: f64 = 22.0;
const SUBMITS: f64 = 1.1;
/// Pipelines that are compiled before the student's first step, its teacher's training among them.
const PIPELINES: f64 = 18.0;

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_asks_little_of_the_graphics_card() -> Result<()> {
    let link = "v=1&data=mnist&teacher=16&student=8,8&batch=32&teacher-epochs=1&student-epochs=1000&runs=1&labels=0&soft=1&transfer=all&dropout=0";
    let experiment = to_value::<Experiment>(decode(link, &[]).experiment)?;
    let page = Page::open("#v=1&teacher-epochs=1&student-epochs=1&runs=1", Gpu::Software).await?;
    // Unlike the page, a script of the site's own, opened as a document, lets a test start workers of its own.
    page.go("engine.js").await?;
    page.script(include_str!("../peers/counting.js")).await?;
    let script = format!(
        "(async () => {{
           const {{ prepare }} = await import(URL.createObjectURL(new Blob([{}], {{ type: 'text/javascript' }})));
           const features = 784;
           const labels = Uint8Array.from({{ length: 256 }}, (_, i) => i % 10);
           const pixels = Uint8Array.from({{ length: 256 * features }}, (_, i) => (i * i) % 251);
           const retort = await prepare({{ features, labels, pixels, experiments: {{ cached: {experiment} }} }}, {{ engine: 'engine-gpu', cached: true }});
           const begun = await counted();
           const step = await retort.counts(4);
           retort.dispose();
           return {{ begun, step }};
         }})().then((found) => {{ window.found = found; }}, (error) => {{ window.found = {{ error: String(error) }}; }})",
        json!(include_str!("../peers/retort.js"))
    );
    page.script(&script).await?;
    // A software adapter takes its time to compile.
    if page.until("window.found").await.is_err() {
        page.until("window.found").await?;
    }
    let found = page.script("return window.found").await?;
    println!("{found}");
    let step = |name: &str| found["step"][name].as_f64().with_context(|| format!("no {name} in {found}"));
    ensure!(step("dispatches")? <= DISPATCHES, "{found}");
    // A slow adapter's loss is read after each step, which is a submission too; others' after dozens.
    ensure!(step("submits")? - step("reads")? <= SUBMITS, "{found}");
    ensure!(found["begun"]["pipelines"].as_f64().is_some_and(|pipelines| pipelines <= PIPELINES), "{found}");
    page.close().await
}
