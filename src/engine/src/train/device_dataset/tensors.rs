//! The data set where networks are tensors.

use burn::tensor::{Device, ExecutionError, Int, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;

use super::{Activations, DeviceDataset, Stage};
use crate::{
    data::{Dataset, Examples, one_hot},
    device::read,
    kernels,
    nets::{Network, Pass},
};

/// Rows of one forward pass when measuring: large enough to be fast, small enough for a phone's memory.
const CHUNK: usize = 2048;
/// The same for convolutions, whose windows take much more room than the images.
const IMAGES: usize = 128;

/// Numbers of rows, on a device.
pub type RowIndices = Tensor<1, Int>;

/// Some rows of a tensor.
pub fn select(tensor: &Tensor<2>, indices: &RowIndices) -> Tensor<2> {
    tensor.clone().select(0, indices.clone())
}

impl DeviceDataset {
    /// Uploads a data set.
    pub fn new(dataset: Dataset, device: &Device) -> Self {
        let features = dataset.features();
        let inputs = |examples: &Examples| upload(examples.inputs.clone(), features, device);
        Self {
            train: inputs(&dataset.train),
            train_targets: upload(one_hot(&dataset.train.labels, dataset.classes), dataset.classes, device),
            test: inputs(&dataset.test),
            device: device.clone(),
            dataset,
        }
    }

    /// The numbers of rows on this device. Each upload ends what a GPU was told before, so that a batch has one for
    /// all that is selected by it.
    pub fn row_indices(&self, rows: &[u32]) -> RowIndices {
        let indices: Vec<i32> = rows.iter().map(|&row| row as i32).collect();
        Tensor::from_data(TensorData::new(indices, [rows.len()]), &self.device)
    }

    /// The inputs of some training examples, `[rows, features]`, moved by up to `jitter` pixels each way where it is
    /// not 0.
    pub fn inputs(&self, (rows, indices): (&[u32], &RowIndices), jitter: u32, generator: &mut ChaCha8Rng) -> Tensor<2> {
        match self.uses_jitter(jitter) {
            true => self.jittered(rows, jitter as i32, generator),
            false => select(&self.train, indices),
        }
    }

    /// The one-hot labels of some training examples, `[rows, classes]`.
    pub fn targets(&self, indices: &RowIndices) -> Tensor<2> {
        select(&self.train_targets, indices)
    }

    /// A network's logits of any inputs, left on the device: those of the classes, if it has other outputs.
    pub fn logits(&self, network: &Network, inputs: &Tensor<2>) -> Tensor<2> {
        let outputs = self.all_outputs(network, inputs);
        let [_, count] = outputs.dims();
        if count > self.dataset.classes { outputs.narrow(1, 0, self.dataset.classes) } else { outputs }
    }

    /// All of a network's outputs of any inputs, left on the device.
    pub fn all_outputs(&self, network: &Network, inputs: &Tensor<2>) -> Tensor<2> {
        Tensor::cat(chunks(network, inputs).map(|chunk| network.forward(chunk, Pass::Test).logits).collect(), 0)
    }

    /// The test examples in parts that a network can be asked about at once.
    pub fn test_chunks(&self, network: &Network) -> impl Iterator<Item = Tensor<2>> + use<> {
        chunks(network, &self.test)
    }

    /// A network's logits of all test examples, on the host, row by row.
    ///
    /// # Errors
    /// The device's, if the computation failed.
    pub async fn test_logits(&self, network: &Network) -> Result<Vec<f32>, ExecutionError> {
        read(self.logits(network, &self.test)).await
    }

    /// A network's logits of some training examples, on the host, row by row.
    ///
    /// # Errors
    /// The device's, if the computation failed.
    pub async fn train_logits(&self, network: &Network, rows: &[u32]) -> Result<Vec<f32>, ExecutionError> {
        read(self.logits(network, &select(&self.train, &self.row_indices(rows)))).await
    }

    /// A network's logits of any inputs, on the host, row by row.
    ///
    /// # Errors
    /// The device's, if the computation failed.
    pub async fn answer(&self, network: &Network, inputs: Vec<f32>) -> Result<Vec<f32>, ExecutionError> {
        read(self.logits(network, &upload(inputs, self.dataset.features(), &self.device))).await
    }

    /// What a network does with some inputs, on the host.
    ///
    /// # Errors
    /// The device's, if the computation failed.
    pub async fn activations(&self, network: &Network, inputs: Vec<f32>) -> Result<Activations, ExecutionError> {
        let trace = network.forward(upload(inputs, self.dataset.features(), &self.device), Pass::Test);
        let mut stages = Vec::new();
        for map in &trace.maps {
            let [channels, side] = map.shape();
            stages.push(Stage { values: read(map.values.clone()).await?, channels, side });
        }
        Ok(Activations { stages, embedding: read(trace.embedding).await? })
    }

    /// Copies of images, each moved at random by whole pixels; what moves in from outside is background.
    fn jittered(&self, rows: &[u32], jitter: i32, generator: &mut ChaCha8Rng) -> Tensor<2> {
        let mut moved = Vec::new();
        self.jitter_into(rows, jitter, generator, &mut moved);
        upload(moved, self.dataset.features(), &self.device)
    }

    /// Whether tensors are in the CPU's memory.
    pub fn is_on_cpu(&self) -> bool {
        kernels::is_in_memory(&self.train)
    }
}

/// Puts rows of numbers on a device.
pub fn upload(numbers: Vec<f32>, columns: usize, device: &Device) -> Tensor<2> {
    let rows = numbers.len() / columns;
    Tensor::from_data(TensorData::new(numbers, [rows, columns]), device)
}

/// Inputs in parts that a network can be asked about at once.
fn chunks(network: &Network, inputs: &Tensor<2>) -> impl Iterator<Item = Tensor<2>> + use<> {
    let [rows, _] = inputs.dims();
    let size = if matches!(network, Network::Mlp(_)) { CHUNK } else { IMAGES };
    let inputs = inputs.clone();
    (0..rows).step_by(size).map(move |start| inputs.clone().narrow(0, start, size.min(rows - start)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random;
    use pollster::block_on;

    fn data() -> DeviceDataset {
        let examples = Examples { inputs: (0..18).map(|x| x as f32 + 1.0).collect(), labels: vec![0, 1] };
        DeviceDataset::new(
            Dataset { own: 0, classes: 2, shape: [3, 3], train: examples.clone(), test: examples },
            &Device::flex(),
        )
    }

    #[test]
    fn batches_are_the_rows_asked_for() {
        let data = data();
        let mut generator = random::stream(1, "test");
        let inputs =
            block_on(read(data.inputs((&[1, 0, 1], &data.row_indices(&[1, 0, 1])), 0, &mut generator))).unwrap();
        assert_eq!(inputs[..2], [10.0, 11.0]);
        assert_eq!(inputs[9..11], [1.0, 2.0]);
        assert_eq!(block_on(read(data.targets(&data.row_indices(&[1, 0])))).unwrap(), [0.0, 1.0, 1.0, 0.0]);
    }

    #[test]
    fn jitter_moves_whole_pixels_and_fills_with_background() {
        let data = data();
        let mut generator = random::stream(1, "test");
        let mut shifts = std::collections::HashSet::new();
        for _ in 0..200 {
            let image = block_on(read(data.inputs((&[0], &data.row_indices(&[0])), 1, &mut generator))).unwrap();
            // The centre, 5, can be found wherever the image went.
            let at = image.iter().position(|&x| x == 5.0).unwrap() as i32;
            let (down, right) = (at / 3 - 1, at % 3 - 1);
            for y in 0..3_i32 {
                for x in 0..3_i32 {
                    let (from_y, from_x) = (y - down, x - right);
                    let inside = (0..3).contains(&from_y) && (0..3).contains(&from_x);
                    let want = if inside { (from_y * 3 + from_x + 1) as f32 } else { 0.0 };
                    assert_eq!(image[(y * 3 + x) as usize], want);
                }
            }
            shifts.insert((down, right));
        }
        assert_eq!(shifts.len(), 9, "every shift comes up");
    }
}
