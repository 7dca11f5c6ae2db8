use proptest::{collection::vec, prelude::*};

use super::*;
use crate::{
    decode,
    knobs::Kind,
    problem::ProblemKind,
    scheme_word::Scheme,
    values::{Architecture, DataSet},
};

fn read(text: &str) -> Result<Sweep, String> {
    text.parse::<Sweep>().map_err(|error| error.to_string())
}

/// The values of each axis.
fn values(text: &str) -> Vec<Vec<String>> {
    read(text).unwrap().axes().iter().map(|axis| axis.values().to_vec()).collect()
}

#[test]
fn lists_and_ranges_are_read() {
    assert_eq!(values("temperature:1,2,4;student:4,16"), [vec!["1", "2", "4"], vec!["4", "16"]]);
    assert_eq!(values("temperature:1..20/5"), [["1", "2.11", "4.47", "9.46", "20"]]);
    assert_eq!(values("soft:0..1/6"), [["0", "0.2", "0.4", "0.6", "0.8", "1"]]);
    assert_eq!(values("members:1..9/5"), [["1", "3", "5", "7", "9"]]);
    assert_eq!(values("labels:10..50/3,all"), [["10", "30", "50", "all"]]);
    assert_eq!(values("student:64,64|32|conv:8,16"), [["64,64", "32", "conv:8,16"]]);
    assert_eq!(values("student:64,64|;seed:1"), [["64,64"], ["1"]]);
    assert_eq!(values("student:64,32"), [["64", "32"]]);
    assert_eq!(values("omit:none|3|3,8"), [["none", "3", "3,8"]]);
    assert_eq!(
        values("compress:none|quantize:4|prune:0.9,finetune:5,quantize:4"),
        [["none", "quantize:4", "prune:0.9,finetune:5,quantize:4"]]
    );
}

#[test]
fn a_sweep_is_read_as_people_type_it() {
    for text in [" Temperature : 1 , 2.0 ; Student : 4 ", "temperature：1，2；student：4", "temperature:1,2;student:4;"]
    {
        assert_eq!(read(text).unwrap().to_string(), "temperature:1,2;student:4", "{text}");
    }
    assert_eq!(read("soft:0,5|1").unwrap().to_string(), "soft:0.5,1");
    assert_eq!(read("student:64 64|32").unwrap().to_string(), "student:64,64|32");
    // A link carries it whole.
    let text = "temperature:1..20/5;student:64,64|32";
    let pairs = crate::link::pairs(&format!("https://example.org/#v=1&seed=3&sweep={text}&labels=50"));
    assert_eq!(pairs[2], (SWEEP_KEY.to_owned(), text.to_owned()));
}

#[test]
fn what_is_wrong_is_named_with_what_would_be_right() {
    let most = MOST_CELLS + 1;
    let list = |count: usize| (0..count).map(|value| value.to_string()).collect::<Vec<String>>().join(",");
    for (text, said) in [
        ("", "write one or two knobs"),
        (" ; ", "write one or two knobs"),
        ("temperature", "'temperature': write a knob, a colon"),
        ("seed:1;;soft:1", "3 knobs; a sweep has one or two"),
        ("seed:1;soft:1;t2:on", "3 knobs"),
        ("seed:1;", ""),
        ("warmth:1,2", "'warmth': no knob has this name"),
        ("seed:1;seed:2", "seed: given twice"),
        ("temperature:", "temperature: an empty value; write its values with one comma between them"),
        ("temperature:1,,2", "temperature: an empty value"),
        ("student:|", "student: an empty value"),
        ("temperature:NaN", "temperature=nan: not a number"),
        ("temperature:1,1e999", "temperature=1e999: not a number"),
        ("temperature:1,1000", "temperature=1000: outside the range from 0.2 to 100"),
        ("data:moons,suns", "data=suns: not one of digits8, "),
        ("temperature:1,1.0", "temperature: 1 stands twice"),
        ("student:64,64", "student: 64 stands twice; where commas belong to values, write bars"),
        ("temperature:1..20", "temperature:1..20: a range ends with a stroke"),
        ("temperature:1..20/1", "temperature:1..20/1: a range has from 2 to 200 values"),
        ("temperature:1..20/x", "a range has from 2 to 200 values"),
        ("temperature:1..20/99999999999999999999999", "a range has from 2 to 200 values"),
        ("temperature:1..1000/5", "temperature=1000: outside the range"),
        ("temperature:..20/5", "temperature: an empty value"),
        ("temperature:nan..20/5", "temperature=nan: not a number"),
        ("members:1..3/5", "members:1..3/5: its ends are too close together"),
        ("labels:1..all/5", "labels:1..all/5: only knobs that take numbers"),
        ("student:4..16/3", "student:4..16/3: only knobs that take numbers"),
        (&format!("seed:{}", list(most)), "more than 200 cells"),
        (&format!("seed:{}", list(100_000)), "more than 200 cells"),
        (&format!("seed:{}|", list(100_000).replace(',', "|")), "more than 200 cells"),
        ("seed:0..1000/150,2000..3000/150", "more than 200 cells"),
        ("seed:0..1000/20;temperature:1..20/11", "more than 200 cells"),
        (&";".repeat(100_000), "write one or two knobs"),
    ] {
        match read(text) {
            Err(error) => assert!(!said.is_empty() && error.contains(said), "{text:.60}: {error:.200}"),
            Ok(sweep) => assert!(said.is_empty(), "{text:.60} is read as {sweep}"),
        }
    }
}

