//! The page, built into `dist/`.

use std::{
    env,
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Result};

use crate::tools::{cargo, root, run, step, web_tools};

/// Builds the page.
pub fn build() -> Result<()> {
    let mut folders = web_tools()?;
    folders.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    let path = env::join_paths(folders)?;
    // Tells this build's files from an older build's in the browser's cache.
    let stamp = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs().to_string();
    // Trunk passes `--offline`, which keeps it from fetching tools of its own, on to cargo.
    step("fetching the libraries", "a minute, once", || run(cargo().args(["fetch", "--locked"])))?;
    step(
        "building the page and both engines",
        "10 to 20 minutes from nothing on two cores, 1 when only the page changed",
        || {
            let mut trunk = Command::new("trunk");
            // Trunk would read NO_COLOR=1 as a malformed flag.
            trunk
                .args(["build", "--release", "--offline"])
                .env("PATH", &path)
                .env_remove("NO_COLOR")
                .env("RETORT_BUILD", &stamp);
            run(&mut trunk).context("trunk")
        },
    )?;
    eprintln!("the page is in dist/; any static host can serve it");
    crate::figures::sizes()
}

/// Records the run that the page shows while its engine loads.
pub fn record() -> Result<()> {
    step("recording the default experiment", "a few minutes from nothing, then seconds", || {
        let file = root().join("assets/recorded.json");
        run(cargo().args(["run", "--quiet", "--release", "-p", "retort", "--", "record"]).arg(file))
    })
}
