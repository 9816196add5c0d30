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
    /// A file of assertions, for `attache prove`
    Assertions,
}

const CONFIGURATION: &str = include_str!("../../../plugin-config/schema.json");

pub(super) fn run(options: &Options) -> Result<Status, Box<dyn Error>> {
    let schema = match options.of {
        Document::Configuration => CONFIGURATION.to_owned(),
        Document::WasmPlugin => {
            include_str!("../../../plugin-config/wasmplugin.schema.json").to_owned()
        }
        Document::Assertions => {
            format!("{:#}\n", crate::proof::schema(&serde_json::from_str(CONFIGURATION)?))
        }
    };
    stdout().write_all(schema.as_bytes())?;
    Ok(Status::Fine)
}
