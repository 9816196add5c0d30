//! What a request is for.

use super::{Checker, text};
use crate::document::OperationDocument;
use crate::{HostPattern, Operation, PathPattern, StringPattern};
use attache_config_reader::{List, PathRef};

pub(super) fn operations(
    list: Option<&List<OperationDocument>>,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Vec<Operation> {
    let items = checker.non_empty(list, at);
    items.map(|(index, document)| operation(document, &at.index(index), checker)).collect()
}

#[inline(never)]
fn operation(document: &OperationDocument, at: &PathRef<'_>, checker: &mut Checker) -> Operation {
    let operation = Operation {
        methods: checker.strings(document.methods.as_ref(), &at.key("methods"), text::method),
        not_methods: checker.strings(
            document.not_methods.as_ref(),
            &at.key("notMethods"),
            text::method,
        ),
        paths: checker.strings(document.paths.as_ref(), &at.key("paths"), PathPattern::parse),
        not_paths: checker.strings(
            document.not_paths.as_ref(),
            &at.key("notPaths"),
            PathPattern::parse,
        ),
        hosts: checker.strings(document.hosts.as_ref(), &at.key("hosts"), HostPattern::parse),
        not_hosts: checker.strings(
            document.not_hosts.as_ref(),
            &at.key("notHosts"),
            HostPattern::parse,
        ),
        ports: ports(document.ports.as_ref(), &at.key("ports"), checker),
        not_ports: ports(document.not_ports.as_ref(), &at.key("notPorts"), checker),
    };
    let given = [&document.methods, &document.not_methods, &document.paths, &document.not_paths];
    let given_too = [&document.hosts, &document.not_hosts];
    let no_ports = document.ports.is_none() && document.not_ports.is_none();
    if no_ports && given.into_iter().chain(given_too).all(Option::is_none) {
        checker.error(
            at,
            "this entry holds for every request; leave `to` out or say what the request is for",
        );
    }
    disjoint(&operation.methods, &operation.not_methods, ("methods", "notMethods"), at, checker);
    disjoint(&operation.paths, &operation.not_paths, ("paths", "notPaths"), at, checker);
    disjoint(&operation.hosts, &operation.not_hosts, ("hosts", "notHosts"), at, checker);
    disjoint(&operation.ports, &operation.not_ports, ("ports", "notPorts"), at, checker);
    if operation.not_paths.contains(&PathPattern::Any) {
        never(&at.key("notPaths"), checker);
    }
    if operation.not_hosts.contains(&HostPattern(StringPattern::Any)) {
        never(&at.key("notHosts"), checker);
    }
    operation
}

/// Notes an error where a value must and must not fit, which nobody can mean.
pub(super) fn disjoint<T: PartialEq>(
    yes: &[T],
    no: &[T],
    (yes_key, no_key): (&str, &str),
    at: &PathRef<'_>,
    checker: &mut Checker,
) {
    if yes.iter().any(|value| no.contains(value)) {
        let message = format!(
            "a value of `{no_key}` is in `{yes_key}` too, where it can never count; keep one of them"
        );
        checker.error(&at.key(no_key), message);
    }
}

pub(super) fn never(at: &PathRef<'_>, checker: &mut Checker) {
    checker.error(
        at,
        "`*` excludes everything, so this rule never matches; leave it out or exclude less",
    );
}

fn ports(list: Option<&List<u32>>, at: &PathRef<'_>, checker: &mut Checker) -> Vec<u16> {
    let mut ports = Vec::new();
    for (index, &number) in checker.non_empty(list, at) {
        let at = at.index(index);
        let Ok(port) = checker.ok_or_report(&at, port(number)) else { continue };
        if ports.contains(&port) {
            checker.error(&at, format!("`{port}` is listed twice; keep one of them"));
        }
        ports.push(port);
    }
    ports
}

fn port(number: u32) -> Result<u16, String> {
    match u16::try_from(number) {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(format!("`{number}` is no port; use 1 to 65535")),
    }
}
