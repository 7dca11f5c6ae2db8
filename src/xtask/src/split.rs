//! The app's module in two parts: what a first visit runs, and the rest, which the page fetches while networks train.
//!
//! Both parts share one memory and one table of functions. In the first part a function of the rest is a stub: it makes
//! sure that the rest is there (`app/platform/later.rs`) and calls through the table, where the rest has put the
//! function itself. So any code may call any other at any time; what comes too early waits for a download.
//!
//! Binaryen's `wasm-split` does the same from a recorded profile. Its first part imports a placeholder for each
//! function of the rest, which wasm-bindgen's glue does not know.

use std::collections::HashMap;

use anyhow::{Context as _, Result, ensure};
use wasm_encoder::{
    CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection, Function, FunctionSection,
    GlobalType, ImportSection, Instruction, Module, RawSection, TableSection,
    reencode::{Error, Reencode, RoundtripReencoder, utils},
};
use wasmparser::{
    CodeSectionReader, CompositeInnerType, ElementItems, ElementKind, ExportSectionReader, ExternalKind, FuncType,
    FunctionBody, Operator, Parser, Payload, TableSectionReader, TypeRef,
};

use crate::wasm::functions;

/// The file of the later part.
pub const FILE: &str = "retort-app-later.wasm";

/// The export of the app that returns once the rest is there.
const WAIT: &str = "await_later_part";
/// What the rest imports everything from.
const FIRST: &str = "first";

/// The two parts of a module.
pub struct Parts {
    /// What starts, and says in stubs what it lacks.
    pub first: Vec<u8>,
    /// What is instantiated with the first part's exports, under the name [`FIRST`].
    pub later: Vec<u8>,
}

/// Where a first visit has nothing to do: modules of the app and of the spec, by the beginnings of their paths. A test
/// in the browser says when it does (`a_first_visit_runs_without_the_later_part`).
const LATER: [&str; 47] = [
    "panels::activations",
    "panels::compare",
    "panels::compression_bench",
    "panels::confusion",
    "panels::cost",
    "panels::data",
    "panels::draw",
    "panels::lesson",
    "panels::literature",
    "panels::mechanism",
    "panels::networks",
    "panels::objectives",
    "panels::packed",
    "panels::scheme::scheme",
    "panels::settings",
    "panels::similarity",
    "panels::soft_targets::regions",
    "panels::sweep",
    "panels::task_sizes",
    "lessons::change",
    "lessons::condition",
    "lessons::model",
    "lessons::quantity",
    "platform::camera",
    "platform::files",
    "sharing",
    "shell::class_cell",
    "shell::diagnostics",
    "shell::notices",
    "state::class",
    "state::files_table",
    "state::pipeline_editor",
    "state::record",
    "state::sweep_text",
    "state::term_curves",
    "widgets::cell",
    "widgets::chart",
    "widgets::drawing",
    "widgets::exhibit",
    "widgets::tag",
    "widgets::user_examples",
    "class_code",
    "exhibit",
    "file_problem",
    "schemes::",
    "search",
    "sweep",
];

/// What of these is asked at the start: registries, the link's readers, and functions that came out the same as others.
const FIRST_OF_THEM: [&str; 8] = [
    "::PANEL::",
    "::Sweep as core::str",
    "::Share>::read",
    "::terms::term_chart::",
    "schemes::builder",
    "schemes::offline",
    "schemes::teaching",
    "schemes::<impl",
];

/// Shorter functions came out the same as others too often for their names to say anything.
const LEAST: usize = 150;

/// The two parts of the app.
///
/// # Errors
/// As [`split`].
pub fn app(module: &[u8]) -> Result<Parts> {
    split(module, |name, bytes| bytes >= LEAST && is_later(name))
}

/// Whether a function of the app belongs to the later part, by its demangled name.
fn is_later(name: &str) -> bool {
    let path = name.trim_start_matches(['<', '&', '(']);
    let path = path.strip_prefix("retort_app::").or_else(|| path.strip_prefix("retort_spec::"));
    path.is_some_and(|path| LATER.iter().any(|part| path.starts_with(part)))
        && !FIRST_OF_THEM.iter().any(|part| name.contains(part))
}

