//! Writes networks of every kind and format as files for other programs, with examples and the logits that are right
//! for them, into the folder that is named. `tests/runtimes/check.py` runs them.

use std::{error::Error, fs, path::Path};

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use retort_compress::{
    Layer,
    format::{
        onnx::{self, Style},
        safetensors,
    },
    network::{
        model::{Affine, Coding, Matrix, Model, Values},
        shapes::is_depthwise,
    },
    quantization::weights,
    random::stream,
    run::net,
};
use retort_spec::{Architecture, Bits};

/// Kinds of network and numbers of an example.
const NETWORKS: &[(&str, &str, usize)] = &[
    ("perceptron", "16", 64),
    ("perceptron-deep", "32,32", 784),
    ("perceptron-odd", "7,5", 63),
    ("linear", "linear", 2),
    ("conv-28", "conv:8,16", 784),
    ("conv-8", "conv:8,16", 64),
    ("conv-7-deep", "conv:8,8,8", 49),
    ("separable-8-wide", "separable:16,16", 64),
    ("separable-7", "separable:8,16", 49),
    ("residual-8", "residual:4,8", 64),
    ("residual-7", "residual:4,8", 49),
];

/// Schemes of quantization; the activations' are calibrated here as minimum and maximum.
const SCHEMES: &[&str] = &[
    "8:tensor",
    "8",
    "8:affine",
    "8:tensor:affine",
    "8:group-16",
    "6",
    "4",
    "4:affine",
    "4:tensor",
    "4:group-32",
    "4:group-16:affine",
    "3",
    "2",
    "ternary",
    "1",
    "16",
    "bf16",
    "8:static-min-max",
    "8:affine:static-min-max",
    "8:tensor:affine:static-min-max",
    "8:group-16:static-min-max",
    "6:static-min-max",
    "4:static-min-max",
];

const CLASSES: usize = 10;
const EXAMPLES: usize = 400;
/// Logits of single precision in another order of addition.
const TOLERANCE: &str = "1e-4";

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: cases FOLDER")?;
    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;
    for &(name, architecture, features) in NETWORKS {
        let mut generator = stream(1, name);
        let inputs: Vec<f32> = (0..EXAMPLES * features).map(|_| generator.random_range(-1.0..1.0)).collect();
        let plain = centred(network(&architecture.parse()?, features, &mut generator), &inputs);
        let cases = Cases { folder, network: name, inputs };
        cases.onnx("float", &plain, Style::Float)?;
        cases.safetensors("f32", &plain, false)?;
        for scheme in SCHEMES {
            let quantized = quantized(&plain, scheme, &cases.inputs, &mut generator)?;
            cases.onnx(&scheme.replace(':', "-"), &quantized, Style::Qdq)?;
            match *scheme {
                "16" => cases.safetensors("f16", &halved(&quantized), true)?,
                "4" => cases.onnx("4-as-float", &quantized, Style::Float)?,
                _ => {}
            }
        }
        let pruned = centred(pruned(&plain, &mut generator), &cases.inputs);
        cases.onnx("pruned", &pruned, Style::Float)?;
        for scheme in ["8", "1", "4:group-16:affine"] {
            let both = quantized(&pruned, scheme, &cases.inputs, &mut generator)?;
            cases.onnx(&format!("pruned-{}", scheme.replace(':', "-")), &both, Style::Qdq)?;
        }
        let factored = centred(factored(&plain, &mut generator), &cases.inputs);
        cases.onnx("factored", &factored, Style::Float)?;
        cases.safetensors("factored", &factored, false)?;
        for scheme in ["8", "4:group-16", "8:static-min-max"] {
            let both = quantized(&factored, scheme, &cases.inputs, &mut generator)?;
            cases.onnx(&format!("factored-{}", scheme.replace(':', "-")), &both, Style::Qdq)?;
        }
        let shared = shared(&plain);
        cases.onnx("shared", &shared, Style::Qdq)?;
        cases.safetensors("shared", &shared, false)?;
    }
    Ok(())
}

struct Cases<'a> {
    folder: &'a Path,
    network: &'a str,
    /// `[examples, features]`.
    inputs: Vec<f32>,
}

