//! The engine outside of browsers beside PyTorch, in turns, each on one thread.

use std::{
    env,
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::bench::{REPEATS, TURN, WORKLOADS, table};

/// A program that trains for a turn when it is told to, and says what it measured.
struct Contender {
    child: Child,
    told: ChildStdin,
    says: BufReader<ChildStdout>,
}

impl Contender {
    fn start(command: &mut Command) -> Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (told, says) = child.stdin.take().zip(child.stdout.take()).context("a program with pipes")?;
        Ok(Self { child, told, says: BufReader::new(says) })
    }

    fn turn(&mut self) -> Result<Value> {
        writeln!(self.told, "{TURN}")?;
        let mut line = String::new();
        self.says.read_line(&mut line)?;
        serde_json::from_str(&line).context("the program has ended")
    }
}

impl Drop for Contender {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[ignore = "prints, and needs PyTorch: cargo xtask bench --native"]
fn beside_pytorch() -> Result<()> {
    let program = |name| env::var(name).context("call it by cargo xtask bench --native");
    let only = env::var("RETORT_ONLY").unwrap_or_default();
    for workload in WORKLOADS.iter().filter(|workload| workload.name.contains(&only)) {
        for (cached, heading) in
            [(false, "the teacher runs on every batch"), (true, "the teacher's logits computed once")]
        {
            let mut plan = workload.plan()?;
            plan["cached"] = json!(cached);
            let experiment = &plan["experiments"][if cached { "cached" } else { "asked" }];
            let mut contenders = [
                // burn's products would use every core.
                (
                    "retort",
                    Command::new(program("RETORT_STEP")?).arg(experiment.to_string()).env("RAYON_NUM_THREADS", "1"),
                ),
                ("pytorch", Command::new(program("RETORT_PYTHON")?).args([program("RETORT_TORCH")?, plan.to_string()])),
            ]
            .map(|(name, command)| Contender::start(command).map(|contender| (name, contender)))
            .into_iter()
            .collect::<Result<Vec<(&str, Contender)>>>()?;
            let mut found = json!({});
            for repeat in 0..=REPEATS {
                for (name, contender) in &mut contenders {
                    let measured = contender.turn()?;
                    found[*name]["memory"] = json!([measured["allocations"], measured["bytes"]]);
                    match found[*name]["rates"].as_array_mut() {
                        Some(rates) => rates.push(measured["step"].clone()),
                        // The first turn warms up.
                        None => found[*name]["rates"] = json!([]),
                    }
                }
                if repeat == REPEATS {
                    println!("\n### {}: {heading}\n\n{}", workload.name, table(&found, "rates", f64::NAN));
                    println!("A step of Retort makes {}.", asked(&found["retort"]["memory"]));
                }
            }
        }
        if workload.name != WORKLOADS[0].name {
            continue;
        }
        // In batches as small as this a small perceptron learns straight on, as in browsers all do.
        let mut experiment = workload.plan()?["experiments"]["cached"].clone();
        experiment["batch"] = json!(16);
        let mut small = Contender::start(Command::new(program("RETORT_STEP")?).arg(experiment.to_string()))?;
        let found = small.turn()?;
        println!(
            "\nWith batches of 16 examples, where it uses the fused path, it makes {}.",
            asked(&json!([found["allocations"], found["bytes"]]))
        );
    }
    Ok(())
}

/// How often and for how much memory a step asks.
fn asked(memory: &Value) -> String {
    let [times, bytes] = [0, 1].map(|which: usize| memory[which].as_f64().unwrap_or(f64::NAN));
    format!("{times:.1} allocations, {:.1} kB in all", bytes / 1e3)
}
