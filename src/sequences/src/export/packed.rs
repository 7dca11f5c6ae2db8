//! The packed file of a network for sequences or for regression: what "bytes" means of it, and what it is read back
//! from before it is tested. Version 3 of the format of `retort_compress::format::pack`, which defines sizes, streams
//! and matrices:
//!
//! | bytes | what |
//! | --- | --- |
//! | 4 | `RTRT` |
//! | 1 | version of the format, 3 |
//! | size, bytes | length of the head; the head: shape and signature in postcard's format, as below |
//! | tensors | in the network's own order: a vector is 32-bit numbers; a matrix as below |
//! | 4 | CRC-32 (gzip's) of all before it |
//!
//! | bytes | a matrix, `[inputs, outputs]` |
//! | --- | --- |
//! | size | rank: 0 for one matrix; else the product of `[inputs, rank]` and `[rank, outputs]` |
//! | matrices | as in version 2 |
//!
//! In postcard's format a number of the head is a size, a text or a list begins with its length as a size, a choice is
//! its place in the list here, a truth is a byte, and a number with a fraction 4 bytes. The head:
//!
//! | part | what |
//! | --- | --- |
//! | shape | choice: Transformer, LSTM, perceptron |
//! | of a Transformer | width, layers, heads, hidden, context; dropout (4 bytes); choice: GELU, ReLU; truth: causal |
//! | of an LSTM | embedding, hidden; truth: bidirectional |
//! | of both | entries of the vocabulary; choice: pooled, each token; numbers that come out |
//! | of a perceptron | numbers that go in; a list of hidden sizes; numbers that come out |
//! | task | a text |
//! | input | choice: a list of names of numbers; tokens: the longest sequence, a list of what each is written as |
//! | output | choice: a list of classes; a list of names of numbers; the next token |
//! | scalings | of inputs, of outputs: a list of means and deviations, 4 bytes each |

use rand_chacha::ChaCha8Rng;
use retort_compress::{
    format::pack::{
        PackError, Packed,
        file::{MAGIC, Reader, budget, close, put_floats, put_size},
        matrix,
    },
    network::model::{LayerModel, Matrix},
    quantization::weights::quantize,
    random::stream,
    reduction::{lowrank::factors, prune::mask, weight_sharing::share_matrix},
};
use retort_spec::{Activations, ByteBreakdown, CompressionStep, Pipeline, PtqMethod, QuantScheme, Sparsity, codec};

use super::{
    problem::{ExportError, ImportError, Unsupported},
    signature::{Signature, blank, check, not_finite},
};
use crate::nets::{Network, Shape};

/// The version of these files.
const VERSION: u8 = 3;

/// Packs a network after the steps of a pipeline, which change matrices alone: embeddings, positions and all weights,
/// each by itself. Biases and the gains of normalizations stay 32-bit numbers. Without a step that quantizes or shares
/// weights these are 32-bit numbers, too. `seed` decides stochastic rounding.
///
/// # Errors
/// If the signature is not that of this network, a weight is not finite, a step does not apply, or steps stand in an
/// order that makes no sense.
pub fn pack(network: &Network, signature: &Signature, pipeline: &Pipeline, seed: u32) -> Result<Packed, ExportError> {
    let count = check(network.shape(), signature)?;
    if let Some(name) = not_finite(&network.weights) {
        return Err(ExportError::NotFinite(name.to_owned()));
    }
    applies(pipeline)?;
    let huffman = pipeline.0.contains(&CompressionStep::Huffman);
    let head = codec::encode(&(network.shape(), signature));
    let head = head.map_err(|_| PackError::Model("what is said of it cannot be written"))?;
    let mut file = MAGIC.to_vec();
    file.push(VERSION);
    put_size(&mut file, head.len());
    file.extend(head);
    let metadata = (file.len() - MAGIC.len() - 1) as u32;
    let mut breakdown = ByteBreakdown { metadata, ..ByteBreakdown::default() };
    let (mut layouts, mut generator) = (Vec::new(), stream(seed, "rounding"));
    for (_, shape, numbers) in network.weights.entries() {
        let &[rows, columns] = shape else {
            breakdown.biases += put_floats(&mut file, numbers);
            continue;
        };
        let matrices = reduced(Matrix::float(rows, columns, numbers.to_vec()), pipeline, &mut generator);
        put_size(&mut file, if let [left, _] = &matrices[..] { left.columns } else { 0 });
        for matrix in &matrices {
            layouts.push(matrix::put(&mut file, &mut breakdown, matrix, huffman)?);
        }
    }
    close(&mut file);
    if count > budget(file.len()) as u64 {
        return Err(PackError::Model("more than 256 weights a byte").into());
    }
    breakdown.header = file.len() as u32 - breakdown.total();
    Ok(Packed { file, breakdown, layouts })
}

