//! Smooth activation functions, four numbers at a time.

use wide::f32x4;

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

/// `1 / (1 + exp(−x))`.
fn logistic(number: f32x4) -> f32x4 {
    // Beyond this it is 0 or 1, and the exponential has no value.
    let limit = f32x4::splat(80.0);
    f32x4::ONE / (f32x4::ONE + exp(-number.max(-limit).min(limit)))
}

/// `tanh x`, exact to 1e-7, not to the last digit where it is near zero.
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
