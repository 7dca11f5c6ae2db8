//! The GPU's part of measuring time. WebGPU is asked in JavaScript, since its bindings for Rust are unstable;
//! what to compute, whether it is right and what the times mean is the workbench's.

use js_sys::{Array, Float32Array, Function, Int32Array, Object, Promise, Reflect, Uint32Array};
use retort_compress::{
    run::{integer::dots::Words, latency::resolution},
    workbench::{GpuTimes, GpuWords, Workbench},
};
use retort_spec::{Latency, NoGpu};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::scope;

/// Milliseconds that all batches take together.
const PATIENCE: f64 = 1400.0;

/// Adds what the GPU took, or tells why it was not measured.
pub async fn measure(workbench: &Workbench, times: &mut Vec<Latency>) -> Option<NoGpu> {
    let words = match workbench.words() {
        Ok(words) => words,
        Err(why) => return why,
    };
    match on_gpu(&words).await {
        Ok(Ok(measured)) => {
            times.extend(measured);
            None
        }
        Ok(Err(why)) => Some(why),
        Err(error) => Some(NoGpu::Failed(
            error
                .dyn_ref::<js_sys::Error>()
                .map_or_else(|| format!("{error:?}"), |error| String::from(error.message())),
        )),
    }
}

async fn on_gpu(words: &GpuWords) -> Result<Result<Vec<Latency>, NoGpu>, JsValue> {
    let gpu = call(&scope(), "packedDot", &JsValue::UNDEFINED).await?;
    match call(&gpu, "packedDot", &JsValue::UNDEFINED).await?.as_string().as_deref() {
        Some("ready") => {}
        Some("no-dot") => return Ok(Err(NoGpu::NoDot)),
        _ => return Ok(Err(NoGpu::Missing)),
    }
    let float = network(&words.float, &|fours| Float32Array::from(fours.as_flattened()).into(), &|sums| {
        Float32Array::from(sums).into()
    })?;
    let integer =
        network(&words.integer, &|words| Uint32Array::from(words).into(), &|sums| Int32Array::from(sums).into())?;
    let batches: Array = words.batches.iter().map(|&batch| JsValue::from(batch as u32)).collect();
    let plan = object(&[
        ("networks", Array::of2(&float, &integer).into()),
        ("batches", batches.into()),
        ("milliseconds", PATIENCE.into()),
    ])?;
    let found: Array = call(&gpu, "measure", &plan).await?.into();
    let resolution = resolution(&mut super::milliseconds).unwrap_or_default();
    let latency = |(&batch, found): (&usize, JsValue)| -> Result<Result<Latency, NoGpu>, JsValue> {
        let pair = |key: &str| Reflect::get(&found, &key.into()).map(|list| Array::from(&list));
        let (samples, repeats) = (pair("samples")?, pair("repeats")?);
        let samples = |of: u32| Array::from(&samples.get(of)).iter().filter_map(|sample| sample.as_f64()).collect();
        let repeats = |of: u32| repeats.get(of).as_f64().unwrap_or(1.0) as usize;
        let words_out: Uint32Array = Reflect::get(&found, &"words".into())?.into();
        let times = GpuTimes {
            samples: [samples(0), samples(1)],
            repeats: [repeats(0), repeats(1)],
            words: words_out.to_vec(),
        };
        Ok(words.latency(batch, times, resolution))
    };
    words.batches.iter().zip(found.iter()).map(latency).collect()
}

/// Calls a function that gives a promise.
async fn call(of: &JsValue, name: &str, with: &JsValue) -> Result<JsValue, JsValue> {
    let function: Function = Reflect::get(of, &name.into())?.dyn_into()?;
    let promise: Promise = function.call1(of, with)?.dyn_into()?;
    JsFuture::from(promise).await
}

fn network<T, S>(
    words: &Words<T, S>,
    numbers: &dyn Fn(&[T]) -> JsValue,
    sums: &dyn Fn(&[S]) -> JsValue,
) -> Result<JsValue, JsValue> {
    let layers = Array::new();
    for layer in &words.layers {
        layers.push(&object(&[
            ("wordsIn", (layer.words.0 as u32).into()),
            ("wordsOut", (layer.words.1 as u32).into()),
            ("low", layer.low.into()),
            ("high", layer.high.into()),
            ("zero", layer.zero.into()),
            ("weights", numbers(&layer.weights)),
            ("biases", sums(&layer.biases)),
            ("multipliers", Float32Array::from(&layer.multipliers[..]).into()),
        ])?);
    }
    object(&[("inputs", numbers(&words.inputs)), ("layers", layers.into())])
}

fn object(fields: &[(&str, JsValue)]) -> Result<JsValue, JsValue> {
    let object = Object::new();
    for (key, value) in fields {
        Reflect::set(&object, &(*key).into(), value)?;
    }
    Ok(object.into())
}
