//! Whether everybody can use the page: axe-core on every view, every width, and what a reader is told.

use std::time::Duration;

use anyhow::{Result, ensure};
use retort_tests::{Gpu, Page};
use serde_json::json;

/// Every view of the page: its permalink, and what to click to come to it.
const VIEWS: &[(&str, &[&str])] = &[
    ("#v=1&runs=1", &[]),
    ("#v=1&runs=1&theme=dark", &[]),
    ("#v=1&runs=1&lang=zh-CN", &[]),
    ("#v=1&runs=1&data=moons", &[]),
    ("#v=1&runs=1&data=moons&theme=dark", &["#tool-add"]),
    ("#v=1&runs=1&view=projector", &[]),
    ("#v=1&runs=1&omit=3", &["#confusion [data-view=difference]", "#curve-train", "#curve-table summary"]),
    ("#v=1&runs=1", &["#settings summary", "#keyboard summary", "#downloads summary", "#keep"]),
    ("#v=1&runs=1", &["#share"]),
    ("#v=1&runs=1&theme=dark", &["#share"]),
    ("#v=1&runs=1&tab=distil", &["#tab-lessons"]),
    ("#v=1&runs=1&tab=distil", &["#draw-one"]),
    ("#v=1&runs=1&tab=distil&theme=dark&bits=4", &["#all-numbers", "[data-group=student]"]),
    ("#v=1&runs=1&tab=distil&lang=zh-CN&data=moons", &["#tour-start"]),
    ("#v=1&runs=1&tab=inside", &[]),
    ("#v=1&runs=1&tab=loss&depth=class", &[]),
    ("#v=1&runs=1&tab=shrink&theme=dark", &[]),
    ("#v=1&runs=1&tab=compare", &[]),
    ("#v=1&runs=1&depth=class&lang=zh-CN", &[]),
    ("#lesson=temperature&tab=distil", &[]),
    ("#lesson=temperature&theme=dark&tab=distil", &[]),
    ("#v=1&runs=1&data=strokes&lock=all&hide=settings", &["[data-help=temperature]"]),
    ("#v=1&data=fashion", &[]),
    ("#v=1&runs=1&decoupled=1&hint=100&pkt=30000", &["[data-knob=attention] summary", "#term-table summary"]),
    ("#v=1&runs=1&decoupled=1&hint=100&pkt=30000&theme=dark&lock=hint", &["[data-knob=decoupled] summary"]),
];

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_has_no_violation_in_any_view() -> Result<()> {
    let mut found = Vec::new();
    for (link, clicks) in VIEWS {
        let page = Page::open(link, Gpu::None).await?;
        match link.contains("fashion") {
            true => page.until("document.querySelector('#data-files')").await?,
            false => page.until_finished().await?,
        }
        for click in *clicks {
            page.click(click).await?;
        }
        for (width, height) in [(1280, 800), (390, 844)] {
            page.resize(width, height).await?;
            // What is scrolled halfway under the bar that stays in view is no smaller for that.
            page.script("scrollTo(0, 0)").await?;
            // Bars and panels come to rest.
            tokio::time::sleep(Duration::from_millis(500)).await;
            found.extend(page.violations().await?.into_iter().map(|line| format!("{link} {clicks:?} {width}: {line}")));
        }
        page.close().await?;
    }
    ensure!(found.is_empty(), "{} violations:\n{}", found.len(), found.join("\n"));
    Ok(())
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_fits_every_width_and_the_picture_one_screen() -> Result<()> {
    for link in [
        "#v=1&runs=1",
        "#v=1&runs=1&data=moons&lang=zh-CN",
        "#lesson=temperature",
        "#v=1&runs=1&student-epochs=5&decoupled=1&hint=100&factor=500&standardized-logits=9&pkt=30000",
    ] {
        let page = Page::open_first(link, Gpu::None).await?;
        page.until_finished().await?;
        // 640 is what a window of 1280 has left at 200 % zoom.
        for width in [360, 390, 640, 768, 1024, 1280, 1920, 3840] {
            page.resize(width, 800).await?;
            let overflow = page.script("return document.documentElement.scrollWidth - innerWidth").await?;
            ensure!(
                overflow.as_i64().is_some_and(|pixels| pixels <= 0),
                "{link} at {width}: {overflow} pixels too wide"
            );
        }
        page.close().await?;
    }
    // The first screen holds the map, all bars and the curves.
    let page = Page::open_first("#v=1&runs=1", Gpu::None).await?;
    page.until_finished().await?;
    page.resize(1280, 800).await?;
    for part in ["#map", ".bars", "#curves .chart"] {
        let end =
            page.script(&format!("return document.querySelector('{part}').getBoundingClientRect().bottom")).await?;
        ensure!(end.as_f64().is_some_and(|end| end <= 800.0), "{part} ends at {end}");
    }
    let track = "return document.querySelector('.bars tbody td').getBoundingClientRect().width";
    let track = page.script(track).await?.as_f64().unwrap_or_default();
    ensure!(track >= 500.0, "the bars have {track} pixels");
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_shows_all_soft_targets_on_a_small_projector() -> Result<()> {
    for language in ["en", "zh-CN"] {
        let page = Page::open_first(&format!("#v=1&runs=1&view=projector&lang={language}"), Gpu::None).await?;
        page.until_finished().await?;
        page.resize(1280, 720).await?;
        let end = page
            .script("return Math.max(...[...document.querySelectorAll('.multiple, .bars')].map((of) => of.getBoundingClientRect().bottom))")
            .await?;
        ensure!(end.as_f64().is_some_and(|end| end <= 720.0), "{language}: temperatures and bars end at {end}");
        page.close().await?;
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_tells_readers_once_and_names_its_charts() -> Result<()> {
    // What the live region says is written down.
    let script = "window.heard = []; addEventListener('DOMContentLoaded', () => new MutationObserver(() => {
        const said = document.querySelector('#announcer')?.textContent;
        if (said && window.heard.at(-1) !== said) window.heard.push(said);
      }).observe(document, { childList: true, subtree: true, characterData: true }));";
    let page = Page::open_after("#v=1&runs=1", Gpu::None, script).await?;
    page.until_finished().await?;
    let live = page
        .script(
            "return document.querySelectorAll('[aria-live]:not([aria-live=off]), [role=status], [role=alert]').length",
        )
        .await?;
    ensure!(live == json!(1), "{live} live regions");
    page.until("window.heard.some((said) => said.includes('Distillation'))").await?;
    let heard = page.script("return window.heard.length").await?;
    ensure!(heard.as_u64().is_some_and(|count| count <= 8), "a reader hears {heard} sentences");
    let nameless = page
        .script("return [...document.querySelectorAll('svg:not([aria-hidden=true])')].filter((svg) => !svg.getAttribute('aria-label') && !svg.getAttribute('aria-labelledby') && !svg.closest('[aria-hidden=true]')).map((svg) => svg.outerHTML.slice(0, 120))")
        .await?;
    ensure!(nameless == json!([]), "{nameless}");
    page.close().await
}
