//! Figures and pictures of the page: printed and drawn, never promised.

use std::time::Duration;

use anyhow::Result;
use retort_tests::{Gpu, Page};

/// What a first visit costs in time, printed for the documentation.
#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn figures() -> Result<()> {
    let script = "window.seen = {}; const see = (name) => { window.seen[name] ??= performance.now(); };
        new MutationObserver(() => {
          if (document.querySelector('.bars')) see('something to look at');
          const main = document.querySelector('main[data-recorded=false]');
          if (main && main.querySelector('#curves svg')?.dataset.points > 2) see('first real training curve');
          if (main && main.querySelector('#packed-bytes')) see('teacher, baseline and student trained and packed');
          if (main?.dataset.state === 'finished') see('verdict over all seeds');
        }).observe(document, { childList: true, subtree: true, attributes: true });
        window.paint = 0; window.shift = 0; window.tasks = [];
        const watch = (type, take) => new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
        watch('largest-contentful-paint', (entry) => { window.paint = entry.startTime; });
        watch('layout-shift', (entry) => { if (!entry.hadRecentInput) window.shift += entry.value; });
        watch('longtask', (entry) => { window.tasks.push([entry.startTime, entry.duration]); });";
    let page = Page::open_after("", Gpu::None, script).await?;
    page.until_finished().await?;
    let seen = page.script("return window.seen").await?;
    for (name, milliseconds) in seen.as_object().into_iter().flatten() {
        println!("{name:<52} {:>7.2} s", milliseconds.as_f64().unwrap_or(f64::NAN) / 1000.0);
    }
    let paint = page.script("return window.paint").await?.as_f64().unwrap_or(f64::NAN);
    println!("{:<52} {:>7.2} s", "largest contentful paint", paint / 1000.0);
    let shift = page.script("return window.shift").await?.as_f64().unwrap_or(f64::NAN);
    println!("{:<52} {shift:>7.4}", "cumulative layout shift");
    let tasks: Vec<[f64; 2]> = serde_json::from_value(page.script("return window.tasks").await?)?;
    let trained = page.script("return window.seen['first real training curve']").await?.as_f64().unwrap_or(f64::NAN);
    for (name, during) in [("while the page opens", false), ("while networks train", true)] {
        let lengths = tasks.iter().filter(|[start, _]| (*start >= trained) == during).map(|[_, length]| *length);
        let (count, longest) = lengths.fold((0, 0.0_f64), |(count, most), length| (count + 1, most.max(length)));
        println!("{:<52} {count:>7}, the longest {longest:.0} ms", format!("main-thread tasks over 50 ms {name}"));
    }
    page.close().await?;
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
        let page = Page::open(link, Gpu::None).await?;
        page.until_finished().await?;
        for (width, height) in [(390, 4200), (1280, 1180), (1920, 1900)] {
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
