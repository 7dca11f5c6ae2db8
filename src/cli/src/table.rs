//! `retort table`: many experiments in a row, printed as a table for the documentation.

use std::io::{Write, stderr, stdout};

use clap::ArgMatches;
use pollster::block_on;
use retort_engine::Session;
use retort_spec::{
    Actor, Architecture, Command, DeviceChoice, Event, Experiment, Labels, Measured, NetworkKind, Objective, Spread,
    Trouble, encode,
};

use crate::{Failure, compute};

/// The pairs of networks: a perceptron and a convolutional one, whose stages are equally wide, so that every objective
/// can be used on it.
fn pairs() -> [(&'static str, Architecture, Architecture); 2] {
    let residual = |widths: &[u32]| Architecture::new(NetworkKind::Residual, widths);
    [
        ("perceptrons", Architecture::mlp([128, 128]), Architecture::mlp([16])),
        ("residual networks", residual(&[8, 8, 16, 16]), residual(&[8, 16])),
    ]
}

/// What came out of an experiment.
struct Row {
    baseline: [Spread; 2],
    student: [Spread; 2],
}

/// Prints the table of all objectives.
pub fn objectives(matches: &ArgMatches) -> Result<(), Failure> {
    let seeds = *matches.get_one::<u32>("seeds").unwrap_or(&5);
    let only = matches.get_one::<String>("pair");
    let is_asked = |name: &str| only.is_none_or(|only| name.starts_with(only.as_str()));
    for (name, teacher, student) in pairs().into_iter().filter(|(name, ..)| is_asked(name)) {
        let mut session = Session::new(compute(DeviceChoice::Cpu)?);
        for labels in [Labels::All, Labels::Count(50)] {
            let base = Experiment {
                teacher: teacher.clone(),
                student: student.clone(),
                labels,
                runs: seeds,
                soft: 0.0,
                device: DeviceChoice::Cpu,
                ..Experiment::default()
            };
            section(name, &base, &mut session)?;
        }
    }
    Ok(())
}

/// One pair of networks at one number of labels.
fn section(name: &str, base: &Experiment, session: &mut Session) -> Result<(), Failure> {
    let mut out = stdout();
    writeln!(out, "\n### {}: {} teaches {}, labels={}\n", name, base.teacher, base.student, base.labels)?;
    writeln!(out, "`{}`\n", encode(base))?;
    writeln!(out, "| objective | weight | alone: right | agrees | with soft targets: right | agrees |")?;
    writeln!(out, "| --- | --- | --- | --- | --- | --- |")?;
    let soft = Experiment { soft: Experiment::default().soft, ..base.clone() };
    let none = measure(session, base)?.map_err(Failure::Trouble)?;
    let both = measure(session, &soft)?.map_err(Failure::Trouble)?;
    writeln!(out, "| none | | {} | {} |", cells(&none.baseline), cells(&both.student))?;
    for &objective in Objective::ALL {
        let with = |experiment: &Experiment| Experiment {
            weights: experiment.weights.clone().with(objective),
            ..experiment.clone()
        };
        let cell = |row: Result<Row, Trouble>| match row {
            Ok(row) => cells(&row.student),
            Err(trouble) => format!("{trouble} | "),
        };
        let (alone, beside) = (measure(session, &with(base))?, measure(session, &with(&soft))?);
        let weight = objective.about().weight;
        writeln!(out, "| `{objective}` | {weight} | {} | {} |", cell(alone), cell(beside))?;
        out.flush()?;
    }
    Ok(())
}

/// Trains an experiment to its end; what it measured, or why it was refused.
fn measure(session: &mut Session, experiment: &Experiment) -> Result<Result<Row, Trouble>, Failure> {
    write!(stderr(), "\r{:<120}", encode(experiment))?;
    let mut events = block_on(session.handle(Command::Run(experiment.clone())));
    while session.is_running() {
        events.extend(block_on(session.advance(std::time::Duration::from_secs(1))));
    }
    let mut measured: Vec<Measured> = Vec::new();
    for event in events {
        match event {
            Event::Trouble(trouble) => return Ok(Err(trouble)),
            Event::Measured(one) => measured.push(one),
            _ => {}
        }
    }
    let of = |actor: Actor| {
        let all = || measured.iter().filter(move |one| one.actor == actor);
        [all().map(|one| one.accuracy).collect(), all().filter_map(|one| one.agreement).collect()].map(Spread::of)
    };
    Ok(Ok(Row { baseline: of(Actor::Baseline), student: of(Actor::Student) }))
}

/// Mean and spread, in percent.
fn cells(spreads: &[Spread; 2]) -> String {
    let cell = |spread: &Spread| format!("{:.1} ± {:.1}", 100.0 * spread.mean, 100.0 * spread.deviation);
    format!("{} | {}", cell(&spreads[0]), cell(&spreads[1]))
}
