//! Figures and pictures of the page: printed and drawn, never promised.

use std::time::Duration;

use anyhow::Result;
use retort_tests::{Gpu, Page, before};
use serde_json::json;

/// What a first visit costs in time, printed for the documentation.
#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn figures() -> Result<()> {
    // The bytes, the round trip in milliseconds, and the main thread's slowness of each visit.
    let visits = [
        ("1280", false, None, 1),
        ("1280, 4x slower", false, None, 4),
        ("390, 4G, 4x slower", true, Some((1_170_000, 40)), 4),
        ("390, fast 3G, 4x slower", true, Some((184_000, 170)), 4),
    ];
    for (name, phone, line, slow) in visits {
        visit(name, phone, line, slow).await?;
    }
    // While a large teacher trains, a digit is drawn: from the key press to the numbers on the page.
    let page = Page::open("#v=1&runs=1&teacher-epochs=1000", Gpu::None).await?;
    page.until("document.querySelector('main[data-state=running]') && document.querySelector('#draw-pad')").await?;
    page.key("#draw-pad", " ").await?;
    page.until("/\\d/.test(document.querySelector('#draw-answers')?.textContent)").await?;
    let times = page
        .promise(
            "(async () => {
                const answers = document.querySelector('#draw-answers'), pad = document.querySelector('#draw-pad'), times = [];
                for (let i = 0; i < 30; i++) {
                    await new Promise((resolve) => setTimeout(resolve, 150));
                    const start = performance.now();
                    const answered = new Promise((resolve) => {
                        const watch = new MutationObserver(() => { watch.disconnect(); resolve(performance.now() - start); });
                        watch.observe(answers, { subtree: true, childList: true, characterData: true });
                        setTimeout(() => { watch.disconnect(); resolve(null); }, 500);
                    });
                    pad.dispatchEvent(new KeyboardEvent('keydown', { key: i < 4 ? 'ArrowDown' : i < 10 ? 'ArrowLeft' : i < 20 ? 'ArrowUp' : 'ArrowRight', bubbles: true, cancelable: true }));
                    times.push(await answered);
                }
                return times.filter((time) => time !== null).sort((a, b) => a - b);
            })()",
        )
        .await?;
    let times: Vec<f64> = serde_json::from_value(times)?;
    let of = |share: f64| times.get((share * times.len() as f64) as usize).copied().unwrap_or(f64::NAN);
    println!(
        "{:<52} {:>7.0} ms, nine of ten within {:.0} ms",
        "a drawn digit answered while the CPU engine trains",
        of(0.5),
        of(0.9)
    );
    page.close().await
}

/// One first visit, and what was seen when.
async fn visit(name: &str, phone: bool, line: Option<(u32, u32)>, slow: u32) -> Result<()> {
    let script = "window.seen = {}; const see = (name) => { window.seen[name] ??= performance.now(); };
        new MutationObserver(() => {
          if (document.querySelector('.bars')) see('first bars');
          const main = document.querySelector('main[data-recorded=false]');
          if (main) see('own training');
          if (main?.dataset.state === 'finished') see('verdict over all seeds');
        }).observe(document, { childList: true, subtree: true, attributes: true });
        window.shift = 0; window.tasks = []; window.paint = {};
        const watch = (type, take) => new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
        watch('paint', (entry) => { window.paint[entry.name] = entry.startTime; });
        watch('layout-shift', (entry) => { if (!entry.hadRecentInput) window.shift += entry.value; });
        watch('longtask', (entry) => { window.tasks.push(entry.duration); });";
    let mut commands = before(script).to_vec();
    commands.push(("Emulation.setCPUThrottlingRate", json!({ "rate": slow })));
    if phone {
        let metrics = json!({ "width": 390, "height": 844, "deviceScaleFactor": 3, "mobile": true });
        commands.push(("Emulation.setDeviceMetricsOverride", metrics));
        commands.push(("Emulation.setTouchEmulationEnabled", json!({ "enabled": true })));
    }
    if let Some((bytes, latency)) = line {
        let conditions =
            json!({ "offline": false, "latency": latency, "downloadThroughput": bytes, "uploadThroughput": bytes / 4 });
        commands.push(("Network.enable", json!({})));
        commands.push(("Network.emulateNetworkConditions", conditions));
    }
    let page = Page::open_as("#v=1", Gpu::None, &commands).await?;
    page.until_finished().await?;
    println!("{name}");
    let paint = page.script("return window.paint['first-contentful-paint']").await?;
    let seen = page.script("return window.seen").await?;
    let seen = seen.as_object().into_iter().flatten().map(|(name, time)| (name.as_str(), time.clone()));
    for (what, time) in [("first contentful paint", paint)].into_iter().chain(seen) {
        println!("  {what:<50} {:>7.2} s", time.as_f64().unwrap_or(f64::NAN) / 1000.0);
    }
    let shift = page.script("return window.shift").await?.as_f64().unwrap_or(f64::NAN);
    println!("  {:<50} {shift:>7.4}", "cumulative layout shift");
    let tasks: Vec<f64> = serde_json::from_value(page.script("return window.tasks").await?)?;
    let (sum, longest) = tasks.iter().fold((0.0, 0.0_f64), |(sum, most), task| (sum + task, most.max(*task)));
    println!("  {:<50} {sum:>7.0} ms, the longest {longest:.0} ms", "main-thread tasks over 50 ms");
    page.close().await
}

/// Pictures of the page: the README's, and one of each width, language and scheme to look at.
#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn screenshot() -> Result<()> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/screenshots");
    std::fs::create_dir_all(folder)?;
    for (name, link) in [
        ("digits8-en-light", "#v=1&lang=en&theme=light"),
        ("digits8-zh-dark", "#v=1&lang=zh-CN&theme=dark"),
        ("moons-en-dark", "#v=1&data=moons&lang=en&theme=dark"),
        ("moons-zh-light", "#v=1&data=moons&lang=zh-CN&theme=light"),
        ("strokes-zh-light", "#v=1&data=strokes&lang=zh-CN&theme=light"),
        ("projector-en", "#v=1&view=projector&lang=en"),
        ("lesson-en-light", "#lesson=temperature&lang=en&theme=light"),
        ("lesson-zh-dark", "#lesson=dark-knowledge&lang=zh-CN&theme=dark"),
    ] {
        let page = Page::open_first(link, Gpu::None).await?;
        page.until_finished().await?;
        for (width, height) in [(390, 2600), (1280, 1180), (1920, 1400)] {
            page.resize(width, height).await?;
            tokio::time::sleep(Duration::from_millis(400)).await;
            let picture = page.picture().await?;
            std::fs::write(format!("{folder}/{name}-{width}.png"), &picture)?;
            if (name, width) == ("digits8-en-light", 1280) {
                std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/screenshot.png"), &picture)?;
            }
        }
        page.close().await?;
    }
    Ok(())
}
