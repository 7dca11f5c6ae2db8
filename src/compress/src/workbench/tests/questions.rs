//! What the workbench is asked besides.

use super::*;
use crate::{quantization::layer_pairs, workbench::questions::GpuTimes};
use retort_spec::NoGpu;

fn layer(inputs: usize, outputs: usize, weight: &[f32]) -> Layer {
    Layer { inputs, outputs, weight: weight.to_vec(), bias: vec![0.0; outputs] }
}

/// Points of the plane, of the class whose coordinate is the larger one, and a network that knows it.
fn larger_coordinate() -> (Model, EvaluationData) {
    let layers = [layer(2, 2, &[1.0, 0.0, 0.0, 1.0]), layer(2, 2, &[1.0, -1.0, -1.0, 1.0])];
    let points = vec![1.0, 0.0, 0.0, 1.0, 0.9, 0.1, 0.2, 0.8];
    let examples = EvaluationData {
        features: 2,
        classes: 2,
        image: false,
        test: points.clone().into(),
        labels: vec![0, 1, 0, 1],
        calibration: points.into(),
        told: 0,
    };
    (Model::new(NetworkKind::Mlp, 2, &layers), examples)
}

fn sensitivity(bench: &mut Workbench, scheme: &str) -> Vec<Sensitivity> {
    let reports = finish(bench, WorkbenchCommand::Sensitivity(scheme.parse().unwrap()));
    match reports.last() {
        Some(WorkbenchEvent::Sensitivity { layers, .. }) => layers.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn sensitivities_by_hand() {
    // With one scale and one bit the first layer is 0.5 throughout, and both logits are the same; the second one is its
    // own sign.
    let (model, examples) = larger_coordinate();
    let mut bench = workbench(&model, examples);
    let got = sensitivity(&mut bench, "1:tensor");
    let decibels = 10.0 * 2.0_f64.log10();
    assert_eq!([got[0].alone, got[0].without, got[1].alone, got[1].without], [0.5, 1.0, 1.0, 0.5]);
    assert!((got[0].sqnr.unwrap() - decibels).abs() < 1e-9 && got[1].sqnr.is_none());
}

#[test]
fn layers_whose_ranges_were_evened_out_are_mixed_with_their_like() {
    for text in KINDS {
        let mut model = network(text);
        let shapes = model.shapes();
        // Channels that differ a thousandfold, without another network for it.
        for (source, sink) in layer_pairs::pairs(model.kind, &shapes) {
            let channels = shapes[source].1;
            let reads = |place: usize| layer_pairs::channel_read(model.kind, &shapes, (source, sink), place);
            let factor = |channel: usize| 1000.0_f32.powf(channel as f32 / channels as f32 - 0.5);
            let scaled = |matrix: &Matrix, factor: &dyn Fn(usize) -> f32| {
                let values = matrix.values().iter().enumerate().map(|(place, w)| w * factor(place)).collect();
                Matrix::float(matrix.rows, matrix.columns, values)
            };
            let from = &mut model.layers[source];
            from.factors[0] = scaled(&from.factors[0], &|place| factor(place % channels));
            from.bias.iter_mut().enumerate().for_each(|(channel, bias)| *bias *= factor(channel));
            let into = &mut model.layers[sink].factors[0];
            *into = scaled(into, &|place| factor(reads(place)).recip());
        }
        let mut examples = images(&model, 60);
        examples.labels = classes_of(&model, &examples.test);
        let mut bench = workbench(&model, examples);
        for repair in ["equalize", "equalize-and-correct"] {
            for got in sensitivity(&mut bench, &format!("8:{repair}")) {
                assert!(got.alone > 0.9 && got.without > 0.9, "{text} {repair}: {got:?}");
                assert!(got.sqnr.is_none_or(|sqnr| sqnr > 30.0), "{text} {repair}: {got:?}");
            }
        }
    }
}

#[test]
fn places_of_the_plane_and_questions_are_answered_by_what_was_looked_at() {
    let (model, examples) = larger_coordinate();
    let mut bench = workbench(&model, examples);
    let ask = |bench: &mut Workbench, inputs: &[f32]| {
        finish(bench, WorkbenchCommand::Classify { id: 5, inputs: inputs.to_vec().into() })
    };
    assert!(ask(&mut bench, &[1.0, 2.0]).is_empty(), "nothing was looked at");
    let reports = finish(&mut bench, quantize_first_run("8"));
    let Some(WorkbenchEvent::Regions(regions)) = reports.last() else { panic!("{reports:?}") };
    assert_eq!(
        (regions.logits.len(), regions.packed, regions.network_id),
        (2 * places().len() / 2, true, NetworkId::STUDENT)
    );
    for (place, logits) in places().chunks(2).zip(regions.logits.chunks(2)) {
        // Below zero all is alike to the ReLU.
        if place[0].max(place[1]) > 0.1 && (place[0] - place[1]).abs() > 0.1 {
            assert_eq!(place[0] > place[1], logits[0] > logits[1], "{place:?}");
        }
    }
    let answered = ask(&mut bench, &[0.9, 0.2, 0.2, 0.9]);
    let [WorkbenchEvent::Answers { id: 5, answer }] = &answered[..] else { panic!("{answered:?}") };
    let model = model_of(&mut bench, None);
    assert_eq!(answer.logits.to_vec(), model.logits(&[0.9, 0.2, 0.2, 0.9]));
    assert!(ask(&mut bench, &[1.0]).is_empty() && ask(&mut bench, &[]).is_empty(), "no whole examples");
    // Images have no places.
    let model = network("12,8");
    let mut bench = workbench(&model, images(&model, 3));
    assert!(
        !finish(&mut bench, quantize_first_run("8")).iter().any(|report| matches!(report, WorkbenchEvent::Regions(_)))
    );
}

#[test]
fn progress_is_told_by_the_hundredth() {
    let model = network("12,8");
    let mut bench = workbench(&model, images(&model, 8));
    let reports = finish(&mut bench, quantize_first_run("3:adaround"));
    let share = |report: &WorkbenchEvent| match report {
        WorkbenchEvent::Progress { task: Task::PtqMethod, share } => Some(*share),
        _ => None,
    };
    let shares: Vec<f64> = reports.iter().filter_map(share).collect();
    assert!((3..=100).contains(&shares.len()), "six thousand steps are not worth as many messages: {}", shares.len());
    assert!(shares.is_sorted() && shares.last() == Some(&1.0));
}

fn latency(bench: &mut Workbench) -> Vec<Latency> {
    match finish(bench, WorkbenchCommand::Latency).pop() {
        Some(WorkbenchEvent::Latency { times, no_gpu: None }) => times,
        other => panic!("{other:?}"),
    }
}

#[test]
fn times_in_single_precision_and_in_integers() {
    let model = network("12,8");
    let mut bench = workbench(&model, images(&model, 64));
    assert!(finish(&mut bench, WorkbenchCommand::Latency).is_empty(), "nothing was looked at");
    looked(&mut bench, "8:static-min-max");
    let got = latency(&mut bench);
    assert_eq!(got.iter().map(|latency| latency.batch).collect::<Vec<_>>(), [1, 64]);
    for latency in &got {
        let integer = latency.integer.as_ref().unwrap();
        for timing in [&latency.float, integer] {
            assert!(0.0 < timing.low && timing.low <= timing.median && timing.median <= timing.high);
            assert!(timing.samples > 0 && timing.repeats > 0);
        }
        if let Some(ratio) = latency.ratio {
            assert!(ratio.is_sorted() && ratio.iter().all(|ratio| ratio.is_finite()), "{ratio:?}");
        }
    }
    let words = bench.words().map_err(|why| why.is_some()).unwrap();
    assert_eq!(
        (words.batches.clone(), words.integer.inputs.len() / 64),
        (vec![1, 64], words.integer.layers[0].words.0)
    );
    let times = |words| GpuTimes { samples: [vec![2.0; 15], vec![1.0; 15]], repeats: [3, 4], words };
    // The codes that the processor gives, in words.
    let classes = words.expected.len() / 64;
    let right: Vec<u32> = words.expected[..classes]
        .chunks(4)
        .map(|four| four.iter().rev().fold(0, |word, &code| word << 8 | u32::from(code as u8)))
        .collect();
    let got = words.latency(1, times(right.clone()), 1e-9).unwrap();
    assert!(got.is_gpu && got.float.median == 2.0 && got.integer.unwrap().repeats == 4);
    assert!((got.ratio.unwrap()[1] - 0.5).abs() < 1e-9);
    for wrong in [right.iter().map(|word| word ^ 1).collect(), Vec::new()] {
        assert!(matches!(words.latency(1, times(wrong), 1e-9), Err(NoGpu::Failed(_))));
    }
    looked(&mut bench, "8:affine:static-min-max");
    assert_eq!(bench.words().err(), Some(Some(NoGpu::Wide)));
    looked(&mut bench, "4:group-16");
    assert_eq!(bench.words().err(), Some(None), "the processor's reason says it");
    for latency in latency(&mut bench) {
        assert!(latency.integer.is_err() && latency.ratio.is_none() && latency.float.median > 0.0);
    }
}

#[test]
fn too_few_examples_and_a_clock_that_stands_still() {
    let model = network("12,8");
    let mut bench = workbench(&model, images(&model, 63));
    looked(&mut bench, "8");
    assert_eq!(latency(&mut bench).len(), 1);
    bench.clock = || 7.0;
    assert!(matches!(finish(&mut bench, WorkbenchCommand::Latency).last(), Some(WorkbenchEvent::Refused { .. })));
}