/// A module without the functions that `is_later` picks by demangled name and bytes, and without what only they call;
/// and those. Exported functions stay.
///
/// # Errors
/// If it is no module, has no export [`WAIT`], or uses what cannot be parted.
pub fn split(module: &[u8], is_later: impl Fn(&str, usize) -> bool) -> Result<Parts> {
    let parsed = Parsed::read(module)?;
    let later = parsed.later(is_later)?;
    let slots = parsed.slots(&later);
    let wait = parsed.wait.with_context(|| format!("no function is exported as {WAIT}"))?;
    let mut needed: Vec<u32> = Vec::new();
    for (own, calls) in parsed.calls.iter().enumerate() {
        if later[own] {
            needed.extend(calls.iter().filter(|&&callee| !parsed.is_own_in(callee, &later)));
        }
    }
    needed.sort_unstable();
    needed.dedup();
    Ok(Parts {
        first: First { parsed: &parsed, later: &later, slots: &slots, needed: &needed, wait }.write(module)?,
        later: parsed.rest(module, &later, &slots, &needed)?,
    })
}

/// What has to be known of a module to part it.
struct Parsed<'a> {
    /// Functions that come from outside, which have the first numbers.
    imported: u32,
    /// The signature of each type that is a function's.
    signatures: Vec<Option<FuncType>>,
    /// The type of each function, from outside or own.
    types: Vec<u32>,
    /// The demangled name of each own function, without its hash.
    names: Vec<String>,
    bodies: Vec<FunctionBody<'a>>,
    /// Which functions each own one calls or refers to.
    calls: Vec<Vec<u32>>,
    tables: Vec<wasmparser::TableType>,
    memory: Option<wasmparser::MemoryType>,
    globals: Vec<wasmparser::GlobalType>,
    /// The first place of each function that stands in the table.
    placed: HashMap<u32, u32>,
    exported: Vec<u32>,
    wait: Option<u32>,
}

impl<'a> Parsed<'a> {
    fn read(module: &'a [u8]) -> Result<Self> {
        let (imported, named) = functions(module)?;
        let mut parsed = Self {
            imported,
            signatures: Vec::new(),
            types: Vec::new(),
            names: named.iter().map(|function| format!("{:#}", rustc_demangle::demangle(&function.name))).collect(),
            bodies: Vec::new(),
            calls: Vec::new(),
            tables: Vec::new(),
            memory: None,
            globals: Vec::new(),
            placed: HashMap::new(),
            exported: Vec::new(),
            wait: None,
        };
        for payload in Parser::new(0).parse_all(module) {
            parsed.take(payload?)?;
        }
        Ok(parsed)
    }

