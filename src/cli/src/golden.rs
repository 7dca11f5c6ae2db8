//! Compares what is computed with what was computed before, for tests.

use serde_json::Value;

/// Sums are rounded differently from machine to machine (fused multiply-add, vector width), and training amplifies
/// this. A measured number may therefore move by two hundredths of one, or of itself where it is larger: ten of
/// the 500 test examples. Logits are compared by their count. Whole numbers and words may not move.
const TOLERANCE: f64 = 0.02;

/// What a clock decides is set to nothing.
pub fn without_seconds(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.iter_mut().for_each(|(key, value)| match key.as_str() {
                "seconds" => *value = Value::Null,
                _ => without_seconds(value),
            });
        }
        Value::Array(values) => values.iter_mut().for_each(without_seconds),
        _ => {}
    }
}

/// The paths at which two values differ by more than is allowed.
pub fn differences(path: &str, was: &Value, is: &Value, found: &mut Vec<String>) {
    match (was, is) {
        (Value::Object(was), Value::Object(is)) => {
            let keys: Vec<&String> = was.keys().filter(|key| *key != "seconds").collect();
            if keys != is.keys().filter(|key| *key != "seconds").collect::<Vec<_>>() {
                found.push(format!("{path}: other fields"));
            }
            for key in keys {
                differences(&format!("{path}.{key}"), &was[key], is.get(key).unwrap_or(&Value::Null), found);
            }
        }
        (Value::Array(was), Value::Array(is)) if was.len() == is.len() => {
            if path.ends_with(".logits") {
                return;
            }
            for (place, (was, is)) in was.iter().zip(is).enumerate() {
                differences(&format!("{path}[{place}]"), was, is, found);
            }
        }
        (Value::Number(was), Value::Number(is)) if was.is_f64() && is.is_f64() => {
            let (was, is) = (was.as_f64().unwrap_or(f64::NAN), is.as_f64().unwrap_or(f64::NAN));
            if (was - is).abs() > TOLERANCE * was.abs().max(1.0) {
                found.push(format!("{path}: was {was}, is {is}"));
            }
        }
        _ if was == is => {}
        _ => found.push(format!("{path}: was {was:.60}, is {is:.60}")),
    }
}
