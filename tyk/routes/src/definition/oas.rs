//! OAS definitions: an OpenAPI document with `x-tyk-api-gateway`.

use super::classic::{ISSUER_HOOK, location};
use super::limits;
use super::operation::{EXTENSION, all, find};
use super::{Action, Api, Endpoint, Family, Form, Rewrite, Selector, Version, Versions, distinct};
use crate::fields::{Fields, to_path};
use crate::gap::Place;
use attache_config_reader::Diagnostic;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// What an operation may say, in the order in which Tyk puts it together.
const LISTS: [&str; 16] = [
    "ignoreAuthentication",
    "block",
    "allow",
    "cache",
    "transformRequestBody",
    "transformResponseBody",
    "transformRequestHeaders",
    "transformResponseHeaders",
    "enforceTimeout",
    "circuitBreaker",
    "urlRewrite",
    "requestSizeLimit",
    "virtualEndpoint",
    "transformRequestMethod",
    "internal",
    "mockResponse",
];

/// Reads a definition.
pub(super) fn read(document: &Value, place: Place, problems: &RefCell<Vec<Diagnostic>>) -> Api {
    let root = place.path.clone().key(EXTENSION);
    let nothing = Value::Null;
    let fields = Fields::new(document.get(EXTENSION).unwrap_or(&nothing), &root, problems);
    let is_balanced = fields.flag("upstream/loadBalancing/enabled");
    let version = Version {
        name: "Default".to_owned(),
        target: String::new(),
        endpoints: endpoints(document, &fields, &place, problems),
        operations: all(document),
    };
    Api {
        form: Form::Oas,
        id: fields.text("info/id"),
        name: fields.text("info/name"),
        is_internal: fields.flag("info/state/internal"),
        protocol: fields.text("server/protocol"),
        listen_port: fields.port("server/port"),
        domain: fields.text("server/customDomain/name"),
        is_domain_off: fields.has("server/customDomain")
            && !fields.flag("server/customDomain/enabled"),
        listen_path: fields.text("server/listenPath/value"),
        strips: fields.flag("server/listenPath/strip"),
        target: fields.text("upstream/url"),
        targets: if is_balanced { distinct(targets(&fields)) } else { Vec::new() },
        is_discovered: fields.flag("upstream/serviceDiscovery/enabled"),
        keeps_host: fields.flag("upstream/preserveHostHeader/enabled"),
        keeps_slash: fields.flag("upstream/preserveTrailingSlash/enabled"),
        tags: if fields.flag("server/gatewayTags/enabled") {
            fields.texts("server/gatewayTags/tags")
        } else {
            Vec::new()
        },
        is_open: !fields.flag("server/authentication/enabled"),
        limits: limits::oas(document, &fields, &place),
        scopes: scopes(&fields),
        selector: selector(&fields),
        family: family(&fields),
        versions: Versions {
            are_named: false,
            default: String::new(),
            list: BTreeMap::from([(String::new(), version)]),
        },
        plugins: plugins(&fields),
        kind: kind(document),
        place,
    }
}

fn kind(document: &Value) -> Option<&'static str> {
    let has = |key: &str| document.get(key).is_some();
    if has("x-tyk-streaming") {
        return Some("a stream");
    }
    if has("x-tyk-mcp") { Some("MCP") } else { None }
}

fn targets(fields: &Fields<'_>) -> Vec<String> {
    let entries = fields.items("upstream/loadBalancing/targets").iter();
    // Weight 0 takes a target out.
    let used = entries.filter(|entry| entry.get("weight").and_then(Value::as_f64) != Some(0.0));
    let urls = used.filter_map(|entry| entry.get("url")?.as_str());
    urls.map(str::to_owned).collect()
}

fn selector(fields: &Fields<'_>) -> Selector {
    Selector {
        location: location(&fields.text("info/versioning/location")),
        key: fields.text("info/versioning/key"),
        strips: fields.flag("info/versioning/stripVersioningData"),
        pattern: fields.text("info/versioning/urlVersioningPattern"),
        falls_back: fields.flag("info/versioning/fallbackToDefault"),
    }
}

