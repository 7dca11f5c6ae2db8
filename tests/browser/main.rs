//! The page in a real browser. `cargo xtask test` serves it, starts ChromeDriver and runs these.

mod access;
mod bench;
mod classroom;
mod compression;
mod cores;
mod counts;
mod exports;
mod field;
mod inside;
mod knowledge;
mod laboratory;
mod lessons;
mod native;
mod pool;
mod printed;
mod schemes;
mod sequences;
mod sweeps;
mod views;

use anyhow::{Result, ensure};
use retort_tests::{Gpu, Page};
use serde_json::json;

/// A short experiment for tests that are about something else than its result.
const SHORT: &str = "#v=1&teacher-epochs=3&student-epochs=3&runs=1";

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_first_visit_trains_by_itself_and_reports() -> Result<()> {
    let page = Page::open("", Gpu::None).await?;
    page.until_finished().await?;
    let (teacher, student) = (page.number("#accuracy-teacher").await?, page.number("#accuracy-student").await?);
    let baseline = page.number("#accuracy-baseline").await?;
    ensure!(teacher > 97.0 && student > 92.0 && baseline < 88.0, "{teacher} {student} {baseline}");
    ensure!(page.find("#verdict-words[data-outcome=Helps]").await.is_ok());
    ensure!(page.number("#labelled-count").await? == 50.0);
    let origin = page.script("return location.origin").await?;
    for request in page.requests().await? {
        ensure!(request.starts_with(origin.as_str().unwrap_or("?")), "{request} leaves the origin");
    }
    page.close().await
}

