//! Pipelines, stage by stage.

use super::*;

/// What was asked of the engine, and all reports.
fn asked(bench: &mut Workbench, pipeline: &str) -> (Vec<FineTuneRequest>, Vec<WorkbenchEvent>) {
    let mut asked = Vec::new();
    let reports = with(bench, compress(9, pipeline), &mut |tuning| {
        asked.push(tuning.clone());
        trained(tuning)
    });
    assert_eq!(ended(&reports), [(9, None)], "{pipeline}");
    (asked, reports)
}

#[test]
fn stages_are_measured_one_after_the_other() {
    for kind in KINDS {
        let model = network(kind);
        let examples = images(&model, 30);
        let mut bench = workbench(&model, examples.clone());
        let text = "prune:0.25,quantize:6:tensor,huffman";
        let reports = finish(&mut bench, compress(1, text));
        let stages = stages(&reports);
        assert_eq!(stages.iter().map(|stage| stage.0).collect::<Vec<_>>(), [None, Some(0), Some(1), Some(2)]);
        let made: Vec<String> = stages.iter().map(|stage| stage.1.pipeline.to_string()).collect();
        assert_eq!(made, ["none", "prune:0.25", "prune:0.25,quantize:6:tensor", text]);
        assert!((stages[1].1.sparsity - 0.25).abs() < 0.02);
        assert_eq!(stages[0].1.bytes as usize, pack_float(model.kind, 64, &model.to_layers()).len());
        for (place, done) in &stages {
            assert_eq!(done.bytes, done.breakdown.total());
            let Some(place) = place else { continue };
            let packed = file(&mut bench, FileFormat::Packed, Some(*place));
            assert_eq!(packed.bytes.len() as u32, done.bytes + done.breakdown.link);
            let (back, note) = unpack(&packed.bytes).unwrap();
            assert_eq!((note.link.as_str(), classes_of(&back, &examples.test)), ("v=1", done.answers.clone()));
        }
        // Huffman coding changes how it is written, and nothing else.
        let [before, after] = [1, 2].map(|stage| model_of(&mut bench, Some(stage)));
        assert_eq!(before, after);
        let [before, after] = [2, 3].map(|stage| timeless(stages[stage].1.clone()));
        let (made, bytes, breakdown) = (before.pipeline.clone(), before.bytes, before.breakdown);
        assert!(after.bytes < before.bytes || kind != "12,8" && after.bytes == before.bytes);
        assert_eq!(
            CompressionResult { pipeline: made, bytes, breakdown, layouts: before.layouts.clone(), ..after },
            before
        );
    }
}

#[test]
fn the_engine_gets_what_the_stages_before_left_and_gives_back_what_goes_on() {
    for text in KINDS {
        let model = network(text);
        let mut bench = workbench(&model, images(&model, 12));
        let (asked, reports) = asked(&mut bench, "prune:0.5,finetune:2,share:3,finetune:1:labels,huffman");
        let [pruned, shared] = &asked[..] else { panic!("{}", asked.len()) };
        assert_eq!((pruned.id, pruned.run, pruned.kind), (9, 0, model.kind));
        assert_eq!([pruned, shared].map(|tuning| tuning.step.to_string()), ["finetune:2", "finetune:1:labels"]);
        let want = prune::weights(&model, 0.5);
        for ((asked, part), whole) in pruned.layers.iter().zip(&want.layers).zip(&model.layers) {
            let [matrix] = &asked.factors[..] else { panic!() };
            let mask = part.factors[0].mask.as_ref().unwrap();
            assert_eq!(matrix.values.to_vec(), part.weight());
            assert!(matrix.mask.iter().zip(mask).all(|(one, kept)| (*one == 1) == *kept));
            assert_eq!((asked.bias.to_vec(), matrix.codebook.len()), (whole.bias.clone(), 0));
            assert_eq!((matrix.rows as usize, matrix.columns as usize), (part.inputs(), part.outputs()));
        }
        // A quarter was added to each weight, then they share values, and a quarter is added to those.
        let first = model_of(&mut bench, Some(1));
        for (after, before) in first.layers.iter().zip(&want.layers) {
            let larger = |numbers: Vec<f32>| numbers.iter().map(|w| w * 1.25).collect::<Vec<_>>();
            assert_eq!((after.weight(), &after.bias), (larger(before.weight()), &larger(before.bias.clone())));
            assert_eq!(after.factors[0].mask, before.factors[0].mask);
        }
        let (share, last) = (model_of(&mut bench, Some(2)), model_of(&mut bench, Some(3)));
        for ((asked, before), after) in shared.layers.iter().zip(&share.layers).zip(&last.layers) {
            let matrix = &asked.factors[0];
            assert!((1..=8).contains(&matrix.codebook.len()) && matrix.values.is_empty() && !matrix.mask.is_empty());
            let Values::Shared { codebook, .. } = &before.factors[0].values else { panic!() };
            assert_eq!(matrix.codebook.to_vec(), *codebook);
            let larger: Vec<f32> = before.weight().iter().map(|w| w * 1.25).collect();
            assert_eq!(after.weight(), larger);
        }
        assert_eq!(stages(&reports).iter().map(|stage| stage.1.seconds == 2.5).filter(|is| *is).count(), 2);
        assert!((stages(&reports)[5].1.sparsity - 0.5).abs() < 0.05);
    }
}

