//! The verdict: does the treatment help, by a paired test over the test set and several seeds.

use crate::verdict::Outcome;

/// A difference that chance makes as rarely as this counts as one.
pub const SIGNIFICANT: f64 = 0.05;

/// Sign assignments that are drawn where the sums are too many to count.
const DRAWS: u32 = 9_999;

/// One run's answers on the test set: which examples each network has right.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The network without the treatment.
    pub control: Vec<bool>,
    /// The same with it.
    pub product: Vec<bool>,
}

/// The outcome and its two-sided p value.
///
/// The test examples are the units, since they are what is drawn from the world: an example's difference is the
/// number of runs in which only the treated network has it right less those in which only the control has. Under the
/// null hypothesis each difference is as likely to have the other sign, and the p value is the exact share of all sign
/// assignments whose sum is at least as far from zero (Fisher's randomization test for pairs; with one run it is the
/// exact McNemar test). Because seeds vary too, a verdict other than "no difference" is only given when most runs'
/// accuracies point its way.
pub fn judge(runs: &[Pair]) -> (Outcome, f64) {
    let examples = runs.first().map_or(0, |run| run.product.len());
    let gain = |run: &Pair, example: usize| i64::from(run.product[example]) - i64::from(run.control[example]);
    let differences: Vec<i64> = (0..examples).map(|example| runs.iter().map(|run| gain(run, example)).sum()).collect();
    let total: i64 = differences.iter().sum();
    let p_value = sign_flip_p(&differences);
    let gains = runs.iter().map(|run| (0..examples).map(|example| gain(run, example)).sum::<i64>() as f64);
    (outcome(total as f64, p_value, gains), p_value)
}

/// The same for scores that are no answers right or wrong, the larger the better: `[control, product]` of each run, a
/// score for each test example. The p value is an estimate from random sign assignments, and never zero (Phipson &
/// Smyth 2010, section 3).
pub fn judge_scores(runs: &[[Vec<f32>; 2]]) -> (Outcome, f64) {
    let examples = runs.first().map_or(0, |[_, product]| product.len());
    let gain = |[control, product]: &[Vec<f32>; 2], at: usize| f64::from(product[at]) - f64::from(control[at]);
    let differences: Vec<f64> = (0..examples).map(|at| runs.iter().map(|run| gain(run, at)).sum()).collect();
    let total: f64 = differences.iter().sum();
    let p_value = drawn_sign_flip_p(&differences);
    let gains = runs.iter().map(|run| (0..examples).map(|at| gain(run, at)).sum::<f64>());
    (outcome(total, p_value, gains), p_value)
}

/// The outcome in a word, from the sum of all differences, its p value, and the sums of the runs.
fn outcome(total: f64, p_value: f64, gains: impl ExactSizeIterator<Item = f64>) -> Outcome {
    let runs = gains.len();
    let carried = 2 * gains.filter(|gain| gain * total > 0.0).count() > runs;
    match total {
        _ if p_value >= SIGNIFICANT || !carried => Outcome::NoDifference,
        total if total > 0.0 => Outcome::Helps,
        _ => Outcome::Hurts,
    }
}

/// The share of random sign assignments whose sum is at least as far from zero as the one that was seen.
fn drawn_sign_flip_p(differences: &[f64]) -> f64 {
    // The same assignments every time, so that the same runs give the same verdict (Marsaglia 2003, section 4).
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut draw = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    // Sums in another order may differ in their last digits.
    let seen = differences.iter().sum::<f64>().abs() * (1.0 - 1e-12);
    let mut as_far = 0_u32;
    for _ in 0..DRAWS {
        let mut sum = 0.0;
        for part in differences.chunks(64) {
            let signs = draw();
            for (place, difference) in part.iter().enumerate() {
                sum += if signs >> place & 1 == 0 { *difference } else { -difference };
            }
        }
        as_far += u32::from(sum.abs() >= seen);
    }
    f64::from(1 + as_far) / f64::from(1 + DRAWS)
}

