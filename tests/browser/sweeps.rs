//! A sweep on the page: written in the link or offered by a knob, trained beside the experiment, opened cell by cell.

use anyhow::{Result, ensure};
use retort_tests::{Gpu, Page};
use serde_json::json;

const SHORT: &str = "#v=1&data=moons&teacher-epochs=2&student-epochs=2&runs=2";

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_sweeps_the_knobs_of_a_link_and_opens_a_cell() -> Result<()> {
    let link = format!("{SHORT}&tab=compare&sweep=temperature:1,4;student:3|conv:4");
    let page = Page::open_first(&link, Gpu::None).await?;
    // What is impossible is seen before anything is trained.
    let count = "return document.querySelectorAll('.sweep-map .none').length";
    page.until("document.querySelectorAll('.sweep-map [data-cell]').length === 4").await?;
    ensure!(page.script(count).await? == json!(2));
    page.click("#sweep-run").await?;
    page.until("document.querySelector('[data-status=done]')").await?;
    ensure!(page.text("#sweep-done").await? == "4 of 4 trainings");
    // The control of a phase that is over: the table says the same as the picture, and so does the experiment itself.
    page.open_fold("#sweep details").await?;
    let value = page.text(".sweep-map a[data-cell='2'] .value").await?;
    let cell = page.text("#sweep .runs tr:nth-child(3) td.student").await?;
    ensure!(cell.starts_with(&value), "{cell} in the table, {value} in the picture");
    page.click("#sweep .runs a[data-cell='2']").await?;
    page.until(
        "location.hash.includes('temperature=4') && location.hash.includes('&sweep=temperature:1,4;student:3|conv:4')",
    )
    .await?;
    page.until_finished().await?;
    page.until(&format!("document.querySelector('#compare tr.now td.student').textContent.startsWith('{value}')"))
        .await?;
    ensure!(page.violations().await?.is_empty(), "{:?}", page.violations().await?);
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_offers_to_sweep_a_knob_and_names_what_it_cannot_read() -> Result<()> {
    let page = Page::open_first(&format!("{SHORT}&sweep=warmth:1"), Gpu::None).await?;
    page.until("document.querySelector('#notices').textContent.includes('warmth')").await?;
    page.click("[data-help=soft]").await?;
    page.click(".sweep-knob").await?;
    page.until("document.querySelector('#sweep-values-0')?.value === '0..1/5'").await?;
    page.until("location.hash.includes('tab=compare') && location.hash.endsWith('&sweep=soft:0..1/5')").await?;
    page.set("#sweep-values-0", "0,1,warm").await?;
    page.until("document.querySelector('#sweep-size.error')?.textContent.includes('warm')").await?;
    ensure!(page.script("return document.querySelector('#sweep-run').disabled").await? == json!(true));
    page.close().await
}

/// A search of a link: what it tried, what its best cell is worth on the test set, and that cell as the experiment.
#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_searches_within_a_budget_and_measures_the_best_on_the_test_set() -> Result<()> {
    let link = format!("{SHORT}&tab=compare&sweep=temperature:1,2,4,8&search=random:2");
    let page = Page::open_first(&link, Gpu::None).await?;
    page.until("document.querySelector('#search-budget')?.value === '2'").await?;
    page.set("#search-budget", "many").await?;
    page.until("document.querySelector('#sweep-size.error')").await?;
    page.set("#search-budget", "3").await?;
    page.until("location.hash.endsWith('&search=random:3')").await?;
    page.click("#sweep-run").await?;
    page.until("document.querySelector('[data-status=done] ~ .search #search-found')").await?;
    // Three candidates and two measurements on the test set, each with two seeds.
    ensure!(page.text("#sweep-done").await? == "10 of 10 trainings");
    ensure!(page.script("return document.querySelectorAll('.search tbody tr').length").await? == json!(3));
    let found = page.text("#search-found").await?;
    page.click("#search-found a").await?;
    page.until("location.hash.includes('seed=1000001')").await?;
    page.until_finished().await?;
    // What the search said of the test set is what the page says of that experiment.
    let score = page.text("#compare tr.now td.student").await?;
    let score = score.split_whitespace().next().unwrap_or_default();
    ensure!(found.contains(score), "{score} in the table, {found}");
    ensure!(page.violations().await?.is_empty(), "{:?}", page.violations().await?);
    page.close().await
}

