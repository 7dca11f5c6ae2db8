//! Sequences and numbers: another engine, and panels that the task fills.

use anyhow::{Result, ensure};
use retort_tests::{Gpu, Page};
use serde_json::json;

/// One epoch of small networks.
const SHORT: &str = "&runs=1&teacher-epochs=1&student-epochs=1";
const SMALL: &str = "&teacher=transformer:8,1&student=lstm:4,4";

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_answers_a_sentence_and_shows_what_the_transformer_looks_at() -> Result<()> {
    let page = Page::open_first(&format!("#v=1&data=opinions{SHORT}{SMALL}&batch=512"), Gpu::None).await?;
    page.until_finished().await?;
    page.until("document.querySelectorAll('#soft-targets .bars tbody tr').length === 3").await?;
    // A word that the grammar does not know is said, and what is typed stays as it is.
    let typed = "the plot was xyzzy plot ?";
    let script = format!(
        "const input = document.querySelector('#ask-0'); input.focus(); input.value = '{typed}';
         input.dispatchEvent(new InputEvent('input', {{ bubbles: true }}))"
    );
    page.script(&script).await?;
    page.until("document.querySelector('#soft-targets .note')?.textContent.includes('xyzzy')").await?;
    page.until(&format!("document.activeElement.value === '{typed}'")).await?;
    page.click("#tab-inside").await?;
    page.until("document.querySelectorAll('#words .texts button').length === 6").await?;
    page.click("#words .texts button").await?;
    page.until("document.querySelector('#words .texts button[aria-pressed=true]')?.textContent === 'the'").await?;
    for width in [360, 1280] {
        page.resize(width, 800).await?;
        let violations = page.violations().await?;
        ensure!(violations.is_empty(), "at {width}:\n{}", violations.join("\n"));
    }
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_keeps_every_letter_of_fast_fingers_while_networks_train() -> Result<()> {
    let page = Page::open_first("#v=1&data=opinions&runs=1", Gpu::None).await?;
    page.until("document.querySelector('#ask-0') && document.querySelector('main').dataset.state === 'running'")
        .await?;
    let script = "const input = document.querySelector('#ask-0'), wanted = 'the waiter loved the music and the food ?';
         input.focus();
         input.value = '';
         let letters = 0;
         const typing = setInterval(() => {
             if (letters === wanted.length) {
                 clearInterval(typing);
                 window.kept = input.value === wanted;
                 return;
             }
             input.value += wanted[letters++];
             input.dispatchEvent(new InputEvent('input', { bubbles: true }));
         }, 20)";
    page.script(script).await?;
    page.until("window.kept === true").await?;
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_compares_five_lessons_of_a_language_model() -> Result<()> {
    let page = Page::open_first(&format!("#v=1&data=names{SHORT}{SMALL}&batch=256&warm-up=1"), Gpu::None).await?;
    page.until_finished().await?;
    page.until("document.querySelectorAll('#soft-targets .measures tr.student').length === 5").await?;
    page.until("document.querySelectorAll('#soft-targets .texts').length === 7").await?;
    page.click("#soft-targets .texts button").await?;
    page.until("document.querySelectorAll('#soft-targets .bars tbody tr').length === 9").await?;
    // The verdict speaks of letters, and the map names the lessons.
    page.until("document.querySelector('#verdict-words').textContent.includes('letter')").await?;
    for (link, width) in [("", 360), ("", 768), ("&lang=zh-CN", 1280)] {
        page.resize(width, 800).await?;
        let overflow = page.script("return document.documentElement.scrollWidth <= innerWidth").await?;
        ensure!(overflow == json!(true), "{link} is too wide at {width}");
        let violations = page.violations().await?;
        ensure!(violations.is_empty(), "at {width}:\n{}", violations.join("\n"));
    }
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_changes_between_engines_and_weighs_what_fits_numbers() -> Result<()> {
    let page = Page::open("#v=1&runs=1&teacher-epochs=2&student-epochs=2", Gpu::None).await?;
    page.until_finished().await?;
    page.set("#knob-data", "curve").await?;
    page.until_begun().await?;
    page.until_finished().await?;
    page.until("document.querySelectorAll('#soft-targets svg.regression .line').length === 4").await?;
    page.until("document.querySelectorAll('#task-sizes .measures tbody tr').length >= 6").await?;
    ensure!(page.script("return document.querySelector('#draw, #packed, #confusion, #bench')").await? == json!(null));
    let saved = "window.saved = []; const click = HTMLAnchorElement.prototype.click;
        HTMLAnchorElement.prototype.click = function () { if (this.download) window.saved.push(this.download); else click.call(this); }";
    page.script(saved).await?;
    page.click("#task-sizes .files button:last-child").await?;
    page.until("window.saved.length === 1").await?;
    ensure!(page.script("return window.saved[0]").await? == json!("retort-curve-seed-1.onnx"));
    // Back to images: their engine and their panels.
    page.set("#knob-data", "digits8").await?;
    page.until_begun().await?;
    page.until_finished().await?;
    page.find("#confusion").await?;
    ensure!(page.script("return document.querySelector('#task-sizes')").await? == json!(null));
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_learns_a_table_of_the_visitor_s() -> Result<()> {
    let page = Page::open(&format!("#v=1&data=table{SHORT}&teacher=8&student=4"), Gpu::None).await?;
    let give = |name: &str, text: &str| {
        format!(
            "const files = new DataTransfer(); files.items.add(new File([{text}], '{name}'));
             const input = document.querySelector('#data-files'); input.files = files.files;
             input.dispatchEvent(new Event('change', {{ bubbles: true }}))"
        )
    };
    page.find("#data-files").await?;
    let table = "'size,colour,kind\\n' + [...Array(60).keys()].map(i => [i, i % 2 ? 'red' : 'blue', i < 30 ? 'A' : 'B'].join()).join('\\n')";
    page.script(&give("kinds.csv", table)).await?;
    page.until_finished().await?;
    // Words became classes, which the link says, and the bars have their names.
    ensure!(page.script("return location.hash.includes('target-kind=class')").await? == json!(true));
    page.until("document.querySelector('#soft-targets .bars tbody')?.textContent.includes('B')").await?;
    // A file that cannot be read says where, and nothing is lost.
    page.script(&give("broken.csv", "'a,b\\n1,2\\n3\\n'")).await?;
    page.until("document.querySelector('#notices').textContent.includes('line 3')").await?;
    page.find("#soft-targets .bars").await?;
    // Another column is one step, and a number.
    page.set("#knob-target-column", "target-column=1&target-kind=number").await?;
    page.until("document.querySelector('#soft-targets svg.regression')").await?;
    page.until_finished().await?;
    for width in [360, 1280] {
        page.resize(width, 800).await?;
        let violations = page.violations().await?;
        ensure!(violations.is_empty(), "at {width}:\n{}", violations.join("\n"));
    }
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_learns_again_from_a_point_that_was_moved() -> Result<()> {
    let page = Page::open(&format!("#v=1&data=curve{SHORT}"), Gpu::None).await?;
    page.until_finished().await?;
    let point = "#soft-targets [data-point=\"3\"]";
    page.key(point, "ArrowUp").await?;
    page.until("location.hash.includes('moved=3:')").await?;
    page.until_finished().await?;
    // The focus stays, and where the point is now is said.
    page.until("document.activeElement.dataset.point === '3'").await?;
    page.until("document.querySelector('.chart-block output').textContent.startsWith('Point 3:')").await?;
    let drag = format!(
        "const at = document.querySelector('{point} .grip').getBoundingClientRect();
         const [x, y] = [at.left + at.width / 2, at.top + at.height / 2];
         const sheet = document.querySelector('.chart-block .sheet svg');
         sheet.parentElement.setPointerCapture = () => {{}};
         [['pointerdown', 0], ['pointermove', 40], ['pointerup', 40]].forEach(([type, dx], index) => setTimeout(() =>
             sheet.dispatchEvent(new PointerEvent(type, {{ clientX: x + dx, clientY: y, bubbles: true, button: 0 }})), 100 * index))"
    );
    let before = page.script("return location.hash").await?;
    page.script(&drag).await?;
    page.until(&format!("location.hash !== {before} && location.hash.includes('moved=3:')")).await?;
    page.click("#points-back").await?;
    page.until("!location.hash.includes('moved')").await?;
    for width in [360, 1280] {
        page.resize(width, 800).await?;
        let violations = page.violations().await?;
        ensure!(violations.is_empty(), "at {width}:\n{}", violations.join("\n"));
    }
    page.close().await
}
