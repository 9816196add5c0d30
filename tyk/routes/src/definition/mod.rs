//! API definitions of Tyk, classic and OAS, as far as they decide where requests go and who may
//! send them.

mod classic;
mod collect;
mod endpoints;
mod limits;
mod oas;
mod operation;

pub use collect::{Definitions, Document};
pub use limits::{EndpointRate, Limits, Rate};

use crate::gap::Place;
use std::collections::BTreeMap;

/// How a definition is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Tyk's own form.
    Classic,
    /// An OpenAPI document with `x-tyk-api-gateway`.
    Oas,
}

/// An API.
#[derive(Clone, Debug)]
pub struct Api {
    /// Where the definition stands.
    pub place: Place,
    /// How it is written.
    pub form: Form,
    /// `api_id`.
    pub id: String,
    /// `name`.
    pub name: String,
    /// Whether only other APIs may reach it.
    pub is_internal: bool,
    /// `protocol`; empty for HTTP as the gateway speaks it.
    pub protocol: String,
    /// `listen_port`; 0 for the gateway's.
    pub listen_port: u16,
    /// The custom domain; empty for none.
    pub domain: String,
    /// Whether the domain is switched off, which leaves the API's place in the order.
    pub is_domain_off: bool,
    /// `listen_path` as it is written.
    pub listen_path: String,
    /// `strip_listen_path`.
    pub strips: bool,
    /// `target_url`.
    pub target: String,
    /// The targets in turn, in place of the one; empty where they are not used.
    pub targets: Vec<String>,
    /// Whether service discovery says where requests go.
    pub is_discovered: bool,
    /// `preserve_host_header`.
    pub keeps_host: bool,
    /// `disable_strip_slash`.
    pub keeps_slash: bool,
    /// Tags of the gateways that serve it; empty where they do not count.
    pub tags: Vec<String>,
    /// Whether no credential is asked for.
    pub is_open: bool,
    /// How many requests may pass.
    pub limits: Limits,
    /// Scopes of a token that stand for policies.
    pub scopes: Vec<String>,
    /// Where a request says its version.
    pub selector: Selector,
    /// Versions that are APIs of their own, where the API is the base of some.
    pub family: Option<Family>,
    /// Versions within the definition.
    pub versions: Versions,
    /// Plugins that run before a request goes on, and may change its path.
    pub plugins: Vec<String>,
    /// What makes the API another than one of plain HTTP requests: `GraphQL`.
    pub kind: Option<&'static str>,
}

/// Where a request says its version.
#[derive(Clone, Debug, Default)]
pub struct Selector {
    /// Header, parameter or path.
    pub location: Location,
    /// The name of the header or the parameter.
    pub key: String,
    /// Whether it is taken out.
    pub strips: bool,
    /// What the first part of a path must match for being taken out.
    pub pattern: String,
    /// Whether an unknown version is the default one.
    pub falls_back: bool,
}

/// Where a request says its version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Location {
    /// Nowhere: what is written is none that Tyk knows.
    #[default]
    Unknown,
    /// In a header.
    Header,
    /// In a parameter of the query.
    Parameter,
    /// In the first part of the path after the listen path.
    Path,
}

/// Versions that are APIs of their own.
#[derive(Clone, Debug, Default)]
pub struct Family {
    /// The name of the base.
    pub own_name: String,
    /// The version where a request names none; `self` and the base's own name mean the base.
    pub default: String,
    /// The ids of the others by the name of the version.
    pub members: BTreeMap<String, String>,
}

impl Family {
    /// Returns whether a version is the base itself.
    #[must_use]
    pub fn is_base(&self, version: &str) -> bool {
        version == "self" || version == self.own_name
    }
}

/// Versions within a definition.
#[derive(Clone, Debug, Default)]
pub struct Versions {
    /// Whether requests name one.
    pub are_named: bool,
    /// The version where a request names none.
    pub default: String,
    /// By the key under which they stand.
    pub list: BTreeMap<String, Version>,
}

