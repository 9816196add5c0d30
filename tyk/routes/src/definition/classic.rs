//! Classic definitions.

use super::endpoints::version;
use super::limits;
use super::{Api, Family, Form, Location, Selector, Versions, distinct};
use crate::fields::{Fields, to_path};
use crate::gap::Place;
use attache_config_reader::Diagnostic;
use serde_json::Value;
use std::cell::RefCell;

/// Reads a definition.
pub(super) fn read(value: &Value, place: Place, problems: &RefCell<Vec<Diagnostic>>) -> Api {
    let fields = Fields::new(value, &place.path, problems);
    let has_targets = fields.flag("proxy/enable_load_balancing");
    let versions = Versions {
        are_named: !fields.flag("version_data/not_versioned"),
        default: fields.text("version_data/default_version"),
        list: fields
            .members("version_data/versions")
            .into_iter()
            .map(|(key, value)| {
                let at = place.join(to_path("version_data/versions").key(key));
                (key.clone(), version(value, &at, problems))
            })
            .collect(),
    };
    Api {
        form: Form::Classic,
        id: fields.text("api_id"),
        name: fields.text("name"),
        is_internal: fields.flag("internal"),
        protocol: fields.text("protocol"),
        listen_port: fields.port("listen_port"),
        domain: fields.text("domain"),
        is_domain_off: fields.flag("domain_disabled"),
        listen_path: fields.text("proxy/listen_path"),
        strips: fields.flag("proxy/strip_listen_path"),
        target: fields.text("proxy/target_url"),
        targets: if has_targets { distinct(fields.texts("proxy/target_list")) } else { Vec::new() },
        is_discovered: fields.flag("proxy/service_discovery/use_discovery_service"),
        keeps_host: fields.flag("proxy/preserve_host_header"),
        keeps_slash: fields.flag("proxy/disable_strip_slash"),
        tags: if fields.flag("tags_disabled") { Vec::new() } else { fields.texts("tags") },
        is_open: fields.flag("use_keyless"),
        limits: limits::classic(&fields, &place, &versions),
        scopes: scopes(&fields),
        selector: selector(&fields),
        family: family(&fields),
        versions,
        plugins: plugins(&fields),
        kind: fields.flag("graphql/enabled").then_some("GraphQL"),
        place,
    }
}

fn selector(fields: &Fields<'_>) -> Selector {
    Selector {
        location: location(&fields.text("definition/location")),
        key: fields.text("definition/key"),
        strips: fields.flag("definition/strip_versioning_data")
            || fields.flag("definition/strip_path"),
        pattern: fields.text("definition/url_versioning_pattern"),
        falls_back: fields.flag("definition/fallback_to_default"),
    }
}

/// Returns what Tyk takes a location for.
pub(super) fn location(text: &str) -> Location {
    match text {
        "header" => Location::Header,
        "url-param" => Location::Parameter,
        "url" => Location::Path,
        _ => Location::Unknown,
    }
}

fn family(fields: &Fields<'_>) -> Option<Family> {
    let member = |(name, id): (&String, &Value)| Some((name.clone(), id.as_str()?.to_owned()));
    fields.flag("definition/enabled").then(|| Family {
        own_name: fields.text("definition/name"),
        default: fields.text("definition/default"),
        members: fields.members("definition/versions").into_iter().filter_map(member).collect(),
    })
}

fn scopes(fields: &Fields<'_>) -> Vec<String> {
    let places = [
        "scopes/jwt/scope_to_policy",
        "scopes/oidc/scope_to_policy",
        "jwt_scope_to_policy_mapping",
    ];
    let names = places.iter().flat_map(|place| fields.members(place));
    let mut names: Vec<String> = names.map(|(name, _)| name.clone()).collect();
    names.sort();
    names.dedup();
    names
}

/// The issuer of this repository writes a header and leaves the path.
pub(super) const ISSUER_HOOK: &str = "AttacheIssue";

fn plugins(fields: &Fields<'_>) -> Vec<String> {
    let lists =
        ["custom_middleware/pre", "custom_middleware/post_key_auth", "custom_middleware/post"];
    let entries = lists.iter().flat_map(|list| fields.items(list));
    let enabled =
        entries.filter(|entry| entry.get("disabled").and_then(Value::as_bool) != Some(true));
    let names = enabled.filter_map(|entry| entry.get("name")?.as_str());
    let mut names: Vec<String> =
        names.filter(|name| *name != ISSUER_HOOK).map(str::to_owned).collect();
    let bundle = fields.text("custom_middleware_bundle");
    if !bundle.is_empty() && !fields.flag("custom_middleware_bundle_disabled") {
        names.push(bundle);
    }
    names
}
