//! Adversarial distillation: a discriminator learns to tell the teacher's outputs from the student's, and the student
//! learns not to be told from the teacher.

use burn::tensor::{
    Tensor,
    activation::{relu, softmax},
};
use retort_spec::{DISCRIMINATOR_UNITS, Incompatibility, Judged, Reversal};

use super::{Loss, Method, Settings, SideMatrix, Views, constant, geometry::softplus};
use crate::{kernels::matmul, nets::Trace};

/// The part of the loss that the student lowers, the discriminator being fixed.
pub const FOOLING: &str = "fooling";
/// The part that the discriminator lowers, the outputs being fixed.
pub const TELLING_APART: &str = "telling-apart";
/// The discriminator: matrix and bias of a hidden layer, and those of the score.
pub const PARTS: usize = 4;

/// `−mean (t ln σ(s) + (1 − t) ln(1 − σ(s)))` of scores and what they should say, in nats.
///
/// # Shapes
/// `scores`: `[batch, columns]`; `said` is 1 in a column where the scores of the teacher's outputs should be high; the
/// loss `[1]`.
fn cross_entropy_of(scores: &Tensor<2>, said: &[f64]) -> Tensor<1> {
    let [batch, columns] = scores.dims();
    let mut sum = softplus(scores.clone()).sum();
    for (column, said) in said.iter().enumerate().filter(|(_, said)| **said != 0.0) {
        sum = sum - scores.clone().narrow(1, column, 1).sum() * *said;
    }
    sum * (1.0 / (batch * columns) as f64)
}

/// What the discriminator lowers, `−mean ln D(p) − mean ln(1 − D(q))`, of its scores of the teacher's outputs p and of
/// the student's q (Goodfellow et al. 2014, eq. 1; Belagiannis et al. 2018, eq. 3).
pub fn telling_apart(of_student: &Tensor<2>, of_teacher: &Tensor<2>) -> Tensor<1> {
    cross_entropy_of(of_student, &[0.0]) + cross_entropy_of(of_teacher, &[1.0])
}

/// The same of a discriminator with an output for each of both, the mean over them (Shen et al. 2019, section 3).
pub fn telling_apart_by_two(of_student: &Tensor<2>, of_teacher: &Tensor<2>) -> Tensor<1> {
    (cross_entropy_of(of_student, &[1.0, 0.0]) + cross_entropy_of(of_teacher, &[0.0, 1.0])) * 0.5
}

/// What the student lowers, of a fixed discriminator's scores of its outputs: `−mean ln D(q)`, whose gradient does not
/// vanish where the discriminator is sure; `mean ln(1 − D(q))`, the discriminator's own gradient reversed; or, as
/// published code has it that reverses nothing, `−mean ln(1 − D(q))`, which helps the discriminator.
pub fn fooling(of_student: &Tensor<2>, reversal: Reversal) -> Tensor<1> {
    match reversal {
        Reversal::Fool => cross_entropy_of(of_student, &[1.0]),
        Reversal::Reverse => -cross_entropy_of(of_student, &[0.0]),
        Reversal::None => cross_entropy_of(of_student, &[0.0]),
    }
}

/// A discriminator's scores, the logits of its probability that outputs are the teacher's.
///
/// # Shapes
/// `outputs`: `[batch, features]`; the parts `[features, units]`, `[1, units]`, `[units, 1]`, `[1, 1]`; the scores
/// `[batch, 1]`.
pub fn scores(outputs: Tensor<2>, parts: &[Tensor<2>]) -> Tensor<2> {
    let [matrix, bias, last, last_bias] = parts else { return outputs.narrow(1, 0, 1) };
    matmul(relu(matmul(outputs, matrix.clone()) + bias.clone()), last.clone()) + last_bias.clone()
}