impl Versions {
    /// Returns the version that is for every request where requests name none, and the key under
    /// which it stands; `None` where Tyk refuses: there are several, and not just one of them has a
    /// name that Tyk takes for the usual one.
    #[must_use]
    pub fn only(&self) -> Option<(&String, &Version)> {
        if self.list.len() == 1 {
            return self.list.first_key_value();
        }
        let mut usual =
            ["Default", "default", ""].iter().filter_map(|key| self.list.get_key_value(*key));
        usual.next().filter(|_| usual.next().is_none())
    }
}

/// One version of a definition.
#[derive(Clone, Debug, Default)]
pub struct Version {
    /// Its name, by which its endpoints are found; usually its key.
    pub name: String,
    /// `override_target`; empty for none.
    pub target: String,
    /// In the order in which Tyk tries them.
    pub endpoints: Vec<Endpoint>,
    /// The operations of an OpenAPI document; none of a classic definition.
    pub operations: Vec<Operation>,
}

/// An operation of an OpenAPI document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The path, as it is written.
    pub path: String,
    /// The method, in upper case.
    pub method: String,
}

/// What is said of an endpoint.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Where it is said.
    pub place: Place,
    /// The pattern, as it is written.
    pub path: String,
    /// The method; empty for each.
    pub method: String,
    /// Whether letter case does not count.
    pub ignores_case: bool,
    /// What is done.
    pub action: Action,
}

/// What is done with requests of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Allow list: nothing else is let through.
    Allow,
    /// Block list.
    Block,
    /// No credential is asked for.
    Ignore,
    /// Tyk answers, of a classic definition: before anything else.
    Reply,
    /// Tyk answers, of an OAS definition: where the request would go upstream.
    Mock,
    /// A script answers.
    Virtual,
    /// Only loops reach it.
    Internal,
    /// The URL becomes another.
    Rewrite(Rewrite),
    /// The method becomes another.
    Method(String),
    /// Something that leaves path and method as they are.
    Other,
}

/// How a URL becomes another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrite {
    /// The regular expression for path and query.
    pub pattern: String,
    /// What it becomes, with `$1` for what a group held.
    pub to: String,
    /// What it becomes where a trigger fires.
    pub triggers: Vec<String>,
}

impl Api {
    /// Returns the listen path as Tyk cleans it.
    #[must_use]
    pub fn clean_listen_path(&self) -> String {
        if self.listen_path.is_empty() {
            return String::new();
        }
        let cleaned = clean(&self.listen_path);
        if self.listen_path.ends_with('/') && cleaned != "/" { cleaned + "/" } else { cleaned }
    }

    /// Returns the place of the listen path.
    #[must_use]
    pub fn listen_path_place(&self) -> Place {
        self.at("proxy/listen_path", "x-tyk-api-gateway/server/listenPath/value")
    }

    /// Returns the place of the target.
    #[must_use]
    pub fn target_place(&self) -> Place {
        self.at("proxy/target_url", "x-tyk-api-gateway/upstream/url")
    }

    /// Returns the place of a value by its keys in either form.
    #[must_use]
    pub fn at(&self, classic: &str, oas: &str) -> Place {
        let keys = if self.form == Form::Oas { oas } else { classic };
        crate::fields::place(&self.place, keys)
    }
}

/// Returns targets without their order and without how often each has its turn.
fn distinct(mut targets: Vec<String>) -> Vec<String> {
    targets.sort();
    targets.dedup();
    targets
}

/// Returns a path without `.`, `..` and empty segments, and without a slash at its end (Go's
/// `path.Clean` of what begins with a slash).
pub(crate) fn clean(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    format!("/{}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tyk_takes_one_version_for_the_only_one_or_refuses() {
        for (keys, only) in [
            (&["v1"][..], Some("v1")),
            (&["v1", "default"], Some("default")),
            (&["", "v1", "v2"], Some("")),
            (&["v1", "v2"], None),
            (&["Default", "default"], None),
            (&[], None),
        ] {
            let list = keys.iter().map(|key| ((*key).to_owned(), Version::default())).collect();
            let versions = Versions { list, ..Versions::default() };
            assert_eq!(versions.only().map(|(key, _)| key.as_str()), only, "{keys:?}");
        }
    }
}
