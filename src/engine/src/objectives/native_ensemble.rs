//! A native ensemble: branches of one network, whose gated mean teaches each of them.

use burn::tensor::{Tensor, activation::softmax};

use super::{Settings, constant, cross_entropy, soft_targets};
use crate::nets::Trace;

/// `CE(z_e, y) + Σ_b CE(z_b, y) + weight · Σ_b T² KL(softmax(z_e/T) ‖ softmax(z_b/T))` with `z_e = Σ_b g_b z_b` and `g`
/// the softmax of the gate (Lan, Zhu & Gong 2018, eq. 8).
///
/// As a teacher, `z_e` is a constant: gate and branches learn from it by `CE(z_e, y)` alone. The authors' gate ends in
/// a ReLU; it belongs to the network that computes `gate`.
///
/// # Shapes
/// `branches`: `[batch, classes]` each; `gate`: `[batch, branches]`, before its softmax; `targets`: `[batch, classes]`;
/// the loss `[1]`, in nats.
pub fn native_ensemble(
    branches: &[Tensor<2>],
    gate: &Tensor<2>,
    targets: &Tensor<2>,
    settings: &Settings,
    weight: f64,
) -> Tensor<1> {
    let trace = Trace::of_logits;
    let teacher = trace(gated(&branches.iter().map(constant).collect::<Vec<_>>(), constant(gate)));
    let mut loss = cross_entropy(&trace(gated(branches, gate.clone())), targets.clone(), 1.0);
    for branch in branches {
        let branch = trace(branch.clone());
        loss = loss + cross_entropy(&branch, targets.clone(), 1.0);
        loss = loss + soft_targets(&branch, &teacher, settings, weight);
    }
    loss
}

/// The branches' logits, weighted by the softmax of the gate.
fn gated(branches: &[Tensor<2>], gate: Tensor<2>) -> Tensor<2> {
    let [batch, _] = gate.dims();
    let shares = softmax(gate, 1);
    let share =
        |(index, branch): (usize, &Tensor<2>)| branch.clone() * shares.clone().slice([0..batch, index..index + 1]);
    let mut shared = branches.iter().enumerate().map(share);
    let first = shared.next().unwrap_or_else(|| unreachable!("a network has a branch"));
    shared.fold(first, |sum, branch| sum + branch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn branches_that_agree_are_one_network_counted_once_for_each_and_for_the_mean() {
        let device = Device::flex().autodiff();
        // q = [¾, ¼] and the first class is right.
        let branch: Tensor<2> = Tensor::from_data([[3.0_f32.ln(), 0.0]], &device);
        let gate: Tensor<2> = Tensor::from_data([[0.3, -2.0, 1.0]], &device);
        let targets: Tensor<2> = Tensor::from_data([[1.0, 0.0]], &device);
        let branches = vec![branch; 3];
        let loss = native_ensemble(&branches, &gate, &targets, &Settings::default(), 1.0).into_scalar::<f32>();
        assert!((loss + 4.0 * 0.75_f32.ln()).abs() < 1e-6, "{loss}");
    }
}
