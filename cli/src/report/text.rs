//! For people, in the form of rustc: annotate-snippets draws it, which the reader of YAML brings
//! along, and which needs no more of a text than the lines to show.

use super::excerpt::Excerpt;
use crate::finding::Finding;
use crate::shown::escaped;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};
use attache_config_reader::{Severity, Span};

/// Returns the findings, an empty line after each.
pub(super) fn render(findings: &[Finding], is_styled: bool) -> String {
    let renderer = if is_styled { Renderer::styled() } else { Renderer::plain() };
    let mut text = String::new();
    for finding in findings {
        text.push_str(&renderer.render(&[group(finding, &Words::of(finding))]));
        text.push_str("\n\n");
    }
    text
}

/// What is said of a finding, as a terminal may have it.
struct Words {
    file: String,
    path: String,
    problem: String,
    remedy: Option<String>,
    label: Option<String>,
}

impl Words {
    fn of(finding: &Finding) -> Self {
        Self {
            file: escaped(&finding.file.name),
            path: escaped(&finding.path),
            problem: escaped(&finding.problem),
            remedy: finding.remedy.as_deref().map(escaped),
            label: finding.also.as_ref().map(|(_, label)| escaped(label)),
        }
    }
}

fn group<'f>(finding: &'f Finding, words: &'f Words) -> Group<'f> {
    let level = match finding.rule.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(&words.problem).id(finding.rule.id);
    let mut group = title.elements(snippets(finding, words));
    if !words.path.is_empty() {
        group = group.element(Level::NOTE.with_name("at").message(&words.path));
    }
    if let Some(remedy) = &words.remedy {
        group = group.element(Level::HELP.message(remedy));
    }
    group
}

/// Returns the lines that a finding is about.
fn snippets<'f>(finding: &'f Finding, words: &'f Words) -> Vec<Snippet<'f, Annotation<'f>>> {
    let Some(span) = finding.span else { return Vec::new() };
    let text = finding.file.secrets().text();
    let mut snippets = vec![snippet(text, &words.file, span, AnnotationKind::Primary, None)];
    if let Some((span, _)) = &finding.also {
        let label = words.label.as_deref();
        snippets.push(snippet(text, &words.file, *span, AnnotationKind::Context, label));
    }
    snippets
}

fn snippet<'f>(
    text: &'f str,
    file: &'f str,
    span: Span,
    kind: AnnotationKind,
    label: Option<&'f str>,
) -> Snippet<'f, Annotation<'f>> {
    let excerpt = Excerpt::of(text, span);
    let mut annotation = kind.span(excerpt.marked);
    if let Some(label) = label {
        annotation = annotation.label(label);
    }
    Snippet::source(excerpt.line).line_start(excerpt.number).path(file).annotation(annotation)
}
