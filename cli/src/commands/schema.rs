//! `attache schema`.

use crate::exit::Status;
use clap::{Args, ValueEnum};
use std::error::Error;
use std::io::{Write, stdout};

/// Prints the JSON Schema of a configuration, by which editors complete and check one
#[derive(Args)]
pub(crate) struct Options {
    /// What the schema is of
    #[arg(value_enum, default_value = "configuration")]
    of: Document,
}

#[derive(Clone, Copy, ValueEnum)]
enum Document {
    /// The configuration alone
    Configuration,
    /// A WasmPlugin with a configuration in it
    WasmPlugin,
}

pub(super) fn run(options: &Options) -> Result<Status, Box<dyn Error>> {
    let schema = match options.of {
        Document::Configuration => include_str!("../../../plugin-config/schema.json"),
        Document::WasmPlugin => include_str!("../../../plugin-config/wasmplugin.schema.json"),
    };
    stdout().write_all(schema.as_bytes())?;
    Ok(Status::Fine)
}
