//! What a class needs: links that hide, lock and enlarge, the share dialog, lessons, the tour, keys.

use anyhow::{Result, ensure};
use retort_tests::{Gpu, Page};
use serde_json::json;

/// A short experiment for tests that are about something else than its result.
const SHORT: &str = "#v=1&teacher-epochs=3&student-epochs=3&runs=1";

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_hides_and_locks_what_its_link_names() -> Result<()> {
    let page = Page::open(
        &format!("{SHORT}&hide=settings,labels,reset,colour&lock=temperature,teacher&view=projector"),
        Gpu::None,
    )
    .await?;
    page.until_finished().await?;
    let there = |selector: &str| format!("return Boolean(document.querySelector({selector:?}))");
    for gone in ["#settings", "#knob-labels", "#reset"] {
        ensure!(page.script(&there(gone)).await? == json!(false), "{gone} is still there");
    }
    ensure!(page.script(&there("#temperature:disabled")).await? == json!(true));
    ensure!(page.script(&there("#knob-teacher:disabled")).await? == json!(true));
    ensure!(page.script(&there("html[data-view=projector]")).await? == json!(true));
    ensure!(page.text("#notices").await?.contains("colour"), "an unknown name is told of");
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_builds_links_to_share() -> Result<()> {
    let page = Page::open(&format!("{SHORT}&temperature=8"), Gpu::None).await?;
    page.until_finished().await?;
    page.click("#share").await?;
    page.until("document.querySelector('#share-dialog').open").await?;
    ensure!(
        page.script("return document.querySelector('#share-link').value.includes('temperature=8')").await?
            == json!(true)
    );
    let code = "document.querySelector('#share-qr').innerHTML";
    let before = page.script(&format!("return {code}")).await?;
    page.script("document.querySelectorAll('#share-dialog details').forEach((fold) => fold.open = true)").await?;
    page.click("#hide-settings").await?;
    page.until("document.querySelector('#share-link').value.includes('hide=settings')").await?;
    page.click("#lock-temperature").await?;
    page.set("#share-language", "zh-CN").await?;
    page.click("#share-projector").await?;
    page.until("/lang=zh-CN/.test(document.querySelector('#share-embed').value) && /iframe/.test(document.querySelector('#share-embed').value)").await?;
    page.until("/lock=temperature/.test(document.querySelector('#share-link').value) && /view=projector/.test(document.querySelector('#share-link').value)").await?;
    ensure!(page.script(&format!("return {code}")).await? != before, "the code follows");
    // The link does what it says.
    page.script("location.href = document.querySelector('#share-link').value; location.reload()").await?;
    page.until("document.documentElement.lang === 'zh-CN' && document.querySelector('#temperature:disabled') && !document.querySelector('#settings')").await?;
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_obeys_single_keys_until_they_are_turned_off() -> Result<()> {
    let page = Page::open("#v=1&teacher-epochs=1000&student-epochs=3&runs=1", Gpu::None).await?;
    page.until("document.querySelector('main[data-state=running]')").await?;
    page.key("body", " ").await?;
    page.until("document.querySelector('main[data-state=paused]')").await?;
    page.open_fold("#keyboard").await?;
    page.click("#single-keys").await?;
    page.key("body", " ").await?;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    page.until("document.querySelector('main[data-state=paused]')").await?;
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_leads_through_a_lesson() -> Result<()> {
    let page = Page::open("", Gpu::None).await?;
    page.until_finished().await?;
    page.click("#lessons").await?;
    page.until("document.querySelectorAll('#lessons-menu [data-lesson]').length >= 8").await?;
    page.click("#lessons-menu [data-lesson=temperature] a, #lessons-menu [data-lesson=temperature] button").await?;
    page.until("location.hash.includes('lesson=temperature')").await?;
    // Step by step to the end; predictions are made, and revealed by what was measured.
    let mut predicted = 0;
    for _ in 0..12 {
        page.until("document.querySelector('#lesson-step')").await?;
        if page.script("return Boolean(document.querySelector('#lesson input[type=radio]:not(:disabled)'))").await?
            == json!(true)
        {
            page.script("document.querySelector('#lesson input[type=radio]').click()").await?;
            page.click("#lesson-check").await?;
            page.until("document.querySelector('#lesson-result')").await?;
            predicted += 1;
        }
        // "Step 7 of 7": the next click would leave.
        let [step, steps] = {
            let place = page.text("#lesson-place").await?;
            let numbers: Vec<u32> = place.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect();
            [numbers[0], numbers[1]]
        };
        if step == steps {
            break;
        }
        page.click("#lesson-next").await?;
    }
    ensure!(predicted > 0, "a prediction is asked for");
    page.script("window.printed = 0; window.print = () => { window.printed += 1; }").await?;
    page.click("#lesson-print").await?;
    page.until("window.printed === 1").await?;
    page.click("#lesson-leave").await?;
    page.until("!location.hash.includes('lesson=')").await?;
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_offers_its_tour_once() -> Result<()> {
    let page = Page::open_first(SHORT, Gpu::None).await?;
    page.until("document.querySelector('#tour')").await?;
    page.click("#tour-start").await?;
    page.until("document.querySelector('[data-look]')").await?;
    page.key("#tour", "Escape").await?;
    page.until("!document.querySelector('#tour')").await?;
    page.script("location.reload()").await?;
    page.until_finished().await?;
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    ensure!(page.script("return document.querySelector('#tour') === null").await? == json!(true), "asked again");
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_can_be_installed() -> Result<()> {
    let page = Page::open(SHORT, Gpu::None).await?;
    let found = page
        .promise(
            "(async () => {
                const link = document.querySelector('link[rel=manifest]').href, manifest = await (await fetch(link)).json();
                const icons = await Promise.all(manifest.icons.map(async ({ src }) => (await fetch(new URL(src, link))).ok));
                return [manifest.display, Boolean(manifest.name && manifest.start_url), icons.length >= 2 && icons.every(Boolean)];
            })()",
        )
        .await?;
    ensure!(found == json!(["standalone", true, true]), "{found}");
    page.close().await
}
