//! Functions that are the same to the byte.
//!
//! The compiler makes a function of its own for each type that a generic one is used with, and many
//! of these come out equal: of any two pointers, or of any two types of one size. The linker keeps
//! them all, and a host compiles them all.

use super::function_order::{count_functions, write};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use wasmparser::{Parser, Payload};

/// Writes each function once of which there are several with the same type and the same body, and
/// has all their callers and tables name that one. Functions that differ only in which of such equal
/// functions they call are equal thereafter, and so are written once too.
///
/// # Errors
/// The bytes are no Wasm module.
pub(crate) fn merge(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut merged = wasm.to_vec();
    while let Some(smaller) = merge_once(&merged)? {
        merged = smaller;
    }
    Ok(merged)
}

/// Returns the module without the functions that are equal as it stands; `None` where none are.
fn merge_once(wasm: &[u8]) -> Result<Option<Vec<u8>>> {
    let (imported, _) = count_functions(wasm)?;
    let (types, bodies) = functions(wasm)?;
    let mut new_of: Vec<u32> = (0..imported).collect();
    let mut old_of: Vec<u32> = Vec::new();
    let mut first: BTreeMap<(u32, &[u8]), u32> = BTreeMap::new();
    for (old, function) in (imported..).zip(types.into_iter().zip(bodies.iter().copied())) {
        let next = u32::try_from(old_of.len())?
            .checked_add(imported)
            .context("the module has too many functions")?;
        let new = *first.entry(function).or_insert(next);
        if new == next {
            old_of.push(old);
        }
        new_of.push(new);
    }
    if old_of.len() == bodies.len() {
        return Ok(None);
    }
    write(wasm, imported, old_of, new_of).map(Some)
}

/// Returns the types and the bodies of the module's own functions, in their order.
fn functions(wasm: &[u8]) -> Result<(Vec<u32>, Vec<&[u8]>)> {
    let (mut types, mut bodies) = (Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::FunctionSection(section) => {
                types = section.into_iter().collect::<Result<_, _>>()?;
            }
            Payload::CodeSectionEntry(body) => bodies.push(body.as_bytes()),
            _ => {}
        }
    }
    Ok((types, bodies))
}

#[cfg(test)]
mod tests {
    use super::{functions, merge};
    use wasmi::{Engine, Linker, Module, Store};

    /// `$b` is as `$a`, and `$calls_b` as `$calls_a` once that is known; the others are like none.
    const MODULE: &str = r#"(module
      (import "env" "seven" (func $seven (result i32)))
      (table 3 funcref)
      (elem (i32.const 0) $b $calls_b $seven)
      (func $a (result i32) (i32.const 1))
      (func $calls_b (result i32) (i32.mul (call $b) (call $seven)))
      (func $b (result i32) (i32.const 1))
      (func $calls_a (result i32) (i32.mul (call $a) (call $seven)))
      (func $c (result i32) (i32.const 100))
      (func $other_type (param i32) (result i32) (i32.const 1))
      (func (export "sum") (result i32)
        (i32.add
          (i32.add (call $calls_a) (call $other_type (call $c)))
          (i32.add (call_indirect (result i32) (i32.const 0)) (call_indirect (result i32) (i32.const 1)))
        )
      )
    )"#;

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
    fn equal_functions_are_written_once_and_the_module_does_the_same() {
        let wasm = wat::parse_str(MODULE).unwrap();
        let merged = merge(&wasm).unwrap();
        assert_eq!(
            (functions(&wasm).unwrap().1.len(), functions(&merged).unwrap().1.len()),
            (7, 5)
        );
        assert_eq!((sum(&wasm), sum(&merged)), (16, 16));
        assert_eq!(merge(&merged).unwrap(), merged);
    }

    #[test]
    fn functions_that_are_equal_but_for_their_type_or_themselves_stay() {
        let wasm = wat::parse_str(
            r#"(module
              (func (param i32) (result i32) (i32.const 1))
              (func (param i64) (result i32) (i32.const 1))
              (func $itself (call $itself))
              (func $itself_too (call $itself_too))
            )"#,
        )
        .unwrap();
        assert_eq!(merge(&wasm).unwrap(), wasm);
    }
}
