//! `attache tyk routes`.

use super::definitions::{DefinitionOptions, Read};
use super::mesh_options::MeshOptions;
use super::texts::Texts;
use crate::exit::Status;
use crate::input::ClusterOptions;
use crate::report::{Format as ReportFormat, render as report};
use crate::shown::{escaped, json_text, yaml_text};
use anstream::{AutoStream, ColorChoice};
use attache_tyk_routes::gap::Gap;
use attache_tyk_routes::render::{self, Rendered};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use std::error::Error;
use std::fmt::Write as _;
use std::io::{Write, stdout};

/// Writes routes for what reaches the mesh through Tyk: VirtualServices, HTTPRoutes, or rules of a
/// policy
///
/// They are for the host and the path as Tyk sends them on, not as clients do. What can't be
/// written is listed with the reason, in comments before the resources. Where two APIs ask for one
/// path or one looks like another, that is listed too.
#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    definitions: DefinitionOptions,
    #[command(flatten)]
    cluster: ClusterOptions,
    #[command(flatten)]
    mesh: MeshOptions,
    /// What to write
    #[arg(long = "as", value_enum, default_value = "virtual-service")]
    form: Form,
    /// How it is written
    #[arg(long, value_enum, default_value = "yaml")]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Form {
    /// VirtualServices of Istio
    VirtualService,
    /// HTTPRoutes of the Gateway API
    HttpRoute,
    /// The `policies` of a configuration, by scopes and allow lists
    Policy,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Resources as kubectl takes them
    Yaml,
    /// An object with `resources` and `gaps`
    Json,
}

pub(crate) fn run(options: &Options) -> Result<Status, Box<dyn Error>> {
    let mesh_options = options.mesh.read()?;
    let Read { texts, gateway, mesh, problems } =
        options.definitions.read(options.cluster.source()?.as_ref())?;
    if !problems.is_empty() {
        let is_styled = AutoStream::choice(&std::io::stderr()) != ColorChoice::Never;
        anstream::eprint!("{}", report(&problems, ReportFormat::Text, is_styled)?);
        return Ok(Status::Found);
    }
    let rendered = match options.form {
        Form::VirtualService => render::virtual_services(&mesh, &mesh_options),
        Form::HttpRoute => render::http_routes(&mesh, &mesh_options),
        Form::Policy => render::policies(&gateway, &mesh, &mesh_options),
    };
    let text = match options.format {
        Format::Yaml => yaml(&rendered, &texts)?,
        Format::Json => json_text(&document(&rendered, &texts)),
    };
    stdout().write_all(text.as_bytes())?;
    Ok(Status::Fine)
}

/// Returns the resources as YAML, after comments that say what they do not.
fn yaml(rendered: &Rendered, texts: &Texts) -> Result<String, Box<dyn Error>> {
    let mut text = String::new();
    for Gap { kind, api, place, reason } in &rendered.gaps {
        let line = format!("{}: {} ({}): {reason}", kind.name(), api, texts.name(place));
        // A line break in a definition must not end the comment: what follows would be a resource.
        writeln!(text, "# {}", escaped(&line))?;
    }
    for (index, resource) in rendered.resources.iter().enumerate() {
        if index > 0 {
            text.push_str("---\n");
        }
        text.push_str(&yaml_text(resource)?);
    }
    Ok(text)
}

fn document(rendered: &Rendered, texts: &Texts) -> Value {
    let gaps: Vec<Value> = rendered
        .gaps
        .iter()
        .map(|gap| {
            let file = texts.file(&gap.place).map(|file| file.name.clone());
            json!({
                "kind": gap.kind.name(), "api": gap.api, "reason": gap.reason,
                "file": file, "path": gap.place.path.to_string(),
            })
        })
        .collect();
    json!({"resources": rendered.resources, "gaps": gaps})
}
