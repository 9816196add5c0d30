//! The changes that would make a test hold, or no longer hold.

use super::place::{entry, last_key, list_of, rule_at};
use super::step::Step;
use crate::logged::{Judge, Logged, Tri, Weighing};
use attache_config_reader::Path;
use attache_engine::RequestTrace;
use attache_engine::policy::{RuleTrace, Subject, TestTrace};
use attache_plugin_config::{Condition, PathPattern, Scalar, Test};
use serde_json::{Value, json};

/// The most ways that are looked into of one test.
const MAX_WAYS: usize = 4;

/// What the ways of one reading are found from.
pub(super) struct Ways<'a> {
    pub(super) judge: &'a Judge,
    pub(super) trace: &'a RequestTrace,
    pub(super) logged: &'a Logged,
    pub(super) weighing: &'a Weighing<'a>,
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) is_identified: bool,
}

impl Ways<'_> {
    /// Returns the ways to have an ALLOW rule match: each a list of changes, for one entry of `to`
    /// and one of `from`.
    pub(super) fn to_match(&self, rule: &RuleTrace) -> Vec<Vec<Step>> {
        let sources: Vec<&[TestTrace]> = match rule.sources.as_slice() {
            [] => vec![&[]],
            sources => sources.iter().map(Vec::as_slice).collect(),
        };
        let mut ways = Vec::new();
        for target in &rule.targets {
            for source in &sources {
                let tests = target
                    .tests
                    .iter()
                    .chain(&target.conditions)
                    .chain(*source)
                    .chain(&rule.caller);
                let open: Vec<&TestTrace> =
                    tests.filter(|test| self.test(test) != Tri::Yes).collect();
                ways.extend(self.all(&open));
            }
        }
        ways
    }

    /// Returns the ways to have a DENY rule no longer match: each one change.
    pub(super) fn not_to_match(&self, rule: &RuleTrace) -> Vec<Vec<Step>> {
        let conditions =
            rule.targets.iter().flat_map(|target| &target.conditions).chain(&rule.caller);
        let mut steps: Vec<Step> = conditions.flat_map(|test| self.to_break(test)).collect();
        let entries: Vec<Path> =
            rule.targets.iter().filter_map(|target| entry(target.tests.first()?)).collect();
        if let Some(entry) =
            entries.first().filter(|first| entries.iter().all(|entry| entry == *first))
        {
            steps.extend(
                exact(self.path).map(|path| Step::Push(entry.clone().key("notPaths"), json!(path))),
            );
        }
        let mut ways: Vec<Vec<Step>> = Vec::new();
        for step in steps {
            if !ways.contains(&vec![step.clone()]) {
                ways.push(vec![step]);
            }
        }
        ways
    }

    fn test(&self, test: &TestTrace) -> Tri {
        self.weighing.test(test, self.is_identified)
    }

    /// Returns the ways to have all tests hold.
    fn all(&self, tests: &[&TestTrace]) -> Vec<Vec<Step>> {
        let mut ways = vec![Vec::new()];
        for test in tests {
            let more = self.to_hold(test);
            let joined = ways.iter().flat_map(|way: &Vec<Step>| {
                more.iter()
                    .map(move |steps| way.iter().chain(steps).cloned().collect::<Vec<Step>>())
            });
            ways = joined.take(MAX_WAYS).collect();
        }
        ways
    }

    /// Returns the ways to have a test hold; none where there is none that can be named.
    fn to_hold(&self, test: &TestTrace) -> Vec<Vec<Step>> {
        let list = || list_of(test);
        let push = |value: Option<Value>| -> Vec<Vec<Step>> {
            let step = list().zip(value).map(|(at, value)| Step::Push(at, value));
            step.map(|step| vec![step]).into_iter().collect()
        };
        if self.weighing.need(test, self.is_identified).is_some() && !is_of_token(test) {
            return Vec::new();
        }
        let client = &self.logged.client;
        let account = client.principal.as_deref().and_then(namespace_and_account);
        match (&test.subject, last_key(&test.at)) {
            (Subject::Method, Some("methods")) => push(Some(json!(self.method))),
            (Subject::Path, Some("paths")) => push(exact(self.path).map(Value::String)),
            (Subject::Host, Some("hosts")) => push(Some(json!(self.logged.host))),
            (Subject::Port, Some("ports")) => push(client.port.map(|port| json!(port))),
            (Subject::Caller, Some("principals")) => {
                push(client.principal.as_ref().map(|own| json!(own)))
            }
            (Subject::Caller, Some("namespaces")) => {
                push(account.map(|(namespace, _)| json!(namespace)))
            }
            (Subject::Caller, Some("serviceAccounts")) => {
                push(account.map(|(namespace, account)| json!(format!("{namespace}/{account}"))))
            }
            (Subject::Address, Some("ipBlocks")) => {
                push(client.address.map(|own| json!(own.to_string())))
            }
            (Subject::RemoteAddress, Some("remoteIpBlocks")) => {
                push(client.address.or(client.client_address).map(|own| json!(own.to_string())))
            }
            (Subject::Token, _) => vec![
                vec![Step::GoodToken("the request brings a good token".to_owned())],
                vec![Step::Set(test.at.clone(), json!("OPTIONAL"))],
            ],
            (Subject::Roles, Some(key)) => self.roles(&test.at, key),
            (Subject::Claim(_), _) => {
                let condition = crate::logged::condition_at(&self.judge.config, &test.at);
                condition.map(|condition| self.claim(test, condition)).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    fn roles(&self, at: &Path, key: &str) -> Vec<Vec<Step>> {
        let Some(requirement) = rule_at(&self.judge.config, at).map(|rule| &rule.roles) else {
            return Vec::new();
        };
        let has = |role: &String| self.judge.has_role(self.trace, role);
        match key {
            "anyOf" => {
                let one = |role: &String| vec![Step::AddRole(role.clone())];
                let mut ways: Vec<Vec<Step>> =
                    requirement.any_of.iter().take(MAX_WAYS).map(one).collect();
                let own = self.judge.own_roles(&self.logged.token).into_iter().take(1);
                ways.extend(own.map(|role| vec![Step::Push(at.clone(), json!(role))]));
                ways
            }
            "allOf" => {
                let missing = requirement.all_of.iter().filter(|role| !has(role));
                vec![missing.map(|role| Step::AddRole(role.clone())).collect()]
            }
            _ => {
                let unwanted = requirement.none_of.iter().filter(|role| has(role));
                vec![unwanted.map(|role| Step::RemoveRole(role.clone())).collect()]
            }
        }
    }

    fn claim(&self, test: &TestTrace, condition: &Condition) -> Vec<Vec<Step>> {
        let claim = &condition.claim;
        let set = |value: Value| vec![vec![Step::SetClaim(claim.clone(), value)]];
        let text = |text: &str| set(json!(text));
        match &condition.test {
            Test::Equals(wanted) => set(value(wanted)),
            Test::Contains(wanted) => set(json!([value(wanted)])),
            Test::In(wanted) => {
                let mut ways: Vec<Vec<Step>> =
                    wanted.iter().take(2).flat_map(|wanted| set(value(wanted))).collect();
                let own = self.logged.token.claims.get(&claim.to_string());
                ways.extend(
                    own.map(|own| vec![Step::Push(test.at.clone().key("in"), own.clone())]),
                );
                ways
            }
            Test::NotEquals(_) | Test::NotIn(_) | Test::Exists(false) => {
                vec![vec![Step::RemoveClaim(claim.clone())]]
            }
            Test::Exists(true) => set(json!(true)),
            Test::Prefix(wanted) | Test::Suffix(wanted) => text(wanted),
            Test::LessThan(bound) => set(json!(bound - 1.0)),
            Test::GreaterThan(bound) => set(json!(bound + 1.0)),
            Test::EqualsPath(_) | Test::EqualsHeader(_) => {
                test.compared.as_deref().map(text).unwrap_or_default()
            }
            Test::EqualsClaim(_) => {
                let other =
                    test.compared.as_deref().and_then(|json| serde_json::from_str(json).ok());
                other.map(set).unwrap_or_default()
            }
            // A text that an expression matches is not made up here.
            Test::Matches(_) => Vec::new(),
        }
    }

    /// Returns changes of the token that have a test no longer hold.
    fn to_break(&self, test: &TestTrace) -> Vec<Step> {
        match &test.subject {
            Subject::Roles => {
                let Some(requirement) =
                    rule_at(&self.judge.config, &test.at).map(|rule| &rule.roles)
                else {
                    return Vec::new();
                };
                let has = |role: &&String| self.judge.has_role(self.trace, role);
                match last_key(&test.at) {
                    Some("noneOf") => requirement
                        .none_of
                        .iter()
                        .take(1)
                        .map(|role| Step::AddRole(role.clone()))
                        .collect(),
                    _ => {
                        let held = requirement.any_of.iter().chain(&requirement.all_of).filter(has);
                        held.take(1).map(|role| Step::RemoveRole(role.clone())).collect()
                    }
                }
            }
            Subject::Claim(_) => {
                let Some(condition) = crate::logged::condition_at(&self.judge.config, &test.at)
                else {
                    return Vec::new();
                };
                let claim = condition.claim.clone();
                match &condition.test {
                    Test::NotEquals(wanted) => vec![Step::SetClaim(claim, value(wanted))],
                    Test::NotIn(wanted) => wanted
                        .first()
                        .map(|wanted| Step::SetClaim(claim, value(wanted)))
                        .into_iter()
                        .collect(),
                    Test::Exists(false) => vec![Step::SetClaim(claim, json!(true))],
                    _ => vec![Step::RemoveClaim(claim)],
                }
            }
            _ => Vec::new(),
        }
    }
}

fn value(scalar: &Scalar) -> Value {
    match scalar {
        Scalar::String(text) => json!(text),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a whole number of 53 bits at most is written as one"
        )]
        Scalar::Number(number) if number.fract() == 0.0 => json!(*number as i64),
        Scalar::Number(number) => json!(number),
        Scalar::Bool(is_so) => json!(is_so),
    }
}

/// Returns a path that is a pattern for itself alone.
fn exact(path: &str) -> Option<String> {
    let pattern = PathPattern::parse(path).ok()?;
    (pattern == PathPattern::Exact(path.to_owned())).then(|| path.to_owned())
}

fn is_of_token(test: &TestTrace) -> bool {
    matches!(test.subject, Subject::Token | Subject::Roles | Subject::Claim(_))
}

/// Returns the namespace and the service account of a principal.
fn namespace_and_account(principal: &str) -> Option<(&str, &str)> {
    let (_, rest) = principal.split_once("/ns/")?;
    rest.split_once("/sa/")
}
