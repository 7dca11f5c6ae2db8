//! `retort table`: many experiments in a row, printed as a table for the documentation.

use std::io::{Write, stderr, stdout};

use clap::ArgMatches;
use pollster::block_on;
use retort_engine::Session;
use retort_spec::{
    Architecture, Command, DeviceChoice, EngineError, Event, Experiment, Labels, Measured, NetworkId, NetworkKind,
    Objective, Spread, encode,
};

use crate::{Failure, compute, text};

/// Teacher and student: perceptrons, and convolutional networks whose stages are equally wide, so that every objective
/// can be used on them; these for a quarter of the epochs, since their steps take ten times as long.
fn pairs() -> [(&'static str, Experiment); 2] {
    let residual = |widths: &[u32]| Architecture::new(NetworkKind::Residual, widths);
    let usual = Experiment { soft_weight: 0.0, device: DeviceChoice::Cpu, ..Experiment::default() };
    let convolutional = Experiment {
        teacher: residual(&[8, 8, 16, 16]),
        student: residual(&[8, 16]),
        teacher_epochs: usual.teacher_epochs / 4,
        student_epochs: usual.student_epochs / 4,
        ..usual.clone()
    };
    [("perceptrons", usual), ("residual networks", convolutional)]
}

/// What came out of an experiment.
struct Row {
    baseline: [Spread; 2],
    student: [Spread; 2],
}

/// Prints the table of all objectives.
pub fn objectives(matches: &ArgMatches) -> Result<(), Failure> {
    let seeds = *matches.get_one::<u32>("seeds").unwrap_or(&5);
    let is_asked = |option: &str, value: &str| text(matches, option).is_none_or(|asked| asked == value);
    for (name, base) in pairs() {
        let mut session = Session::new(compute(DeviceChoice::Cpu)?);
        for labels in [Labels::All, Labels::Count(50)] {
            if is_asked("pair", name.split(' ').next().unwrap_or(name)) && is_asked("labels", &labels.to_string()) {
                section(name, &Experiment { labels, runs: seeds, ..base.clone() }, &mut session)?;
            }
        }
    }
    Ok(())
}

/// One pair of networks at one number of labels.
fn section(name: &str, base: &Experiment, session: &mut Session) -> Result<(), Failure> {
    let mut out = stdout();
    writeln!(out, "\n### {}: {} teaches {}, labels={}\n", name, base.teacher, base.student, base.labels)?;
    writeln!(out, "`{}`\n", encode(base))?;
    writeln!(out, "| objective | weight | alone: accuracy | agreement | with soft targets: accuracy | agreement |")?;
    writeln!(out, "| --- | --- | --- | --- | --- | --- |")?;
    let soft = Experiment { soft_weight: Experiment::default().soft_weight, ..base.clone() };
    let none = measure(session, base)?.map_err(Failure::EngineError)?;
    let both = measure(session, &soft)?.map_err(Failure::EngineError)?;
    writeln!(out, "| none | | {} | {} |", cells(&none.baseline), cells(&both.student))?;
    let mut refused = Vec::new();
    for &objective in Objective::ALL {
        let with = |experiment: &Experiment| Experiment {
            weights: experiment.weights.clone().with(objective),
            ..experiment.clone()
        };
        let weight = objective.info().weight;
        match (measure(session, &with(base))?, measure(session, &with(&soft))?) {
            (Ok(alone), Ok(beside)) => {
                let (alone, beside) = (cells(&alone.student), cells(&beside.student));
                writeln!(out, "| `{objective}` | {weight} | {alone} | {beside} |")?
            }
            (Err(trouble), _) | (_, Err(trouble)) => {
                writeln!(out, "| `{objective}` | {weight} | – | – | – | – |")?;
                refused.push(trouble);
            }
        }
        out.flush()?;
    }
    for trouble in refused {
        writeln!(out, "\nRefused: {trouble}.")?;
    }
    Ok(())
}

/// Trains an experiment to its end; what it measured, or why it was refused.
fn measure(session: &mut Session, experiment: &Experiment) -> Result<Result<Row, EngineError>, Failure> {
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
    Ok(Ok(Row { baseline: of(NetworkId::BASELINE), student: of(NetworkId::STUDENT) }))
}

/// Mean and spread, in percent.
fn cells(spreads: &[Spread; 2]) -> String {
    let cell = |spread: &Spread| format!("{:.1} ± {:.1}", 100.0 * spread.mean, 100.0 * spread.deviation);
    format!("{} | {}", cell(&spreads[0]), cell(&spreads[1]))
}
