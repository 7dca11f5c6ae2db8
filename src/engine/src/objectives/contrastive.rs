//! Contrastive representation distillation: told apart from others', the student's embedding of an example should be
//! recognizable as that of the example which the teacher saw.

use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::RngExt;

use super::{
    Loss, Memory, Method, SideMatrix, Views, constant,
    geometry::{compares, log_sigmoid, unit},
};
use crate::kernels::matmul;

/// Width of the space that both embeddings are projected to. The authors take 128 for networks whose embeddings have 64
/// to 2048 features; those here have some tens, and every negative costs as many products.
const WIDTH: usize = 32;
/// The most negatives of an example. The authors take 16,384 of the 50,000 images of CIFAR-100, on a GPU; a
/// CPU in a page pays about as much for 256 as for the forward pass of a small student.
const NEGATIVES: usize = 256;
/// τ, the authors' value.
const TEMPERATURE: f64 = 0.07;
/// What the memory keeps of an example's embedding when it is seen again.
const MOMENTUM: f64 = 0.5;

/// Noise-contrastive estimation from both sides, for anchors `x` of one network and a memory `m` of the other's
/// embeddings: `−(1/N) Σ_n (ln D(x_n, m_n) + Σ_k ln(1 − D(x_n, m_k)))` with `D(x, m) = h/(h + K)` and `h = exp(x ·
/// m/τ)` divided by its mean over the first batch (Tian et al. 2020, eq. 18; the memory and the constant as in their
/// code).
///
/// In their code the constant Z is that mean times the number of examples M, and the likelihood of a negative K/M: the
/// M cancel. Their 1e-7 in the denominators is left out, since sigmoids of differences of logarithms need none.
///
/// # Shapes
/// Embeddings `[batch, features]`; matrices `[student's features, 32]` and `[teacher's features, 32]`; the loss `[1]`.
fn contrastive(views: &Views<'_>, memory: &mut Memory) -> Option<Loss> {
    let student = projected(&views.student.embedding, views.side_matrices.first());
    let teacher = projected(&views.teacher?.embedding, views.side_matrices.get(1));
    let ([batch, width], count) = (student.dims(), NEGATIVES.min(memory.examples.saturating_sub(1)));
    if teacher.dims() != [batch, width] || views.rows.len() != batch || count == 0 {
        return None;
    }
    let device = student.device();
    if memory.banks.is_empty() {
        memory.banks = (0..2).map(|_| bank(memory, width, &device)).collect();
    }
    let compared = indices(compared(views.rows, count, memory), &device);
    let mut value = None;
    for (side, anchors) in [student.clone(), teacher.clone()].into_iter().enumerate() {
        // The student's anchors are compared with the teacher's memory, and the other way round.
        let others = memory.banks[1 - side].clone().select(0, compared.clone()).reshape([batch, count + 1, width]);
        let scores = matmul(others, anchors.unsqueeze_dim(2)).reshape([batch, count + 1]) / TEMPERATURE;
        if memory.banks.len() == 2 + side {
            memory.banks.push(constant(&scores).exp().mean().log().reshape([1, 1]));
        }
        let odds = scores - memory.banks[2 + side].clone() - (count as f64).ln();
        let right = log_sigmoid(odds.clone().narrow(1, 0, 1)).sum();
        let wrong = log_sigmoid(odds.narrow(1, 1, count) * -1.0).sum();
        let loss = (right + wrong) / -(batch as f64);
        value = Some(value.map_or(loss.clone(), |sum: Tensor<1>| sum + loss));
    }
    let rows = indices(views.rows.iter().map(|&row| row as i32).collect(), &device);
    let times = |row: u32| views.rows.iter().filter(|&&other| other == row).count() as f32;
    // An example that is in the batch several times is remembered once.
    let shares: Vec<f32> = views.rows.iter().map(|&row| 1.0 / times(row)).collect();
    let shares: Tensor<2> = Tensor::from_data(TensorData::new(shares, [batch, 1]), &device);
    for (side, seen) in [student, teacher].into_iter().enumerate() {
        memory.banks[side] = remembered(memory.banks[side].clone(), rows.clone(), seen, shares.clone());
    }
    value.map(Loss::from)
}

