//! Flow of the solution procedure: how the student's channels of one stage go together with those of the next should be
//! as it is in the teacher.

use burn::tensor::Tensor;
use retort_spec::{HintLayer, Incompatibility};

use super::{
    Loss, Method, Views,
    maps::{Usual, pairs, pooled},
};
use crate::kernels::matmul;
use crate::nets::{Map, Trace};

/// `Σ_l mean (Φ(F_l, F_{l+1}) − Φ(G_l, G_{l+1}))²` over examples and pairs of channels, with `Φ_ij` the mean over
/// places of channel `i` of one stage times channel `j` of the next (Yim et al. 2017, eqs. 1 and 2), alone in the first
/// stage.
///
/// The larger of two stages is brought to the side of the smaller by the mean, as in RepDistiller; torchdistill takes
/// the largest. Nothing is learned beside the student, so the channels must be as many. All stages take part, whichever
/// the visitor chose: one alone has no flow.
///
/// # Shapes
/// Maps: `[batch, places, channels]`; the loss `[1]`.
fn fsp(views: &Views<'_>) -> Option<Loss> {
    let losses = flows(views.student, views.teacher?).ok()?.into_iter().map(|[student, teacher]| {
        let [answer, taught] = [student, teacher].map(|(before, after)| flow(before, after));
        (answer - taught).square().mean()
    });
    Some(losses.reduce(|sum, loss| sum + loss)?.into())
}

/// Numbers of Φ that are compared at most: of wide layers the first examples of a batch stand for all, or a batch would
/// fill the memory.
const MOST: usize = 1 << 22;

/// `Φ`: `[examples, channels before, channels after]`.
fn flow(before: &Map, after: &Map) -> Tensor<3> {
    let side = before.side.min(after.side);
    let ([wide, _], [next, _]) = (before.shape(), after.shape());
    let [before, after] = [before, after].map(|map| {
        let [batch, _, _] = map.values.dims();
        let examples = (MOST / (wide * next).max(1)).clamp(1, batch);
        pooled(map.values.clone().narrow(0, 0, examples), map.side, side)
    });
    matmul(before.swap_dims(1, 2), after) / (side * side) as f64
}

/// A stage and the next one.
type Flow<'a> = (&'a Map, &'a Map);

/// The student's neighbouring stages and the teacher's of the same relative depth.
fn flows<'a>(student: &'a Trace, teacher: &'a Trace) -> Result<Vec<[Flow<'a>; 2]>, Incompatibility> {
    let pairs = pairs(student, teacher, HintLayer::Usual, Usual::All)?;
    if student.maps.len() < 2 || teacher.maps.len() < 2 {
        return Err(Incompatibility::OneStage);
    }
    let mut flows = Vec::new();
    for (before, after) in pairs.iter().zip(&pairs[1..]) {
        // Two stages of a student deeper than the teacher can stand beside one, in which nothing flows.
        if !std::ptr::eq(before.1, after.1) {
            flows.push([(before.0, after.0), (before.1, after.1)]);
        }
    }
    Ok(flows)
}

/// How it is computed.
pub const METHOD: Method = Method {
    side_matrices: |student, teacher, _| {
        for [(student, next), (teacher, beside)] in flows(student, teacher)? {
            for (student, teacher) in [(student, teacher), (next, beside)] {
                let ([student, _], [teacher, _]) = (student.shape(), teacher.shape());
                if student != teacher {
                    return Err(Incompatibility::Channels { student: student as u32, teacher: teacher as u32 });
                }
            }
        }
        Ok(Vec::new())
    },
    ..Method::plain(|views, _, _| fsp(views))
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objectives::check;

    #[test]
    fn by_hand() {
        // One channel of 2×2 places with the mean 2, then two channels at one place.
        let first: (usize, usize, &[f32]) = (1, 2, &[0.0, 1.0, 3.0, 4.0]);
        let student = check::stages(1, &[first, (2, 1, &[5.0, -1.0])]);
        // (10, −2) against (10, 2): the teacher's first stage need not have the same size.
        let teacher = check::stages(1, &[(1, 1, &[2.0]), (2, 1, &[5.0, 1.0])]);
        assert_eq!(check::loss("fsp", &student, &teacher, &[]), 8.0);
        assert_eq!(check::loss("fsp", &student, &student, &[]), 0.0);
    }

    #[test]
    fn one_stage_and_other_channels_are_refused() {
        let one = check::stages(1, &[(1, 1, &[1.0])]);
        let two = check::stages(1, &[(1, 1, &[1.0]), (1, 1, &[1.0])]);
        let wide = check::stages(1, &[(1, 1, &[1.0]), (2, 1, &[1.0, 1.0])]);
        assert_eq!(check::refusal("fsp", &one, &two), Some(Incompatibility::OneStage));
        assert_eq!(check::refusal("fsp", &two, &wide), Some(Incompatibility::Channels { student: 1, teacher: 2 }));
        assert_eq!(check::refusal("fsp", &two, &two), None);
    }

    #[test]
    fn a_deeper_student_skips_what_the_teacher_lacks() {
        let stage: (usize, usize, &[f32]) = (1, 1, &[1.0]);
        let (deep, shallow) = (check::stages(1, &[stage; 4]), check::stages(1, &[stage; 2]));
        assert_eq!(flows(&deep, &shallow).unwrap().len(), 1);
        assert_eq!(flows(&shallow, &deep).unwrap().len(), 1);
    }
}
