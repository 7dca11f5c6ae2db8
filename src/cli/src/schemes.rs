//! `retort table schemes`: every scheme beside its control, and beside what else the same budget buys.

use std::{
    fmt::Write as _,
    io::{Write, stderr, stdout},
    path::PathBuf,
    time::Duration,
};

use clap::ArgMatches;
use pollster::block_on;
use retort_engine::Session;
use retort_spec::{
    Block, Cell, Command, DataSet, DeviceChoice, Event, Experiment, Measured, NetworkId, Outcome, Role, RowName,
    Scheme, Spread, Verdict, decode, encode,
};

use crate::{Failure, compute, text};

/// What else is measured beside a scheme: a link, and why it is there.
type Beside = (&'static str, &'static str);

/// What is measured of a scheme: its default, what stands beside it, and its default on drawn digits. In each the
/// student and its control are told, and who teaches them.
fn measured_of(scheme: Scheme) -> Vec<(String, String)> {
    let (what, beside) = beside(scheme);
    let row = |link: String, why: &str| (link, why.to_owned());
    let first = row(format!("scheme={scheme}"), &["the default", what].join(if what.is_empty() { "" } else { ": " }));
    let beside = beside.iter().map(|(link, why)| row((*link).to_owned(), why));
    let last = row(format!("data=strokes&scheme={scheme}"), "drawn digits");
    [first].into_iter().chain(beside).chain([last]).collect()
}

