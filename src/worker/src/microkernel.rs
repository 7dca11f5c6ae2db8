//! Links the innermost loop of a product of matrices into the running engine: a module of its own, which shares the
//! engine's memory and stands in its table of functions.

use js_sys::{
    Function, Object, Reflect,
    WebAssembly::{Instance, Module, Table},
};
use retort_kernels::{Lhs, Matrix, Rhs, Scratch, matmul, microkernel};
use wasm_bindgen::{JsCast, JsValue};

/// Links the faster loop, or where the browser refuses that, the other. Where neither can be, the engine's own remains.
pub fn link() {
    for fused in [true, false] {
        if link_one(fused).is_ok() {
            microkernel::link(true);
            if works() {
                return;
            }
            microkernel::link(false);
        }
    }
}

/// Whether what was linked adds up: one and twice one are three.
fn works() -> bool {
    const ROWS: usize = 12;
    let (left, right, mut to) = ([1.0; 2 * ROWS], [1.0; 16], [1.0; 8 * ROWS]);
    let factors = Matrix::new(&left, ROWS, 2).zip(Matrix::new(&right, 2, 8));
    let fits = factors
        .is_some_and(|(left, right)| matmul(&mut to, Lhs::Plain(left), Rhs::Plain(right), &mut Scratch::default()));
    fits && to.iter().all(|&sum| sum == 3.0)
}

fn link_one(fused: bool) -> Result<(), JsValue> {
    let module = Module::new(&js_sys::Uint8Array::from(microkernel::instructions(fused)))?;
    let (imports, engine) = (Object::new(), Object::new());
    Reflect::set(&engine, &"memory".into(), &wasm_bindgen::memory())?;
    Reflect::set(&imports, &"engine".into(), &engine)?;
    let instance = Instance::new(&module, &imports)?;
    let function: Function = Reflect::get(&instance.exports(), &"microkernel".into())?.dyn_into()?;
    let table: Table = wasm_bindgen::function_table().dyn_into()?;
    table.set(microkernel::table_slot() as u32, &function)
}
