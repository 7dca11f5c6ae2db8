//! The last hand on a wasm file: names of functions go, memory is bounded, and functions that resemble each other stand
//! next to each other.
//!
//! gzip (DEFLATE, RFC 1951) looks back 32 kB and no further. The linker's order puts what was made from one generic
//! function for two types further apart than that; side by side, the second costs next to nothing.

use std::{
    cmp::Reverse,
    collections::{HashMap, VecDeque},
};

use anyhow::{Context as _, Result};
use wasm_encoder::{
    CodeSection, FunctionSection, Module,
    reencode::{Error, Reencode, utils},
};
use wasmparser::{CodeSectionReader, CustomSectionReader, FunctionBody, FunctionSectionReader, Parser};

use crate::{tools::gzip, wasm::functions};

/// Smallest hashes that stand for a function: the share of them that two have in common estimates the share of their
/// shingles (Broder 1997, "On the resemblance and containment of documents").
const HASHES: usize = 256;
/// Bytes of a shingle: an instruction and what it is about.
const SHINGLE: usize = 5;

/// Functions, the last ones, whose likes are looked at for the next place.
const RECENT: usize = 5;
/// So many of the most similar ones are tried against what gzip still sees.
const TRIED: usize = 16;
/// What gzip still sees, in bytes.
const WINDOW: usize = 32_768;
/// Bytes of a sequence that counts as seen.
const SEEN: usize = 8;
/// Short functions are seen by accident: so many unseen sequences are added to each. Which of these numbers is best is
/// a matter of chance: all are tried, and the order that gzip makes the least of is taken, one or two kilobytes less.
const DOUBTS: [usize; 3] = [60, 100, 150];

/// A module with so many bytes of code gets one try: the GPU engine, which is slow to put in order and seldom fetched.
const LARGE: usize = 3_000_000;

/// Only the first of many functions with the same hash are looked at: what all have in common tells them not apart.
const MOST: usize = 200;

/// Pages of 64 KiB that a module's memory may grow to: two gigabytes, as the page says, so that a few workers leave a
/// laptop some room.
const MOST_PAGES: u64 = 2_000_000_000 / 65_536;

/// A module that does the same and is smaller when it is compressed.
///
/// # Errors
/// Where it is no module.
pub fn reorder(module: &[u8]) -> Result<Vec<u8>> {
    with_order(module, best_chain)
}

/// The same with the functions in the linker's order, to see what the other order saves.
///
/// # Errors
/// Where it is no module.
pub fn unordered(module: &[u8]) -> Result<Vec<u8>> {
    with_order(module, |bodies| (0..bodies.len()).collect())
}

fn with_order(module: &[u8], order: fn(&[&[u8]]) -> Vec<usize>) -> Result<Vec<u8>> {
    let (imported, functions) = functions(module)?;
    let bodies: Vec<&[u8]> = functions.iter().map(|function| &module[function.body.clone()]).collect();
    let order = order(&bodies);
    let mut places = vec![0; order.len()];
    (0..).zip(&order).for_each(|(place, &function)| places[function] = place);
    let mut arranged = Module::new();
    Arranged { imported, order, places }
        .parse_core_module(&mut arranged, Parser::new(0), module)
        .context("a module")?;
    Ok(arranged.finish())
}

/// Who has a hash, by the hash and its place among a function's hashes.
type Holders = HashMap<(usize, u32), Vec<usize>>;

/// The best of some chains.
fn best_chain(bodies: &[&[u8]]) -> Vec<usize> {
    let marks: Vec<[u32; HASHES]> = bodies.iter().map(|body| mark(body)).collect();
    let mut holders = Holders::new();
    for (function, mark) in marks.iter().enumerate() {
        mark.iter().enumerate().for_each(|hash| holders.entry((hash.0, *hash.1)).or_default().push(function));
    }
    let bytes: usize = bodies.iter().map(|body| body.len()).sum();
    let doubts = if bytes < LARGE { &DOUBTS[..] } else { &DOUBTS[1..2] };
    let chains: Vec<Vec<usize>> = doubts.iter().map(|&doubt| chain(bodies, &marks, holders.clone(), doubt)).collect();
    let length = |order: &Vec<usize>| {
        let code: Vec<u8> = order.iter().flat_map(|&function| bodies[function]).copied().collect();
        // What cannot be compressed is as long as it is.
        gzip(&code, 9).map_or(code.len(), |file| file.len())
    };
    chains.into_iter().min_by_key(length).unwrap_or_default()
}

