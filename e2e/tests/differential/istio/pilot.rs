//! What istiod makes of policies, in Envoy's words: jwt_authn, then RBAC for DENY, then RBAC for
//! ALLOW. Written from what Istio documents and generates, and from nothing of Attaché's; [`tests`]
//! hold it against a sidecar's own configuration.

use serde_json::{Map, Value, json};

/// Returns the filters for RequestAuthentications and AuthorizationPolicies, all of them for the
/// workload.
pub(crate) fn filters(authentications: &[Value], policies: &[Value]) -> Vec<Value> {
    let mut filters = vec![jwt_authn(authentications)];
    for action in ["DENY", "ALLOW"] {
        let of_action: Vec<&Value> =
            policies.iter().filter(|policy| action_of(policy) == action).collect();
        if !of_action.is_empty() {
            filters.push(rbac(action, &of_action));
        }
    }
    filters
}

fn action_of(policy: &Value) -> &str {
    policy["spec"]["action"].as_str().unwrap_or("ALLOW")
}

fn list(value: &Value) -> Vec<&Value> {
    value.as_array().into_iter().flatten().collect()
}

fn texts(value: &Value) -> Vec<&str> {
    list(value).into_iter().filter_map(Value::as_str).collect()
}

fn jwt_authn(authentications: &[Value]) -> Value {
    let mut rules: Vec<&Value> =
        authentications.iter().flat_map(|one| list(&one["spec"]["jwtRules"])).collect();
    rules.sort_by_key(|rule| rule["issuer"].as_str().unwrap_or_default().to_owned());
    let name = |index: usize| format!("origins-{index}");
    let providers: Map<String, Value> =
        rules.iter().enumerate().map(|(index, rule)| (name(index), provider(rule))).collect();
    let each: Vec<Value> = (0..rules.len())
        .map(|index| {
            json!({"requires_any": {"requirements": [{"provider_name": name(index)}, {"allow_missing": {}}]}})
        })
        .collect();
    let requires = match each.as_slice() {
        [only] => only.clone(),
        _ => {
            let mut any: Vec<Value> =
                (0..rules.len()).map(|index| json!({"provider_name": name(index)})).collect();
            any.push(json!({"requires_all": {"requirements": each}}));
            json!({"requires_any": {"requirements": any}})
        }
    };
    json!({
        "name": "envoy.filters.http.jwt_authn",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
            "providers": providers,
            "rules": [{"match": {"prefix": "/"}, "requires": requires}],
            "bypass_cors_preflight": true,
        },
    })
}

fn provider(rule: &Value) -> Value {
    let mut provider = json!({
        "issuer": rule["issuer"],
        "local_jwks": {"inline_string": rule["jwks"]},
        "payload_in_metadata": "payload",
        "normalize_payload_in_metadata": {"space_delimited_claims": ["permission", "scope"]},
    });
    for (ours, theirs) in [
        ("audiences", "audiences"),
        ("fromParams", "from_params"),
        ("fromCookies", "from_cookies"),
        ("forwardOriginalToken", "forward"),
    ] {
        if !rule[ours].is_null() {
            provider[theirs] = rule[ours].clone();
        }
    }
    if let Some(headers) = rule["fromHeaders"].as_array() {
        let header = |header: &Value| {
            let prefix = header["prefix"].as_str().unwrap_or_default();
            json!({"name": header["name"], "value_prefix": prefix})
        };
        provider["from_headers"] = headers.iter().map(header).collect();
    }
    provider
}

