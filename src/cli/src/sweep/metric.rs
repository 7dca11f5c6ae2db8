//! A metric of a sweep as the terminal writes it.

use retort_spec::{
    Spread,
    sweep::{Metric, Results},
};

/// What a metric is, over a table.
pub fn title(metric: Metric) -> &'static str {
    match metric {
        Metric::Accuracy => "accuracy: test examples that the product has right, %",
        Metric::Control => "control: test examples that the control has right, %",
        Metric::Gain => "gain: accuracy of the product less that of the control, in points, with p of the paired test",
        Metric::Agreement => "agreement: test examples on which the product says what its teachers say, %",
        Metric::Calibration => "calibration: expected calibration error of the product, %",
        Metric::Bytes => "bytes of the packed file: with its accuracy, %",
    }
}

/// Letters of its longest text.
pub fn width(metric: Metric) -> usize {
    match metric {
        Metric::Accuracy | Metric::Control | Metric::Agreement | Metric::Calibration => "100.0 ± 10.0".len(),
        Metric::Gain => "+10.0 ± 10.0, p < 0.001".len(),
        Metric::Bytes => "1000000: 100.0".len(),
    }
}

/// Its text in a table.
pub fn text(metric: Metric, results: &Results) -> String {
    let text = metric.value(results).map(|spread| match metric {
        Metric::Gain => {
            let p_value = results.verdict.p_value;
            let p_value = if p_value < 0.001 { "p < 0.001".into() } else { format!("p = {p_value:.3}") };
            format!("{:+.1} ± {:.1}, {p_value}", 100.0 * spread.mean, 100.0 * spread.deviation)
        }
        Metric::Bytes => match results.packed_accuracy() {
            Some(accuracy) => format!("{:.0}: {:.1}", spread.mean, 100.0 * accuracy.mean),
            None => format!("{:.0}", spread.mean),
        },
        _ => percent(&spread),
    });
    text.unwrap_or_else(|| "–".into())
}

/// Mean and spread, in percent.
fn percent(spread: &Spread) -> String {
    format!("{:.1} ± {:.1}", 100.0 * spread.mean, 100.0 * spread.deviation)
}
