//! Istio's RequestAuthentications and AuthorizationPolicies, as one configuration with the same
//! verdicts.
//!
//! What can't be said exactly is said so that less is let through, or not at all; each such place
//! is a finding. How istiod reads the resources is that of its sources:
//! `pilot/pkg/security/authz/model` and `authn`, and what Envoy makes of it that of `jwt_authn` and
//! RBAC.

mod check;
mod claim;
mod clause;
mod documents;
mod issuers;
mod meet;
mod names;
mod operation;
mod output;
mod path;
mod place;
mod policies;
mod request_principal;
mod resources;
mod rule;
mod rule_context;
mod scope;
mod source;
mod source_value;
mod target;
mod trust;
mod when;

use crate::finding::{Finding, Rule};
use crate::input::{SourceFile, Text};
use crate::shown::{escaped, yaml_text};
use attache_config_reader::Path;
use check::{Origins, check};
use documents::RequestAuthenticationSpec;
use issuers::Issuers;
use names::Names;
use output::{ConfigurationOut, CorsOut, MethodsOut};
use place::{LEFT_OUT, NARROWER, NO_EQUAL, NOT_ISTIO, Notes, Place, WIDER};
use policies::{ImportContext, Policies};
use resources::{Namespaces, Resource, Resources};
use scope::Scope;
use std::collections::BTreeMap;
use std::rc::Rc;
use target::Target;
use trust::TrustDomains;

/// What is known of the mesh, and wanted of the import.
#[derive(Debug)]
pub(crate) struct Wishes {
    /// The namespace of resources that name none.
    pub(crate) namespace: String,
    /// Istio's root namespace.
    pub(crate) root_namespace: String,
    /// The mesh's trust domain, and its aliases behind it.
    pub(crate) trust_domains: Vec<String>,
    /// The namespace and the labels of the only workload that the configuration is for.
    pub(crate) workload: Option<(String, BTreeMap<String, String>)>,
    /// The policies that stay in force beside Attaché, as `namespace/name`.
    pub(crate) kept: Vec<String>,
    /// Whether what comes out a little wider is taken over.
    pub(crate) accepts_wider: bool,
}

/// What an import came to.
pub(crate) struct Import {
    /// The configuration in YAML; `None` where there are errors.
    pub(crate) yaml: Option<String>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) issuers: usize,
    pub(crate) policies: usize,
    pub(crate) rules: usize,
    /// How many resources of other kinds were passed over.
    pub(crate) others: usize,
}

/// What came of Istio's policies, for other programs.
#[derive(Debug)]
pub struct IstioImport {
    /// The configuration in YAML; `None` where there are errors.
    pub configuration: Option<String>,
    /// The rule of each finding, `narrower` for one, and what it says.
    pub findings: Vec<(&'static str, String)>,
}

/// Imports Istio's policies as `attache import istio` does, `--accept-wider` where that is asked
/// for.
#[must_use]
pub fn import_istio(text: &str, accepts_wider: bool) -> IstioImport {
    let (file, error) = SourceFile::new("<text>".to_owned(), text.to_owned());
    let wishes = Wishes {
        namespace: "default".to_owned(),
        root_namespace: "istio-system".to_owned(),
        trust_domains: Vec::new(),
        workload: None,
        kept: Vec::new(),
        accepts_wider,
    };
    let imported = import(&[Text { file: Rc::new(file), error, is_named: true }], &wishes);
    let told =
        |finding: Finding| (finding.rule.id, format!("{}: {}", finding.path, finding.problem));
    IstioImport {
        configuration: imported.yaml,
        findings: imported.findings.into_iter().map(told).collect(),
    }
}

/// Returns every rule that a finding of an import may have.
pub(crate) fn rules() -> impl Iterator<Item = &'static Rule> {
    [&NOT_ISTIO, &NO_EQUAL, &NARROWER, &WIDER, &LEFT_OUT].into_iter()
}

