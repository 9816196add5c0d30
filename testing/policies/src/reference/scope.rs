//! Which requests a rule is for: its `to` and `from`.

use super::paths::{Captures, Compared, LOOSEST};
use crate::Ask;
use attache_plugin_config::*;
use std::net::IpAddr;

/// One element for every entry and path of the rule's `to` that the request fits; none where it
/// doesn't fit.
pub(super) fn places(policy: &Policy, rule: &Rule, ask: &Ask) -> Vec<Captures> {
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
        (true, false) => {
            to.paths.iter().filter_map(|pattern| wanted.one(pattern, &ask.path)).collect()
        }
    }
}

pub(super) fn is_from_one(rule: &Rule, ask: &Ask, unknown_address: bool) -> bool {
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
        patterns
            .iter()
            .any(|pattern| account.is_some_and(|(namespace, _)| text(pattern, namespace)))
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
    both(wanted, unwanted, |blocks| {
        blocks.iter().any(|block| bits(address).starts_with(&block_bits(block)))
    })
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
