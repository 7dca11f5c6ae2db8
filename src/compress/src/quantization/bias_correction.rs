//! Bias correction: quantization shifts a layer's outputs on average, and the bias takes the shift back (Nagel et al.
//! 2019, section 4.2).

use crate::{
    Layer,
    network::{model::Model, shapes::is_depthwise},
    run::{calibration::visit_layer_inputs, net},
};

/// Takes from each bias by how much the layer's outputs are off on average, `b -= E[y_q − y_f]`, layer by layer in
/// order: `y_q` is what the quantized network gives with the biases before it corrected, `y_f` what the float network
/// gives.
///
/// # Shapes
/// `float`: of the same shapes as `quantized`; `inputs`: `[examples, features]`, of which there is at least one.
pub fn correct_biases(float: &[Layer], quantized: &mut Model, inputs: &[f32]) {
    let (kind, features) = (quantized.kind, quantized.features);
    if inputs.len() < features.max(1) {
        return;
    }
    // Each channel of a layer that sees every channel alone has a mean of its own.
    let means = |place: usize| match is_depthwise(kind, float.len(), place) {
        true => float[place].outputs,
        false => 1,
    };
    let mut aims = vec![Mean::default(); float.len()];
    visit_layer_inputs(kind, features, float, inputs, float.len(), &mut |place, rows| {
        if let (Some(mean), Some(layer)) = (aims.get_mut(place), float.get(place)) {
            mean.add(rows, layer.inputs * means(place));
        }
    });
    let mut layers = quantized.to_layers();
    for (place, aim) in aims.iter().enumerate() {
        let mut met = Mean::default();
        visit_layer_inputs(kind, features, &layers, inputs, place, &mut |shown, rows| {
            if shown == place {
                met.add(rows, layers[place].inputs * means(place));
            }
        });
        let (aim, met) = (aim.output(&float[place]), met.output(&layers[place]));
        layers[place].bias.iter_mut().zip(aim.iter().zip(met)).for_each(|(bias, (aim, met))| *bias += aim - met);
    }
    for (part, layer) in quantized.layers.iter_mut().zip(layers) {
        part.bias = layer.bias;
    }
}

/// The mean of rows.
#[derive(Debug, Clone, Default)]
struct Mean {
    sums: Vec<f64>,
    rows: usize,
}

impl Mean {
    fn add(&mut self, rows: &[f32], width: usize) {
        self.sums.resize(width, 0.0);
        for row in rows.chunks_exact(width.max(1)) {
            self.sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += f64::from(*x));
            self.rows += 1;
        }
    }

    /// A layer's mean output: it is linear, so its output for the mean row.
    fn output(&self, layer: &Layer) -> Vec<f32> {
        let mean: Vec<f32> = self.sums.iter().map(|sum| (sum / self.rows.max(1) as f64) as f32).collect();
        let product = if mean.len() > layer.inputs { net::depthwise } else { net::affine };
        product(&mean, &layer.weight, &layer.bias)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        quantization::{
            layer_pairs::tests::{examples, networks},
            weights::quantize,
        },
        random::stream,
    };

    /// The mean of each logit.
    fn means(logits: &[f32], classes: usize) -> Vec<f32> {
        let mean = |class: usize| logits.iter().skip(class).step_by(classes).sum::<f32>();
        (0..classes).map(|class| mean(class) * classes as f32 / logits.len() as f32).collect()
    }

    #[test]
    fn mean_logits_are_those_of_the_float_network() {
        for (kind, features, layers) in networks() {
            let float = Model::new(kind, features, &layers);
            let inputs = examples(50, features);
            let mut quantized = float.clone();
            for part in &mut quantized.layers {
                part.factors[0] = quantize(&part.factors[0], &"3:tensor".parse().unwrap(), &mut stream(1, "rounding"));
            }
            let aim = means(&float.logits(&inputs), 4);
            let off = |model: &Model| {
                means(&model.logits(&inputs), 4).iter().zip(&aim).fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()))
            };
            let before = off(&quantized);
            correct_biases(&layers, &mut quantized, &inputs);
            assert!(before > 1e-2 && off(&quantized) < 1e-5, "{kind}: {before} {}", off(&quantized));
        }
    }

    #[test]
    fn without_examples_nothing_is_corrected() {
        let (kind, features, layers) = networks().swap_remove(0);
        let mut model = Model::new(kind, features, &layers);
        correct_biases(&layers, &mut model, &[]);
        assert_eq!(model, Model::new(kind, features, &layers));
    }
}
