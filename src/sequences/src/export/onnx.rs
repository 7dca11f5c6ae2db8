//! ONNX: a network as a graph that other programs run (github.com/onnx/onnx, `docs/IR.md`, `docs/Operators.md`), with
//! its shape and signature as metadata ([`description`] lists the keys).
//!
//! | network | goes in | comes out |
//! | --- | --- | --- |
//! | perceptron | `input`, FLOAT `[N, numbers]` | `logits`, FLOAT `[N, outputs]` |
//! | Transformer or LSTM, pooled | `tokens`, INT64 `[N, L]`; `lengths`, INT64 `[N]` | `logits`, FLOAT `[N, outputs]` |
//! | the same, each token | the same | `logits`, FLOAT `[N, L, outputs]` |
//!
//! N and L are any numbers. Behind the end of a sequence stands any token of the vocabulary, and its row of the logits
//! is zero; what stands there changes no other row. A sequence has one token at least. Numbers are scaled before they
//! go in, as the metadata say.

mod lstm;
mod transformer;
mod writer;

use super::{
    description,
    problem::ExportError,
    signature::{Signature, check, not_finite},
};
use crate::nets::{Network, Shape};
use writer::Writer;

/// Writes a network, all numbers as 32-bit floating point.
///
/// # Errors
/// If the signature is not that of this network, or a weight is not finite.
pub fn to_onnx(network: &Network, signature: &Signature) -> Result<Vec<u8>, ExportError> {
    check(network.shape(), signature)?;
    if let Some(name) = not_finite(&network.weights) {
        return Err(ExportError::NotFinite(name.to_owned()));
    }
    let mut writer = Writer::new(&network.weights);
    match network.shape() {
        Shape::Transformer(sizes, _, head) => transformer::write(&mut writer, sizes, *head),
        Shape::Lstm(sizes, _, head) => lstm::write(&mut writer, *sizes, *head),
        Shape::Perceptron(inputs, hidden, outputs) => writer.perceptron(*inputs, hidden.len(), *outputs),
    }
    Ok(writer.into_file(&description::write(network.shape(), signature)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::tests::{kinds, network, signature_of};

    fn contains(file: &[u8], part: &[u8]) -> bool {
        file.windows(part.len()).any(|window| window == part)
    }

    // Whether the graphs compute the same is asked of ONNX Runtime: `cargo xtask runtimes`.
    #[test]
    fn every_matrix_and_the_vocabulary_are_in_the_file() {
        for (name, shape) in kinds() {
            let network = network(&shape);
            let file = to_onnx(&network, &signature_of(&shape)).unwrap();
            assert_eq!(file[2..10], [&[0x12, 6], &b"Retort"[..]].concat(), "{name}");
            let list = br#"["name 0","name 1","name 2""#;
            assert!(contains(&file, list), "{name}");
            let bias = network.weights.get(if matches!(shape, Shape::Perceptron(..)) {
                "layer-0.bias"
            } else {
                "output.bias"
            });
            let bytes: Vec<u8> = bias.unwrap().1.iter().flat_map(|number| number.to_le_bytes()).collect();
            assert!(contains(&file, &bytes), "{name}");
        }
    }

    #[test]
    fn gates_stand_in_the_order_of_onnx() {
        // One number a token and one cell: the weight's row of the token is that of the gates input, forget, candidate,
        // output, and ONNX asks for input, output, forget, candidate.
        let sizes = crate::nets::LstmShape { embedding: 1, hidden: 1, bidirectional: false };
        let shape = Shape::Lstm(sizes, 2, crate::nets::Head::Pooled(2));
        let mut network = network(&shape);
        let weight = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        network.weights.get_mut("forwards.weight").unwrap().copy_from_slice(&weight);
        let file = to_onnx(&network, &signature_of(&shape)).unwrap();
        for gates in [[1.0_f32, 4.0, 2.0, 3.0], [5.0, 8.0, 6.0, 7.0]] {
            let bytes: Vec<u8> = gates.iter().flat_map(|number| number.to_le_bytes()).collect();
            assert!(contains(&file, &bytes), "{gates:?}");
        }
    }

    #[test]
    fn another_network_s_signature_is_refused() {
        let all = kinds();
        assert!(to_onnx(&network(&all[0].1), &signature_of(&all[8].1)).is_err());
    }
}