#[test]
fn each_cell_is_an_experiment_with_a_link_of_its_own() {
    let base = Experiment { seed: 7, ..Experiment::default() };
    let cells = read("temperature:1,8;student:4,64").unwrap().cells(&base);
    let links: Vec<String> = cells.iter().filter_map(SweepCell::link).collect();
    assert_eq!(
        links,
        [
            "v=1&seed=7&student=4&temperature=1",
            "v=1&seed=7&student=64&temperature=1",
            "v=1&seed=7&student=4&temperature=8",
            "v=1&seed=7&student=64&temperature=8",
        ]
    );
    assert_eq!(cells[1].values, ["1", "64"]);
    let expected = Experiment { student: Architecture::mlp([64]), temperature: 8.0, ..base };
    assert_eq!(cells[3].experiment, Ok(Box::new(expected)));
}

#[test]
fn other_data_and_schemes_bring_their_defaults_wherever_they_stand() {
    let base = Experiment { temperature: 7.0, ..Experiment::default() };
    for text in ["data:moons,digits8;student:5", "student:5;data:moons,digits8"] {
        let cells = read(text).unwrap().cells(&base);
        let moons =
            Experiment { temperature: 7.0, student: Architecture::mlp([5]), ..Experiment::for_data(DataSet::Moons) };
        assert_eq!(cells[0].experiment, Ok(Box::new(moons)));
        assert_eq!(cells[1].link().unwrap(), "v=1&student=5&temperature=7");
    }
    let schemes = read("scheme:offline,mutual").unwrap().cells(&base);
    let mutual = Experiment { temperature: 7.0, ..Experiment::usual(DataSet::Digits8, Scheme::Mutual) };
    assert_eq!(schemes[1].experiment, Ok(Box::new(mutual)));
    // A scheme that stays keeps its members.
    let four = Experiment { members: 4, ..Experiment::usual(DataSet::Digits8, Scheme::Mutual) };
    assert_eq!(read("scheme:mutual").unwrap().cells(&four)[0].experiment, Ok(Box::new(four)));
}

#[test]
fn impossible_cells_say_why() {
    let why = |text: &str, base: &Experiment| {
        let cells = read(text).unwrap().cells(base);
        cells.into_iter().map(|cell| cell.experiment.err()).collect::<Vec<Option<Problem>>>()
    };
    let found = why("data:digits8,moons;student:16|conv:8,16", &Experiment::default());
    let named = |problem: &Option<Problem>| problem.as_ref().map(|problem| problem.to_string());
    assert_eq!(
        found.iter().map(named).collect::<Vec<_>>(),
        [
            None,
            None,
            None,
            Some("student=conv:8,16: a convolution needs images, and these data are points in the plane".to_owned())
        ]
    );
    let members = why("scheme:offline,mutual;members:1,2", &Experiment::default());
    assert!(members[0].is_none() && members[1].as_ref().is_some_and(|problem| problem.key == "members"), "{members:?}");
    assert_eq!(members[2].as_ref().unwrap().kind, ProblemKind::OutOfRange { min: 2.0, max: 8.0 });
    assert_eq!(members[3], None);
    // What the link asks for, and other data do not allow.
    let conv = decode("student=conv:8", &[]).experiment;
    assert_eq!(why("data:digits8,moons", &conv)[1].as_ref().unwrap().key, "student");
    let soup = decode("scheme=soup", &[]).experiment;
    assert_eq!(why("data:digits8,names", &soup)[1].as_ref().unwrap().key, "scheme");
    let omits = decode("omit=3", &[]).experiment;
    assert_eq!(why("data:digits8,moons", &omits)[1].as_ref().unwrap().kind, ProblemKind::NotOmittable);
    assert_eq!(why("scheme:mutual;data:names", &Experiment::default())[0].as_ref().unwrap().key, "scheme");
    assert_eq!(why("pack:teacher,assistant", &Experiment::default())[1].as_ref().unwrap().key, "pack");
}