/// Three devices that share nothing but what is typed: two pupils train a cell each, the lecturer gathers their codes.
#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_deals_a_sweep_out_to_a_class_and_gathers_its_codes() -> Result<()> {
    const SWEEP: &str = "#v=1&data=moons&teacher-epochs=2&student-epochs=2&runs=1&sweep=temperature:1,4";
    let mut codes = Vec::new();
    for number in ["1", "4"] {
        let pupil = Page::open_first(&format!("{SWEEP}&class=deal"), Gpu::None).await?;
        pupil.set("#class-number", number).await?;
        pupil.until("!document.querySelector('#class-take').disabled").await?;
        pupil.click("#class-take").await?;
        pupil.until("document.querySelector('#class-code')").await?;
        codes.push(pupil.text("#class-code").await?);
        if number == "4" {
            ensure!(pupil.script("return location.hash.includes('temperature=4')").await? == json!(true));
            // Another experiment has no code.
            pupil.set("#temperature-value", "3").await?;
            pupil.until("document.querySelector('#class-changed') && !document.querySelector('#class-code')").await?;
            pupil.set("#temperature-value", "4").await?;
            pupil.until("document.querySelector('#class-code')").await?;
            pupil.click("#class-another").await?;
            pupil.until("document.querySelector('#class-number')").await?;
            ensure!(pupil.violations().await?.is_empty(), "{:?}", pupil.violations().await?);
        }
        pupil.close().await?;
    }
    let lecturer = Page::open_first(&format!("{SWEEP}&tab=compare"), Gpu::None).await?;
    lecturer.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": CAMERA })).await?;
    lecturer.reload().await?;
    lecturer.until_finished().await?;
    lecturer.open_fold("#sweep-class").await?;
    lecturer.until("document.querySelector('#class-link').value.endsWith('&sweep=temperature:1,4&class=deal')").await?;
    let write = |text: String| {
        format!(
            "const area = document.querySelector('#class-codes'); area.value = {}; area.dispatchEvent(new Event('input', {{ bubbles: true }}))",
            json!(text)
        )
    };
    lecturer.script(&write(codes[0].to_lowercase())).await?;
    lecturer.until("document.querySelector('#class-gathered').textContent.includes('1 of 2')").await?;
    // The camera reads the other one, again and again; whoever stops it finds its light out.
    lecturer.click("#class-scan").await?;
    lecturer
        .until("document.querySelector('.scan video:not([hidden])')?.srcObject === self.stream && self.stream")
        .await?;
    lecturer.script(&format!("self.seen = [{}]", json!(codes[1]))).await?;
    lecturer.until("document.querySelector('#class-gathered').textContent.includes('2 of 2')").await?;
    let kept = lecturer.script("return document.querySelector('#class-codes').value").await?;
    ensure!(kept.as_str().is_some_and(|kept| kept.matches(&codes[1]).count() == 1), "once: {kept}");
    lecturer.click("#class-scan").await?;
    lecturer.until("self.stream.getTracks().every((track) => track.readyState === 'ended')").await?;
    let wrong: String = codes[1].chars().rev().collect();
    lecturer.script(&write(format!("{}\n{}\n{wrong}", codes[0], codes[1]))).await?;
    lecturer.until("document.querySelector('#class-gathered').textContent.includes('2 of 2') && document.querySelectorAll('.class-notes .error').length === 1 && document.querySelector('#class-found svg')").await?;
    ensure!(lecturer.violations().await?.is_empty(), "{:?}", lecturer.violations().await?);
    lecturer.close().await
}

/// A camera whose picture stays empty, and a reader that finds in it what the test says.
const CAMERA: &str = "
    self.BarcodeDetector = class { async detect(video) {
        return video.srcObject.active ? (self.seen ?? []).map((rawValue) => ({ rawValue })) : []; } };
    const canvas = document.createElement('canvas');
    canvas.getContext('2d');
    if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = async () => self.stream = canvas.captureStream();";

/// An experiment of a paper is chosen in a menu: its sweep runs beside what was published and what was measured before.
#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_runs_an_experiment_of_the_literature() -> Result<()> {
    let page = Page::open_first("#v=1&data=moons&teacher-epochs=2&student-epochs=2&tab=lessons", Gpu::None).await?;
    page.click("#lesson-papers").await?;
    page.until("document.querySelectorAll('#literature-choice optgroup').length > 5").await?;
    let place = page
        .script("return [...document.querySelectorAll('#literature-choice option')].find((option) => option.textContent.startsWith('Three percent')).value")
        .await?;
    page.set("#literature-choice", place.as_str().unwrap_or_default()).await?;
    page.until("document.querySelector('.literature-card a').href.startsWith('https://arxiv.org/')").await?;
    page.until("location.hash.includes('&sweep=labels:39,all;soft:0,0.5,0.9,1')").await?;
    // Both pictures have the same cells, and one legend says which colours they share.
    page.until("document.querySelectorAll('#literature-kept [data-cell]').length === 8").await?;
    page.click("[data-view=value]").await?;
    page.until("document.querySelector('.sweep-map').textContent.includes('Colours by value')").await?;
    page.click("#sweep-cancel").await?;
    page.until("document.querySelector('[data-status=cancelled]')").await?;
    ensure!(page.violations().await?.is_empty(), "{:?}", page.violations().await?);
    page.close().await
}
