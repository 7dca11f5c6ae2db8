//! One teacher from a generalist and specialists, each of which knows some of the classes and calls all others one.

use retort_spec::probability::softmax;

/// Rounds after which the answer is taken as it is. Each round goes a share of the remaining way, so that a few hundred
/// are enough.
const MAX_ROUNDS: usize = 10_000;
/// The largest entry of the gradient with respect to the logits at which the answer is taken.
const GRADIENT: f64 = 1e-10;

/// What a specialist says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Specialist<'a> {
    /// `[rows, subset + 1]`, row by row: the logits of its classes in their order, and last that of the dustbin, which
    /// stands for all other classes.
    pub logits: &'a [f32],
    /// The classes that it knows.
    pub subset: &'a [u8],
}

/// For each example the logits of the distribution q that minimizes `KL(p_g ‖ q) + Σ_m KL(p_m ‖ q_m)`, at T = 1
/// (Hinton, Vinyals & Dean 2015, section 5.4, eq. 5).
///
/// `p_g` is the generalist's answer, `p_m` that of specialist m. `q_m` is q with the probabilities of all classes that
/// are not in the specialist's subset added up into its dustbin.
///
/// The minimum is unique. It is the fixed point of `q_c = (p_g(c) + Σ_m r_m(c)) / Σ`, where `r_m(c)` is `p_m(c)` for a
/// class that the specialist knows, and for every other class the part q_c of the dustbin's probability. The gradient
/// with respect to the logits is `(1 + M)` times the step of this iteration. No step makes the sum of divergences
/// larger (Dempster, Laird & Rubin 1977: an expectation–maximization algorithm).
///
/// # Shapes
/// `generalist`: `[rows, classes]`, row by row; the result likewise: logarithms of probabilities.
pub fn fuse_specialists(generalist: &[f32], specialists: &[Specialist<'_>], classes: usize) -> Vec<f32> {
    let mut fused = Vec::with_capacity(generalist.len());
    for (row, generalist) in generalist.chunks_exact(classes).enumerate() {
        let specialists: Vec<Known> = specialists.iter().map(|one| Known::of(one, row)).collect();
        let answer = fuse(&softmax(generalist, 1.0), &specialists);
        fused.extend(answer.iter().map(|p| p.max(f64::MIN_POSITIVE).ln() as f32));
    }
    fused
}

/// A specialist's answer for one example.
struct Known<'a> {
    subset: &'a [u8],
    /// `[subset + 1]`: probabilities.
    answer: Vec<f64>,
}

impl<'a> Known<'a> {
    fn of(specialist: &Specialist<'a>, row: usize) -> Self {
        let width = specialist.subset.len() + 1;
        Self { subset: specialist.subset, answer: softmax(&specialist.logits[row * width..][..width], 1.0) }
    }

    /// Adds to each class what this specialist gives it, where q says how its dustbin is shared.
    fn add_to(&self, expected: &mut [f64], q: &[f64]) {
        let outside = || (0..q.len()).filter(|&class| !self.subset.iter().any(|&known| usize::from(known) == class));
        let dustbin = self.answer.last().copied().unwrap_or(0.0);
        let rest: f64 = outside().map(|class| q[class]).sum();
        for class in outside() {
            expected[class] += dustbin * q[class] / rest.max(f64::MIN_POSITIVE);
        }
        for (&class, p) in self.subset.iter().zip(&self.answer) {
            expected[usize::from(class)] += p;
        }
    }
}