/// What a scheme's default is, where its name does not say it, and what is measured beside it.
fn beside(scheme: Scheme) -> (&'static str, &'static [Beside]) {
    match scheme {
        Scheme::Offline => {
            ("", &[("soft=0&student-epochs=80", "the student alone, twice as long"), ("labels=all", "all labels")])
        }
        Scheme::Assistant => (
            "",
            &[
                ("student-epochs=80", "no assistant: the teacher directly, with the assistant's steps"),
                ("teacher=45,45", "no large teacher: one of the assistant's size, trained on labels"),
                ("scheme=assistant&members=3", "a chain of three"),
                ("scheme=assistant&members=3&dense=on", "a chain of three, densely guided"),
                ("scheme=assistant&teacher=256,256&student=8&temperature=8", "a wider gap, T = 8"),
                ("teacher=256,256&student=8&temperature=8&student-epochs=80", "that gap directly, twice as long"),
                ("scheme=assistant&labels=all&student=8", "all labels, a student of 8 units"),
            ],
        ),
        Scheme::EarlyStopped => (
            "",
            &[
                ("scheme=early-stopped&temperature=10", "a higher temperature"),
                ("scheme=early-stopped&transfer=all", "all inputs as the transfer set"),
                ("scheme=early-stopped&labels=all", "all labels"),
            ],
        ),
        Scheme::SmoothedTeacher => (
            "no 3 among the student's examples",
            &[
                ("scheme=smoothed-teacher&teacher-smoothing=0.3", "more smoothing"),
                (
                    "scheme=smoothed-teacher&omit=none&labels=50&student=16&temperature=2&soft=0.9",
                    "nothing left out, 50 labels, all inputs",
                ),
                (
                    "scheme=smoothed-teacher&omit=none&labels=50&student=16&temperature=4&soft=0.9&transfer=labelled",
                    "nothing left out, those 50 inputs alone, T = 4",
                ),
            ],
        ),
        Scheme::WrongLabels => (
            "",
            &[
                (
                    "labels=all&student=64&wrong=0.4&soft=0&student-epochs=4",
                    "no teacher: the student alone, stopped after 4 epochs",
                ),
                ("labels=all&student=64&soft=0", "no wrong labels, no teacher"),
                ("scheme=wrong-labels&teacher-epochs=20", "a teacher that learned the wrong labels by heart"),
                ("scheme=born-again&wrong=0.4&labels=all&student=64&temperature=2&soft=1", "generations instead"),
            ],
        ),
        Scheme::WeakToStrong => (
            "",
            &[
                ("scheme=weak-to-strong&student=16", "a student as small as its teacher"),
                ("scheme=weak-to-strong&student-epochs=3", "stopped after 3 epochs"),
            ],
        ),
        Scheme::Adversarial => (
            "50 labels and a discriminator of probabilities",
            &[
                ("scheme=adversarial&adversarial=0.3", "weight 0.3"),
                ("scheme=adversarial&adversarial=3", "weight 3"),
                ("scheme=adversarial&reversal=reverse", "the discriminator's gradient reversed"),
                ("scheme=adversarial&reversal=none", "not reversed, as in two published codes"),
                ("scheme=adversarial&judged=logits", "logits judged"),
                ("scheme=adversarial&judged=features", "features judged"),
                ("scheme=adversarial&judged=features&reversal=reverse", "those, the gradient reversed"),
                ("soft=0.9&adversarial=1&judged=features", "those beside soft targets"),
                ("scheme=adversarial&labels=0", "no labels"),
                ("scheme=adversarial&labels=all", "all labels"),
                ("soft=0.9", "soft targets instead"),
                ("soft=0.9&adversarial=1", "soft targets and the discriminator"),
                ("soft=0.9&adversarial=1&reversal=none", "those, not reversed"),
            ],
        ),
        Scheme::Mutual => (
            "",
            &[
                ("scheme=mutual&labels=50", "50 labels"),
                ("scheme=mutual&labels=all", "all labels"),
                ("scheme=mutual&members=4", "four peers"),
                ("labels=200&soft=0&student-epochs=80", "one network, twice as long"),
            ],
        ),
        Scheme::Codistillation => (
            "",
            &[
                ("scheme=codistillation&stale=on", "peers as they were an epoch before"),
                ("scheme=codistillation&members=2", "two peers"),
                ("labels=250&soft=0", "one network with all the labels"),
                (
                    "scheme=several-teachers&teacher=16&teacher-epochs=40&dropout=0&member-labels=apart&teacher-labels=50",
                    "offline: five such networks trained alone, then their mean taught",
                ),
            ],
        ),
        Scheme::BornAgain => (
            "",
            &[
                ("scheme=born-again&labels=all", "all labels"),
                (
                    "scheme=born-again&labels=all&wrong=0.4&student=64&temperature=2&soft=1",
                    "all labels, 40 % of them wrong",
                ),
                ("soft=0&student-epochs=160", "one network, four times as long"),
                (
                    "scheme=several-teachers&members=4&teacher=16&teacher-epochs=40&dropout=0&member-labels=shared&teacher-labels=50",
                    "four fresh networks, their ensemble, and a student of it",
                ),
            ],
        ),
        Scheme::SeveralTeachers => (
            "each blind for two classes of 400 labels",
            &[
                ("scheme=several-teachers&mix=logits", "logits mixed"),
                ("scheme=several-teachers&mix=confidence", "the surer ones counting more"),
                ("scheme=several-teachers&member-labels=apart&teacher-labels=50", "each 50 labels of its own"),
                (
                    "scheme=several-teachers&member-labels=apart&teacher-labels=50&mix=confidence",
                    "those, the surer ones counting more",
                ),
                ("scheme=several-teachers&member-labels=shared&teacher-labels=50", "the same 50 labels for all"),
                ("labels=400&soft=0", "one network with the 400 labels"),
                ("labels=250&soft=0", "one network with 250 labels"),
            ],
        ),
        Scheme::Private => (
            "100 teachers, 200 queries, normal noise of deviation 8",
            &[
                ("scheme=private&noise-law=laplace&vote-noise=20", "Laplace noise of scale 20"),
                ("scheme=private&queries=50", "50 queries"),
                ("scheme=private&members=25&vote-noise=4", "25 teachers, noise of deviation 4"),
                ("scheme=private&members=5&noise-law=laplace&vote-noise=1", "five teachers, Laplace noise of scale 1"),
                ("labels=200&soft=0", "no secret: 200 true labels"),
            ],
        ),
        Scheme::Lifelong => (
            "a last layer for each task, which is told",
            &[
                ("scheme=lifelong&soft=0.75", "λ = 3"),
                ("scheme=lifelong&t2=on", "with T²"),
                ("scheme=lifelong&kept=50", "50 examples kept"),
                ("scheme=lifelong&heads=one", "one softmax, the task is not told"),
                ("scheme=lifelong&heads=one&kept=50", "that, and 50 examples kept"),
                ("scheme=lifelong&heads=sigmoid", "sigmoids, the task is not told"),
                ("scheme=lifelong&heads=sigmoid&kept=50", "those, and 50 examples kept"),
                ("student=64&labels=all&soft=0", "all classes at once, none told"),
            ],
        ),
        Scheme::TransferLearning => (
            "drawn digits made small first, then 50 labels",
            &[
                ("scheme=transfer-learning&labels=20", "20 labels"),
                ("scheme=transfer-learning&labels=200", "200 labels"),
                ("scheme=transfer-learning&labels=all", "all labels"),
                ("scheme=transfer-learning&student=64", "64 units"),
                ("scheme=transfer-learning&student=64&labels=all", "64 units, all labels"),
                ("scheme=transfer-learning&student=conv:4,8", "a convolutional network"),
                ("scheme=transfer-learning&teacher-epochs=2", "a source that was stopped after 2 epochs"),
            ],
        ),
        Scheme::Specialists => (
            "five specialists of two classes each beside a generalist, 400 labels",
            &[
                ("scheme=specialists&teacher-labels=50", "50 labels"),
                ("scheme=specialists&teacher-labels=all", "all labels"),
                ("scheme=specialists&members=2", "two specialists of five classes"),
                (
                    "scheme=several-teachers&members=6&member-labels=shared&temperature=1",
                    "six generalists instead, of the same 400 labels",
                ),
            ],
        ),
        Scheme::Soup => (
            "50 labels of its own for each of five",
            &[
                ("scheme=soup&same-start=off", "five starts instead of one"),
                ("scheme=soup&member-labels=shared&labels=200", "the same 200 labels for all"),
                ("scheme=soup&member-labels=shared&labels=200&same-start=off", "those, and five starts"),
                ("student=64&labels=300&soft=0", "one network with all the labels, the start's among them"),
            ],
        ),
        Scheme::Exits => (
            "200 labels",
            &[
                ("scheme=exits&soft=0.5", "the last exit counts half"),
                ("scheme=exits&labels=all", "all labels"),
                ("scheme=exits&labels=50", "50 labels"),
                ("scheme=exits&student=conv:4,8,16", "a convolutional network"),
                ("scheme=exits&student=residual:4,8,16", "a residual network"),
                ("labels=200&soft=0&student=24,24,24", "the whole network without exits"),
                ("labels=200&soft=0&student=24", "a network that ends behind the first stage"),
            ],
        ),
        Scheme::Noise => (
            "sparse noise",
            &[
                ("scheme=noise&transfer=noise", "uniform noise"),
                ("scheme=noise&transfer=shuffled", "shuffled pixels"),
                ("scheme=noise&transfer=other", "another data set"),
                ("scheme=noise&transfer=all", "the real inputs"),
                ("scheme=noise&student=64&transfer=noise", "uniform noise, 64 units"),
            ],
        ),
        Scheme::Generator => (
            "pictures that the teacher is sure of; the control is shown sparse noise",
            &[
                ("scheme=generator&generator=disagreement", "pictures on which the student disagrees"),
                ("scheme=generator&student-epochs=120", "three times the steps, for all"),
                ("scheme=generator&student=64", "64 units"),
                ("scheme=generator&student=64&generator=disagreement", "those, and disagreement"),
            ],
        ),
        Scheme::Dataset => (
            "one picture of each class; the control learns as many real examples",
            &[
                ("scheme=dataset&pictures=5", "five pictures of each class"),
                ("scheme=dataset&pictures=10", "ten"),
                ("scheme=dataset&student=64", "64 units"),
                ("scheme=dataset&student=conv:4,8", "a convolutional network, matched at its classifier"),
                ("labels=all&soft=0", "all examples"),
            ],
        ),
        Scheme::Subliminal => (
            "",
            &[
                ("scheme=subliminal&same-start=off", "neither starts from the teacher's weights"),
                ("scheme=subliminal&transfer=all", "the same outputs on real digits"),
                ("scheme=noise&transfer=noise&labels=0&student=128,128&dropout=0", "the classes' outputs on noise"),
            ],
        ),
        // One that was not thought of yet has its default measured.
        #[allow(unreachable_patterns, reason = "for as long as every scheme has something beside it")]
        _ => ("", &[]),
    }
}

