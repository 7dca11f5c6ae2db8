//! A sweep that is ended by force goes on where it was.

use std::{
    process::{Command, Stdio},
    thread,
    time::Duration,
};

const RETORT: &str = env!("CARGO_BIN_EXE_retort");
const LINK: &str =
    "data=moons&examples=80&teacher=6&student=3&teacher-epochs=2&student-epochs=2&labels=12&batch=20&runs=2&device=cpu";

fn sweep() -> Command {
    let mut command = Command::new(RETORT);
    command.args(["sweep", LINK, "--sweep", "temperature:1,2,4;student:2,3"]).stderr(Stdio::null());
    command
}

#[test]
fn a_sweep_that_is_killed_again_and_again_ends_with_the_same_table() {
    let table = |command: &mut Command| String::from_utf8(command.output().unwrap().stdout).unwrap();
    let expected = table(&mut sweep());
    assert_eq!(expected.lines().count(), 6, "a title, a head and a row for each temperature: {expected}");
    let folder = std::env::temp_dir().join(format!("retort-killed-{}", std::process::id()));
    let mut kept = sweep();
    kept.arg("--cells").arg(&folder);
    let cells = || {
        let names = std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
        names.filter(|path| path.extension().is_some_and(|end| end == "cell")).count()
    };
    // Each is ended once it has trained one more cell than the one before, or shortly after.
    for (round, more_millis) in [0, 3, 7, 11].into_iter().enumerate() {
        let mut child = kept.stdout(Stdio::null()).spawn().unwrap();
        while cells() <= round && child.try_wait().unwrap().is_none() {
            thread::sleep(Duration::from_millis(2));
        }
        thread::sleep(Duration::from_millis(more_millis));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(cells() > round, "a cell that was trained stays");
    }
    assert_eq!(table(kept.stdout(Stdio::piped())), expected);
    assert_eq!(cells(), 6);
    std::fs::remove_dir_all(folder).unwrap();
}
