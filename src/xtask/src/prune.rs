//! Functions that are linked and never called, emptied before wasm-bindgen reads the module: its collector then drops
//! what only they called.
//!
//! burn chooses the type of numbers when a program runs, so that the linker must keep all of quantized tensors,
//! conversions between a dozen types in engines that know f32 and i32 alone, and products of matrices in engines that
//! have their own on the processor. CubeCL's kernels are a graph of operations each of which could also be read from
//! text. Whoever called an emptied function would be told "unreachable".

use std::{env, ffi::OsString, path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};

use crate::tools::root;

/// Set to the real wasm-bindgen where this program stands in for it.
pub const REAL: &str = "RETORT_WASM_BINDGEN";

/// Parts of the mangled names of what is emptied in every engine.
const NEVER_CALLED: [&str; 13] = [
    "gemm_f64",
    "gemm_f32",
    "gemm_f16",
    "gemm_common",
    "_ZN4gemm",
    "burn_flex3ops6matmul",
    "burn_backend12quantization",
    "burn_std6tensor12quantization",
    "burn_flex3ops7qtensor",
    "QTensorOps",
    "cubecl_common5quant",
    "TensorData$GT$14try_cast_clone",
    "TensorData$GT$16try_cast_inplace",
];

/// Bytes that an emptied function has at least: functions that came out the same are kept once, under the name of any
/// of them, which happens to short ones.
const LEAST: usize = 128;

/// The same of the engine of the GPU besides.
const NEVER_CALLED_ON_CARDS: [&str; 4] =
    ["cubek_quant", "Parsable$GT$5parse", "canonical_syntax_parse_impl", "combine..parser..FirstMode"];

/// What is emptied in a module, by its name.
fn emptied(module: &str) -> Option<Vec<&'static str>> {
    match module {
        "engine-cpu.wasm" => Some(NEVER_CALLED.to_vec()),
        "engine-gpu.wasm" => Some([&NEVER_CALLED[..], &NEVER_CALLED_ON_CARDS].concat()),
        _ => None,
    }
}

/// Does wasm-bindgen's work on a module without what is never called, if this program was started under its name.
pub fn stand_in() -> Option<Result<()>> {
    let real = env::var_os(REAL)?;
    let name = env::args_os().next()?;
    Path::new(&name).file_stem().is_some_and(|stem| stem == "wasm-bindgen").then(|| bind(&real))
}

fn bind(real: &OsString) -> Result<()> {
    let folder = root().join("target/pruned");
    std::fs::create_dir_all(&folder)?;
    let mut arguments = Vec::new();
    for argument in env::args_os().skip(1) {
        let path = Path::new(&argument);
        let name = path.file_name().and_then(|name| name.to_str()).filter(|_| path.is_file());
        match name.and_then(emptied) {
            Some(names) => {
                let module = std::fs::read(path)?;
                let pruned =
                    without(&module, &names, LEAST).with_context(|| format!("{} is no wasm", path.display()))?;
                let place = folder.join(path.file_name().unwrap_or_default());
                std::fs::write(&place, pruned)?;
                arguments.push(place.into_os_string());
            }
            None => arguments.push(argument),
        }
    }
    let status = Command::new(real).args(arguments).status().context("wasm-bindgen")?;
    ensure!(status.success(), "wasm-bindgen failed: {status}");
    Ok(())
}