/// What came out of a link.
struct Row {
    experiment: Experiment,
    verdict: Verdict,
    measured: Vec<Measured>,
    examples: u32,
    /// What the scheme showed of itself last, of the first seed.
    shown: Vec<Block>,
}

/// Prints the tables, or writes them into a file.
pub fn table(matches: &ArgMatches) -> Result<(), Failure> {
    let seeds = *matches.get_one::<u32>("seeds").unwrap_or(&5);
    let asked = text(matches, "scheme");
    let into = matches.get_one::<PathBuf>("into");
    for &scheme in Scheme::ALL
        .iter()
        .filter(|scheme| scheme.fits(DataSet::Digits8) && asked.is_none_or(|asked| asked == scheme.word()))
    {
        let section = section(scheme, seeds)?;
        match into {
            Some(path) => {
                let failure = |error: std::io::Error| Failure::File {
                    path: path.display().to_string(),
                    reason: error.to_string(),
                };
                let before = std::fs::read_to_string(path).map_err(failure)?;
                std::fs::write(path, replaced(&before, scheme, &section)).map_err(failure)?;
            }
            None => write!(stdout(), "\n## `{scheme}`\n\n{section}")?,
        }
    }
    Ok(())
}

/// A text with the table of a scheme behind its mark, up to the next heading.
fn replaced(text: &str, scheme: Scheme, section: &str) -> String {
    let mark = format!("<!-- measured: {scheme} -->\n");
    let Some((before, behind)) = text.split_once(&mark) else { return text.to_owned() };
    let rest = behind.find("\n## ").map_or("", |at| &behind[at..]);
    format!("{before}{mark}\n{section}{rest}")
}

