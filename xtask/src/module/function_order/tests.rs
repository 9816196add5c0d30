use super::put_first;
use wasmi::{Engine, Linker, Module, Store};

/// Functions of two types that call each other directly and through a table, and one that is
/// imported.
const MODULE: &str = r#"(module
  (import "env" "seven" (func $seven (result i32)))
  (table 2 funcref)
  (elem (i32.const 0) $two $seven)
  (func $one (result i32) (i32.const 1))
  (func $two (result i32) (i32.const 2))
  (func $through_table (param i32) (result i32) (call_indirect (result i32) (local.get 0)))
  (func (export "sum") (result i32)
    (i32.add (call $one) (i32.add (call $through_table (i32.const 0)) (call $through_table (i32.const 1))))
  )
)"#;

/// The bodies of the module's own functions, in the order in which they are written.
fn bodies(wasm: &[u8]) -> Vec<Vec<u8>> {
    let payloads = wasmparser::Parser::new(0).parse_all(wasm).map(Result::unwrap);
    let bodies = payloads.filter_map(|payload| match payload {
        wasmparser::Payload::CodeSectionEntry(body) => Some(body.as_bytes().to_vec()),
        _ => None,
    });
    bodies.collect()
}

fn sum(wasm: &[u8]) -> i32 {
    let engine = Engine::default();
    let mut linker = <Linker<()>>::new(&engine);
    linker.func_wrap("env", "seven", || 7_i32).unwrap();
    let mut store = Store::new(&engine, ());
    let instance =
        linker.instantiate_and_start(&mut store, &Module::new(&engine, wasm).unwrap()).unwrap();
    instance.get_typed_func::<(), i32>(&store, "sum").unwrap().call(&mut store, ()).unwrap()
}

#[test]
fn what_is_put_first_comes_first_and_does_the_same() {
    let wasm = wat::parse_str(MODULE).unwrap();
    let [one, two] = [0, 1].map(|place| bodies(&wasm)[place].clone());
    let reordered = put_first(&wasm, &[3, 2]).unwrap();
    assert_eq!(bodies(&reordered).len(), 4);
    // `$through_table`, whose body now calls by the same indices, then `$two`, then the others.
    assert_eq!(bodies(&reordered)[0], bodies(&wasm)[2]);
    assert_eq!(bodies(&reordered)[1], two);
    assert_eq!(bodies(&reordered)[2], one);
    assert_eq!((sum(&wasm), sum(&reordered)), (10, 10));
}

#[test]
fn the_order_that_is_there_changes_nothing() {
    let wasm = put_first(&wat::parse_str(MODULE).unwrap(), &[4, 1]).unwrap();
    assert_eq!(put_first(&wasm, &[1, 2]).unwrap(), wasm);
    assert_eq!(put_first(&wasm, &[]).unwrap(), wasm);
}

#[test]
fn imported_functions_stay_and_one_that_is_named_twice_is_written_once() {
    let wasm = wat::parse_str(MODULE).unwrap();
    let reordered = put_first(&wasm, &[0, 2, 2, 0]).unwrap();
    assert_eq!(bodies(&reordered).len(), 4);
    assert_eq!(sum(&reordered), 10);
}

#[test]
fn a_function_that_is_not_there_is_an_error() {
    let error = put_first(&wat::parse_str(MODULE).unwrap(), &[5]).unwrap_err().to_string();
    assert_eq!(error, "the module has no function 5");
}