    fn take(&mut self, payload: Payload<'a>) -> Result<()> {
        match payload {
            Payload::TypeSection(groups) => {
                for group in groups {
                    for of in group?.into_types() {
                        self.signatures.push(match of.composite_type.inner {
                            CompositeInnerType::Func(signature) => Some(signature),
                            _ => None,
                        });
                    }
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    match import?.ty {
                        TypeRef::Func(of) => self.types.push(of),
                        other => ensure!(false, "an import that is no function: {other:?}"),
                    }
                }
            }
            Payload::FunctionSection(types) => {
                for of in types {
                    self.types.push(of?);
                }
            }
            Payload::TableSection(tables) => {
                for table in tables {
                    self.tables.push(table?.ty);
                }
            }
            Payload::MemorySection(memories) => {
                for memory in memories {
                    ensure!(self.memory.replace(memory?).is_none(), "more than one memory");
                }
            }
            Payload::GlobalSection(globals) => {
                for global in globals {
                    self.globals.push(global?.ty);
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    let export = export?;
                    if export.kind == ExternalKind::Func {
                        self.exported.push(export.index);
                        self.wait = self.wait.or((export.name == WAIT).then_some(export.index));
                    }
                }
            }
            Payload::StartSection { func, .. } => self.exported.push(func),
            Payload::ElementSection(elements) => {
                for element in elements {
                    let element = element?;
                    let (ElementKind::Active { table_index: None | Some(0), offset_expr }, ElementItems::Functions(of)) =
                        (element.kind, element.items)
                    else {
                        continue;
                    };
                    let Operator::I32Const { value } = offset_expr.get_operators_reader().read()? else {
                        anyhow::bail!("a table's contents stand at no constant place")
                    };
                    for (place, function) in (value.cast_unsigned()..).zip(of) {
                        self.placed.entry(function?).or_insert(place);
                    }
                }
            }
            Payload::CodeSectionEntry(body) => {
                let mut calls = Vec::new();
                for operator in body.get_operators_reader()? {
                    match operator? {
                        Operator::Call { function_index }
                        | Operator::ReturnCall { function_index }
                        | Operator::RefFunc { function_index } => calls.push(function_index),
                        _ => {}
                    }
                }
                calls.sort_unstable();
                calls.dedup();
                self.calls.push(calls);
                self.bodies.push(body);
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether each own function belongs to the rest.
    fn later(&self, is_later: impl Fn(&str, usize) -> bool) -> Result<Vec<bool>> {
        let named: Vec<bool> =
            self.names.iter().zip(&self.bodies).map(|(name, body)| is_later(name, body.range().len())).collect();
        let own = |function: u32| function.checked_sub(self.imported).map(|own| own as usize);
        let roots = self.exported.iter().copied().filter_map(own).map(|own| (own, true));
        let placed = self.placed.keys().copied().filter_map(own).map(|own| (own, false));
        let mut later = vec![true; self.calls.len()];
        let mut open: Vec<usize> =
            roots.chain(placed).filter(|&(own, must)| must || !named[own]).map(|at| at.0).collect();
        while let Some(function) = open.pop() {
            if std::mem::replace(&mut later[function], false) {
                let calls = self.calls[function].iter().copied().filter_map(own);
                open.extend(calls.filter(|&callee| later[callee] && !named[callee]));
            }
        }
        for (body, _) in self.bodies.iter().zip(&later).filter(|(_, later)| **later) {
            for operator in body.get_operators_reader()? {
                let parted = !matches!(
                    operator?,
                    Operator::MemoryInit { .. }
                        | Operator::DataDrop { .. }
                        | Operator::TableInit { .. }
                        | Operator::ElemDrop { .. }
                );
                ensure!(parted, "a function of the rest uses a segment");
            }
        }
        Ok(later)
    }

    /// Whether a function is an own one with a mark.
    fn is_own_in(&self, function: u32, marks: &[bool]) -> bool {
        function.checked_sub(self.imported).is_some_and(|own| marks[own as usize])
    }

    /// Where in the table each function of the rest stands that the first part knows: its own place, or a new one.
    fn slots(&self, later: &[bool]) -> Vec<(u32, u32)> {
        let mut called = vec![false; later.len()];
        for (calls, _) in self.calls.iter().zip(later).filter(|(_, later)| !**later) {
            for &callee in calls.iter().filter(|&&callee| self.is_own_in(callee, later)) {
                called[(callee - self.imported) as usize] = true;
            }
        }
        let mut next = self.tables.first().map_or(0, |table| table.initial as u32);
        let mut slots = Vec::new();
        for (own, called) in (0_u32..).zip(called) {
            let function = self.imported + own;
            match self.placed.get(&function) {
                Some(&place) if later[own as usize] => slots.push((function, place)),
                None if called => {
                    slots.push((function, next));
                    next += 1;
                }
                _ => {}
            }
        }
        slots
    }

    /// The second part.
    fn rest(&self, module: &[u8], later: &[bool], slots: &[(u32, u32)], needed: &[u32]) -> Result<Vec<u8>> {
        let mut rest = Rest { places: HashMap::new() };
        let mut imports = ImportSection::new();
        let memory = self.memory.context("no memory")?;
        imports.import(FIRST, &memory_name(), EntityType::Memory(rest.memory_type(memory)?));
        for (index, table) in (0..).zip(&self.tables) {
            // The first part has places added.
            let of = wasm_encoder::TableType { maximum: None, ..rest.table_type(*table)? };
            imports.import(FIRST, &table_name(index), EntityType::Table(of));
        }
        for (index, global) in (0..).zip(&self.globals) {
            let of: GlobalType = rest.global_type(*global)?;
            imports.import(FIRST, &global_name(index), EntityType::Global(of));
        }
        for (place, &function) in (0..).zip(needed) {
            imports.import(FIRST, &function_name(place), EntityType::Function(self.types[function as usize]));
            rest.places.insert(function, place);
        }
        let own: Vec<u32> = (0..later.len() as u32).filter(|&own| later[own as usize]).collect();
        let mut types = FunctionSection::new();
        for (place, own) in (needed.len() as u32..).zip(&own) {
            rest.places.insert(self.imported + own, place);
            types.function(self.types[(self.imported + own) as usize]);
        }
        let mut code = CodeSection::new();
        for own in own {
            rest.parse_function_body(&mut code, self.bodies[own as usize].clone())?;
        }
        let mut elements = ElementSection::new();
        let mut ordered: Vec<(u32, u32)> =
            slots.iter().map(|&(function, slot)| (slot, rest.places[&function])).collect();
        ordered.sort_unstable();
        for run in ordered.chunk_by(|one, next| one.0 + 1 == next.0) {
            let functions: Vec<u32> = run.iter().map(|at| at.1).collect();
            elements.active(None, &ConstExpr::i32_const(run[0].0.cast_signed()), Elements::Functions(functions.into()));
        }
        let mut out = Module::new();
        for payload in Parser::new(0).parse_all(module) {
            if let Payload::TypeSection(section) = payload? {
                out.section(&RawSection { id: 1, data: &module[section.range()] });
            }
        }
        out.section(&imports).section(&types).section(&elements).section(&code);
        Ok(out.finish())
    }
}

/// How the rest numbers functions. It imports memory, tables and globals in the first part's order.
struct Rest {
    places: HashMap<u32, u32>,
}

impl Reencode for Rest {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Self::Error>> {
        Ok(self.places[&function])
    }
}

/// The first part: the whole module with stubs.
struct First<'a> {
    parsed: &'a Parsed<'a>,
    later: &'a [bool],
    slots: &'a [(u32, u32)],
    needed: &'a [u32],
    wait: u32,
}

impl First<'_> {
    fn write(mut self, module: &[u8]) -> Result<Vec<u8>> {
        let mut out = Module::new();
        self.parse_core_module(&mut out, Parser::new(0), module)?;
        Ok(out.finish())
    }

    /// A function that waits for the rest and calls what stands in the table now.
    fn stub(&self, function: u32, slot: u32) -> Function {
        let of = self.parsed.types[function as usize];
        let parameters = self.parsed.signatures[of as usize].as_ref().map_or(0, |signature| signature.params().len());
        let mut stub = Function::new([]);
        stub.instruction(&Instruction::Call(self.wait));
        for parameter in 0..parameters as u32 {
            stub.instruction(&Instruction::LocalGet(parameter));
        }
        stub.instruction(&Instruction::I32Const(slot.cast_signed()));
        stub.instruction(&Instruction::CallIndirect { type_index: of, table_index: 0 });
        stub.instruction(&Instruction::End);
        stub
    }
}

impl Reencode for First<'_> {
    type Error = std::convert::Infallible;