fn rbac(action: &str, policies: &[&Value]) -> Value {
    let mut all = Map::new();
    for policy in policies {
        let metadata = &policy["metadata"];
        let name = |index: usize| {
            let text = |key: &str| metadata[key].as_str().unwrap_or_default();
            format!("ns[{}]-policy[{}]-rule[{index}]", text("namespace"), text("name"))
        };
        let rules = list(&policy["spec"]["rules"]);
        if rules.is_empty() {
            let never = json!({"not_rule": {"any": true}});
            let nobody = json!({"not_id": {"any": true}});
            all.insert(name(0), json!({"permissions": [never], "principals": [nobody]}));
        }
        let namespace = metadata["namespace"].as_str().unwrap_or_default();
        for (index, rule) in rules.into_iter().enumerate() {
            all.insert(name(index), rbac_policy(rule, namespace));
        }
    }
    let mut rules = json!({"policies": all});
    // ALLOW is what Envoy takes where nothing is said.
    if action != "ALLOW" {
        rules["action"] = json!(action);
    }
    json!({
        "name": "envoy.filters.http.rbac",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC",
            "rules": rules,
        },
    })
}

fn rbac_policy(rule: &Value, namespace: &str) -> Value {
    let (mut of_request, mut of_caller) = (Vec::new(), Vec::new());
    for condition in list(&rule["when"]) {
        let key = condition["key"].as_str().unwrap_or_default();
        let (values, not_values) = (texts(&condition["values"]), texts(&condition["notValues"]));
        match key {
            "destination.ip" | "destination.port" | "connection.sni" => {
                of_request.extend(terms("rule", key, &values, &not_values, namespace));
            }
            _ => of_caller.extend(terms("id", key, &values, &not_values, namespace)),
        }
    }
    let entries = |name: &str, inner: &str| -> Vec<Value> {
        match list(&rule[name]) {
            entries if entries.is_empty() => vec![json!({})],
            entries => entries.into_iter().map(|entry| entry[inner].clone()).collect(),
        }
    };
    let permissions: Vec<Value> = entries("to", "operation")
        .iter()
        .map(|operation| {
            let mut all = Vec::new();
            for (key, attribute) in [
                ("hosts", "host"),
                ("methods", "method"),
                ("paths", "path"),
                ("ports", "destination.port"),
            ] {
                all.extend(both(operation, key, attribute, "rule", namespace));
            }
            all.extend(of_request.clone());
            all_of("rule", all)
        })
        .collect();
    let principals: Vec<Value> = entries("from", "source")
        .iter()
        .map(|source| {
            let mut all = Vec::new();
            for (key, attribute) in [
                ("principals", "source.principal"),
                ("requestPrincipals", "request.auth.principal"),
                ("serviceAccounts", "source.serviceAccount"),
                ("trustDomains", "source.trustDomain"),
                ("namespaces", "source.namespace"),
                ("remoteIpBlocks", "remote.ip"),
                ("ipBlocks", "source.ip"),
            ] {
                all.extend(both(source, key, attribute, "id", namespace));
            }
            all.extend(of_caller.clone());
            all_of("id", all)
        })
        .collect();
    json!({"permissions": permissions, "principals": principals})
}

/// Returns what a key and its `not…` twin ask.
fn both(entry: &Value, key: &str, attribute: &str, kind: &str, namespace: &str) -> Vec<Value> {
    let mut first = key.chars();
    let upper =
        first.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(first).collect::<String>();
    let (values, not_values) = (texts(&entry[key]), texts(&entry[format!("not{upper}")]));
    terms(kind, attribute, &values, &not_values, namespace)
}

/// Returns one term for the values of an attribute, and one for those that must not be.
fn terms(
    kind: &str,
    attribute: &str,
    values: &[&str],
    not_values: &[&str],
    namespace: &str,
) -> Vec<Value> {
    let any = |values: &[&str]| match attribute {
        // Of these Istio writes one matcher for all values.
        "request.auth.principal" => {
            let each: Vec<Value> = values.iter().map(|value| request_principal(value)).collect();
            if let [only] = each.as_slice() { only.clone() } else { any_of(kind, each) }
        }
        _ if attribute.starts_with("request.auth.") => claim(attribute, values),
        _ => any_of(kind, values.iter().map(|value| term(attribute, value, namespace)).collect()),
    };
    let mut terms = Vec::new();
    if !values.is_empty() {
        terms.push(any(values));
    }
    if !not_values.is_empty() {
        terms.push(json!({format!("not_{kind}"): any(not_values)}));
    }
    terms
}

