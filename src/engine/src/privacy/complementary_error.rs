//! The complementary error function, as far into its tail as logarithms reach.

use std::f64::consts::PI;

/// From here on the continued fraction is as exact as the series.
const TAIL: f64 = 3.0;
/// Enough of either for twelve digits.
const TERMS: u32 = 80;

/// `ln erfc(x)` for `x ≥ 0` (Abramowitz & Stegun 1964, 7.1.6 and 7.1.14).
pub fn ln_erfc(x: f64) -> f64 {
    if x < TAIL {
        // erf(x) = 2 x exp(−x²) / √π · Σ (2x²)ⁿ / (1 · 3 · … · (2n + 1))
        let (mut term, mut sum) = (1.0, 1.0);
        for n in 1..=TERMS {
            term *= 2.0 * x * x / f64::from(2 * n + 1);
            sum += term;
        }
        return (-2.0 * x * (-x * x).exp() / PI.sqrt() * sum).ln_1p();
    }
    // √π exp(x²) erfc(x) = 1/(x + ½/(x + 1/(x + 3⁄2/(x + …
    let fraction = (1..=TERMS).rev().fold(x, |below, n| x + f64::from(n) / 2.0 / below);
    -x * x - (PI.sqrt() * fraction).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_tables() {
        // Abramowitz & Stegun 1964, tables 7.1 and 7.3.
        for (x, erfc) in [(0.0, 1.0), (0.5, 0.479_500_122_2), (1.0, 0.157_299_207_1), (2.0, 0.004_677_734_98)] {
            let relative: f64 = ln_erfc(x).exp() / erfc - 1.0;
            assert!(relative.abs() < 1e-9, "{x}: {relative}");
        }
        // erfc(10) = 2.088487583762545e-45.
        assert!((ln_erfc(10.0).exp() / 2.088_487_583_762_545e-45 - 1.0).abs() < 1e-11);
    }

    #[test]
    fn series_and_fraction_meet() {
        let step = ln_erfc(TAIL) - ln_erfc(TAIL - 1e-9);
        assert!((step + 1e-9 * 6.5).abs() < 1e-8, "{step}");
    }
}
