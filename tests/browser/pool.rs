//! Several workers at once: what they give is what one gives, and none of them is needed.

use std::time::Duration;

use anyhow::{Result, ensure};
use retort_tests::{Gpu, Page};

/// Five seeds of a short experiment.
const SEEDS: &str = "#v=1&teacher-epochs=12&student-epochs=12&runs=5";

const RUNNING: &str = "document.querySelector('main[data-state=running]')";

/// A machine with so many cores, and a hand on the workers.
fn machine(cores: u32) -> String {
    format!(
        "Object.defineProperty(Navigator.prototype, 'hardwareConcurrency', {{ get: () => {cores} }});
         window.workers = [];
         window.Worker = class extends Worker {{
           constructor(...given) {{
             super(...given);
             window.workers.push([given[1].name, this]);
             if (given[1].name.includes('engine')) {{
               this.addEventListener('message', () => {{ window.heard = (window.heard ?? 0) + 1; }});
             }}
           }}
         }};"
    )
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_trains_seeds_in_workers_and_gets_the_same() -> Result<()> {
    let page = Page::open_after(SEEDS, Gpu::None, &machine(2)).await?;
    page.until_finished().await?;
    let alone = page.text("#verdict-words").await?;
    page.find("#device[data-workers='1']").await?;
    page.close().await?;

    let page = Page::open_after(SEEDS, Gpu::None, &machine(4)).await?;
    page.until_finished().await?;
    ensure!(page.text("#verdict-words").await? == alone, "{alone}");
    page.until("document.querySelector('#device').dataset.workers === '3'").await?;
    // Afterwards there is nothing to say but that they are alive.
    let more = said(&page, Duration::from_secs(5)).await?;
    ensure!(more < 60, "{more} messages while nothing is trained");
    page.click("#device").await?;
    ensure!(page.text("#diagnostics").await?.contains("3 on 4 cores"));
    page.click("#device").await?;
    page.until("!document.querySelector('#diagnostics').matches(':popover-open')").await?;

    // Another experiment before this one is done; and one worker ends in the middle of it. So slowly that it has a
    // middle on every machine.
    page.set("#pace", "100").await?;
    page.set("#knob-labels", "100").await?;
    page.until(RUNNING).await?;
    // What was trained once is found again, unless it is to be trained anew.
    page.set("#knob-labels", "50").await?;
    page.click("#reset").await?;
    page.until(RUNNING).await?;
    let end = "const helpers = window.workers.filter(([name]) => name.includes('engine-perceptrons')).slice(1);
        helpers.at(-1)[1].dispatchEvent(new ErrorEvent('error', { message: 'lost' })); return helpers.length;";
    ensure!(page.script(end).await? == 2);

    // Pausing stops all of them, and going on ends with the same.
    page.click("#play").await?;
    page.until("document.querySelector('main[data-state=paused]')").await?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let more = said(&page, Duration::from_secs(3)).await?;
    ensure!(more < 30, "{more} messages while training waits, where each worker would have said thirty");
    page.click("#play").await?;
    page.until(RUNNING).await?;
    page.set("#pace", "full").await?;
    page.until_finished().await?;
    ensure!(page.text("#verdict-words").await? == alone, "{alone}");
    page.close().await
}

/// How much the engines say in a while.
async fn said(page: &Page, wait: Duration) -> Result<u64> {
    let heard = async || Ok::<u64, anyhow::Error>(page.script("return window.heard").await?.as_u64().unwrap_or(0));
    let before = heard().await?;
    tokio::time::sleep(wait).await;
    Ok(heard().await? - before)
}
