//! Reading a file of tests.

use super::document::TestDocument;
use super::faults::faults;
use crate::input::{
    Boundary, Configuration, SourceFile, is_configuration, named_configuration, read_text,
};
use crate::shown::escaped;
use attache_config_reader::{Diagnostic, Node, Path, Report, SourceDocument, read_document};
use std::error::Error;
use std::path::Path as FilePath;
use std::rc::Rc;

/// A file of tests.
pub(crate) struct TestFile {
    /// What it says.
    pub(crate) document: TestDocument,
    /// The configuration that it names or holds.
    pub(crate) configuration: Configuration,
}

impl TestFile {
    /// Reads a file, and the configuration that it names, within a boundary, or holds.
    ///
    /// # Errors
    /// Everything that is wrong with the file, a line each with its place; or what is wrong with
    /// the configuration's file.
    pub(crate) fn read(path: &FilePath, boundary: &Boundary) -> Result<Self, Box<dyn Error>> {
        let name = path.display().to_string();
        let text = read_text(path)?;
        let nodes = attache_config_reader::read_yaml_stream(&text)
            .map_err(|error| told(&name, &text, std::slice::from_ref(&error)))?;
        if nodes.iter().any(|node| is_configuration(node, "steps")) {
            return Err(format!(
                "{} is a configuration and no file of tests; a file of tests names it as its `configuration` and has `steps`",
                escaped(&name)
            )
            .into());
        }
        let [node] = nodes.as_slice() else {
            return Err(format!("{}: one document a file", escaped(&name)).into());
        };
        let document = read(node).map_err(|errors| told(&name, &text, &errors))?;
        let configuration = configuration(&document, path, boundary, name, text)?;
        Ok(Self { document, configuration })
    }
}

/// Reads a document, or returns everything that is wrong with it.
fn read(node: &Node) -> Result<TestDocument, Vec<Diagnostic>> {
    let mut tree = node.clone();
    let mut report = Report::default();
    let document = read_document::<TestDocument>(&mut tree, &[], &mut report);
    if let Ok(document) = &document {
        faults(document).into_iter().for_each(|fault| _ = report.add(fault));
    }
    let read = report.finish(document, &tree);
    read.map(|(document, _)| document).map_err(|errors| errors.into_iter().collect())
}

/// Returns errors, a line each with the file, the line and the column.
fn told(name: &str, text: &str, errors: &[Diagnostic]) -> String {
    let (file, _) = SourceFile::new(name.to_owned(), text.to_owned());
    let document = file.documents.first();
    let told = |error: &Diagnostic| {
        format!("{}: {}", place(name, document, error), file.secrets().redacted(&error.message))
    };
    errors.iter().map(told).collect::<Vec<_>>().join("\n")
}

fn place(name: &str, document: Option<&SourceDocument>, error: &Diagnostic) -> String {
    let name = escaped(name);
    match document.map(|document| document.locate(&error.path)) {
        Some(location) => {
            let start = location.key.unwrap_or_else(|| location.span()).start;
            format!("{name}:{}:{}", start.line, start.column)
        }
        None => name,
    }
}

fn configuration(
    document: &TestDocument,
    path: &FilePath,
    boundary: &Boundary,
    name: String,
    text: String,
) -> Result<Configuration, Box<dyn Error>> {
    let node = document.configuration.get().ok().cloned().unwrap_or(Node::Null);
    if let Node::String(named) = &node {
        return named_configuration(named, path, boundary).map_err(|error| {
            told(&name, &text, &[Diagnostic::error(Path::default().key("configuration"), error)])
                .into()
        });
    }
    let (source, error) = SourceFile::new(name, text);
    match error {
        Some(error) => Err(source.told(&error).into()),
        None => Ok(Configuration::bare(Rc::new(source), "configuration", node)),
    }
}
