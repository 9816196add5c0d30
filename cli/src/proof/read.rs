//! Reading a file of assertions.
//!
//! What it says of requests is said as a rule says it, so it is the filter's own reader that reads
//! it: each scope becomes the rule of a policy, and what is told of that policy is told of the
//! scope.

use super::assertion::Assertion;
use super::document::{AssertionDocument, Expectation, ProofDocument, TokenWord, UnlessDocument};
use super::doubts::{repeated_names, unregistered_methods};
use crate::input::{
    Boundary, Configuration, SourceFile, WorkloadDocument, is_configuration, named_configuration,
    read_text,
};
use crate::shown::{escaped, told_path};
use crate::symbolic::{Region, Scope};
use attache_config_reader::{Diagnostic, Node, Path, Report, Step, read_document};
use attache_engine::host::Workload;
use attache_plugin_config::{Policy, parse};
use serde_json::{Map, Value, json};
use std::path::Path as FilePath;
use std::rc::Rc;

/// A file of assertions, read.
pub(crate) struct ProofFile {
    /// The configuration that it names or holds.
    pub(crate) configuration: Option<Configuration>,
    /// What it says of the workload.
    pub(crate) workload: Option<Workload>,
    pub(crate) assertions: Vec<Assertion>,
    /// What is legal and seldom meant, with what it is about.
    pub(crate) warnings: (Rc<SourceFile>, Vec<Diagnostic>),
}

/// Why a file can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProofFileError {
    #[error("{0}")]
    Unreadable(String),
    /// What is wrong with what, where it stands.
    #[error("{} has errors", escaped(&.0.name))]
    Invalid(Rc<SourceFile>, Vec<Diagnostic>),
}

/// What scopes are called while they are a policy's.
const RULE: &str = "scope";

/// A scope that is to be read, and where it stands.
struct Draft<'d> {
    at: Path,
    token: Option<TokenWord>,
    fields: [(&'static str, Option<&'d Node>); 4],
    paths: Option<&'d Node>,
}

impl ProofFile {
    /// Reads a file, and the configuration that it names, within a boundary, or holds. Without a
    /// boundary no other file is read.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub(crate) fn read(
        path: &FilePath,
        boundary: Option<&Boundary>,
    ) -> Result<Self, ProofFileError> {
        let unreadable = |error: &dyn std::fmt::Display| {
            ProofFileError::Unreadable(format!("{}: {error}", told_path(path)))
        };
        let text = read_text(path).map_err(ProofFileError::Unreadable)?;
        let (source, error) = SourceFile::new(path.display().to_string(), text);
        if let Some(error) = error {
            return Err(unreadable(&error));
        }
        let [document] = source.documents.as_slice() else {
            return Err(unreadable(&"write one document a file"));
        };
        let (mut node, form_errors) = document.as_kubernetes_reads();
        let source = Rc::new(source);
        let invalid = |errors: Vec<Diagnostic>| ProofFileError::Invalid(Rc::clone(&source), errors);
        if is_configuration(&node, "assertions") {
            return Err(unreadable(
                &"it is a configuration and holds no `assertions`; name a file of assertions, and this by --configuration",
            ));
        }
        let mut report = Report::default();
        form_errors.into_iter().for_each(|error| _ = report.add(error));
        let document = read_document::<ProofDocument>(&mut node, &[], &mut report);
        let (document, _) = report
            .finish(document, &node)
            .map_err(|errors| invalid(errors.into_iter().collect()))?;
        let mut errors = repeated_names(&document);
        let assertions = match assertions(&document) {
            Ok(assertions) if errors.is_empty() => assertions,
            Ok(_) => return Err(invalid(errors)),
            Err(others) => {
                errors.extend(others);
                return Err(invalid(errors));
            }
        };
        Ok(Self {
            warnings: (Rc::clone(&source), unregistered_methods(&document)),
            configuration: configuration(path, boundary, &source, &document).map_err(|error| {
                invalid(vec![Diagnostic::error(Path::default().key("configuration"), error)])
            })?,
            workload: document.workload.as_ref().map(WorkloadDocument::workload),
            assertions,
        })
    }
}

fn configuration(
    path: &FilePath,
    boundary: Option<&Boundary>,
    source: &Rc<SourceFile>,
    document: &ProofDocument,
) -> Result<Option<Configuration>, String> {
    match &document.configuration {
        None => Ok(None),
        Some(Node::String(named)) => {
            boundary.map(|boundary| named_configuration(named, path, boundary)).transpose()
        }
        Some(inline) => {
            Ok(Some(Configuration::bare(Rc::clone(source), "configuration", inline.clone())))
        }
    }
}

