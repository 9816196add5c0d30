//! What a backend tells of a request that reached it.

use crate::judge::Handled;
use serde::Deserialize;
use std::collections::BTreeMap;

/// One line of a backend. Texts are Latin-1: one character, one byte.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seen {
    /// The value of `x-case`.
    pub(crate) case: String,
    /// The method, after what overrides it.
    pub(crate) method: String,
    /// Each way in which its router, or a service without one, reads what is asked for; none where
    /// nothing handles it.
    pub(crate) operations: Vec<Reading>,
    /// The path as it shows it to its code.
    #[expect(dead_code, reason = "reports show it")]
    pub(crate) path: String,
    /// Each way in which it tells the host.
    pub(crate) hosts: Vec<String>,
    /// Headers by name.
    #[serde(default)]
    pub(crate) headers: Vec<(String, String)>,
    /// The same as CGI variables.
    #[serde(default)]
    pub(crate) cgi: BTreeMap<String, String>,
    /// Trailers, and headers that came in them.
    #[serde(default)]
    pub(crate) trailers: Vec<(String, String)>,
}

/// One reading of what is asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(crate) enum Reading {
    /// The route that was found, and what its parameters stand for.
    Route { route: String, params: BTreeMap<String, String> },
    /// A path, decoded.
    Path { path: String },
}

impl Seen {
    /// Every operation that it handled by any of its own readings.
    pub(crate) fn handled(&self) -> Vec<Handled> {
        let hosts = self.hosts.iter().map(|host| plain_host(host));
        let tenants = self.values("x-tenant");
        hosts
            .flat_map(|host| {
                let tenants = tenants.clone();
                self.operations.iter().map(move |reading| Handled {
                    method: self.method.clone(),
                    segments: reading.segments(),
                    host: host.clone(),
                    tenants: tenants.clone(),
                })
            })
            .collect()
    }

    /// Every value of a header, in whatever spelling a backend may take for it, and wherever.
    pub(crate) fn values(&self, name: &str) -> Vec<String> {
        let lines =
            self.headers.iter().chain(&self.trailers).map(|(name, value)| (folded(name), value));
        let variables = self
            .cgi
            .iter()
            .filter_map(|(name, value)| Some((folded(name.strip_prefix("HTTP_")?), value)));
        let mut values: Vec<_> = lines
            .chain(variables)
            .filter(|(own, _)| own == name)
            .map(|(_, value)| value.clone())
            .collect();
        values.sort();
        values.dedup();
        values
    }
}

impl Reading {
    fn segments(&self) -> Vec<String> {
        match self {
            Self::Path { path } => {
                path.strip_prefix('/').unwrap_or(path).split('/').map(str::to_owned).collect()
            }
            Self::Route { route, params } => {
                let parts = route.trim_start_matches('/').split('/');
                parts.flat_map(|part| filled(part, params)).collect()
            }
        }
    }
}

/// What a segment of a route stands for: `{path}` for any number, any other for one, whatever is in
/// it.
fn filled(part: &str, params: &BTreeMap<String, String>) -> Vec<String> {
    let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) else {
        return vec![part.to_owned()];
    };
    let value = params.get(name).cloned().unwrap_or_default();
    if name == "path" { value.split('/').map(str::to_owned).collect() } else { vec![value] }
}

/// Lower case, without a port and a dot at its end.
pub(crate) fn plain_host(host: &str) -> String {
    let host = host.to_ascii_lowercase();
    let end = if host.starts_with('[') { host.find(']').map(|at| at + 1) } else { host.find(':') };
    let host = host.get(..end.unwrap_or(host.len())).unwrap_or_default();
    host.strip_suffix('.').unwrap_or(host).to_owned()
}

fn folded(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .collect()
}
