//! What a network has from one of another data set.

use retort_compress::Layer;

/// What is known of a trained network beside what it gets right of the experiment's data set.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct HandedOn {
    /// What it gets right of the data set that it learned, where that is another.
    pub home: Option<f64>,
    /// How far its weights are from those that it started from, where those were another's: of all layers but the
    /// last, and of the last one, as a share of the weights' length.
    pub moved: Option<[f64; 2]>,
}

/// How far weights are from others, as in [`HandedOn::moved`].
pub fn moved(layers: &[Layer], from: &[Layer]) -> [f64; 2] {
    let share = |pairs: &[(&Layer, &Layer)]| {
        let (mut distance, mut length) = (0.0, 0.0);
        for (layer, from) in pairs {
            let is = layer.weight.iter().chain(&layer.bias).copied().map(f64::from);
            let was = from.weight.iter().chain(&from.bias).copied().map(f64::from);
            for (is, was) in is.zip(was) {
                distance += (is - was) * (is - was);
                length += was * was;
            }
        }
        if length > 0.0 { (distance / length).sqrt() } else { 0.0 }
    };
    let pairs: Vec<(&Layer, &Layer)> = layers.iter().zip(from).collect();
    let (before, last) = pairs.split_at(pairs.len().saturating_sub(1));
    [share(before), share(last)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_by_hand() {
        let layer = |weight: &[f32], bias: f32| Layer {
            inputs: weight.len(),
            outputs: 1,
            weight: weight.to_vec(),
            bias: vec![bias],
        };
        let from = [layer(&[3.0, 0.0], 4.0), layer(&[2.0], 0.0)];
        assert_eq!(moved(&from, &from), [0.0, 0.0]);
        // The first moved by 1 of 5, the last by 1 of 2.
        assert_eq!(moved(&[layer(&[3.0, 1.0], 4.0), layer(&[2.0], -1.0)], &from), [0.2, 0.5]);
        assert_eq!(moved(&[], &[]), [0.0, 0.0]);
    }
}
