//! What breaks pages in the field: bent links, decimal commas, other keyboards, blocked parts, a reload.

use anyhow::{Result, ensure};
use retort_tests::{Gpu, Page};
use serde_json::json;

use crate::SHORT;

/// Links as they arrive, and what stands in the address of the page that understood them.
const BENT: [(&str, &str); 8] = [
    ("?fbclid=abc&utm_source=course#v=1&seed=9&labels=20", "#v=1&seed=9&labels=20"),
    ("#v=1&seed=9&labels=20&utm_source=course&fbclid=abc", "#v=1&seed=9&labels=20"),
    ("#v=1&amp;data=moons&amp;temperature=8", "#v=1&data=moons&temperature=8"),
    ("#v%3D1%26data%3Dmoons%26temperature%3D8", "#v=1&data=moons&temperature=8"),
    ("#v=1&data=moons&teacher=16%252C16", "#v=1&data=moons&teacher=16,16"),
    ("?data=moons", "#v=1&data=moons"),
    ("#v=1&labels=20.", "#v=1&labels=20"),
    ("#v=1&temperature=2,5&lang=en.&theme=dark.&hide=cost,verdict.", "#v=1&temperature=2.5"),
];

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_reads_links_that_were_bent_on_their_way() -> Result<()> {
    let page = Page::open("manifest.webmanifest", Gpu::None).await?;
    for (bent, straight) in BENT {
        // Another page first: a change behind `#` alone would load nothing.
        page.script("location.href = 'icon.svg'").await?;
        page.until("location.pathname.endsWith('icon.svg')").await?;
        page.script(&format!("location.href = {:?}", format!("./{bent}"))).await?;
        page.until(&format!("location.hash.startsWith({straight:?})")).await?;
        page.until("document.querySelector('#notices')").await?;
        ensure!(page.text("#notices").await?.is_empty(), "{bent}: {}", page.text("#notices").await?);
        ensure!(page.script("return location.search").await? == json!(""), "{bent} leaves its tracker in the address");
    }
    ensure!(page.script("return document.documentElement.dataset.theme").await? == json!("dark"));
    ensure!(page.script("return document.querySelector('#verdict') === null").await? == json!(true));
    ensure!(!page.text("#lede").await?.contains("measured…"), "the verdict is hidden and its sentence waits for it");
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_takes_numbers_as_people_type_them() -> Result<()> {
    let page = Page::open(SHORT, Gpu::None).await?;
    page.until_finished().await?;
    for (field, typed, key) in [
        ("learning-rate", "0,02", "learning-rate=0.02"),
        ("weight-decay", "0,1", "weight-decay=0.1"),
        ("labels", "２０", "labels=20"),
        ("student", "24、12", "student=24,12"),
        ("omit", "3，5", "omit=3,5"),
        ("labels", " ALL ", "labels=all"),
    ] {
        page.set(&format!("#knob-{field}"), typed).await?;
        page.until(&format!("location.hash.includes({key:?})")).await?;
    }
    ensure!(page.text("#notices").await?.is_empty());
    page.set("#knob-learning-rate", "1,000").await?;
    page.until("document.querySelector('#notices').textContent.includes('1,000')").await?;
    page.set("#temperature-value", "3,95").await?;
    page.until("location.hash.includes('temperature=3.95')").await?;
    page.key("#temperature-value", "ArrowUp").await?;
    page.until("location.hash.includes('temperature=4.95')").await?;
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_lives_through_a_thousand_nasty_links() -> Result<()> {
    let page = Page::open(SHORT, Gpu::None).await?;
    page.until_finished().await?;
    page.script(
        "window.broken = []; window.addEventListener('error', (event) => window.broken.push(event.message));
         const keys = ['similarity', 'soft', 'temperature', 'labels', 'teacher', 'student', 'data', 'compress', 'colour', 'lesson'];
         const values = ['1e-120', '0.99999', '500', '-1', 'NaN', '', 'conv:4', 'moons', 'prune:0.5', '%zz', 'x'.repeat(500)];
         let place = 0;
         const turn = () => {
           if (place === 1000) { window.turned = true; return; }
           location.hash = `#v=1&runs=1&teacher-epochs=1&student-epochs=1&${keys[place % 10]}=${values[place % 11]}`;
           place += 1;
           window.halfway = place > 500;
           setTimeout(turn, 15);
         };
         turn();",
    )
    .await?;
    // No page is measured here: a slow machine may take its time.
    page.until("window.halfway").await?;
    page.until("window.turned").await?;
    ensure!(page.script("return window.broken").await? == json!([]));
    ensure!(page.script("return document.querySelectorAll('#notices > li').length <= 20").await? == json!(true));
    ensure!(page.script("return document.documentElement.scrollWidth <= innerWidth").await? == json!(true));
    // It still answers, and the address says what is shown.
    page.script("location.hash = '#v=1&runs=1&teacher-epochs=2&student-epochs=2&temperature=500'").await?;
    page.until("document.querySelector('#notices').textContent.includes('temperature=500')").await?;
    page.until("!location.hash.includes('500')").await?;
    page.until_finished().await?;
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_keeps_saved_runs_over_a_reload() -> Result<()> {
    let page = Page::open(SHORT, Gpu::None).await?;
    page.until_finished().await?;
    page.click("#keep").await?;
    page.find(".kept-run").await?;
    page.script("location.reload()").await?;
    page.find(".kept-run").await?;
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_says_why_it_cannot_start() -> Result<()> {
    let page = Page::open("manifest.webmanifest", Gpu::None).await?;
    page.devtools("Network.enable", json!({})).await?;
    for (blocked, said) in [("*retort-app-*.js", "could not be loaded"), ("*fluent-bundle*", "could not be loaded")] {
        page.devtools("Network.setBlockedURLs", json!({ "urls": [blocked] })).await?;
        page.script("location.href = 'icon.svg'").await?;
        page.until("location.pathname.endsWith('icon.svg')").await?;
        page.script("location.href = './'").await?;
        page.until(&format!("document.querySelector('#boot')?.textContent.includes({said:?})")).await?;
        ensure!(page.text("#boot").await?.contains("无法加载"), "in both languages");
    }
    page.devtools("Network.setBlockedURLs", json!({ "urls": [] })).await?;
    page.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": "delete self.WebAssembly" })).await?;
    page.script("location.reload()").await?;
    page.until("document.querySelector('#boot')?.textContent.includes('WebAssembly, or it is switched off')").await?;
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_moves_the_bars_while_the_student_learns() -> Result<()> {
    let page = Page::open("#v=1&runs=1&student-epochs=400", Gpu::None).await?;
    page.until("document.querySelector('#progress').textContent.includes('/400')").await?;
    let bars =
        "return [...document.querySelectorAll('.bars td.number.student')].map((cell) => cell.textContent).join(' ')";
    let before = page.script(bars).await?;
    page.until(&format!("(() => {{ {bars} }})() !== {before}")).await?;
    // What is not known yet has no bar.
    page.script("location.hash = '#v=1&data=mnist&depth=everything'").await?;
    page.until("![...document.querySelectorAll('.bar')].some((bar) => bar.style.width === '')").await?;
    page.until("document.querySelector('#accuracy-student').textContent === '–'").await?;
    page.close().await
}

/// A layout shift below this is good (web.dev, "Cumulative Layout Shift").
const GOOD_SHIFT: f64 = 0.05;

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_does_not_jump_while_it_loads_and_trains() -> Result<()> {
    let script = "window.shift = 0; window.moved = []; new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
            if (entry.hadRecentInput) return;
          window.shift += entry.value;
          const name = (node) => node?.id ? `#${node.id}` : `${node?.parentElement?.id ?? ''}>${node?.nodeName}.${node?.className}`;
          window.moved.push([entry.value.toFixed(3), ...entry.sources.map((of) => `${name(of.node)} ${of.previousRect.top}→${of.currentRect.top} ${of.previousRect.height}→${of.currentRect.height}`)].join(' | '));
        })).observe({ type: 'layout-shift', buffered: true });";
    let page = Page::open_after(SHORT, Gpu::None, script).await?;
    for (width, height) in [(390, 844), (1280, 800)] {
        for language in ["en", "zh-CN"] {
            page.resize(width, height).await?;
            page.go(&format!("?{width}{language}#v=1&runs=1&lang={language}")).await?;
            page.until_finished().await?;
            let shift = page.script("return window.shift").await?.as_f64().unwrap_or(f64::NAN);
            println!("layout shift, {width} pixels, {language}: {shift:.4}");
            let moved = page.script("return window.moved.join('\\n')").await?;
            ensure!(shift < GOOD_SHIFT, "{width} {language}: {shift}\n{}", moved.as_str().unwrap_or_default());
        }
    }
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_keeps_a_drawing_and_an_answer_over_a_reload() -> Result<()> {
    let page = Page::open("#lesson=temperature", Gpu::None).await?;
    page.until_finished().await?;
    page.click("#lesson-next").await?;
    page.script("document.querySelectorAll('#lesson input[type=radio]')[1].click()").await?;
    page.until("document.querySelectorAll('#lesson input[type=radio]')[1].checked").await?;
    page.reload().await?;
    page.until("document.querySelectorAll('#lesson input[type=radio]')[1]?.checked").await?;
    // An answer that stands is measured anew.
    page.click("#lesson-check").await?;
    page.find("#lesson-outcome").await?;
    page.reload().await?;
    page.find("#lesson-outcome").await?;
    page.go("?drawn#v=1&runs=1&depth=everything").await?;
    page.until_finished().await?;
    for key in [" ", "ArrowRight", "ArrowDown", " "] {
        page.key("#draw-pad", key).await?;
    }
    page.until("!document.querySelector('#draw-clear').disabled").await?;
    page.reload().await?;
    page.until("document.querySelector('#draw-clear')?.disabled === false").await?;
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_in_a_frame_says_that_it_may_forbid_downloads() -> Result<()> {
    let page = Page::open(SHORT, Gpu::None).await?;
    page.until_finished().await?;
    ensure!(page.script("return document.querySelector('.framed')").await?.is_null(), "a page of its own says so, too");
    page.go("engine.js").await?;
    page.script(
        "const frame = document.createElement('iframe'); frame.src = '/#v=1&runs=1'; document.body.append(frame);",
    )
    .await?;
    page.until("document.querySelector('iframe').contentDocument?.querySelector('#downloads .framed a')").await?;
    page.close().await
}
