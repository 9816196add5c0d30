//! `attache import`.

use crate::counted::counted;
use crate::exit::Status;
use crate::explain::read_label;
use crate::import::{Import, Wishes, import};
use crate::input::read_texts;
use crate::report::{Format, render};
use anstream::{AutoStream, ColorChoice};
use attache_config_reader::Severity;
use clap::{Args, Subcommand};
use std::error::Error;
use std::io::{Write, stderr, stdout};
use std::path::PathBuf;

/// Turns what another product decides by into a configuration with the same verdicts
#[derive(Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    product: Product,
}

#[derive(Subcommand)]
enum Product {
    Istio(IstioOptions),
}

/// Imports RequestAuthentications and AuthorizationPolicies of Istio
///
/// Writes the configuration, and to the standard error what has no equal: where it stands, what
/// becomes of it, and what to do. Nothing is let through that Istio refuses; where the same can't
/// be said, less is let through, or there is an error and no configuration. Ends with status 1
/// where there are errors.
#[derive(Args)]
struct IstioOptions {
    /// Files, folders (searched for *.yaml, *.yml and *.json), and `-` for the standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Import for one workload alone, of this namespace
    #[arg(long, value_name = "NAMESPACE")]
    workload: Option<String>,
    /// A label of that workload: app=orders
    #[arg(long, value_name = "NAME=VALUE", requires = "workload", value_parser = read_label)]
    label: Vec<(String, String)>,
    /// The namespace of resources that name none
    #[arg(long, short, default_value = "default")]
    namespace: String,
    /// Istio's root namespace, whose policies are for all
    #[arg(long, value_name = "NAMESPACE", default_value = "istio-system")]
    root_namespace: String,
    /// The trust domain of the mesh, and its aliases behind it; `cluster.local` where none is given
    #[arg(long, value_name = "DOMAIN")]
    trust_domain: Vec<String>,
    /// A DENY or CUSTOM policy that stays applied behind Attaché, and is not imported:
    /// shop/ext-authz
    #[arg(long, value_name = "NAMESPACE/NAME")]
    keep: Vec<String>,
    /// Take over what lets a little more through, too; each is said
    #[arg(long)]
    accept_wider: bool,
    /// How findings are written
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// End with status 1 where there are warnings, too
    #[arg(long)]
    deny_warnings: bool,
}

pub(super) fn run(options: &Options) -> Result<Status, Box<dyn Error>> {
    let Product::Istio(options) = &options.product;
    let texts = read_texts(&options.files)?;
    let workload = options.workload.clone();
    let wishes = Wishes {
        namespace: options.namespace.clone(),
        root_namespace: options.root_namespace.clone(),
        trust_domains: options.trust_domain.clone(),
        workload: workload.map(|namespace| (namespace, options.label.iter().cloned().collect())),
        kept: options.keep.clone(),
        accepts_wider: options.accept_wider,
    };
    let imported = import(&texts, &wishes);
    let is_styled = AutoStream::choice(&stderr()) != ColorChoice::Never;
    let findings = render(&imported.findings, options.format, is_styled)?;
    stderr().write_all(findings.as_bytes())?;
    if let Some(yaml) = &imported.yaml {
        stdout().write_all(yaml.as_bytes())?;
    }
    if options.format == Format::Text {
        summarize(&imported);
    }
    let is_found = count(&imported, Severity::Error) > 0
        || (options.deny_warnings && count(&imported, Severity::Warning) > 0);
    Ok(if is_found { Status::Found } else { Status::Fine })
}

fn count(imported: &Import, severity: Severity) -> usize {
    imported.findings.iter().filter(|finding| finding.rule.severity == severity).count()
}

/// Tells people how much was imported.
fn summarize(imported: &Import) {
    let others = match imported.others {
        0 => String::new(),
        others => format!(", passed over {}", counted(others, "other resource")),
    };
    // The plural of `counted` is that of most nouns.
    let policies = match imported.policies {
        1 => "1 policy".to_owned(),
        policies => format!("{policies} policies"),
    };
    anstream::eprintln!(
        "{}, {policies}, {}{others}: {}, {}",
        counted(imported.issuers, "issuer"),
        counted(imported.rules, "rule"),
        counted(count(imported, Severity::Error), "error"),
        counted(count(imported, Severity::Warning), "warning")
    );
}