#[test]
fn factors_are_trained_as_factors() {
    for text in KINDS {
        let model = network(text);
        let mut bench = workbench(&model, images(&model, 12));
        let (asked, reports) = asked(&mut bench, "low-rank:2,gradual:0.5:3,qat:ternary:1");
        let factors =
            |tuning: &FineTuneRequest| tuning.layers.iter().map(|layer| layer.factors.len()).collect::<Vec<_>>();
        assert!(factors(&asked[0]).contains(&2));
        assert_eq!(factors(&asked[0]), factors(&asked[1]));
        assert!(asked[0].layers.iter().flat_map(|layer| &layer.factors).all(|matrix| matrix.mask.is_empty()));
        assert!(asked[1].layers.iter().flat_map(|layer| &layer.factors).all(|matrix| !matrix.mask.is_empty()));
        let last = model_of(&mut bench, Some(2));
        for matrix in last.layers.iter().flat_map(|part| &part.factors) {
            assert!(matches!(&matrix.values, Values::Codes(codes) if codes.bits == Bits::Ternary));
            assert!(matrix.mask.is_some());
        }
        // Factors have no levels of their own to show beside the layer's weights.
        let done = &stages(&reports)[3].1;
        assert_eq!(done.layers.len(), model.layers.len());
        let levels: Vec<usize> = done.layers.iter().map(|layer| layer.levels.len()).collect();
        let want: Vec<usize> = factors(&asked[0]).iter().map(|count| if *count == 2 { 0 } else { 3 }).collect();
        assert_eq!(levels, want, "{text}");
    }
}

#[test]
fn a_network_of_fewer_units_has_no_histograms() {
    for text in KINDS {
        let model = network(text);
        let mut bench = workbench(&model, images(&model, 12));
        let (_, reports) = asked(&mut bench, "prune:0.5:units,finetune:1,quantize:4");
        let stages = stages(&reports);
        assert_eq!(stages[0].1.layers.len(), model.layers.len());
        assert!(stages[1..].iter().all(|stage| stage.1.layers.is_empty()));
        assert!(stages.windows(2).all(|pair| pair[1].1.bytes <= pair[0].1.bytes));
    }
}

#[test]
fn weights_are_written_as_the_codes_that_they_were_trained_to_be() {
    // Whatever the scheme says of ranges, rounding and repairs is for networks that are not trained.
    for words in ["", ":mse:stochastic:gptq", ":entropy:bias-correction"] {
        for bits in ["4", "3:tensor", "2:group-16", "4:affine", "1", "ternary:tensor"] {
            let model = network("12,8");
            let mut bench = workbench(&model, images(&model, 12));
            let (format, rest) = bits.split_once(':').map_or((bits, String::new()), |(f, r)| (f, format!(":{r}")));
            asked(&mut bench, &format!("qat:{format}:1{rest}{words}"));
            let scheme = QuantScheme { range: Range::MinMax, ..bits.parse().unwrap() };
            assert_eq!(scheme.rounding, Rounding::Nearest);
            for (part, whole) in model_of(&mut bench, Some(0)).layers.iter().zip(&model.layers) {
                let weight: Vec<f32> = whole.weight().iter().map(|w| w * 1.25).collect();
                let matrix = Matrix::float(whole.inputs(), whole.outputs(), weight);
                let want = weights::quantize(&matrix, &scheme, &mut stream(0, "none"));
                assert!(part.factors[0].values() == want.values(), "{bits}{words}");
            }
        }
    }
}

#[test]
fn learned_scales_are_used_as_they_come_back() {
    for granularity in ["", ":tensor", ":group-16"] {
        for pruned in ["", "prune:0.5,"] {
            let model = network("12,8");
            let mut bench = workbench(&model, images(&model, 12));
            let mut back = Vec::new();
            let text = format!("{pruned}qat:3:1:lsq{granularity}");
            let scheme: QuantScheme = format!("3{granularity}").parse().unwrap();
            let reports = with(&mut bench, compress(9, &text), &mut |tuning| {
                let mut tuned = trained(tuning);
                for matrix in tuned.layers.as_mut().unwrap().iter_mut().flat_map(|layer| &mut layer.factors) {
                    let (rows, columns) = (matrix.rows as usize, matrix.columns as usize);
                    let count = crate::network::model::groups(scheme.granularity, rows, columns);
                    matrix.scales = (0..count).map(|group| 0.05 + 0.001 * group as f32).collect::<Vec<f32>>().into();
                }
                back = tuned.layers.clone().unwrap();
                tuned
            });
            assert_eq!(ended(&reports), [(9, None)]);
            let last = stages(&reports).len() as u32 - 2;
            for (part, layer) in model_of(&mut bench, Some(last)).layers.iter().zip(&back) {
                let (matrix, learned) = (&part.factors[0], &layer.factors[0]);
                let Values::Codes(codes) = &matrix.values else { panic!() };
                assert_eq!(codes.scales, learned.scales.to_vec());
                for (place, (got, w)) in matrix.values().iter().zip(learned.values.iter()).enumerate() {
                    let (row, column) = (place / matrix.columns, place % matrix.columns);
                    let scale =
                        learned.scales[crate::network::model::group_of(scheme.granularity, matrix.rows, row, column)];
                    // Esser et al. 2020, equations 1 and 2: three bits are -3 to 3.
                    let kept = learned.mask.get(place) != Some(&0);
                    let want = if kept { (w / scale).clamp(-3.0, 3.0).round_ties_even() * scale } else { 0.0 };
                    assert_eq!(*got, want, "{text} {place}");
                }
            }
        }
    }
}

