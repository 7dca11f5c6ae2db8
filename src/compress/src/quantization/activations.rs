//! Static calibration: which 8-bit codes the numbers between the layers get, from what calibration examples put there.

use retort_spec::Activations;

use crate::{
    network::model::{Affine, Coding, Model},
    quantization::{
        histogram_range::{BINS, Bins},
        range::{PERCENTILE, best_share},
    },
    run::calibration::visit_layer_inputs,
};

/// How far a moving extreme goes towards each batch's (PyTorch `MovingAverageMinMaxObserver`, ONNX Runtime).
const AVERAGING: f32 = 0.01;

/// Functions whose results have a range known in advance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// From 0 to 1.
    Softmax,
    /// From 0 to 1.
    Sigmoid,
    /// From -1 to 1.
    Tanh,
    /// At most 0.
    LogSoftmax,
}

/// The codes of a function's results (LiteRT 8-bit quantization specification: `SOFTMAX`, `LOGISTIC`, `TANH`,
/// `LOG_SOFTMAX`).
pub fn fixed(function: Function) -> Affine {
    let (scale, zero_point) = match function {
        Function::Softmax | Function::Sigmoid => (1.0 / 256.0, -128),
        Function::Tanh => (1.0 / 128.0, 0),
        Function::LogSoftmax => (16.0 / 256.0, 127),
    };
    Affine { scale, zero_point }
}

/// Watches the numbers at some points of a network, batch by batch.
#[derive(Debug, Clone)]
pub struct Observer {
    activations: Activations,
    points: Vec<Point>,
}

/// What is known of the numbers at a point.
#[derive(Debug, Clone)]
struct Point {
    low: f32,
    high: f32,
    batches: usize,
    bins: Bins,
}

impl Observer {
    /// Watches so many points; `activations` says what for.
    pub fn new(activations: Activations, points: usize) -> Self {
        let point = Point { low: 0.0, high: 0.0, batches: 0, bins: Bins::new(BINS) };
        Self { activations, points: vec![point; points] }
    }

    /// Takes in a batch's numbers at a point.
    pub fn watch(&mut self, point: usize, numbers: &[f32]) {
        let Some(point) = self.points.get_mut(point) else { return };
        let finite = numbers.iter().copied().filter(|x| x.is_finite());
        let (low, high) = finite.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
        if low > high {
            return;
        }
        if point.batches == 0 {
            (point.low, point.high) = (low, high);
        } else if self.activations == Activations::Average {
            point.low += AVERAGING * (low - point.low);
            point.high += AVERAGING * (high - point.high);
        } else {
            (point.low, point.high) = (point.low.min(low), point.high.max(high));
        }
        point.batches += 1;
        if matches!(self.activations, Activations::Percentile | Activations::Entropy | Activations::Mse) {
            point.bins.add(numbers);
        }
    }

    /// The codes of each point. A range always takes in zero.
    pub fn codings(&self) -> Vec<Affine> {
        self.points.iter().map(|point| point.coding(self.activations)).collect()
    }
}

impl Point {
    fn coding(&self, activations: Activations) -> Affine {
        let (low, high) = (self.low.min(0.0), self.high.max(0.0));
        let within = |least: f32, most: f32| Affine::covering(low.max(least), high.min(most));
        match activations {
            Activations::Percentile => {
                // Half of what is left out lies at either end.
                let (least, most) = self.bins.tails_cut(0.5 / PERCENTILE as f64);
                within(least, most)
            }
            Activations::Entropy => {
                let (least, most) = Affine::CODES;
                let threshold = self.bins.entropy_threshold((most - least + 1) as usize);
                within(-threshold, threshold)
            }
            Activations::Mse => {
                let share = best_share(&mut |share| {
                    let coding = Affine::covering(low * share, high * share);
                    let off = |(x, count): (f32, f64)| count * f64::from(coding.value(coding.code(x)) - x).powi(2);
                    self.bins.filled().map(off).sum()
                });
                Affine::covering(low * share, high * share)
            }
            _ => Affine::covering(low, high),
        }
    }
}