/// From the largest function on always that of the most similar ones of which gzip has seen the largest part; where
/// none is similar, the largest.
///
/// Similarity alone, without a look at what is still seen, made app and CPU engine 4 kB larger.
fn chain(bodies: &[&[u8]], marks: &[[u32; HASHES]], mut holders: Holders, doubt: usize) -> Vec<usize> {
    let mut by_size: Vec<usize> = (0..bodies.len()).collect();
    by_size.sort_by_key(|&function| bodies[function].len());
    let mut left = vec![true; bodies.len()];
    let mut order = Vec::with_capacity(bodies.len());
    let mut next = by_size.pop();
    // How many hashes who has in common with each of the last few.
    let mut recent: VecDeque<HashMap<usize, u32>> = VecDeque::new();
    let mut seen = Seen::default();
    while let Some(function) = next {
        order.push(function);
        left[function] = false;
        let mut alike: HashMap<usize, u32> = HashMap::new();
        for hash in marks[function].iter().enumerate() {
            if let Some(holders) = holders.get_mut(&(hash.0, *hash.1)) {
                holders.retain(|&other| left[other]);
                holders.iter().take(MOST).for_each(|&other| *alike.entry(other).or_default() += 1);
            }
        }
        recent.push_front(alike);
        recent.truncate(RECENT);
        let mut sums: HashMap<usize, u32> = HashMap::new();
        for (alike, weight) in recent.iter().zip((1..=RECENT as u32).rev()) {
            alike.iter().for_each(|(&other, same)| *sums.entry(other).or_default() += same * weight);
        }
        seen.add(function, bodies);
        let mut tried: Vec<(u32, usize)> =
            sums.into_iter().filter(|&(other, _)| left[other]).map(|(other, sum)| (sum, other)).collect();
        // The number of the function is for the same order every time.
        tried.sort_unstable_by_key(|&candidate| Reverse(candidate));
        tried.truncate(TRIED);
        let part = |&(sum, other): &(u32, usize)| (seen.part_of(bodies[other], doubt), sum, other);
        next = tried.iter().map(part).max().map(|(_, _, other)| other);
        while next.is_none()
            && let Some(largest) = by_size.pop()
        {
            next = Some(largest).filter(|&largest| left[largest]);
        }
    }
    order
}

/// The sequences of bytes that gzip still sees.
#[derive(Default)]
struct Seen {
    sequences: HashMap<[u8; SEEN], u32>,
    functions: VecDeque<usize>,
    bytes: usize,
}

impl Seen {
    /// A function comes behind the others, and those out of reach are forgotten.
    fn add(&mut self, function: usize, bodies: &[&[u8]]) {
        for sequence in bodies[function].array_windows() {
            *self.sequences.entry(*sequence).or_default() += 1;
        }
        self.functions.push_back(function);
        self.bytes += bodies[function].len();
        while self.bytes > WINDOW
            && let Some(first) = self.functions.pop_front()
        {
            self.bytes -= bodies[first].len();
            for sequence in bodies[first].array_windows() {
                if let Some(count) = self.sequences.get_mut(sequence) {
                    *count -= 1;
                    if *count == 0 {
                        self.sequences.remove(sequence);
                    }
                }
            }
        }
    }

    /// How much of a function was seen, in millionths, that and so many unseen sequences being all of it.
    fn part_of(&self, body: &[u8], doubt: usize) -> usize {
        let all = body.len().saturating_sub(SEEN - 1);
        let hits = body.array_windows().filter(|sequence: &&[u8; SEEN]| self.sequences.contains_key(*sequence)).count();
        1_000_000 * hits / (all + doubt)
    }
}