/// What the discriminator sees of a network.
fn seen(trace: &Trace, settings: &Settings, adapter: Option<&Tensor<2>>) -> Tensor<2> {
    match (settings.judged, adapter) {
        (Judged::Probabilities, _) => softmax(trace.logits.clone() * (1.0 / settings.temperature), 1),
        (Judged::Logits, _) => trace.logits.clone(),
        // The teacher's are not below zero, which would give the student's away.
        (Judged::Features, Some(adapter)) => relu(matmul(trace.embedding.clone(), adapter.clone())),
        (Judged::Features, None) => trace.embedding.clone(),
    }
}

/// The same numbers without their history.
fn fixed(trace: &Trace) -> Trace {
    let (logits, embedding) = (constant(&trace.logits), constant(&trace.embedding));
    Trace { logits, embedding, maps: Vec::new(), statistics: Vec::new() }
}

/// The discriminator's scores of the student's and the teacher's outputs.
///
/// # Shapes
/// `[batch, 1]` each. `side_matrices`: where features of different widths are judged, the student's adapter
/// `[student's features, teacher's features]` comes first.
pub fn judge(student: &Trace, teacher: &Trace, settings: &Settings, side_matrices: &[Tensor<2>]) -> [Tensor<2>; 2] {
    let (adapter, parts) = side_matrices.split_at(side_matrices.len() - PARTS);
    [seen(student, settings, adapter.first()), seen(teacher, settings, None)].map(|outputs| scores(outputs, parts))
}

/// The losses of both, added up: neither has a part in the other's gradient, so that one step moves both. The sum is
/// the potential of nothing, and need not fall.
///
/// # Shapes
/// Logits `[batch, classes]`, embeddings `[batch, features]`; the loss `[1]`, in nats.
fn adversarial(views: &Views<'_>, settings: &Settings) -> Option<Loss> {
    let (student, teacher) = (views.student, views.teacher?);
    let parts = views.side_matrices.len().checked_sub(PARTS)?;
    let unmoved: Vec<Tensor<2>> = views.side_matrices[parts..].iter().map(constant).collect();
    let adapter = views.side_matrices[..parts].first();
    let fooling = fooling(&scores(seen(student, settings, adapter), &unmoved), settings.reversal);
    let mut matrices: Vec<Tensor<2>> = adapter.map(constant).into_iter().collect();
    matrices.extend_from_slice(&views.side_matrices[parts..]);
    let [of_student, of_teacher] = judge(&fixed(student), teacher, settings, &matrices);
    let telling_apart = telling_apart(&of_student, &of_teacher);
    let parts = vec![(FOOLING, fooling.clone()), (TELLING_APART, telling_apart.clone())];
    Some(Loss { value: fooling + telling_apart, parts })
}

