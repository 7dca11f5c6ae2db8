//! What the bytes of the wasm files are: by crate, and by the groups of functions within the largest ones.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use rustc_demangle::demangle;

use crate::{
    build, prune,
    tools::gzip,
    wasm::{Function, functions},
};

/// Crates shown of a module, and groups of functions shown of all its crates; the rest is summed up.
const SHOWN: usize = 24;

/// A crate's, or a group's, functions.
#[derive(Default)]
struct Share {
    functions: usize,
    code: Vec<u8>,
}

/// Prints two tables of each module of the page: bytes by crate, and by module of a crate.
///
/// The bytes are those of the compiled file without what `prune` empties. The second number is what gzip makes of that
/// share alone, so that the shares add up to somewhat more than the file.
pub fn print() -> Result<()> {
    for name in build::FIRST {
        let path = build::compiled(name);
        let module = std::fs::read(&path).with_context(|| format!("{}: build the page first", path.display()))?;
        let module = prune::prune(name, module)?;
        let (_, functions) = functions(&module)?;
        for (what, depth) in [("crate", 1), ("group of functions", 2)] {
            let mut shares: BTreeMap<String, Share> = BTreeMap::new();
            for Function { name, body } in &functions {
                let share = shares.entry(group(&format!("{:#}", demangle(name)), depth)).or_default();
                share.functions += 1;
                share.code.extend(&module[body.clone()]);
            }
            let mut shares: Vec<_> = shares.into_iter().collect();
            shares.sort_by_key(|(_, share)| std::cmp::Reverse(share.code.len()));
            println!("{:<58} {:>9} {:>9} {:>9}", format!("{name}, by {what}"), "functions", "bytes", "gzip -9");
            let (shown, rest) = shares.split_at(shares.len().min(SHOWN));
            for (group, share) in shown {
                let compressed = gzip(&share.code, 9)?.len();
                println!("{group:<58} {:>9} {:>9} {compressed:>9}", share.functions, share.code.len());
            }
            let sum = |measure: fn(&Share) -> usize| rest.iter().map(|(_, share)| measure(share)).sum::<usize>();
            println!("{:<58} {:>9} {:>9}\n", "all others", sum(|share| share.functions), sum(|share| share.code.len()));
        }
    }
    Ok(())
}

/// The first `depth` parts of the path of who wrote a function: the type's for `<a::T as b::U>::f` and `<a::T>::f`, the
/// trait's where the type is the language's own.
fn group(function: &str, depth: usize) -> String {
    let plain = function.trim_start_matches(['<', '&', '(', '[', '*']);
    let path = match plain.split_once(" as ") {
        Some((written, of)) if !written.contains("::") => of.trim_start_matches(['<', '&']),
        _ => plain,
    };
    let path = path.strip_prefix("dyn ").or_else(|| path.strip_prefix("mut ")).unwrap_or(path);
    // Types in brackets have paths of their own.
    let path = path.split(['<', '>', ' ', ',']).next().unwrap_or_default();
    let parts: Vec<_> = path.split("::").filter(|part| !part.is_empty()).take(depth).collect();
    if parts.is_empty() { "(without a name)".into() } else { parts.join("::") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_belongs_to_who_wrote_it() {
        for (function, one, two) in [
            ("retort_app::charts::curve::draw", "retort_app", "retort_app::charts"),
            ("<retort_spec::knobs::Knob as serde::Serialize>::serialize", "retort_spec", "retort_spec::knobs"),
            ("<u32 as core::fmt::Display>::fmt", "core", "core::fmt"),
            ("<alloc::vec::Vec<retort_app::a::B> as core::ops::Drop>::drop", "alloc", "alloc::vec"),
            ("core::ptr::drop_in_place::<retort_app::a::B>", "core", "core::ptr"),
            ("__rust_alloc", "__rust_alloc", "__rust_alloc"),
            ("", "(without a name)", "(without a name)"),
        ] {
            assert_eq!((group(function, 1).as_str(), group(function, 2).as_str()), (one, two), "{function}");
        }
    }
}
