//! Policies read straight from the configuration, rule by rule: slow, and obvious.

use crate::world::{Ask, Said};
use attache_engine::Reason;
use attache_engine::policy::{RuleIndex, Verdict, View};
use attache_plugin_config::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

pub(crate) fn say(config: &Config, view: View, ask: &Ask) -> Said {
    let counts = |mode: Mode| view == View::WithShadow || mode == Mode::Enforce;
    let all: Vec<(&Policy, &Rule)> = config
        .policies
        .iter()
        .flat_map(|policy| policy.rules.iter().map(move |rule| (policy, rule)))
        .collect();
    let matching: Vec<(u32, bool, &Rule, Vec<Captures>)> = (0..)
        .zip(&all)
        .map(|(index, (policy, rule))| {
            (index, counts(policy.mode) && counts(rule.mode), *rule, places(policy, rule, ask))
        })
        .filter(|(_, _, _, places)| !places.is_empty())
        .collect();
    let candidates = matching.iter().map(|(index, ..)| *index).collect();

    let counting: Vec<(u32, &Rule, &Vec<Captures>)> = matching
        .iter()
        .filter(|(_, counts, ..)| *counts)
        .map(|(i, _, rule, places)| (*i, *rule, places))
        .collect();
    let public = |rule: &Rule| rule.action == Action::Allow && rule.authentication == Authentication::None;
    // What a DENY rule says of tokens counts only where its sender is known.
    let sure = |rule: &Rule| is_from_one(rule, ask, false);
    let authentication = if counting.iter().any(|(_, rule, _)| public(rule)) {
        Authentication::None
    } else if counting
        .iter()
        .any(|(_, rule, _)| sure(rule) && rule.authentication == Authentication::Optional)
    {
        Authentication::Optional
    } else {
        Authentication::Required
    };

    let claims = ask.claims.as_ref().filter(|_| authentication != Authentication::None);
    let has_token = claims.is_some();
    let roles = claims.map(|claims| roles(config, claims)).unwrap_or_default();
    let unread = claims.is_some_and(|claims| has_unread_roles(&claims["roles"]));
    let when = |rule: &Rule, places: &[Captures]| {
        places
            .iter()
            .any(|captures| rule.when.iter().all(|condition| holds(condition, rule, claims, captures, ask)))
    };
    let first = |wanted: &dyn Fn(&Rule, &[Captures]) -> bool| {
        let found = counting.iter().find(|(_, rule, places)| wanted(rule, places));
        found.map(|(index, ..)| RuleIndex(*index))
    };
    let open = |rule: &Rule| {
        rule.action == Action::Allow && (has_token || rule.authentication != Authentication::Required)
    };
    let denied = first(&|rule, places| {
        rule.action == Action::Deny && may_have_roles(&rule.roles, &roles, unread) && when(rule, places)
    });
    let surely = |rule: &Rule| has_roles(&rule.roles, &roles) && (rule.roles.none_of.is_empty() || !unread);
    let allowed = first(&|rule, places| open(rule) && surely(rule) && when(rule, places));
    let but_for_roles = first(&|rule, places| open(rule) && when(rule, places));
    let applying: Vec<&Policy> = config.policies.iter().filter(|policy| counts(policy.mode)).collect();
    let default_allows = applying.iter().all(|policy| policy.default_action == Action::Allow);

    let verdict = if denied.is_some() {
        Verdict::Deny { reason: Reason::RuleDenied, rule: denied }
    } else if authentication == Authentication::Required && !has_token {
        Verdict::Deny { reason: Reason::TokenMissing, rule: None }
    } else if allowed.is_some() {
        Verdict::Allow { rule: allowed }
    } else if default_allows {
        Verdict::Allow { rule: None }
    } else if but_for_roles.is_some() {
        Verdict::Deny { reason: Reason::RoleMissing, rule: but_for_roles }
    } else {
        Verdict::Deny { reason: Reason::NoRuleMatched, rule: None }
    };
    let mut without_keys: Vec<OnKeysUnavailable> = counting
        .iter()
        .filter(|(_, rule, _)| sure(rule))
        .filter_map(|(_, rule, _)| rule.on_keys_unavailable)
        .collect();
    without_keys.sort_by_key(|says| *says != OnKeysUnavailable::Deny);
    Said { authentication, verdict, candidates, without_keys: without_keys.first().copied() }
}

