//! safetensors: a length, a JSON header, the numbers (Hugging Face, safetensors format, README "Format").
//!
//! Written by hand, since the header is all there is to it and the crate would bring a JSON library into the engine's
//! wasm; the test reads the file back with that crate.

use crate::Layer;

/// Writes layers as `layers.N.weight` `[outputs, inputs]` and `layers.N.bias` `[outputs]`, which is how PyTorch's `Linear`
/// holds them, with the permalink of the experiment, and so the architecture, among the metadata. Between layers stands a
/// ReLU.
///
/// A convolution is written as the matrix that its windows are multiplied by, batch normalization folded in; its inputs,
/// and those of a classifier behind it, run by row, column and channel, as the metadata say.
pub fn write(layers: &[Layer], permalink: &str) -> Vec<u8> {
    let (mut entries, mut numbers) = (Vec::new(), Vec::new());
    for (index, layer) in layers.iter().enumerate() {
        let (inputs, outputs) = (layer.inputs, layer.outputs);
        let transposed = (0..outputs).flat_map(|o| (0..inputs).map(move |i| layer.weight[i * outputs + o])).collect();
        let tensors = [
            ("weight", format!("[{outputs},{inputs}]"), transposed),
            ("bias", format!("[{outputs}]"), layer.bias.clone()),
        ];
        for (name, shape, values) in tensors {
            let start = numbers.len();
            numbers.extend(values.iter().flat_map(|value: &f32| value.to_le_bytes()));
            let end = numbers.len();
            entries.push(format!(
                r#""layers.{index}.{name}":{{"dtype":"F32","shape":{shape},"data_offsets":[{start},{end}]}}"#
            ));
        }
    }
    // A permalink holds no character that JSON would want escaped.
    let metadata = format!(
        r#""__metadata__":{{"format":"pt","activation":"relu","inputs":"row, column, channel","permalink":"{permalink}"}}"#
    );
    let mut header = format!("{{{metadata},{}}}", entries.join(","));
    // The numbers begin at a multiple of eight bytes, filled up with spaces.
    header.extend(std::iter::repeat_n(' ', header.len().next_multiple_of(8) - header.len()));
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.into_bytes());
    file.extend(numbers);
    file
}

#[cfg(test)]
mod tests {
    use super::*;
    use safetensors::SafeTensors;

    #[test]
    fn the_reference_implementation_reads_it() {
        let layer = Layer { inputs: 3, outputs: 2, weight: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], bias: vec![7.0, -8.5] };
        let file = write(&[layer], "v=1&omit=3,8&temperature=4");
        let read = SafeTensors::deserialize(&file).unwrap();
        let (_, metadata) = SafeTensors::read_metadata(&file).unwrap();
        assert_eq!(metadata.metadata().as_ref().unwrap()["permalink"], "v=1&omit=3,8&temperature=4");
        let numbers = |name: &str| -> Vec<f32> {
            let (numbers, _) = read.tensor(name).unwrap().data().as_chunks::<4>();
            numbers.iter().map(|&number| f32::from_le_bytes(number)).collect()
        };
        assert_eq!(read.tensor("layers.0.weight").unwrap().shape(), [2, 3]);
        assert_eq!(numbers("layers.0.weight"), [1.0, 3.0, 5.0, 2.0, 4.0, 6.0]);
        assert_eq!(numbers("layers.0.bias"), [7.0, -8.5]);
    }
}