fn any_of(kind: &str, terms: Vec<Value>) -> Value {
    json!({format!("or_{kind}s"): {format!("{kind}s"): terms}})
}

fn all_of(kind: &str, terms: Vec<Value>) -> Value {
    let terms = if terms.is_empty() { vec![json!({"any": true})] } else { terms };
    json!({format!("and_{kind}s"): {format!("{kind}s"): terms}})
}

fn term(attribute: &str, value: &str, namespace: &str) -> Value {
    let authenticated = |name: Value| json!({"authenticated": {"principal_name": name}});
    let regex = |regex: String| json!({"safe_regex": {"regex": regex}});
    match attribute {
        "method" => json!({"header": header(":method", value, false)}),
        "host" => json!({"header": header(":authority", value, true)}),
        "path" if value.contains("{*}") || value.contains("{**}") => {
            let template = value.replace("{**}", "**").replace("{*}", "*");
            json!({"uri_template": {"name": "uri-template", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig",
                "path_template": template}}})
        }
        "path" => json!({"url_path": {"path": string_match(value)}}),
        "destination.port" => json!({"destination_port": value.parse::<u16>().unwrap_or_default()}),
        "destination.ip" => json!({"destination_ip": block(value)}),
        "connection.sni" => json!({"requested_server_name": string_match(value)}),
        "source.ip" => json!({"direct_remote_ip": block(value)}),
        "remote.ip" => json!({"remote_ip": block(value)}),
        "source.namespace" => {
            let name = value.split('*').map(quoted).collect::<Vec<_>>().join(".*");
            authenticated(regex(format!(".*/ns/{name}/.*")))
        }
        "source.serviceAccount" => {
            let (namespace, account) = value.split_once('/').unwrap_or((namespace, value));
            let (namespace, account) = (quoted(namespace), quoted(account));
            authenticated(regex(format!("spiffe://.+/ns/{namespace}/(.+/|)sa/{account}(/.+)?")))
        }
        "source.trustDomain" => authenticated(match value.split_once('*') {
            Some(("", "")) => json!({"prefix": "spiffe://"}),
            Some((start, end)) => {
                regex(format!("spiffe://{}[^/]*{}/.*", quoted(start), quoted(end)))
            }
            None => json!({"prefix": format!("spiffe://{value}/")}),
        }),
        "source.principal" => {
            authenticated(match (value.strip_prefix('*'), value.strip_suffix('*')) {
                (Some(""), _) => regex(".+".to_owned()),
                (Some(end), _) => regex(format!("spiffe://.*{}", quoted(end))),
                (_, Some(start)) => json!({"prefix": format!("spiffe://{start}")}),
                _ => json!({"exact": format!("spiffe://{value}")}),
            })
        }
        _ => {
            let name = attribute.trim_start_matches("request.headers[").trim_end_matches(']');
            json!({"header": header(name, value, false)})
        }
    }
}

fn header(name: &str, value: &str, ignores_case: bool) -> Value {
    if value == "*" {
        return json!({"name": name, "present_match": true});
    }
    let mut string = string_match(value);
    if ignores_case {
        string["ignore_case"] = json!(true);
    }
    json!({"name": name, "string_match": string})
}

fn string_match(value: &str) -> Value {
    match (value.strip_prefix('*'), value.strip_suffix('*')) {
        (Some(""), _) => json!({"safe_regex": {"regex": ".+"}}),
        (Some(end), _) => json!({"suffix": end}),
        (_, Some(start)) => json!({"prefix": start}),
        _ => json!({"exact": value}),
    }
}

