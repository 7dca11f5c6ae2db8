//! Choosing between the two engines, with the reason told.

use js_sys::{Promise, Reflect};
use retort_spec::{DeviceChoice, Experiment};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::window;

/// Multiply–adds of a training step below which no GPU is tried. A step on the GPU costs some 20 calls, about a
/// millisecond whatever the size; the CPU engine does 20 billion multiply–adds a second, so that it has finished before
/// the card has begun. Above, both are timed.
const WORTH_TIMING: f64 = 2e7;

/// Which engine is used, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceReason {
    /// The CPU, by the engine that alone trains sequences and numbers.
    Sequences,
    /// The CPU, because the visitor asked for it.
    CpuAsked,
    /// The CPU: the browser has no WebGPU, or no adapter.
    NoWebGpu,
    /// The CPU: the adapter is software, which loses to SIMD.
    SoftwareAdapter,
    /// The CPU: the adapter lacks a feature that the GPU engine needs.
    NoTimestamps,
    /// The CPU: the networks are too small to gain.
    TooSmall,
    /// The CPU: the GPU engine failed.
    GpuFailed,
    /// The GPU, because the visitor asked for it.
    GpuAsked,
    /// The CPU, as long as both are timed on this very experiment.
    Timing,
    /// The CPU: it was measured to be done first.
    GpuSlower,
    /// The GPU: it was measured to be done first.
    GpuFaster,
}

/// How long an experiment takes on both devices, measured on a few of its steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Timed {
    /// Seconds on the processor, by all its workers.
    pub cpu: f64,
    /// Seconds on the GPU.
    pub gpu: f64,
    /// Whether the GPU would be done before what the processor has begun.
    pub faster: bool,
}

impl DeviceReason {
    /// Whether the GPU engine is used.
    pub fn is_gpu(self) -> bool {
        matches!(self, Self::GpuAsked | Self::GpuFaster)
    }
}

/// What the browser has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adapter {
    /// No WebGPU, or no adapter.
    None,
    /// An emulation on the CPU.
    Software,
    /// A GPU without timestamp queries.
    NoTimestamps,
    /// A GPU that can be used.
    Usable,
}

/// Chooses the engine for an experiment.
pub fn choose(experiment: &Experiment, adapter: Adapter, timed: Option<Timed>) -> DeviceReason {
    if experiment.data.is_of_sequences() {
        return DeviceReason::Sequences;
    }
    match (experiment.device, adapter) {
        (DeviceChoice::Cpu, _) => DeviceReason::CpuAsked,
        (_, Adapter::None) => DeviceReason::NoWebGpu,
        (_, Adapter::NoTimestamps) => DeviceReason::NoTimestamps,
        (DeviceChoice::Gpu, _) => DeviceReason::GpuAsked,
        (DeviceChoice::Auto, Adapter::Software) => DeviceReason::SoftwareAdapter,
        (DeviceChoice::Auto, _) if experiment.step_multiply_adds() < WORTH_TIMING => DeviceReason::TooSmall,
        (DeviceChoice::Auto, Adapter::Usable) => match timed {
            None => DeviceReason::Timing,
            Some(Timed { faster: true, .. }) => DeviceReason::GpuFaster,
            Some(_) => DeviceReason::GpuSlower,
        },
    }
}

/// Asks the browser for its WebGPU adapter. Only the GPU engine opens it.
pub async fn probe() -> Adapter {
    adapter().await.unwrap_or(Adapter::None)
}

/// WebGPU's bindings in web-sys are unstable, so that its few properties are read by name.
async fn adapter() -> Option<Adapter> {
    let gpu = property(&window()?.navigator(), "gpu")?;
    let request: js_sys::Function = property(&gpu, "requestAdapter")?.dyn_into().ok()?;
    let promise: Promise = request.call0(&gpu).ok()?.dyn_into().ok()?;
    let adapter = JsFuture::from(promise).await.ok().filter(|adapter| !adapter.is_null())?;
    let software = |of: &JsValue| property(of, "isFallbackAdapter").is_some_and(|value| value.is_truthy());
    let info = property(&adapter, "info").unwrap_or(JsValue::UNDEFINED);
    if software(&info) || software(&adapter) {
        return Some(Adapter::Software);
    }
    let features: js_sys::Set = property(&adapter, "features")?.unchecked_into();
    Some(if features.has(&"timestamp-query".into()) { Adapter::Usable } else { Adapter::NoTimestamps })
}

fn property(of: &JsValue, name: &str) -> Option<JsValue> {
    if !of.is_object() {
        return None;
    }
    Reflect::get(of, &name.into()).ok().filter(|value| !value.is_undefined() && !value.is_null())
}

#[cfg(test)]
mod tests {
    use super::*;
    use retort_spec::{Architecture, DataSet};

    #[test]
    fn the_card_is_used_only_where_it_gains_or_is_asked_for() {
        let small = Experiment::default();
        let large =
            Experiment { teacher: Architecture::mlp([1200, 1200]), batch: 128, ..Experiment::for_data(DataSet::Mnist) };
        assert_eq!(choose(&small, Adapter::Usable, None), DeviceReason::TooSmall);
        assert_eq!(choose(&large, Adapter::Usable, None), DeviceReason::Timing);
        let timed = |faster| Some(Timed { cpu: 9.0, gpu: 8.0, faster });
        assert_eq!(choose(&large, Adapter::Usable, timed(true)), DeviceReason::GpuFaster);
        assert_eq!(choose(&large, Adapter::Usable, timed(false)), DeviceReason::GpuSlower);
        assert_eq!(choose(&large, Adapter::Software, timed(true)), DeviceReason::SoftwareAdapter);
        assert_eq!(choose(&large, Adapter::None, None), DeviceReason::NoWebGpu);
        let asked = |device| Experiment { device, ..small.clone() };
        assert_eq!(choose(&asked(DeviceChoice::Gpu), Adapter::Software, None), DeviceReason::GpuAsked);
        assert_eq!(choose(&asked(DeviceChoice::Gpu), Adapter::None, None), DeviceReason::NoWebGpu);
        assert_eq!(choose(&asked(DeviceChoice::Cpu), Adapter::Usable, None), DeviceReason::CpuAsked);
    }
}