type Captures = BTreeMap<String, String>;

/// One element for every entry and path of the rule's `to` that the request fits; none where it doesn't fit.
fn places(policy: &Policy, rule: &Rule, ask: &Ask) -> Vec<Captures> {
    if !is_from_one(rule, ask, rule.action == Action::Deny) {
        return Vec::new();
    }
    if rule.to.is_empty() {
        return vec![Captures::new()];
    }
    let (says, leaning) =
        (Compared { by: policy.paths, denies: false }, Compared { by: LOOSEST, denies: true });
    let (paths, not_paths) = match rule.action {
        Action::Allow => (says, leaning),
        Action::Deny => (leaning, says),
    };
    rule.to.iter().flat_map(|operation| is_for(operation, paths, not_paths, ask)).collect()
}

const LOOSEST: PathEquality = PathEquality { any_case: true, any_trailing_slash: true };

/// How a list of paths is compared.
#[derive(Clone, Copy)]
struct Compared {
    by: PathEquality,
    /// What matches allows less.
    denies: bool,
}

impl Compared {
    fn any(self, patterns: &[PathPattern], path: &str) -> bool {
        patterns.iter().any(|pattern| self.one(pattern, path).is_some())
    }

    /// A path is another in any letter case, and without slashes at its end or with one.
    fn one(self, pattern: &PathPattern, asked: &str) -> Option<Captures> {
        if self.denies && *pattern == PathPattern::Any {
            return Some(Captures::new());
        }
        let bare = match asked.trim_end_matches('/') {
            "" if asked.starts_with('/') => "/".to_owned(),
            bare => bare.to_owned(),
        };
        let spellings = match self.by.any_trailing_slash {
            true if bare.len() > 1 => vec![bare.clone(), format!("{bare}/")],
            true => vec![bare],
            false => vec![asked.to_owned()],
        };
        spellings.iter().find_map(|spelling| path(pattern, spelling, self.by.any_case))
    }
}

fn is_for(to: &Operation, wanted: Compared, unwanted: Compared, ask: &Ask) -> Vec<Captures> {
    let hosts = |patterns: &[HostPattern]| patterns.iter().any(|pattern| host(pattern, &ask.host));
    let ports = |ports: &[u16]| ask.port.is_some_and(|port| ports.contains(&port));
    let others = both(&to.methods, &to.not_methods, |methods| methods.contains(&ask.method))
        && both(&[], &to.not_paths, |paths| unwanted.any(paths, &ask.path))
        && both(&to.hosts, &to.not_hosts, hosts)
        && both(&to.ports, &to.not_ports, ports);
    match (others, to.paths.is_empty()) {
        (false, _) => Vec::new(),
        (true, true) => vec![Captures::new()],
        (true, false) => to.paths.iter().filter_map(|pattern| wanted.one(pattern, &ask.path)).collect(),
    }
}

fn is_from_one(rule: &Rule, ask: &Ask, unknown_address: bool) -> bool {
    rule.from.is_empty() || rule.from.iter().any(|source| is_from(source, ask, unknown_address))
}

fn is_from(from: &Source, ask: &Ask, unknown_address: bool) -> bool {
    let parts: Vec<&str> = ask.principal.as_deref().unwrap_or_default().split('/').collect();
    let account = match parts.as_slice() {
        [_, "ns", namespace, "sa", account] => Some((*namespace, *account)),
        _ => None,
    };
    let principals = |patterns: &[StringPattern]| {
        patterns
            .iter()
            .any(|pattern| ask.principal.as_ref().is_some_and(|principal| text(pattern, principal)))
    };
    let namespaces = |patterns: &[StringPattern]| {
        patterns.iter().any(|pattern| account.is_some_and(|(namespace, _)| text(pattern, namespace)))
    };
    let accounts = |names: &[String]| {
        let Some((namespace, account)) = account else { return false };
        names.iter().any(|name| *name == account || *name == format!("{namespace}/{account}"))
    };
    both(&from.principals, &from.not_principals, principals)
        && both(&from.namespaces, &from.not_namespaces, namespaces)
        && both(&from.service_accounts, &from.not_service_accounts, accounts)
        && is_in(&from.ip_blocks, &from.not_ip_blocks, ask.source_ip, unknown_address)
        && is_in(&from.remote_ip_blocks, &from.not_remote_ip_blocks, ask.remote_ip, unknown_address)
}

