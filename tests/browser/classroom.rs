//! What a class needs: links that hide, lock and enlarge, the share dialog, lessons, the tour, keys.

use anyhow::{Context as _, Result, ensure};
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
    let page = Page::open_first("", Gpu::None).await?;
    page.until_finished().await?;
    page.click("#tab-lessons").await?;
    page.until("document.querySelectorAll('#lesson-cards [data-lesson]').length >= 8").await?;
    page.click("#lesson-cards [data-lesson=temperature] a").await?;
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
            page.until("document.querySelector('#lesson-explain')").await?;
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
    // The end says what was learned, and where to go on.
    page.click("#lesson-next").await?;
    page.until("!location.hash.includes('lesson=') && document.querySelector('#lesson-end a[href*=\"lesson=\"]')")
        .await?;
    // The decision maps have settings of their own, and there is a way back to those of the visitor.
    page.click("#tab-distil").await?;
    page.set("#temperature-value", "5").await?;
    page.until("location.hash.includes('temperature=5')").await?;
    page.click("#tabs .see-maps").await?;
    page.until("document.querySelector('#regions') && document.querySelector('#tabs .see-maps:disabled')").await?;
    page.click("#lesson-restore").await?;
    page.until("location.hash.includes('temperature=5') && !location.hash.includes('data=moons')").await?;
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_shows_around_and_leaves_everything_as_it_was() -> Result<()> {
    let page = Page::open_first("#v=1&runs=1", Gpu::None).await?;
    page.until_finished().await?;
    let before = page.script("return location.hash").await?;
    page.click("#tour-start").await?;
    page.until("document.querySelector('#tour[data-stop=\"1\"]') && document.querySelector('#map[data-look]')").await?;
    // The temperature moves by itself, and goes back.
    page.click("#tour-next").await?;
    page.until("Number(document.querySelector('#temperature-value').value) > 10").await?;
    page.until("document.querySelector('#temperature-value').value === '2'").await?;
    page.click("#tour-next").await?;
    page.until("location.hash.includes('soft=0')").await?;
    page.until_finished().await?;
    page.click("#tour-next").await?;
    page.until("!location.hash.includes('soft=')").await?;
    page.click("#tour-next").await?;
    page.until("location.hash.includes('bits=4') && document.querySelector('#cost[data-look]')").await?;
    page.key("#tour", "Escape").await?;
    page.until("!document.querySelector('#tour') && !location.hash.includes('bits=')").await?;
    page.click("#tab-distil").await?;
    page.until(&format!("location.hash === {before}")).await?;
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

/// The screens of a class: two phones, one on its side, a tablet both ways.
const SCREENS: [(u32, u32); 5] = [(360, 640), (390, 844), (844, 390), (820, 1180), (1024, 768)];

/// Asks the page about the step that is open: the panel's id, how many pixels of its top can be seen, where the text is
/// scrolled to, and the height of the text.
const STEP: &str = "
    const panel = document.querySelector('[data-look]'), text = document.querySelector('#lesson-step');
    const lesson = document.querySelector('#lesson').getBoundingClientRect();
    const seen = (rect) => {
        const beside = lesson.left >= rect.right || lesson.right <= rect.left;
        return Math.min(rect.bottom, beside ? innerHeight : lesson.top) - Math.max(rect.top, 0);
    };
    const rect = panel?.getBoundingClientRect();
    return [panel?.id ?? '', rect ? seen(rect) / Math.min(rect.height, 160) : 1, rect ? rect.top : 0, text.scrollTop,
        text.clientHeight, document.documentElement.scrollWidth - innerWidth];";

/// How many pixels of an element can be seen inside the lesson's text.
const IN_TEXT: &str = "
    const text = document.querySelector('#lesson-step').getBoundingClientRect();
    const part = document.querySelector(SELECTOR).getBoundingClientRect();
    return Math.min(text.bottom, part.bottom, innerHeight) - Math.max(text.top, part.top);";

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_carries_a_lesson_from_the_lecturer_to_the_phones() -> Result<()> {
    // The lecturer opens a lesson, and shares it with one click less than before.
    let page = Page::open_first(SHORT, Gpu::None).await?;
    page.until_finished().await?;
    page.click("#tab-lessons").await?;
    page.click("#lesson-cards [data-lesson=temperature] a").await?;
    page.until("document.querySelector('#lesson-step') && document.querySelector('main[data-state=finished]')").await?;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    page.click("#share").await?;
    page.until("document.querySelector('#share-lesson:checked')").await?;
    page.until("document.querySelector('#share-qr path')").await?;
    let link = page.script("return document.querySelector('#share-link').value").await?;
    let link = link.as_str().unwrap_or_default();
    let hash = link.find('#').map(|at| link[at..].to_owned()).unwrap_or_default();
    ensure!(hash.ends_with("&lesson=temperature"), "{link}");
    // Only this lesson's panels, and only one, are one choice each; the preview shows them.
    page.set("#share-show", "lesson").await?;
    page.until("/hide=/.test(document.querySelector('#share-link').value)").await?;
    page.set("#share-show", "soft-targets").await?;
    page.click("#preview-computer").await?;
    let frame = "document.querySelector('.preview iframe').contentDocument";
    page.until(&format!("{frame}.querySelectorAll('main .panel').length === 1")).await?;
    page.until(&format!("{frame}.querySelector('main #soft-targets') && {frame}.querySelector('#lesson-step')"))
        .await?;
    page.click("#preview-computer").await?;
    page.set("#share-show", "all").await?;
    page.until("!/hide=/.test(document.querySelector('#share-link').value)").await?;
    // Whoever had an experiment of their own gets it back.
    page.click("#share-close").await?;
    page.click("#lesson-leave").await?;
    page.click("#lesson-restore").await?;
    page.until("location.hash.includes('teacher-epochs=3') && !location.hash.includes('lesson=')").await?;
    page.close().await?;

    // The class opens the link on what it has.
    for (width, height) in SCREENS {
        let page = Page::open("#v=1&runs=1&hide=similarity", Gpu::None).await?;
        page.resize(width, height).await?;
        page.script(&format!("location.href = {hash:?}; location.reload()")).await?;
        page.until("document.querySelector('#lesson-step')").await?;
        page.until_finished().await?;
        go_through(&page).await.with_context(|| format!("{width}x{height}"))?;
        page.close().await?;
    }
    Ok(())
}

/// Goes through a lesson and holds each step to what a class needs.
async fn go_through(page: &Page) -> Result<()> {
    loop {
        // The page may scroll gently.
        tokio::time::sleep(std::time::Duration::from_millis(900)).await;
        let found = page.script(STEP).await?;
        let panel = found[0].as_str().unwrap_or_default().to_owned();
        let number = |index: usize| found[index].as_f64().unwrap_or(f64::NAN);
        let place = page.text("#lesson-place").await?;
        ensure!(number(1) > 0.99, "{place}: {panel} is out of view: {found}");
        ensure!(number(2) > -200.0, "{place}: only the foot of {panel} is in view: {found}");
        ensure!(number(3) == 0.0, "{place}: the text does not begin at its top: {found}");
        ensure!(number(4) >= 170.0, "{place}: too little of the text can be read: {found}");
        ensure!(number(5) <= 0.0, "{place}: the page is wider than the window: {found}");
        if page.script("return Boolean(document.querySelector('#lesson-ask'))").await? == json!(true) {
            let place_of = "const { left, right, bottom } = document.querySelector('.lesson-nav .primary')
                .getBoundingClientRect(); return [left, right, bottom].map(Math.round)";
            let before = page.script(place_of).await?;
            page.click("#lesson-ask").await?;
            page.until("document.querySelector('#lesson-missing').textContent").await?;
            ensure!(page.script(place_of).await? == before, "{place}: the button has moved");
            ensure!(in_text(page, "#lesson-predict input").await? > 10.0, "{place}: no answer is in view");
            page.click("#lesson-predict input").await?;
            page.until("document.querySelector('#lesson-check.primary')").await?;
            ensure!(page.script(place_of).await? == before, "{place}: the button has moved");
            page.click("#lesson-check").await?;
            page.until("document.querySelector('#lesson-explain')").await?;
            ensure!(page.script(place_of).await? == before, "{place}: the button has moved");
            // Within 400 milliseconds a press of "Next" counts as the second half of a double click.
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
            ensure!(in_text(page, "#lesson-outcome").await? > 10.0, "{place}: the outcome is out of view");
            ensure!(in_text(page, "#lesson-explain").await? > 60.0, "{place}: the explanation is out of view");
            let focus = "return document.activeElement.id === 'lesson-result'";
            ensure!(page.script(focus).await? == json!(true), "{place}: readers are not led to the outcome");
        }
        if panel == "similarity" {
            let fits =
                "const box = document.querySelector('#similarity .scroll'); return box.scrollWidth <= box.clientWidth";
            ensure!(page.script(fits).await? == json!(true), "{place}: the table is wider than its panel");
        }
        let numbers: Vec<u32> = place.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect();
        if numbers[0] == numbers[1] {
            return Ok(());
        }
        page.script("document.querySelector('#lesson-step').scrollTop = 1e4").await?;
        page.click("#lesson-next").await?;
    }
}

async fn in_text(page: &Page, selector: &str) -> Result<f64> {
    let height = page.script(&IN_TEXT.replace("SELECTOR", &format!("{selector:?}"))).await?;
    Ok(height.as_f64().unwrap_or(f64::NEG_INFINITY))
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_leads_to_the_control_of_a_task_and_sees_it_done() -> Result<()> {
    let page = Page::open_first("#v=1&lesson=small-enough", Gpu::None).await?;
    page.until("document.querySelector('#lesson-step')").await?;
    for button in ["#lesson-next", "#lesson-skip", "#lesson-skip", "#lesson-next"] {
        page.click(button).await?;
    }
    page.until("document.querySelector('#lesson[data-step=\"4\"]')").await?;
    page.until_finished().await?;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    ensure!(page.script("return document.querySelector('#lesson-task').dataset.done").await? == json!("false"));
    page.click("#lesson-look").await?;
    page.until("document.activeElement.id === 'knob-granularity'").await?;
    page.set("#knob-granularity", "channel").await?;
    page.until("document.querySelector('#lesson-task').dataset.done === 'true'").await?;
    // A step back finds the experiment as that step was left.
    page.click("#lesson-next").await?;
    page.until("document.querySelector('#lesson[data-step=\"5\"]')").await?;
    page.until("!location.hash.includes('bits=3')").await?;
    page.click("#lesson-back").await?;
    page.until("location.hash.includes('bits=3')").await?;
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_keeps_a_slider_when_a_finger_swipes_over_it() -> Result<()> {
    let page = Page::open(SHORT, Gpu::None).await?;
    page.until_finished().await?;
    page.resize(390, 844).await?;
    page.devtools("Emulation.setTouchEmulationEnabled", json!({ "enabled": true })).await?;
    page.script("document.querySelector('#temperature').scrollIntoView({ block: 'center' }); window.stood = scrollY")
        .await?;
    let before = page.script("return [document.querySelector('#temperature').value, location.hash]").await?;
    let place = "const { right, top, height } = document.querySelector('#temperature').getBoundingClientRect();
        return [right - 20, top + height / 2]";
    let place = page.script(place).await?;
    let touch = async |kind: &str, points: Vec<f64>| {
        let points: Vec<_> =
            points.iter().map(|up| json!({ "x": place[0], "y": place[1].as_f64().unwrap_or(0.0) - up })).collect();
        page.devtools("Input.dispatchTouchEvent", json!({ "type": kind, "touchPoints": points })).await
    };
    touch("touchStart", vec![0.0]).await?;
    for moved in 1..16 {
        touch("touchMove", vec![f64::from(moved) * 10.0]).await?;
    }
    touch("touchEnd", vec![]).await?;
    page.until("scrollY !== window.stood").await?;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let after = page.script("return [document.querySelector('#temperature').value, location.hash]").await?;
    ensure!(before == after, "{before} became {after}");
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_says_no_verdict_where_it_is_hidden() -> Result<()> {
    let page = Page::open("#v=1&teacher-epochs=3&student-epochs=3&runs=1&hide=verdict", Gpu::None).await?;
    page.until("document.querySelector('main[data-state=finished][data-recorded=false]')").await?;
    ensure!(page.script("return document.querySelector('#lede .result') === null").await? == json!(true));
    page.close().await
}
