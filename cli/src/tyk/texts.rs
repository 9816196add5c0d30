//! Texts, the documents that they hold, and where in them something stands.

use crate::drift_rules::definition_rule;
use crate::finding::{Finding, Rule};
use crate::input::SourceFile;
use attache_config_reader::{Diagnostic, SyntaxError};
use attache_tyk_routes::definition::Document;
use attache_tyk_routes::gap::Place;
use serde_json::Value;
use std::rc::Rc;

/// Texts, and the documents that they hold.
#[derive(Default)]
pub(crate) struct Texts {
    files: Vec<Rc<SourceFile>>,
    /// Which text each document is of, and which of its documents.
    places: Vec<(usize, usize)>,
    pub(super) documents: Vec<Document>,
    pub(super) unreadable: Vec<Finding>,
}

impl Texts {
    /// Adds a text. One that was named must hold what is looked for.
    pub(super) fn add(&mut self, file: Rc<SourceFile>, error: Option<SyntaxError>, is_named: bool) {
        if let Some(error) = &error {
            self.unreadable.push(Finding::syntax(&file, error));
        }
        for (number, document) in file.documents.iter().enumerate() {
            let (node, problems) = document.as_kubernetes_reads();
            let place =
                Place { document: self.places.len(), path: attache_config_reader::Path::default() };
            self.places.push((self.files.len(), number));
            self.documents.push(Document {
                value: serde_json::to_value(&node).unwrap_or(Value::Null),
                is_named: is_named && file.documents.len() == 1,
            });
            for problem in &problems {
                let place = Place { path: problem.path.clone(), ..place.clone() };
                let finding =
                    find(&file, number, definition_rule(), &place, problem.problem().to_owned());
                self.unreadable
                    .push(Finding { remedy: problem.remedy().map(str::to_owned), ..finding });
            }
        }
        self.files.push(file);
    }

    /// Returns the texts.
    pub(super) fn files(&self) -> &[Rc<SourceFile>] {
        &self.files
    }

    /// Returns what stands for a place: a file and a line.
    pub(super) fn name(&self, place: &Place) -> String {
        let Some(file) = self.file(place) else { return "?".to_owned() };
        let line =
            self.finding(definition_rule(), place, String::new()).and_then(|finding| finding.span);
        line.map_or_else(|| file.name.clone(), |span| format!("{}:{}", file.name, span.start.line))
    }

    /// Returns the name of the text that a place is in, and the line; `None` for a place that is in
    /// none.
    pub(super) fn file(&self, place: &Place) -> Option<&Rc<SourceFile>> {
        self.files.get(self.places.get(place.document)?.0)
    }

    /// Creates a finding at a place.
    pub(super) fn finding(
        &self,
        rule: &'static Rule,
        place: &Place,
        problem: String,
    ) -> Option<Finding> {
        let (_, number) = self.places.get(place.document)?;
        Some(find(self.file(place)?, *number, rule, place, problem))
    }

    /// Creates a finding of what is wrong with a document.
    pub(super) fn problem(&self, document: usize, diagnostic: &Diagnostic) -> Option<Finding> {
        let place = Place { document, path: diagnostic.path.clone() };
        let finding = self.finding(definition_rule(), &place, diagnostic.problem().to_owned())?;
        Some(Finding { remedy: diagnostic.remedy().map(str::to_owned), ..finding })
    }
}

fn find(
    file: &Rc<SourceFile>,
    number: usize,
    rule: &'static Rule,
    place: &Place,
    problem: String,
) -> Finding {
    let location = file.documents.get(number).map(|document| document.locate(&place.path));
    // What is about all of a document is shown by its first line.
    let span = location.map(|location| location.key.unwrap_or_else(|| location.span()));
    Finding {
        rule,
        file: Rc::clone(file),
        span,
        path: place.path.to_string(),
        problem,
        remedy: None,
        also: None,
    }
}
