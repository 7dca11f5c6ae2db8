//! The innermost loop of a product of matrices: what goes through registers, once in Rust and once as instructions.
//!
//! A tile of the result is six rows by eight columns, whose sums stay in registers while the inputs go by. From the
//! same loop in Rust a compiler for WebAssembly makes something that keeps sums in memory: it puts what is loaded first
//! and what is computed last, and whoever compiles that for the CPU finds more vectors alive than there are
//! registers. One sum in memory costs half of the speed. So its [instructions] are written out, two kilobytes, in an
//! order in which sums, one row of the right factor and one splat are alive, by `build.rs`, and linked when the engine
//! starts: with the fused multiply–add of relaxed SIMD where the browser has it, and otherwise for half of a tile at a
//! time.

use std::{cell::Cell, hint::black_box};

#[cfg(target_family = "wasm")]
use wide::f32x4;

use crate::{
    packing::{Panels, STEP},
    shape::{COLUMNS, ROWS},
};

/// The loop's signature: addresses of the left panels, of their places or zero, of the right panel and of the result;
/// inputs; bytes between rows of the result; tiles, one below the other. Adds to the result.
type Microkernel =
    extern "C" fn(left: usize, places: usize, right: usize, to: usize, depth: usize, stride: usize, tiles: usize);

thread_local! {
    /// Whether the loop was linked.
    static LINKED: Cell<bool> = const { Cell::new(false) };
}

#[cfg(not(target_family = "wasm"))]
thread_local! {
    /// Which vectors the CPU has.
    static ARCH: pulp::Arch = pulp::Arch::new();
}

/// The loop as a WebAssembly module with one export, `"microkernel"`; it imports a memory, `"engine" "memory"`. A
/// browser without relaxed SIMD refuses the fused one.
pub fn instructions(fused: bool) -> &'static [u8] {
    match fused {
        true => include_bytes!(concat!(env!("OUT_DIR"), "/fused.wasm")),
        false => include_bytes!(concat!(env!("OUT_DIR"), "/plain.wasm")),
    }
}

/// Says whether [instructions] stand in the table of functions at [`table_slot`].
pub fn link(linked: bool) {
    LINKED.set(linked);
}

/// Where in a WebAssembly module's table of functions the loop is to be put.
#[inline(never)]
pub fn table_slot() -> usize {
    black_box(unlinked as Microkernel) as usize
}

/// What stands there until then. Were it inlined anywhere, there would be two of it and two places.
#[inline(never)]
extern "C" fn unlinked(_: usize, _: usize, _: usize, _: usize, _: usize, _: usize, _: usize) {}

/// Adds the product of packed panels to `to`, tile by tile downwards.
///
/// # Shapes
/// `right`: `[depth, COLUMNS]`, `to`: `[tiles · ROWS, COLUMNS]`, its rows `stride` apart. Says whether they fit.
pub fn add(left: Panels<'_>, right: &[f32], to: &mut [f32], stride: usize) -> bool {
    let Panels { numbers, places, tiles, depth } = left;
    if tiles == 0 || depth == 0 {
        return true;
    }
    if !left.fits() || right.len() < depth * COLUMNS || to.len() < (tiles * ROWS - 1) * stride + COLUMNS {
        return false;
    }
    if LINKED.get() {
        let [numbers, right] = [numbers, right].map(|numbers| numbers.as_ptr().expose_provenance());
        let places = places.map_or(0, |places| places.as_ptr().expose_provenance());
        let to = to.as_mut_ptr().expose_provenance();
        black_box(unlinked as Microkernel)(numbers, places, right, to, depth, stride * size_of::<f32>(), tiles);
    } else {
        #[cfg(target_family = "wasm")]
        add_tiles(left, right, to, stride);
        // The same order of operations in wider vectors, so the same sums to the last digit.
        #[cfg(not(target_family = "wasm"))]
        ARCH.with(|arch| arch.dispatch(|| add_tiles(left, right, to, stride)));
    }
    true
}

/// The loop in Rust: where nothing was linked, and what the instructions are held to.
#[inline(always)]
fn add_tiles(left: Panels<'_>, right: &[f32], to: &mut [f32], stride: usize) {
    let right = right.as_chunks().0;
    for tile in 0..left.tiles {
        let (count, entries, places) = left.tile(tile);
        let sums = match places {
            None => sums(entries[..count].iter().zip(right)),
            Some(places) => sums((0..count).map(|input| (&entries[input], &right[places[input] as usize / STEP]))),
        };
        for (row, sums) in sums.iter().enumerate() {
            let to = &mut to[(tile * ROWS + row) * stride..][..COLUMNS];
            to.iter_mut().zip(sums.as_flattened()).for_each(|(to, sum)| *to += sum);
        }
    }
}

/// The sums of a tile.
#[cfg(target_family = "wasm")]
#[inline(always)]
fn sums<'a>(inputs: impl Iterator<Item = (&'a [f32; ROWS], &'a [f32; COLUMNS])>) -> [[[f32; 4]; 2]; ROWS] {
    let mut sums = [[f32x4::ZERO; 2]; ROWS];
    for (left, [a, b, c, d, e, f, g, h]) in inputs {
        let right = [f32x4::new([*a, *b, *c, *d]), f32x4::new([*e, *f, *g, *h])];
        for (sums, &left) in sums.iter_mut().zip(left) {
            for (sum, right) in sums.iter_mut().zip(right) {
                *sum += f32x4::splat(left) * right;
            }
        }
    }
    sums.map(|sums| sums.map(f32x4::to_array))
}

