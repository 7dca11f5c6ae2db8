//! The files that Retort exports, in programs that its authors did not write.

use std::{path::PathBuf, process::Command};

use anyhow::{Context as _, Result, bail};

use crate::tools::{cache, cargo, on_path, output, root, run, step};

/// The crates, their examples that write networks of every kind and format, and the programs that run these in ONNX
/// Runtime, ONNX's reference evaluator and numpy.
const CHECKED: [(&str, &str, &str); 2] = [
    ("retort-compress", "cases", "tests/runtimes/check.py"),
    ("retort-sequences", "sequence_cases", "tests/runtimes/sequences.py"),
];

/// Writes networks and runs them in programs that Retort's authors did not write.
pub fn check() -> Result<()> {
    let python = python()?;
    step("exported files in other runtimes", "1 minute", || {
        for (library, example, checker) in CHECKED {
            let cases = root().join("target/runtimes").join(library);
            let _ = std::fs::remove_dir_all(&cases);
            run(cargo().args(["run", "--quiet", "-p", library, "--example", example, "--"]).arg(&cases))?;
            run(Command::new(&python).arg(checker).arg(&cases))?;
        }
        Ok(())
    })
}

/// A Python with exactly the packages that `tests/runtimes/requirements.txt` names.
pub fn python() -> Result<PathBuf> {
    environment(
        "runtimes",
        "tests/runtimes/requirements.txt",
        "numpy, onnx, onnxruntime, safetensors",
        "a minute, once",
    )
}

/// A Python with exactly the packages that a file names, in an environment of its own.
pub fn environment(name: &str, requirements: &str, packages: &str, cost: &str) -> Result<PathBuf> {
    let wanted = std::fs::read_to_string(root().join(requirements))?;
    // A change of versions is another environment.
    let stamp = wanted.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    let home = cache()?.join(format!("{name}-{stamp:08x}"));
    let python = home.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let works = || output(&python, &["-c", &format!("import {packages}")]).is_some();
    if works() {
        return Ok(python);
    }
    step(&format!("installing {packages} for Python"), cost, || {
        let make = || {
            run(Command::new("python3").args(["-m", "venv"]).arg(&home))?;
            run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "-r", requirements]))
        };
        let may_install = on_path("apt-get").is_some() && output("id", &["-u"]).as_deref() == Some("0");
        make().or_else(|error| match may_install {
            // Debian's Python comes without environments.
            true => {
                run(Command::new("apt-get").args(["update", "-qq"]))?;
                let packages = ["python3", "python3-venv"];
                run(Command::new("apt-get").args(["install", "-qq", "-y", "--no-install-recommends"]).args(packages))?;
                make()
            }
            false => Err(error),
        })
    })
    .with_context(|| format!("{packages} need Python 3 with its module venv, and the package index"))?;
    match works() {
        true => Ok(python),
        false => bail!("{} cannot import {packages}", python.display()),
    }
}
