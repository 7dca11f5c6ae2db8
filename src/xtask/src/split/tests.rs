//! A module in two parts does what it did in one.

use super::*;

/// What a first visit runs, and functions of the rest: called directly, through the table, from each other.
const MODULE: &str = r#"(module
        (import "host" "ask" (func $ask))
        (import "host" "log" (func $log (param i32)))
        (table funcref (elem $hot $later_placed $later_other))
        (memory (export "memory") 1)
        (global $depth (mut i32) (i32.const 5))
        (func $wait (export "await_later_part") (call $ask))
        (func $hot (param i32) (result i32) (i32.add (local.get 0) (global.get $depth)))
        (func $later_placed (param i32) (result i32) (i32.mul (call $only) (call $hot (local.get 0))))
        (func $later_other (param i32) (result i32)
            (global.set $depth (i32.const 100)) (call $log (local.get 0)) (i32.load (i32.const 8)))
        (func $later_called (param i32 i32) (result i32)
            (i32.sub (local.get 0) (call_indirect (param i32) (result i32) (local.get 1) (i32.const 1))))
        (func $only (result i32) (i32.const 7))
        (func (export "through") (param i32 i32) (result i32)
            (call_indirect (param i32) (result i32) (local.get 0) (local.get 1)))
        (func (export "direct") (param i32 i32) (result i32) (call $later_called (local.get 0) (local.get 1)))
        (data (i32.const 8) "\2a\00\00\00"))"#;

/// What happens outside: whether the rest may be fetched, whether it was, how often it was asked for, and the log.
#[derive(Default)]
struct Outside {
    later: Option<wasmi::Module>,
    is_there: bool,
    asked: usize,
    log: Vec<i32>,
}

fn start(parts: &Parts) -> (wasmi::Store<Outside>, wasmi::Instance) {
    let engine = wasmi::Engine::default();
    let later = wasmi::Module::new(&engine, &parts.later).unwrap();
    let mut store = wasmi::Store::new(&engine, Outside { later: Some(later), ..Outside::default() });
    let mut linker = wasmi::Linker::new(&engine);
    linker.func_wrap("host", "log", |mut at: wasmi::Caller<'_, Outside>, it: i32| at.data_mut().log.push(it)).unwrap();
    linker
        .func_wrap("host", "ask", |mut at: wasmi::Caller<'_, Outside>| -> Result<(), wasmi::Error> {
            at.data_mut().asked += 1;
            if at.data().is_there {
                return Ok(());
            }
            let later = at.data_mut().later.take().ok_or_else(|| wasmi::Error::new("no file"))?;
            let mut linker = wasmi::Linker::new(at.engine());
            for import in later.imports() {
                assert_eq!(import.module(), FIRST);
                let item = at.get_export(import.name()).unwrap();
                linker.define(FIRST, import.name(), item).unwrap();
            }
            linker.instantiate_and_start(&mut at, &later)?;
            at.data_mut().is_there = true;
            Ok(())
        })
        .unwrap();
    let first = wasmi::Module::new(&engine, &parts.first).unwrap();
    let instance = linker.instantiate_and_start(&mut store, &first).unwrap();
    (store, instance)
}

#[test]
fn two_parts_do_what_the_whole_does() {
    let module = wat::parse_str(MODULE).unwrap();
    let parts = split(&module, |name, _| name.contains("later")).unwrap();
    // As the build does with them.
    let arranged = |part: &[u8]| crate::gzip_order::reorder(part).unwrap();
    let arranged = Parts { first: arranged(&parts.first), later: arranged(&parts.later) };
    for parts in [parts, arranged] {
        let (mut store, instance) = start(&parts);
        let call = |store: &mut wasmi::Store<Outside>, name: &str, one: i32, other: i32| {
            instance.get_typed_func::<(i32, i32), i32>(&*store, name).unwrap().call(store, (one, other))
        };
        assert_eq!(call(&mut store, "through", 3, 0).unwrap(), 8);
        assert_eq!(store.data().asked, 0, "what is in the first part waits for nothing");
        assert_eq!(call(&mut store, "direct", 100, 3).unwrap(), 100 - 7 * 8);
        assert_eq!(store.data().asked, 1);
        assert_eq!(call(&mut store, "through", 3, 1).unwrap(), 7 * 8);
        assert_eq!(store.data().asked, 1, "through the table nothing is asked once the rest is there");
        assert_eq!(call(&mut store, "through", 6, 2).unwrap(), 42, "one memory");
        assert_eq!(call(&mut store, "through", 3, 0).unwrap(), 103, "one global");
        assert_eq!(store.data().log, [6]);
    }
}

#[test]
fn what_only_the_rest_calls_goes_with_it() {
    let module = wat::parse_str(MODULE).unwrap();
    let parts = split(&module, |name, _| name.contains("later")).unwrap();
    let stops = |part: &[u8]| {
        let (_, functions) = functions(part).unwrap();
        functions.iter().map(|function| &part[function.body.clone()]).filter(|body| *body == [0, 0, 0x0b]).count()
    };
    assert_eq!((stops(&module), stops(&parts.first)), (0, 1));
    assert_eq!(functions(&parts.later).unwrap().1.len(), 4);
}

#[test]
fn a_rest_that_does_not_come_stops_the_call_alone() {
    let module = wat::parse_str(MODULE).unwrap();
    let (mut store, instance) = start(&split(&module, |name, _| name.contains("later")).unwrap());
    store.data_mut().later = None;
    let through = instance.get_typed_func::<(i32, i32), i32>(&store, "through").unwrap();
    assert!(through.call(&mut store, (3, 1)).unwrap_err().to_string().contains("no file"));
    assert_eq!(through.call(&mut store, (3, 0)).unwrap(), 8);
}

#[test]
fn what_cannot_be_parted_is_refused() {
    let without_wait = wat::parse_str("(module (memory 1) (func $later nop))").unwrap();
    assert!(split(&without_wait, |_, _| true).is_err());
    assert!(split(b"no module", |_, _| true).is_err());
}
