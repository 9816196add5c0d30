//! A document into a configuration.

use crate::check::{Checker, check};
use crate::document::{Document, FOREIGN_KEYS, check_is_no_resource};
use crate::{Config, Diagnostics};
use attache_config_reader::{Node, Report, check_length, read_by_table, read_json};
use hmac_sha256::Hash;

/// The longest document, in bytes.
pub const MAX_DOCUMENT_BYTES: usize = 4 * 1024 * 1024;

/// Reads a configuration from the JSON document that a WasmPlugin carries.
///
/// ```
/// let errors = attache_plugin_config::parse(br#"{"isuers": []}"#).unwrap_err();
/// let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
/// assert_eq!(errors, ["`issuers` is missing", "isuers: unknown key `isuers`; did you mean `issuers`?"]);
/// ```
///
/// # Errors
/// Everything that is wrong with the document, each with its path, in the document's order. What
/// follows only from another error is left out. Past 100 errors the rest is counted.
#[inline(never)]
pub fn parse(json: &[u8]) -> Result<Config, Diagnostics> {
    check_length(json, MAX_DOCUMENT_BYTES, "split it")?;
    let (mut report, mut repeated) = (Report::default(), Vec::new());
    let read = read_json(json, &mut repeated);
    repeated.into_iter().for_each(|error| _ = report.add(error));
    let mut tree = match read.and_then(|tree| check_is_no_resource(&tree).map(|()| tree)) {
        Ok(tree) => tree,
        Err(error) => {
            let reported = report.add(error);
            return report.finish(Err(reported), &Node::Null).map(|(config, _)| config);
        }
    };
    let document = read_by_table::<Document>(&mut tree, FOREIGN_KEYS, &mut report);
    let mut checker = Checker::new(report);
    let config = document.map(|document| check(&document, Hash::hash(json), &mut checker));
    let (config, warnings) = checker.into_report().finish(config, &tree)?;
    Ok(Config { warnings, ..config })
}
