//! Places on a slider and their values.

use retort_spec::Scale;

/// Stops of a logarithmic slider.
pub const STOPS: f64 = 200.0;

/// The place of a value on a slider from 0 to [`STOPS`].
pub fn place(scale: Scale, min: f64, max: f64, value: f64) -> f64 {
    STOPS
        * match scale {
            Scale::Linear => (value - min) / (max - min),
            Scale::Logarithmic => (value / min).ln() / (max / min).ln(),
        }
}

/// The value at a place of a slider, to three significant digits.
pub fn value_at(scale: Scale, min: f64, max: f64, place: f64) -> f64 {
    let share = (place / STOPS).clamp(0.0, 1.0);
    let value = match scale {
        Scale::Linear => min + (max - min) * share,
        Scale::Logarithmic => min * ((max / min).ln() * share).exp(),
    };
    if value == 0.0 {
        return 0.0;
    }
    let unit = 10_f64.powi(value.abs().log10().floor() as i32 - 2);
    // Dividing by the inverse keeps short decimals short.
    ((value / unit).round() / (1.0 / unit)).clamp(min, max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sliders_reach_their_ends_and_come_back() {
        for (scale, min, max) in [(Scale::Logarithmic, 0.2, 100.0), (Scale::Linear, 0.0, 1.0)] {
            assert_eq!(value_at(scale, min, max, 0.0), min);
            assert_eq!(value_at(scale, min, max, STOPS), max);
            for stop in [13.0, 100.0, 171.0] {
                let value = value_at(scale, min, max, stop);
                assert!((place(scale, min, max, value) - stop).abs() < 0.5, "{value}");
            }
        }
        assert_eq!(value_at(Scale::Linear, 0.0, 1.0, 140.0).to_string(), "0.7");
    }
}
