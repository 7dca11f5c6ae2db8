//! Writes networks of every kind as files for other programs, with examples and the answers that are right for them,
//! into the folder that is named. `tests/runtimes/sequences.py` runs them.

use std::{error::Error, fs, path::Path};

use retort_sequences::{
    export::{Signature, pack, to_onnx, to_safetensors, unpack},
    nets::{Activation, Batch, Head, LstmShape, Network, Shape, TransformerShape},
    random::{Stream, stream},
    tasks::{Input, Output, Scaling},
    tokens::{Token, TokenBatch},
};

const EXAMPLES: usize = 40;
/// Tokens of the longest sequence: longer than the shortest context, whose last position serves the rest.
const LONGEST: usize = 24;
const VOCABULARY: usize = 29;
/// How far a weight is moved from where it begins, so that none is zero.
const MOVED: f32 = 0.15;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: cases FOLDER")?;
    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;
    for (name, shape) in shapes() {
        let mut stream = stream(1, name);
        let mut network = Network::new(&shape, &mut stream);
        network.weights.values.iter_mut().for_each(|weight| *weight += MOVED * stream.normal());
        let signature = signature(&shape);
        case(folder, name, &mut network, &signature, &mut stream)?;
        let packed = pack(&network, &signature, &"quantize:4".parse().map_err(|_| "no such step")?, 1)?;
        let (mut read, signature) = unpack(&packed.file)?;
        case(folder, &format!("{name}-4"), &mut read, &signature, &mut stream)?;
    }
    Ok(())
}

/// A network of every kind, with its name.
fn shapes() -> Vec<(&'static str, Shape)> {
    let transformer = |width, context, activation, causal, head| {
        let (layers, heads, hidden, dropout) = (2, 4, 2 * width, 0.0);
        let sizes = TransformerShape { width, layers, heads, hidden, context, dropout, activation, causal };
        Shape::Transformer(sizes, VOCABULARY, head)
    };
    let lstm = |embedding, hidden, bidirectional, head| {
        Shape::Lstm(LstmShape { embedding, hidden, bidirectional }, VOCABULARY, head)
    };
    let (pooled, each) = (Head::Pooled(3), Head::EachToken(VOCABULARY));
    vec![
        ("encoder", transformer(32, 32, Activation::Gelu, false, pooled)),
        ("language-model", transformer(48, 32, Activation::Gelu, true, each)),
        ("masked-words", transformer(16, 12, Activation::Relu, false, each)),
        ("causal-pooled", transformer(16, 12, Activation::Relu, true, pooled)),
        ("lstm", lstm(12, 16, false, each)),
        ("lstm-pooled", lstm(12, 16, false, pooled)),
        ("bilstm-pooled", lstm(16, 16, true, pooled)),
        ("bilstm", lstm(5, 7, true, each)),
        ("perceptron", Shape::Perceptron(10, vec![64, 32], 2)),
        ("linear", Shape::Perceptron(3, vec![], 1)),
    ]
}

fn signature(shape: &Shape) -> Signature {
    // Quotes and letters that formats like to stumble over.
    let names = |count| (0..count).map(|index| format!("\"{index}\", é\n字")).collect::<Vec<String>>();
    let (mut input_scaling, mut output_scaling) = (Vec::new(), Vec::new());
    let (input, output) = match shape {
        Shape::Transformer(_, vocabulary, head) | Shape::Lstm(_, vocabulary, head) => {
            let output = match head {
                Head::Pooled(outputs) => Output::Classes(names(*outputs)),
                Head::EachToken(_) => Output::NextToken,
            };
            (Input::Tokens { length: LONGEST, vocabulary: names(*vocabulary) }, output)
        }
        Shape::Perceptron(inputs, _, outputs) => {
            input_scaling = vec![Scaling { mean: 0.1, deviation: 2.0 }; *inputs];
            output_scaling = vec![Scaling { mean: -3.5, deviation: 0.7 }; *outputs];
            (Input::Numbers(names(*inputs)), Output::Numbers(names(*outputs)))
        }
    };
    Signature { task: "case".into(), input, output, input_scaling, output_scaling }
}

/// Writes the files of a network, examples (tokens behind each other, and lengths; or rows of numbers), and answers.
fn case(
    folder: &Path,
    name: &str,
    network: &mut Network,
    signature: &Signature,
    stream: &mut Stream,
) -> Result<(), Box<dyn Error>> {
    let file = |end: &str| folder.join(format!("{name}.{end}"));
    fs::write(file("onnx"), to_onnx(network, signature)?)?;
    fs::write(file("safetensors"), to_safetensors(network, signature)?)?;
    let answers = if let Shape::Perceptron(inputs, ..) = network.shape() {
        let numbers: Vec<f32> = (0..EXAMPLES * inputs).map(|_| stream.normal()).collect();
        fs::write(file("input.f32"), bytes(&numbers))?;
        network.forward(Batch::Numbers(&numbers), None).to_vec()
    } else {
        let sequences: Vec<Vec<Token>> = (0..EXAMPLES)
            .map(|index| (0..1 + index % LONGEST).map(|_| stream.below(VOCABULARY) as Token).collect())
            .collect();
        let whole = |numbers: Vec<i64>| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
        fs::write(file("tokens.i64"), whole(sequences.concat().into_iter().map(i64::from).collect()))?;
        fs::write(file("lengths.i64"), whole(sequences.iter().map(|sequence| sequence.len() as i64).collect()))?;
        let batch = TokenBatch::new(sequences.iter().map(Vec::as_slice));
        network.forward(Batch::Tokens(&batch), None).to_vec()
    };
    fs::write(file("logits.f32"), bytes(&answers))?;
    Ok(())
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}
