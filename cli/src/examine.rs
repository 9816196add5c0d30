//! Everything that is to be said of a configuration: what the filter refuses, what it warns of, and
//! what looks wrong.

use crate::finding::{DOUBTFUL, Finding, INVALID, RESOURCE};
use crate::input::{Configuration, Input, Misnamed};
use crate::lint::{Subject, lint};
use crate::resource_form::resource_errors;
use attache_config_reader::{Diagnostic, Path, quote};
use attache_engine::Engine;
use attache_plugin_config::Config;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Returns why texts and resources hold no configuration that could be looked at.
pub(crate) fn unread(input: &Input) -> Vec<Finding> {
    let unreadable = input.unreadable.iter().map(|(file, error)| Finding::syntax(file, error));
    let misnamed = input.misnamed.iter().map(|Misnamed { file, location, error }| {
        Finding::of_text(&RESOURCE, file, *location, error)
    });
    unreadable.chain(misnamed).collect()
}

/// Returns which resources a text has more than once: applied one after the other, the last alone
/// stays.
pub(crate) fn repeated(input: &Input) -> Vec<Finding> {
    let mut seen = BTreeMap::new();
    let mut findings = Vec::new();
    for configuration in &input.configurations {
        let Some(resource) = configuration.resource() else { continue };
        let Some(name) = resource.name() else { continue };
        let known_by =
            (Rc::as_ptr(&configuration.file), resource.kind.name(), resource.namespace(), name);
        let place = (configuration.document, resource.path.to_string());
        // A resource may load several modules.
        if *seen.entry(known_by).or_insert_with(|| place.clone()) == place {
            continue;
        }
        let message = format!(
            "{} {} is there before, and is replaced by this; take one away, or give it another name",
            resource.kind.name(),
            quote(name)
        );
        let path = Path::default().key("metadata").key("name");
        findings.push(Finding::in_resource(
            &RESOURCE,
            configuration,
            &Diagnostic::error(path, message),
        ));
    }
    findings
}

/// Returns everything that is to be said of a configuration.
pub(crate) fn examine(configuration: &Configuration) -> Vec<Finding> {
    let form_errors = configuration.form_errors().iter();
    let mut findings: Vec<Finding> =
        form_errors.map(|error| Finding::in_document(&INVALID, configuration, error)).collect();
    let resource_errors = configuration.resource().map(resource_errors).unwrap_or_default();
    findings.extend(
        resource_errors.iter().map(|error| Finding::in_resource(&RESOURCE, configuration, error)),
    );
    let invalid = |error: &Diagnostic| Finding::new(&INVALID, configuration, error);
    let config = match configuration.parse_values() {
        Ok(config) => config,
        Err(errors) => {
            findings.extend(errors.iter().map(invalid));
            return findings;
        }
    };
    let (errors, warnings) = try_engines(configuration, &config);
    findings.extend(errors.iter().map(invalid));
    findings.extend(warnings.iter().map(|warning| Finding::new(&DOUBTFUL, configuration, warning)));
    findings.extend(lint(Subject { configuration, config: &config }));
    findings
}

/// Makes an engine for each workload that the configuration may be for. Returns errors, which do
/// not depend on the workload, and warnings, none twice.
fn try_engines(
    configuration: &Configuration,
    config: &Config,
) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
    let environment = configuration.environment();
    let mut warnings = config.warnings.clone();
    for workload in configuration.workloads(config) {
        let engine = match Engine::new(config, &workload, &environment) {
            Ok(engine) => engine,
            Err(errors) => return (errors.into_iter().collect(), warnings),
        };
        // Whether a workload exists that no policy is for, nobody here can tell.
        let applies = engine.coverage().applying > 0 || config.policies.is_empty();
        for warning in engine.warnings().iter().filter(|_| applies) {
            if !warnings.contains(warning) {
                warnings.push(warning.clone());
            }
        }
    }
    (Vec::new(), warnings)
}
