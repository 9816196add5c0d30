//! Scenarios as tests of policies: what `attache test` and `attache check` can run of them, which
//! have an engine and no proxy.

use super::exchange::headers;
use super::placeholders::Placeholders;
use super::{Expect, Match, Protocol, Request, Scenario, Step};
use anyhow::Result;
use attache_test_fixtures::token::now;
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

/// The port that requests come in on.
const PORT: u16 = 8080;

/// The parts of a scenario that need no proxy.
#[derive(Debug, Default)]
pub struct PolicyTests {
    /// Files for `attache test`: one for each configuration that a request is sent to.
    pub files: Vec<Value>,
    /// Configurations that must be refused, each in a WasmPlugin as JSON, and what must be said of
    /// it.
    pub refused: Vec<(String, Vec<String>)>,
    /// How many requests the files have.
    pub requests: usize,
    /// The steps that are left out, by their names, and why.
    pub left_out: Vec<(String, &'static str)>,
}

impl PolicyTests {
    /// Takes a scenario apart.
    ///
    /// # Errors
    /// A placeholder stands for nothing, or a token can't be made.
    pub fn of(scenario: &Scenario) -> Result<Self> {
        let mut placeholders = Placeholders {
            now: now(),
            port: PORT,
            caller: "127.0.0.1".to_owned(),
            ..Placeholders::default()
        };
        for (name, spec) in &scenario.tokens {
            let token = placeholders.mint(spec)?;
            placeholders.tokens.insert(name.clone(), token);
        }
        let environment = placeholders.document(&json!(scenario.environment))?;
        let mut tests = Self::default();
        let mut configuration = placeholders.configuration(&scenario.configuration)?;
        let mut steps = Vec::new();
        for step in &scenario.steps {
            if let Some(next) = &step.configure {
                let next = placeholders.configuration(next)?;
                if step.refused.is_empty() {
                    tests.close(scenario, &placeholders, &configuration, &mut steps)?;
                    configuration = next;
                } else if serde_json::from_str::<IgnoredAny>(&next).is_ok() {
                    let plugin = plugin(&environment, &next);
                    tests.refused.push((plugin, step.refused.clone()));
                } else {
                    tests.left_out.push((step.name.clone(), "what is no JSON is read as YAML"));
                }
            } else if let Some(request) = &step.request {
                match left_out(request, step) {
                    Some(why) => tests.left_out.push((step.name.clone(), why)),
                    None => steps.push(test(&placeholders, step, request)?),
                }
            }
        }
        tests.close(scenario, &placeholders, &configuration, &mut steps)?;
        Ok(tests)
    }

    /// Ends the file of one configuration.
    fn close(
        &mut self,
        scenario: &Scenario,
        placeholders: &Placeholders,
        configuration: &str,
        steps: &mut Vec<Value>,
    ) -> Result<()> {
        if steps.is_empty() {
            return Ok(());
        }
        let workload = &scenario.workload;
        let configuration: Value = serde_json::from_str(configuration)?;
        self.requests = self.requests.saturating_add(steps.len());
        self.files.push(json!({
            "title": scenario.title,
            "covers": scenario.covers,
            "signatures": "VERIFIED",
            "time": placeholders.now,
            "environment": placeholders.document(&json!(scenario.environment))?,
            "workload": {
                "namespace": workload.namespace,
                "name": workload.name,
                "serviceAccount": workload.service_account,
                "labels": workload.labels,
            },
            "configuration": configuration,
            "steps": std::mem::take(steps),
        }));
        Ok(())
    }
}

/// Returns a WasmPlugin with this configuration, which stays as it is, byte for byte.
fn plugin(environment: &Value, configuration: &str) -> String {
    let variables = environment.as_object().into_iter().flatten();
    let variables: Vec<Value> =
        variables.map(|(name, value)| json!({"name": name, "value": value})).collect();
    let resource = json!({
        "apiVersion": "extensions.istio.io/v1alpha1", "kind": "WasmPlugin", "metadata": {"name": "attache"},
        "spec": {
            "url": format!("oci://example.com/attache@sha256:{}", "0".repeat(64)),
            "match": [{"mode": "SERVER"}], "vmConfig": {"env": variables}, "pluginConfig": "CONFIGURATION",
        },
    });
    resource.to_string().replace("\"CONFIGURATION\"", configuration)
}

/// Returns why a request can't be decided without a proxy; `None` where it can.
fn left_out(request: &Request, step: &Step) -> Option<&'static str> {
    let expect = &step.expect;
    if expect.reason.is_none() && expect.status.is_some() {
        return Some("the proxy or the service answers");
    }
    if request.method == "CONNECT" {
        return Some("a tunnel");
    }
    let path = request.path.split('?').next().unwrap_or_default();
    if path.split('/').any(|segment| matches!(segment, "." | "..")) {
        return Some("the proxy resolves dot segments");
    }
    let texts = std::iter::once(&request.path)
        .chain(request.headers.values().flat_map(super::OneOrMany::iter));
    let mut texts = texts.chain([&request.host]);
    if texts.any(|text| !text.is_ascii()) {
        return Some("bytes that are no UTF-8");
    }
    None
}