/// How it is computed.
pub const METHOD: Method = Method {
    side_matrices: |student, teacher, settings| {
        let [_, own] = student.embedding.dims();
        let of_features = settings.judged == Judged::Features;
        // Without a hidden layer the embedding is the input, in which there is nothing to teach.
        if of_features && (student.maps.is_empty() || teacher.maps.is_empty()) {
            return Err(Incompatibility::NoStages);
        }
        let [_, judged] = if of_features { teacher.embedding.dims() } else { teacher.logits.dims() };
        let adapter = (of_features && own != judged).then(|| SideMatrix::random(own, judged));
        let bias = |columns| SideMatrix { rows: 1, columns, fill: Some(0.0) };
        let units = DISCRIMINATOR_UNITS;
        let discriminator = [SideMatrix::random(judged, units), bias(units), SideMatrix::random(units, 1), bias(1)];
        Ok(adapter.into_iter().chain(discriminator).collect())
    },
    ..Method::plain(|views, settings, _| adversarial(views, settings))
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        device::read,
        objectives::{Memory, SideMatrices, method},
        random,
    };
    use burn::tensor::{Device, TensorData};
    use pollster::block_on;
    use rand::RngExt;
    use retort_spec::Objective;

    fn tracked(numbers: &[f32], shape: [usize; 2]) -> Tensor<2> {
        let device = Device::flex().autodiff();
        Tensor::from_data(TensorData::new(numbers.to_vec(), shape), &device).require_grad()
    }

    fn loss(student: &Trace, teacher: &Trace, settings: &Settings, side_matrices: &[Tensor<2>]) -> Loss {
        let views = Views {
            student,
            teacher: Some(teacher),
            targets: None,
            rows: &[0],
            side_matrices,
            progress: 0.5,
            is_first_stage: false,
        };
        (METHOD.loss)(&views, settings, &mut Memory::new(8, 1, "test")).unwrap()
    }

    #[test]
    fn one_step_of_both_by_hand() {
        // The score is the first logit: student −ln 3, so that D = ¼; teacher 0, so that D = ½.
        let (student, teacher) = (tracked(&[-(3.0_f32.ln()), 7.0], [1, 2]), tracked(&[0.0, 5.0], [1, 2]));
        let [matrix, bias] = [tracked(&[1.0, -1.0, 0.0, 0.0], [2, 2]), tracked(&[0.0, 0.0], [1, 2])];
        let [last, last_bias] = [tracked(&[1.0, -1.0], [2, 1]), tracked(&[0.0], [1, 1])];
        let parts = [matrix, bias, last.clone(), last_bias.clone()];
        let of = |reversal| {
            let settings = Settings { judged: Judged::Logits, reversal, ..Settings::default() };
            loss(&Trace::of_logits(student.clone()), &Trace::of_logits(constant(&teacher)), &settings, &parts)
        };
        // The student's gradient is D − 1, −D, or D.
        for (reversal, value, slope) in [
            (Reversal::Fool, 4.0_f32.ln(), -0.75),
            (Reversal::Reverse, 0.75_f32.ln(), -0.25),
            (Reversal::None, -(0.75_f32.ln()), 0.25),
        ] {
            let Loss { value: sum, parts } = of(reversal);
            let numbers = |tensor: Tensor<1>| tensor.into_scalar::<f32>();
            let [(fooling, fooled), (telling, told)] = [parts[0].clone(), parts[1].clone()];
            assert_eq!([fooling, telling], [FOOLING, TELLING_APART]);
            let [fooled, told] = [fooled, told].map(numbers);
            assert!((fooled - value).abs() < 1e-6, "{reversal}: {fooled}");
            // −ln ½ − ln ¾
            assert!((told - (2.0_f32.ln() - 0.75_f32.ln())).abs() < 1e-6, "{told}");
            let gradients = sum.backward();
            let near = |tensor: &Tensor<2>, want: &[f32]| {
                let got = block_on(read(tensor.grad(&gradients).unwrap())).unwrap();
                assert!(got.iter().zip(want).all(|(got, want)| (got - want).abs() < 1e-6), "{reversal} {got:?}");
            };
            near(&student, &[slope, 0.0]);
            // Whatever the student does about it, the discriminator's own: D(q) − (1 − D(p)) of the bias, and of the
            // last matrix D(q) times what the student's output lights, the second unit alone.
            near(&last_bias, &[0.25 - 0.5]);
            near(&last, &[0.0, 0.25 * 3.0_f32.ln()]);
        }
    }

    #[test]
    fn equal_outputs_leave_nothing_to_learn() {
        let trace = Trace::of_logits(tracked(&[1.0, -2.0, 0.5, 0.0, 3.0, 1.0], [2, 3]));
        let parts = (METHOD.side_matrices)(&trace, &trace, &Settings::default()).unwrap();
        let mut drawn = SideMatrices::draw(&parts, 1, &Device::flex().autodiff()).all();
        // A discriminator that says ½ of everything.
        drawn[2] = tracked(&[0.0; DISCRIMINATOR_UNITS], [DISCRIMINATOR_UNITS, 1]);
        let Loss { value, parts } = loss(&trace, &fixed(&trace), &Settings::default(), &drawn);
        let [fooled, told] = [0, 1].map(|part: usize| parts[part].1.clone().into_scalar::<f32>());
        assert!((fooled - 2.0_f32.ln()).abs() < 1e-6 && (told - 2.0 * 2.0_f32.ln()).abs() < 1e-6, "{fooled} {told}");
        let gradient = block_on(read(drawn[2].grad(&value.backward()).unwrap())).unwrap();
        assert!(
            gradient.iter().all(|g| g.abs() < 1e-6),
            "what it could gain of the teacher it would lose: {gradient:?}"
        );
    }

    /// A student of one free logit and a discriminator with one weight and one bias, both moved by plain steps.
    ///
    /// The score of x is `w x + b`, the teacher's outputs are 2 ± ½.
    fn played(reversal: Reversal) -> (f32, f32) {
        let device = Device::flex().autodiff();
        let mut generator = random::stream(3, "game");
        let (mut student, mut weight, mut bias) = (0.0_f32, 0.0_f32, 0.0_f32);
        let mut last = Vec::new();
        for step in 0..600 {
            let teacher = 2.0 + generator.random_range(-0.5..0.5_f32);
            let spread = generator.random_range(-0.5..0.5_f32);
            let output = Tensor::<2>::from_data([[student + spread]], &device).require_grad();
            // x = relu(x) − relu(−x)
            let parts = [
                Tensor::from_data([[1.0, -1.0]], &device),
                Tensor::from_data([[0.0, 0.0]], &device),
                Tensor::<2>::from_data([[weight], [-weight]], &device).require_grad(),
                Tensor::<2>::from_data([[bias]], &device).require_grad(),
            ];
            let settings = Settings { judged: Judged::Logits, reversal, ..Settings::default() };
            let teacher = Trace::of_logits(Tensor::from_data([[teacher]], &device));
            let gradients = loss(&Trace::of_logits(output.clone()), &teacher, &settings, &parts).value.backward();
            let slope = |tensor: &Tensor<2>, at: usize| {
                tensor.grad(&gradients).unwrap().into_data().iter::<f32>().nth(at).unwrap()
            };
            student -= 0.05 * slope(&output, 0);
            weight -= 0.05 * (slope(&parts[2], 0) - slope(&parts[2], 1));
            bias -= 0.05 * slope(&parts[3], 0);
            // Without decay such a game goes round in circles (Mescheder et al. 2018, section 2).
            weight *= 0.98;
            if step >= 400 {
                last.push(student);
            }
        }
        (last.iter().sum::<f32>() / last.len() as f32, weight)
    }

    #[test]
    fn a_student_that_fools_ends_where_its_teacher_is() {
        for reversal in [Reversal::Fool, Reversal::Reverse] {
            let (student, weight) = played(reversal);
            assert!((student - 2.0).abs() < 0.3, "{reversal}: {student}");
            assert!(weight.abs() < 0.3, "{reversal}: there is little left to tell apart, {weight}");
        }
        // Published code that forgets the sign drives both apart.
        let (student, weight) = played(Reversal::None);
        assert!(student < -1.0 && weight > 0.5, "{student} {weight}");
    }

    #[test]
    fn features_of_other_widths_are_adapted_and_inputs_are_refused() {
        let [narrow, wide] = [3, 5].map(|width| {
            let trace = crate::objectives::check::stages(2, &[(width, 1, &vec![0.5; 2 * width])]);
            Trace { embedding: Tensor::ones([2, width], &Device::flex()), ..trace }
        });
        let settings = Settings { judged: Judged::Features, ..Settings::default() };
        let shapes = |student: &Trace, teacher: &Trace| {
            let parts = (method(Objective::Adversarial).side_matrices)(student, teacher, &settings);
            parts.map(|parts| parts.iter().map(|part| [part.rows, part.columns]).collect::<Vec<_>>())
        };
        let units = DISCRIMINATOR_UNITS;
        assert_eq!(shapes(&narrow, &wide).unwrap(), [[3, 5], [5, units], [1, units], [units, 1], [1, 1]]);
        assert_eq!(shapes(&wide, &wide).unwrap().len(), PARTS);
        let linear = Trace::of_logits(Tensor::ones([2, 3], &Device::flex()));
        assert_eq!(shapes(&linear, &wide), Err(Incompatibility::NoStages));
    }
}
