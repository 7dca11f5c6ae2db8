//! Floating point against whole numbers: `cargo run --release -p retort-compress --example latency`.
//!
//! Weights are random, which costs what trained ones do; images are as empty as handwritten digits.

use std::{fmt::Write, hint::black_box, time::Instant};

use rand::{Rng, RngExt};
use retort_compress::{
    Layer,
    network::model::{Affine, Coding, LayerModel, Model},
    quantization::weights::quantize,
    random::stream,
    run::{
        integer,
        latency::{Contender, StoppedClock, measure, ratio},
        net,
    },
};
use retort_spec::{Bits, NetworkKind, QuantScheme};

const SIDE: usize = 28;
const FEATURES: usize = SIDE * SIDE;

/// Milliseconds for each comparison.
const BUDGET: f64 = 1000.0;

fn main() -> Result<(), StoppedClock> {
    let start = Instant::now();
    print!("{}", report(&mut || start.elapsed().as_secs_f64() * 1000.0)?);
    Ok(())
}

/// One line for each network, batch, and kind of image.
pub fn report(clock: &mut dyn FnMut() -> f64) -> Result<String, StoppedClock> {
    let networks: [(&str, NetworkKind, &[net::Shape]); 3] = [
        ("784-32-10", NetworkKind::Mlp, &[(784, 32), (32, 10)]),
        ("784-300-100-10", NetworkKind::Mlp, &[(784, 300), (300, 100), (100, 10)]),
        ("conv:8,16", NetworkKind::Conv, &[(9, 8), (72, 16), (784, 10)]),
    ];
    let mut text = String::new();
    for (name, kind, shapes) in networks {
        let float = network(kind, shapes);
        let model = quantized(&float);
        let Ok(integer) = integer::prepare(&model) else { continue };
        let weights: Vec<Vec<f32>> = float.layers.iter().map(LayerModel::weight).collect();
        for (images, draw) in [("digits", digit as fn(&mut dyn Rng) -> Vec<f32>), ("noise", noise)] {
            for batch in [1, 64] {
                let mut generator = stream(2, "images");
                let inputs: Vec<f32> = (0..batch).flat_map(|_| draw(&mut generator)).collect();
                let mut run_float = || drop(black_box(forward(&float, &weights, black_box(&inputs), &mut |_| ())));
                let mut run_integer = || drop(black_box(integer.logits(black_box(&inputs))));
                let mut contenders = [
                    Contender { name: "float", run: &mut run_float },
                    Contender { name: "integer", run: &mut run_integer },
                ];
                let times = measure(clock, &mut contenders, BUDGET)?;
                let faster = ratio(&times[0], &times[1]);
                let verdict = if faster.differs() { "" } else { ", no difference measured" };
                let _ = writeln!(
                    text,
                    "{name:14} {images:6} batch {batch:2}: float {:.4} ms ({:.4}–{:.4}), integer {:.4} ms \
                     ({:.4}–{:.4}), float/integer {:.2} ({:.2}–{:.2}){verdict}; \
                     {} samples of {} and {} calls, clock {} ns",
                    times[0].median,
                    times[0].low,
                    times[0].high,
                    times[1].median,
                    times[1].low,
                    times[1].high,
                    faster.value,
                    faster.low,
                    faster.high,
                    times[0].samples.len(),
                    times[0].repeats,
                    times[1].repeats,
                    (times[0].resolution * 1e6).round(),
                );
            }
        }
    }
    Ok(text)
}

fn network(kind: NetworkKind, shapes: &[net::Shape]) -> Model {
    let mut generator = stream(1, "weights");
    let mut layer = |&(inputs, outputs): &net::Shape| {
        let bound = (6.0 / inputs as f32).sqrt();
        let mut draw = |count: usize| (0..count).map(|_| generator.random_range(-bound..bound)).collect();
        Layer { inputs, outputs, weight: draw(inputs * outputs), bias: draw(outputs) }
    };
    Model::new(kind, FEATURES, &shapes.iter().map(&mut layer).collect::<Vec<_>>())
}

fn forward(model: &Model, weights: &[Vec<f32>], inputs: &[f32], see: &mut dyn FnMut(&[f32])) -> Vec<f32> {
    net::forward(model.kind, &model.shapes(), inputs, model.features, &mut |layer, rows| {
        see(rows);
        net::affine(rows, &weights[layer], &model.layers[layer].bias)
    })
}

/// 8-bit weights, and activations that cover what some digits give.
fn quantized(float: &Model) -> Model {
    let weights: Vec<Vec<f32>> = float.layers.iter().map(LayerModel::weight).collect();
    let mut generator = stream(3, "calibration");
    let inputs: Vec<f32> = (0..100).flat_map(|_| digit(&mut generator)).collect();
    let mut codings = Vec::new();
    let logits = forward(float, &weights, &inputs, &mut |rows| codings.push(Affine::of(rows)));
    codings.push(Affine::of(&logits));
    let mut model = float.clone();
    for matrix in model.layers.iter_mut().flat_map(|part| &mut part.factors) {
        *matrix = quantize(matrix, &QuantScheme::of(Bits::B8), &mut generator);
    }
    model.activations = Coding::Static(codings);
    model
}

/// A stroke through twenty lines: five places in six are empty.
fn digit(generator: &mut dyn Rng) -> Vec<f32> {
    let mut image = vec![0.0; FEATURES];
    for line in image.chunks_exact_mut(SIDE).skip(4).take(20) {
        let (start, length) = (generator.random_range(4..16), generator.random_range(3..10));
        line[start..start + length].fill_with(|| generator.random_range(0.2..1.0));
    }
    image
}

fn noise(generator: &mut dyn Rng) -> Vec<f32> {
    (0..FEATURES).map(|_| generator.random_range(0.01..1.0)).collect()
}
