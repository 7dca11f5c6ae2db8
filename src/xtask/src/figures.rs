//! What the page weighs and how fast a first visit is. Printed, never promised.

use anyhow::Result;

use crate::{sizes::sizes, test};

/// Prints sizes and the times of a first visit in headless Chromium.
pub fn print() -> Result<()> {
    // A page without the GPU engine can be timed, too.
    if let Err(problem) = sizes() {
        println!("{problem}");
    }
    test::browser("figures")
}
