//! What is to be tried, as it is written down.

use super::consent;
use super::options::Options;
use crate::explain::from_file;
use crate::report::{Format, render};
use crate::tyk::{DefinitionOptions, GatewayApi, Read, read_json, wrong};
use anstream::{AutoStream, ColorChoice};
use attache_tyk_limits::grant::{Documents, Grant, Refused, grants};
use attache_tyk_limits::hosts::Hosts;
use attache_tyk_limits::settings::Settings;
use attache_tyk_limits::target::Target;
use attache_tyk_limits::targets::{Idle, Targets};
use attache_tyk_routes::gateway::Gateway;
use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

/// What is to be tried.
pub(super) struct Prepared {
    pub(super) settings: Settings,
    /// How many gateways share the limits.
    pub(super) gateways: usize,
    pub(super) targets: Vec<Target>,
    /// What holds for nothing.
    pub(super) idle: Vec<Idle>,
    pub(super) keys: Vec<String>,
    /// Where the gateways are that were asked.
    pub(super) hosts: Hosts,
}

/// Reads everything; `None` where definitions have errors, which were told.
///
/// # Errors
/// Something can't be read, or there is nothing to try.
pub(super) fn prepare(options: &Options) -> Result<Option<Prepared>, Box<dyn Error>> {
    let asked = if options.files.is_empty() { options.gateway.first() } else { None };
    if options.files.is_empty() && asked.is_none() {
        return Err("name definitions, or a gateway that has them by --gateway".into());
    }
    for url in &options.gateway {
        consent::base(url)?;
    }
    let mut hosts = Hosts::default();
    if let Some(url) = asked {
        let asked = std::slice::from_ref(url);
        consent::check(asked, &mut hosts, options.yes, "the secret and the key")?;
    }
    let settings = settings(options.conf.as_deref())?;
    let definitions =
        DefinitionOptions::of(&options.files, asked.map(String::as_str), hosts.clone());
    let Read { gateway, problems, .. } = definitions.read_with(settings.routing.clone(), None)?;
    if !problems.is_empty() {
        let is_styled = AutoStream::choice(&std::io::stderr()) != ColorChoice::Never;
        anstream::eprint!("{}", render(&problems, Format::Text, is_styled)?);
        return Ok(None);
    }
    let mut keys = Vec::new();
    for (option, key) in [("--key", &options.key), ("--second-key", &options.second_key)] {
        if let Some(key) = key {
            keys.push(from_file(key).map_err(|error| format!("{option}: {error}"))?);
        }
    }
    let documents = documents(
        options,
        asked.map(|url| (url.as_str(), &hosts)),
        keys.first().map(String::as_str),
    )?;
    let grants = granted(&documents)?;
    let mut targets = chosen(options, &gateway, grants.as_ref(), &settings)?;
    targets.list.retain(|target| is_chosen(options, &target.api));
    targets.idle.retain(|idle| is_chosen(options, &idle.api));
    if targets.list.is_empty() {
        let mut said = "there is no limit to try".to_owned();
        for Idle { api, reason, .. } in &targets.idle {
            said.push_str(&format!("; {api}: {reason}"));
        }
        return Err(said.into());
    }
    let gateways = options.gateways.map_or(options.gateway.len(), usize::from).max(1);
    let Targets { list, idle } = targets;
    Ok(Some(Prepared { settings, gateways, targets: list, idle, keys, hosts }))
}

/// Returns whether an API is among those that --api names; each is where it names none.
fn is_chosen(options: &Options, api: &String) -> bool {
    options.api.is_empty() || options.api.contains(api)
}

fn settings(conf: Option<&Path>) -> Result<Settings, Box<dyn Error>> {
    let Some(path) = conf else { return Ok(Settings::default()) };
    Settings::read(&read_json(path)?)
        .map_err(|problems| wrong(&path.display().to_string(), &problems).into())
}

/// Reads policies and the session, from files or from the gateway that is asked.
fn documents(
    options: &Options,
    asked: Option<(&str, &Hosts)>,
    key: Option<&str>,
) -> Result<Documents, Box<dyn Error>> {
    let mut documents = Documents::default();
    for path in &options.policies {
        documents.add_policies(&read_json(path)?);
        refuse(&mut documents, &path.display().to_string())?;
    }
    if let Some(path) = &options.session {
        documents.set_session(&read_json(path)?);
        refuse(&mut documents, &path.display().to_string())?;
    }
    if let Some((url, hosts)) = asked {
        let api = GatewayApi::new(url, hosts)?;
        let (name, text) = api.get(&["tyk", "policies"])?;
        documents.add_policies(&serde_json::from_str(&text)?);
        refuse(&mut documents, &name)?;
        if let Some(key) = key {
            let (name, text) = api.session(key)?;
            documents.set_session(&serde_json::from_str(&text)?);
            refuse(&mut documents, &name)?;
        }
    }
    Ok(documents)
}

fn refuse(documents: &mut Documents, name: &str) -> Result<(), String> {
    let problems = std::mem::take(&mut documents.problems);
    if problems.is_empty() { Ok(()) } else { Err(wrong(name, &problems)) }
}

/// Returns what the key has for each API; `None` where no session is known.
fn granted(documents: &Documents) -> Result<Option<BTreeMap<String, Grant>>, String> {
    let Some(session) = &documents.session else { return Ok(None) };
    let granted = grants(session, &documents.policies);
    granted.map(Some).map_err(|refused| match refused {
        Refused::UnknownPolicy(id) => {
            format!(
                "the session has the policy `{id}`, which is not there; name its file by --policies"
            )
        }
        Refused::MixedPartitions(id) => {
            format!("Tyk refuses the key: the policy `{id}` has `per_api` beside partitions")
        }
    })
}

/// Returns what to try: what definitions and rights name, or what the command line does.
fn chosen(
    options: &Options,
    gateway: &Gateway,
    grants: Option<&BTreeMap<String, Grant>>,
    settings: &Settings,
) -> Result<Targets, String> {
    let mut targets = Targets::of(gateway, grants, settings);
    if options.request.is_empty() {
        return Ok(targets);
    }
    targets.list.clear();
    for text in &options.request {
        let (method, path) = text
            .split_once(' ')
            .filter(|(_, path)| path.starts_with('/'))
            .ok_or_else(|| format!("--request: `{text}` is not METHOD /PATH"))?;
        let served = gateway
            .served()
            .iter()
            .find(|served| served.listen.matches(path) && !served.api.is_internal)
            .ok_or_else(|| format!("--request: no API listens at `{path}`"))?;
        if !gateway.lets_through(served, method, path) {
            return Err(format!(
                "--request: `{text}` comes to no limit: the lists of API `{}` refuse it before anything is counted",
                served.api.id
            ));
        }
        let grant = grants.and_then(|grants| grants.get(&served.api.id));
        targets.push(Target::of(served, grant, method, path, settings));
    }
    targets.list.retain(|target| !target.checks.is_empty());
    Ok(targets)
}