#[test]
fn the_numbers_between_the_layers_are_coded_as_they_were_trained() {
    for text in KINDS {
        let model = network(text);
        let mut bench = workbench(&model, images(&model, 12));
        let mut coded = |how: &str| {
            asked(&mut bench, &format!("qat:4:1:{how}"));
            model_of(&mut bench, Some(0)).activations
        };
        assert_eq!(coded("dynamic"), Coding::Dynamic);
        assert_eq!(coded("tensor"), Coding::Float);
        let followed = Coding::Static(vec![Affine::covering(-1.0, 3.0); model.layers.len() + 1]);
        for how in &Activations::WORDS[2..] {
            assert_eq!(coded(how), followed, "{text} {how}");
        }
    }
    // Nothing was followed, as without a single step: ranges are those of the calibration examples.
    let model = network("12,8");
    let mut bench = workbench(&model, images(&model, 12));
    let reports = with(&mut bench, compress(9, "qat:4:1:static-min-max"), &mut |tuning| FineTuneResult {
        ranges: Vec::new().into(),
        ..trained(tuning)
    });
    assert_eq!(ended(&reports), [(9, None)]);
    assert!(matches!(model_of(&mut bench, Some(0)).activations, Coding::Static(all) if all.len() == 4));
}

#[test]
fn what_makes_no_sense_or_has_no_student_ends_at_once() {
    let model = network("12,8");
    let mut bench = workbench(&model, images(&model, 5));
    let error = PipelineEnd::PipelineError { place: 1, error: PipelineError::AfterQuantize };
    assert_eq!(ended(&finish(&mut bench, compress(1, "quantize:4,finetune:5"))), [(1, Some(error))]);
    assert_eq!(finish(&mut bench, compress(2, "none")).len(), 2, "the network before, and the end");
    let order =
        WorkbenchCommand::Compress { id: 3, run: 1, pipeline: Pipeline::default(), seed: 0, link: String::new() };
    assert_eq!(finish(&mut bench, order), [WorkbenchEvent::Ended { id: 3, reason: Some(PipelineEnd::NoStudent) }]);
}

#[test]
fn a_pipeline_can_be_given_up_replaced_or_fail() {
    let model = network("12,8");
    let mut bench = workbench(&model, images(&model, 5));
    let begun = finish(&mut bench, compress(1, "prune:0.5,finetune:1"));
    let Some(WorkbenchEvent::FineTune(tuning)) = begun.last() else { panic!("{begun:?}") };
    let answer = trained(tuning);
    // Somebody else's answer.
    assert!(finish(&mut bench, WorkbenchCommand::FineTuned(FineTuneResult { id: 2, ..answer.clone() })).is_empty());
    assert_eq!(ended(&finish(&mut bench, WorkbenchCommand::CancelPipeline)), [(1, Some(PipelineEnd::Abandoned))]);
    assert!(finish(&mut bench, WorkbenchCommand::CancelPipeline).is_empty());
    assert!(finish(&mut bench, WorkbenchCommand::FineTuned(answer.clone())).is_empty(), "too late");
    assert_eq!(bench.stages.len(), 1, "what was done before can still be taken away");
    // Another one takes its place.
    finish(&mut bench, compress(2, "finetune:1"));
    let begun = finish(&mut bench, compress(3, "finetune:1"));
    assert_eq!(ended(&begun), [(2, Some(PipelineEnd::Abandoned))]);
    assert!(finish(&mut bench, WorkbenchCommand::FineTuned(FineTuneResult { id: 2, ..answer.clone() })).is_empty());
    let why = PipelineEnd::Failed { reason: "it diverged".into() };
    let failed = FineTuneResult { id: 3, layers: Err(why.clone()), ..answer.clone() };
    assert_eq!(ended(&finish(&mut bench, WorkbenchCommand::FineTuned(failed))), [(3, Some(why))]);
    // An answer that is no such network.
    finish(&mut bench, compress(4, "qat:4:1"));
    let ended = ended(&finish(
        &mut bench,
        WorkbenchCommand::FineTuned(FineTuneResult { id: 4, layers: Ok(Vec::new()), ..answer.clone() }),
    ));
    assert!(matches!(&ended[..], [(4, Some(PipelineEnd::Failed { .. }))]), "{ended:?}");
}
