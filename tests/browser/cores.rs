//! One worker beside as many as there are cores, in turns: how much sooner a visitor has eight seeds.

use std::thread;

use anyhow::{Context as _, Result};
use retort_tests::{Gpu, Page};

use crate::bench::{REPEATS, spread};

/// What is measured.
pub const EIGHT_SEEDS: &str = "eight seeds on all cores";

/// The page's engine trains on a core less than there are.
fn machine(workers: usize) -> String {
    format!(
        "Object.defineProperty(Navigator.prototype, 'hardwareConcurrency', {{ get: () => {} }});
         Object.defineProperty(Navigator.prototype, 'deviceMemory', {{ get: () => 8 }});
         new MutationObserver(() => {{
           const {{ begun, state }} = document.querySelector('main')?.dataset ?? {{}};
           if (begun !== window.last) [window.last, window.from, window.took] = [begun, performance.now(), null];
           if (state === 'finished') window.took ??= performance.now() - window.from;
         }}).observe(document, {{ subtree: true, childList: true, attributes: true, attributeFilter: ['data-begun', 'data-state'] }});",
        workers + 1
    )
}

/// Prints how long the default experiment takes with eight seeds by one worker and by as many as this machine has
/// cores: one more than a visitor's page would take of it. Once in the page as a visitor has it, and once with next to
/// nothing to draw.
pub async fn eight_seeds() -> Result<()> {
    println!("\n### {EIGHT_SEEDS}\n");
    println!("Trained again: time from the first step to the verdict.\n");
    println!("| | ms, median (min–max) | speed-up, median (min–max) |\n| --- | --- | --- |");
    let verdict = "&hide=data,scheme,teacher,soft-targets,student,cost,curves,objectives,similarity,confusion,draw,packed,bench,inside,words,task-sizes,mechanism,compare,literature,sweep,lesson-cards,settings";
    for (shown, hide) in [("all panels", ""), ("only the verdict", verdict)] {
        in_turns(shown, &format!("#v=1&runs=8{hide}")).await?;
    }
    Ok(())
}

async fn in_turns(shown: &str, link: &str) -> Result<()> {
    let cores = thread::available_parallelism()?.get();
    let mut pages = Vec::new();
    for workers in [1, cores] {
        let page = Page::open_after(link, Gpu::None, &machine(workers)).await?;
        page.until_finished().await?;
        pages.push((page, Vec::new()));
    }
    for _ in 0..REPEATS {
        for (page, times) in &mut pages {
            page.click("#play").await?;
            page.until_begun().await?;
            page.until_finished().await?;
            times.push(page.script("return window.took").await?.as_f64().context("no training was seen")?);
        }
    }
    let alone = pages.first().map_or_else(Vec::new, |(_, times)| times.clone());
    for ((_, times), workers) in pages.iter().zip([1, cores]) {
        let ratios: Vec<f64> = alone.iter().zip(times).map(|(one, all)| one / all).collect();
        let [[least, median, most], [low, ratio, high]] =
            [times, &ratios].map(|numbers| spread(numbers).unwrap_or([f64::NAN; 3]));
        println!(
            "| {shown}, {workers} of {cores} cores | {median:.0} ({least:.0}–{most:.0}) | {ratio:.2} ({low:.2}–{high:.2}) |"
        );
    }
    for (page, _) in pages {
        page.close().await?;
    }
    Ok(())
}