/// The smallest of each of some hashes of a function's shingles.
fn mark(body: &[u8]) -> [u32; HASHES] {
    // Odd numbers of the golden ratio's sequence, as of SplitMix64.
    let stirs: [u64; HASHES] = std::array::from_fn(|which| (which as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut least = [u32::MAX; HASHES];
    for shingle in body.windows(SHINGLE) {
        // FNV-1a, stirred otherwise for each.
        let hash = shingle
            .iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        for (least, stir) in least.iter_mut().zip(stirs) {
            *least = (*least).min((hash.wrapping_mul(stir) >> 32) as u32);
        }
    }
    least
}

/// A module with its functions in another order.
struct Arranged {
    /// Functions that come from outside keep their numbers, the first ones.
    imported: u32,
    /// Which function stands at each place.
    order: Vec<usize>,
    /// At which place each function stands.
    places: Vec<u32>,
}

impl Reencode for Arranged {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Self::Error>> {
        let own = function.checked_sub(self.imported).and_then(|own| self.places.get(own as usize));
        Ok(own.map_or(function, |place| self.imported + place))
    }

    fn memory_type(&mut self, memory: wasmparser::MemoryType) -> Result<wasm_encoder::MemoryType, Error<Self::Error>> {
        let most = memory.maximum.map_or(MOST_PAGES, |most| most.min(MOST_PAGES));
        Ok(wasm_encoder::MemoryType { maximum: Some(most), ..utils::memory_type(self, memory) })
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        let types = section.into_iter().collect::<Result<Vec<u32>, _>>()?;
        self.order.iter().filter_map(|&function| types.get(function)).for_each(|&of| {
            functions.function(of);
        });
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        let bodies = section.into_iter().collect::<Result<Vec<FunctionBody<'_>>, _>>()?;
        for function in self.order.clone() {
            if let Some(body) = bodies.get(function) {
                self.parse_function_body(code, body.clone())?;
            }
        }
        Ok(())
    }

    fn parse_custom_section(
        &mut self,
        module: &mut Module,
        section: CustomSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        match section.name() {
            // A tenth of what a visitor waits for, and no visitor reads it.
            "name" => Ok(()),
            _ => utils::parse_custom_section(self, module, section),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Functions that call each other, by number, by name and by table.
    const MODULE: &str = r#"(module
        (import "host" "log" (func $log (param i32)))
        (table funcref (elem $nine $twice))
        (memory (export "memory") 1)
        (func $small (export "small") (result i32) (i32.const 7))
        (func $twice (param i32) (result i32) (i32.add (local.get 0) (local.get 0)))
        (func $main (export "main") (result i32)
            (call $log (i32.const 1))
            (i32.add (call $twice (call $small)) (call_indirect (result i32) (i32.const 0))))
        (func $nine (result i32) (i32.const 9))
        (func $large (export "large") (result i32)
            (i32.mul (call $main) (i32.mul (call $nine) (i32.mul (call $nine) (call $nine))))))"#;

    #[test]
    fn an_arranged_module_does_the_same() {
        let module = wat::parse_str(MODULE).unwrap();
        let arranged = reorder(&module).unwrap();
        assert!(arranged != module && arranged.len() < module.len());
        for (module, most) in [(module, None), (arranged, Some(MOST_PAGES))] {
            let engine = wasmi::Engine::default();
            let mut store = wasmi::Store::new(&engine, 0);
            let mut linker = wasmi::Linker::new(&engine);
            linker
                .func_wrap("host", "log", |mut caller: wasmi::Caller<'_, i32>, add: i32| *caller.data_mut() += add)
                .unwrap();
            let module = wasmi::Module::new(&engine, &module).unwrap();
            let instance = linker.instantiate_and_start(&mut store, &module).unwrap();
            assert_eq!(instance.get_memory(&store, "memory").unwrap().ty(&store).maximum(), most);
            for (name, result) in [("small", 7), ("main", 23), ("large", 23 * 729)] {
                let function = instance.get_typed_func::<(), i32>(&store, name).unwrap();
                assert_eq!(function.call(&mut store, ()).unwrap(), result);
            }
            assert_eq!(*store.data(), 2);
        }
        assert!(reorder(b"no module").is_err());
    }

    #[test]
    fn what_is_alike_stands_together() {
        let [one, other] = [3_u8, 101].map(|pace| (0..200_u8).map(|i| i.wrapping_mul(pace)).collect::<Vec<u8>>());
        let (mut near, mut close) = (one.clone(), other.clone());
        (near[20], close[70]) = (9, 9);
        let bodies: Vec<&[u8]> = vec![&one, &other, &near, &close, &[1, 2]];
        let order = best_chain(&bodies);
        let place = |function: usize| order.iter().position(|&at| at == function).unwrap();
        assert_eq!((place(0).abs_diff(place(2)), place(1).abs_diff(place(3))), (1, 1), "{order:?}");
    }
}
