//! What a definition says of how many requests may pass, and how a caller shows its key.

use super::Versions;
use super::operation::{EXTENSION, find};
use crate::fields::Fields;
use crate::gap::Place;
use attache_config_reader::parse_duration;
use serde_json::Value;
use std::time::Duration;

/// The header with the key where a definition names none.
const DEFAULT_HEADER: &str = "Authorization";

/// What a definition says of limits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits {
    /// `disable_rate_limit`: neither the API's limits nor those of keys count.
    pub is_rate_off: bool,
    /// `disable_quota`.
    pub is_quota_off: bool,
    /// `global_rate_limit`: for all callers together.
    pub whole: Rate,
    /// Limits of endpoints, for all callers together, in the order in which Tyk asks them.
    pub endpoints: Vec<EndpointRate>,
    /// The header that callers put their key in.
    pub key_header: String,
}

/// So many requests in so long.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rate {
    /// Requests; 0 and less for no limit.
    pub rate: f64,
    /// Seconds.
    pub per: f64,
    /// Whether it is switched off where it stands.
    pub is_disabled: bool,
    /// Whether the interval is written as something that is no duration, as `4` is: Tyk takes it
    /// for none.
    pub has_no_interval: bool,
}

/// The limit of an endpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct EndpointRate {
    /// The pattern, as it is written.
    pub path: String,
    /// The method.
    pub method: String,
    /// How many.
    pub rate: Rate,
}

/// Reads a classic definition. Of versions that are stored and that no request is of, the endpoints
/// are left out.
pub(super) fn classic(fields: &Fields<'_>, place: &Place, versions: &Versions) -> Limits {
    let only = versions.only().map(|(key, _)| key);
    let mut endpoints = Vec::new();
    for (version, value) in fields.members("version_data/versions") {
        let at = place.path.clone().key("version_data").key("versions").key(version);
        let version_fields = fields.within(value, &at);
        let is_served = versions.are_named || only == Some(version);
        if !is_served || !version_fields.flag("use_extended_paths") {
            continue;
        }
        for (index, item) in version_fields.items("extended_paths/rate_limit").iter().enumerate() {
            let at = at.clone().key("extended_paths").key("rate_limit").index(index);
            let item = fields.within(item, &at);
            endpoints.push(EndpointRate {
                path: item.text("path"),
                method: item.text("method"),
                rate: rate(&item, ""),
            });
        }
    }
    let named = ["auth_configs/authToken/auth_header_name", "auth/auth_header_name"];
    let header = named.iter().map(|keys| fields.text(keys)).find(|name| !name.is_empty());
    Limits {
        is_rate_off: fields.flag("disable_rate_limit"),
        is_quota_off: fields.flag("disable_quota"),
        whole: rate(fields, "global_rate_limit/"),
        endpoints,
        key_header: header.unwrap_or_else(|| DEFAULT_HEADER.to_owned()),
    }
}

fn rate(fields: &Fields<'_>, prefix: &str) -> Rate {
    Rate {
        rate: fields.number(&format!("{prefix}rate")),
        per: fields.number(&format!("{prefix}per")),
        is_disabled: fields.flag(&format!("{prefix}disabled")),
        has_no_interval: false,
    }
}

/// Reads an OAS definition; `fields` is its extension.
pub(super) fn oas(document: &Value, fields: &Fields<'_>, place: &Place) -> Limits {
    let mut endpoints = Vec::new();
    for (id, operation) in fields.members("middleware/operations") {
        let Some((path, method)) = find(document, id) else { continue };
        let at = place.path.clone().key(EXTENSION).key("middleware").key("operations").key(id);
        let operation = fields.within(operation, &at);
        if !operation.has("rateLimit") {
            continue;
        }
        let rate = oas_rate(&operation, "rateLimit/");
        endpoints.push(EndpointRate { path, method, rate });
    }
    let whole = if fields.has("upstream/rateLimit") {
        oas_rate(fields, "upstream/rateLimit/")
    } else {
        Rate::default()
    };
    Limits {
        is_rate_off: fields.flag("middleware/global/skipRateLimit"),
        is_quota_off: fields.flag("middleware/global/skipQuota"),
        whole,
        endpoints,
        key_header: key_header(document),
    }
}

/// Returns a rate whose interval is written as a duration; what can't be read is 0, as Tyk has it.
fn oas_rate(fields: &Fields<'_>, prefix: &str) -> Rate {
    let text = fields.text(&format!("{prefix}per"));
    let per = parse_duration(&text);
    Rate {
        rate: fields.number(&format!("{prefix}rate")),
        per: per.as_ref().map_or(0.0, Duration::as_secs_f64),
        is_disabled: !fields.flag(&format!("{prefix}enabled")),
        has_no_interval: per.is_none() && !text.is_empty(),
    }
}

