//! Columns for schemes: who teaches, control and student, what else the same budget buys.

use std::{
    fmt::Write as _,
    io::{Write, stderr},
    time::Duration,
};

use pollster::block_on;
use retort_engine::Session;
use retort_spec::{
    Block, Cell, Command, DeviceChoice, Event, Experiment, Measured, NetworkId, Outcome, Role, RowName, Spread,
    Verdict, encode,
};

use crate::{
    Failure, compute,
    table_file::{Section, Table, experiment},
};

/// What came out of a link.
struct Row {
    experiment: Experiment,
    verdict: Verdict,
    measured: Vec<Measured>,
    examples: u32,
    /// What the scheme showed of itself last, of the first seed.
    shown: Vec<Block>,
}

/// The rows of a section.
pub fn section(table: &Table, section: &Section) -> Result<String, Failure> {
    let mut session = Session::new(compute(DeviceChoice::Cpu)?);
    let mut text = String::new();
    let _ = writeln!(
        text,
        "Mean and standard deviation over {} seeds, percent right of the test set; cost in 10⁹ multiply–adds of one \
         seed's\ntraining.\n",
        table.seeds
    );
    let _ = writeln!(text, "| | teachers | ensemble | control | student | difference | verdict | cost |");
    let _ = writeln!(text, "| --- | --- | --- | --- | --- | --- | --- | --- |");
    for row in &section.rows {
        let experiment = experiment(table, &row.link)?;
        write!(stderr(), "\r{:<120}", encode(&experiment))?;
        let measured = measure(&mut session, experiment)?;
        let _ = writeln!(text, "| {}<br>`{}` | {} |", row.why, row.link, cells(&measured));
        text.push_str(&shown(&measured));
        let omitted = of_omitted(&measured);
        if !omitted.is_empty() {
            let _ = writeln!(text, "| … of the class left out | {omitted} | | |");
        }
    }
    writeln!(stderr())?;
    Ok(text)
}

/// Trains an experiment to its end.
fn measure(session: &mut Session, experiment: Experiment) -> Result<Row, Failure> {
    let mut events = block_on(session.handle(Command::Run(experiment.clone())));
    while session.is_running() {
        events.extend(block_on(session.advance(Duration::from_secs(1))));
    }
    let (mut measured, mut verdict, mut examples, mut shown) = (Vec::new(), None, 0, Vec::new());
    for event in events {
        match event {
            Event::Error(trouble) => return Err(Failure::EngineError(trouble)),
            Event::Measured(one) => measured.push(one),
            Event::Verdict(one) => verdict = Some(one),
            Event::Exhibit(exhibit) => shown = exhibit.blocks,
            Event::Data(data) => examples = data.train,
            _ => {}
        }
    }
    let verdict = verdict.ok_or_else(|| Failure::PipelineEnd(format!("{} came to no verdict", encode(&experiment))))?;
    Ok(Row { experiment, verdict, measured, examples, shown })
}

/// Teachers, ensemble, control, student, what the student gained, verdict, cost.
fn cells(row: &Row) -> String {
    let Row { experiment, verdict, examples, .. } = row;
    let spread = |id: NetworkId| verdict.spread(id).map_or_else(|| "–".into(), percent);
    let plan = experiment.plan();
    let mut teachers: Vec<NetworkId> = plan.ids().filter(|id| id.role == Role::Teacher).collect();
    teachers.extend(plan.ids().filter(|id| id.role == Role::Assistant));
    let said = match &teachers[..] {
        [] => "–".into(),
        few if few.len() < 4 => few.iter().map(|id| spread(*id)).collect::<Vec<String>>().join("; "),
        many => {
            let means: Vec<f64> = many.iter().map(|id| verdict.mean(*id)).collect();
            format!("{} of {:.1} in the mean", many.len(), 100.0 * Spread::of(means).mean)
        }
    };
    let differences = match (verdict.spread(verdict.product), verdict.spread(verdict.control)) {
        (Some(product), Some(control)) => {
            let pairs = product.values.iter().zip(&control.values);
            percent(&Spread::of(pairs.map(|(product, control)| product - control).collect()))
        }
        _ => "–".into(),
    };
    let outcome = match verdict.outcome {
        Outcome::Helps => "helps",
        Outcome::NoDifference => "no difference",
        Outcome::Hurts => "hurts",
    };
    let p_value = if verdict.p_value < 0.001 { "p < 0.001".into() } else { format!("p = {:.3}", verdict.p_value) };
    format!(
        "{said} | {} | {} | {} | {differences} | {outcome}, {p_value} | {:.2}",
        spread(NetworkId::ENSEMBLE),
        spread(verdict.control),
        spread(verdict.product),
        experiment.training_cost(*examples) / 1e9
    )
}

