//! The inside of the networks: shown only to who looks, live, and in words and numbers too.

use std::time::Duration;

use anyhow::{Result, ensure};
use retort_spec::{Command, Floats, codec};
use retort_tests::{Gpu, Page};
use serde_json::json;
use tokio::time::sleep;

/// Two small convolutional networks.
const CONV: &str = "#v=1&runs=1&teacher=conv:8,16&student=conv:4,8";
/// Long enough to be looked at twice a second, and short.
const EPOCHS: &str = "&teacher-epochs=20&student-epochs=60";

/// What a network's maps look like, as one text.
fn maps(network: &str) -> String {
    format!(
        "[...document.querySelectorAll('#inside-maps [data-network={network}] canvas')].map((canvas) => canvas.toDataURL()).join()"
    )
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_shows_the_inside_of_both_networks_while_they_learn() -> Result<()> {
    // What the page asks the engine to watch is written down: a command begins with its kind.
    let nothing = codec::encode(&Command::InspectActivations(Floats::default()))?;
    let script = format!(
        "window.watched = []; const post = Worker.prototype.postMessage;
        Worker.prototype.postMessage = function (message, ...rest) {{
          if (message?.glue) this.isEngine = message.glue.includes('engine');
          if (this.isEngine && message[0] === {}) window.watched.push(message.length);
          return post.call(this, message, ...rest);
        }};",
        nothing[0]
    );
    let page = Page::open_after(&format!("{CONV}{EPOCHS}"), Gpu::None, &script).await?;
    page.until_engine("cpu").await?;
    ensure!(page.script("return window.watched").await? == json!([]), "nobody looks yet");
    page.open_fold("#inside-fold").await?;
    page.script("document.querySelector('#inside').scrollIntoView()").await?;
    page.until("window.watched.length > 0").await?;
    let mut seen = Vec::new();
    for network in ["teacher", "student"] {
        page.until(&format!(
            "document.querySelectorAll('#inside-maps [data-network={network}] figure canvas').length === 2"
        ))
        .await?;
        let early = page.script(&format!("return {}", maps(network))).await?;
        page.until(&format!("{} !== {early}", maps(network))).await?;
        seen.push(early);
    }
    ensure!(seen[0] != seen[1], "teacher and student show the same maps");
    page.until_finished().await?;
    // Attention and similarities of both, with their numbers.
    page.until("document.querySelectorAll('#inside-attention canvas').length === 4").await?;
    page.until("document.querySelectorAll('#inside-relations [data-matrix] canvas').length === 3").await?;
    ensure!(page.number("#inside-difference").await? < 2.0);
    page.open_fold("#inside-relations .data").await?;
    page.until("document.querySelectorAll('#inside-relations .data tbody tr').length === 55").await?;
    page.open_fold("#inside-maps .data").await?;
    page.until("document.querySelectorAll('#inside-maps .data tbody tr').length === 16").await?;
    page.open_fold("#inside-filters").await?;
    page.until("document.querySelectorAll('#inside-filters canvas').length === 2").await?;
    let nameless = "[...document.querySelectorAll('#inside canvas')].filter((canvas) => !canvas.getAttribute('aria-label') || canvas.getAttribute('role') !== 'img').length";
    ensure!(page.script(&format!("return {nameless}")).await? == json!(0), "a picture has no name");
    for width in [360, 1280] {
        page.resize(width, 800).await?;
        let overflow = page.script("return document.documentElement.scrollWidth - innerWidth").await?;
        ensure!(overflow.as_i64().is_some_and(|pixels| pixels <= 0), "{overflow} pixels too wide at {width}");
        // What lies half under the bar that stays in view is no small target.
        page.script("scrollTo(0, 0)").await?;
        let violations = page.violations().await?;
        ensure!(violations.is_empty(), "at {width}:\n{}", violations.join("\n"));
    }
    // Another example is another question, and a folded panel asks no more.
    let before = page.script(&format!("return {}", maps("teacher"))).await?;
    page.script("document.querySelector('#inside').scrollIntoView()").await?;
    sleep(Duration::from_millis(500)).await;
    page.script("window.watched = []").await?;
    page.script("document.querySelector('#next-example').click()").await?;
    page.until(&format!("{} !== {before}", maps("teacher"))).await?;
    page.script("document.querySelector('#inside-fold').open = false").await?;
    page.until(&format!("window.watched.at(-1) === {}", nothing.len())).await?;
    let watched = page.script("return window.watched").await?;
    ensure!(watched.as_array().is_some_and(|sent| sent.len() == 2), "one message a change: {watched}");
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_shows_first_what_the_student_is_asked_to_match() -> Result<()> {
    let page = Page::open(&format!("{CONV}{EPOCHS}&pkt=30000"), Gpu::None).await?;
    page.find("#inside-fold[open]").await?;
    page.script("document.querySelector('#inside').scrollIntoView()").await?;
    page.until("document.querySelector('.inside-parts > section').matches('#inside-relations.matched')").await?;
    page.close().await?;
    let page = Page::open("#v=1&runs=1&hide=inside", Gpu::None).await?;
    page.find("#packed").await?;
    ensure!(page.script("return document.querySelector('#inside')").await? == json!(null));
    page.close().await?;
    // A perceptron's layers have units and no places.
    let page = Page::open("#v=1&runs=1&teacher-epochs=3&student-epochs=3&lang=zh-CN", Gpu::None).await?;
    page.open_fold("#inside-fold").await?;
    page.script("document.querySelector('#inside').scrollIntoView()").await?;
    page.until("document.querySelector('#inside-attention .empty').textContent.includes('感知机')").await?;
    page.until("document.querySelector('#inside-maps [data-network=student] canvas').height === 1").await?;
    page.close().await
}
