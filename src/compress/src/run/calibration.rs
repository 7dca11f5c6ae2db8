//! Calibration: what goes into each layer of a network while examples run through it.

use retort_spec::NetworkKind;

use crate::{
    Layer,
    run::net::{self, Shape},
};

/// Examples of a batch: few enough that the windows of an image of 28×28 pixels stay within some megabytes.
pub const BATCH: usize = 32;

/// Most rows that a layer is repaired with: some times more than the inputs of any layer here.
pub const MAX_ROWS: usize = 4096;

/// Runs examples through a network, batch by batch, and shows what goes into each layer up to `last`, and behind the
/// last layer the logits.
///
/// # Shapes
/// `inputs`: `[examples, features]`; shown: a layer's place and `[rows, inputs]`.
pub fn visit_layer_inputs(
    kind: NetworkKind,
    features: usize,
    layers: &[Layer],
    inputs: &[f32],
    last: usize,
    look: &mut dyn FnMut(usize, &[f32]),
) {
    let shapes: Vec<Shape> = layers.iter().map(|layer| (layer.inputs, layer.outputs)).collect();
    for batch in inputs.chunks((BATCH * features).max(1)) {
        let logits = net::forward(kind, &shapes, batch, features, &mut |place, rows| {
            let layer = &layers[place];
            if place <= last {
                look(place, rows);
            }
            if place < last {
                net::affine(rows, &layer.weight, &layer.bias)
            } else {
                // Nobody looks at what lies behind.
                vec![0.0; rows.len() / layer.inputs.max(1) * layer.outputs]
            }
        });
        if last >= layers.len() {
            look(layers.len(), &logits);
        }
    }
}

/// Some of the rows that go into a layer, `[rows, inputs]`: at most about [`MAX_ROWS`], strewn over all examples and
/// places; the same rows of any two networks of one shape.
pub fn layer_inputs(kind: NetworkKind, features: usize, layers: &[Layer], inputs: &[f32], place: usize) -> Vec<f32> {
    let examples = inputs.len() / features.max(1);
    let width = layers[place].inputs.max(1);
    let (mut picked, mut seen, mut share) = (Vec::new(), 0_u32, None);
    visit_layer_inputs(kind, features, layers, inputs, place, &mut |shown, rows| {
        if shown != place {
            return;
        }
        // The first batch tells how many rows an example has.
        let share = *share.get_or_insert_with(|| {
            let rows_of_example = rows.len() / width / examples.clamp(1, BATCH);
            MAX_ROWS as f64 / (rows_of_example * examples).max(1) as f64
        });
        for row in rows.chunks_exact(width) {
            // Multiples of the golden ratio: as even as can be, and in step with no image's rows.
            if f64::from(seen.wrapping_mul(0x9e37_79b9)) <= share * f64::from(u32::MAX) {
                picked.extend_from_slice(row);
            }
            seen = seen.wrapping_add(1);
        }
    });
    picked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        network::model::Model,
        quantization::layer_pairs::tests::{examples, networks},
    };

    #[test]
    fn the_last_thing_shown_are_the_logits() {
        for (kind, features, layers) in networks() {
            let inputs = examples(40, features);
            let (mut shown, mut logits) = (Vec::new(), Vec::new());
            visit_layer_inputs(kind, features, &layers, &inputs, layers.len(), &mut |place, numbers| {
                shown.push(place);
                if place == layers.len() {
                    logits.extend_from_slice(numbers);
                }
            });
            assert_eq!(shown, (0..=layers.len()).chain(0..=layers.len()).collect::<Vec<_>>(), "two batches");
            assert_eq!(logits, Model::new(kind, features, &layers).logits(&inputs));
        }
    }

    #[test]
    fn few_rows_are_all_taken_and_many_thinned_out() {
        let (kind, features, layers) = networks().swap_remove(1);
        let rows = |count: usize, place| {
            layer_inputs(kind, features, &layers, &examples(count, features), place).len() / layers[place].inputs
        };
        assert_eq!((rows(40, 0), rows(40, 1), rows(40, 2)), (40 * 64, 40 * 16, 40));
        assert!((MAX_ROWS - 20..MAX_ROWS + 20).contains(&rows(200, 0)), "{}", rows(200, 0));
    }
}
