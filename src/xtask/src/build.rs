//! The page, built into `dist/`.

use std::{
    env::{self, consts::EXE_SUFFIX},
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Result};

use crate::{
    offline, order, prune,
    tools::{cargo, root, run, step, web_tools},
};

/// Builds the page.
pub fn build() -> Result<()> {
    let mut folders = web_tools()?;
    let real = folders.first().context("no wasm-bindgen")?.join(format!("wasm-bindgen{EXE_SUFFIX}"));
    // Trunk finds this program under wasm-bindgen's name first.
    let tools = root().join("target/tools");
    std::fs::create_dir_all(&tools)?;
    std::fs::copy(env::current_exe()?, tools.join(format!("wasm-bindgen{EXE_SUFFIX}")))?;
    folders.insert(0, tools);
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
                .env("RETORT_BUILD", &stamp)
                .env(prune::REAL, &real);
            run(&mut trunk).context("trunk")
        },
    )?;
    arrange()?;
    // Last, since it takes the checksums of all that the build has made.
    offline::fill()?;
    eprintln!("the page is in dist/; any static host can serve it");
    crate::sizes::sizes()
}

/// Arranges the wasm files. (A strip by the compiler would also drop the section that wasm-bindgen reads.)
fn arrange() -> Result<()> {
    for entry in std::fs::read_dir(root().join("dist"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            let arranged = order::arrange(&std::fs::read(&path)?).with_context(|| path.display().to_string())?;
            std::fs::write(&path, arranged)?;
        }
    }
    Ok(())
}

/// Records the run that the page shows while its engine loads.
pub fn record() -> Result<()> {
    step("recording the default experiment", "a few minutes from nothing, then seconds", || {
        let file = root().join("assets/recorded.json");
        run(cargo().args(["run", "--quiet", "--release", "-p", "retort", "--", "record"]).arg(file))
    })
}
