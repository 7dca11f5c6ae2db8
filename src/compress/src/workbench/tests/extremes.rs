//! Nothing to work with, or what no network should be.

use super::*;

fn every_order() -> Vec<Order> {
    let mut orders = vec![Order::Ping, Order::Abandon];
    for scheme in ["32", "8:gptq:static-entropy", "4:adaround", "3:equalize-and-correct:dynamic", "1:group-16"] {
        orders.push(look(scheme));
    }
    orders.extend(["3:equalize:entropy", "1"].map(|scheme| Order::Sensitivity(scheme.parse().unwrap())));
    orders.push(Order::Ask { id: 0, inputs: vec![0.5; 64].into() });
    orders.push(Order::Ask { id: 0, inputs: Floats::default() });
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
        orders.extend([None, Some(0), Some(9)].map(|stage| Order::Export { format, stage, name: "x".into() }));
    }
    orders
}

#[test]
fn without_examples_nothing_panics() {
    let model = network("12,8");
    let mut unknown = Workbench::new(clock);
    let mut nothing = Workbench::new(clock);
    tell(&mut nothing, Order::Examples(Box::default()));
    for bench in [&mut unknown, &mut nothing] {
        for order in [vec![student(0, &model), Order::Latency], every_order()].concat() {
            with(bench, order, &mut trained);
        }
    }
    for text in KINDS {
        let model = network(text);
        let empty = BenchExamples { features: 64, classes: 4, image: true, ..BenchExamples::default() };
        let mut bench = workbench(&model, empty);
        for order in [vec![student(0, &model)], every_order(), vec![Order::Latency]].concat() {
            for report in with(&mut bench, order, &mut trained) {
                match report {
                    Report::Stage { done, .. } | Report::Looked(done) => {
                        assert_eq!((done.accuracy, done.answers.len()), (0.0, 0));
                    }
                    Report::Compressed { rows, .. } => assert_eq!(rows.len(), plain_schemes().count()),
                    Report::Latency { times, .. } => assert!(times.is_empty()),
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
                    if let Report::Stage { done, .. } | Report::Looked(done) = report {
                        assert_eq!(done.bytes, done.parts.total());
                    }
                }
            }
        }
    }
}
