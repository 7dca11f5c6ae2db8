//! Lessons under way: what their numbers say before an answer, after it, and after a step back.

use anyhow::{Result, ensure};
use retort_tests::{Gpu, Page};
use serde_json::json;

/// The live numbers of a step, in one text; empty where it shows none.
const NUMBERS: &str = "[...document.querySelectorAll('#lesson-numbers dd')].map((number) => number.textContent).join()";
/// Those of the question's outcome.
const MEASURED: &str = "document.querySelector('#lesson-measured').textContent";

/// Gives the first answer and waits for the outcome.
async fn answer(page: &Page) -> Result<()> {
    page.click("#lesson-predict input").await?;
    page.click("#lesson-check").await?;
    page.until("document.querySelector('#lesson-explain')").await?;
    // Until then a press of “Next” counts as the second half of a double click.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    Ok(())
}

/// Presses a button that leads to this step.
async fn go(page: &Page, button: &str, step: usize) -> Result<()> {
    page.click(button).await?;
    page.until(&format!("document.querySelector('#lesson[data-step=\"{step}\"]')")).await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_finds_the_numbers_of_a_lesson_again_after_a_step_back() -> Result<()> {
    let page = Page::open_first("#v=1&lesson=temperature", Gpu::None).await?;
    page.until("document.querySelector('#lesson-step')").await?;
    page.until_finished().await?;
    go(&page, "#lesson-next", 1).await?;
    page.until(&format!("/\\d.*,.*\\d/.test({NUMBERS})")).await?;
    let before = page.script(&format!("return {NUMBERS}")).await?;
    answer(&page).await?;
    page.until(&format!("location.hash.includes('temperature=20') && {NUMBERS} !== {before}")).await?;
    let after = page.script(&format!("return [{NUMBERS}, {MEASURED}]")).await?;
    go(&page, "#lesson-next", 2).await?;
    page.set("#temperature", "0").await?;
    page.until("document.querySelector('#lesson-task').dataset.done === 'true'").await?;
    // One step back the answer, what came of it and the numbers are as they were left.
    go(&page, "#lesson-back", 1).await?;
    page.until(&format!("JSON.stringify([{NUMBERS}, {MEASURED}]) === JSON.stringify({after})")).await?;
    ensure!(page.script("return document.querySelector('#lesson-predict input').checked").await? == json!(true));
    // Two steps back they are those from before the answer, behind that step's temperature.
    go(&page, "#lesson-back", 0).await?;
    page.until(&format!("{NUMBERS}.endsWith({before}) && !location.hash.includes('temperature=20')")).await?;
    page.close().await
}

#[tokio::test]
#[ignore = "needs the built page and ChromeDriver: cargo xtask test"]
async fn page_shows_no_numbers_before_a_question_about_another_experiment() -> Result<()> {
    let page = Page::open_first("#v=1&lesson=size-against-accuracy", Gpu::None).await?;
    page.until("document.querySelector('#lesson-step')").await?;
    for (button, step) in [("#lesson-next", 1), ("#lesson-skip", 2), ("#lesson-skip", 3)] {
        go(&page, button, step).await?;
    }
    page.until_finished().await?;
    page.until(&format!("/\\d.*,.*\\d/.test({NUMBERS})")).await?;
    let left = page.script(&format!("return {NUMBERS}")).await?;
    go(&page, "#lesson-next", 4).await?;
    ensure!(page.script(&format!("return {NUMBERS}")).await? == json!(""), "they are of another experiment");
    answer(&page).await?;
    page.until(&format!("/\\d.*,.*\\d.*,.*\\d/.test({NUMBERS})")).await?;
    let after = page.script(&format!("return [{NUMBERS}, {MEASURED}]")).await?;
    go(&page, "#lesson-back", 3).await?;
    page.until(&format!("{NUMBERS} === {left}")).await?;
    // Where the answer was given, the numbers stay.
    go(&page, "#lesson-next", 4).await?;
    let again = "document.querySelector('#lesson-again, #lesson-numbers')";
    page.until(again).await?;
    ensure!(page.script(&format!("return {MEASURED}")).await? == after[1], "what was measured is kept");
    page.close().await
}
