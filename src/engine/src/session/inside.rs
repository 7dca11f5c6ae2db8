//! What an example does inside the networks of the first run: the stages' maps, the first layer's filters, and how
//! alike some test examples look to each network.

use retort_compress::Layer;
use retort_spec::{ActivationReport, Event, NetworkId, StageMap};

use super::{Halt, job::Job};
use crate::{
    nets::Network,
    train::device_dataset::{Activations, Stage},
};

/// Channels and filters that are shown of a layer: more make no picture clearer.
const SHOWN: usize = 32;
/// Test examples that are compared with each other, as many of each class.
const COMPARED: usize = 30;

impl Job {
    /// The insides of the first teacher and the product, as far as they are there; nothing for an input of the wrong
    /// size.
    pub async fn inside(&self, input: &[f32]) -> Result<Option<Event>, Halt> {
        if input.len() != self.data.dataset.features() {
            return Ok(None);
        }
        let mut insides = Vec::new();
        let (control, leading) = (self.plan.control, self.plan.leading());
        for (network_id, network) in self.first_run_networks() {
            if network_id != control && leading.contains(&network_id) {
                insides.push(self.look(network_id, &network, input).await?);
            }
        }
        Ok(Some(Event::Activations(insides)))
    }

    async fn look(&self, network_id: NetworkId, network: &Network, input: &[f32]) -> Result<ActivationReport, Halt> {
        let dataset = &self.data.dataset;
        let Activations { stages, .. } = self.data.activations(network, input.to_vec()).await?;
        let stage = |Stage { values, channels, side }: Stage| {
            let shown = channels.min(SHOWN);
            let channel = |channel: usize| values.iter().skip(channel).step_by(channels).copied();
            StageMap {
                channels: shown as u32,
                of: channels as u32,
                side: side as u32,
                values: (0..shown).flat_map(channel).collect::<Vec<f32>>().into(),
                attention: attention(&values, channels).into(),
            }
        };
        let rows = some_of_each(&dataset.test.labels, dataset.classes, COMPARED);
        let inputs = dataset.test.select(&rows, dataset.features()).inputs;
        let Activations { embedding, .. } = self.data.activations(network, inputs).await?;
        let filters = if dataset.is_image() { Some(network.first_layer().await?) } else { None };
        let compared = rows.len();
        Ok(ActivationReport {
            network_id,
            stages: stages.into_iter().map(stage).collect(),
            filters: filters.map(|layer| filters_of(&layer)).unwrap_or_default().into(),
            compared: rows,
            similarities: cosines(&embedding, compared).into(),
        })
    }
}

/// The sum of squares over the channels at each place, of unit length (Zagoruyko & Komodakis 2017, eq. 1 and 2).
///
/// # Shapes
/// `values`: `[places, channels]`, row by row; the result `[places]`.
fn attention(values: &[f32], channels: usize) -> Vec<f32> {
    let sums: Vec<f32> = values.chunks_exact(channels.max(1)).map(|row| row.iter().map(|x| x * x).sum()).collect();
    let length = sums.iter().map(|x| x * x).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    sums.into_iter().map(|x| x / length).collect()
}

/// A layer's weights filter by filter, `[filters, inputs]`.
fn filters_of(layer: &Layer) -> Vec<f32> {
    let filter = |output: usize| (0..layer.inputs).map(move |input| layer.weight[input * layer.outputs + output]);
    (0..layer.outputs.min(SHOWN)).flat_map(filter).collect()
}

/// The first examples of each class, class after class, as many of each as make `count`.
fn some_of_each(labels: &[u8], classes: usize, count: usize) -> Vec<u32> {
    let each = count.div_ceil(classes.max(1));
    let of = |class: usize| {
        let rows = (0_u32..).zip(labels).filter(move |(_, label)| usize::from(**label) == class);
        rows.map(|(row, _)| row).take(each)
    };
    (0..classes).flat_map(of).take(count).collect()
}

/// The cosines between all pairs of rows, `[rows, rows]`.
fn cosines(embedding: &[f32], rows: usize) -> Vec<f32> {
    let features = embedding.len() / rows.max(1);
    let unit = |row: &[f32]| {
        let length = row.iter().map(|x| x * x).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        row.iter().map(|x| x / length).collect::<Vec<f32>>()
    };
    let units: Vec<Vec<f32>> = embedding.chunks_exact(features.max(1)).map(unit).collect();
    let cosine = |a: &Vec<f32>, b: &Vec<f32>| a.iter().zip(b).map(|(x, y)| x * y).sum();
    units.iter().flat_map(|a| units.iter().map(move |b| cosine(a, b))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_by_hand() {
        // Two places of two channels: sums of squares 25 and 0.
        assert_eq!(attention(&[3.0, 4.0, 0.0, 0.0], 2), [1.0, 0.0]);
        let layer = Layer { inputs: 2, outputs: 2, weight: vec![1.0, 2.0, 3.0, 4.0], bias: vec![0.0; 2] };
        assert_eq!(filters_of(&layer), [1.0, 3.0, 2.0, 4.0]);
        assert_eq!(some_of_each(&[1, 0, 1, 0, 1, 1], 2, 4), [1, 3, 0, 2]);
        assert_eq!(cosines(&[2.0, 0.0, 0.0, 3.0, -1.0, 0.0], 3), [1.0, 0.0, -1.0, 0.0, 1.0, 0.0, -1.0, 0.0, 1.0]);
    }
}
