//! The tools a build needs: found on the machine, or installed once into a folder of their own.

use std::{
    env,
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Instant,
};

use anyhow::{Context as _, Result, bail, ensure};
use flate2::{Compression, write::GzEncoder};

/// The native crates but `xtask`, named alike at every call: another choice has other features, and compiles
/// dependencies anew. For the same reason `xtask` is compiled by itself: that is how it was compiled to run.
pub const NATIVE: [&str; 5] = ["--workspace", "--exclude", "retort-worker", "--exclude", "xtask"];

/// The workspace's root.
pub fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here)
}

/// Says what is done and what it costs, does it, and says how long it took.
pub fn step<T>(what: &str, cost: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("== {what} ({cost})");
    let start = Instant::now();
    let result = work().with_context(|| what.to_owned());
    eprintln!("== {what}: {:.0} s", start.elapsed().as_secs_f64());
    result
}

/// Runs a command in the workspace's root.
pub fn run(command: &mut Command) -> Result<()> {
    command.current_dir(root());
    let status = command.status().with_context(|| format!("{command:?} cannot be started"))?;
    ensure!(status.success(), "{command:?} failed: {status}");
    Ok(())
}

/// A command that runs beside what follows. What it prints is shown when it has ended.
pub struct Beside {
    command: String,
    child: Child,
    printed: PathBuf,
}

impl Beside {
    /// Starts a command in the workspace's root, which prints into a file.
    pub fn start(command: &mut Command, printed: PathBuf) -> Result<Self> {
        let file = File::create(&printed).with_context(|| printed.display().to_string())?;
        command.current_dir(root()).stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let child = command.spawn().with_context(|| format!("{command:?} cannot be started"))?;
        Ok(Self { command: format!("{command:?}"), child, printed })
    }

    /// Waits for the command and shows what it has printed.
    pub fn end(mut self) -> Result<()> {
        let status = self.child.wait()?;
        eprint!("{}", String::from_utf8_lossy(&fs::read(&self.printed)?));
        ensure!(status.success(), "{} failed: {status}", self.command);
        Ok(())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a command prints, if it runs.
pub fn output(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).current_dir(root()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Cargo, of the workspace's own toolchain.
pub fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// The toolchain file alone does not add the target where rustup's automatic installs are off.
pub fn wasm_target() -> Result<()> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let installed = output("rustup", &["target", "list", "--installed"]).unwrap_or_default();
    if installed.lines().any(|line| line == TARGET) {
        return Ok(());
    }
    step("installing the wasm target", "seconds, once", || {
        run(Command::new("rustup").args(["target", "add", TARGET])).context("is rustup installed?")
    })
}

/// Where what was installed for Retort alone is kept.
pub fn cache() -> Result<PathBuf> {
    let from = |name: &str| env::var_os(name).map(PathBuf::from);
    let base = from("XDG_CACHE_HOME").or_else(|| from("HOME").map(|home| home.join(".cache")));
    Ok(base.context("neither XDG_CACHE_HOME nor HOME is set")?.join("retort"))
}

/// Chromium and ChromeDriver: on the machine, or by apt-get where that may be used.
pub fn browser() -> Result<(PathBuf, PathBuf)> {
    const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    const MAC: &str = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
    let find = || {
        let browser = BROWSERS
            .iter()
            .find_map(|name| on_path(name))
            .or_else(|| Some(PathBuf::from(MAC)).filter(|path| path.exists()));
        Some((browser?, on_path("chromedriver")?))
    };
    if let Some(found) = find() {
        return Ok(found);
    }
    let may_install = on_path("apt-get").is_some() && output("id", &["-u"]).as_deref() == Some("0");
    if may_install {
        let installed = step("installing Chromium, ChromeDriver and a Chinese font", "a minute, once", || {
            run(Command::new("apt-get").args(["update", "-qq"]))?;
            let packages = ["chromium", "chromium-driver", "fonts-noto-cjk"];
            run(Command::new("apt-get").args(["install", "-qq", "-y", "--no-install-recommends"]).args(packages))
        });
        // Ubuntu names its packages otherwise; the message below says what is needed.
        if let Err(error) = installed {
            eprintln!("{error:#}");
        }
    }
    match find() {
        Some(found) => Ok(found),
        None => bail!(
            "the browser tests need Chromium (or Chrome) and ChromeDriver of the same version on the PATH.\n\
             Debian: sudo apt-get install chromium chromium-driver\n\
             Ubuntu: sudo apt-get install chromium-browser chromium-chromedriver\n\
             macOS: brew install --cask google-chrome chromedriver\n\
             Without a browser: cargo xtask test --no-browser"
        ),
    }
}

/// A program on the PATH.
pub fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Compressed at this level: 6 is what hosts do on the fly, 9 what they do once and keep.
pub fn gzip(bytes: &[u8], level: u32) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(bytes)?;
    encoder.finish()
}