/// What the scheme shows of the first seed: of votes what each student is told, and what that gives away; of classes
/// that arrive in two steps what is left of the first ones, told the task and not told; of a discriminator how often it
/// is right; of pictures what the teacher says of them.
fn shown(row: &Row) -> String {
    const TABLES: [&str; 6] =
        ["private-table", "lifelong-table", "judged-table", "handed-table", "drawing-table", "handful-table"];
    let tables = row.shown.iter().filter_map(|block| match block {
        Block::Table { caption, rows, .. } => Some((caption.key.as_str(), rows)),
        _ => None,
    });
    let tables: Vec<_> = tables.filter(|(key, _)| TABLES.contains(key)).collect();
    let Some(&(key, rows)) = tables.first() else { return String::new() };
    let line = |(name, cells): &(RowName, Vec<Cell>)| {
        let RowName::Network(id) = name else { return String::new() };
        let number = |cell: &Cell| match *cell {
            Cell::Number(number, _) => format!("{number:.1}"),
            Cell::Share(share) => format!("{:.1}", 100.0 * share),
            _ if key == "private-table" => "∞".into(),
            _ => "–".into(),
        };
        let [one, two, three, four] = [0, 1, 2, 3].map(|place| cells.get(place).map_or_else(String::new, number));
        let said = match key {
            "drawing-table" => {
                format!("{id}: teacher sure {two}, classes that come {three}; {four} · 10⁶ multiply–adds")
            }
            "handful-table" => id.to_string(),
            "private-table" => format!("noise {one}: ε ≤ {two}, found {three}; labels right {four}"),
            "handed-table" => format!("{id}: of its own data {two}; moved {three}, last layer {four}"),
            "judged-table" => format!("discriminator right {one}: student's {two}, teacher's {three}"),
            _ => format!("{id}, told: old {one}, new {two}; among all: old {three}, new {four}"),
        };
        let accuracy = row.verdict.spread(*id).map_or_else(|| "–".into(), percent);
        format!("| … {said} | | | | {accuracy} | | | |\n")
    };
    rows.iter().map(line).collect()
}

/// The same of the examples whose class the student never saw; nothing where it saw all.
fn of_omitted(row: &Row) -> String {
    let omitted: Vec<usize> = row.experiment.omitted_classes.iter().map(usize::from).collect();
    if omitted.is_empty() {
        return String::new();
    }
    let of = |id: NetworkId| {
        let measured = row.measured.iter().filter(|one| one.network_id == id);
        let mean = |one: &Measured| {
            omitted.iter().map(|&class| one.per_class_accuracy[class]).sum::<f64>() / omitted.len() as f64
        };
        percent(&Spread::of(measured.map(mean).collect()))
    };
    let plan = row.experiment.plan();
    let teachers: Vec<String> = plan.ids().filter(|id| id.role == Role::Teacher).map(of).collect();
    format!("{} | – | {} | {} |", teachers.join("; "), of(plan.control), of(plan.product))
}

/// Mean and spread, in percent.
fn percent(spread: &Spread) -> String {
    format!("{:.1} ± {:.1}", 100.0 * spread.mean, 100.0 * spread.deviation)
}
