//! Packed files of plain 32-bit networks, written and read by as little code as will do.

use retort_spec::NetworkKind;

use super::{
    PackError, checked,
    file::{Head, Reader, VERSION, begin, close, put_floats, put_size},
};
use crate::Layer;

/// The packed file of a network as it was trained; the same as [`pack`](super::pack) makes of
/// [`Model::new`](crate::network::model::Model::new).
pub fn pack_float(kind: NetworkKind, features: usize, layers: &[Layer]) -> Vec<u8> {
    let mut file = begin(kind, 0, features, layers.len());
    // No link.
    file.push(0);
    for layer in layers {
        put_size(&mut file, layer.inputs);
        put_size(&mut file, layer.outputs);
        // Not factored; 32-bit floating point, dense.
        file.extend([0, 0]);
        put_floats(&mut file, &layer.weight);
        put_floats(&mut file, &layer.bias);
    }
    close(&mut file);
    file
}

/// Reads a packed network of plain 32-bit weights back: its kind, the numbers of an example, its layers.
///
/// # Errors
/// [`PackError`] says what is wrong with the file, or that its weights have another format.
pub fn unpack_float(file: &[u8]) -> Result<(NetworkKind, usize, Vec<Layer>), PackError> {
    let mut reader = Reader::open(file, VERSION)?;
    let Head { kind, coding, features, layers: count, .. } = reader.head()?;
    let (mut layers, mut shapes) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let [inputs, outputs] = [reader.size()?, reader.size()?];
        if reader.array()? != [0, 0] || coding != 0 {
            return Err(PackError::Field("not plain 32-bit weights"));
        }
        let weight = reader.floats(inputs.saturating_mul(outputs))?;
        layers.push(Layer { inputs, outputs, weight, bias: reader.floats(outputs)? });
        shapes.push((inputs, outputs));
    }
    reader.close()?;
    checked(kind, features, &shapes)?;
    Ok((kind, features, layers))
}