fn block(text: &str) -> Value {
    let (address, length) = text.split_once('/').unwrap_or((text, "32"));
    json!({"address_prefix": address, "prefix_len": length.parse::<u32>().unwrap_or(32)})
}

fn quoted(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            (!c.is_ascii_alphanumeric() && c != '-').then_some('\\').into_iter().chain([c])
        })
        .collect()
}

fn request_principal(value: &str) -> Value {
    let any = || json!({"safe_regex": {"regex": ".+"}});
    let halves = value.rsplit_once('/');
    let (issuer, subject) = match halves {
        _ if value == "*" => (any(), any()),
        Some(("*", subject)) => (any(), json!({"exact": subject})),
        Some((issuer, subject)) if issuer.starts_with('*') => {
            (json!({"suffix": issuer.trim_start_matches('*')}), json!({"exact": subject}))
        }
        Some((issuer, "*")) => (json!({"exact": issuer}), any()),
        Some((issuer, subject)) if subject.ends_with('*') => {
            (json!({"exact": issuer}), json!({"prefix": subject.trim_end_matches('*')}))
        }
        None if value.starts_with('*') => (any(), json!({"suffix": value.trim_start_matches('*')})),
        None if value.ends_with('*') => (json!({"prefix": value.trim_end_matches('*')}), any()),
        _ => {
            let (issuer, subject) = halves.unwrap_or((value, ""));
            (json!({"exact": issuer}), json!({"exact": subject}))
        }
    };
    let claim = |name: &str, string: Value| metadata(&[name], json!({"string_match": string}));
    all_of("id", vec![claim("iss", issuer), claim("sub", subject)])
}

fn claim(attribute: &str, values: &[&str]) -> Value {
    let path: Vec<&str> = match attribute {
        "request.auth.audiences" => vec!["aud"],
        "request.auth.presenter" => vec!["azp"],
        _ => attribute
            .trim_start_matches("request.auth.claims[")
            .trim_end_matches(']')
            .split("][")
            .collect(),
    };
    let each: Vec<Value> =
        values.iter().map(|value| json!({"string_match": string_match(value)})).collect();
    let value = match each.as_slice() {
        [only] => only.clone(),
        _ => json!({"or_match": {"value_matchers": each}}),
    };
    metadata(
        &path,
        json!({"or_match": {"value_matchers": [{"list_match": {"one_of": value}}, value]}}),
    )
}

fn metadata(path: &[&str], value: Value) -> Value {
    let keys: Vec<Value> = ["payload"].iter().chain(path).map(|key| json!({"key": key})).collect();
    json!({"metadata": {"filter": "envoy.filters.http.jwt_authn", "path": keys, "value": value}})
}

#[cfg(test)]
mod tests {
    use super::*;
    use attache_e2e::{repository, yaml};

    /// The policy that a sidecar of Istio 1.30 had these rules for:
    /// `bench/src/chains/istio_rbac.json` is what its configuration dump showed.
    #[test]
    fn a_sidecars_own_rules_come_out() {
        let rule = |method: &str, path: &str, role: &str| {
            json!({"to": [{"operation": {"methods": [method], "paths": [path]}}],
                "when": [{"key": "request.auth.claims[roles]", "values": [role]}]})
        };
        let policy = json!({
            "metadata": {"name": "orders", "namespace": "default"},
            "spec": {"action": "ALLOW", "rules": [
                rule("DELETE", "/admin*", "superuser"), rule("GET", "/reports*", "auditor"),
                rule("POST", "/orders*", "writer"), rule("GET", "/orders/*", "ops"), rule("GET", "/*", "admin"),
            ]},
        });
        let dumped = yaml::read(&repository().join("bench/src/chains/istio_rbac.json")).unwrap();
        let ours = rbac("ALLOW", &[&policy]);
        let (ours, dumped) = (
            &ours["typed_config"]["rules"]["policies"],
            dumped.pointer("/typed_config/rules/policies").unwrap(),
        );
        assert_eq!(ours, dumped);
    }
}