/// An embedding in the common space, of length 1.
fn projected(embedding: &Tensor<2>, matrix: Option<&Tensor<2>>) -> Tensor<2> {
    let embedding = embedding.clone();
    unit(matrix.map_or(embedding.clone(), |matrix| matmul(embedding.clone(), matrix.clone())), 1)
}

/// A memory of random directions, one for each example.
fn bank(memory: &mut Memory, width: usize, device: &Device) -> Tensor<2> {
    let numbers: Vec<f32> = (0..memory.examples * width).map(|_| memory.generator.random_range(-1.0..1.0)).collect();
    unit(Tensor::from_data(TensorData::new(numbers, [memory.examples, width]), device), 1)
}

/// The examples that each of the batch is compared with: itself first, then `count` others at random.
fn compared(rows: &[u32], count: usize, memory: &mut Memory) -> Vec<i32> {
    let mut compared = Vec::with_capacity(rows.len() * (count + 1));
    for &row in rows {
        compared.push(row as i32);
        for _ in 0..count {
            // One less than there are, and those from the example on moved by one, so that it is never its own
            // negative.
            let drawn = memory.generator.random_range(0..memory.examples as u32 - 1);
            compared.push((drawn + u32::from(drawn >= row)) as i32);
        }
    }
    compared
}

fn indices(indices: Vec<i32>, device: &Device) -> Tensor<1, Int> {
    let count = indices.len();
    Tensor::from_data(TensorData::new(indices, [count]), device)
}

/// The memory after a batch: what it held of these examples, moved towards what was seen.
fn remembered(bank: Tensor<2>, rows: Tensor<1, Int>, seen: Tensor<2>, shares: Tensor<2>) -> Tensor<2> {
    let held = bank.clone().select(0, rows.clone());
    let mixed = unit(held.clone() * MOMENTUM + constant(&seen) * (1.0 - MOMENTUM), 1);
    // What is added to each row is the gradient of a selection of rows. Every other way to write into a tensor would be
    // compiled for every type of number, 12 kB of the engine's wasm.
    let all = Tensor::zeros(bank.dims(), &bank.device()).require_grad();
    let gradients = (all.clone().select(0, rows) * ((mixed - held) * shares)).sum().backward();
    match all.grad(&gradients) {
        Some(added) => bank + added.autodiff(),
        None => bank,
    }
}

/// How it is computed.
pub const METHOD: Method = Method {
    side_matrices: |student, teacher, _| {
        compares(1, student)?;
        let features = [student, teacher].map(|trace| trace.embedding.dims()[1]);
        Ok(features.map(|features| SideMatrix::random(features, WIDTH)).to_vec())
    },
    ..Method::plain(|views, _, memory| contrastive(views, memory))
};

#[cfg(test)]
mod tests {
    use super::*;
    use retort_spec::Incompatibility;

    use crate::{
        nets::Trace,
        objectives::{Settings, check},
    };

    /// The loss of embeddings of two features, and what is remembered of them.
    fn value(student: &Trace, teacher: &Trace, side_matrices: &[Tensor<2>], memory: &mut Memory) -> Option<Tensor<1>> {
        let rows = [3, 0, 5, 1];
        let [batch, _] = student.embedding.dims();
        let views = Views {
            student,
            teacher: Some(teacher),
            targets: None,
            rows: &rows[..batch],
            side_matrices,
            progress: 0.0,
            is_first_stage: false,
        };
        (METHOD.loss)(&views, &Settings::default(), memory).map(|loss| loss.value)
    }

    fn tracked(embedding: &[f32]) -> Trace {
        let mut trace = check::trace(embedding, 2);
        trace.embedding = trace.embedding.autodiff().require_grad();
        trace.logits = trace.embedding.clone();
        trace
    }

