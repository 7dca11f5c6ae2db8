//! safetensors: each matrix and vector under its own name, with the network's shape and signature as metadata
//! ([`description`] lists the keys).
//!
//! Numbers are 32-bit floating point, row by row: `*.weight` is `[inputs, outputs]`, the transpose of PyTorch's. An
//! LSTM's `forwards.weight` and `backwards.weight` are `[embedding + hidden, 4 · hidden]`, gates in the order input,
//! forget, candidate, output; a Transformer's `*.attention.project.weight` holds queries, keys and values side by side.

use retort_compress::format::safetensors::{Writer, numbers, tensors};

use super::{
    description,
    problem::{ExportError, ImportError},
    signature::{Signature, blank, check, not_finite},
};
use crate::nets::Network;

/// Writes a network.
///
/// # Errors
/// If the signature is not that of this network, or a weight is not finite.
pub fn to_safetensors(network: &Network, signature: &Signature) -> Result<Vec<u8>, ExportError> {
    check(network.shape(), signature)?;
    if let Some(name) = not_finite(&network.weights) {
        return Err(ExportError::NotFinite(name.to_owned()));
    }
    let pairs = description::write(network.shape(), signature);
    let metadata: Vec<(&str, &str)> = pairs.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let mut file = Writer::new(&metadata, false);
    for (name, shape, numbers) in network.weights.entries() {
        file.tensor(name, shape, numbers.iter().copied());
    }
    Ok(file.into_bytes())
}

/// Reads a network of [`to_safetensors`] back: its answers are the same, bit for bit. What is allocated grows with the
/// file's real length, never with what it says of itself.
///
/// # Errors
/// [`ImportError`] says what is wrong with the file; no file makes it panic.
pub fn from_safetensors(file: &[u8]) -> Result<(Network, Signature), ImportError> {
    let (entries, metadata, data) = tensors(file)?;
    let (shape, signature) = description::read(&metadata)?;
    let (expected, found) = (check(&shape, &signature)?, data.len() as u64 / 4);
    if found != expected {
        return Err(ImportError::Count { found, expected });
    }
    let mut network = blank(&shape);
    let mut all = Vec::with_capacity(network.weights.count());
    for (name, shape, _) in network.weights.entries() {
        let mut named = entries.iter().filter(|entry| entry.name == name);
        let (Some(entry), None) = (named.next(), named.next()) else {
            return Err(ImportError::Tensor { name: name.to_owned(), shape: shape.to_vec() });
        };
        if entry.dtype != "F32" || entry.shape != shape {
            return Err(ImportError::Tensor { name: name.to_owned(), shape: shape.to_vec() });
        }
        all.extend(numbers(entry, data)?.1);
    }
    network.weights.values = all;
    Ok((network, signature))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::tests::{answers, kinds, network, signature_of};
    use safetensors::SafeTensors;

    #[test]
    fn a_network_is_read_back_bit_for_bit() {
        for (name, shape) in kinds() {
            let (mut before, signature) = (network(&shape), signature_of(&shape));
            let file = to_safetensors(&before, &signature).unwrap();
            let (mut after, read) = from_safetensors(&file).unwrap();
            assert_eq!((read, after.shape()), (signature, &shape));
            assert_eq!(answers(&mut after), answers(&mut before), "{name}");
            // The reference implementation finds the same tensors.
            let others = SafeTensors::deserialize(&file).unwrap();
            for (name, shape, numbers) in before.weights.entries() {
                let other = others.tensor(name).unwrap();
                assert_eq!(other.shape(), shape);
                assert_eq!(other.data(), numbers.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>());
            }
            let (_, metadata) = SafeTensors::read_metadata(&file).unwrap();
            assert_eq!(metadata.metadata().as_ref().unwrap()["task"], "test");
        }
    }

    #[test]
    fn damaged_files_are_refused() {
        for (name, shape) in kinds().into_iter().step_by(4) {
            let file = to_safetensors(&network(&shape), &signature_of(&shape)).unwrap();
            for length in (0..file.len()).step_by(7) {
                assert!(from_safetensors(&file[..length]).is_err(), "{name} {length}");
            }
            // A changed header may still be one, of another name or number; it must not panic or ask for much memory.
            let header = 8 + u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
            for at in 0..header {
                for byte in [b'0', b'9', b'"', b'[', 0xff] {
                    let mut changed = file.clone();
                    changed[at] = byte;
                    let _ = from_safetensors(&changed);
                }
            }
        }
    }

    #[test]
    fn hostile_files_are_refused() {
        let (_, shape) = kinds().swap_remove(0);
        let file = to_safetensors(&network(&shape), &signature_of(&shape)).unwrap();
        let with = |from: &str, to: &str| {
            let header = 8 + u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
            let text = std::str::from_utf8(&file[8..header]).unwrap().replace(from, to);
            let changed = [&(text.len() as u64).to_le_bytes()[..], text.as_bytes(), &file[header..]].concat();
            from_safetensors(&changed).unwrap_err().to_string()
        };
        assert_eq!(with(r#""width":"8""#, r#""width":"99999999999""#), "width cannot be 99999999999");
        assert_eq!(with(r#""layers":"2""#, r#""layers":"99""#), "99 blocks or layers; 64 are the most");
        assert_eq!(
            with(r#""context":"9""#, r#""context":"16000000""#),
            "a network of these sizes has 128001163 weights; the file holds 1235"
        );
        let wanted = "last.gain should be there once, as F32 of shape [8]";
        assert_eq!(with(r#""last.gain""#, r#""last.gone""#), wanted);
        let mut broken = network(&shape);
        broken.weights.values[3] = f32::NAN;
        let error = to_safetensors(&broken, &signature_of(&shape)).unwrap_err();
        assert_eq!(error, ExportError::NotFinite("tokens".into()));
        let infinite = [&file[..file.len() - 4], &f32::INFINITY.to_le_bytes()].concat();
        assert!(from_safetensors(&infinite).unwrap_err().to_string().starts_with("output.bias:"));
    }
}