fn is_in(wanted: &[IpBlock], unwanted: &[IpBlock], address: Option<IpAddr>, unknown: bool) -> bool {
    let Some(address) = address else { return wanted.is_empty() && unwanted.is_empty() || unknown };
    both(wanted, unwanted, |blocks| blocks.iter().any(|block| bits(address).starts_with(&block_bits(block))))
}

fn both<T>(wanted: &[T], unwanted: &[T], fits: impl Fn(&[T]) -> bool) -> bool {
    (wanted.is_empty() || fits(wanted)) && !fits(unwanted)
}

fn bits(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("4:{:032b}", address.to_bits()),
        IpAddr::V6(address) => format!("6:{:0128b}", address.to_bits()),
    }
}

fn block_bits(block: &IpBlock) -> String {
    bits(block.address)[..2 + usize::from(block.prefix)].to_owned()
}

fn text(pattern: &StringPattern, value: &str) -> bool {
    match pattern {
        StringPattern::Exact(text) => value == text,
        StringPattern::Prefix(text) => value.starts_with(text),
        StringPattern::Suffix(text) => value.ends_with(text),
        StringPattern::Any => !value.is_empty(),
    }
}

/// Hosts of these tests are no IPv6 literals.
fn host(HostPattern(pattern): &HostPattern, authority: &str) -> bool {
    let authority = authority.to_lowercase();
    let bare = authority.split(':').next().unwrap().trim_end_matches('.').to_owned();
    let full = authority.replace(".:", ":");
    let names_port = matches!(pattern,
        StringPattern::Exact(text) | StringPattern::Prefix(text) | StringPattern::Suffix(text) if text.contains(':'));
    text(pattern, if names_port { &full } else { &bare })
}

/// Letters of these tests are those of ASCII, and some that have one capital letter each.
fn spelled(text: &str, any_case: bool) -> String {
    if any_case { text.to_lowercase() } else { text.to_owned() }
}

pub(crate) fn path(pattern: &PathPattern, path: &str, any_case: bool) -> Option<Captures> {
    let compared = spelled(path, any_case);
    let matches = match pattern {
        PathPattern::Exact(text) => compared == spelled(text, any_case),
        PathPattern::Prefix(text) => compared.starts_with(&spelled(text, any_case)),
        PathPattern::Suffix(text) => compared.ends_with(&spelled(text, any_case)),
        PathPattern::Any => !path.is_empty(),
        PathPattern::Template(segments) => {
            let actual: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
            return template(segments, &actual, any_case);
        }
    };
    matches.then(Captures::new)
}

fn template(segments: &[PathSegment], actual: &[&str], any_case: bool) -> Option<Captures> {
    let Some((segment, segments)) = segments.split_first() else {
        return actual.is_empty().then(Captures::new);
    };
    if *segment == PathSegment::Many {
        return (0..=actual.len()).find_map(|many| template(segments, &actual[many..], any_case));
    }
    let (first, actual) = actual.split_first()?;
    match segment {
        PathSegment::Literal(text) => (spelled(text, any_case) == spelled(first, any_case)).then_some(())?,
        _ => (!first.is_empty()).then_some(())?,
    }
    let mut captures = template(segments, actual, any_case)?;
    if let PathSegment::Named(name) = segment {
        captures.insert(name.clone(), (*first).to_owned());
    }
    Some(captures)
}

fn roles(config: &Config, claims: &Value) -> BTreeSet<String> {
    let mut roles: BTreeSet<String> = match &claims["roles"] {
        Value::String(text) => text.split(' ').map(str::to_owned).collect(),
        Value::Array(list) => list
            .iter()
            .filter_map(Value::as_str)
            .flat_map(|text| text.split(' '))
            .map(str::to_owned)
            .collect(),
        _ => BTreeSet::new(),
    };
    loop {
        let included: Vec<String> =
            roles.iter().filter_map(|role| config.role_hierarchy.get(role)).flatten().cloned().collect();
        let before = roles.len();
        roles.extend(included);
        if roles.len() == before {
            return roles;
        }
    }
}

