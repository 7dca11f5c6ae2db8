//! Every check and test.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    build, runtimes, serve,
    tools::{NATIVE, browser as find_browser, cargo, output, root, run, step},
};

/// The crates that are built for the browser, with all their programs.
const WEB: [&str; 6] = [
    "-p",
    "retort-app",
    "-p",
    "retort-worker",
    "--features",
    "retort-worker/gpu,retort-worker/perceptrons,retort-worker/translator",
];

/// The engine that is fetched first. It has no burn in it, so that it is compiled in seconds.
const WITHOUT_GRAPH: [&str; 3] = ["-p", "retort-engine", "--no-default-features"];

/// Runs every check and test, cheap ones first.
pub fn all(no_browser: bool) -> Result<()> {
    step("formatting", "a second", formatted)?;
    step("lints of the native crates", "2 minutes from nothing", || {
        let natively = ["--workspace", "--exclude", "retort-worker", "--all-targets", "--", "-D", "warnings"];
        run(cargo().arg("clippy").args(natively))?;
        run(cargo().arg("clippy").args(WITHOUT_GRAPH).args(["--all-targets", "--", "-D", "warnings"]))
    })?;
    if no_browser {
        return native_tests();
    }
    build::first()?;
    // Its linker works for minutes on one core, which leaves the other to what needs no page.
    let gpu = build::gpu_beside()?;
    // In the profile of the native crates, whose procedural macros it shares, and whose folder nobody holds.
    step("lints of the browser's crates", "3 minutes from nothing", || {
        let target = ["--target", "wasm32-unknown-unknown", "--", "-D", "warnings"];
        run(cargo().arg("clippy").args(WEB).args(target))
    })?;
    native_tests()?;
    step("waiting for the GPU engine, compiled beside the tests", "up to 5 minutes from nothing", || gpu.end())?;
    build::complete()?;
    browser("page_")
}

/// The tests that need no page.
fn native_tests() -> Result<()> {
    step("unit tests", "6 minutes from nothing", || {
        run(cargo().args(["test", "-p", "xtask"]))?;
        run(cargo().arg("test").args(NATIVE))?;
        run(cargo().arg("test").args(WITHOUT_GRAPH))
    })?;
    runtimes::check()
}

/// Checks the format of every file: `cargo fmt` does not see the modules that a macro declares.
fn formatted() -> Result<()> {
    let files = output("git", &["ls-files", "*.rs"]).context("git lists no files")?;
    let mut rustfmt = Command::new("rustfmt");
    let status = rustfmt.args(["--check", "--edition", "2024"]).args(files.lines()).current_dir(root()).status()?;
    ensure!(status.success(), "`rustfmt --edition 2024` would write the files above otherwise");
    Ok(())
}

/// Runs the browser tests whose names contain `filter`, against the page in `dist/`.
pub fn browser(filter: &str) -> Result<()> {
    browser_in(&root().join("dist"), filter, "6 to 15 minutes", &[])
}

/// The same against the page in a folder, with more in the tests' environment.
pub fn browser_in(folder: &Path, filter: &str, cost: &str, more: &[(&str, &Path)]) -> Result<()> {
    let (chromium, chromedriver) = find_browser()?;
    let port = serve::start(0, folder)?;
    let driver = Driver::start(&chromedriver)?;
    let python = runtimes::python()?;
    step("the page in headless Chromium", cost, || {
        let mut tests = cargo();
        tests.arg("test").args(NATIVE).args(["--test", "browser", "--"]);
        tests.args(["--ignored", "--test-threads=2", "--nocapture", filter]);
        // An error's trace through the tests' own runtime would bury what it says.
        tests.env("RUST_LIB_BACKTRACE", "0");
        tests.env("RETORT_URL", format!("http://127.0.0.1:{port}/"));
        tests.env("RETORT_CHROMEDRIVER", format!("http://127.0.0.1:{}", driver.port));
        tests.env("RETORT_PYTHON", &python).envs(more.iter().copied());
        run(tests.env("RETORT_CHROMIUM", &chromium))
    })
}

/// A running ChromeDriver, ended with the value.
struct Driver {
    child: Child,
    port: u16,
}

impl Driver {
    fn start(program: &Path) -> Result<Self> {
        // A port that was free a moment ago.
        let port = std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let child = Command::new(program)
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| program.display().to_string())?;
        for _ in 0..100 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                break;
            }
            thread::sleep(Duration::from_millis(100));
        }
        Ok(Self { child, port })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
