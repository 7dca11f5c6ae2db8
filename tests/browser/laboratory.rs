//! The laboratory's panels: what one can do with them, and that they follow.

use anyhow::{Result, ensure};
use retort_tests::{Gpu, Page};
use serde_json::json;

/// One seed of the default experiment.
const ONE: &str = "#v=1&runs=1";

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_reads_keeps_and_takes_away_curves() -> Result<()> {
    // What the page gives to save is kept for the test instead.
    let script = "window.saved = []; const url = URL.createObjectURL;
        URL.createObjectURL = (blob) => { window.saved.push(blob); return url.call(URL, blob); };";
    let page = Page::open_after(ONE, Gpu::None, script).await?;
    page.until_finished().await?;
    // The reading follows the keyboard and holds a number for each network.
    page.key("#curve-reader", "Home").await?;
    page.until("/\\d/.test(document.querySelector('#readout').textContent)").await?;
    let first = page.text("#readout").await?;
    page.key("#curve-reader", "End").await?;
    page.until(&format!("document.querySelector('#readout').textContent !== {first:?}")).await?;
    page.click("#curve-train").await?;
    page.click("#curve-loss").await?;
    page.find("#curve-loss[aria-pressed=true]").await?;
    page.click("#curve-table summary").await?;
    page.until("document.querySelectorAll('#curve-table tbody tr').length > 10").await?;
    // A kept run stays when the experiment changes, and its link leads back.
    page.click("#keep").await?;
    page.find("#kept .kept-run input").await?;
    page.set("#knob-labels", "100").await?;
    page.until("location.hash.includes('labels=100')").await?;
    page.until_finished().await?;
    page.click("#kept .kept-run a").await?;
    page.until("!location.hash.includes('labels=100')").await?;
    page.until_finished().await?;
    page.click("#kept .forget").await?;
    page.until("!document.querySelector('#kept .kept-run')").await?;
    // Files: each begins as its format does.
    let begins = [("svg", "<svg"), ("csv", "run,network"), ("json", "{")];
    for (index, (format, begin)) in begins.iter().enumerate() {
        page.open_fold("#downloads").await?;
        page.click(&format!("#download-{format}")).await?;
        page.until(&format!("window.saved.length > {index}")).await?;
        let text = page.promise("window.saved.at(-1).text()").await?;
        ensure!(text.as_str().is_some_and(|text| text.trim_start().contains(begin)), "{format}: {text}");
    }
    page.open_fold("#downloads").await?;
    page.click("#download-png").await?;
    page.until("window.saved.some((blob) => blob.type === 'image/png' && blob.size > 2000)").await?;
    page.script("window.printed = 0; window.print = () => { window.printed += 1; }").await?;
    page.open_fold("#downloads").await?;
    page.click("#download-report").await?;
    page.until("window.printed === 1").await?;
    page.open_fold("#downloads").await?;
    page.click("#download-weights").await?;
    page.until("window.saved.at(-1).type !== 'image/png' && window.saved.length > 4").await?;
    let header = "window.saved.at(-1).slice(8, 200).text()";
    let header = page.promise(header).await?;
    ensure!(header.as_str().is_some_and(|text| text.contains("\"permalink\":\"v=1&runs=1\"")), "{header}");
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_answers_a_digit_drawn_by_keyboard_and_learns_from_it() -> Result<()> {
    let page = Page::open(ONE, Gpu::None).await?;
    page.until_finished().await?;
    // A vertical line is a 1 to whoever has learned digits.
    for key in [
        "ArrowUp",
        "ArrowUp",
        "ArrowUp",
        " ",
        "ArrowDown",
        "ArrowDown",
        "ArrowDown",
        "ArrowDown",
        "ArrowDown",
        "ArrowDown",
        " ",
    ] {
        page.key("#draw-pad", key).await?;
    }
    page.until("document.querySelectorAll('#draw-answers tbody tr').length === 4").await?;
    page.until("[...document.querySelectorAll('#draw-answers .answer')].every((e) => /\\d/.test(e.textContent))")
        .await?;
    let teacher = page.text("#draw-answers tr[data-network=teacher] .answer").await?;
    ensure!(teacher.contains('1'), "the teacher reads {teacher}");
    ensure!(page.text("#soft-targets figcaption").await?.contains("your drawing"));
    let before = page.number("#labelled-count").await?;
    page.set("#draw-label", "1").await?;
    page.click("#draw-add").await?;
    page.until("document.querySelector('#own-count').dataset.count === '1'").await?;
    page.until(&format!("parseInt(document.querySelector('#labelled-count').textContent) === {}", before + 1.0))
        .await?;
    page.until_finished().await?;
    ensure!(page.find("#verdict-own").await.is_ok(), "the verdict tells of it");
    page.click("#own-remove-all").await?;
    page.until(&format!("parseInt(document.querySelector('#labelled-count').textContent) === {before}")).await?;
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_shows_decisions_as_geometry_while_they_are_learned() -> Result<()> {
    let ink = "[...document.querySelectorAll('#regions canvas')].map((canvas) => {
        const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        let sum = 0; for (let i = 3; i < pixels.length; i += 4) sum += pixels[i]; return sum; })";
    let page = Page::open("#v=1&data=moons&runs=1&teacher=128,128&teacher-epochs=1000", Gpu::None).await?;
    page.until(&format!("({ink})[0] > 0")).await?;
    let early = page.script(&format!("return ({ink})[0]")).await?;
    page.until(&format!("({ink})[0] !== {early}")).await?;
    page.set("#knob-teacher-epochs", "20").await?;
    page.until_finished().await?;
    page.until(&format!("({ink}).length === 4 && ({ink}).every((sum) => sum > 0)")).await?;
    // At a higher temperature everyone is less sure.
    let sure = page.script(&format!("return ({ink})[0]")).await?.as_f64().unwrap_or(0.0);
    page.script("const t = document.querySelector('#temperature'); t.value = 200; t.dispatchEvent(new Event('input', { bubbles: true }))").await?;
    page.until(&format!("({ink})[0] < {}", 0.8 * sure)).await?;
    // Asking about a place, by keyboard.
    page.key("[data-region=teacher]", "ArrowRight").await?;
    page.key("[data-region=teacher]", "Enter").await?;
    page.until("document.querySelector('#back-to-test')").await?;
    page.until("/\\d/.test(document.querySelector('.bars .number').textContent)").await?;
    page.click("#back-to-test").await?;
    // A finger that scrolls the page over a map asks nothing; one that comes up again does.
    let finger = |end: &str| {
        format!(
            "const plane = document.querySelector('[data-region=teacher]'), box = plane.getBoundingClientRect();
             const at = {{ clientX: box.left + 9, clientY: box.top + 9, bubbles: true, pointerType: 'touch' }};
             plane.dispatchEvent(new PointerEvent('pointerdown', at));
             setTimeout(() => plane.dispatchEvent(new PointerEvent('{end}', at)), 100);"
        )
    };
    page.until("!document.querySelector('#back-to-test')").await?;
    page.script(&finger("pointercancel")).await?;
    tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    ensure!(page.script("return document.querySelector('#back-to-test') === null").await? == json!(true));
    ensure!(
        page.script("return getComputedStyle(document.querySelector('.plane')).touchAction.includes('pan-y')").await?
            == json!(true),
        "a swipe over a map scrolls the page"
    );
    page.script(&finger("pointerup")).await?;
    page.until("document.querySelector('#back-to-test')").await?;
    page.click("#back-to-test").await?;
    // Adding a point, by keyboard, and taking it away.
    page.click("#tool-add").await?;
    page.key("[data-region=teacher]", "Enter").await?;
    page.until("document.querySelector('#own-count').dataset.count === '1' && document.querySelector('.dot.own')")
        .await?;
    // By pointer it can be dragged elsewhere.
    let before = page.script("return document.querySelector('.dot.own').getAttribute('transform')").await?;
    page.script(
        "const plane = document.querySelector('[data-region=teacher]'), box = plane.getBoundingClientRect();
         const at = (x, y) => ({ clientX: box.left + box.width * (x / 1.5 + 1) / 2, clientY: box.top + box.height * (1 - y / 1.5) / 2, bubbles: true });
         plane.dispatchEvent(new PointerEvent('pointerdown', at(0.1, 0)));
         setTimeout(() => plane.dispatchEvent(new PointerEvent('pointerup', at(-1, 1))), 200);",
    )
    .await?;
    page.until(&format!("document.querySelectorAll('.region.teacher .dot.own').length === 1 && document.querySelector('.dot.own').getAttribute('transform') !== {before}")).await?;
    page.click("#own-remove-all").await?;
    page.until("!document.querySelector('.dot.own')").await?;
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_answers_a_click_on_a_decision_map_below_each_map() -> Result<()> {
    let page =
        Page::open_first("#v=1&data=moons&runs=1&teacher=32&teacher-epochs=30&student-epochs=30", Gpu::None).await?;
    page.until_finished().await?;
    page.until("document.querySelectorAll('#regions .region').length === 4").await?;
    // Far out at the top left, and at the bottom right, lie the two classes.
    let click = |x: f64, y: f64| {
        format!(
            "const plane = document.querySelector('[data-region=student]'), box = plane.getBoundingClientRect();
             const at = {{ clientX: box.left + {x} * box.width, clientY: box.top + {y} * box.height, bubbles: true }};
             for (const kind of ['pointerdown', 'pointerup']) plane.dispatchEvent(new PointerEvent(kind, at));"
        )
    };
    // Each map says a class and how sure its network is; as sure as the bars say.
    let said =
        "[...document.querySelectorAll('#regions .region figcaption .there')].map((said) => said.textContent.trim())";
    let bars = "Math.max(...[...document.querySelectorAll('.bars td.number.teacher')].map((number) => parseFloat(number.textContent)))";
    let agree = format!(
        "{said}.length === 4 && {said}.every((said) => /\\d/.test(said))
           && Math.abs(parseFloat({said}[0].match(/[\\d.]+(?=\\D*$)/)[0]) - {bars}) < 0.11"
    );
    let mut answers = Vec::new();
    for (x, y) in [(0.2, 0.1), (0.8, 0.9)] {
        page.script(&click(x, y)).await?;
        let earlier = answers.last().cloned().unwrap_or_default();
        page.until(&format!("({agree}) && {said}.join() !== {earlier:?}")).await?;
        answers.push(page.script(&format!("return {said}.join()")).await?.as_str().unwrap_or_default().to_owned());
    }
    page.click("#back-to-test").await?;
    page.until(&format!("{said}.length === 0")).await?;
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_inspects_examples_of_every_kind() -> Result<()> {
    let page = Page::open(ONE, Gpu::None).await?;
    page.until_finished().await?;
    page.set("#gallery-class", "3").await?;
    page.until("[...document.querySelectorAll('#data .thumbnail canvas')].every((e) => e.getAttribute('aria-label').endsWith('3'))").await?;
    page.click("#data .thumbnail").await?;
    page.until("document.querySelector('#soft-targets figcaption').textContent.includes('training, label 3')").await?;
    page.until("/\\d/.test(document.querySelector('.bars .number').textContent)").await?;
    page.click("#back-to-test").await?;
    let bars =
        "[...document.querySelectorAll('.bars tbody .bar')].reduce((sum, bar) => sum + parseFloat(bar.style.width), 0)";
    let linear = page.script(&format!("return {bars}")).await?;
    page.click("#axis-log").await?;
    // Small shares, which a linear axis hides, become long bars.
    page.until(&format!("{bars} > 1.5 * {linear}")).await?;
    page.set("#look-like", "8").await?;
    page.click("#look-alikes .thumbnail").await?;
    page.until("!document.querySelector('#soft-targets figcaption').textContent.includes('label 8')").await?;
    ensure!(page.number("#disagreement-count").await? > 0.0);
    page.click("#disagreements .thumbnail").await?;
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_opens_the_packed_file() -> Result<()> {
    let page = Page::open("#v=1&runs=1&bits=1&granularity=tensor", Gpu::None).await?;
    page.until_finished().await?;
    let mut sum = 0.0;
    for part in ["weights", "scales", "biases", "header"] {
        sum += page.number(&format!("#part-{part}")).await?;
    }
    ensure!(sum == page.number("#packed-bytes").await?, "the parts sum to {sum}");
    ensure!(page.number("#flip-count").await? > 0.0, "one bit flips answers");
    page.find("#flips .thumbnail").await?;
    page.find("#histogram svg").await?;
    // A point under the pointer is told of, and a click shows its file.
    let told = page.text("#pareto-point").await?;
    page.script(
        "const dot = [...document.querySelectorAll('#pareto .dot-mark.current')].at(0).getBoundingClientRect(), reader = document.querySelector('#pareto-reader');
         const at = { clientX: dot.left + dot.width / 2, clientY: dot.top + dot.height / 2, bubbles: true };
         reader.dispatchEvent(new PointerEvent('pointermove', at)); setTimeout(() => reader.dispatchEvent(new MouseEvent('click', at)), 300);",
    )
    .await?;
    page.until(&format!("document.querySelector('#pareto-point').textContent !== {told:?}")).await?;
    page.until("!location.hash.includes('bits=1&')").await?;
    let points = "parseInt(document.querySelector('#pareto').dataset.points)";
    let before = page.script(&format!("return {points}")).await?.as_f64().unwrap_or(0.0);
    page.set("#knob-student", "8").await?;
    page.until("location.hash.includes('student=8')").await?;
    page.until_finished().await?;
    page.until(&format!("{points} > {before}")).await?;
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_repairs_the_omitted_class_by_a_bias() -> Result<()> {
    let page = Page::open("#v=1&runs=1&omit=3&temperature=20&student=64", Gpu::None).await?;
    page.until_finished().await?;
    let before = page.number("#biased-class").await?;
    page.set("#bias-slider", "3").await?;
    page.until(&format!(
        "parseFloat(document.querySelector('#biased-class').textContent.match(/[\\d.]+/)[0]) > {before}"
    ))
    .await?;
    page.click("#confusion [data-view=difference]").await?;
    page.find("#confusion [data-view=difference][aria-pressed=true]").await?;
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_undoes_warns_and_explains() -> Result<()> {
    let page = Page::open(&format!("{ONE}&teacher-epochs=3&student-epochs=3"), Gpu::None).await?;
    page.until_finished().await?;
    // What restarts the training says so before it happens; what does not, does not.
    ensure!(
        page.script("return Boolean(document.querySelector('[data-knob=teacher] .mark-turn'))").await? == json!(true)
    );
    ensure!(
        page.script("return Boolean(document.querySelector('[data-knob=granularity] .mark-turn'))").await?
            == json!(false)
    );
    page.click("[data-help=teacher]").await?;
    page.until("document.querySelector('#help-teacher')").await?;
    ensure!(page.text("#help-teacher").await?.contains("128,128"), "the default is told");
    page.key("#help-teacher", "Escape").await?;
    page.until("!document.querySelector('#help-teacher')").await?;
    page.set("#knob-labels", "20").await?;
    page.until("location.hash.includes('labels=20')").await?;
    page.control("z").await?;
    page.until("document.querySelector('#knob-labels').value === '50'").await?;
    page.click("#redo").await?;
    page.until("document.querySelector('#knob-labels').value === '20'").await?;
    page.set("#knob-labels", "0").await?;
    page.until("document.querySelector('#student .advice')").await?;
    page.set("#knob-teacher", "24").await?;
    page.set("#knob-labels", "50").await?;
    page.set("#knob-optimizer", "sgd").await?;
    page.set("#knob-weight-decay", "1").await?;
    page.set("#knob-learning-rate", "10").await?;
    // Turned while the students train, it would not reach the teacher.
    page.click("#reset").await?;
    page.until("document.querySelector('#halve')").await?;
    page.click("#halve").await?;
    page.until("document.querySelector('#knob-learning-rate').value === '5'").await?;
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_can_be_slowed_down_to_watch() -> Result<()> {
    let page = Page::open("#v=1&runs=1&teacher-epochs=1000", Gpu::None).await?;
    page.until("document.querySelector('main[data-state=running]')").await?;
    page.set("#pace", "1").await?;
    page.until("document.querySelector('main[data-state=running]')").await?;
    page.click("#reset").await?;
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    // At one batch a second no epoch of 41 batches is over yet.
    ensure!(page.text("#progress").await?.contains("epoch 0"), "{}", page.text("#progress").await?);
    page.set("#pace", "full").await?;
    page.until("!document.querySelector('#progress').textContent.includes('epoch 0')").await?;
    page.close().await
}