fn test(placeholders: &Placeholders, step: &Step, request: &Request) -> Result<Value> {
    let (sent, _) = headers(placeholders, request, &step.name)?;
    let mut fields: Map<String, Value> = Map::new();
    for (name, value) in sent {
        let values = fields.entry(name.to_ascii_lowercase()).or_insert_with(|| json!([]));
        if let Some(values) = values.as_array_mut() {
            values.push(json!(value));
        }
    }
    let mut method = request.method.as_str();
    if request.protocol == Protocol::Grpc {
        method = "POST";
        fields.insert("content-type".to_owned(), json!("application/grpc"));
    }
    let mut asked = json!({
        "method": method,
        "path": placeholders.text(&request.path)?,
        "host": request.host,
        "headers": fields,
        "port": PORT,
        "address": placeholders.caller,
    });
    let has_body = !request.body.is_empty()
        || !request.trailers.is_empty()
        || request.protocol == Protocol::Grpc;
    if let Some(members) = asked.as_object_mut() {
        members.extend(request.caller.iter().map(|caller| ("caller".to_owned(), json!(caller))));
        members.extend(has_body.then(|| ("body".to_owned(), json!(request.body))));
    }
    Ok(
        json!({"name": step.name, "request": asked, "expect": expected(placeholders, request, &step.expect)?}),
    )
}

/// Returns what an engine can be held to: not what is logged and counted.
fn expected(placeholders: &Placeholders, request: &Request, expect: &Expect) -> Result<Value> {
    let mut members = Map::new();
    members.extend(expect.reason.iter().map(|reason| ("reason".to_owned(), json!(reason))));
    members.extend(expect.status.iter().map(|status| ("status".to_owned(), json!(status))));
    if let (Some(Match::Is(policy)), Some(Match::Is(rule))) =
        (expect.state.get("policy"), expect.state.get("rule"))
    {
        members.insert("rule".to_owned(), json!(format!("{policy}/{rule}")));
    }
    // Of a gRPC call the answer is another, and to HEAD the body stays away.
    if expect.reason.is_some() && request.protocol != Protocol::Grpc {
        members.insert("answer".to_owned(), matches(placeholders, &expect.answer)?);
        if let (Some(body), false) = (&expect.body, request.method == "HEAD") {
            members.insert("body".to_owned(), match_of(placeholders, body)?);
        }
    }
    if expect.reason.is_none() {
        let seen = &expect.service;
        let mut service = Map::new();
        let path = seen.path.as_ref().map(|path| placeholders.text(path)).transpose()?;
        service.extend(path.map(|path| ("path".to_owned(), json!(path))));
        service.extend(seen.method.iter().map(|method| ("method".to_owned(), json!(method))));
        service.insert("headers".to_owned(), matches(placeholders, &seen.headers)?);
        service.insert("absent".to_owned(), json!(seen.absent));
        members.insert("service".to_owned(), Value::Object(service));
    }
    Ok(Value::Object(members))
}

fn matches<'m>(
    placeholders: &Placeholders,
    all: impl IntoIterator<Item = (&'m String, &'m Match)>,
) -> Result<Value> {
    let mut members = Map::new();
    for (name, expected) in all {
        members.insert(name.clone(), match_of(placeholders, expected)?);
    }
    Ok(Value::Object(members))
}

fn match_of(placeholders: &Placeholders, expected: &Match) -> Result<Value> {
    Ok(match expected {
        Match::Is(text) => json!(placeholders.text(text)?),
        Match::Are(texts) => json!(texts),
        Match::Contains { contains } => json!({"contains": contains}),
        Match::Absent { absent } => json!({"absent": absent}),
    })
}
