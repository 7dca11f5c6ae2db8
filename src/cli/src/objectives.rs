//! Columns for objectives: each at its usual weight, alone and beside soft targets.

use std::{
    fmt::Write as _,
    io::{Write, stderr},
};

use pollster::block_on;
use retort_engine::Session;
use retort_spec::{
    Command, DeviceChoice, EngineError, Event, Experiment, Measured, NetworkId, Objective, Spread, encode,
};

use crate::{
    Failure, compute,
    table_file::{Section, Table, experiment},
};

/// What came out of an experiment.
struct Trained {
    baseline: [Spread; 2],
    student: [Spread; 2],
}

/// A table of every objective for each of the section's links, which are without soft targets.
pub fn section(table: &Table, section: &Section) -> Result<String, Failure> {
    let mut text = String::new();
    for row in &section.rows {
        let base = experiment(table, &row.link)?;
        let mut session = Session::new(compute(DeviceChoice::Cpu)?);
        let _ = writeln!(text, "`{}`\n", encode(&base));
        let _ = writeln!(
            text,
            "| objective | weight | alone: accuracy | agreement | with soft targets: accuracy | agreement |"
        );
        let _ = writeln!(text, "| --- | --- | --- | --- | --- | --- |");
        let soft = Experiment { soft_weight: Experiment::default().soft_weight, ..base.clone() };
        let none = measure(&mut session, &base)?.map_err(Failure::EngineError)?;
        let both = measure(&mut session, &soft)?.map_err(Failure::EngineError)?;
        let _ = writeln!(text, "| none | | {} | {} |", cells(&none.baseline), cells(&both.student));
        let mut refused = Vec::new();
        for &objective in Objective::ALL {
            let with = |experiment: &Experiment| Experiment {
                weights: experiment.weights.clone().with(objective),
                ..experiment.clone()
            };
            let weight = objective.info().weight;
            let _ = match (measure(&mut session, &with(&base))?, measure(&mut session, &with(&soft))?) {
                (Ok(alone), Ok(beside)) => {
                    let (alone, beside) = (cells(&alone.student), cells(&beside.student));
                    writeln!(text, "| `{objective}` | {weight} | {alone} | {beside} |")
                }
                (Err(trouble), _) | (_, Err(trouble)) => {
                    refused.push(trouble);
                    writeln!(text, "| `{objective}` | {weight} | – | – | – | – |")
                }
            };
        }
        for trouble in refused {
            let _ = writeln!(text, "\nRefused: {trouble}.");
        }
    }
    writeln!(stderr())?;
    Ok(text)
}

/// Trains an experiment to its end; what it measured, or why it was refused.
fn measure(session: &mut Session, experiment: &Experiment) -> Result<Result<Trained, EngineError>, Failure> {
    write!(stderr(), "\r{:<120}", encode(experiment))?;
    let mut events = block_on(session.handle(Command::Run(experiment.clone())));
    while session.is_running() {
        events.extend(block_on(session.advance(std::time::Duration::from_secs(1))));
    }
    let mut measured: Vec<Measured> = Vec::new();
    for event in events {
        match event {
            Event::Error(trouble) => return Ok(Err(trouble)),
            Event::Measured(one) => measured.push(one),
            _ => {}
        }
    }
    let of = |network_id: NetworkId| {
        let all = || measured.iter().filter(move |one| one.network_id == network_id);
        [all().map(|one| one.accuracy).collect(), all().filter_map(|one| one.agreement).collect()].map(Spread::of)
    };
    Ok(Ok(Trained { baseline: of(NetworkId::BASELINE), student: of(NetworkId::STUDENT) }))
}

/// Mean and spread, in percent.
fn cells(spreads: &[Spread; 2]) -> String {
    let cell = |spread: &Spread| format!("{:.1} ± {:.1}", 100.0 * spread.mean, 100.0 * spread.deviation);
    format!("{} | {}", cell(&spreads[0]), cell(&spreads[1]))
}
