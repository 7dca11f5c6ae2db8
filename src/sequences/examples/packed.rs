//! Bytes and accuracy of packed students: `cargo run --release -p retort-sequences --example packed -- 3`, where 3 is
//! how many seeds are trained. Each accuracy is that of the network read back from the file beside it.

use std::{error::Error, time::Duration};

use retort_sequences::{
    export::{Signature, pack, unpack},
    tasks::{Language, Task, opinions, places},
    train::{MetricKind, Phase, Study, presets, test},
};
use retort_spec::{DataSet, Pipeline};

/// What is done to a student.
const PIPELINES: [&str; 12] = [
    "none",
    "quantize:16",
    "quantize:8",
    "quantize:6",
    "quantize:4",
    "quantize:4:group-16",
    "quantize:3",
    "quantize:2",
    "quantize:8,huffman",
    "share:4,huffman",
    "prune:0.5,quantize:8,huffman",
    "low-rank:0.9,quantize:8",
];

/// A task and the phases in which its networks learn.
type Planned = (Task, fn(&Task) -> Vec<Phase>);

fn main() -> Result<(), Box<dyn Error>> {
    let seeds = std::env::args().nth(1).map_or(Ok(1), |count| count.parse::<u32>())?;
    let tasks: [Planned; 2] =
        [(opinions(Language::English), |task| presets::opinions(task, DataSet::Opinions)), (places(), presets::places)];
    for (task, plan) in tasks {
        let signature = Signature::of(&task);
        let mut found = vec![(0, Vec::new()); PIPELINES.len()];
        for seed in 1..=seeds {
            let mut study = Study::new(task.clone(), plan(&task), seed)?;
            while study.is_running() {
                study.advance(Duration::from_secs(1));
            }
            let student = study.network("student").ok_or("the plan trains no student")?;
            for (text, (bytes, accuracies)) in PIPELINES.iter().zip(&mut found) {
                let pipeline: Pipeline = text.parse().map_err(|_| "no such pipeline")?;
                let packed = pack(student, &signature, &pipeline, seed)?;
                let (mut read, _) = unpack(&packed.file)?;
                let tested = test(&mut read, &task);
                let accuracy = tested.metrics.iter().find(|metric| metric.kind == MetricKind::Accuracy);
                *bytes = packed.file.len();
                accuracies.extend(accuracy.map(|metric| 100.0 * metric.value));
                if seed == 1 && *text == "quantize:4" {
                    println!("{}, 4 bits: {:?}", task.word, packed.breakdown);
                }
            }
        }
        println!("| {}, {seeds} seeds | bytes | accuracy, % |\n| --- | --- | --- |", task.word);
        for (text, (bytes, accuracies)) in PIPELINES.iter().zip(found) {
            let mean = accuracies.iter().sum::<f64>() / f64::from(seeds);
            let least = accuracies.iter().copied().fold(f64::INFINITY, f64::min);
            println!("| {text} | {bytes} | {mean:.1} (least {least:.1}) |");
        }
    }
    Ok(())
}
