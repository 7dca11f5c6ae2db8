//! The tabs of the page, its inspector, and what stands in the picture.

use anyhow::{Result, ensure};
use retort_tests::{Gpu, Page};
use serde_json::json;

const SHORT: &str = "#v=1&teacher-epochs=3&student-epochs=3&runs=1";

/// Each tab, and a panel that stands in it.
const TABS: [(&str, &str); 5] = [
    ("inside", "#confusion"),
    ("loss", "#objectives"),
    ("shrink", "#cost"),
    ("compare", "#compare"),
    ("lessons", "#lesson-cards"),
];

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_shows_one_view_at_a_time_and_back_goes_back() -> Result<()> {
    let page = Page::open_first(SHORT, Gpu::None).await?;
    page.until_finished().await?;
    ensure!(page.script("return location.hash.includes('tab=')").await? == json!(false));
    for (tab, panel) in TABS {
        page.click(&format!("#tab-{tab}")).await?;
        page.until(&format!(
            "document.querySelector('{panel}') && !document.querySelector('#soft-targets')
               && location.hash.endsWith('&tab={tab}')"
        ))
        .await?;
    }
    page.script("history.back()").await?;
    page.until("document.querySelector('#compare') && !document.querySelector('#lesson-cards')").await?;
    // A link opens the view that it names, and another word is told of.
    page.go(&format!("{SHORT}&tab=shrink&depth=cinema")).await?;
    page.reload().await?;
    page.until("document.querySelector('#cost') && document.querySelector('#notices').textContent.includes('cinema')")
        .await?;
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_opens_the_settings_of_what_is_asked_for() -> Result<()> {
    let page = Page::open_first(SHORT, Gpu::None).await?;
    page.until_finished().await?;
    page.find("#essentials #knob-labels").await?;
    page.click("[data-group=teacher]").await?;
    page.until("document.querySelector('#inspector #teacher #knob-dropout') && !document.querySelector('#essentials')")
        .await?;
    ensure!(page.script("return document.querySelectorAll('[id=knob-teacher]').length").await? == json!(1));
    page.click("[data-group=essentials]").await?;
    // What differs from the defaults is in view, and one click puts it back.
    page.set("#knob-labels", "70").await?;
    page.until("document.querySelector('[data-chip=labels]')?.textContent.includes('70')").await?;
    page.click("[data-chip=labels] button").await?;
    page.until("!document.querySelector('[data-chip=labels]') && !location.hash.includes('labels=70')").await?;
    page.set("#depth", "class").await?;
    page.until("['data', 'scheme', 'teacher', 'student', 'settings'].every((id) => document.querySelector(`#inspector #${id}`))")
        .await?;
    page.set("#depth", "everything").await?;
    page.until(
        "document.querySelector('#objectives') && document.querySelector('#cost') && document.querySelector('#data')",
    )
    .await?;
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_draws_its_networks_and_opens_them() -> Result<()> {
    for (link, networks) in [("", 3), ("&scheme=mutual&members=3", 4), ("&scheme=several-teachers", 7)] {
        let page = Page::open_first(&format!("{SHORT}{link}"), Gpu::None).await?;
        page.until_finished().await?;
        let count = page.script("return document.querySelectorAll('#map [data-network]').length").await?;
        ensure!(count.as_u64().is_some_and(|count| count >= networks), "{link}: {count} networks");
        let height = page.script("return document.querySelector('#map svg').getBoundingClientRect().height").await?;
        ensure!(height.as_f64().is_some_and(|height| height <= 190.0), "{link}: {height} pixels high");
        page.click("#map button[data-network=student]").await?;
        page.until("document.querySelector('#inspector #student')").await?;
        page.close().await?;
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_takes_a_drawing_in_the_place_of_a_test_example() -> Result<()> {
    let page = Page::open_first(SHORT, Gpu::None).await?;
    page.until_finished().await?;
    ensure!(page.script("return document.querySelector('#draw') === null").await? == json!(true));
    page.click("#draw-one").await?;
    page.find("#draw-pad").await?;
    for key in ["Enter", "ArrowDown", "ArrowDown", "ArrowDown", "Enter"] {
        page.key("#draw-pad", key).await?;
    }
    page.until("document.querySelector('#soft-targets #back-to-test')").await?;
    page.click("#draw-one").await?;
    page.until("!document.querySelector('#draw')").await?;
    // The surest example and the most doubtful one.
    let entropy = async |button: &str| {
        page.click(button).await?;
        page.number("#entropy").await
    };
    let (surest, doubtful) = (entropy("#surest").await?, entropy("#doubtful").await?);
    ensure!(surest < doubtful, "{surest} bits, {doubtful} bits");
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_says_what_a_word_means_when_it_is_pressed() -> Result<()> {
    for language in ["en", "zh-CN"] {
        let page = Page::open_first(&format!("{SHORT}&lang={language}"), Gpu::None).await?;
        page.until_finished().await?;
        for word in ["entropy", "softmax", "with-without", "verdict-sub"] {
            page.click(&format!("#{word}")).await?;
            let shown = format!("document.querySelector('#about-{word}').matches(':popover-open')");
            page.until(&shown).await?;
            let inside = format!(
                "const {{ left, top, right, bottom }} = document.querySelector('#about-{word}').getBoundingClientRect();
                 return left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight && bottom - top > 20"
            );
            ensure!(page.script(&inside).await? == json!(true), "{language}: {word} leaves the window");
            let violations = page.violations().await?;
            ensure!(violations.is_empty(), "{language}: {word}: {violations:?}");
            // A press elsewhere closes it.
            page.click("#lede > p").await?;
            page.until(&format!("!{shown}")).await?;
        }
        page.close().await?;
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_leaves_the_map_in_view_above_a_phones_settings() -> Result<()> {
    let page = Page::open_first(SHORT, Gpu::None).await?;
    page.until_finished().await?;
    page.resize(390, 844).await?;
    let in_view = "(() => {
        const box = (of) => document.querySelector(of).getBoundingClientRect();
        return box('#map').top >= box('#play').bottom && box('#map').bottom <= box('#inspector').top
          && box('#inspector').height >= 400 && box('#inspector').bottom <= innerHeight })()";
    for button in ["#map button[data-network=student]", "[data-group=data]"] {
        page.click(button).await?;
        page.until(&format!("document.querySelector('#inspector[data-inspected]') && {in_view}")).await?;
        page.click("#inspector-close").await?;
        page.until("!document.querySelector('#inspector[data-inspected]')").await?;
    }
    page.close().await
}
