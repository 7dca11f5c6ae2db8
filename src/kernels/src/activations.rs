//! Smooth activation functions, four numbers at a time.

use wide::{f32x4, i32x4};

use crate::simd4::update;

/// `√(2/π)`, and the factor of the cube: the approximation of GELU by a hyperbolic tangent (Hendrycks & Gimpel 2016,
/// section 2).
const ROOT: f32 = 0.797_884_6;
const CUBE: f32 = 0.044_715;

/// Not inlined: it is long.
#[inline(never)]
pub fn exp(power: f32x4) -> f32x4 {
    power.exp()
}

/// The exponential of numbers up to [`LARGEST_POWER`], exact to two units of the last digit: [`exp`], which looks for
/// what is no number and for what is too large, takes three times as long.
#[inline(always)]
pub fn bounded_exp(power: f32x4) -> f32x4 {
    // e^x = 2^k e^r with |r| ≤ ln 2 / 2 (Cody & Waite 1980, chapter 6), and e^r by its Taylor polynomial. What is added
    // to k and taken away again leaves no room for a fraction, and k in the last bits.
    let round = f32x4::splat(12_582_912.0);
    let shifted = power * f32x4::LOG2_E + round;
    let whole = shifted - round;
    let rest = power - whole * f32x4::splat(0.693_359_4) + whole * f32x4::splat(2.121_944_4e-4);
    let coefficient = |of: f32| f32x4::splat(1.0 / of);
    let mut sum = coefficient(5_040.0);
    for of in [720.0, 120.0, 24.0, 6.0, 2.0, 1.0, 1.0] {
        sum = sum * rest + coefficient(of);
    }
    let bits = i32x4::new(shifted.to_array().map(|number| number.to_bits() as i32));
    let exponent: i32x4 = (bits << 23) + i32x4::splat(127 << 23);
    let scale = f32x4::new(exponent.to_array().map(|bits| f32::from_bits(bits as u32)));
    // Below, the bits are those of another number.
    power.simd_lt(f32x4::splat(SMALLEST_POWER)).bitselect(f32x4::ZERO, sum * scale)
}

/// Powers beyond which [`bounded_exp`] has no value, and is zero.
const LARGEST_POWER: f32 = 88.0;
const SMALLEST_POWER: f32 = -87.0;

/// `1 / (1 + exp(−x))`.
#[inline(always)]
fn logistic(number: f32x4) -> f32x4 {
    // Beyond this it is 1.
    f32x4::ONE / (f32x4::ONE + bounded_exp((-number).min(f32x4::splat(LARGEST_POWER))))
}

/// `tanh x`, exact to 1e-7, not to the last digit where it is near zero.
#[inline(always)]
fn hyperbolic(number: f32x4) -> f32x4 {
    let two = f32x4::splat(2.0);
    two * logistic(two * number) - f32x4::ONE
}

/// Each number becomes its logistic function.
#[inline(never)]
pub fn sigmoid(numbers: &mut [f32]) {
    update([numbers], [], |[number], []| [logistic(number)]);
}

/// Each number becomes its hyperbolic tangent.
#[inline(never)]
pub fn tanh(numbers: &mut [f32]) {
    update([numbers], [], |[number], []| [hyperbolic(number)]);
}

/// GELU of each number, `x/2 · (1 + tanh(√(2/π)(x + 0.044715 x³)))` (Hendrycks & Gimpel 2016, section 2). The number
/// itself becomes the derivative, which shares the exponential.
#[inline(never)]
pub fn gelu(numbers: &mut [f32], to: &mut [f32]) {
    update([numbers, to], [], |[x, _], []| {
        let bent = hyperbolic(f32x4::splat(ROOT) * (x + f32x4::splat(CUBE) * x * x * x));
        let inner = f32x4::splat(ROOT) * (f32x4::ONE + f32x4::splat(3.0 * CUBE) * x * x);
        let slope = f32x4::ONE + bent + x * (f32x4::ONE - bent * bent) * inner;
        [f32x4::HALF * slope, f32x4::HALF * x * (f32x4::ONE + bent)]
    });
}

/// Multiplies numbers by others.
#[inline(never)]
pub fn multiply(numbers: &mut [f32], by: &[f32]) {
    update([numbers], [by], |[number], [by]| [number * by]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponentials_are_those_of_the_standard_library() {
        let powers = (-874..=880).map(|tenth| tenth as f32 * 0.1).chain([-1e30, -0.0, 1e-9, f32::NEG_INFINITY]);
        for power in powers {
            let (found, expected) = (bounded_exp(f32x4::splat(power)).to_array()[2], f64::from(power).exp());
            let limit = if power < SMALLEST_POWER { 2e-38 } else { expected * 2.5e-7 };
            assert!((f64::from(found) - expected).abs() <= limit, "{power}: {found} {expected}");
        }
        assert_eq!(bounded_exp(f32x4::splat(-1e30)), f32x4::ZERO);
        assert_eq!(bounded_exp(f32x4::ZERO), f32x4::ONE);
    }

    #[test]
    fn functions_are_those_of_the_standard_library() {
        let numbers: Vec<f32> = (-50..50).map(|i| i as f32 * 0.37).chain([-200.0, 200.0, 0.0]).collect();
        let [mut logistic, mut bent, mut bended] = [numbers.clone(), numbers.clone(), numbers.clone()];
        sigmoid(&mut logistic);
        tanh(&mut bent);
        gelu(&mut numbers.clone(), &mut bended);
        for (at, number) in numbers.iter().map(|&number| f64::from(number)).enumerate() {
            assert!((f64::from(logistic[at]) - 1.0 / (1.0 + (-number).exp())).abs() < 2e-7);
            assert!((f64::from(bent[at]) - number.tanh()).abs() < 3e-7);
            let inner = (2.0 / std::f64::consts::PI).sqrt() * (number + 0.044_715 * number.powi(3));
            assert!((f64::from(bended[at]) - 0.5 * number * (1.0 + inner.tanh())).abs() < 3e-6);
        }
    }

    #[test]
    fn gradient_of_gelu_is_that_of_finite_differences() {
        let numbers: Vec<f32> = (-20..20).map(|i| i as f32 * 0.21).collect();
        let at = |by: f32| {
            let mut moved: Vec<f32> = numbers.iter().map(|number| number + by).collect();
            let mut to = vec![0.0; numbers.len()];
            gelu(&mut moved, &mut to);
            (to, moved)
        };
        let mut gradient = vec![2.0; numbers.len()];
        multiply(&mut gradient, &at(0.0).1);
        for ((gradient, up), down) in gradient.iter().zip(at(0.01).0).zip(at(-0.01).0) {
            assert!((gradient - (up - down) / 0.01).abs() < 2e-3);
        }
    }
}