impl Cases<'_> {
    fn onnx(&self, name: &str, model: &Model, style: Style) -> Result<(), Box<dyn Error>> {
        let note = [("permalink", "v=1&name=\"é\"".to_owned()), ("accuracy", "0.5".to_owned())];
        let file = onnx::write(model, &note, style)?;
        let codes = |matrix: &Matrix| matches!(matrix.values, Values::Codes(_)) && style == Style::Qdq;
        let check = match model.activations {
            Coding::Static(_) => "argmax",
            _ if model.layers.iter().flat_map(|part| &part.factors).any(codes) => "weights",
            _ => "close",
        };
        self.case(name, "onnx", &file, model, check)
    }

    fn safetensors(&self, name: &str, model: &Model, half: bool) -> Result<(), Box<dyn Error>> {
        let note = [("permalink", "v=1&name=\"é\"".to_owned())];
        let file = safetensors::write(model, &note, half)?;
        self.case(name, "safetensors", &file, model, "close")
    }

    fn case(&self, name: &str, kind: &str, file: &[u8], model: &Model, check: &str) -> Result<(), Box<dyn Error>> {
        let stem = self.folder.join(format!("{}.{name}.{kind}", self.network));
        let with = |end: &str| stem.with_extension(format!("{kind}{end}"));
        fs::write(&stem, file)?;
        fs::write(with(".input.f32"), bytes(&self.inputs))?;
        fs::write(with(".logits.f32"), bytes(&model.logits(&self.inputs)))?;
        let about = format!(
            r#"{{"kind":"{kind}","check":"{check}","tolerance":{TOLERANCE},"features":{},"classes":{CLASSES}}}"#,
            model.features
        );
        fs::write(with(".json"), about)?;
        Ok(())
    }
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Random weights whose sums are about as large as the inputs.
fn network(architecture: &Architecture, features: usize, generator: &mut ChaCha8Rng) -> Model {
    let layers: Vec<Layer> = architecture
        .layers(features, CLASSES)
        .iter()
        .map(|shape| {
            let reach = (6.0 / shape.inputs as f32).sqrt();
            let mut numbers = |count: usize, reach: f32| -> Vec<f32> {
                (0..count).map(|_| generator.random_range(-reach..reach)).collect()
            };
            let (inputs, outputs) = (shape.inputs, shape.outputs);
            Layer { inputs, outputs, weight: numbers(inputs * outputs, reach), bias: numbers(outputs, 0.2) }
        })
        .collect();
    Model::new(architecture.kind, features, &layers)
}

/// Each class is as likely as another: a random network would prefer one.
fn centred(mut model: Model, inputs: &[f32]) -> Model {
    let logits = model.logits(inputs);
    if let Some(last) = model.layers.last_mut() {
        for row in logits.chunks_exact(CLASSES) {
            last.bias.iter_mut().zip(row).for_each(|(bias, logit)| *bias -= logit / EXAMPLES as f32);
        }
    }
    model
}

/// Its biases as 16 bits hold them.
fn halved(model: &Model) -> Model {
    let mut model = model.clone();
    for bias in model.layers.iter_mut().flat_map(|part| &mut part.bias) {
        *bias = weights::rounded_float(*bias, Bits::B16);
    }
    model
}

fn each(model: &Model, mut change: impl FnMut(&Matrix) -> Vec<Matrix>) -> Model {
    let mut model = model.clone();
    for part in &mut model.layers {
        part.factors = part.factors.iter().flat_map(&mut change).collect();
    }
    model
}

fn quantized(model: &Model, scheme: &str, inputs: &[f32], generator: &mut ChaCha8Rng) -> Result<Model, Box<dyn Error>> {
    let asked = scheme.parse()?;
    let mut model = each(model, |matrix| vec![weights::quantize(matrix, &asked, generator)]);
    if scheme.contains("static") {
        model.activations = Coding::Static(calibrated(&model, inputs));
    }
    Ok(model)
}

/// The codes of what goes into each layer, and of the logits.
fn calibrated(model: &Model, inputs: &[f32]) -> Vec<Affine> {
    let (layers, mut codings) = (model.to_layers(), Vec::new());
    codings.resize(layers.len(), Affine { scale: 1.0, zero_point: 0 });
    let logits = net::forward(model.kind, &model.shapes(), inputs, model.features, &mut |layer, rows| {
        codings[layer] = Affine::of(rows);
        net::affine(rows, &layers[layer].weight, &layers[layer].bias)
    });
    codings.push(Affine::of(&logits));
    codings
}

fn pruned(model: &Model, generator: &mut ChaCha8Rng) -> Model {
    each(model, |matrix| {
        let mask = (0..matrix.rows * matrix.columns).map(|_| generator.random_bool(0.5)).collect();
        vec![Matrix { mask: Some(mask), ..matrix.clone() }]
    })
}

/// Random factors that take the place of each matrix.
fn factored(model: &Model, generator: &mut ChaCha8Rng) -> Model {
    let mut factored = each(model, |matrix| {
        let rank = (matrix.columns * 3 / 4).max(1);
        let mut factor = |rows: usize, columns: usize| {
            let reach = (3.0 / rows as f32).sqrt();
            Matrix::float(rows, columns, (0..rows * columns).map(|_| generator.random_range(-reach..reach)).collect())
        };
        vec![factor(matrix.rows, rank), factor(rank, matrix.columns)]
    });
    // One that sees every channel alone has no factors.
    for (layer, part) in model.layers.iter().enumerate() {
        if is_depthwise(model.kind, model.layers.len(), layer) {
            factored.layers[layer] = part.clone();
        }
    }
    factored
}

/// Sixteen values between the extremes.
fn shared(model: &Model) -> Model {
    each(model, |matrix| {
        let values = matrix.values();
        let most = values.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
        let codebook: Vec<f32> = (0..16).map(|index| most * (index as f32 / 7.5 - 1.0)).collect();
        let indices = values.iter().map(|value| ((value / most + 1.0) * 7.5).round() as u8).collect();
        vec![Matrix { values: Values::Shared { codebook, indices }, ..matrix.clone() }]
    })
}