fn key_header(document: &Value) -> String {
    let schemes = document.pointer("/components/securitySchemes").and_then(Value::as_object);
    let text =
        |scheme: &Value, key: &str| scheme.get(key).and_then(Value::as_str).map(str::to_owned);
    let is_header = |scheme: &&Value| {
        text(scheme, "type").as_deref() == Some("apiKey")
            && text(scheme, "in").as_deref() == Some("header")
    };
    let header = schemes.and_then(|schemes| text(schemes.values().find(is_header)?, "name"));
    header.unwrap_or_else(|| DEFAULT_HEADER.to_owned())
}

#[cfg(test)]
mod tests {
    use crate::definition::{Definitions, Document};
    use serde_json::{Value, json};

    fn limits(definition: Value) -> super::Limits {
        let found = Definitions::read(&[Document { value: definition, is_named: true }]);
        assert!(found.problems.is_empty(), "{:?}", found.problems);
        found.apis[0].limits.clone()
    }

    #[test]
    fn both_forms_say_the_same() {
        let classic = limits(json!({
            "api_id": "orders", "auth_configs": {"authToken": {"auth_header_name": "X-Api-Key"}},
            "global_rate_limit": {"rate": 90, "per": 60}, "disable_quota": true,
            "version_data": {"not_versioned": true, "versions": {"Default": {"name": "Default", "use_extended_paths": true,
                "extended_paths": {"rate_limit": [{"path": "/list", "method": "GET", "rate": 6, "per": 2}]}}}},
            "proxy": {"listen_path": "/orders/"}
        }));
        let oas = limits(json!({
            "openapi": "3.0.3", "info": {"title": "orders", "version": "1"},
            "paths": {"/list": {"get": {"operationId": "list", "responses": {}}}},
            "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"}}},
            "x-tyk-api-gateway": {
                "info": {"id": "orders"}, "server": {"listenPath": {"value": "/orders/"}},
                "upstream": {"rateLimit": {"enabled": true, "rate": 90, "per": "1m"}},
                "middleware": {"global": {"skipQuota": true},
                    "operations": {"list": {"rateLimit": {"enabled": true, "rate": 6, "per": "2s"}}}}
            }
        }));
        for limits in [&classic, &oas] {
            assert_eq!(
                (limits.whole.rate, limits.whole.per, limits.whole.is_disabled),
                (90.0, 60.0, false)
            );
            assert_eq!((limits.is_rate_off, limits.is_quota_off), (false, true));
            assert_eq!(limits.key_header, "X-Api-Key");
            let [endpoint] = limits.endpoints.as_slice() else { panic!("{:?}", limits.endpoints) };
            assert_eq!((endpoint.method.as_str(), endpoint.path.as_str()), ("GET", "/list"));
            assert_eq!(
                (endpoint.rate.rate, endpoint.rate.per, endpoint.rate.is_disabled),
                (6.0, 2.0, false)
            );
        }
    }

    #[test]
    fn what_is_stored_of_a_version_that_nobody_asks_for_is_no_limit() {
        let version = |name: &str, rate: u32| {
            json!({"name": name, "use_extended_paths": true,
                "extended_paths": {"rate_limit": [{"path": "/list", "method": "GET", "rate": rate, "per": 2}]}})
        };
        let rates = |not_versioned: bool, versions: Value| {
            let limits = limits(json!({
                "api_id": "orders", "proxy": {"listen_path": "/orders/"},
                "version_data": {"not_versioned": not_versioned, "versions": versions}
            }));
            limits.endpoints.iter().map(|endpoint| endpoint.rate.rate).collect::<Vec<f64>>()
        };
        // The old one stands first.
        let both = json!({"1-old": version("1-old", 9), "Default": version("Default", 6)});
        assert_eq!(rates(true, both.clone()), [6.0]);
        assert_eq!(rates(false, both), [9.0, 6.0]);
        assert_eq!(rates(true, json!({"v1": version("v1", 9)})), [9.0]);
    }

    #[test]
    fn what_is_not_said_is_no_limit() {
        let classic = limits(json!({"api_id": "orders", "proxy": {"listen_path": "/orders/"}}));
        assert_eq!((classic.whole.rate, classic.key_header.as_str()), (0.0, "Authorization"));
        let off = limits(
            json!({"api_id": "orders", "proxy": {"listen_path": "/orders/"}, "disable_rate_limit": true,
            "global_rate_limit": {"rate": 5, "per": 1, "disabled": true}}),
        );
        assert!(off.is_rate_off && off.whole.is_disabled);
    }
}
