//! For people, in the form of rustc: annotate-snippets draws it, which the reader of YAML brings along, and which needs
//! no more of a text than the lines to show.

use super::excerpt::Excerpt;
use crate::finding::Finding;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};
use attache_config_reader::{Severity, Span};

/// Returns the findings, an empty line after each.
pub(super) fn render(findings: &[Finding], is_styled: bool) -> String {
    let renderer = if is_styled { Renderer::styled() } else { Renderer::plain() };
    let mut text = String::new();
    for finding in findings {
        text.push_str(&renderer.render(&[group(finding)]));
        text.push_str("\n\n");
    }
    text
}

fn group(finding: &Finding) -> Group<'_> {
    let level = match finding.rule.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(&finding.problem).id(finding.rule.id);
    let mut group = title.elements(snippets(finding));
    if !finding.path.is_empty() {
        group = group.element(Level::NOTE.with_name("at").message(&finding.path));
    }
    if let Some(remedy) = &finding.remedy {
        group = group.element(Level::HELP.message(remedy));
    }
    group
}

/// Returns the lines that a finding is about.
fn snippets(finding: &Finding) -> Vec<Snippet<'_, Annotation<'_>>> {
    let Some(span) = finding.span else { return Vec::new() };
    let mut snippets = vec![snippet(finding, span, AnnotationKind::Primary, None)];
    if let Some((span, label)) = &finding.also {
        snippets.push(snippet(finding, *span, AnnotationKind::Context, Some(label)));
    }
    snippets
}

fn snippet<'f>(
    finding: &'f Finding,
    span: Span,
    kind: AnnotationKind,
    label: Option<&'f String>,
) -> Snippet<'f, Annotation<'f>> {
    let excerpt = Excerpt::of(&finding.file.text, span);
    let mut annotation = kind.span(excerpt.marked);
    if let Some(label) = label {
        annotation = annotation.label(label);
    }
    Snippet::source(excerpt.line).line_start(excerpt.number).path(&finding.file.name).annotation(annotation)
}