    #[test]
    fn embeddings_that_say_nothing_by_hand() {
        // Every score is 0, so that the right one of seven is given 1/7 and each of the six others 6/7.
        let nothing = tracked(&[0.0; 4]);
        let loss = value(&nothing, &nothing, &[], &mut Memory::new(7, 1, "contrastive")).unwrap();
        let want = 2.0 * (7.0_f32.ln() + 6.0 * (7.0_f32 / 6.0).ln());
        assert!((loss.into_scalar::<f32>() - want).abs() < 1e-4);
    }

    #[test]
    fn a_student_that_knows_its_examples_apart_loses_less() {
        let teacher = tracked(&[1.0, 0.0, 0.0, 1.0, -1.0, 0.0, 0.0, -1.0]);
        let swapped = tracked(&[0.0, 1.0, 1.0, 0.0, 0.0, -1.0, -1.0, 0.0]);
        let mut memory = Memory::new(7, 1, "contrastive");
        for _ in 0..5 {
            value(&teacher, &teacher, &[], &mut memory).unwrap();
        }
        let loss = |student: &Trace| value(student, &teacher, &[], &mut memory.clone()).unwrap().into_scalar::<f32>();
        assert!(loss(&teacher) + 1.0 < loss(&swapped));
    }

    #[test]
    fn the_matrices_learn_on_both_sides() {
        let (student, teacher) = (tracked(&[0.4, -1.0, 0.7, 0.9]), tracked(&[1.0, 0.2, -0.3, 0.8]));
        let side_matrices = |student: &Trace| (METHOD.side_matrices)(student, &teacher, &Settings::default());
        assert_eq!(
            side_matrices(&student),
            Err(Incompatibility::NoStages),
            "an embedding that is the input learns nothing"
        );
        let staged = Trace { maps: check::stages(2, &[(1, 1, &[0.0; 2])]).maps, ..student.clone() };
        assert_eq!(side_matrices(&staged), Ok(vec![SideMatrix::random(2, WIDTH); 2]));
        let device = Device::flex().autodiff();
        let matrices: [Tensor<2>; 2] = [[[1.0, 0.5], [0.0, 1.0]], [[0.3, 0.0], [1.0, 1.0]]]
            .map(|matrix| Tensor::from_data(matrix, &device).require_grad());
        let gradients = value(&student, &teacher, &matrices, &mut Memory::new(7, 1, "contrastive")).unwrap().backward();
        for matrix in matrices {
            assert!(matrix.grad(&gradients).unwrap().abs().sum().into_scalar::<f32>() > 0.0);
        }
    }

    #[test]
    fn an_example_is_never_its_own_negative() {
        let mut memory = Memory::new(7, 1, "contrastive");
        for row in compared(&[0, 6, 3], 200, &mut memory).chunks_exact(201) {
            assert!(row[1..].iter().all(|&other| other != row[0] && (0..7).contains(&other)));
            assert!((0..7).all(|other| row.contains(&other)));
        }
        assert!(value(&tracked(&[1.0, 0.0]), &tracked(&[1.0, 0.0]), &[], &mut Memory::new(1, 1, "one")).is_none());
    }

    #[test]
    fn the_memory_of_what_was_seen_moves_and_the_rest_stays() {
        let device = Device::flex().autodiff();
        let bank = Tensor::from_data([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]], &device);
        let seen = Tensor::from_data([[0.0, 1.0]], &device);
        let after: Vec<f32> = remembered(bank, indices(vec![2], &device), seen, Tensor::ones([1, 1], &device))
            .into_data()
            .iter()
            .collect();
        let half = 0.5_f32.sqrt();
        for (got, want) in after.iter().zip([1.0, 0.0, 0.0, 1.0, -half, half]) {
            assert!((got - want).abs() < 1e-6);
        }
    }
}
