//! What a file of tests holds: the form of the project's own scenarios, as far as one process can play them.

use super::text_match::{OneOrMany, TextMatch};
use crate::input::{Configuration, InputOptions, SourceFile, shortened};
use attache_config_reader::{Node, SourceText};
use serde::Deserialize;
use serde_json::{Map, Value};
use serde_path_to_error::Segment;
use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::rc::Rc;

/// A file of tests.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct TestFile {
    /// What it shows.
    pub(crate) title: String,
    /// What of a design it covers; the tool does not look at it.
    #[serde(default, rename = "covers")]
    _covers: Vec<String>,
    /// The configuration itself, or the path of the file that holds it, from this file's folder.
    configuration: Value,
    /// Whether signatures count as good.
    #[serde(default)]
    pub(crate) signatures: Signatures,
    /// When requests come, in seconds since 1970; now where none is given.
    pub(crate) time: Option<u64>,
    /// Variables of the module's environment, in place of those that the resource gives it.
    #[serde(default)]
    pub(crate) environment: BTreeMap<String, String>,
    /// The workload that is asked.
    #[serde(default)]
    pub(crate) workload: TestWorkload,
    /// Tokens, by the names that requests use.
    #[serde(default)]
    pub(crate) tokens: BTreeMap<String, TestToken>,
    /// The requests.
    pub(crate) steps: Vec<Step>,
}

/// Whether signatures count as good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Signatures {
    /// Every one: tokens are written as claims.
    #[default]
    Trusted,
    /// Those that the configuration's keys verify: tokens are written as they are.
    Verified,
}

/// A workload.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct TestWorkload {
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) service_account: Option<String>,
    #[serde(default)]
    pub(crate) labels: BTreeMap<String, String>,
}

/// A token.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct TestToken {
    /// Its text, where signatures are verified.
    pub(crate) raw: Option<String>,
    /// Its claims, where signatures count as good; `iss`, `aud`, `exp` and `iat` are added where they are missing.
    #[serde(default)]
    pub(crate) claims: Map<String, Value>,
    /// Claims that it lacks, of those that are added.
    #[serde(default)]
    pub(crate) without: Vec<String>,
    /// Whose it is, where there are several issuers.
    pub(crate) issuer: Option<String>,
}

/// A request and what must become of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) request: TestRequest,
    #[serde(default)]
    pub(crate) expect: Expectation,
}

/// A request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct TestRequest {
    #[serde(default = "get")]
    pub(crate) method: String,
    #[serde(default = "root")]
    pub(crate) path: String,
    #[serde(default = "service")]
    pub(crate) host: String,
    pub(crate) token: Option<String>,
    /// Headers; a list is that many headers of one name.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, OneOrMany>,
    /// The caller's mTLS principal, without `spiffe://`.
    pub(crate) caller: Option<String>,
    /// The address of the direct peer.
    pub(crate) address: Option<IpAddr>,
    /// The address that a header tells the proxy, in place of the peer's.
    pub(crate) client_address: Option<IpAddr>,
    pub(crate) port: Option<u16>,
    pub(crate) body: Option<String>,
}

/// What must become of a request; nothing: it reaches the service.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expectation {
    /// Why it is refused.
    pub(crate) reason: Option<String>,
    /// The status of the refusal.
    pub(crate) status: Option<u16>,
    /// The rule that decides: `policy/rule`.
    pub(crate) rule: Option<String>,
    /// The headers of the answer to a refused request.
    #[serde(default)]
    pub(crate) answer: BTreeMap<String, TextMatch>,
    /// The body of that answer.
    pub(crate) body: Option<TextMatch>,
    /// What the service sees.
    #[serde(default)]
    pub(crate) service: Seen,
}

/// What a service sees of a request.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seen {
    /// Path and query.
    pub(crate) path: Option<String>,
    /// The method.
    pub(crate) method: Option<String>,
    /// Headers and their values.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, TextMatch>,
    /// Headers that must not be there.
    #[serde(default)]
    pub(crate) absent: Vec<String>,
}

/// Returns the file, the line and the column of what a path leads to, as far as the text can be read.
fn place(name: &str, text: &str, path: &serde_path_to_error::Path) -> String {
    let steps = path.iter().try_fold(attache_config_reader::Path::default(), |at, segment| match segment {
        Segment::Map { key } => Ok(at.key(key)),
        Segment::Seq { index } => Ok(at.index(*index)),
        Segment::Enum { .. } | Segment::Unknown => Err(at),
    });
    let at = steps.unwrap_or_else(|at| at);
    let source = SourceText::parse(text).ok();
    let location =
        source.as_ref().and_then(|source| source.documents().first()).map(|document| document.locate(&at));
    match location.map(|location| location.key.unwrap_or_else(|| location.span()).start) {
        Some(start) => format!("{name}:{}:{}", start.line, start.column),
        None => name.to_owned(),
    }
}

fn get() -> String {
    "GET".to_owned()
}

fn root() -> String {
    "/".to_owned()
}

fn service() -> String {
    "service".to_owned()
}

impl TestFile {
    /// Reads a file, and the configuration that it names or holds.
    ///
    /// # Errors
    /// What is wrong with either, with the place.
    pub(crate) fn read(path: &Path) -> Result<(Self, Configuration), Box<dyn Error>> {
        let name = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|error| format!("can't read `{name}`: {error}"))?;
        let nodes =
            attache_config_reader::read_yaml_stream(&text).map_err(|error| format!("{name}: {error}"))?;
        let [node] = nodes.as_slice() else { return Err(format!("{name}: one document a file").into()) };
        let value = serde_json::to_value(node)?;
        let file: Self = serde_path_to_error::deserialize(value)
            .map_err(|error| format!("{}: {}", place(&name, &text, error.path()), error.inner()))?;
        let configuration = file.configuration(path, name, text, node)?;
        Ok((file, configuration))
    }

    fn configuration(
        &self,
        path: &Path,
        name: String,
        text: String,
        node: &Node,
    ) -> Result<Configuration, Box<dyn Error>> {
        let Value::String(named) = &self.configuration else {
            let inline = node.get("configuration").cloned().unwrap_or(Node::Null);
            let (source, error) = SourceFile::new(name, text);
            return match error {
                Some(error) => Err(format!("{}: {error}", source.name).into()),
                None => Ok(Configuration::bare(Rc::new(source), "configuration", inline)),
            };
        };
        let file = shortened(&path.parent().unwrap_or(Path::new("")).join(named));
        let mut found = InputOptions::of_file(&file).read()?.configurations;
        match (found.pop(), found.is_empty()) {
            (Some(configuration), true) => Ok(configuration),
            (None, _) => Err(format!("{name}: `configuration` holds none").into()),
            (Some(_), false) => Err(format!("{name}: `configuration` names a file with several").into()),
        }
    }
}
