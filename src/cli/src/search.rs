//! `retort search`: looks for the best values of one or two knobs within a budget, without a look at the test set.

mod rungs;

use std::io::Write;

use clap::{Arg, ArgMatches, Command, value_parser};
use rand::seq::SliceRandom as _;
use retort_compress::random;
use retort_spec::{Experiment, SWEEP_KEY, Spread, Sweep, SweepCell, encode, sweep::Metric};

use self::rungs::{Method, Rung, rungs};
use crate::{
    Failure, run,
    sweep::{
        engines::{Engines, Measuring},
        name,
    },
    text,
};

/// The test set is measured with seeds that are so far from those of the search.
const FRESH: u32 = 1_000_000;

/// The command and what it takes, apart from the knobs.
pub fn command() -> Command {
    Command::new("search")
        .about("Looks for the best values of one or two knobs on held-out training examples, then measures them on the test set")
        .args([
            Arg::new("over").long("over").value_name("KNOBS").required(true).help(
                "The knobs and the values among which to look: 'temperature:1..20/8;soft:0..1/6', written as for sweep",
            ),
            Arg::new("budget")
                .long("budget")
                .value_name("COUNT")
                .default_value("9")
                .value_parser(value_parser!(u32).range(1..=1000))
                .help("How many whole trainings of a student the search may take; teachers are trained beside"),
            Arg::new("method")
                .long("method")
                .default_value(Method::Halving.word())
                .value_parser(Method::ALL.map(Method::word))
                .help("halving: many for a few epochs, the best third for three times as many; random: few, whole"),
        ])
}

/// A candidate with its accuracies on the validation examples, 0 to 1.
type Candidate<'a> = (&'a SweepCell, Spread);

/// Searches, and writes what was found and by how much the search had overestimated it.
pub fn search(matches: &ArgMatches, out: &mut dyn Write) -> Result<(), Failure> {
    let base = run::experiment(matches, &[SWEEP_KEY])?;
    if base.data.is_of_sequences() {
        return Err(Failure::NoValidation { data: base.data });
    }
    let over: Sweep = text(matches, "over").unwrap_or_default().parse()?;
    let cells = over.cells(&base);
    let mut possible: Vec<(&SweepCell, &Experiment)> =
        cells.iter().filter_map(|cell| Some((cell, cell.experiment.as_deref().ok()?))).collect();
    if let Some((_, other)) = possible.iter().find(|(_, experiment)| experiment.data != base.data) {
        // Accuracies on different examples say nothing about the knobs.
        return Err(Failure::OtherData { data: other.data });
    }
    let budget = *matches.get_one::<u32>("budget").unwrap_or(&1);
    let method = text(matches, "method").and_then(Method::of).unwrap_or(Method::Halving);
    possible.shuffle(&mut random::stream(base.seed, "search"));
    let rungs = rungs(method, budget, base.student_epochs, possible.len());
    let mut candidates: Vec<(&SweepCell, &Experiment)> = possible;
    let mut validating = Engines::new(matches, candidates.iter().map(|(_, one)| *one), Measuring::HeldOut);
    let bar = run::bar("{msg} {wide_bar} {pos}/{len} students, {eta} left");
    bar.set_length(rungs.iter().map(|rung| rung.candidates as u64).sum());
    let (mut best, mut notes) = (None, Vec::new());
    for Rung { candidates: count, epochs } in rungs {
        candidates.truncate(count);
        let mut measured: Vec<(Candidate<'_>, &Experiment)> = Vec::new();
        for &(cell, experiment) in &candidates {
            bar.set_message(name(&over, cell));
            let shorter = Experiment { student_epochs: epochs, ..experiment.clone() };
            match validating.train(&shorter, |_| bar.tick())? {
                Ok(results) => {
                    measured.extend(Metric::Accuracy.value(&results).map(|spread| ((cell, spread), experiment)))
                }
                Err(reason) => notes.push(format!("– {}: {reason}", name(&over, cell))),
            }
            bar.inc(1);
        }
        measured.sort_by(|((_, a), _), ((_, b), _)| b.mean.total_cmp(&a.mean));
        bar.suspend(|| write_rung(out, &over, epochs, measured.iter().map(|(candidate, _)| candidate)))?;
        candidates = measured.iter().map(|((cell, _), experiment)| (*cell, *experiment)).collect();
        best = measured.into_iter().next();
    }
    bar.finish_and_clear();
    if !notes.is_empty() {
        writeln!(out, "{}\n", notes.join("\n"))?;
    }
    let ((cell, seen), experiment) = best.ok_or(Failure::NothingFound)?;
    let mut testing = Engines::new(matches, std::iter::once(experiment), Measuring::TestSet);
    let mut tested = |experiment: &Experiment| -> Result<Spread, Failure> {
        let fresh = Experiment { seed: base.seed.wrapping_add(FRESH), ..experiment.clone() };
        let results = testing.train(&fresh, |_| {})?.map_err(Failure::Untrainable)?;
        Metric::Accuracy.value(&results).ok_or(Failure::NothingFound)
    };
    let found = tested(experiment)?;
    writeln!(out, "best          {}\nlink          {}", name(&over, cell), encode(experiment))?;
    writeln!(out, "validation    {} %, as the search saw it", percent(&seen))?;
    writeln!(out, "test          {} %, fresh seeds, all training examples", percent(&found))?;
    let excess = 100.0 * (seen.mean - found.mean);
    match excess >= 0.0 {
        true => writeln!(out, "overestimated by {excess:.1} points")?,
        false => writeln!(out, "underestimated by {:.1} points", -excess)?,
    }
    // What the search was worth.
    match tested(&base) {
        Ok(usual) => writeln!(out, "unsearched    {} %, the link's own values, those seeds", percent(&usual))?,
        Err(Failure::Untrainable(reason)) => writeln!(out, "unsearched    {reason}")?,
        Err(failure) => return Err(failure),
    }
    Ok(())
}

/// The candidates of a rung, the best first.
fn write_rung<'a>(
    out: &mut dyn Write,
    over: &Sweep,
    epochs: u32,
    candidates: impl Iterator<Item = &'a Candidate<'a>>,
) -> std::io::Result<()> {
    writeln!(out, "{epochs} epochs of the student, accuracy on held-out training examples, %")?;
    for (cell, spread) in candidates {
        writeln!(out, "  {:>12}  {}", percent(spread), name(over, cell))?;
    }
    writeln!(out)?;
    out.flush()
}

/// Mean and spread, in percent.
fn percent(spread: &Spread) -> String {
    format!("{:.1} ± {:.1}", 100.0 * spread.mean, 100.0 * spread.deviation)
}

#[cfg(test)]
mod tests;
