//! Which stages of two networks are compared, and how their maps are brought to one size.

use burn::tensor::{Tensor, TensorData};
use retort_spec::{HintLayer, Incompatibility};

use crate::kernels::matmul;
use crate::nets::{Map, Trace};

/// What a method looks at unless the visitor chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usual {
    /// The stage in the middle.
    Middle,
    /// The last stage.
    Last,
    /// Every stage.
    All,
}

/// The pairs of stages that are compared, student's and teacher's: those of the same relative depth.
///
/// # Errors
/// [`Incompatibility::NoStages`] where a network has none.
pub fn pairs<'a>(
    student: &'a Trace,
    teacher: &'a Trace,
    guided: HintLayer,
    usual: Usual,
) -> Result<Vec<(&'a Map, &'a Map)>, Incompatibility> {
    let (count, deep) = (student.maps.len(), teacher.maps.len());
    if count == 0 || deep == 0 {
        return Err(Incompatibility::NoStages);
    }
    let chosen: Vec<usize> = match (guided, usual) {
        (HintLayer::First, _) => vec![0],
        (HintLayer::Middle, _) | (HintLayer::Usual, Usual::Middle) => vec![(count - 1) / 2],
        (HintLayer::Last, _) | (HintLayer::Usual, Usual::Last) => vec![count - 1],
        (HintLayer::Usual, Usual::All) => (0..count).collect(),
    };
    // Counted from the end where a single stage stands for the whole: it is the last one that teaches most.
    let opposite = |stage: usize| match count {
        1 => deep - 1,
        _ => (stage * (deep - 1) + (count - 1) / 2) / (count - 1),
    };
    Ok(chosen.into_iter().map(|stage| (&student.maps[stage], &teacher.maps[opposite(stage)])).collect())
}

/// `[batch, places, channels]` of a map, the mean over places taken where the other map has fewer of them.
pub fn pooled(values: Tensor<3>, side: usize, to: usize) -> Tensor<3> {
    if to >= side {
        return values;
    }
    let device = values.device();
    let [batch, _, _] = values.dims();
    let weights = Tensor::<2>::from_data(TensorData::new(pooling(side, to), [to * to, side * side]), &device);
    matmul(weights.unsqueeze::<3>().expand([batch, to * to, side * side]), values)
}

/// Both maps of a pair, brought to the smaller side.
pub fn met(student: &Map, teacher: &Map) -> [Tensor<3>; 2] {
    let side = student.side.min(teacher.side);
    [student, teacher].map(|map| pooled(map.values.clone(), map.side, side))
}

/// The pairs that have more than one place to compare.
///
/// # Errors
/// [`Incompatibility::NoStages`] where a network has no stages, [`Incompatibility::NoPlaces`] where no pair has more
/// places than one.
pub fn with_places<'a>(
    student: &'a Trace,
    teacher: &'a Trace,
    guided: HintLayer,
    usual: Usual,
) -> Result<Vec<(&'a Map, &'a Map)>, Incompatibility> {
    let mut pairs = pairs(student, teacher, guided, usual)?;
    pairs.retain(|(student, teacher)| student.side.min(teacher.side) > 1);
    if pairs.is_empty() { Err(Incompatibility::NoPlaces) } else { Ok(pairs) }
}

/// A 1×1 convolution, a matrix `[channels in, channels out]` applied at every place; without one nothing changes.
///
/// # Shapes
/// `values`: `[batch, places, channels]`.
pub fn convolved(values: Tensor<3>, matrix: Option<&Tensor<2>>) -> Tensor<3> {
    let Some(matrix) = matrix else { return values };
    let ([batch, places, channels], [_, outputs]) = (values.dims(), matrix.dims());
    matmul(values.reshape([batch * places, channels]), matrix.clone()).reshape([batch, places, outputs])
}

/// The matrix `[to², side²]` of adaptive average pooling: each place is the mean of the places it covers, from
/// `⌊i·side/to⌋` to `⌈(i+1)·side/to⌉`, as PyTorch's `adaptive_avg_pool2d` has it.
fn pooling(side: usize, to: usize) -> Vec<f32> {
    let covered = |i: usize| (i * side / to)..((i + 1) * side).div_ceil(to);
    let mut matrix = Vec::with_capacity(to * to * side * side);
    for (row, column) in (0..to).flat_map(|row| (0..to).map(move |column| (row, column))) {
        let share = 1.0 / (covered(row).len() * covered(column).len()) as f32;
        let inside = |at: usize| covered(row).contains(&(at / side)) && covered(column).contains(&(at % side));
        matrix.extend((0..side * side).map(|at| if inside(at) { share } else { 0.0 }));
    }
    matrix
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pooling_by_hand() {
        // 3 → 2: places 0–1 and 1–2, in both directions.
        let matrix = pooling(3, 2);
        assert_eq!(matrix[..9], [0.25, 0.25, 0.0, 0.25, 0.25, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(pooling(2, 1), [0.25; 4]);
    }
}
