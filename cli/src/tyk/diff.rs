//! `attache tyk diff`.

use super::definitions::{DefinitionOptions, Read};
use super::guard::Policies;
use super::mesh_options::MeshOptions;
use super::texts::Texts;
use crate::counted::counted;
use crate::drift_rules::rule;
use crate::exit::Status;
use crate::finding::Finding;
use crate::input::{ClusterOptions, Input, SourceFile, read_texts};
use crate::report::{Format, render};
use anstream::{AutoStream, ColorChoice};
use attache_config_reader::Severity;
use attache_tyk_routes::drift::{Drift, Guard, Routes, Side, compare};
use clap::Args;
use std::error::Error;
use std::io::{Write, stdout};
use std::path::PathBuf;
use std::rc::Rc;

/// What a mesh has that says where requests go and who may send them.
const KINDS: [&str; 7] = [
    "virtualservices.networking.istio.io",
    "httproutes.gateway.networking.k8s.io",
    "services",
    "serviceentries.networking.istio.io",
    "wasmplugins.extensions.istio.io",
    "trafficextensions.extensions.istio.io",
    "envoyextensionpolicies.gateway.envoyproxy.io",
];

/// Says where API definitions and the routes and policies of the mesh differ
///
/// Ends with status 1 where an error was found. Patterns are held against each other by examples of
/// what they match.
#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    definitions: DefinitionOptions,
    /// Routes, services and configurations of Attaché: files and folders
    #[arg(long, value_name = "FILE", num_args = 1.., required_unless_present = "cluster", conflicts_with = "cluster")]
    routes: Vec<PathBuf>,
    #[command(flatten)]
    cluster: ClusterOptions,
    #[command(flatten)]
    mesh: MeshOptions,
    /// How findings are written
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// End with status 1 where there are warnings, too
    #[arg(long)]
    deny_warnings: bool,
}

pub(crate) fn run(options: &Options) -> Result<Status, Box<dyn Error>> {
    let mesh_options = options.mesh.read()?;
    let cluster = options.cluster.source()?;
    // A cluster has the definitions too, where no others are named.
    let asks_cluster = cluster.as_ref().filter(|_| options.definitions.is_empty());
    let Read { texts, gateway, mesh, problems } = options.definitions.read(asks_cluster)?;
    let mut resources = Texts::default();
    for text in read_texts(&options.routes)? {
        resources.add(text.file, text.error, false);
    }
    if let Some(cluster) = &cluster {
        let (file, error) = SourceFile::new("cluster".to_owned(), cluster.read(&KINDS)?);
        resources.add(Rc::new(file), error, false);
    }
    let mut findings: Vec<Finding> =
        problems.into_iter().chain(resources.unreadable.clone()).collect();
    let routes = Routes::read(&resources.documents, &mesh_options);
    let configurations = Input::of_files(resources.files());
    let policies = Policies::new(&configurations.configurations, &resources.documents);
    let comparison = compare(&gateway, &mesh, &routes, &policies, &mesh_options);
    for drift in &comparison.drifts {
        let texts = if drift.side == Side::Definition { &texts } else { &resources };
        findings.extend(finding(drift, texts));
    }
    findings.sort_by_key(Finding::order);
    let is_styled = AutoStream::choice(&stdout()) != ColorChoice::Never;
    stdout().write_all(render(&findings, options.format, is_styled)?.as_bytes())?;
    let count =
        |severity| findings.iter().filter(|finding| finding.rule.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let (errors_counted, warnings_counted) =
        (counted(errors, "error"), counted(warnings, "warning"));
    let held = format!(
        "{} against {}",
        counted(mesh.arrivals.len(), "way"),
        counted(routes.resources, "resource")
    );
    anstream::eprintln!("{held}: {errors_counted}, {warnings_counted}");
    if policies.is_empty() {
        anstream::eprintln!(
            "no configuration of Attaché among them: who may call what was not held against it"
        );
    }
    if comparison.left_out > 0 {
        let left_out = counted(comparison.left_out, "example");
        anstream::eprintln!(
            "{left_out} of what endpoints and rules are for left out: there were too many"
        );
    }
    let is_found = errors > 0 || (options.deny_warnings && warnings > 0);
    Ok(if is_found { Status::Found } else { Status::Fine })
}

fn finding(drift: &Drift, texts: &Texts) -> Option<Finding> {
    let finding = texts.finding(rule(drift.kind), &drift.place, drift.problem.clone())?;
    Some(Finding { remedy: Some(drift.remedy.to_owned()), ..finding })
}
