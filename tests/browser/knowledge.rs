//! What the student is asked: objectives are chosen from the menu, explained before they are, and seen at work.

use anyhow::{Result, ensure};
use retort_spec::{Event, codec};
use retort_tests::{Gpu, Page};
use serde_json::json;

/// One seed of a short training.
const SHORT: &str = "#v=1&runs=1&teacher-epochs=2&student-epochs=3";

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_adds_an_objective_and_draws_its_term() -> Result<()> {
    let page = Page::open(SHORT, Gpu::None).await?;
    page.until_finished().await?;
    page.until("document.querySelector('#terms svg').dataset.terms === '2'").await?;
    ensure!(page.text("#loss").await?.contains("0.1 · CE + 0.9 · T2 KL"), "{}", page.text("#loss").await?);
    // What it is, where it comes from and why it weighs so much is folded away beside it.
    page.click("[data-knob=logit-mse] summary").await?;
    page.find("[data-knob=logit-mse] details[open] a[target=_blank][rel=noopener]").await?;
    ensure!(page.script("return document.querySelectorAll('[data-knob=logit-mse] sub').length").await? != json!(0));
    page.click("#use-logit-mse").await?;
    page.until("location.hash.includes('logit-mse=1')").await?;
    page.until_finished().await?;
    page.until("document.querySelector('#terms svg').dataset.terms === '3'").await?;
    ensure!(page.number("#terms [data-term=logit-mse] b").await? >= 0.0);
    ensure!(page.text("#loss").await?.contains("1 · Logit matching"));
    ensure!(page.text("[data-knowledge=responses] .count").await?.contains('1'));
    page.click("#term-table summary").await?;
    page.until("document.querySelectorAll('#term-table tbody tr').length === 3").await?;
    // Its weight is a knob, and without a weight it is no term.
    page.set("#knob-logit-mse", "0.5").await?;
    page.until("location.hash.includes('logit-mse=0.5')").await?;
    page.click("#use-logit-mse").await?;
    page.until("!location.hash.includes('logit-mse') && !document.querySelector('#knob-logit-mse')").await?;
    page.until_finished().await?;
    page.until("document.querySelector('#terms svg').dataset.terms === '2'").await?;
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_says_what_an_objective_needs_and_makes_it_possible_in_one_step() -> Result<()> {
    let page = Page::open(SHORT, Gpu::None).await?;
    page.until_finished().await?;
    page.find("#use-attention:disabled[aria-describedby=needs-attention]").await?;
    ensure!(page.text("#needs-attention").await?.contains("needs convolutions"));
    page.click("[data-mend=attention]").await?;
    for pair in ["teacher=conv:8,16", "student=conv:4,8", "attention=1000"] {
        page.until(&format!("location.hash.includes('{pair}')")).await?;
    }
    page.until_finished().await?;
    page.find("#terms [data-term=attention]").await?;
    page.until("!document.querySelector('#needs-attention') && document.querySelector('#use-attention').checked")
        .await?;
    page.control("z").await?;
    page.until("document.querySelector('#use-attention:disabled') && !location.hash.includes('conv')").await?;
    page.close().await?;
    // Whoever follows a link to what cannot be is told, and helped out.
    let page = Page::open(&format!("{SHORT}&attention=1000"), Gpu::None).await?;
    page.find("#take-out").await?;
    page.find("#notices [data-mend=attention]").await?;
    page.click("#take-out").await?;
    page.until_finished().await?;
    page.until("!document.querySelector('#take-out')").await?;
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_builds_networks_of_every_kind_and_counts_what_is_learned_beside_them() -> Result<()> {
    let page = Page::open(&format!("{SHORT}&hint=100"), Gpu::None).await?;
    page.until_finished().await?;
    ensure!(page.text("#loss").await?.contains("First 25 %"), "{}", page.text("#loss").await?);
    // By hand: a regressor from the student's 16 units to the teacher's 128.
    ensure!(page.number("#extra-parameters").await? == 2048.0, "{}", page.text("#extra-parameters").await?);
    ensure!(page.find("#knob-guided").await.is_ok() && page.find("#knob-first-stage").await.is_ok());
    page.set("#kind-student", "residual").await?;
    page.until("document.querySelector('#knob-student').value === '4,8,8'").await?;
    page.set("#knob-student", "4").await?;
    page.until("location.hash.includes('student=residual:4')").await?;
    page.until_finished().await?;
    page.set("#kind-student", "mlp").await?;
    page.until("!location.hash.includes('student=') && document.querySelector('#knob-student').value === '16'").await?;
    // A convolution has nothing to slide over two coordinates.
    page.set("#knob-data", "moons").await?;
    page.until("!document.querySelector('#kind-student') && document.querySelector('#knob-student')").await?;
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_trains_every_objective_from_its_menu_entry() -> Result<()> {
    // Stages as wide as the teacher's, so that every objective can be used; large batches and one epoch, to be quick.
    let pair = "teacher=residual:4,4,8,8&student=residual:4,8&batch=128";
    for data in ["digits8", "strokes"] {
        let link = format!(
            "#v=1&data={data}&examples=300&{pair}&runs=1&teacher-epochs=1&student-epochs=1&soft=0.5&transfer=all"
        );
        let page = Page::open(&link, Gpu::None).await?;
        page.until_finished().await?;
        let boxes = "return [...document.querySelectorAll('#objectives [data-knob] input[type=checkbox]')].map((box) => box.id.slice(4))";
        let words: Vec<String> = serde_json::from_value(page.script(boxes).await?)?;
        ensure!(words.len() >= 21, "the menu has {words:?}");
        for word in &words {
            page.click(&format!("#use-{word}")).await?;
            page.until(&format!("/[#&]{word}=/.test(location.hash)")).await?;
            page.until_finished().await?;
            let term = format!("#terms :is([data-term='{word}'], [data-term^='{word}:']) b");
            page.find(&term).await?;
            let (shown, refused) =
                (page.text(&term).await?, page.script("return document.querySelector('#take-out')").await?);
            ensure!(
                shown.contains(|digit: char| digit.is_ascii_digit()) && refused.is_null(),
                "{data}, {word}: {shown}"
            );
            page.click(&format!("#use-{word}")).await?;
            page.until(&format!("!/[#&]{word}=/.test(location.hash)")).await?;
        }
        page.close().await?;
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_reproduces_the_published_numbers_on_webgpu() -> Result<()> {
    const VECTORS: [&str; 4] = [
        include_str!("../vectors/distillation.json"),
        include_str!("../vectors/objectives.json"),
        include_str!("../vectors/quantization.json"),
        include_str!("../vectors/schemes.json"),
    ];
    let page = Page::open(SHORT, Gpu::Software).await?;
    // A script of the site's own, opened as a document: unlike the page it lets a test start a worker of its own.
    page.go("engine.js").await?;
    // Row by row, since a software adapter takes its time to compile the shaders of each.
    let worker = "const start = `let engine;
          addEventListener('message', async (event) => {
            const { glue, rows } = event.data;
            if (rows) event.stopImmediatePropagation();
            if (glue) await (engine = await import(glue)).default();
            for (const row of rows ?? []) {
              postMessage({ lines: await engine.verify(JSON.stringify([row])).catch((error) => [String(error)]) });
            }
          })`;
        const worker = new Worker(URL.createObjectURL(new Blob([start], { type: 'text/javascript' })), { type: 'module' });
        worker.postMessage({ glue: new URL('engine-gpu.js', location).href });
        window.lines = [];
        worker.onmessage = ({ data }) => {
          if (data.lines) window.lines.push(...data.lines);
          else window.first ??= Array.from(data);
        };
        window.check = () => worker.postMessage({ rows });";
    let rows =
        VECTORS.map(serde_json::from_str::<Vec<serde_json::Value>>).into_iter().collect::<Result<Vec<_>, _>>()?;
    let rows = rows.concat();
    page.script(&format!("const rows = {}; {worker}", json!(rows))).await?;
    page.until("window.first").await?;
    let first: Vec<u8> = serde_json::from_value(page.script("return window.first").await?)?;
    let reported: Vec<Event> = codec::decode(&first)?;
    ensure!(matches!(reported[..], [Event::Ready(_)]), "{reported:?}");
    page.script("window.check()").await?;
    for index in 0..rows.len() {
        page.until(&format!("window.lines.length > {index}")).await?;
        let line = page.script(&format!("return window.lines[{index}]")).await?;
        ensure!(line.as_str().is_some_and(|line| line.ends_with(": passed")), "row {index}: {line}");
    }
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_hides_and_locks_objectives() -> Result<()> {
    let page = Page::open(&format!("{SHORT}&hide=objectives"), Gpu::None).await?;
    page.until_finished().await?;
    ensure!(page.script("return document.querySelector('#objectives')").await?.is_null());
    page.close().await?;
    let page = Page::open(&format!("{SHORT}&hint=100&hide=knob-similarity,guided&lock=hint"), Gpu::None).await?;
    page.until_finished().await?;
    page.find("#use-hint:disabled:checked").await?;
    page.find("#knob-hint:disabled").await?;
    let hidden = page.script("return document.querySelector('#use-similarity, #knob-guided')").await?;
    ensure!(hidden.is_null() && page.find("#similarity").await.is_ok(), "the panel of that name stays");
    page.close().await
}