/// Imports what texts hold.
pub(crate) fn import(texts: &[Text], wishes: &Wishes) -> Import {
    let mut notes = Notes::default();
    let namespaces =
        Namespaces { default: wishes.namespace.clone(), root: wishes.root_namespace.clone() };
    let mut resources = Resources::default();
    for text in texts {
        resources.add(text, &namespaces, &mut notes);
    }
    let (mut issuers, mut policies) = (Issuers::default(), Policies::default());
    let target = target(&resources.authentications, wishes, &mut notes);
    if let Some(target) = &target {
        issuers = read_issuers(&resources.authentications, target, &mut notes);
        if issuers.issuers.is_empty() && !notes.has_errors() {
            no_issuer(texts, &resources, target, &mut notes);
        }
        policies = read_policies(&resources, &issuers, target, wishes, &mut notes);
        note_unknown(&wishes.kept, texts, &resources, &mut notes);
    } else if !notes.has_errors() {
        no_resource(texts, &mut notes);
    }
    let origins = Origins { issuers: issuers.places, policies: policies.places };
    let (issuers, rules) =
        (issuers.issuers, policies.policies.iter().map(|policy| policy.rules.len()).sum());
    let (issuer_count, policy_count) = (issuers.len(), policies.policies.len());
    let configuration = ConfigurationOut {
        issuers,
        policies: policies.policies,
        // Istio decides of a preflight request as of any other, and by the method of the request
        // line.
        cors: CorsOut { preflight: "ENFORCE" },
        methods: MethodsOut { r#override: "IGNORE" },
    };
    if !notes.has_errors() {
        check(&configuration, &origins, &mut notes);
    }
    let yaml =
        target.filter(|_| !notes.has_errors()).and_then(|target| write(&configuration, &target));
    Import {
        yaml,
        findings: notes.into_findings(),
        issuers: issuer_count,
        policies: policy_count,
        rules,
        others: resources.others,
    }
}

/// Returns which workloads the configuration is for; `None` where that can't be told.
fn target(
    authentications: &[Resource<RequestAuthenticationSpec>],
    wishes: &Wishes,
    notes: &mut Notes,
) -> Option<Target> {
    if let Some((namespace, labels)) = &wishes.workload {
        return Some(Target::Workload(Scope {
            namespace: Some(namespace.clone()),
            labels: labels.clone(),
        }));
    }
    let mut all =
        authentications.iter().flat_map(|one| one.scopes.iter().map(move |scope| (one, scope)));
    let (_, scope) = all.next()?;
    for (other, different) in all.filter(|(_, other)| *other != scope) {
        let message = format!(
            "this RequestAuthentication is for {different}, another for {scope}, and a configuration has one list of issuers \
             for all; make one for each kind of workload, with `--workload NAMESPACE --label NAME=VALUE`"
        );
        notes.add(&NO_EQUAL, &other.name_place(), message);
    }
    Some(Target::Selected(scope.clone()))
}

fn read_issuers(
    authentications: &[Resource<RequestAuthenticationSpec>],
    target: &Target,
    notes: &mut Notes,
) -> Issuers {
    let (mut issuers, mut names) = (Issuers::default(), Names::default());
    for resource in authentications {
        if resource.scopes.iter().any(|scope| target.is_within(scope)) {
            issuers.add(resource, &mut names, notes);
        } else {
            let message =
                format!("it is for other workloads than the configuration, which is for {target}");
            notes.add(&LEFT_OUT, &resource.name_place(), message);
        }
    }
    issuers
}

fn read_policies(
    resources: &Resources,
    issuers: &Issuers,
    target: &Target,
    wishes: &Wishes,
    notes: &mut Notes,
) -> Policies {
    let context = ImportContext {
        issuers: &issuers.ids(),
        split_claims: &issuers.split_claims,
        trust_domains: &TrustDomains::new(&wishes.trust_domains),
        target,
        kept: &wishes.kept,
        accepts_wider: wishes.accepts_wider,
    };
    let (mut policies, mut names) = (Policies::default(), Names::default());
    for resource in &resources.policies {
        policies.add(resource, &context, &mut names, notes);
    }
    policies.finish(target, &mut names, notes);
    policies
}

/// Notes that nothing verifies tokens of the workloads that the configuration is for.
fn no_issuer(texts: &[Text], resources: &Resources, target: &Target, notes: &mut Notes) {
    let place = resources.policies.first().map(Resource::name_place);
    let Some(place) = place.or_else(|| first_place(texts)) else { return };
    let message = format!(
        "no RequestAuthentication has `jwtRules` for {target}; Attaché is for those whose tokens are verified, so leave their \
         policies to Istio, or add the RequestAuthentication"
    );
    notes.add(&NO_EQUAL, &place, message);
}

/// Notes that the input holds no resource that says for which workloads a configuration would be.
fn no_resource(texts: &[Text], notes: &mut Notes) {
    let Some(place) = first_place(texts) else { return };
    let message = "there is no RequestAuthentication of `security.istio.io` here; name files that have one, or what `kubectl \
                   get requestauthentications,authorizationpolicies -A -o yaml` prints";
    notes.add(&NO_EQUAL, &place, message);
}

/// Notes that a policy is to be kept that is not there: it may be another that was meant.
fn note_unknown(kept: &[String], texts: &[Text], resources: &Resources, notes: &mut Notes) {
    let is_there = |name: &str| {
        let mut policies = resources.policies.iter();
        policies.any(|policy| name == format!("{}/{}", policy.namespace, policy.name))
    };
    let Some(place) = first_place(texts) else { return };
    for name in kept.iter().filter(|name| !is_there(name)) {
        let message = format!("`--keep {name}` names no policy here; write it as `namespace/name`");
        notes.add(&NO_EQUAL, &place, message);
    }
}

fn first_place(texts: &[Text]) -> Option<Place> {
    let Text { file, .. } = texts.first()?;
    Some(Place {
        file: Rc::clone(file),
        document: 0,
        resource: Path::default(),
        path: Path::default(),
    })
}

/// Returns the configuration in YAML, below a line that says what it is for.
fn write(configuration: &ConfigurationOut, target: &Target) -> Option<String> {
    let (yaml, target) = (yaml_text(configuration).ok()?, escaped(&target.to_string()));
    Some(format!("# Imported from Istio, for {target}: load it there and nowhere else.\n{yaml}"))
}
