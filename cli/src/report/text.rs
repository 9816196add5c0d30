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
    let mut group = title.elements(finding.span.map(|span| snippet(finding, span)));
    if !finding.path.is_empty() {
        group = group.element(Level::NOTE.with_name("at").message(&finding.path));
    }
    if let Some(remedy) = &finding.remedy {
        group = group.element(Level::HELP.message(remedy));
    }
    group
}

/// Returns the line that a finding is about.
fn snippet(finding: &Finding, span: Span) -> Snippet<'_, Annotation<'_>> {
    let excerpt = Excerpt::of(&finding.file.text, span);
    let annotation = AnnotationKind::Primary.span(excerpt.marked);
    Snippet::source(excerpt.line).line_start(excerpt.number).path(&finding.file.name).annotation(annotation)
}
