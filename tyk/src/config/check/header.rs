//! Names of headers.

use super::Checker;
use attache_config_reader::{HeaderName, PathRef, Reported, quote};

/// Headers that belong to the connection, as the gateway writes them.
const CONNECTION: [&str; 8] = [
    "Host",
    "Connection",
    "Transfer-Encoding",
    "Content-Length",
    "Te",
    "Upgrade",
    "Trailer",
    "Keep-Alive",
];

/// Returns a header's name in the letter case that the gateway uses: `x-mesh-token` becomes
/// `X-Mesh-Token`.
pub(super) fn header(
    text: &str,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<String, Reported> {
    let text = checker.text(text, at)?;
    let name =
        HeaderName::new(&text).map_err(|why| format!("{} is no header name: {why}", quote(&text)));
    let name = checker.report.ok_or_report(at, name)?;
    let parts: Vec<_> = name.as_str().split('-').map(capital).collect();
    let name = parts.join("-");
    if CONNECTION.contains(&name.as_str()) {
        return Err(
            checker.error(at, format!("`{name}` belongs to the connection; choose another header"))
        );
    }
    Ok(name)
}

fn capital(part: &str) -> String {
    let mut chars = part.chars();
    let first = chars.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}