/// A module in which every function of `least` bytes or more whose name holds one of these does nothing but stop
/// (WebAssembly core specification, sections 5.5.13 and 7.4.1). `None` if it is no module.
fn without(module: &[u8], names: &[&str], least: usize) -> Option<Vec<u8>> {
    const HEADER: usize = 8;
    /// No locals, `unreachable`, `end`.
    const STOP: [u8; 4] = [3, 0, 0x00, 0x0b];
    let mut sections = Vec::new();
    let mut at = HEADER;
    while at < module.len() {
        let kind = module[at];
        let (length, contents) = number(module, at + 1)?;
        let end = contents + length;
        sections.push((kind, at, module.get(contents..end)?));
        at = end;
    }
    let of = |wanted: u8| sections.iter().find(|(kind, ..)| *kind == wanted).map(|(.., contents)| *contents);
    let imported = of(2).map_or(Some(0), imported_functions)?;
    let named = sections.iter().filter(|(kind, ..)| *kind == 0).find_map(|(.., contents)| function_names(contents))?;
    let dropped: Vec<usize> = named
        .into_iter()
        .filter(|(_, name)| names.iter().any(|part| name.contains(part)) && !name.contains("drop_in_place"))
        .filter_map(|(index, _)| index.checked_sub(imported))
        .collect();
    let mut out = module.get(..HEADER)?.to_vec();
    for (kind, start, contents) in &sections {
        let end = contents.as_ptr() as usize - module.as_ptr() as usize + contents.len();
        if *kind != 10 {
            out.extend(&module[*start..end]);
            continue;
        }
        let (count, mut at) = number(contents, 0)?;
        let mut code = contents.get(..at)?.to_vec();
        for index in 0..count {
            let (length, body) = number(contents, at)?;
            let whole = contents.get(at..body + length)?;
            code.extend(if length >= least && dropped.contains(&index) { &STOP } else { whole });
            at = body + length;
        }
        out.push(10);
        put_number(&mut out, code.len());
        out.extend(code);
    }
    Some(out)
}

/// How many functions an import section imports.
fn imported_functions(section: &[u8]) -> Option<usize> {
    let (count, mut at) = number(section, 0)?;
    let mut functions = 0;
    for _ in 0..count {
        for _ in 0..2 {
            let (length, text) = number(section, at)?;
            at = text + length;
        }
        let kind = *section.get(at)?;
        at += 1;
        let limits = |at: usize| {
            let flags = *section.get(at)?;
            let (_, next) = number(section, at + 1)?;
            if flags & 1 == 1 { number(section, next).map(|(_, next)| next) } else { Some(next) }
        };
        at = match kind {
            0 => {
                functions += 1;
                number(section, at)?.1
            }
            1 => limits(at + 1)?,
            2 => limits(at)?,
            3 => at + 2,
            _ => return None,
        };
    }
    Some(functions)
}

/// The functions that a custom section names, if it is the section of names.
fn function_names(section: &[u8]) -> Option<Vec<(usize, &str)>> {
    let rest = section.strip_prefix(b"\x04name")?;
    let mut at = 0;
    while at < rest.len() {
        let kind = rest[at];
        let (length, mut place) = number(rest, at + 1)?;
        at = place + length;
        // Subsection 1 names functions.
        if kind != 1 {
            continue;
        }
        let (count, next) = number(rest, place)?;
        place = next;
        let mut names = Vec::with_capacity(count);
        for _ in 0..count {
            let (index, next) = number(rest, place)?;
            let (length, text) = number(rest, next)?;
            names.push((index, std::str::from_utf8(rest.get(text..text + length)?).ok()?));
            place = text + length;
        }
        return Some(names);
    }
    None
}

/// A LEB128 number and where it ends.
fn number(bytes: &[u8], mut at: usize) -> Option<(usize, usize)> {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = *bytes.get(at)?;
        at += 1;
        value |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 {
            return Some((value, at));
        }
        if shift > 35 {
            return None;
        }
    }
}

fn put_number(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_named_is_emptied() {
        // One imported function, two own ones: 1 `gemm_f64` of a `nop`, 2 `other` of a `nop`.
        let header = *b"\0asm\x01\0\0\0";
        let import = [2, 7, 1, 1, b'a', 1, b'b', 0, 0];
        let code = |first: &[u8]| {
            let mut code = vec![2];
            code.extend(first);
            code.extend([3, 0, 1, 0x0b]);
            [&[10, code.len() as u8][..], &code].concat()
        };
        let mut names = b"\x04name".to_vec();
        let list = [&[2, 1, 8][..], b"gemm_f64", &[2, 5], b"other"].concat();
        names.extend([&[1, list.len() as u8][..], &list].concat());
        let names = [&[0, names.len() as u8][..], &names].concat();
        let module = |first: &[u8]| [&header[..], &import, &code(first), &names].concat();
        let before = module(&[4, 0, 1, 1, 0x0b]);
        assert_eq!(without(&before, &["gemm_f64"], 4), Some(module(&[3, 0, 0, 0x0b])));
        assert_eq!(without(&before, &["nothing"], 4), Some(before.clone()));
        assert_eq!(without(&before, &["gemm_f64"], 5), Some(before.clone()), "too short to be sure");
        assert_eq!(without(&before[..before.len() - 1], &["gemm_f64"], 4), None, "cut short");
    }
}
