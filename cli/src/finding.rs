//! What is said of a configuration, and where.

use crate::input::{Configuration, SourceFile};
use attache_config_reader::{Diagnostic, Location, Severity, Span, SyntaxError};
use std::rc::Rc;

/// Why something is found, by a name that does not change.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    /// Kebab-case, unique: what reports and docs/tool.md call it.
    pub(crate) id: &'static str,
    /// What it finds, as a sentence.
    pub(crate) summary: &'static str,
    /// What it weighs.
    pub(crate) severity: Severity,
}

/// A text that nobody can read.
pub(crate) static SYNTAX: Rule =
    Rule { id: "syntax", summary: "The text is neither YAML nor JSON.", severity: Severity::Error };
/// What the filter refuses.
pub(crate) static INVALID: Rule = Rule {
    id: "invalid",
    summary: "The filter refuses the configuration, and every proxy keeps the one that it has.",
    severity: Severity::Error,
};
/// What is refused before the filter sees it.
pub(crate) static RESOURCE: Rule = Rule {
    id: "resource",
    summary: "Kubernetes or Istio refuses the resource that carries the configuration, or drops a part of it.",
    severity: Severity::Error,
};
/// What the filter warns of.
pub(crate) static DOUBTFUL: Rule = Rule {
    id: "doubtful",
    summary: "The filter takes the configuration and logs a warning.",
    severity: Severity::Warning,
};

/// One thing that was found.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    /// Why.
    pub(crate) rule: &'static Rule,
    /// The text that it is about.
    pub(crate) file: Rc<SourceFile>,
    /// Where in the text; absent for a document that has no place.
    pub(crate) span: Option<Span>,
    /// The path of the value, from the root of its configuration or resource; empty for what is
    /// about all of it.
    pub(crate) path: String,
    /// What is wrong, lower case, without a final stop.
    pub(crate) problem: String,
    /// What to do.
    pub(crate) remedy: Option<String>,
    /// What else to look at, and why.
    pub(crate) also: Option<(Span, String)>,
}

impl Finding {
    /// Creates the finding of a text that can't be read.
    pub(crate) fn syntax(file: &Rc<SourceFile>, error: &SyntaxError) -> Self {
        Self {
            rule: &SYNTAX,
            file: Rc::clone(file),
            span: Some(Span { start: error.position, end: error.position }),
            path: String::new(),
            problem: error.message.clone(),
            remedy: None,
            also: None,
        }
    }

    /// Creates a finding of what a diagnostic says, whose path begins at the configuration.
    pub(crate) fn new(
        rule: &'static Rule,
        configuration: &Configuration,
        diagnostic: &Diagnostic,
    ) -> Self {
        Self::at(rule, configuration, configuration.locate(&diagnostic.path), diagnostic)
    }

    /// Creates a finding of what a diagnostic says, whose path begins at the document.
    pub(crate) fn in_document(
        rule: &'static Rule,
        configuration: &Configuration,
        diagnostic: &Diagnostic,
    ) -> Self {
        Self::at(
            rule,
            configuration,
            configuration.locate_in_document(&diagnostic.path),
            diagnostic,
        )
    }

    /// Creates a finding of what a diagnostic says, whose path begins at the resource that carries
    /// the configuration.
    pub(crate) fn in_resource(
        rule: &'static Rule,
        configuration: &Configuration,
        diagnostic: &Diagnostic,
    ) -> Self {
        let resource =
            configuration.resource().map(|resource| resource.path.clone()).unwrap_or_default();
        let location = configuration.locate_in_document(&resource.join(diagnostic.path.clone()));
        Self::at(rule, configuration, location, diagnostic)
    }

    /// Creates a finding of what a diagnostic says of a text that is no configuration.
    pub(crate) fn of_text(
        rule: &'static Rule,
        file: &Rc<SourceFile>,
        location: Option<Location>,
        diagnostic: &Diagnostic,
    ) -> Self {
        Self {
            rule,
            file: Rc::clone(file),
            span: location.map(|location| underlined(&location, diagnostic)),
            path: diagnostic.path.to_string(),
            problem: diagnostic.problem().to_owned(),
            remedy: diagnostic.remedy().map(str::to_owned),
            also: None,
        }
    }

    /// Adds what else to look at.
    #[must_use]
    pub(crate) fn see(self, location: Option<Location>, label: impl Into<String>) -> Self {
        Self { also: location.map(|location| (location.span(), label.into())), ..self }
    }

    /// Returns it without the secrets of its text.
    #[must_use]
    pub(crate) fn without_secrets(&self) -> Self {
        let secrets = self.file.secrets();
        let redacted = |text: &str| secrets.redacted(text);
        Self {
            path: redacted(&self.path),
            problem: redacted(&self.problem),
            remedy: self.remedy.as_deref().map(redacted),
            also: self.also.as_ref().map(|(span, label)| (*span, redacted(label))),
            ..self.clone()
        }
    }

    /// Returns what it says, and of which place: of a resource that carries several configurations
    /// each has the same.
    pub(crate) fn said(
        &self,
    ) -> (*const SourceFile, &'static str, Option<[usize; 2]>, String, String) {
        let span = self.span.map(|span| [span.start.byte, span.end.byte]);
        (Rc::as_ptr(&self.file), self.rule.id, span, self.path.clone(), self.problem.clone())
    }

    /// Returns what findings are sorted by: the file and the place.
    pub(crate) fn order(&self) -> (String, usize) {
        (self.file.name.clone(), self.span.map_or(0, |span| span.start.byte))
    }

    fn at(
        rule: &'static Rule,
        configuration: &Configuration,
        location: Option<Location>,
        diagnostic: &Diagnostic,
    ) -> Self {
        Self::of_text(rule, &configuration.file, location, diagnostic)
    }
}

/// Returns what to underline: the key where that is what is wrong.
fn underlined(location: &Location, diagnostic: &Diagnostic) -> Span {
    let problem = diagnostic.problem();
    match location.key {
        Some(key)
            if problem.starts_with("unknown key")
                || problem.ends_with("is repeated in this object") =>
        {
            key
        }
        _ => location.span(),
    }
}
