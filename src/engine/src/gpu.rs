//! Opening the GPU.

use burn::tensor::Device;
use retort_spec::EngineInfo;

use crate::{
    device::{Compute, GpuError, probe},
    train::self_test::compare,
};

/// Calls that go to the GPU together: several steps of a perceptron, whose steps are some twenty calls each.
const TASKS: usize = 128;

impl Compute {
    /// The GPU: WebGPU in a browser; Vulkan, Metal or DirectX natively. Checked against the CPU.
    ///
    /// # Errors
    /// Why there is none that can be used.
    pub async fn gpu() -> Result<Self, GpuError> {
        let adapter = probe().await?;
        let device = Device::wgpu_options()
            .tasks_max(TASKS)
            .init_async()
            .await
            .map_err(|error| GpuError::Init(error.to_string()))?;
        let self_test = compare(&Device::flex(), &device).await?;
        let info = EngineInfo { gpu: true, adapter: Some(adapter), self_test: Some(self_test) };
        match self_test.passes() {
            true => Ok(Self { device, info }),
            false => Err(GpuError::Wrong { error: self_test.error, tolerance: self_test.tolerance }),
        }
    }
}