/// The share of sign assignments whose sum is at least as far from zero as the one that was seen, by dynamic
/// programming over the possible sums.
fn sign_flip_p(differences: &[i64]) -> f64 {
    let sizes: Vec<usize> = differences.iter().map(|d| d.unsigned_abs() as usize).filter(|&size| size > 0).collect();
    let reach: usize = sizes.iter().sum();
    // `share[sum + reach]` is the probability of that sum.
    let mut share = vec![0.0_f64; 2 * reach + 1];
    share[reach] = 1.0;
    let mut spread = 0;
    for size in sizes {
        let mut next = vec![0.0; share.len()];
        for at in reach - spread..=reach + spread {
            next[at - size] += 0.5 * share[at];
            next[at + size] += 0.5 * share[at];
        }
        share = next;
        spread += size;
    }
    let seen = differences.iter().sum::<i64>().unsigned_abs() as usize;
    let tails = share.iter().enumerate().filter(|&(at, _)| at.abs_diff(reach) >= seen).map(|(_, p)| p).sum::<f64>();
    tails.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(both: usize, product_only: usize, control_only: usize) -> Pair {
        let of = |a, b, c| [vec![true; both], vec![a; product_only], vec![b; control_only], vec![c; 3]].concat();
        Pair { product: of(true, false, false), control: of(false, true, false) }
    }

    #[test]
    fn one_run_is_the_exact_mcnemar_test() {
        // 8 against 2 discordant pairs: 2·(C(10,0)+C(10,1)+C(10,2))/2¹⁰ = 112/1024.
        let (outcome, p) = judge(&[pair(50, 8, 2)]);
        assert!((p - 112.0 / 1024.0).abs() < 1e-12, "{p}");
        assert_eq!(outcome, Outcome::NoDifference);
        let (outcome, p) = judge(&[pair(50, 15, 1)]);
        assert!((p - 2.0 * 17.0 / 65536.0).abs() < 1e-12, "{p}");
        assert_eq!(outcome, Outcome::Helps);
        assert_eq!(judge(&[pair(50, 1, 15)]).0, Outcome::Hurts);
    }

    #[test]
    fn equal_networks_do_not_differ() {
        assert_eq!(judge(&[pair(90, 0, 0), pair(90, 0, 0)]), (Outcome::NoDifference, 1.0));
    }

    #[test]
    fn the_same_example_in_three_runs_is_not_three_examples() {
        let run = pair(50, 6, 0);
        let one = judge(std::slice::from_ref(&run)).1;
        let three = judge(&[run.clone(), run.clone(), run]).1;
        assert!((one - three).abs() < 1e-12, "{one} {three}");
    }

    #[test]
    fn scores_are_judged_as_answers_are() {
        let scores = |right: &[bool]| right.iter().map(|&is| f32::from(u8::from(is))).collect::<Vec<f32>>();
        for run in [pair(50, 8, 2), pair(50, 15, 1), pair(50, 1, 15), pair(90, 0, 0)] {
            let (outcome, p) = judge(std::slice::from_ref(&run));
            let (drawn, estimate) = judge_scores(&[[scores(&run.control), scores(&run.product)]]);
            assert_eq!(outcome, drawn);
            assert!((p - estimate).abs() < 0.01, "{p} {estimate}");
        }
        // The units do not matter.
        let [control, product] = [vec![0.0, 1.0, 2.0, 5.0, 3.0, 2.0], vec![1.0, 3.0, 2.5, 6.0, 3.5, 2.25]];
        let tenth = |scores: &[f32]| scores.iter().map(|score| score / 16.0).collect::<Vec<f32>>();
        let small = judge_scores(&[[tenth(&control), tenth(&product)]]);
        assert_eq!(judge_scores(&[[control, product]]), small);
        assert_eq!(judge_scores(&[]).0, Outcome::NoDifference);
    }

    #[test]
    fn most_runs_must_point_its_way() {
        let (strong, weak) = (pair(50, 40, 0), pair(87, 0, 3));
        let (outcome, p) = judge(&[strong.clone(), weak.clone(), weak.clone()]);
        assert!(p < 0.05);
        assert_eq!(outcome, Outcome::NoDifference);
        assert_eq!(judge(&[strong.clone(), strong, weak]).0, Outcome::Helps);
    }
}