/// The distribution of one example.
fn fuse(generalist: &[f64], specialists: &[Known<'_>]) -> Vec<f64> {
    let mut q = generalist.to_vec();
    let all = 1.0 + specialists.len() as f64;
    for _ in 0..MAX_ROUNDS {
        let mut expected = generalist.to_vec();
        specialists.iter().for_each(|specialist| specialist.add_to(&mut expected, &q));
        // A specialist that knows every class has an empty dustbin, whose probability goes to no class.
        let sum: f64 = expected.iter().sum();
        let gradient = q.iter().zip(&expected).fold(0.0_f64, |most, (q, e)| most.max((q - e / sum).abs() * all));
        q.iter_mut().zip(expected).for_each(|(q, expected)| *q = expected / sum);
        if gradient < GRADIENT {
            break;
        }
    }
    q
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;

    use crate::random;

    /// The gradient of the sum of divergences with respect to the logits z of one example, from its definition:
    /// `q − p_g` of the generalist, and of each specialist the same in its own classes, with the dustbin's difference
    /// shared among its classes as they are likely.
    fn gradient(logits: &[f32], generalist: &[f32], specialists: &[Specialist<'_>]) -> Vec<f64> {
        let q = softmax(logits, 1.0);
        let mut gradient: Vec<f64> = q.iter().zip(softmax(generalist, 1.0)).map(|(q, p)| q - p).collect();
        for specialist in specialists {
            let answer = softmax(specialist.logits, 1.0);
            let place = |class: usize| specialist.subset.iter().position(|&known| usize::from(known) == class);
            let rest: f64 = (0..q.len()).filter(|&class| place(class).is_none()).map(|class| q[class]).sum();
            for class in 0..q.len() {
                gradient[class] += match place(class) {
                    Some(place) => q[class] - answer[place],
                    None => q[class] - answer[specialist.subset.len()] * q[class] / rest,
                };
            }
        }
        gradient
    }

    #[test]
    fn the_gradient_is_zero_at_the_solution() {
        let mut generator = random::stream(4, "specialists");
        let mut draw = |count: usize| -> Vec<f32> { (0..count).map(|_| generator.random_range(-4.0..4.0)).collect() };
        for (classes, subsets) in [
            (5, vec![vec![3, 4]]),
            (7, vec![vec![2, 4], vec![1, 2, 4]]),
            (10, vec![vec![0, 3, 7], vec![0, 7], vec![1, 2, 3, 4, 5, 6, 8, 9], vec![6]]),
        ] {
            let generalist = draw(3 * classes);
            let logits: Vec<Vec<f32>> = subsets.iter().map(|subset| draw(3 * (subset.len() + 1))).collect();
            let specialists: Vec<Specialist> =
                logits.iter().zip(&subsets).map(|(logits, subset)| Specialist { logits, subset }).collect();
            let fused = fuse_specialists(&generalist, &specialists, classes);
            for (row, (fused, generalist)) in fused.chunks(classes).zip(generalist.chunks(classes)).enumerate() {
                let of_row = |one: &Specialist| {
                    let width = one.subset.len() + 1;
                    (one.logits[row * width..][..width].to_vec(), one.subset.to_vec())
                };
                let of_row: Vec<_> = specialists.iter().map(of_row).collect();
                let of_row: Vec<_> = of_row.iter().map(|(logits, subset)| Specialist { logits, subset }).collect();
                // In double precision; in the logits' single precision their rounding moves the gradient.
                let known: Vec<Known> = of_row.iter().map(|one| Known::of(one, 0)).collect();
                let exact = fuse(&softmax(generalist, 1.0), &known);
                assert!(exact.iter().zip(softmax(fused, 1.0)).all(|(p, q)| (p - q).abs() < 1e-6));
                let gradient = gradient(fused, generalist, &of_row);
                assert!(gradient.iter().all(|g| g.abs() < 3e-6), "{gradient:?}");
                let mut expected = softmax(generalist, 1.0);
                known.iter().for_each(|one| one.add_to(&mut expected, &exact));
                let all = 1.0 + known.len() as f64;
                assert!(exact.iter().zip(expected).all(|(q, e)| (all * q - e).abs() < 1e-7));
            }
        }
    }

    #[test]
    fn without_specialists_it_is_the_generalist() {
        let generalist = [1.0, -2.0, 0.5, 0.0, 0.0, 3.0];
        let fused = fuse_specialists(&generalist, &[], 3);
        for (fused, generalist) in fused.chunks(3).zip(generalist.chunks(3)) {
            let (fused, generalist) = (softmax(fused, 1.0), softmax(generalist, 1.0));
            assert!(fused.iter().zip(generalist).all(|(p, q)| (p - q).abs() < 1e-7));
        }
    }

    #[test]
    fn a_specialist_splits_its_classes_and_leaves_the_others_in_proportion() {
        // The generalist says ¼ each, the specialist of the first two ½, ¼ and ¼ for the rest. By symmetry the two
        // others stay alike; their share is the mean of ½ and ¼, each class of the specialist the mean of the two.
        let specialist = Specialist { logits: &[2.0_f32.ln(), 0.0, 0.0], subset: &[0, 1] };
        let fused = softmax(&fuse_specialists(&[0.0; 4], &[specialist], 4), 1.0);
        let want = [0.375, 0.25, 0.1875, 0.1875];
        assert!(fused.iter().zip(want).all(|(p, q)| (p - q).abs() < 1e-6), "{fused:?}");
    }

    #[test]
    fn answers_without_doubt_stay_finite() {
        let sure = Specialist { logits: &[900.0, 0.0], subset: &[0] };
        let all = Specialist { logits: &[0.0, 1.0, 0.0], subset: &[0, 1] };
        let fused = fuse_specialists(&[0.0, 900.0], &[sure, all], 2);
        assert!(fused.iter().all(|logit| logit.is_finite()), "{fused:?}");
    }
}