/// What a first visit runs is in the app's first part (`xtask/split.rs`). Where this fails, something of `LATER` there
/// runs at the start.
#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_first_visit_runs_without_the_later_part() -> Result<()> {
    let block = |urls: &[&str]| ("Network.setBlockedURLs", json!({ "urls": urls }));
    let blocked = [("Network.enable", json!({})), block(&["*retort-app-later*"])];
    for comes_then in [true, false] {
        let page = Page::open_as("", Gpu::None, &blocked).await?;
        page.until_finished().await?;
        ensure!(page.script("return document.querySelector('#broken') === null").await? == json!(true));
        if comes_then {
            let (command, urls) = block(&[]);
            page.devtools(command, urls).await?;
        }
        page.click("#tab-compare").await?;
        if comes_then {
            page.until("document.querySelector('#sweep')").await?;
        } else {
            page.until("document.querySelector('#broken')?.textContent.includes('retort-app-later')").await?;
        }
        page.close().await?;
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_temperature_moves_the_bars_at_once() -> Result<()> {
    let page = Page::open(SHORT, Gpu::None).await?;
    page.until_finished().await?;
    let bars = "return [...document.querySelectorAll('.bars tbody tr')].map((row) => parseFloat(row.querySelector('.number').textContent))";
    let entropy = page.number("#entropy").await?;
    let before = page.script(bars).await?;
    // The slider moves and is not let go yet: nothing is trained.
    page.script("const t = document.querySelector('#temperature'); t.value = 190; t.dispatchEvent(new Event('input', { bubbles: true }))").await?;
    page.until(&format!("JSON.stringify((() => {{ {bars} }})()) !== '{before}'")).await?;
    ensure!(page.number("#entropy").await? > entropy, "entropy rises with the temperature");
    ensure!(page.number("#temperature-value").await? > 50.0);
    ensure!(page.script("return location.hash.includes('temperature')").await? == json!(false));
    // Let go, it is the experiment's, and the students are trained anew.
    page.set("#temperature", "190").await?;
    page.until("location.hash.includes('temperature')").await?;
    page.until_finished().await?;
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_bits_change_bytes_and_accuracy() -> Result<()> {
    let page = Page::open("#v=1&runs=1", Gpu::None).await?;
    page.until_finished().await?;
    let mut last = f64::INFINITY;
    let mut accuracies = Vec::new();
    for bits in ["32", "16", "8", "4", "3", "2", "1"] {
        page.click(&format!("[data-bits='{bits}']")).await?;
        page.until(&format!("document.querySelector(\"[data-bits='{bits}'][aria-pressed=true]\")")).await?;
        let bytes = page.number("#packed-bytes").await?;
        ensure!(bytes < last, "{bits} bits: {bytes} bytes after {last}");
        last = bytes;
        accuracies.push(page.number("#packed-accuracy").await?);
    }
    ensure!((accuracies[0] - accuracies[2]).abs() <= 2.0, "8 bits cost little: {accuracies:?}");
    ensure!(accuracies[6] < accuracies[0] - 5.0, "1 bit costs much: {accuracies:?}");
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_permalink_restores_and_back_undoes() -> Result<()> {
    let page = Page::open("#v=1&data=moons&seed=5&temperature=8&bits=4&runs=1", Gpu::None).await?;
    page.until_finished().await?;
    ensure!(page.text("#temperature-value").await? == "8");
    ensure!(page.script("return document.querySelector('#knob-data').value").await? == json!("moons"));
    page.find("[data-bits='4'][aria-pressed=true]").await?;
    page.set("#knob-labels", "20").await?;
    page.until("location.hash.includes('labels=20')").await?;
    page.until_finished().await?;
    ensure!(page.number("#labelled-count").await? == 20.0);
    page.script("history.back()").await?;
    page.until("document.querySelector('#knob-labels').value === '12'").await?;
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_names_bad_values_and_goes_on() -> Result<()> {
    let page = Page::open("#v=1&temperature=1e9&flux=1&teacher-epochs=2&student-epochs=2&runs=1", Gpu::None).await?;
    page.until_finished().await?;
    let notices = page.text("#notices").await?;
    ensure!(notices.contains("temperature=1e9") && notices.contains("flux=1"), "{notices}");
    page.set("#knob-batch", "0").await?;
    page.until("document.querySelector('#notices').textContent.includes('batch=0')").await?;
    page.until("document.querySelector('#knob-batch').value !== ''").await?;
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_survives_a_killed_worker() -> Result<()> {
    // The page's engines are remembered, so that the test can end one behind the page's back.
    let script = "window.engines = []; const Real = window.Worker;
        window.Worker = class extends Real {
          constructor(address, options) { super(address, options); if (options.name.includes('engine')) window.engines.push(this); }
        };";
    let page = Page::open_after("#v=1&teacher-epochs=1000&student-epochs=3&runs=1", Gpu::None, script).await?;
    page.until_engine("cpu").await?;
    page.until("document.querySelector('main[data-state=running]')").await?;
    page.script("window.engines.at(-1).terminate()").await?;
    page.until("window.engines.length === 2").await?;
    page.until("document.querySelector('#notices').textContent.includes('started again')").await?;
    page.until("document.querySelector('#progress').textContent.includes('/1,000')").await?;
    page.close().await
}

/// Without it products take twice as long, and nothing else tells.
#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_links_its_fast_loop() -> Result<()> {
    let page = Page::open(SHORT, Gpu::None).await?;
    // A document of the site's own, which lets a test start a worker of its own, in which it sees what is linked.
    page.go("engine.js").await?;
    for engine in ["engine-perceptrons", "engine-cpu"] {
        page.script(&LINKS.replace("ENGINE", engine)).await?;
        page.until("window.linked").await?;
        ensure!(page.script("return window.linked").await? == json!(true), "{engine}");
        page.script("window.linked = undefined").await?;
    }
    page.close().await
}

/// Starts an engine in a worker that says when its table of functions is given the loop.
const LINKS: &str = "(async () => {
        const code = `const { set } = WebAssembly.Table.prototype;
            WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
              construct(target, [module, imports]) {
                const instance = new target(module, imports);
                if (imports.engine) self.loop = instance.exports.microkernel;
                return instance;
              },
            });
            WebAssembly.Table.prototype.set = function (place, what) {
              set.call(this, place, what);
              if (what && what === self.loop) postMessage({ linked: true });
            };
            await import('${location.origin}/engine.js');
            postMessage({ there: true });`;
        const module = await WebAssembly.compileStreaming(fetch('/ENGINE_bg.wasm'));
        const worker = new Worker(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })), { type: 'module' });
        worker.onerror = ({ message }) => { window.linked = message; };
        worker.onmessage = ({ data }) => {
          if (data.there) worker.postMessage({ glue: './ENGINE.js', module });
          if (data.linked) window.linked = true;
          else if (data instanceof Uint8Array) window.linked ??= 'the engine is there without it';
        };
      })()";

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_pauses_steps_and_goes_on() -> Result<()> {
    let page = Page::open("#v=1&teacher-epochs=1000&student-epochs=3&runs=1", Gpu::None).await?;
    page.until_engine("cpu").await?;
    page.until("document.querySelector('main[data-state=running]')").await?;
    page.click("#play").await?;
    page.until("document.querySelector('main[data-state=paused]')").await?;
    let shown = page.text("#progress").await?;
    page.click("#step-epoch").await?;
    page.until(&format!("document.querySelector('#progress').textContent !== {shown:?}")).await?;
    page.until("document.querySelector('main[data-state=paused]')").await?;
    page.click("#play").await?;
    page.until("document.querySelector('main[data-state=running]')").await?;
    page.click("#reset").await?;
    page.until("document.querySelector('main[data-state=running]')").await?;
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_trains_again_and_shows_what_was_before() -> Result<()> {
    let page = Page::open("#v=1&runs=1", Gpu::None).await?;
    page.until_finished().await?;
    let first = page.text("#accuracy-student").await?;
    page.click("#play").await?;
    page.until_begun().await?;
    page.until_finished().await?;
    let before = page.text("#student .score.student .before").await?;
    assert!(before.contains(&first), "{before} does not tell of {first}");
    assert_eq!(page.text("#accuracy-student").await?, first, "the same seed gave another result");
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_trains_on_webgpu_and_agrees_with_the_cpu() -> Result<()> {
    let link = "#v=1&data=moons&examples=200&teacher=8&student=4&teacher-epochs=3&student-epochs=3&runs=1";
    let page = Page::open(&format!("{link}&device=gpu"), Gpu::Software).await?;
    page.until_engine("gpu").await?;
    let error = page.script("return parseFloat(document.querySelector('#device').dataset.selfTest)").await?;
    ensure!(error.as_f64().is_some_and(|error| error < 5e-3), "self-test: {error}");
    page.until_finished().await?;
    let on_gpu = [page.number("#accuracy-teacher").await?, page.number("#accuracy-baseline").await?];
    // The same experiment on the CPU: the curves part in the last digits only, so that few examples may flip.
    page.set("#knob-device", "cpu").await?;
    page.until_begun().await?;
    page.until_engine("cpu").await?;
    page.until_finished().await?;
    let on_cpu = [page.number("#accuracy-teacher").await?, page.number("#accuracy-baseline").await?];
    for (gpu, cpu) in on_gpu.iter().zip(on_cpu) {
        ensure!((gpu - cpu).abs() <= 1.0, "GPU {on_gpu:?}, CPU {on_cpu:?}");
    }
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_without_webgpu_says_so_and_uses_the_cpu() -> Result<()> {
    let page = Page::open(&format!("{SHORT}&device=gpu"), Gpu::None).await?;
    page.until_engine("cpu").await?;
    page.until_finished().await?;
    let reason = page.script("return document.querySelector('#device').title").await?;
    ensure!(reason.as_str().is_some_and(|reason| reason.contains("no WebGPU")), "{reason}");
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_speaks_both_languages() -> Result<()> {
    let page = Page::open(SHORT, Gpu::None).await?;
    page.until_finished().await?;
    page.click("#language").await?;
    page.until("document.documentElement.lang === 'zh-CN' && document.querySelector('#data-title').textContent.includes('数据')").await?;
    // Names of products, people, keys and formats aside, and formulas with their sources, nothing English is left.
    let english = page
        .script("return [...document.querySelectorAll('h2, button, dt, label, legend, summary, p:not(.credit, details .formula, :has(a[rel])), caption')].map((e) => e.textContent).filter((text) => /[A-Za-z]{4,}/.test(text.replace(/https?:\\S+|Hinton et al|Hinton|Jensen|Shannon|exp|RepDistiller|FitNets|ImageNet|Dropout|DIST|Transformer|LSTM|Retort|Adam|softmax|logit|WebGPU|SIMD|English|JSON|safetensors|ONNX|docs|load|Enter|Delete/g, '')))")
        .await?;
    ensure!(english == json!([]), "{english}");
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_reads_files_and_names_bad_ones() -> Result<()> {
    let page = Page::open("#v=1&data=fashion&teacher=16&student=8&teacher-epochs=2&student-epochs=2&runs=1", Gpu::None)
        .await?;
    page.until("document.querySelector('#notices').textContent.includes('four files')").await?;
    // Four tiny IDX files, made in the page and packed: images whose brightness tells their label.
    let give = "(async () => {
        const idx = (magic, sizes, body) => new Uint8Array([0, 0, 8, magic, ...sizes.flatMap((n) => [0, 0, n >> 8, n & 255]), ...body]);
        const pack = async (bytes) => new Uint8Array(await new Response(new Response(bytes).body.pipeThrough(new CompressionStream('gzip'))).arrayBuffer());
        const count = 40, label = (i) => i % 10;
        const images = idx(3, [count, 28, 28], Array.from({ length: count * 784 }, (_, p) => 25 * label(Math.floor(p / 784))));
        const labels = idx(1, [count], Array.from({ length: count }, (_, i) => label(i)));
        const packed = await pack(images);
        const first = { cut: images.slice(0, 5000), damaged: packed.slice(0, packed.length / 2), whole: packed }.HOW;
        const transfer = new DataTransfer();
        for (const [name, bytes] of [['train-images-idx3-ubyte.gz', first], ['train-labels-idx1-ubyte', labels], ['t10k-images-idx3-ubyte', images], ['t10k-labels-idx1-ubyte.gz', await pack(labels)]])
          transfer.items.add(new File([bytes], name));
        const input = document.querySelector('#data-files'); input.files = transfer.files;
        input.dispatchEvent(new Event('change', { bubbles: true }));
      })()";
    for (how, said) in [("cut", "cut short"), ("damaged", "train-images-idx3-ubyte.gz")] {
        page.promise(&give.replace("HOW", how)).await?;
        page.until(&format!("document.querySelector('#notices').textContent.includes('{said}')")).await?;
    }
    page.promise(&give.replace("HOW", "whole")).await?;
    page.until_finished().await?;
    page.close().await
}

/// The engines that this page has fetched for itself.
const FETCHED: &str = "return performance.getEntriesByType('resource').map(({ name }) => name.split('/').at(-1))
    .filter((name) => /^engine-.*wasm/.test(name)).map((name) => name.split('_')[0])";

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_fetches_the_larger_engine_when_an_experiment_needs_it() -> Result<()> {
    let page = Page::open(&format!("{SHORT}&compress=finetune:1"), Gpu::None).await?;
    page.until_finished().await?;
    ensure!(page.script(FETCHED).await? == json!(["engine-perceptrons"]), "{}", page.script(FETCHED).await?);
    // A compressed network learns on beside the small engine.
    page.until("!document.querySelector('#bench-run').disabled").await?;
    page.click("#bench-run").await?;
    page.until("document.querySelectorAll('#bench-results tr[data-bytes]').length === 2").await?;
    page.until("document.querySelector('#bench-run')").await?;
    ensure!(page.script(FETCHED).await? == json!(["engine-perceptrons", "engine-cpu"]));
    let alone = page.text("#verdict-words").await?;
    // A network of another kind is trained by the larger one, which then trains perceptrons, too.
    page.set("#kind-student", "conv").await?;
    page.until("location.hash.includes('student=conv')").await?;
    page.until_finished().await?;
    page.set("#kind-student", "mlp").await?;
    page.until("!location.hash.includes('student=')").await?;
    page.until_finished().await?;
    ensure!(page.text("#verdict-words").await? == alone, "both engines give the same: {alone}");
    ensure!(page.script("return document.querySelector('#notices').textContent").await? == json!(""));
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_trains_without_a_network_after_a_first_visit() -> Result<()> {
    let (page, server) = Page::open_offline(SHORT, Gpu::None).await?;
    page.until_finished().await?;
    page.until_kept().await?;
    let kept = page.kept().await?;
    for name in [
        "index.html",
        "engine.js",
        "engine-perceptrons.js",
        "engine-perceptrons_bg.wasm",
        "engine-cpu.js",
        "recorded.bin",
    ] {
        ensure!(kept.iter().any(|kept| kept == name), "{name} is not among {kept:?}");
    }
    ensure!(!kept.iter().any(|name| name.starts_with("engine-gpu")), "nobody asked for it: {kept:?}");
    server.shut().await;
    page.reload().await?;
    page.until_finished().await?;
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_announces_a_newer_version_and_does_not_force_it() -> Result<()> {
    let page = Page::open(SHORT, Gpu::None).await?;
    page.until_finished().await?;
    page.until_kept().await?;
    // To the browser, a worker of another address is a newer one.
    page.script("window.old = true; navigator.serviceWorker.register('sw.js?newer')").await?;
    page.find("#update").await?;
    ensure!(page.script("return window.old").await? == json!(true), "the page has reloaded by itself");
    page.click("#update").await?;
    page.until("window.old === undefined").await?;
    page.until("navigator.serviceWorker.controller.scriptURL.endsWith('sw.js?newer')").await?;
    page.until_finished().await?;
    page.close().await
}
