//! `retort search`: looks for the best values of one or two knobs within a budget, without a look at the test set.

use std::{io::Write, time::Instant};

use clap::{Arg, ArgMatches, Command};
use retort_engine::NetworkCache;
use retort_spec::{
    EngineError, Experiment, SEARCH_KEY, SWEEP_KEY, Search, SearchPlan, Spread, Sweep, link,
    search::{Budget, Method, Next, Trial},
    sweep::Metric,
};

use crate::{
    Failure, run,
    sweep::{
        engines::{Engines, Measuring},
        name,
    },
    text,
};

/// The command and what it takes, apart from the knobs.
pub fn command() -> Command {
    Command::new("search")
        .about("Looks for the best values of one or two knobs on held-out training examples, then measures them on the test set")
        .args([
            Arg::new("over").long("over").value_name("KNOBS").help(
                "The knobs and the values among which to look: 'temperature:1..20/8;soft:0..1/6', written as for sweep",
            ),
            Arg::new("budget").long("budget").value_name("COUNT").help(
                "How many whole trainings of a student the search may take, or how many seconds ('60s'); teachers are \
                 trained beside; else the link's, or 9",
            ),
            Arg::new("method").long("method").value_parser(Method::ALL.map(Method::word)).help(
                "halving: many for a few epochs, the best third for three times as many; random: few, whole; else the \
                 link's, or halving",
            ),
        ])
}

/// How to proceed: as the flags say, else as the link does.
fn plan(matches: &ArgMatches, link: &str) -> Result<SearchPlan, Failure> {
    let in_link = link::page_key(link, SEARCH_KEY).filter(|text| !text.is_empty());
    let mut plan = in_link.map_or(Ok(SearchPlan::USUAL), |text| text.parse())?;
    if let Some(budget) = text(matches, "budget") {
        plan.budget = budget.parse::<Budget>()?;
    }
    plan.method = text(matches, "method").and_then(Method::of).unwrap_or(plan.method);
    Ok(plan)
}

/// Searches, and writes what was found and by how much the search had overestimated it.
pub fn search(matches: &ArgMatches, out: &mut dyn Write) -> Result<(), Failure> {
    let base = run::experiment(matches, &[SWEEP_KEY])?;
    let link = text(matches, "experiment").unwrap_or_default();
    let over = text(matches, "over").map(str::to_owned).or_else(|| link::page_key(link, SWEEP_KEY));
    let over: Sweep = over.ok_or(Failure::NoSweep)?.parse()?;
    let mut search = Search::new(&base, &over, plan(matches, link)?)?;
    let cells = search.cells().to_vec();
    let possible = || cells.iter().filter_map(|cell| cell.experiment.as_deref().ok());
    let mut validating = Engines::new(matches, possible(), Measuring::HeldOut);
    let mut testing = Engines::new(matches, possible(), Measuring::TestSet(NetworkCache::default()));
    let bar = run::bar("{msg} {wide_bar} {pos}/{len} students, {eta} left");
    let (start, mut written, mut notes) = (Instant::now(), 0, Vec::new());
    while let Next::Train(index) = search.next(start.elapsed().as_secs_f64()) {
        let Trial { experiment, place, rung, .. } = search.trials()[index].clone();
        // A rung is known as a whole when the next one begins.
        while written < rung.unwrap_or(search.rungs().len()) {
            bar.suspend(|| write_rung(out, &over, &search, written))?;
            written += 1;
        }
        let name = place.map_or_else(String::new, |place| name(&over, &cells[place]));
        bar.set_length(search.count() as u64);
        bar.set_message(name.clone());
        let engines = if rung.is_some() { &mut validating } else { &mut testing };
        let outcome = engines.train(&experiment, |_| bar.tick())?;
        let outcome = outcome.and_then(|results| Metric::Accuracy.value(&results).ok_or("nothing was measured".into()));
        if let (Some(_), Err(reason)) = (rung, &outcome) {
            notes.push(format!("– {name}: {reason}"));
        }
        search.tell(index, outcome.map_err(|reason| EngineError::Engine { reason }));
        bar.inc(1);
    }
    bar.finish_and_clear();
    if !notes.is_empty() {
        writeln!(out, "{}\n", notes.join("\n"))?;
    }
    let best = search.best().and_then(|best| Some((&cells[best.place?], best.spread()?)));
    let (cell, seen) = best.ok_or(Failure::NothingFound)?;
    let mut tests = search.tests();
    let found = measured(tests.next())?;
    writeln!(out, "best          {}\nlink          {}", name(&over, cell), cell.link().unwrap_or_default())?;
    writeln!(out, "validation    {} %, as the search saw it", percent(seen))?;
    writeln!(out, "test          {} %, fresh seeds, all training examples", percent(found))?;
    let excess = 100.0 * search.overestimate().unwrap_or_default();
    match excess >= 0.0 {
        true => writeln!(out, "overestimated by {excess:.1} points")?,
        false => writeln!(out, "underestimated by {:.1} points", -excess)?,
    }
    // What the search was worth.
    match tests.next().map(|trial| measured(Some(trial))) {
        Some(Ok(usual)) => writeln!(out, "unsearched    {} %, the link's own values, those seeds", percent(usual))?,
        Some(Err(failure)) => writeln!(out, "unsearched    {failure}")?,
        None => writeln!(out, "unsearched    the same: the best values are the link's own")?,
    }
    Ok(())
}

/// What a trial on the test set came to.
fn measured(trial: Option<&Trial>) -> Result<&Spread, Failure> {
    match trial.and_then(|trial| trial.outcome.as_ref()) {
        Some(Ok(spread)) => Ok(spread),
        Some(Err(EngineError::Engine { reason })) => Err(Failure::Untrainable(reason.clone())),
        _ => Err(Failure::NothingFound),
    }
}

/// The candidates of a rung, the best first.
fn write_rung(out: &mut dyn Write, over: &Sweep, search: &Search, rung: usize) -> std::io::Result<()> {
    let shortened = search.rungs()[rung].shortened;
    let Experiment { student_epochs, .. } = search.base();
    // Where the search is among numbers of epochs, each candidate has its own.
    match over.axes().iter().any(|axis| axis.key() == "student-epochs") {
        true => write!(out, "1/{shortened} of the student's epochs")?,
        false => write!(out, "{} epochs of the student", (student_epochs / shortened).max(1))?,
    }
    writeln!(out, ", accuracy on held-out training examples, %")?;
    for trial in search.ranked(rung) {
        let cell = trial.place.map(|place| name(over, &search.cells()[place])).unwrap_or_default();
        writeln!(out, "  {:>12}  {cell}", trial.spread().map(percent).unwrap_or_default())?;
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
