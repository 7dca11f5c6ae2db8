//! Choosing and checking the compute device. Nothing here or elsewhere uses `Device::default()`, which is the GPU as
//! soon as it is compiled in.

#[cfg(feature = "graph")]
use burn::tensor::Tensor;
#[cfg(feature = "graph")]
pub use burn::tensor::{Device, ExecutionError};
use retort_spec::EngineInfo;

/// The CPU, the only device of an engine without a graph.
#[cfg(not(feature = "graph"))]
#[derive(Debug, Clone)]
pub struct Device;

/// Nothing fails on it.
#[cfg(not(feature = "graph"))]
pub type ExecutionError = std::convert::Infallible;

/// A device to compute on, and what the visitor is told of it.
#[derive(Debug, Clone)]
pub struct Compute {
    /// Where tensors live. Without autodiff; training asks for it.
    pub device: Device,
    /// What it is.
    pub info: EngineInfo,
}

impl Compute {
    /// The CPU: by burn-flex with SIMD, where there is a graph.
    pub fn cpu() -> Self {
        #[cfg(feature = "graph")]
        let device = Device::flex();
        #[cfg(not(feature = "graph"))]
        let device = Device;
        Self { device, info: EngineInfo { gpu: false, adapter: None, self_test: None } }
    }
}

/// Why the GPU cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum GpuError {
    /// There is no adapter.
    #[error("no graphics adapter was found ({0})")]
    NoAdapter(String),
    /// burn's runtime on the web panics without timestamp queries.
    #[error("the graphics adapter {0} lacks timestamp queries, without which burn cannot use it in a browser")]
    NoTimestamps(String),
    /// The device could not be opened.
    #[error("the graphics device could not be opened: {0}")]
    Init(String),
    /// The device computes something else than the CPU.
    #[error(
        "the graphics device computes wrong numbers: off by {error:.1e} of the largest weight, {tolerance:.0e} is allowed"
    )]
    Wrong {
        /// Relative error of the self-test.
        error: f64,
        /// What would pass.
        tolerance: f64,
    },
    /// A computation failed.
    #[error("the graphics device failed: {0}")]
    Execution(#[from] ExecutionError),
}

/// Asks for an adapter before burn does, since burn panics on one that it cannot use. Returns its name.
#[cfg(feature = "gpu")]
pub(crate) async fn probe() -> Result<String, GpuError> {
    use burn::tensor::wgpu::wgpu;
    let instance = wgpu::Instance::default();
    let adapter = instance
        .request_adapter(&wgpu::RequestAdapterOptions::default())
        .await
        .map_err(|error| GpuError::NoAdapter(error.to_string()))?;
    let info = adapter.get_info();
    let name = [info.name, info.driver].into_iter().find(|text| !text.is_empty()).unwrap_or_else(|| "GPU".into());
    let usable = cfg!(not(target_family = "wasm")) || adapter.features().contains(wgpu::Features::TIMESTAMP_QUERY);
    match usable {
        true => Ok(name),
        false => Err(GpuError::NoTimestamps(name)),
    }
}

/// Reads a tensor's numbers, row by row, without blocking.
///
/// # Errors
/// The device's, if the computation behind the tensor failed.
#[cfg(feature = "graph")]
pub async fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, ExecutionError> {
    let data = tensor.into_data_async().await?;
    Ok(data.iter::<f32>().collect())
}