    fn parse_table_section(
        &mut self,
        tables: &mut TableSection,
        section: TableSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        for (index, table) in section.into_iter().enumerate() {
            let mut table = table?;
            if index == 0 {
                let least = self.slots.iter().map(|&(_, slot)| u64::from(slot) + 1).max().unwrap_or(0);
                table.ty.initial = table.ty.initial.max(least);
                table.ty.maximum = table.ty.maximum.map(|most| most.max(least));
            }
            utils::parse_table(self, tables, table)?;
        }
        Ok(())
    }

    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        section: ExportSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        utils::parse_export_section(self, exports, section)?;
        exports.export(&memory_name(), ExportKind::Memory, 0);
        for index in 0..self.parsed.tables.len() as u32 {
            exports.export(&table_name(index), ExportKind::Table, index);
        }
        for index in 0..self.parsed.globals.len() as u32 {
            exports.export(&global_name(index), ExportKind::Global, index);
        }
        for (place, &function) in (0..).zip(self.needed) {
            exports.export(&function_name(place), ExportKind::Func, function);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        let slots: HashMap<u32, u32> = self.slots.iter().copied().collect();
        for ((function, body), later) in (self.parsed.imported..).zip(section).zip(self.later) {
            match slots.get(&function) {
                _ if !later => RoundtripReencoder.parse_function_body(code, body?)?,
                Some(&slot) => _ = code.function(&self.stub(function, slot)),
                None => {
                    _ = code.function(
                        Function::new([]).instruction(&Instruction::Unreachable).instruction(&Instruction::End),
                    )
                }
            }
        }
        Ok(())
    }
}

// The names that both parts know. No other export begins with a digit.
fn memory_name() -> String {
    "0m".into()
}
fn table_name(index: u32) -> String {
    format!("0t{index}")
}
fn global_name(index: u32) -> String {
    format!("0g{index}")
}
fn function_name(place: u32) -> String {
    format!("1{place:x}")
}

#[cfg(test)]
mod tests;