/// Whether all steps can be done here, in their order.
fn applies(pipeline: &Pipeline) -> Result<(), ExportError> {
    for step in &pipeline.0 {
        match step {
            CompressionStep::Prune { structure: Sparsity::Structured, .. } => return Err(Unsupported::Units.into()),
            CompressionStep::Gradual { .. }
            | CompressionStep::FineTune { .. }
            | CompressionStep::QuantizationAware { .. } => return Err(Unsupported::Trains(step.word()).into()),
            CompressionStep::Quantize(scheme) => {
                let QuantScheme { repair, activations, .. } = scheme.effective();
                if repair != PtqMethod::None {
                    return Err(Unsupported::Repair(repair).into());
                }
                if activations != Activations::Float {
                    return Err(Unsupported::Activations(activations).into());
                }
            }
            CompressionStep::Prune { .. }
            | CompressionStep::LowRank(_)
            | CompressionStep::Share { .. }
            | CompressionStep::Huffman => {}
        }
    }
    pipeline.check().map_err(|(place, error)| ExportError::Order { place, error })
}

/// A matrix after all steps, or two whose product stands for it.
fn reduced(whole: Matrix, pipeline: &Pipeline, generator: &mut ChaCha8Rng) -> Vec<Matrix> {
    let mut matrices = vec![whole];
    for step in &pipeline.0 {
        if let CompressionStep::LowRank(rank) = step
            && let [whole] = &matrices[..]
            && let Some(factors) = factors(whole, *rank)
        {
            matrices = factors.into();
        }
        for matrix in &mut matrices {
            match step {
                CompressionStep::Prune { sparsity, .. } => matrix.mask = Some(mask(matrix, *sparsity)),
                CompressionStep::Share { bits } => *matrix = share_matrix(matrix, *bits),
                CompressionStep::Quantize(scheme) => *matrix = quantize(matrix, &scheme.effective(), generator),
                _ => {}
            }
        }
    }
    matrices
}

