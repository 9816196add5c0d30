//! Where in the input something stands, and what is said of it.

use crate::finding::{Finding, Rule};
use crate::input::SourceFile;
use attache_config_reader::{Diagnostic, Path, Severity};
use std::rc::Rc;

/// A policy that Istio's own admission refuses, or that has no form of its API.
pub(crate) static NOT_ISTIO: Rule = Rule {
    id: "not-istio",
    summary: "Istio refuses the resource, or ignores a part of it.",
    severity: Severity::Error,
};
/// What can't be imported without letting through what Istio refuses.
pub(crate) static NO_EQUAL: Rule = Rule {
    id: "no-equal",
    summary: "There is no configuration with the same verdicts, and none that only refuses more.",
    severity: Severity::Error,
};
/// What Istio allows and the configuration refuses.
pub(crate) static NARROWER: Rule = Rule {
    id: "narrower",
    summary: "The configuration refuses some of what Istio allows.",
    severity: Severity::Warning,
};
/// What Istio refuses and the configuration allows, as was asked for.
pub(crate) static WIDER: Rule = Rule {
    id: "wider",
    summary: "The configuration allows some of what Istio refuses, as --accept-wider asks.",
    severity: Severity::Warning,
};
/// What decides nothing, or not here.
pub(crate) static LEFT_OUT: Rule = Rule {
    id: "left-out",
    summary: "A part of the input is not in the configuration, and changes no verdict of it.",
    severity: Severity::Warning,
};

/// A value of a resource.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) file: Rc<SourceFile>,
    /// Which document of the text, from 0.
    pub(super) document: usize,
    /// From the document's root to the resource.
    pub(super) resource: Path,
    /// From the resource's root.
    pub(super) path: Path,
}

impl Place {
    /// Returns the place of a member.
    pub(super) fn key(&self, key: &str) -> Self {
        Self { path: self.path.clone().key(key), ..self.clone() }
    }

    /// Returns the place of an element.
    pub(super) fn index(&self, index: usize) -> Self {
        Self { path: self.path.clone().index(index), ..self.clone() }
    }

    /// Returns the place that a path from here leads to.
    pub(super) fn below(&self, path: Path) -> Self {
        Self { path: self.path.clone().join(path), ..self.clone() }
    }

    /// Creates a finding.
    fn finding(&self, rule: &'static Rule, message: &str) -> Finding {
        let diagnostic = Diagnostic::error(self.path.clone(), message);
        let path = self.resource.clone().join(self.path.clone());
        let location =
            self.file.documents.get(self.document).map(|document| document.locate(&path));
        Finding::of_text(rule, &self.file, location, &diagnostic)
    }
}

/// Everything that is said of the input.
#[derive(Debug, Default)]
pub(super) struct Notes {
    findings: Vec<Finding>,
}

impl Notes {
    /// Adds what is said of a place, unless that has been said of it. A message is lower case and
    /// has no final stop; what follows a semicolon is what to do.
    pub(super) fn add(&mut self, rule: &'static Rule, place: &Place, message: impl AsRef<str>) {
        self.push(place.finding(rule, message.as_ref()));
    }

    /// Adds a finding, unless it is there.
    pub(super) fn push(&mut self, finding: Finding) {
        let is_same = |other: &Finding| {
            other.rule == finding.rule
                && other.problem == finding.problem
                && other.path == finding.path
                && other.order() == finding.order()
        };
        if !self.findings.iter().any(is_same) {
            self.findings.push(finding);
        }
    }

    /// Returns whether an error was found.
    pub(super) fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.rule.severity == Severity::Error)
    }

    /// Returns the findings in the order of their files and places.
    pub(super) fn into_findings(mut self) -> Vec<Finding> {
        self.findings.sort_by_key(Finding::order);
        self.findings
    }
}
