//! What computes here: a badge, and behind it where, why, by how many workers and in how much memory.

use yew::prelude::*;

use crate::{
    context::AppContext,
    i18n::{
        format::{bytes, number, power_of_ten},
        labels::training_time,
    },
    state::{
        Engine,
        device::{DeviceReason, Timed},
    },
    transport::pool_size::cores,
};

/// The badge, which opens the panel.
pub fn diagnostics(page: &AppContext) -> Html {
    let (texts, reason) = (&page.texts, device_reason(page));
    let memory = &page.state.memory;
    let sizes: Vec<String> = memory.iter().map(|&size| bytes(texts, size)).collect();
    let count = |count: f64| number(texts, count, 0);
    let workers = [("count", count(memory.len().max(1) as f64).into()), ("cores", count(cores().into()).into())];
    html! {
        <>
            <button
                id="device" class="badge" popovertarget="diagnostics" title={reason.clone()} data-device={device_id(page)}
                data-self-test={self_test(page)} data-workers={memory.len().to_string()}
            >
                { device(page) }
            </button>
            <div id="diagnostics" popover="auto" role="dialog" aria-labelledby="diagnostics-title">
                <h2 id="diagnostics-title">{ texts.get("diagnostics") }</h2>
                <p>{ reason }</p>
                { for page.state.training_seconds().map(|seconds| html! { <p id="time-here">{ training_time(texts, seconds) }</p> }) }
                <dl>
                    <dt>{ texts.get("diagnostics-workers") }</dt>
                    <dd>{ texts.with("diagnostics-of-cores", &workers) }</dd>
                    if !sizes.is_empty() {
                        <dt>{ texts.get("diagnostics-memory") }</dt>
                        <dd>{ sizes.join(" · ") }</dd>
                        <dt>{ texts.get("diagnostics-networks") }</dt>
                        <dd id="networks-kept">{ page.state.networks_kept }</dd>
                    }
                </dl>
                <p class="hint">{ texts.get("diagnostics-hint") }</p>
            </div>
        </>
    }
}

fn device(page: &AppContext) -> String {
    let (texts, state) = (&page.texts, &page.state);
    let name = match &state.engine {
        Engine::Ready(info) if info.gpu => texts.get("device-is-gpu"),
        _ => texts.get("device-is-cpu"),
    };
    match state.progress.filter(|progress| progress.examples_per_second > 0.0) {
        // Two significant digits: the third changes with every report and says nothing.
        Some(progress) => {
            let unit = 10_f64.powi(progress.examples_per_second.log10().floor() as i32 - 1);
            let rounded = (progress.examples_per_second / unit).round() * unit;
            texts.with("device-speed", &[("device", name.into()), ("speed", number(texts, rounded, 0).into())])
        }
        None => name,
    }
}

fn device_id(page: &AppContext) -> &'static str {
    match &page.state.engine {
        Engine::Ready(info) if info.gpu => "gpu",
        Engine::Ready(_) => "cpu",
        _ => "none",
    }
}

/// The GPU's error against the CPU, for the curious and for the tests.
fn self_test(page: &AppContext) -> Option<String> {
    match &page.state.engine {
        Engine::Ready(info) => info.self_test.map(|test| test.error.to_string()),
        _ => None,
    }
}

fn device_reason(page: &AppContext) -> String {
    let texts = &page.texts;
    let timed = |id: &'static str| {
        let Timed { cpu, gpu, .. } = page.state.timed.unwrap_or(Timed { cpu: 0.0, gpu: 0.0, faster: false });
        let seconds = |seconds: f64| number(texts, seconds, if seconds < 10.0 { 1 } else { 0 }).into();
        texts.with(id, &[("cpu", seconds(cpu)), ("gpu", seconds(gpu))])
    };
    let reason = match page.state.device {
        None => return String::new(),
        Some(DeviceReason::Sequences) => texts.get("reason-sequences"),
        Some(DeviceReason::CpuAsked) => texts.get("reason-cpu-asked"),
        Some(DeviceReason::NoWebGpu) => texts.get("reason-no-webgpu"),
        Some(DeviceReason::SoftwareAdapter) => texts.get("reason-software"),
        Some(DeviceReason::NoTimestamps) => texts.get("reason-no-timestamps"),
        Some(DeviceReason::TooSmall) => texts.get("reason-too-small"),
        Some(DeviceReason::GpuFailed) => texts.get("reason-gpu-failed"),
        Some(DeviceReason::GpuAsked) => texts.get("reason-gpu-asked"),
        Some(DeviceReason::Timing) => texts.get("reason-timing"),
        Some(DeviceReason::GpuSlower) => timed("reason-gpu-slower"),
        Some(DeviceReason::GpuFaster) => timed("reason-gpu-faster"),
    };
    match &page.state.engine {
        Engine::Ready(info) => match (&info.adapter, info.self_test) {
            (Some(adapter), Some(test)) => {
                let error = power_of_ten(texts, test.error, 0);
                format!(
                    "{reason} {}",
                    texts.with("self-test", &[("adapter", adapter.as_str().into()), ("error", error.into())])
                )
            }
            _ => reason,
        },
        _ => reason,
    }
}
