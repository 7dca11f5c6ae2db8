//! Divergences between a teacher's distribution p and a student's q: in which direction one is compared with the other.

use serde::{Deserialize, Serialize};

/// A generalized Jensen–Shannon divergence divided by `β(1 − β)`, `(β KL(p ‖ μ) + (1 − β) KL(q ‖ μ)) / (β(1 − β))` with
/// `μ = βp + (1 − β)q` (Agarwal et al. 2024, equation 1, without the division): 0 is the forward KL(p ‖ q) and 1 the
/// reverse KL(q ‖ p), which the divided divergence approaches at its ends. Undivided it would shrink to nothing there.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Direction(f64);

/// The forward KL(p ‖ q): the student covers all that the teacher allows.
pub const FORWARD: Direction = Direction(0.0);
/// The reverse KL(q ‖ p): the student keeps to what the teacher likes best.
pub const REVERSE: Direction = Direction(1.0);

/// Nearer to an end than this the difference of the two terms is lost in rounding, and the end's value is right to as
/// many digits.
const AT_END: f64 = 1e-6;

/// What one outcome adds to the divergence, and the derivative by q.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// Its summand.
    pub value: f64,
    /// Its derivative by q, up to a constant that is the same for all outcomes.
    pub slope: f64,
}

impl Direction {
    /// The direction of a β, from 0 to 1.
    pub fn new(beta: f64) -> Self {
        Self(beta.clamp(0.0, 1.0))
    }

    /// Its β.
    pub fn beta(self) -> f64 {
        self.0
    }

    /// What an outcome of these logarithms of p and q adds.
    pub fn part(self, ln_p: f64, ln_q: f64) -> Part {
        let beta = self.0;
        let (p, q, difference) = (ln_p.exp(), ln_q.exp(), ln_p - ln_q);
        if p == 0.0 && q == 0.0 {
            return Part { value: 0.0, slope: 0.0 };
        }
        if beta < AT_END {
            let value = if p == 0.0 { 0.0 } else { p * difference };
            return Part { value, slope: -difference.exp() };
        }
        if beta > 1.0 - AT_END {
            return Part { value: if q == 0.0 { 0.0 } else { -q * difference }, slope: -difference };
        }
        // Logarithms of μ/q and of μ/p; each by the ratio that does not overflow.
        let over_q = if difference < 500.0 { (beta * difference.exp_m1()).ln_1p() } else { beta.ln() + difference };
        let over_p = over_q - difference;
        let of_p = if p == 0.0 { 0.0 } else { -p * over_p / (1.0 - beta) };
        let of_q = if q == 0.0 { 0.0 } else { -q * over_q / beta };
        Part { value: of_p + of_q, slope: -over_q / beta }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: [f64; 3] = [0.7, 0.2, 0.1];
    const Q: [f64; 3] = [0.4, 0.4, 0.2];

    fn value(direction: Direction) -> f64 {
        P.iter().zip(Q).map(|(p, q)| direction.part(p.ln(), q.ln()).value).sum()
    }

    #[test]
    fn values_computed_elsewhere() {
        assert!((value(FORWARD) - 0.183_786_897_4).abs() < 1e-9);
        assert!((value(REVERSE) - 0.192_041_993_2).abs() < 1e-9);
        for (beta, undivided) in [(0.1, 0.016_517_983_1), (0.5, 0.046_200_829_2), (0.9, 0.017_099_597_2)] {
            assert!((value(Direction::new(beta)) * beta * (1.0 - beta) - undivided).abs() < 1e-9);
        }
    }

    #[test]
    fn nothing_jumps_at_the_ends() {
        for (end, near) in [(0.0, 1e-5), (1.0, 1.0 - 1e-5)] {
            assert!((value(Direction::new(end)) - value(Direction::new(near))).abs() < 1e-4);
        }
        assert_eq!(Direction::new(3.0), REVERSE);
    }

    #[test]
    fn extremes_stay_finite() {
        for beta in [0.3, 0.5] {
            for (ln_p, ln_q) in [(-800.0, -0.1), (-0.1, -800.0), (-900.0, -900.0)] {
                let part = Direction::new(beta).part(ln_p, ln_q);
                assert!(part.value.is_finite() && part.slope.is_finite(), "{ln_p} {ln_q}: {part:?}");
            }
        }
    }
}
