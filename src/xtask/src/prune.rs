//! Functions that are linked and never called, emptied before wasm-bindgen reads the module: its collector then drops
//! what only they called.
//!
//! burn chooses the type of numbers when a program runs, so that the linker must keep all of quantized tensors,
//! conversions between a dozen types in engines that know f32 and i32 alone, and products of matrices in engines that
//! have their own on the processor. CubeCL's kernels are a graph of operations each of which could also be read from
//! text. Whoever called an emptied function would be told "unreachable".

use anyhow::{Result, ensure};
use wasm_encoder::{CodeSection, Module, RawSection};
use wasmparser::Parser;

use crate::wasm::{Function, functions};

/// A part of the mangled names of what is emptied, and how many functions at most hold it.
type Pattern = (&'static str, usize);

/// What is emptied in every engine. The counts are those of the last build with some room. More functions mean that
/// burn names something else so: look at it, then raise the count. None means that burn calls it otherwise or has it no
/// more: then the line saves nothing.
const NEVER_CALLED: [Pattern; 12] = [
    ("gemm_f64", 16),
    ("gemm_f32", 26),
    ("gemm_f16", 6),
    ("gemm_common", 10),
    ("burn_flex3ops6matmul", 10),
    ("burn_backend12quantization", 5),
    ("burn_std6tensor12quantization", 10),
    ("burn_flex3ops7qtensor", 15),
    ("QTensorOps", 24),
    ("cubecl_common5quant", 8),
    ("TensorData$GT$14try_cast_clone", 2),
    ("TensorData$GT$16try_cast_inplace", 2),
];

/// Bytes that an emptied function has at least: functions that came out the same are kept once, under the name of any
/// of them, which happens to short ones.
const LEAST: usize = 128;

/// What is emptied in the GPU engine besides.
const NEVER_CALLED_ON_GPUS: [Pattern; 4] = [
    ("cubek_quant", 45),
    ("Parsable$GT$5parse", 95),
    ("canonical_syntax_parse_impl", 2),
    ("combine..parser..FirstMode", 20),
];

/// A module, by its name, without what is never called in it.
///
/// # Errors
/// If it is no module, or a pattern matches nothing or too much.
pub fn prune(name: &str, module: Vec<u8>) -> Result<Vec<u8>> {
    let patterns = match name {
        "engine-cpu" => NEVER_CALLED.to_vec(),
        "engine-gpu" => [&NEVER_CALLED[..], &NEVER_CALLED_ON_GPUS].concat(),
        _ => return Ok(module),
    };
    let (pruned, counts) = without(&module, &patterns, LEAST)?;
    check(&patterns, &counts)?;
    Ok(pruned)
}

/// Every pattern matches something, and no more than it should.
fn check(patterns: &[Pattern], counts: &[usize]) -> Result<()> {
    for ((name, most), count) in patterns.iter().zip(counts) {
        ensure!(*count > 0, "no function is named {name} any more: take it out of xtask/prune.rs");
        ensure!(count <= most, "{count} functions are named {name}, {most} were: look at them (xtask/prune.rs)");
    }
    Ok(())
}

/// A module in which every function of `least` bytes or more whose name holds one of these does nothing but stop
/// (WebAssembly core specification, sections 5.5.13 and 7.4.1); and how many functions each pattern emptied.
///
/// # Errors
/// If it is no module.
fn without(module: &[u8], patterns: &[Pattern], least: usize) -> Result<(Vec<u8>, Vec<usize>)> {
    /// No locals, `unreachable`, `end`.
    const STOP: [u8; 3] = [0, 0x00, 0x0b];
    let (_, functions) = functions(module)?;
    let mut counts = vec![0; patterns.len()];
    let mut code = CodeSection::new();
    for Function { name, body } in &functions {
        let found = patterns.iter().position(|(part, _)| name.contains(part));
        let found = found.filter(|_| body.len() >= least && !name.contains("drop_in_place"));
        if let Some(place) = found {
            counts[place] += 1;
        }
        code.raw(if found.is_some() { &STOP } else { &module[body.clone()] });
    }
    let mut out = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload?.as_section() {
            Some((10, _)) => out.section(&code),
            Some((id, range)) => out.section(&RawSection { id, data: &module[range] }),
            None => continue,
        };
    }
    Ok((out.finish(), counts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_named_is_emptied() {
        let module = |body: &str| {
            let text = format!(
                r#"(module (import "a" "b" (func)) (func $gemm_f64 {body}) (func $other nop)
                   (func $drop_in_place_gemm_f64 nop nop nop))"#
            );
            wat::parse_str(text).unwrap()
        };
        let before = module("nop nop nop");
        let emptied = |patterns: &[Pattern], least| without(&before, patterns, least).unwrap();
        assert_eq!(emptied(&[("gemm_f64", 1)], 5), (module("unreachable"), vec![1]));
        assert_eq!(emptied(&[("nothing", 1)], 5), (before.clone(), vec![0]));
        assert_eq!(emptied(&[("gemm_f64", 1)], 6), (before.clone(), vec![0]), "too short to be sure");
        assert!(without(&before[..before.len() - 1], &[("gemm_f64", 1)], 5).is_err(), "cut short");
    }

    #[test]
    fn a_pattern_that_matches_nothing_or_too_much_fails() {
        assert!(check(&[("a", 2), ("b", 1)], &[2, 1]).is_ok());
        assert!(check(&[("a", 2), ("b", 1)], &[2, 0]).unwrap_err().to_string().contains("named b"));
        assert!(check(&[("a", 2)], &[3]).unwrap_err().to_string().contains("3 functions"));
    }
}