/// Chooses the codes of what goes into each layer of a network, and of its logits, with the network's own weights and
/// the numbers between its layers as they are. Without examples there is nothing to go by, and static codes become
/// dynamic.
///
/// # Shapes
/// `inputs`: `[examples, features]`; static codings are one for each layer and one for the logits.
pub fn calibrate(model: &Model, activations: Activations, inputs: &[f32]) -> Coding {
    match activations {
        Activations::Float => Coding::Float,
        Activations::Dynamic => Coding::Dynamic,
        _ if inputs.len() < model.features.max(1) => Coding::Dynamic,
        _ => {
            let layers = model.to_layers();
            let mut observer = Observer::new(activations, layers.len() + 1);
            visit_layer_inputs(model.kind, model.features, &layers, inputs, layers.len(), &mut |point, numbers| {
                observer.watch(point, numbers);
            });
            Coding::Static(observer.codings())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        quantization::layer_pairs::tests::{examples, networks},
        random::stream,
    };
    use rand::RngExt;

    fn coding(activations: Activations, batches: &[&[f32]]) -> Affine {
        let mut observer = Observer::new(activations, 1);
        batches.iter().for_each(|batch| observer.watch(0, batch));
        observer.codings()[0]
    }

    #[test]
    fn extremes_by_hand() {
        let batches: [&[f32]; 3] = [&[0.0, 1.55], &[-1.0, 0.5], &[f32::NAN]];
        assert_eq!(coding(Activations::MinMax, &batches), Affine::covering(-1.0, 1.55));
        // The first batch sets 0 and 1.55, the second moves them by a hundredth.
        assert_eq!(coding(Activations::Average, &batches), Affine::covering(-0.01, 1.55 - 0.0105));
        assert_eq!(coding(Activations::MinMax, &[]), Affine { scale: 1.0, zero_point: 0 });
    }

    #[test]
    fn a_range_ends_where_the_numbers_do() {
        let numbers: Vec<f32> = (0..1000).map(|i| i as f32 / 999.0).collect();
        for &activations in &Activations::ALL[2..] {
            let got = coding(activations, &[&numbers]);
            assert!((got.scale * 255.0 - 1.0).abs() < 0.02, "{activations}: {got:?}");
            assert_eq!(got.zero_point, -128);
            assert_eq!(coding(activations, &[&[0.0; 50]]), Affine { scale: 1.0, zero_point: 0 });
        }
    }

    #[test]
    fn an_outlier_is_clipped_by_all_but_the_extremes() {
        let mut generator = stream(2, "numbers");
        let mut numbers: Vec<f32> = (0..400_000).map(|_| generator.random_range(0.0..1.0_f32)).collect();
        numbers[7] = 40.0;
        let batches: Vec<&[f32]> = numbers.chunks(1000).collect();
        let reach = |activations| coding(activations, &batches).scale * 255.0;
        assert!((reach(Activations::MinMax) - 40.0).abs() < 1e-4);
        assert!((reach(Activations::Percentile) - 1.0).abs() < 0.05);
        // Divergences are tried from 128 bins on, an eighth of the largest number.
        assert!((5.0..5.3).contains(&reach(Activations::Entropy)));
        // (40 - t)² + 400,000 · (t / 255)² / 12 is least at 26.4.
        assert!((24.0..28.0).contains(&reach(Activations::Mse)));
    }

    #[test]
    fn every_static_network_stays_close_to_its_own_logits() {
        for (kind, features, layers) in networks() {
            let mut model = Model::new(kind, features, &layers);
            let inputs = examples(64, features);
            let before = model.logits(&inputs);
            let largest = before.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
            for &activations in Activations::ALL {
                model.activations = calibrate(&model, activations, &inputs);
                for (a, b) in before.iter().zip(model.logits(&inputs)) {
                    assert!((a - b).abs() < 0.1 * largest, "{kind} {activations}: {a} {b}");
                }
            }
        }
    }

    #[test]
    fn fixed_ranges_cover_what_the_functions_give() {
        assert_eq!(fixed(Function::Sigmoid).value(127), 255.0 / 256.0);
        assert_eq!(fixed(Function::Softmax).value(-128), 0.0);
        assert_eq!((fixed(Function::Tanh).value(-128), fixed(Function::Tanh).value(0)), (-1.0, 0.0));
        assert_eq!((fixed(Function::LogSoftmax).value(127), fixed(Function::LogSoftmax).value(-128)), (0.0, -15.9375));
    }
}
