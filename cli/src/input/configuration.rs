//! One configuration, and where it was found.

use super::{Resource, SourceFile};
use crate::shown::{escaped, escaped_lines};
use attache_config_reader::{Diagnostic, Diagnostics, Location, Node, Path, SourceDocument};
use attache_plugin_config::{Config, parse};
use std::fmt;
use std::rc::Rc;

/// One configuration, and where it was found.
#[derive(Debug)]
pub(crate) struct Configuration {
    /// The text that holds it.
    pub(crate) file: Rc<SourceFile>,
    /// Which document of the text, from 0.
    pub(crate) document: usize,
    /// Where in the document it stands.
    pub(crate) path: Path,
    /// What it stands in.
    pub(crate) carrier: Carrier,
    /// The configuration as the filter is given it; null where it is missing.
    pub(crate) node: Node,
    /// What is wrong with the document before anybody asks what it means, such as a key that is
    /// repeated; paths from the document's root.
    pub(super) form_errors: Vec<Diagnostic>,
}

/// What a configuration stands in.
#[derive(Debug)]
pub(crate) enum Carrier {
    /// Nothing.
    Bare,
    /// The values of the chart.
    HelmValues,
    /// A JSON patch of kustomize.
    Patch,
    /// A resource.
    Resource(Resource),
}

impl Configuration {
    /// Creates one that stands at a key of a text's first document, in no resource.
    pub(crate) fn bare(file: Rc<SourceFile>, key: &str, node: Node) -> Self {
        let (path, carrier, form_errors) = (Path::default().key(key), Carrier::Bare, Vec::new());
        Self { file, document: 0, path, carrier, node, form_errors }
    }

    /// Reads it as the filter does.
    ///
    /// # Errors
    /// What is wrong with the form of its document, paths from the document's root: with a key that
    /// is there twice, one reader takes the first and another the last. Else what
    /// [`Configuration::parse_values`] says.
    pub(crate) fn parse(&self) -> Result<Config, Diagnostics> {
        Diagnostics::check(self.form_errors().to_vec())?;
        self.parse_values()
    }

    /// Reads it as the filter does, whatever the form of its document.
    ///
    /// # Errors
    /// Everything that is wrong with it, paths from the configuration's root.
    pub(crate) fn parse_values(&self) -> Result<Config, Diagnostics> {
        if let Some(error) = self.resource().and_then(Resource::configuration_error) {
            return Err(Diagnostic::error(Path::default(), error).into());
        }
        if self.is_given_as_it_is() {
            return parse(self.file.text.as_bytes());
        }
        let json = serde_json::to_vec(&self.node).map_err(|error| {
            Diagnostics::from(Diagnostic::error(Path::default(), error.to_string()))
        })?;
        parse(&json)
    }

    /// Reads it as [`Configuration::parse`] does, for a command that needs all of it.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it, and which command shows where.
    pub(crate) fn usable(&self) -> Result<Config, String> {
        self.parse().map_err(|errors| {
            let (this, errors) = (escaped(&self.to_string()), self.told(&errors));
            format!("{this} has errors; `attache check` shows them where they stand:\n{errors}")
        })
    }

    /// Returns that it has these errors, as a sentence and a line for each.
    pub(crate) fn has_errors(&self, errors: &dyn fmt::Display) -> String {
        format!("{} has errors:\n{}", escaped(&self.to_string()), self.told(errors))
    }

    /// Returns what is wrong with it, a line each, without its secrets.
    fn told(&self, errors: &dyn fmt::Display) -> String {
        escaped_lines(&self.file.secrets().redacted(&errors.to_string()))
    }

    /// Returns what is wrong with the form of its document, paths from the document's root. Of JSON
    /// that nobody converts [`Configuration::parse`] tells that itself.
    pub(crate) fn form_errors(&self) -> &[Diagnostic] {
        if self.is_given_as_it_is() { &[] } else { &self.form_errors }
    }

    /// Returns where a value stands that is at a path from the configuration's root.
    pub(crate) fn locate(&self, path: &Path) -> Option<Location> {
        self.locate_in_document(&self.path.clone().join(path.clone()))
    }

    /// Returns where a value stands that is at a path from the document's root.
    pub(crate) fn locate_in_document(&self, path: &Path) -> Option<Location> {
        self.source().map(|document| document.locate(path))
    }

    /// Returns the resource that carries it.
    pub(crate) fn resource(&self) -> Option<&Resource> {
        match &self.carrier {
            Carrier::Resource(resource) => Some(resource),
            Carrier::Bare | Carrier::HelmValues | Carrier::Patch => None,
        }
    }

    fn source(&self) -> Option<&SourceDocument> {
        self.file.documents.get(self.document)
    }

    /// Whether the text is the configuration, and JSON: then the filter is given it byte for byte.
    fn is_given_as_it_is(&self) -> bool {
        self.file.is_json && self.path.steps().is_empty()
    }
}

/// Writes `WasmPlugin shop/attache of all.yaml`, or the file alone.
impl fmt::Display for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(resource) = self.resource() {
            write!(f, "{} ", resource.kind.name())?;
            if let Some(namespace) = resource.namespace() {
                write!(f, "{namespace}/")?;
            }
            write!(f, "{} of ", resource.name().unwrap_or("without a name"))?;
        }
        f.write_str(&self.file.name)
    }
}
