//! What a module asks of its host and offers it.

use anyhow::Result;
use walrus::{ExportItem, ImportKind, Module};

/// The names that pass between a module and its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surface {
    /// `module name`, sorted.
    pub imports: Vec<String>,
    /// `kind name`, sorted.
    pub exports: Vec<String>,
}

impl Surface {
    /// Reads the imports and exports of a module.
    ///
    /// # Errors
    /// The bytes are no Wasm module.
    pub fn of(wasm: &[u8]) -> Result<Self> {
        let module = Module::from_buffer(wasm)?;
        let mut imports: Vec<String> = module
            .imports
            .iter()
            .map(|import| match import.kind {
                ImportKind::Function(_) => format!("{} {}", import.module, import.name),
                _ => format!("{} {} (not a function)", import.module, import.name),
            })
            .collect();
        let mut exports: Vec<String> =
            module.exports.iter().map(|export| format!("{} {}", kind(export.item), export.name)).collect();
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