/// Reads a network of [`pack`] back, its weights as plain numbers. What is allocated grows with the file's real length:
/// at most 256 weights a byte, and 2²⁰ beside.
///
/// # Errors
/// [`ImportError`] says what is wrong with the file; no file makes it panic.
pub fn unpack(file: &[u8]) -> Result<(Network, Signature), ImportError> {
    let mut reader = Reader::open(file, VERSION)?;
    let length = reader.size()?;
    let (shape, signature): (Shape, Signature) = codec::decode(reader.bytes(length)?).map_err(|_| ImportError::Head)?;
    let (expected, found) = (check(&shape, &signature)?, budget(file.len()) as u64);
    if expected > found {
        return Err(ImportError::Count { found, expected });
    }
    let mut network = blank(&shape);
    let mut all = Vec::with_capacity(network.weights.count());
    for (_, shape, numbers) in network.weights.entries() {
        let &[rows, columns] = shape else {
            all.extend(reader.floats(numbers.len())?);
            continue;
        };
        let factors = match reader.size()? {
            0 => vec![matrix::get(&mut reader, rows, columns)?],
            rank => vec![matrix::get(&mut reader, rows, rank)?, matrix::get(&mut reader, rank, columns)?],
        };
        all.extend(LayerModel { bias: Vec::new(), factors }.weight());
    }
    reader.close()?;
    network.weights.values = all;
    match not_finite(&network.weights) {
        Some(name) => Err(ImportError::NotFinite(name.to_owned())),
        None => Ok((network, signature)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::tests::{answers, kinds, network, signature_of};
    use retort_spec::Bits;

    fn packed(shape: &Shape, pipeline: &str) -> Packed {
        pack(&network(shape), &signature_of(shape), &pipeline.parse().unwrap(), 1).unwrap()
    }

    #[test]
    fn plain_numbers_come_back_bit_for_bit() {
        for (name, shape) in kinds() {
            let packed = packed(&shape, "");
            let (mut after, signature) = unpack(&packed.file).unwrap();
            assert_eq!((signature, after.shape()), (signature_of(&shape), &shape));
            assert_eq!(answers(&mut after), answers(&mut network(&shape)), "{name}");
            assert_eq!(packed.breakdown.total() as usize, packed.file.len());
        }
    }

    #[test]
    fn matrices_come_back_as_the_scheme_rounds_them() {
        for &bits in Bits::ALL {
            for (name, shape) in kinds() {
                let before = network(&shape);
                let packed = packed(&shape, &format!("quantize:{bits}"));
                let (after, _) = unpack(&packed.file).unwrap();
                let scheme = QuantScheme::of(bits);
                for ((entry, shape, found), (_, _, given)) in after.weights.entries().zip(before.weights.entries()) {
                    let expected = match shape {
                        &[rows, columns] => {
                            let matrix = Matrix::float(rows, columns, given.to_vec());
                            quantize(&matrix, &scheme, &mut stream(1, "rounding")).values()
                        }
                        _ => given.to_vec(),
                    };
                    assert_eq!(found, expected, "{name} {entry} {bits}");
                }
                assert_eq!(packed.breakdown.total() as usize, packed.file.len());
            }
        }
    }

    #[test]
    fn fewer_bits_are_fewer_bytes_and_farther_off() {
        let (_, shape) = kinds().swap_remove(6);
        let exact = answers(&mut network(&shape));
        let of = |pipeline: &str| {
            let packed = packed(&shape, pipeline);
            let found = answers(&mut unpack(&packed.file).unwrap().0);
            let error: f32 = found.iter().zip(&exact).map(|(found, exact)| (found - exact).powi(2)).sum();
            (packed.file.len(), error)
        };
        let all = ["", "quantize:16", "quantize:8", "quantize:4", "quantize:2"].map(of);
        assert!(all.windows(2).all(|pair| pair[0].0 > pair[1].0 && pair[0].1 < pair[1].1), "{all:?}");
    }

    #[test]
    fn pruned_shared_and_factored_matrices_come_back() {
        for (name, shape) in kinds() {
            let given = network(&shape);
            let plain = packed(&shape, "").file.len();
            let read = |pipeline: &str| {
                let packed = packed(&shape, pipeline);
                assert!(packed.file.len() < plain, "{name} {pipeline}");
                assert_eq!(packed.breakdown.total() as usize, packed.file.len());
                let (network, _) = unpack(&packed.file).unwrap();
                network.weights.entries().filter(|(_, shape, _)| shape.len() == 2).map(|(.., x)| x.to_vec()).collect()
            };
            let matrices: Vec<Vec<f32>> = read("prune:0.75");
            for matrix in &matrices {
                let zeros = matrix.iter().filter(|weight| **weight == 0.0).count();
                assert!(zeros.abs_diff(matrix.len() * 3 / 4) <= 1, "{name} {zeros}");
            }
            let shared: Vec<Vec<f32>> = read("share:2,huffman");
            for matrix in &shared {
                let mut values: Vec<u32> = matrix.iter().map(|weight| weight.to_bits()).collect();
                values.sort_unstable();
                values.dedup();
                assert!(values.len() <= 4, "{name}");
            }
            let together: Vec<Vec<f32>> = read("low-rank:2,prune:0.5,quantize:8,huffman");
            let count = |matrices: &[Vec<f32>]| matrices.iter().map(Vec::len).collect::<Vec<usize>>();
            let all = given.weights.entries().filter(|(_, shape, _)| shape.len() == 2).map(|(.., x)| x.to_vec());
            assert_eq!(count(&together), count(&all.collect::<Vec<_>>()));
        }
    }

    #[test]
    fn a_matrix_of_low_rank_keeps_its_numbers_in_fewer_bytes() {
        let shape = Shape::Perceptron(12, vec![10], 2);
        let mut before = network(&shape);
        // An outer product has rank 1.
        let numbers = before.weights.get_mut("layer-0.weight").unwrap();
        numbers.iter_mut().enumerate().for_each(|(at, x)| *x = ((at / 10) as f32 - 5.5) * ((at % 10) as f32 - 4.0));
        let write = |text: &str| pack(&before, &signature_of(&shape), &text.parse().unwrap(), 1).unwrap().file;
        let (plain, factored) = (write(""), write("low-rank:1"));
        // 120 numbers are 22; the second matrix is no smaller as a product of rank 1 than by its two columns.
        assert!(plain.len() - factored.len() >= 4 * 98 - 2, "{} {}", plain.len(), factored.len());
        let (after, _) = unpack(&factored).unwrap();
        let pairs =
            after.weights.get("layer-0.weight").unwrap().1.iter().zip(before.weights.get("layer-0.weight").unwrap().1);
        pairs.for_each(|(after, before)| assert!((after - before).abs() < 1e-4, "{after} {before}"));
    }

    #[test]
    fn what_does_not_apply_is_refused_with_its_reason() {
        let (_, shape) = kinds().swap_remove(0);
        let refused = |steps: Vec<CompressionStep>| {
            pack(&network(&shape), &signature_of(&shape), &Pipeline(steps), 1).unwrap_err()
        };
        let quantize = |text: &str| CompressionStep::Quantize(text.parse().unwrap());
        let unsupported = ExportError::Unsupported;
        assert_eq!(refused(vec![quantize("4:gptq")]), unsupported(Unsupported::Repair(PtqMethod::Gptq)));
        let activations = Unsupported::Activations(Activations::Dynamic);
        assert_eq!(refused(vec![quantize("8:dynamic")]), unsupported(activations));
        let units = CompressionStep::Prune { sparsity: 0.5, structure: Sparsity::Structured };
        assert_eq!(refused(vec![units]), unsupported(Unsupported::Units));
        let trains = CompressionStep::FineTune { epochs: 1, supervised_by: retort_spec::SupervisedBy::Labels };
        assert_eq!(refused(vec![trains]), unsupported(Unsupported::Trains("finetune")));
        let order = refused(vec![quantize("8"), CompressionStep::Share { bits: 2 }]);
        assert_eq!(order.to_string(), "step 2: shared weights are codes already: quantize or share, not both");
    }

    #[test]
    fn the_head_never_changes() {
        // By hand, from the tables above; the matrix and the bias of the one layer follow.
        let file = packed(&Shape::Perceptron(3, vec![], 2), "").file;
        let mut head = vec![2, 3, 0, 2, 4, b't', b'e', b's', b't', 0, 3];
        let name = |index: u8| [&[6][..], b"name ", &[b'0' + index]].concat();
        (0..3).for_each(|index| head.extend(name(index)));
        head.extend([1, 2]);
        (0..2).for_each(|index| head.extend(name(index)));
        head.extend([0, 0]);
        let expected = [&b"RTRT\x03"[..], &[head.len() as u8], &head, &[0, 0]].concat();
        assert_eq!(file[..expected.len()], expected);
        assert_eq!(file.len(), expected.len() + 4 * 8 + 4);
    }

    /// Writes files, and the numbers in them, for the reader in `docs/packed-format.md`.
    #[test]
    #[ignore = "writes into the folder RETORT_PACKED"]
    fn files_for_another_reader() {
        let folder = std::path::PathBuf::from(std::env::var("RETORT_PACKED").unwrap());
        let pipelines = ["", "quantize:16", "quantize:4", "prune:0.7,quantize:ternary,huffman", "low-rank:2,share:3"];
        for (name, shape) in kinds() {
            let mut signature = signature_of(&shape);
            signature.output_scaling = vec![crate::tasks::Scaling { mean: 1.0, deviation: 2.0 }; signature.outputs()];
            for (place, pipeline) in pipelines.into_iter().enumerate() {
                let file = pack(&network(&shape), &signature, &pipeline.parse().unwrap(), 1).unwrap().file;
                let (read, _) = unpack(&file).unwrap();
                let numbers: Vec<u8> = read.weights.values.iter().flat_map(|number| number.to_le_bytes()).collect();
                let path = |end: &str| folder.join(format!("{}-{place}.{end}", name.replace(' ', "-")));
                std::fs::write(path("rtrt"), file).unwrap();
                std::fs::write(path("f32"), numbers).unwrap();
            }
        }
    }

    #[test]
    fn damaged_files_are_refused() {
        for (name, shape) in kinds().into_iter().step_by(4) {
            let file = packed(&shape, "quantize:4").file;
            for length in 0..file.len() {
                assert!(unpack(&file[..length]).is_err(), "{name} {length}");
            }
            for at in 0..file.len() {
                for change in [1, 0x80, 0xff] {
                    let mut changed = file.clone();
                    changed[at] ^= change;
                    assert!(unpack(&changed).is_err(), "{name} {at}");
                }
            }
            assert!(unpack(&[&file[..], &[0]].concat()).is_err());
        }
        assert_eq!(unpack(b"RTRT\x02 and more").unwrap_err(), PackError::Version { found: 2, read: 3 }.into());
    }

    #[test]
    fn a_damaged_file_with_a_right_checksum_makes_no_panic() {
        for (_, shape) in kinds().into_iter().step_by(4) {
            let file = packed(&shape, "quantize:4").file;
            for at in 5..file.len() - 4 {
                for byte in [0, 1, 0x7f, 0xff] {
                    let mut changed = file[..file.len() - 4].to_vec();
                    changed[at] = byte;
                    close(&mut changed);
                    let _ = unpack(&changed);
                }
            }
        }
    }
}