#[test]
fn a_value_without_meaning_is_named() {
    let cells = read("scheme:offline,subliminal;soft:0.5,1").unwrap().cells(&Experiment::default());
    let named: Vec<&[&str]> = cells.iter().map(|cell| &cell.without_meaning[..]).collect();
    assert_eq!(named, [&[][..], &[], &["soft"], &["soft"]]);
}

#[test]
fn knobs_that_retrain_most_vary_slowest() {
    for (text, order) in [
        ("temperature:1,2;teacher:16,32", vec![1, 0]),
        ("teacher:16,32;temperature:1,2", vec![0, 1]),
        ("temperature:1,2;student:4,8", vec![0, 1]),
        ("bits:4,8;data:moons,rings", vec![1, 0]),
        ("bits:4,8", vec![0]),
    ] {
        assert_eq!(read(text).unwrap().slowest_first(), order, "{text}");
    }
}

/// Values that a knob of this kind takes, and one that none does.
fn texts(kind: Kind) -> Vec<&'static str> {
    let mut texts = match kind {
        Kind::Choice(words) => words.to_vec(),
        Kind::Integer { .. } | Kind::Labels { .. } => vec!["1", "2", "3", "5..9/3", "80", "300", "4..2/3"],
        Kind::Number { .. } => vec!["0.5", "0.25", "0.3..0.8/4", "1", "0.7..0.2/3", "2", "1..20/5"],
        Kind::Widths => vec!["64,64", "64", "conv:8,16", "linear", "transformer:32,2"],
        Kind::Classes => vec!["none", "3,8", "1"],
        Kind::Stages => vec!["none", "quantize:4", "prune:0.9,finetune:5,quantize:4", "huffman"],
        Kind::Points => vec!["none", "3:-150:230", "1:0:-40,2:10:0"],
        Kind::Network => vec!["teacher", "student", "assistant-2"],
    };
    texts.push("nan");
    texts
}

fn some_axis() -> impl Strategy<Value = String> {
    (0..KNOBS.len(), vec(any::<proptest::sample::Index>(), 1..4), any::<bool>()).prop_map(|(place, picks, bars)| {
        let (knob, texts) = (&KNOBS[place], texts(KNOBS[place].kind));
        let mut values: Vec<&str> = picks.iter().map(|pick| texts[pick.index(texts.len())]).collect();
        values.sort_unstable();
        values.dedup();
        format!("{}:{}", knob.key, values.join(if bars { "|" } else { "," }))
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_it_was(axes in vec(some_axis(), 1..3)) {
        let text = axes.join(";");
        if let Ok(sweep) = text.parse::<Sweep>() {
            let written = sweep.to_string();
            prop_assert_eq!(written.parse::<Sweep>(), Ok(sweep.clone()), "{}", written);
            prop_assert!(!written.contains(['&', '=', '%', ' ', '#']), "{}", written);
            let cells = sweep.cells(&Experiment::default());
            prop_assert_eq!(cells.len(), sweep.axes().iter().map(|axis| axis.values().len()).product::<usize>());
            for cell in cells {
                let Ok(experiment) = &cell.experiment else { continue };
                let link = cell.link().unwrap_or_default();
                let again = decode(&link, &[]);
                prop_assert_eq!((&again.experiment, &again.problems[..]), (&**experiment, &[][..]), "{}", link);
                for (axis, value) in sweep.axes().iter().zip(&cell.values) {
                    prop_assert_eq!(&knob(axis.key()).map(|knob| knob.get(experiment)), &Some(value.clone()));
                }
            }
        }
    }

    #[test]
    fn ranges_come_back_and_stay_within_the_knob(
        place in 0..KNOBS.len(), low in 0.0..1.0_f64, high in 0.0..1.0_f64, count in 2_usize..30,
    ) {
        let knob = &KNOBS[place];
        let (min, max) = match knob.kind {
            Kind::Number { min, max, .. } => (min, max),
            Kind::Integer { min, max } | Kind::Labels { min, max } => (f64::from(min), f64::from(max)),
            _ => return Ok(()),
        };
        let within = |share: f64| match knob.kind {
            Kind::Number { .. } => min + share * (max - min),
            _ => (min + share * (max - min)).round(),
        };
        let text = format!("{}:{}..{}/{count}", knob.key, within(low), within(high));
        if let Ok(sweep) = text.parse::<Sweep>() {
            prop_assert_eq!(sweep.axes()[0].values().len(), count);
            prop_assert_eq!(sweep.to_string().parse::<Sweep>(), Ok(sweep));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[a-z0-9:;,|./ -]{0,60}|\\PC{0,40}") {
        if let Ok(sweep) = text.parse::<Sweep>() {
            prop_assert_eq!(sweep.to_string().parse::<Sweep>(), Ok(sweep));
        }
    }
}
