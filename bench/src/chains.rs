//! The filter chains that are measured, as Envoy's configuration. All do the same job but `empty`,
//! which does none.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::path::PathBuf;

/// A listener's HTTP filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Chain {
    /// The router alone.
    Empty,
    /// A module that reads the headers and writes four.
    Floor,
    /// A module that does nothing: what V8 itself takes.
    Tiny,
    /// Attaché as it comes.
    Attache,
    /// Attaché without its caches: every request is verified.
    AttacheUncached,
    /// Attaché without its VM's cache, so that every request is answered from shared data.
    AttacheShared,
    /// Attaché with this many rules, of which a request matches the last.
    AttacheRules(u32),
    /// Attaché whose issuer has a set of many keys, none of which says what it is for.
    AttacheKeys,
    /// Attaché as another module has it.
    Before,
    /// Envoy's `jwt_authn` and `rbac` as Istio generates them.
    Istio,
    /// The same with the cache that Envoy has and Istio does not use.
    NativeCached,
}

impl Chain {
    const ALL: [Self; 13] = [
        Self::Empty,
        Self::Floor,
        Self::Attache,
        Self::AttacheUncached,
        Self::AttacheShared,
        Self::AttacheRules(10),
        Self::AttacheRules(100),
        Self::AttacheRules(1_000),
        Self::AttacheRules(10_000),
        Self::AttacheKeys,
        Self::Before,
        Self::Istio,
        Self::NativeCached,
    ];

    /// The listener's name, and that of its socket.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Empty => "empty".into(),
            Self::Floor => "floor".into(),
            Self::Tiny => "tiny".into(),
            Self::Attache => "attache".into(),
            Self::AttacheUncached => "attache-uncached".into(),
            Self::AttacheShared => "attache-shared".into(),
            Self::AttacheRules(count) => format!("attache-{count}-rules"),
            Self::AttacheKeys => "attache-256-keys".into(),
            Self::Before => "before".into(),
            Self::Istio => "istio".into(),
            Self::NativeCached => "native-cached".into(),
        }
    }
}

/// What chains are made of.
#[derive(Debug)]
pub(crate) struct Parts {
    /// The finished module of Attaché.
    pub(crate) module: PathBuf,
    /// The finished module that it is compared with, if it is.
    pub(crate) before: Option<PathBuf>,
    /// The finished module of the floor.
    pub(crate) floor: PathBuf,
    /// The module that does nothing.
    pub(crate) tiny: PathBuf,
    /// The public keys of all tokens.
    pub(crate) jwks: Value,
    /// The same among many others.
    pub(crate) many_keys: Value,
}

impl Parts {
    /// The chains that can be made of these parts.
    pub(crate) fn chains(&self) -> Vec<Chain> {
        let mut chains = Chain::ALL.to_vec();
        chains.retain(|&chain| chain != Chain::Before || self.before.is_some());
        chains
    }

    /// The filters of a chain that come before the router.
    pub(crate) fn filters(&self, chain: Chain) -> Result<Vec<Value>> {
        let default = json!({});
        let uncached = json!({"tokens": 0, "sharedSlots": 0});
        let shared = json!({"tokens": 0, "sharedSlots": 2048});
        Ok(match chain {
            Chain::Empty => Vec::new(),
            Chain::Floor => vec![wasm(chain, &self.floor, String::new())],
            Chain::Tiny => vec![wasm(chain, &self.tiny, String::new())],
            Chain::Attache => vec![self.attache(chain, &default, &istio_twin_rules())],
            Chain::AttacheUncached => vec![self.attache(chain, &uncached, &istio_twin_rules())],
            Chain::AttacheShared => vec![self.attache(chain, &shared, &istio_twin_rules())],
            Chain::AttacheRules(count) => vec![self.attache(chain, &default, &many_rules(count))],
            Chain::AttacheKeys => vec![self.strangers()],
            Chain::Before => {
                let module = self.before.as_ref().context("there is no module to compare with")?;
                let configuration = self.configuration(&default, &istio_twin_rules());
                vec![wasm(chain, module, configuration.to_string())]
            }
            Chain::Istio => vec![self.jwt_authn(false)?, rbac()?],
            Chain::NativeCached => vec![self.jwt_authn(true)?, rbac()?],
        })
    }

    /// The filter of [`Chain::Attache`] with another configuration, for the same VM.
    pub(crate) fn changed(&self) -> Value {
        self.attache(Chain::Attache, &json!({}), &many_rules(10))
    }

    fn attache(&self, chain: Chain, cache: &Value, rules: &Value) -> Value {
        wasm(chain, &self.module, self.configuration(cache, rules).to_string())
    }

    /// An issuer that allows every algorithm, with a set of many keys: whatever arithmetic a
    /// stranger can ask for.
    fn strangers(&self) -> Value {
        let mut configuration = self.configuration(&json!({}), &istio_twin_rules());
        let algorithms = json!(["RS256", "PS512", "ES256", "ES384", "ES512", "EdDSA"]);
        if let Some(issuer) = configuration.pointer_mut("/issuers/0").and_then(Value::as_object_mut)
        {
            issuer.insert("jwks".into(), self.many_keys.clone());
            issuer.insert("algorithms".into(), algorithms);
        }
        wasm(Chain::AttacheKeys, &self.module, configuration.to_string())
    }

