//! What the page weighs and how fast a first visit is. Printed, never promised.

use anyhow::Result;

use crate::{sizes::sizes, test};

/// Prints sizes and the times of a first visit in headless Chromium.
pub fn print() -> Result<()> {
    sizes()?;
    test::browser("figures")
}