/// Reads all assertions, or tells everything that is wrong with them.
fn assertions(document: &ProofDocument) -> Result<Vec<Assertion>, Vec<Diagnostic>> {
    let list = Path::default().key("assertions");
    let Ok(items) = document.assertions.get() else { return Ok(Vec::new()) };
    if items.is_empty() {
        return Err(vec![Diagnostic::error(
            list,
            "there is no assertion; write what must hold of which requests",
        )]);
    }
    let mut drafts = Vec::new();
    for (number, assertion) in items.iter() {
        let at = list.clone().index(number);
        drafts.push(of_assertion(assertion, at.clone()));
        drafts.extend(
            assertion.unless.as_ref().map(|unless| of_unless(unless, at.key("unless"), assertion)),
        );
    }
    let mut scopes = scopes(&drafts)?.into_iter();
    let mut assertions = Vec::new();
    for (_, assertion) in items.iter() {
        let scope = scopes.next();
        let unless = if assertion.unless.is_some() { scopes.next() } else { None };
        if let (Ok(name), Ok(expect), Some(scope)) =
            (assertion.name.get(), assertion.expect.get(), scope)
        {
            let allowed = matches!(expect, Expectation::Allowed);
            assertions.push(Assertion {
                name: name.clone(),
                allowed,
                region: Region { scope, unless },
            });
        }
    }
    Ok(assertions)
}

fn of_assertion(document: &AssertionDocument, at: Path) -> Draft<'_> {
    let AssertionDocument { token, to, from, roles, when, paths, .. } = document;
    Draft { at, token: *token, fields: fields(to, from, roles, when), paths: paths.as_ref() }
}

fn of_unless<'d>(
    document: &'d UnlessDocument,
    at: Path,
    within: &'d AssertionDocument,
) -> Draft<'d> {
    let UnlessDocument { token, to, from, roles, when } = document;
    Draft { at, token: *token, fields: fields(to, from, roles, when), paths: within.paths.as_ref() }
}

fn fields<'d>(
    to: &'d Option<Node>,
    from: &'d Option<Node>,
    roles: &'d Option<Node>,
    when: &'d Option<Node>,
) -> [(&'static str, Option<&'d Node>); 4] {
    [
        ("to", to.as_ref()),
        ("from", from.as_ref()),
        ("roles", roles.as_ref()),
        ("when", when.as_ref()),
    ]
}

/// Reads scopes as rules of policies.
fn scopes(drafts: &[Draft<'_>]) -> Result<Vec<Scope>, Vec<Diagnostic>> {
    let policies: Vec<Value> = drafts.iter().enumerate().map(as_policy).collect();
    // Nobody's tokens: only so that there is an issuer, and that roles lie somewhere.
    let issuer = json!({"name": RULE, "issuer": RULE, "jwksUri": "https://issuer.invalid/keys",
        "roleClaims": [{"claim": "roles"}]});
    let document = json!({"issuers": [issuer], "policies": policies});
    let config = parse(document.to_string().as_bytes()).map_err(|errors| {
        errors.into_iter().map(|error| in_file(error, drafts)).collect::<Vec<_>>()
    })?;
    let scopes = config.policies.into_iter().zip(drafts).filter_map(|(policy, draft)| {
        let Policy { paths, rules, .. } = policy;
        let rule = rules.into_iter().next()?;
        Some(Scope { rule, paths, token: draft.token.map(TokenWord::is_there) })
    });
    Ok(scopes.collect())
}

/// Returns a policy with one rule.
fn as_policy((number, draft): (usize, &Draft<'_>)) -> Value {
    let fields = draft.fields.iter().filter_map(|(key, node)| Some((*key, json!((*node)?))));
    let named = std::iter::once(("name", json!(RULE)));
    let rule: Map<String, Value> =
        named.chain(fields).map(|(key, value)| (key.to_owned(), value)).collect();
    let mut policy = Map::new();
    policy.insert("name".to_owned(), json!(format!("{RULE}-{number}")));
    policy.insert("rules".to_owned(), json!([rule]));
    if let Some(paths) = draft.paths {
        policy.insert("paths".to_owned(), json!(paths));
    }
    policy.into()
}

/// Returns what is said of a policy as it is to be said of the scope that it stands for.
fn in_file(error: Diagnostic, drafts: &[Draft<'_>]) -> Diagnostic {
    let steps = error.path.steps();
    let (number, rest) = match steps {
        [Step::Key(key), Step::Index(number), rest @ ..] if key == "policies" => (*number, rest),
        _ => return error,
    };
    let rest = match rest {
        [Step::Key(key), Step::Index(_), inner @ ..] if key == "rules" => inner,
        other => other,
    };
    let Some(draft) = drafts.get(number) else { return error };
    let path = rest.iter().fold(draft.at.clone(), |path, step| match step {
        Step::Key(key) => path.key(key),
        Step::Index(index) => path.index(*index),
    });
    Diagnostic { path, ..error }
}