    fn configuration(&self, cache: &Value, rules: &Value) -> Value {
        json!({
            "issuers": [{
                "name": "tyk",
                "issuer": "tyk",
                "audiences": ["orders"],
                "jwks": self.jwks,
                "requireExpiration": false,
                "forwardOriginalToken": true,
                "roleClaims": [{"claim": "roles"}],
                "outputClaimToHeaders": [
                    {"header": "x-sub", "claim": "sub"},
                    {"header": "x-org-id", "claim": "org_id"},
                    {"header": "x-email", "claim": "email"},
                    {"header": "x-scope", "claim": "scope"},
                ],
            }],
            "policies": [{"name": "orders", "rules": rules}],
            "cache": cache,
        })
    }

    fn jwt_authn(&self, cached: bool) -> Result<Value> {
        let mut filter: Value = serde_json::from_str(include_str!("chains/istio_jwt_authn.json"))?;
        let provider = filter
            .pointer_mut("/typed_config/providers/origins-0")
            .and_then(Value::as_object_mut)
            .context("chains/istio_jwt_authn.json has no provider `origins-0`")?;
        provider.insert("local_jwks".into(), json!({"inline_string": self.jwks.to_string()}));
        if cached {
            provider.insert("jwt_cache_config".into(), json!({"jwt_cache_size": 2048}));
        }
        Ok(filter)
    }
}

fn rbac() -> Result<Value> {
    Ok(serde_json::from_str(include_str!("chains/istio_rbac.json"))?)
}

/// The five rules of the AuthorizationPolicy that the chain of Istio was generated from, as in
/// plugin-config/examples/istio-twin.yaml.
fn istio_twin_rules() -> Value {
    let rule = |name: &str, method: &str, path: &str, role: &str| {
        json!({
            "name": name,
            "to": [{"methods": [method], "paths": [path]}],
            "roles": {"anyOf": [role]},
        })
    };
    json!([
        rule("admin-delete", "DELETE", "/admin*", "superuser"),
        rule("reports", "GET", "/reports*", "auditor"),
        rule("write-orders", "POST", "/orders*", "writer"),
        rule("read-orders", "GET", "/orders/*", "ops"),
        rule("read-all", "GET", "/*", "admin"),
    ])
}

/// Rules over distinct paths and roles: exact paths, prefixes, suffixes and templates in turn, the
/// last a template.
fn many_rules(count: u32) -> Value {
    (0..count)
        .map(|number| {
            let path = match count.wrapping_sub(number) % 4 {
                1 => format!("/service-{number}/{{id}}/items"),
                2 => format!("/service-{number}/status"),
                3 => format!("/service-{number}/*"),
                _ => format!("*.kind-{number}"),
            };
            json!({
                "name": format!("rule-{number}"),
                "to": [{"methods": ["GET"], "paths": [path]}],
                "roles": {"anyOf": [format!("role-{number}")]},
            })
        })
        .collect()
}

/// A Wasm filter in a VM of its own, so that no chain warms or fills what another measures.
fn wasm(chain: Chain, module: &std::path::Path, configuration: String) -> Value {
    let name = chain.name();
    json!({
        "name": name,
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
            "config": {
                "name": name,
                "root_id": name,
                "vm_config": {
                    "vm_id": name,
                    "runtime": "envoy.wasm.runtime.v8",
                    "code": {"local": {"filename": module}},
                },
                "configuration": {
                    "@type": "type.googleapis.com/google.protobuf.StringValue",
                    "value": configuration,
                },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_rule_is_a_template_whatever_their_number() {
        for count in [10, 100, 1_000, 10_000] {
            let rules = many_rules(count);
            let last = rules.as_array().unwrap().last().unwrap();
            assert_eq!(last["to"][0]["paths"][0], format!("/service-{}/{{id}}/items", count - 1));
        }
    }

    #[test]
    fn the_native_filters_are_those_of_istio_with_our_keys() {
        let parts = Parts {
            module: "m".into(),
            before: None,
            floor: "f".into(),
            tiny: "t".into(),
            jwks: json!({"keys": []}),
            many_keys: json!({"keys": []}),
        };
        let istio = parts.filters(Chain::Istio).unwrap();
        let provider = &istio[0]["typed_config"]["providers"]["origins-0"];
        assert_eq!(provider["local_jwks"]["inline_string"], r#"{"keys":[]}"#);
        assert_eq!(provider["payload_in_metadata"], "payload");
        assert!(provider.get("jwt_cache_config").is_none());
        assert_eq!(istio[1]["typed_config"]["rules"]["policies"].as_object().unwrap().len(), 5);
        let cached = parts.filters(Chain::NativeCached).unwrap();
        assert!(
            cached[0]["typed_config"]["providers"]["origins-0"].get("jwt_cache_config").is_some()
        );
    }
}