fn section(scheme: Scheme, seeds: u32) -> Result<String, Failure> {
    let mut session = Session::new(compute(DeviceChoice::Cpu)?);
    let mut table = String::new();
    let _ = writeln!(
        table,
        "Mean and standard deviation over {seeds} seeds, percent right of the test set; cost in 10⁹ multiply–adds of one \
         seed's\ntraining.\n"
    );
    let _ = writeln!(table, "| | teachers | ensemble | control | student | difference | verdict | cost |");
    let _ = writeln!(table, "| --- | --- | --- | --- | --- | --- | --- | --- |");
    for (link, why) in measured_of(scheme) {
        let decoded = decode(&format!("{link}&runs={seeds}"), &[]);
        if !decoded.problems.is_empty() {
            let problems: Vec<String> = decoded.problems.iter().map(ToString::to_string).collect();
            return Err(Failure::BadExperiment(problems.join("\n  ")));
        }
        write!(stderr(), "\r{:<120}", encode(&decoded.experiment))?;
        let row = measure(&mut session, decoded.experiment)?;
        let _ = writeln!(table, "| {why}<br>`{link}` | {} |", cells(&row));
        table.push_str(&shown(&row));
        let omitted = of_omitted(&row);
        if !omitted.is_empty() {
            let _ = writeln!(table, "| … of the class left out | {omitted} | | |");
        }
    }
    writeln!(stderr())?;
    Ok(table)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_of_the_tables_is_right() {
        for &scheme in Scheme::ALL.iter().filter(|scheme| scheme.fits(DataSet::Digits8)) {
            for (link, _) in measured_of(scheme) {
                assert_eq!(decode(&link, &[]).problems, [], "{link}");
            }
        }
    }

    #[test]
    fn a_table_takes_the_place_of_the_one_before() {
        let text = "# A\n\n## B\n\n<!-- measured: soup -->\n\nold\n\n## C\n\nkept\n";
        let new = replaced(text, Scheme::Soup, "new\n");
        assert_eq!(new, "# A\n\n## B\n\n<!-- measured: soup -->\n\nnew\n\n## C\n\nkept\n");
        assert_eq!(replaced(&new, Scheme::Soup, "new\n"), new);
        assert_eq!(replaced(text, Scheme::Noise, "new\n"), text);
    }
}
