//! Where definitions come from: files, the gateway's own API, a cluster.

use super::gateway_api;
use super::json::{read_json, wrong};
use super::texts::Texts;
use crate::finding::Finding;
use crate::input::{ClusterSource, SourceFile, read_texts};
#[cfg(not(target_family = "wasm"))]
use attache_tyk_limits::hosts::Hosts;
use attache_tyk_routes::Settings;
use attache_tyk_routes::definition::Definitions;
use attache_tyk_routes::gateway::Gateway;
use attache_tyk_routes::mesh::Mesh;
use clap::Args;
use std::error::Error;
use std::path::PathBuf;
use std::rc::Rc;

/// Where hosts are; there is no network to look.
#[cfg(target_family = "wasm")]
type Hosts = ();

/// The kinds of Tyk's operator, and what they name.
const KINDS: [&str; 3] =
    ["apidefinitions.tyk.tyk.io", "tykoasapidefinitions.tyk.tyk.io", "configmaps"];

/// Which definitions to read.
#[derive(Args)]
pub(crate) struct DefinitionOptions {
    /// Definitions, classic or OAS, bare or in resources of Tyk's operator: files, folders, and `-`
    /// for the standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Ask a gateway for its definitions; TYK_GW_SECRET holds its secret
    #[arg(long, value_name = "URL", conflicts_with = "files")]
    gateway: Option<String>,
    /// The gateway's configuration, which says how it matches paths and hosts: tyk.conf
    #[arg(long, value_name = "FILE")]
    conf: Option<PathBuf>,
    /// Where the gateway is, as far as that was looked up.
    #[arg(skip)]
    hosts: Hosts,
}

/// What was read.
pub(crate) struct Read {
    pub(crate) texts: Texts,
    pub(crate) gateway: Gateway,
    pub(crate) mesh: Mesh,
    /// What is wrong.
    pub(crate) problems: Vec<Finding>,
}

impl DefinitionOptions {
    /// Names definitions as options do, with the gateway's addresses where they are known.
    pub(crate) fn of(files: &[PathBuf], gateway: Option<&str>, hosts: Hosts) -> Self {
        Self { files: files.to_vec(), gateway: gateway.map(str::to_owned), conf: None, hosts }
    }

    /// Returns whether neither files nor a gateway are named.
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty() && self.gateway.is_none()
    }

    /// Reads everything.
    ///
    /// # Errors
    /// A file, the gateway or the cluster can't be read, or there is nothing to read.
    pub(super) fn read(&self, cluster: Option<&ClusterSource<'_>>) -> Result<Read, Box<dyn Error>> {
        self.read_with(self.settings()?, cluster)
    }

    /// Reads everything but the gateway's configuration, for a caller that has read it already.
    ///
    /// # Errors
    /// A file, the gateway or the cluster can't be read, or there is nothing to read.
    pub(crate) fn read_with(
        &self,
        settings: Settings,
        cluster: Option<&ClusterSource<'_>>,
    ) -> Result<Read, Box<dyn Error>> {
        let mut texts = Texts::default();
        if let Some(url) = &self.gateway {
            for (name, text) in gateway_api::read(url, &self.hosts)? {
                let (file, error) = SourceFile::new(name, text);
                texts.add(Rc::new(file), error, false);
            }
        }
        for text in read_texts(&self.files)? {
            texts.add(text.file, text.error, text.is_named);
        }
        if let Some(cluster) = cluster {
            let (file, error) = SourceFile::new("cluster".to_owned(), cluster.read(&KINDS)?);
            texts.add(Rc::new(file), error, false);
        }
        let definitions = Definitions::read(&texts.documents);
        let mut problems = texts.unreadable.clone();
        let wrong = definitions.problems.iter();
        problems.extend(wrong.filter_map(|(document, problem)| texts.problem(*document, problem)));
        if definitions.apis.is_empty() && problems.is_empty() {
            return Err(
                "no API definition there; name files that hold one, or a gateway by --gateway"
                    .into(),
            );
        }
        let gateway = Gateway::new(definitions.apis, settings);
        let mesh = Mesh::behind(&gateway);
        Ok(Read { texts, gateway, mesh, problems })
    }

    fn settings(&self) -> Result<Settings, Box<dyn Error>> {
        let Some(path) = &self.conf else { return Ok(Settings::default()) };
        let read = Settings::read(&read_json(path)?);
        read.map_err(|problems| wrong(&path.display().to_string(), &problems).into())
    }
}