/// The sums of a tile, without vectors of a width: the compiler takes what the CPU has.
#[cfg(not(target_family = "wasm"))]
#[inline(always)]
fn sums<'a>(inputs: impl Iterator<Item = (&'a [f32; ROWS], &'a [f32; COLUMNS])>) -> [[[f32; 4]; 2]; ROWS] {
    let mut sums = [[0.0; COLUMNS]; ROWS];
    for (left, right) in inputs {
        for (sums, &left) in sums.iter_mut().zip(left) {
            for (sum, right) in sums.iter_mut().zip(right) {
                *sum += left * right;
            }
        }
    }
    sums.map(|[a, b, c, d, e, f, g, h]| [[a, b, c, d], [e, f, g, h]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        matrix::Matrix,
        packing::{PackedLhs, tests::wave},
    };
    use wasmi::{Config, Engine, Linker, Memory, MemoryType, Module, Store};

    /// What the instructions make of the same panels, in an interpreter.
    fn by_instructions(fused: bool, left: Panels<'_>, right: &[f32], to: &[f32], stride: usize) -> Vec<f32> {
        let mut config = Config::default();
        config.wasm_simd(true).wasm_relaxed_simd(true);
        let engine = Engine::new(&config);
        let module = Module::new(&engine, instructions(fused)).unwrap();
        let mut store = Store::new(&engine, ());
        let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
        let mut places = Vec::new();
        let mut bytes = vec![0; 64];
        let numbers = |numbers: &[f32]| numbers.iter().map(|number| number.to_bits()).collect::<Vec<u32>>();
        let gathered = left.places.map_or_else(Vec::new, <[u32]>::to_vec);
        for part in [numbers(left.numbers), gathered, numbers(right), numbers(to)] {
            places.push(bytes.len() as i32);
            bytes.extend(part.iter().flat_map(|number| number.to_le_bytes()));
        }
        memory.write(&mut store, 0, &bytes).unwrap();
        let mut linker = Linker::new(&engine);
        linker.define("engine", "memory", memory).unwrap();
        let instance = linker.instantiate_and_start(&mut store, &module).unwrap();
        if left.places.is_none() {
            places[1] = 0;
        }
        let run = instance.get_typed_func::<(i32, i32, i32, i32, i32, i32, i32), ()>(&store, "microkernel").unwrap();
        let [depth, stride, tiles] = [left.depth, stride * size_of::<f32>(), left.tiles].map(|number| number as i32);
        run.call(&mut store, (places[0], places[1], places[2], places[3], depth, stride, tiles)).unwrap();
        let after = &memory.data(&store)[places[3] as usize..][..size_of_val(to)];
        after.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()
    }

    #[test]
    fn the_instructions_do_what_the_loop_in_rust_does() {
        fn check(fused: bool) {
            for (tiles, depth, stride, zeros) in [(1, 1, COLUMNS, 0), (1, 37, 20, 0), (3, 5, 11, 3), (8, 9, 8, 9)] {
                let (rows, mut left) = (tiles * ROWS, wave(tiles * ROWS * depth, 0.7));
                // All tiles but the last one are zero at their first inputs.
                left.chunks_exact_mut(depth).take(rows - ROWS).for_each(|row| row[..zeros].fill(-0.0));
                let (right, before) = (wave(depth * COLUMNS, 0.3), wave(rows * stride, 1.1));
                let mut expected = before.clone();
                for (place, to) in expected.iter_mut().enumerate().filter(|(place, _)| place % stride < COLUMNS) {
                    let row = &left[place / stride * depth..][..depth];
                    let inputs = row.iter().zip(right[place % stride..].iter().step_by(COLUMNS));
                    *to += inputs.map(|(left, right)| left * right).sum::<f32>();
                }
                let across: Vec<f32> = (0..rows * depth).map(|at| left[at % rows * depth + at / rows]).collect();
                let across = Matrix::with_rows(&across, depth).transposed();
                let mut lefts = PackedLhs::default();
                for (left, sparse) in [Matrix::with_rows(&left, rows), across]
                    .into_iter()
                    .flat_map(|left| [true, false].map(|sparse| (left, sparse)))
                {
                    // What was there before is another product's.
                    lefts.read(Matrix::with_rows(&[0.9; 1000], 10), (0, 100), true);
                    let left = lefts.read(left, (0, depth), sparse);
                    let mut ours = before.clone();
                    let found = by_instructions(fused, left, &right, &ours, stride);
                    assert!(add(left, &right, &mut ours, stride));
                    for ((found, ours), expected) in found.into_iter().zip(ours).zip(&expected) {
                        assert!((found - expected).abs() < 1e-5, "{found} {expected}");
                        assert!((ours - expected).abs() < 1e-5, "{ours} {expected}");
                    }
                }
            }
        }
        check(true);
        check(false);
    }

    #[test]
    fn panels_that_do_not_fit_are_refused() {
        let left = Panels { numbers: &[1.0; ROWS], places: None, tiles: 1, depth: 1 };
        const ALL: usize = ROWS * COLUMNS;
        assert!(!add(left, &[0.0; COLUMNS - 1], &mut [0.0; ALL], COLUMNS));
        assert!(!add(left, &[0.0; COLUMNS], &mut [0.0; ALL - 1], COLUMNS));
        assert!(!add(Panels { numbers: &[1.0; ROWS - 1], ..left }, &[0.0; COLUMNS], &mut [0.0; ALL], COLUMNS));
        assert!(add(left, &[0.0; COLUMNS], &mut [0.0; ALL], COLUMNS));
        assert!(add(Panels { numbers: &[], tiles: 0, ..left }, &[], &mut [], COLUMNS));
    }
}
