//! Networks that tell a few classes apart and call all others one (Hinton et al. 2015, section 5).

use burn::tensor::{Tensor, activation::log_softmax};
use retort_spec::{LabelAccess, Supervision};

use super::examples::specialty;
use crate::{
    nets::Trace,
    train::device_dataset::{DeviceDataset, upload},
};

/// The classes that a specialist tells apart; `None` for any other network.
pub fn specialty_mask(data: &DeviceDataset, supervision: &Supervision) -> Option<Tensor<2>> {
    let LabelAccess::Special { index, of, .. } = supervision.labels else { return None };
    let classes = data.dataset.classes;
    let known = specialty(index, of, classes);
    let mask = (0..classes as u8).map(|class| if known.contains(&class) { 1.0 } else { 0.0 }).collect();
    Some(upload(mask, classes, &data.device).autodiff())
}

/// Cross-entropy in which all classes that a specialist does not know are one, whose probability is their sum.
///
/// # Shapes
/// `targets`: `[batch, classes]`; `known`: `[1, classes]`; the loss `[1]`, in nats.
pub fn specialist_loss(trace: &Trace, targets: Tensor<2>, known: &Tensor<2>) -> Tensor<1> {
    let [batch, _] = targets.dims();
    let logarithms = log_softmax(trace.logits.clone(), 1);
    let others = -known.clone() + 1.0;
    let of_others = ((logarithms.clone().exp() * others.clone()).sum_dim(1) + 1e-12).log();
    let is_other = (targets.clone() * others).sum_dim(1);
    let own = (logarithms * targets * known.clone()).sum();
    (own + (of_others * is_other).sum()) * (-1.0 / batch as f64)
}

/// What a specialist says of its classes and of all others together, `[rows, known + 1]`. Its training saw as many
/// examples of its classes as of all others; the others' logit makes up for that (Hinton et al. 2015, section 5.3).
pub fn pooled(logits: &[f32], known: &[u8], classes: usize) -> Vec<f32> {
    let more = (classes - known.len()).max(1) as f64 / known.len().max(1) as f64;
    let row = |row: &[f32]| {
        let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let others = (0_u8..).zip(row).filter(|(class, _)| !known.contains(class));
        let sum: f64 = others.map(|(_, logit)| f64::from(logit - largest).exp()).sum();
        let dustbin = f64::from(largest) + (sum * more).max(f64::MIN_POSITIVE).ln();
        known.iter().map(|&class| row[usize::from(class)]).chain([dustbin as f32]).collect::<Vec<f32>>()
    };
    logits.chunks_exact(classes).flat_map(row).collect()
}