/// Roles of these tests are strings or lists of strings.
fn has_unread_roles(roles: &Value) -> bool {
    match roles {
        Value::Null | Value::String(_) => false,
        Value::Array(list) => !list.iter().all(|role| role.is_string() || role.is_null()),
        _ => true,
    }
}

/// Where some roles could not be read, only those that are known keep a DENY rule away.
fn may_have_roles(wanted: &RoleRequirement, roles: &BTreeSet<String>, unread: bool) -> bool {
    if unread { !wanted.none_of.iter().any(|role| roles.contains(role)) } else { has_roles(wanted, roles) }
}

fn has_roles(wanted: &RoleRequirement, roles: &BTreeSet<String>) -> bool {
    (wanted.any_of.is_empty() || wanted.any_of.iter().any(|role| roles.contains(role)))
        && wanted.all_of.iter().all(|role| roles.contains(role))
        && !wanted.none_of.iter().any(|role| roles.contains(role))
}

/// What a string or a Boolean is written as.
fn looks(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// For the tests that are generated: claims of these tests lie at the root.
fn holds(condition: &Condition, rule: &Rule, claims: Option<&Value>, captures: &Captures, ask: &Ask) -> bool {
    let claim = |path: &ClaimPath| {
        claims.and_then(|claims| claims.get(&path.steps()[0])).filter(|claim| !claim.is_null())
    };
    let elements: Vec<&Value> = match claim(&condition.claim) {
        Some(Value::Array(list)) => list.iter().collect(),
        other => other.into_iter().collect(),
    };
    let one_is = |wanted: &Value| elements.contains(&wanted);
    let denies = rule.action == Action::Deny;
    // What is leant towards counts whatever the type: `"true"` for `true`.
    let one_looks = |loosely: bool, wanted: &Value| {
        one_is(wanted)
            || (loosely
                && elements.iter().any(|element| looks(element) == looks(wanted) && looks(wanted).is_some()))
    };
    let scalar = |scalar: &Scalar| match scalar {
        Scalar::String(text) => Value::from(text.as_str()),
        Scalar::Number(number) => Value::from(*number),
        Scalar::Bool(flag) => Value::from(*flag),
    };
    match &condition.test {
        Test::Equals(wanted) => one_looks(denies, &scalar(wanted)),
        Test::NotEquals(wanted) => !one_looks(!denies, &scalar(wanted)),
        Test::In(wanted) => wanted.iter().any(|wanted| one_looks(denies, &scalar(wanted))),
        Test::NotIn(wanted) => !wanted.iter().any(|wanted| one_looks(!denies, &scalar(wanted))),
        Test::Contains(wanted) => match claim(&condition.claim) {
            Some(Value::Array(_)) => one_looks(denies, &scalar(wanted)),
            Some(Value::Object(_)) => denies,
            Some(Value::String(text)) => {
                let is_in = |part: &String| matches!(wanted, Scalar::String(_)) && text.contains(part);
                denies && looks(&scalar(wanted)).is_some_and(|wanted| *text == wanted || is_in(&wanted))
            }
            Some(_) => denies && one_looks(true, &scalar(wanted)),
            None => false,
        },
        Test::Prefix(prefix) => elements.iter().any(|element| {
            (denies || element.is_string()) && looks(element).is_some_and(|text| text.starts_with(prefix))
        }),
        Test::Exists(wanted) => claim(&condition.claim).is_some() == *wanted,
        Test::EqualsPath(name) => {
            let any_case = rule.action == Action::Deny;
            let mut texts = elements.iter().filter_map(|element| looks(element));
            captures.get(name).is_some_and(|segment| {
                texts.any(|text| spelled(&text, any_case) == spelled(segment, any_case))
            })
        }
        Test::EqualsHeader(name) => {
            let values: Vec<&String> =
                ask.headers.iter().filter(|(key, _)| key == name.as_str()).map(|(_, value)| value).collect();
            matches!(values.as_slice(), [value] if one_looks(true, &Value::from(value.as_str())))
        }
        Test::EqualsClaim(path) => {
            // A Boolean is the same as the string that it is written as.
            claim(path).is_some_and(|other| claim(&condition.claim) == Some(other) || one_looks(true, other))
        }
        other => unimplemented!("not generated: {other:?}"),
    }
}
