//! The order in which a module's functions are written, which is the order in which V8 lays out
//! their code.

use anyhow::{Context, Result};
use std::collections::BTreeSet;
use std::convert::Infallible;
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{CodeSection, FunctionSection, Module};
use wasmparser::{CodeSectionReader, FunctionSectionReader, Parser, Payload, TypeRef};

/// Writes these functions before all others, in this order; the others keep theirs. Functions go by
/// their index, which counts the imported ones too; those can't be moved.
///
/// # Errors
/// The bytes are no Wasm module, or it has no such function.
pub(crate) fn put_first(wasm: &[u8], first: &[u32]) -> Result<Vec<u8>> {
    let (imported, defined) = count_functions(wasm)?;
    let total = imported.checked_add(defined).context("the module has too many functions")?;
    let mut seen = BTreeSet::new();
    let own = first.iter().copied().filter(|index| *index >= imported).chain(imported..total);
    let old_of: Vec<u32> = own.filter(|index| seen.insert(*index)).collect();
    let mut new_of: Vec<u32> = (0..total).collect();
    for (new, &old) in (imported..).zip(&old_of) {
        *new_of
            .get_mut(old as usize)
            .with_context(|| format!("the module has no function {old}"))? = new;
    }

    write(wasm, imported, old_of, new_of)
}

/// Writes a module anew with these of its own functions in this order, and with every function
/// called by its new index. A function may be left out whose new index is another's.
///
/// # Errors
/// The bytes are no Wasm module.
pub(super) fn write(
    wasm: &[u8],
    imported: u32,
    old_of: Vec<u32>,
    new_of: Vec<u32>,
) -> Result<Vec<u8>> {
    let mut module = Module::new();
    Reorder { imported, old_of, new_of }
        .parse_core_module(&mut module, Parser::new(0), wasm)
        .context("the module's functions could not be written anew")?;
    Ok(module.finish())
}

/// How many functions are imported, and how many the module has itself.
pub(super) fn count_functions(wasm: &[u8]) -> Result<(u32, u32)> {
    let (mut imported, mut defined) = (0_u32, 0);
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    if matches!(import?.ty, TypeRef::Func(_)) {
                        imported = imported.saturating_add(1);
                    }
                }
            }
            Payload::FunctionSection(section) => defined = section.count(),
            _ => {}
        }
    }
    Ok((imported, defined))
}

/// Writes a module anew, with its functions in another order.
struct Reorder {
    imported: u32,
    /// The old indices of the module's own functions, in the new order.
    old_of: Vec<u32>,
    /// The new index of every function, by its old one.
    new_of: Vec<u32>,
}

impl Reorder {
    /// What stands for the module's own functions, in the new order.
    fn arrange<T: Clone>(&self, old: &[T]) -> Vec<T> {
        let places = self.old_of.iter().filter_map(|index| index.checked_sub(self.imported));
        places.filter_map(|place| old.get(place as usize).cloned()).collect()
    }
}

impl Reencode for Reorder {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Infallible>> {
        Ok(self.new_of.get(function as usize).copied().unwrap_or(function))
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        let types = section.into_iter().collect::<Result<Vec<u32>, _>>()?;
        for ty in self.arrange(&types) {
            functions.function(ty);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        let bodies = section.into_iter().collect::<Result<Vec<_>, _>>()?;
        self.arrange(&bodies)
            .into_iter()
            .try_for_each(|body| utils::parse_function_body(self, code, body))
    }
}

#[cfg(test)]
mod tests;
