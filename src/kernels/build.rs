//! Writes the innermost loop of a product of matrices as WebAssembly modules; `src/microkernel.rs` says why.

#[path = "src/shape.rs"]
mod shape;

use std::{env, error::Error, fs, ops::Range, path::Path};

use shape::{COLUMNS, ROWS};
use wasm_encoder::{
    BlockType, CodeSection, EntityType, ExportKind, ExportSection, Function, FunctionSection, ImportSection,
    InstructionSink, MemArg, MemoryType, Module, TypeSection, ValType,
};

/// The parameters: addresses of the left panels, of their places or zero, of the right panel and of the result; inputs;
/// bytes between rows of the result; tiles.
const LEFT: u32 = 0;
const PLACES: u32 = 1;
const RIGHT: u32 = 2;
const TO: u32 = 3;
const DEPTH: u32 = 4;
const STRIDE: u32 = 5;
const TILES: u32 = 6;
/// Variables: where in the left panel, in its places, in the right panel and in the result, and how many inputs are
/// left.
const OWN: u32 = 7;
const PLACE: u32 = 8;
const AT: u32 = 9;
const ROW: u32 = 10;
const REST: u32 = 11;
/// Vectors: a splat of the left factor, the right factor, and from here on the sums.
const SPLAT: u32 = 12;
const RIGHTS: u32 = 13;
const SUMS: u32 = RIGHTS + HALVES;
/// Vectors in a row of a tile.
const HALVES: u32 = COLUMNS as u32 / 4;

/// Bytes of a number and of a vector.
const NUMBER: u32 = 4;
const VECTOR: u32 = 16;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/shape.rs");
    let folder = env::var("OUT_DIR")?;
    for (name, fused) in [("fused.wasm", true), ("plain.wasm", false)] {
        fs::write(Path::new(&folder).join(name), module(fused))?;
    }
    Ok(())
}

fn module(fused: bool) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32; 7], []);
    let memory = MemoryType { minimum: 0, maximum: None, memory64: false, shared: false, page_size_log2: None };
    let mut imports = ImportSection::new();
    imports.import("engine", "memory", EntityType::Memory(memory));
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut exports = ExportSection::new();
    exports.export("microkernel", ExportKind::Func, 0);
    let mut code = CodeSection::new();
    let mut function = Function::new([(SPLAT - OWN, ValType::I32), (1 + HALVES + ROWS as u32 * HALVES, ValType::V128)]);
    write(&mut function.instructions(), fused);
    code.function(&function);
    let mut module = Module::new();
    module.section(&types).section(&imports).section(&functions).section(&exports).section(&code);
    module.finish()
}

fn write(to: &mut InstructionSink<'_>, fused: bool) {
    // Otherwise a product needs a register before it is added, and browsers keep one for themselves: half of the rows,
    // twice.
    let rows = ROWS as u32;
    let some = if fused { rows } else { rows / 2 };
    to.loop_(BlockType::Empty);
    to.block(BlockType::Empty);
    for part in (0..rows).step_by(some as usize).map(|first| first..first + some) {
        for (row, half) in tile(&part) {
            to.v128_const(0).local_set(sum(row, half));
        }
        to.local_get(LEFT).local_set(OWN);
        to.local_get(PLACES).if_(BlockType::Empty);
        // A tile without inputs adds nothing.
        to.local_get(PLACES).i32_load(at(0)).local_tee(REST).i32_eqz().br_if(1);
        to.local_get(PLACES).local_set(PLACE);
        repeat(to, fused, |to| {
            add(to, PLACE, NUMBER);
            to.local_get(RIGHT).local_get(PLACE).i32_load(at(0)).i32_add().local_set(AT);
            input(to, &part, fused);
        });
        to.else_();
        to.local_get(RIGHT).local_set(AT);
        to.local_get(DEPTH).local_set(REST);
        repeat(to, fused, |to| {
            input(to, &part, fused);
            add(to, AT, COLUMNS as u32 * NUMBER);
        });
        to.end();

        // The sums are added to the result.
        to.local_get(STRIDE).i32_const(part.start as i32).i32_mul().local_get(TO).i32_add().local_set(ROW);
        for (row, half) in tile(&part) {
            let at = at(half * VECTOR);
            to.local_get(ROW).local_get(ROW).v128_load(at).local_get(sum(row, half)).f32x4_add().v128_store(at);
            if half == HALVES - 1 {
                to.local_get(ROW).local_get(STRIDE).i32_add().local_set(ROW);
            }
        }
    }
    to.end();

    // All tiles have room for as many inputs, and for how many they have.
    to.local_get(DEPTH).i32_const((rows * NUMBER) as i32).i32_mul().local_get(LEFT).i32_add().local_set(LEFT);
    to.local_get(DEPTH).i32_const(1).i32_add().i32_const(NUMBER as i32).i32_mul().local_get(PLACES).i32_add();
    to.i32_const(0).local_get(PLACES).select().local_set(PLACES);
    to.local_get(STRIDE).i32_const(rows as i32).i32_mul().local_get(TO).i32_add().local_set(TO);
    count_down(to, TILES);
    to.end();
}

/// Does something as often as there are inputs left, where it is short twice a turn: browsers look at every turn
/// whether they are to interrupt it.
fn repeat(to: &mut InstructionSink<'_>, fused: bool, once: impl Fn(&mut InstructionSink<'_>)) {
    if !fused {
        to.loop_(BlockType::Empty);
        once(to);
        count_down(to, REST);
        return;
    }
    to.local_get(REST).i32_const(1).i32_and().if_(BlockType::Empty);
    once(to);
    to.end();
    to.local_get(REST).i32_const(1).i32_shr_u().local_tee(REST).if_(BlockType::Empty);
    to.loop_(BlockType::Empty);
    once(to);
    once(to);
    count_down(to, REST);
    to.end();
}

/// A vector of the sums.
fn sum(row: u32, half: u32) -> u32 {
    SUMS + row * HALVES + half
}

/// The vectors of some rows of a tile, row by row.
fn tile(rows: &Range<u32>) -> impl Iterator<Item = (u32, u32)> {
    rows.clone().flat_map(|row| (0..HALVES).map(move |half| (row, half)))
}

fn at(offset: u32) -> MemArg {
    MemArg { offset: offset.into(), align: 2, memory_index: 0 }
}

/// An input adds to the sums of some rows.
fn input(to: &mut InstructionSink<'_>, rows: &Range<u32>, fused: bool) {
    for half in 0..HALVES {
        to.local_get(AT).v128_load(at(half * VECTOR)).local_set(RIGHTS + half);
    }
    for (row, half) in tile(rows) {
        if half == 0 {
            to.local_get(OWN).v128_load32_splat(at(row * NUMBER)).local_set(SPLAT);
        }
        let sum = sum(row, half);
        match fused {
            true => to.local_get(SPLAT).local_get(RIGHTS + half).local_get(sum).f32x4_relaxed_madd(),
            false => to.local_get(sum).local_get(SPLAT).local_get(RIGHTS + half).f32x4_mul().f32x4_add(),
        }
        .local_set(sum);
    }
    add(to, OWN, ROWS as u32 * NUMBER);
}

/// Adds to a variable.
fn add(to: &mut InstructionSink<'_>, variable: u32, bytes: u32) {
    to.local_get(variable).i32_const(bytes as i32).i32_add().local_set(variable);
}

/// Ends a loop that goes on until a variable is zero.
fn count_down(to: &mut InstructionSink<'_>, variable: u32) {
    to.local_get(variable).i32_const(-1).i32_add().local_tee(variable).br_if(0).end();
}