fn family(fields: &Fields<'_>) -> Option<Family> {
    let text = |entry: &Value, key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned);
    let entries = fields.items("info/versioning/versions").iter();
    let member = |entry: &Value| Some((text(entry, "name")?, text(entry, "id")?));
    fields.flag("info/versioning/enabled").then(|| Family {
        own_name: fields.text("info/versioning/name"),
        default: fields.text("info/versioning/default"),
        members: entries.filter_map(member).collect(),
    })
}

fn scopes(fields: &Fields<'_>) -> Vec<String> {
    let schemes = fields.members("server/authentication/securitySchemes");
    let mappings = schemes
        .into_iter()
        .filter_map(|(_, scheme)| scheme.get("scopes")?.get("scopeToPolicyMapping")?.as_array());
    let names = mappings.flatten().filter_map(|entry| entry.get("scope")?.as_str());
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

fn plugins(fields: &Fields<'_>) -> Vec<String> {
    let lists = ["prePlugins", "postAuthenticationPlugins", "postPlugins"];
    let entries = lists.iter().flat_map(|list| fields.items(&format!("middleware/global/{list}")));
    let enabled =
        entries.filter(|entry| entry.get("enabled").and_then(Value::as_bool) == Some(true));
    let names = enabled.filter_map(|entry| entry.get("functionName")?.as_str());
    let mut names: Vec<String> =
        names.filter(|name| *name != ISSUER_HOOK).map(str::to_owned).collect();
    if fields.flag("middleware/global/pluginConfig/bundle/enabled") {
        names.push(fields.text("middleware/global/pluginConfig/bundle/path"));
    }
    names
}

/// Returns what operations say, list by list as Tyk has them.
fn endpoints(
    document: &Value,
    fields: &Fields<'_>,
    place: &Place,
    problems: &RefCell<Vec<Diagnostic>>,
) -> Vec<Endpoint> {
    let operations = fields.members("middleware/operations");
    let ignores_case = fields.flag("middleware/global/ignoreCase/enabled");
    let mut endpoints = Vec::new();
    for list in LISTS {
        for (id, operation) in &operations {
            let Some((path, method)) = find(document, id) else { continue };
            let at =
                place.path.clone().key(EXTENSION).join(to_path("middleware/operations")).key(id);
            let operation = Fields::new(operation, &at, problems);
            if !operation.flag(&format!("{list}/enabled")) {
                continue;
            }
            let place = Place { document: place.document, path: at.clone().key(list) };
            // As in a classic definition, no other list has a switch of its own.
            let ignores_case = matches!(list, "ignoreAuthentication" | "block" | "allow")
                && (ignores_case || operation.flag(&format!("{list}/ignoreCase")));
            let action = action(list, &operation);
            endpoints.push(Endpoint { place, path: path.clone(), method, ignores_case, action });
        }
    }
    endpoints
}

fn action(list: &str, operation: &Fields<'_>) -> Action {
    match list {
        "ignoreAuthentication" => Action::Ignore,
        "block" => Action::Block,
        "allow" => Action::Allow,
        "virtualEndpoint" => Action::Virtual,
        "internal" => Action::Internal,
        "mockResponse" => Action::Mock,
        "transformRequestMethod" => {
            Action::Method(operation.text("transformRequestMethod/toMethod").to_ascii_uppercase())
        }
        "urlRewrite" => Action::Rewrite(Rewrite {
            pattern: operation.text("urlRewrite/pattern"),
            to: operation.text("urlRewrite/rewriteTo"),
            triggers: operation
                .items("urlRewrite/triggers")
                .iter()
                .filter_map(|trigger| trigger.get("rewriteTo")?.as_str())
                .map(str::to_owned)
                .collect(),
        }),
        _ => Action::Other,
    }
}
