//! Exits: last layers behind earlier stages of a network, which the last of all teaches.

use burn::tensor::{Tensor, activation::relu};
use retort_spec::geometry::Extent;

use super::{Settings, SideMatrices, SideMatrix, constant, cross_entropy, soft_targets};
use crate::{kernels::matmul, nets::Trace};

/// The weight of the features in the authors' sum; the paper has none.
const FEATURES: f64 = 1e-6;

/// The matrix and the bias of each exit behind one of these stages but the last, behind which the network has its own.
pub fn side_matrices(stages: &[Extent], classes: usize) -> Vec<SideMatrix> {
    let earlier = &stages[..stages.len().saturating_sub(1)];
    let exit = |stage: &Extent| {
        [SideMatrix::random(stage.channels, classes), SideMatrix { rows: 1, columns: classes, fill: Some(0.0) }]
    };
    earlier.iter().flat_map(exit).collect()
}

/// What the exits say: each multiplies the mean of its stage over all places.
///
/// # Shapes
/// `[batch, classes]` each.
pub fn answers(trace: &Trace, side_matrices: &SideMatrices) -> Vec<Tensor<2>> {
    let exit = |(stage, pair): (usize, &[Tensor<2>])| {
        let values = trace.maps[stage].values.clone();
        let [batch, _, channels] = values.dims();
        matmul(values.mean_dim(1).reshape([batch, channels]), pair[0].clone()) + pair[1].clone()
    };
    side_matrices.all().chunks_exact(2).enumerate().map(exit).collect()
}

/// The loss of a network with exits: their labels, and what the last one says and sees where it teaches the others,
/// with the weight `taught`.
pub fn loss(trace: &Trace, exits: &[Tensor<2>], targets: &Tensor<2>, settings: &Settings, taught: f64) -> Tensor<1> {
    let loss = of_exits(exits, &trace.logits, targets, settings, taught);
    let stages = if taught > 0.0 { &trace.maps[..] } else { &[] };
    let Some((last, earlier)) = stages.split_last() else { return loss };
    let flat = |values: &Tensor<3>| values.clone().flatten::<2>(1, 2);
    let alike = earlier.iter().filter(|stage| stage.values.dims() == last.values.dims());
    alike.fold(loss, |sum, stage| sum + of_features(&flat(&stage.values), &flat(&last.values), FEATURES))
}

/// `(1 − α) Σ_k CE(z_k, y) + α Σ_{k<K} T² KL(softmax(z_K/T) ‖ softmax(z_k/T))`, the sums over all exits and over all
/// but the last, `K`, which is a constant where it teaches (Zhang et al. 2019, eqs. 2 and 3).
///
/// # Shapes
/// `exits`, `last` and `targets`: `[batch, classes]`; the loss `[1]`, in nats.
pub fn of_exits(
    exits: &[Tensor<2>],
    last: &Tensor<2>,
    targets: &Tensor<2>,
    settings: &Settings,
    taught: f64,
) -> Tensor<1> {
    let trace = |logits: &Tensor<2>| Trace::of_logits(logits.clone());
    let teacher = trace(&constant(last));
    let mut loss = cross_entropy(&trace(last), targets.clone(), 1.0 - taught);
    for exit in exits {
        loss = loss + cross_entropy(&trace(exit), targets.clone(), 1.0 - taught);
        if taught > 0.0 {
            loss = loss + soft_targets(&trace(exit), &teacher, settings, taught);
        }
    }
    loss
}

/// `β Σ (f_k − f_K)²` over the batch and all features of which one of both is positive; those of the last exit are
/// constants (Zhang et al. 2019, eq. 4, as its second authors compute it).
///
/// # Shapes
/// `[batch, features]` each; the result `[1]`.
pub fn of_features(features: &Tensor<2>, last: &Tensor<2>, weight: f64) -> Tensor<1> {
    /// Beside it the smallest number of single precision that is normal becomes one.
    const HUGE: f64 = 1e38;
    let last = constant(last);
    // 1 where there is anything above zero.
    let either = -relu(-(relu(constant(features)) + relu(last.clone())) * HUGE + 1.0) + 1.0;
    ((features.clone() - last).square() * either).sum() * weight
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{device::read, nets::Map, nets::PreActivation};
    use burn::{module::Param, tensor::Device};
    use pollster::block_on;

    #[test]
    fn the_last_exit_teaches_and_is_not_taught() {
        let device = Device::flex().autodiff();
        let logits = |numbers: [f32; 2]| Tensor::<2>::from_data([numbers], &device).require_grad();
        // The exit says [½, ½], the last one [¾, ¼]; the first class is right.
        let (exit, last) = (logits([0.0, 0.0]), logits([3.0_f32.ln(), 0.0]));
        let targets = Tensor::from_data([[1.0, 0.0]], &device);
        let of = |taught| of_exits(std::slice::from_ref(&exit), &last, &targets, &Settings::default(), taught);
        let [half, quarter] = [0.5_f32.ln(), 0.75_f32.ln()];
        let alone = of(0.0).into_scalar::<f32>();
        assert!((alone + half + quarter).abs() < 1e-6, "{alone}");
        let divergence = 0.75 * (1.5_f32).ln() + 0.25 * (0.5_f32).ln();
        let taught = of(0.4);
        let value = taught.clone().into_scalar::<f32>();
        assert!((value - (0.6 * (-half - quarter) + 0.4 * divergence)).abs() < 1e-6, "{value}");
        let gradients = taught.backward();
        // 0.6 (q − y) + 0.4 (q − p), and of the last one its labels' alone, 0.6 (p − y).
        let near = |tensor: Tensor<2>, want: [f32; 2]| {
            let got = block_on(read(tensor.grad(&gradients).unwrap())).unwrap();
            assert!(got.iter().zip(want).all(|(got, want)| (got - want).abs() < 1e-6), "{got:?} {want:?}");
        };
        near(exit, [0.6 * -0.5 + 0.4 * -0.25, 0.6 * 0.5 + 0.4 * 0.25]);
        near(last, [0.6 * -0.25, 0.6 * 0.25]);
    }

    #[test]
    fn an_exit_multiplies_the_mean_of_its_stage() {
        let device = Device::flex();
        // Two places of two channels, whose means are 2 and 5.
        let values = Tensor::<3>::from_data([[[1.0, 4.0], [3.0, 6.0]]], &device);
        let pre_activation = PreActivation::known(values.clone());
        let mut trace = Trace::of_logits(Tensor::from_data([[0.0, 0.0]], &device));
        trace.maps = vec![Map { values, pre_activation, side: 1 }];
        let matrix =
            |rows: Vec<f32>, shape: [usize; 2]| Param::from_data(burn::tensor::TensorData::new(rows, shape), &device);
        let side = SideMatrices::of(vec![matrix(vec![1.0, 0.0, 1.0, -1.0], [2, 2]), matrix(vec![0.5, 0.0], [1, 2])]);
        let said = answers(&trace, &side).pop().unwrap();
        assert_eq!(block_on(read(said)).unwrap(), [7.5, -5.0]);
        let extent = |channels| Extent { channels, side: 2, layers: 0 };
        let shapes = side_matrices(&[extent(2), extent(3)], 2);
        assert_eq!(shapes.iter().map(|side| (side.rows, side.columns)).collect::<Vec<_>>(), [(2, 2), (1, 2)]);
    }
}
