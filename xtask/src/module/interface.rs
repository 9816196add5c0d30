//! What a module asks of its host and offers it, for the tests that hold both to a list.

use anyhow::Result;
use walrus::{ExportItem, ImportKind, Module};

/// The names that pass between a module and its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ModuleInterface {
    /// `module name`, sorted.
    pub(crate) imports: Vec<String>,
    /// `kind name`, sorted.
    pub(crate) exports: Vec<String>,
}

impl ModuleInterface {
    /// Reads the imports and exports of a module.
    ///
    /// # Errors
    /// The bytes are no Wasm module.
    pub(crate) fn of(wasm: &[u8]) -> Result<Self> {
        let module = Module::from_buffer(wasm)?;
        let mut imports: Vec<String> = module
            .imports
            .iter()
            .map(|import| match import.kind {
                ImportKind::Function(_) => format!("{} {}", import.module, import.name),
                _ => format!("{} {} (not a function)", import.module, import.name),
            })
            .collect();
        let mut exports: Vec<String> = module
            .exports
            .iter()
            .map(|export| format!("{} {}", kind(export.item), export.name))
            .collect();
        imports.sort();
        exports.sort();
        Ok(Self { imports, exports })
    }
}

const fn kind(item: ExportItem) -> &'static str {
    match item {
        ExportItem::Function(_) => "func",
        ExportItem::Table(_) => "table",
        ExportItem::Memory(_) => "memory",
        ExportItem::Global(_) => "global",
        ExportItem::Tag(_) => "tag",
    }
}
