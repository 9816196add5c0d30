//! The page as one file, which loads nothing: its style, its program and the engine stand in it,
//! and a Content-Security-Policy lets it run these and nothing else.

use super::examples::examples;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use flate2::Compression;
use flate2::write::GzEncoder;
use hmac_sha256::Hash;
use std::io::{self, Write};

const TEMPLATE: &str = include_str!("../../../playground/page/index.html");
const STYLE: &str = include_str!("../../../playground/page/style.css");
/// Parts of one module, in an order in which each finds what it needs at once.
const SCRIPTS: [&str; 9] = [
    include_str!("../../../playground/page/dom.js"),
    include_str!("../../../playground/page/wasi.js"),
    include_str!("../../../playground/page/engine.js"),
    include_str!("../../../playground/page/form.js"),
    include_str!("../../../playground/page/editor.js"),
    include_str!("../../../playground/page/answer.js"),
    include_str!("../../../playground/page/command.js"),
    include_str!("../../../playground/page/link.js"),
    include_str!("../../../playground/page/main.js"),
];

/// Returns the page with an engine in it, which is given as Wasm.
///
/// # Errors
/// None that an engine can cause; what compresses it may have some.
pub(crate) fn page(engine: &[u8]) -> io::Result<String> {
    let script = SCRIPTS.concat();
    let policy = format!(
        "default-src 'none'; script-src '{}' 'wasm-unsafe-eval'; style-src '{}'; base-uri 'none'; form-action 'none'",
        source(&script),
        source(STYLE)
    );
    let engine = BASE64.encode(gzip(engine)?);
    let examples = examples();
    let parts = [
        ("policy", policy.as_str()),
        ("version", env!("CARGO_PKG_VERSION")),
        ("style", STYLE),
        ("examples", &examples),
        ("engine", &engine),
        ("script", &script),
    ];
    Ok(fill(TEMPLATE, &parts))
}

/// Returns what a policy names an inline element by (CSP level 3, section 2.3.1).
fn source(content: &str) -> String {
    format!("sha256-{}", BASE64.encode(Hash::hash(content.as_bytes())))
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Fills `{{name}}` of a template. What is filled in is not searched again.
fn fill(template: &str, parts: &[(&str, &str)]) -> String {
    let mut pieces = template.split("{{");
    let mut page = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once("}}").unwrap_or(("", piece));
        let content =
            parts.iter().find(|(known, _)| *known == name).map_or("", |(_, content)| content);
        page.push_str(content);
        page.push_str(rest);
    }
    page
}
