//! Every scheme, chosen from the menu and trained: the page shows its networks and stumbles over none.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use retort_spec::Scheme;
use retort_tests::{Gpu, Page};
use serde_json::json;

/// Networks of a few units, trained for a moment.
const DIGITS: &str = "#v=1&runs=1&teacher=16&student=8&teacher-epochs=2&student-epochs=2";
const EXITS: &str = "#v=1&scheme=exits&runs=1&student=8,8&student-epochs=10";
/// With a verdict over several seeds.
const SEVERAL: &str = "#v=1&runs=2&teacher-epochs=2&student-epochs=2";
const SHORT: &str = "#v=1&data=moons&examples=200&runs=1&teacher=8&student=4&teacher-epochs=2&student-epochs=2";

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_shows_the_networks_of_every_scheme() -> Result<()> {
    // Some schemes need more classes than the plane has.
    let page = Page::open(DIGITS, Gpu::None).await?;
    page.until_finished().await?;
    let words = "return [...document.querySelectorAll('#knob-scheme option')].map((option) => option.value)";
    let words: Vec<String> = serde_json::from_value(page.script(words).await?)?;
    // One scheme is for language models; the menu groups the others.
    let fitting: BTreeSet<&str> = Scheme::WORDS.iter().copied().filter(|word| *word != "methods").collect();
    ensure!(words.iter().map(String::as_str).collect::<BTreeSet<_>>() == fitting, "{words:?}");
    for word in words.iter().filter(|word| *word != "offline") {
        page.set("#knob-scheme", word).await?;
        page.until_begun().await?;
        page.until_finished().await?;
        for network in ["baseline", "student"] {
            page.until(&format!("Number(document.querySelector('#accuracy-{network}').textContent) > 0")).await?;
        }
        ensure!(page.script("return location.hash").await?.as_str().is_some_and(|hash| hash.contains(word)), "{word}");
        // What stands behind the ids of networks is always a number or a dash, never an unknown message.
        let shown = page.script("return document.querySelector('main').innerText").await?;
        for id in ["network-", "short-", "role-", "contrast-", "verdict-"] {
            ensure!(shown.as_str().is_some_and(|shown| !shown.contains(id)), "{word}: {id} is on the page");
        }
    }
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_leaves_out_the_teacher_where_there_is_none() -> Result<()> {
    let page = Page::open(&format!("{SHORT}&scheme=mutual"), Gpu::None).await?;
    page.until_finished().await?;
    page.until("!document.querySelector('#teacher') && document.querySelector('#accuracy-student-2')").await?;
    page.find("#draw-answers, #regions [data-region=student-2]").await?;
    page.set("#knob-scheme", "offline").await?;
    page.until("document.querySelector('#teacher') && !document.querySelector('#accuracy-student-2')").await?;
    page.control("z").await?;
    page.until("document.querySelector('#knob-scheme').value === 'mutual'").await?;
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_has_room_for_many_networks() -> Result<()> {
    for scheme in ["mutual&members=8", "several-teachers&members=10", "born-again&members=5"] {
        let page = Page::open(&format!("{SHORT}&scheme={scheme}"), Gpu::None).await?;
        page.until_finished().await?;
        for width in [360, 768, 1280] {
            page.resize(width, 800).await?;
            let overflow = page.script("return document.documentElement.scrollWidth <= innerWidth").await?;
            ensure!(overflow == json!(true), "{scheme} is too wide at {width}");
            let violations = page.violations().await?;
            ensure!(violations.is_empty(), "{scheme} at {width}: {violations:?}");
        }
        page.close().await?;
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_says_of_the_shown_example_what_each_exit_answers() -> Result<()> {
    let page = Page::open_first(EXITS, Gpu::None).await?;
    page.until_finished().await?;
    // A class and how sure the exit is of it, in each of the student's cells.
    let cells = "[...document.querySelectorAll('#mechanism .exhibit:last-child tr.student td')].map((cell) => cell.textContent)";
    // The likeliest class by the bars: the last exit is the network's own answer.
    let likeliest = "[...document.querySelectorAll('.bars tbody tr')].map((row) =>
          [parseFloat(row.querySelector('td.number.student').textContent), row.querySelector('th').textContent])
        .reduce((most, row) => row[0] > most[0] ? row : most, [-1])[1]";
    let agree = format!(
        "{cells}.length === 2 && {cells}.every((cell) => /^\\d · [\\d.]+ %$/.test(cell)) && {cells}[1][0] === {likeliest}"
    );
    let mut seen = BTreeSet::new();
    for _ in 0..4 {
        page.until(&agree).await?;
        seen.insert(page.script(&format!("return {cells}.join()")).await?.to_string());
        page.click("#next-example").await?;
    }
    ensure!(seen.len() > 1, "every example has the same answers: {seen:?}");
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_keeps_schemes_that_show_much_of_themselves_within_two_screens() -> Result<()> {
    let page = Page::open_first(SEVERAL, Gpu::None).await?;
    page.until_finished().await?;
    for scheme in ["exits", "private", "adversarial", "generator", "dataset", "lifelong"] {
        page.set("#knob-scheme", scheme).await?;
        page.until_begun().await?;
        page.until_finished().await?;
        for (width, height, screens) in [(390, 844, 3), (1280, 800, 2)] {
            page.resize(width, height).await?;
            page.until(&format!("innerWidth === {width}")).await?;
            // The short training has chips of its own.
            let chips = "(document.querySelector('#lede .chips')?.offsetHeight ?? 26) - 26";
            let page_height = format!("document.documentElement.scrollHeight - ({chips})");
            page.until(&format!("{page_height} <= {}", screens * height)).await?;
        }
    }
    page.close().await
}
