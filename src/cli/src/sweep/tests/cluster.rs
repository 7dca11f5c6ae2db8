//! What docs/cluster.md says is run as it stands there, by processes of their own.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command as Process, Stdio},
    thread,
    time::Duration,
};

use rand::RngExt as _;

use super::*;

/// The variable with the arguments of a program that is this test, a line each.
const ARGUMENTS: &str = "RETORT_TEST_ARGUMENTS";

/// What the document sweeps, and what the tests do instead.
const WRITTEN: [(&str, &str); 2] = [("labels=50", SMALL), ("temperature:1,2,4,8,20;student:4,16,64", KNOBS)];
const KNOBS: &str = "temperature:1,4";

/// Not a test by itself: the program, for [`Place`].
#[test]
#[ignore = "is the program that the tests beside it start"]
fn program_of_its_own() {
    let Ok(arguments) = env::var(ARGUMENTS) else { return };
    let matches = program().get_matches_from(["retort"].into_iter().chain(arguments.lines()));
    let (_, matches) = matches.subcommand().unwrap();
    sweep(matches, &mut std::io::stderr()).unwrap();
}

/// A folder with a program `retort`, and one that stands for Slurm's.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let folder = env::temp_dir().join(format!("retort-cluster-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        // What a test prints goes to its standard output among other lines, so that the program writes elsewhere.
        let text = format!(
            "#!/bin/sh\n{ARGUMENTS}=\"$(printf '%s\\n' \"$@\")\" exec '{}' --exact sweep::tests::cluster::program_of_its_own \
             --ignored --nocapture -q 2>&1 >/dev/null\n",
            env::current_exe().unwrap().display()
        );
        // Carries out an array on this machine.
        let array = "#!/bin/sh\nfor SLURM_ARRAY_TASK_ID in $(seq 1 \"${1#--array=1-}\"); do\n    export SLURM_ARRAY_TASK_ID\n    \
                     sh -c \"$3\"\ndone\n";
        for (name, text) in [("retort", &*text), ("sbatch", array)] {
            fs::write(folder.join(name), text).unwrap();
            fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self(folder)
    }

    /// A process in this folder.
    fn process(&self, program: &str) -> Process {
        let mut process = Process::new(program);
        let path = [self.0.clone().into_os_string(), ":".into(), env::var_os("PATH").unwrap_or_default()];
        let path = path.into_iter().fold(std::ffi::OsString::new(), |mut all, part| {
            all.push(part);
            all
        });
        process.current_dir(&self.0).env("PATH", path).stdin(Stdio::null()).stderr(Stdio::null());
        process
    }

    fn output(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.process(program).args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// The table of the sweep, from the cells of this folder.
    fn table(&self) -> String {
        self.output("retort", &["sweep", SMALL, "--sweep", KNOBS, "--cells", "cells"])
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The block of the document behind a heading, for the sweep of the tests.
fn block(heading: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cluster.md");
    let text = fs::read_to_string(path).unwrap();
    let section = text.split_once(&format!("\n## {heading}\n")).unwrap().1;
    let block = section.split_once("```").unwrap().1.split_once('\n').unwrap().1.split_once("```").unwrap().0;
    let block = block.replace(" --csv sweep.csv", "");
    WRITTEN.iter().fold(block, |block, (written, small)| block.replace(written, small))
}

/// Whether a program can be started so.
fn is_there(program: &str, argument: &str) -> bool {
    Process::new(program)
        .arg(argument)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|it| it.success())
}

#[test]
fn a_plan_is_carried_out_by_what_the_document_says() {
    let alone = Place::new("alone").table();
    assert!(alone.contains("temperature") && !alone.contains('·'), "{alone}");
    let cores = block("The cores of one machine").replace("$(nproc)", "2");
    let lines: Vec<&str> = cores.lines().collect();
    let [first, .., last] = &lines[..] else { panic!("{cores}") };
    let with = |middle: String| format!("{first}\n{middle}\n{last}\n");
    let mut ways = vec![("sh", cores.clone()), ("sh", with(block("A Slurm array")))];
    // GNU parallel is not on every machine, nor is Python.
    if is_there("parallel", "--version") {
        ways.push((
            "sh",
            with(block("Several machines over ssh").replace("--sshlogin a.example.org,b.example.org", "-j 2")),
        ));
    }
    if is_there("python3", "--version") {
        ways.push(("python3", block("From Python")));
    }
    for (heading, module) in [("Ray", "ray"), ("Dask", "dask.distributed")] {
        match is_there("python3", &format!("-cimport {module}")) {
            true => ways.push(("python3", block(heading))),
            false => eprintln!("{heading} is not installed: its block was not run"),
        }
    }
    for (place, (program, script)) in ways.into_iter().enumerate() {
        let folder = Place::new(&format!("way-{place}"));
        let written = folder.output(program, &["-c", &script]);
        assert!(written.trim_end().ends_with(alone.trim_end()), "{script}\n\n{written}");
        assert_eq!(fs::read_dir(folder.0.join("cells")).unwrap().count(), 2, "{script}");
    }
}

#[test]
fn a_sweep_that_is_killed_again_and_again_ends_with_the_same_table() {
    let (alone, killed) = (Place::new("whole").table(), Place::new("killed"));
    let mut moments = retort_compress::random::stream(22, "kill");
    for _ in 0..5 {
        let mut process = killed.process("retort");
        process.args(["sweep", SMALL, "--sweep", KNOBS, "--cells", "cells"]).stdout(Stdio::null());
        let mut process = process.spawn().unwrap();
        thread::sleep(Duration::from_millis(moments.random_range(5..120)));
        process.kill().unwrap();
        process.wait().unwrap();
    }
    assert_eq!(killed.table(), alone);
}
