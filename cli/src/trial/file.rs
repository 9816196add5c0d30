//! What a file of tests holds: the form of the project's own scenarios, as far as one process can play them.

use crate::input::{Configuration, Input, InputOptions};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// A file of tests.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct TestFile {
    /// What it shows.
    pub(crate) title: String,
    /// The configuration itself, or the path of the file that holds it, from this file's folder.
    pub(crate) configuration: Value,
    /// The workload that is asked.
    #[serde(default)]
    pub(crate) workload: TestWorkload,
    /// Tokens, by the names that requests use.
    #[serde(default)]
    pub(crate) tokens: BTreeMap<String, TestToken>,
    /// The requests.
    pub(crate) steps: Vec<Step>,
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

/// A token whose signature counts as good.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct TestToken {
    /// Its claims; `iss`, `aud`, `exp` and `iat` are added where they are missing.
    #[serde(default)]
    pub(crate) claims: Map<String, Value>,
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
#[serde(deny_unknown_fields)]
pub(crate) struct TestRequest {
    #[serde(default = "get")]
    pub(crate) method: String,
    #[serde(default = "root")]
    pub(crate) path: String,
    #[serde(default = "service")]
    pub(crate) host: String,
    pub(crate) token: Option<String>,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// The caller's mTLS principal, without `spiffe://`.
    pub(crate) caller: Option<String>,
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
    /// What the service sees.
    #[serde(default)]
    pub(crate) service: Seen,
}

/// What a service sees of a request.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seen {
    /// Headers and their values.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// Headers that must not be there.
    #[serde(default)]
    pub(crate) absent: Vec<String>,
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

/// Returns the files of tests that folders hold, and those that are named.
///
/// # Errors
/// A folder can't be searched, or there is no such file.
pub(crate) fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_file() {
            found.push(path.clone());
            continue;
        }
        for entry in walkdir::WalkDir::new(path).sort_by_file_name() {
            let entry = entry?;
            let is_yaml = entry.path().extension().is_some_and(|end| end == "yaml" || end == "yml");
            if is_yaml && entry.file_type().is_file() && holds_steps(entry.path())? {
                found.push(entry.into_path());
            }
        }
    }
    if found.is_empty() {
        return Err("no tests there: a file of tests has `steps`".into());
    }
    Ok(found)
}

/// Returns whether a file looks like tests and not like a configuration beside them.
fn holds_steps(path: &Path) -> Result<bool, Box<dyn Error>> {
    let text =
        fs::read_to_string(path).map_err(|error| format!("can't read `{}`: {error}", path.display()))?;
    Ok(text.lines().any(|line| line.starts_with("steps:")))
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
        let file: Self = serde_json::from_value(value).map_err(|error| format!("{name}: {error}"))?;
        let configuration = file.configuration(path, &name)?;
        Ok((file, configuration))
    }

    fn configuration(&self, path: &Path, name: &str) -> Result<Configuration, Box<dyn Error>> {
        let input = match &self.configuration {
            Value::String(file) => {
                let file = path.parent().unwrap_or(Path::new("")).join(file);
                InputOptions::of_file(&file).read()?
            }
            inline => {
                Input::of_text(format!("configuration of {name}"), serde_json::to_string_pretty(inline)?)
            }
        };
        let mut found = input.configurations;
        match (found.pop(), found.is_empty()) {
            (Some(configuration), true) => Ok(configuration),
            (None, _) => Err(format!("{name}: `configuration` holds none").into()),
            (Some(_), false) => Err(format!("{name}: `configuration` names a file with several").into()),
        }
    }
}
