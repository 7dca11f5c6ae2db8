//! The compression bench: pipelines, files, what hangs on each layer, and how long networks take.

use anyhow::{Result, ensure};
use retort_tests::{Gpu, Page};
use serde_json::json;

/// A student that is trained well enough to lose something.
const STUDENT: &str = "#v=1&runs=1&teacher-epochs=5&student-epochs=20";

/// Keeps what the page saves, instead of a folder.
const KEEP: &str = "window.saved = []; const make = URL.createObjectURL;
    URL.createObjectURL = (blob) => { window.saved.push(blob); return make.call(URL, blob); };";

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_pipeline_leaves_files_as_long_as_shown_which_open_again() -> Result<()> {
    let page = Page::open(&format!("{STUDENT}&compress=prune:0.5,finetune:1,qat:2:2:lsq,huffman"), Gpu::None).await?;
    page.until_finished().await?;
    page.script(KEEP).await?;
    page.until("!document.querySelector('#bench-run').disabled").await?;
    page.click("#bench-run").await?;
    page.until("document.querySelectorAll('#bench-results tr[data-bytes]').length === 5").await?;
    page.until("document.querySelector('#bench-run')").await?;
    let bytes = page
        .script("return [...document.querySelectorAll('#bench-results tr[data-bytes]')].map((row) => Number(row.dataset.bytes))")
        .await?;
    let bytes: Vec<u32> = serde_json::from_value(bytes)?;
    ensure!(bytes[3] < bytes[1] / 4 && bytes[4] <= bytes[3], "{bytes:?}");
    // The last stage's file, as long as its row says, and the link that it carries.
    page.click("#file-packed").await?;
    page.until("window.saved.length === 1").await?;
    let size = page.script("return window.saved[0].size").await?;
    let link = page
        .script("return location.hash.replace('&depth=everything', '').length - 1")
        .await?
        .as_u64()
        .unwrap_or_default() as u32;
    let size = size.as_u64().unwrap_or_default() as u32;
    // A length from 128 on takes two bytes.
    ensure!(size == bytes[4] + link + u32::from(link > 127), "{size} {link} {bytes:?}");
    // It opens again and knows the same.
    page.script(
        "const files = new DataTransfer(); files.items.add(new File([window.saved[0]], 'kept.retort'));
         const input = document.querySelector('#bench-file'); input.files = files.files;
         input.dispatchEvent(new Event('change', { bubbles: true }))",
    )
    .await?;
    page.find("#bench-import .imported").await?;
    page.click("#import-teacher").await?;
    page.until_begun().await?;
    page.until_finished().await?;
    ensure!(page.script("return location.hash.includes('teacher=16')").await? == json!(true));
    // A damaged file says so and changes nothing.
    page.script(
        "window.saved[0].arrayBuffer().then((buffer) => {
             const files = new DataTransfer(); files.items.add(new File([buffer.slice(0, 200)], 'cut.retort'));
             const input = document.querySelector('#bench-file'); input.files = files.files;
             input.dispatchEvent(new Event('change', { bubbles: true })); })",
    )
    .await?;
    page.until("document.body.innerText.includes('cut.retort')").await?;
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_refuses_stages_that_make_no_sense_and_stops_a_long_one() -> Result<()> {
    let page = Page::open(&format!("{STUDENT}&compress=finetune:200"), Gpu::None).await?;
    page.until_finished().await?;
    page.until("!document.querySelector('#bench-run').disabled").await?;
    page.click("#bench-run").await?;
    page.until("document.querySelector('#bench-stop')").await?;
    page.until("document.querySelector('main').dataset.state === 'running'").await?;
    page.click("#bench-stop").await?;
    page.until("document.querySelector('#bench-run')").await?;
    page.until("document.querySelector('main').dataset.state === 'finished'").await?;
    page.set("#knob-compress", "quantize:4,finetune:5").await?;
    page.until("document.querySelector('#bench-problem').textContent && document.querySelector('#bench-run').disabled")
        .await?;
    ensure!(
        page.script("return location.hash.includes('quantize')").await? == json!(false),
        "the link keeps what is right"
    );
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_measures_layers_and_time_of_a_scheme() -> Result<()> {
    let page =
        Page::open(&format!("{STUDENT}&bits=8&activations=static-min-max&granularity=tensor"), Gpu::None).await?;
    page.until_finished().await?;
    page.until("document.querySelector('#packed .lollipop')").await?;
    for (button, result) in [("#sensitivity", "#layers .dots"), ("#latency-measure", "#latency tr.ratio")] {
        page.until(&format!("!document.querySelector('{button}').disabled")).await?;
        page.click(button).await?;
        page.until(&format!("document.querySelector('{result}')")).await?;
    }
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_times_integers_on_the_graphics_card_too() -> Result<()> {
    let link = format!("{STUDENT}&device=cpu&bits=8&activations=static-min-max");
    for (gpu, columns) in [(Gpu::Software, 4), (Gpu::None, 2)] {
        let page = Page::open(&link, gpu).await?;
        page.until_finished().await?;
        page.until("!document.querySelector('#latency-measure').disabled").await?;
        page.click("#latency-measure").await?;
        // What the GPU computes is told only where it is what the processor computes.
        page.until(&format!("document.querySelectorAll('#latency thead th').length === {columns}")).await?;
        let said = page.text("#latency").await?;
        ensure!(said.contains("no WebGPU") == (gpu == Gpu::None), "{said}");
        page.close().await?;
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_compresses_the_network_that_is_picked() -> Result<()> {
    let page = Page::open(&format!("{STUDENT}&teacher=24,24&compress=finetune:1,quantize:4"), Gpu::None).await?;
    page.until_finished().await?;
    page.until("!document.querySelector('#bench-run').disabled").await?;
    let student = page.number("#packed-bytes").await?;
    // Which networks there are says the plan.
    let networks = "return [...document.querySelectorAll('#knob-pack option')].map((option) => option.value).join()";
    ensure!(page.script(networks).await? == json!("teacher,baseline,student"));
    page.set("#knob-pack", "teacher").await?;
    let fresh = "location.hash.includes('pack=teacher') && !document.querySelector('#cost.stale')
        && document.querySelector('#packed-title').textContent.includes('Teacher')";
    page.until(fresh).await?;
    ensure!(page.number("#packed-bytes").await? > student, "the teacher's file is the longer one");
    // 64 inputs, two layers of 24 units, 10 classes.
    let weights = "return [...document.querySelectorAll('#histogram-layer option')]
        .map((option) => Number(option.textContent.replaceAll(',', '').match(/: (\\d+)/)[1])).join()";
    ensure!(page.script(weights).await? == json!("1536,576,240"));
    let same = "const float = document.querySelector('#parts .float td').textContent;
        return [...document.querySelectorAll('#teacher dd')].some((fact) => fact.textContent === float)";
    ensure!(page.script(same).await? == json!(true), "its file at 32 bits is as long as its panel says");
    ensure!(page.text("main").await?.contains("Nobody taught this network"));
    // The bench begins with it, and nothing else was trained.
    page.until("!document.querySelector('#bench-run').disabled").await?;
    page.click("#bench-run").await?;
    page.until("document.querySelectorAll('#bench-results tr[data-bytes]').length === 3").await?;
    let begins = "return document.querySelector('#bench-results tr[data-stage=\"0\"] th').textContent";
    ensure!(page.script(begins).await? == json!("Teacher: As trained, 32 bits"));
    page.control("z").await?;
    page.until("!location.hash.includes('pack=') && !document.querySelector('#cost.stale')").await?;
    ensure!(page.number("#packed-bytes").await? == student, "the student's file again");
    page.close().await
}
