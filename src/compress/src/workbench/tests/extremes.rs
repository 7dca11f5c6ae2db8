//! Nothing to work with, or what no network should be.

use super::*;

fn every_order() -> Vec<WorkbenchCommand> {
    let mut orders = vec![WorkbenchCommand::Ping, WorkbenchCommand::CancelPipeline];
    for scheme in ["32", "8:gptq:static-entropy", "4:adaround", "3:equalize-and-correct:dynamic", "1:group-16"] {
        orders.push(quantize_first_run(scheme));
    }
    orders.extend(["3:equalize:entropy", "1"].map(|scheme| WorkbenchCommand::Sensitivity(scheme.parse().unwrap())));
    orders.push(WorkbenchCommand::Classify { id: 0, inputs: vec![0.5; 64].into() });
    orders.push(WorkbenchCommand::Classify { id: 0, inputs: Floats::default() });
    let pipelines = [
        "none",
        "prune:0.5:units,prune:0.9,quantize:4:static-mse,huffman",
        "low-rank:0.9,finetune:1,share:2,huffman",
        "qat:2:1:lsq:static-average",
        "quantize:2:entropy:affine",
        "quantize:6:percentile:stochastic",
    ];
    orders.extend(pipelines.map(|pipeline| compress(1, pipeline)));
    for format in FileFormat::ALL {
        orders.extend([None, Some(0), Some(9)].map(|stage| WorkbenchCommand::Export {
            format,
            stage,
            name: "x".into(),
        }));
    }
    orders
}

#[test]
fn without_examples_nothing_panics() {
    let model = network("12,8");
    let mut unknown = Workbench::new(clock);
    let mut nothing = Workbench::new(clock);
    tell(&mut nothing, WorkbenchCommand::EvaluationData(Box::default()));
    for bench in [&mut unknown, &mut nothing] {
        for order in [vec![student(0, &model), WorkbenchCommand::Latency], every_order()].concat() {
            with(bench, order, &mut trained);
        }
    }
    for text in KINDS {
        let model = network(text);
        let empty = EvaluationData { features: 64, classes: 4, image: true, ..EvaluationData::default() };
        let mut bench = workbench(&model, empty);
        for order in [vec![student(0, &model)], every_order(), vec![WorkbenchCommand::Latency]].concat() {
            for report in with(&mut bench, order, &mut trained) {
                match report {
                    WorkbenchEvent::Stage { done, .. } | WorkbenchEvent::Quantized(done) => {
                        assert_eq!((done.accuracy, done.answers.len()), (0.0, 0));
                    }
                    WorkbenchEvent::Compressed { rows, .. } => assert_eq!(rows.len(), plain_schemes().count()),
                    WorkbenchEvent::Latency { times, .. } => assert!(times.is_empty()),
                    _ => {}
                }
            }
        }
    }
}

#[test]
fn weights_that_are_no_numbers_do_no_harm() {
    for text in KINDS {
        let (nan, infinite) = (f32::NAN, f32::INFINITY);
        for (worst, every) in [(nan, 1), (nan, 7), (infinite, 7), (-infinite, 1), (f32::MAX, 2), (1e-40, 1)] {
            let mut model = network(text);
            for matrix in model.layers.iter_mut().flat_map(|part| &mut part.factors) {
                let Values::Float { values, .. } = &mut matrix.values else { panic!() };
                values.iter_mut().step_by(every).for_each(|w| *w = worst);
            }
            let mut bench = workbench(&model, images(&network(text), 6));
            for order in [vec![student(0, &model)], every_order()].concat() {
                for report in with(&mut bench, order, &mut trained) {
                    if let WorkbenchEvent::Stage { done, .. } | WorkbenchEvent::Quantized(done) = report {
                        assert_eq!(done.bytes, done.breakdown.total());
                    }
                }
            }
        }
    }
}
