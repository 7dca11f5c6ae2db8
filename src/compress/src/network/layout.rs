//! How the inputs of each layer lie, and in which order other programs want them.
//!
//! A matrix here multiplies rows whose numbers run by row, column and channel of a window, or of the image that a
//! classifier sees. PyTorch and ONNX run by channel, row and column.

use retort_spec::{
    Geometry,
    geometry::{Misfit, Place, ShapeError},
};

use crate::network::{
    model::{LayerModel, Matrix, Model, Values, groups},
    shapes::geometry,
};

/// Where each number of `[outputs, channels, window, window]` stands in `[window · window · channels, outputs]`: the
/// order of PyTorch, and of ONNX's convolutions.
pub fn outputs_first(place: &Place, outputs: usize) -> Vec<usize> {
    let inputs = channels_first(place);
    (0..outputs).flat_map(|output| inputs.iter().map(move |input| input * outputs + output)).collect()
}

/// Where each number of `[channels, window, window, outputs]` stands in `[window · window · channels, outputs]`: the
/// order of ONNX's matrices.
pub fn inputs_first(place: &Place, outputs: usize) -> Vec<usize> {
    channels_first(place).into_iter().flat_map(|input| input * outputs..(input + 1) * outputs).collect()
}

fn channels_first(place: &Place) -> Vec<usize> {
    let (places, channels) = (place.window * place.window, place.channels);
    (0..channels).flat_map(|channel| (0..places).map(move |at| at * channels + channel)).collect()
}

/// The geometry of a model.
///
/// # Errors
/// If its layers do not fit each other, or their numbers their shapes.
pub fn of(model: &Model) -> Result<Geometry, ShapeError> {
    for (layer, part) in model.layers.iter().enumerate() {
        if !is_whole(part) {
            return Err(Misfit::Numbers.of(layer));
        }
    }
    geometry(model.kind, model.features, &model.shapes())
}

fn is_whole(part: &LayerModel) -> bool {
    let fit = match &part.factors[..] {
        [whole] => whole.columns == part.bias.len(),
        [left, right] => left.columns == right.rows && right.columns == part.bias.len(),
        _ => false,
    };
    fit && part.factors.iter().all(is_full)
}

fn is_full(matrix: &Matrix) -> bool {
    let length = matrix.rows * matrix.columns;
    let values = match &matrix.values {
        Values::Float { values, .. } => values.len() == length,
        Values::Codes(codes) => {
            let groups = groups(codes.granularity, matrix.rows, matrix.columns);
            let zeros = codes.zero_points.len();
            codes.codes.len() == length && codes.scales.len() == groups && (zeros == 0 || zeros == groups)
        }
        Values::Shared { codebook, indices } => {
            indices.len() == length && indices.iter().all(|&index| usize::from(index) < codebook.len())
        }
    };
    values && matrix.mask.as_ref().is_none_or(|mask| mask.len() == length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::model::Coding;
    use retort_spec::{Architecture, NetworkKind};

    #[test]
    fn orders_by_hand() {
        // Two places of a row would do to tell them apart; windows are square, so there are four, of two channels.
        let conv: Architecture = "conv:2".parse().unwrap();
        let (place, _) = conv.geometry(16, 1).layers().last().unwrap();
        assert_eq!((place.window, place.channels), (2, 2));
        assert_eq!(outputs_first(&place, 1), [0, 2, 4, 6, 1, 3, 5, 7]);
        assert_eq!(inputs_first(&place, 2), [0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15]);
        assert_eq!(outputs_first(&Place::dense(2), 3), [0, 3, 1, 4, 2, 5]);
    }

    #[test]
    fn numbers_that_do_not_fill_a_matrix_are_named() {
        let mut model = Model { kind: NetworkKind::Mlp, features: 2, layers: Vec::new(), activations: Coding::Float };
        model.layers.push(LayerModel { bias: vec![0.0; 2], factors: vec![Matrix::float(2, 2, vec![0.0; 3])] });
        assert_eq!(of(&model).unwrap_err().to_string(), "layer 0: its numbers do not fill its matrices");
    }
}
