//! `to`: hosts, ports, methods and paths.

use super::clause::{Clause, Draft, Fit, Sign};
use super::documents::OperationDocument;
use super::meet;
use super::output::OperationOut;
use super::path;
use super::place::{NOT_ISTIO, Place};
use attache_config_reader::{List, quote};
use attache_plugin_config::HostPattern;

/// The methods that a pattern of Istio's is looked for in.
const METHODS: [&str; 9] =
    ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];

/// What `when` asks of the port, besides what `to` does.
#[derive(Clone, Debug)]
pub(super) struct Ports {
    pub(super) wanted: Clause<u16>,
    pub(super) unwanted: Vec<u16>,
}

impl Ports {
    /// Returns what asks for no port.
    pub(super) const fn any() -> Self {
        Self { wanted: Clause::Any, unwanted: Vec::new() }
    }

    /// Adds what an entry of `when`, or of `to`, asks.
    pub(super) fn and(
        self,
        wanted: Option<&List<String>>,
        unwanted: Option<&List<String>>,
        places: [&Place; 2],
        draft: &mut Draft<'_>,
    ) -> Self {
        check_ports(wanted, places[0], draft);
        check_ports(unwanted, places[1], draft);
        let more = draft.clause(wanted, Sign::Positive, places[0], port);
        let excluded =
            draft.clause(unwanted, Sign::Negative, places[1], port).values().unwrap_or_default();
        let wanted = meet::lists(self.wanted, more, &|one, other| meet::equal(one, other)).clause;
        Self { wanted, unwanted: self.unwanted.into_iter().chain(excluded).collect() }
    }
}

/// Returns an entry of `to`; `None` where it is for no request.
pub(super) fn operation(
    document: &OperationDocument,
    ports: &Ports,
    place: &Place,
    draft: &mut Draft<'_>,
) -> Option<OperationOut> {
    if is_empty(document) {
        draft.notes.add(
            &NOT_ISTIO,
            place,
            "the operation is empty; leave `to` out, or say what the request is for",
        );
        return None;
    }
    let leans = |sign: Sign, draft: &Draft<'_>| !draft.more_is_wider(sign);
    let (wanted, unwanted) = (Sign::Positive, Sign::Negative);
    let [paths_lean, not_paths_lean] = [leans(wanted, draft), leans(unwanted, draft)];
    let paths = draft.clause(document.paths.as_ref(), wanted, &place.key("paths"), |text| {
        path::fit(text, paths_lean)
    });
    let not_paths =
        draft.clause(document.not_paths.as_ref(), unwanted, &place.key("notPaths"), |text| {
            path::fit(text, not_paths_lean)
        });
    let hosts = draft.clause(document.hosts.as_ref(), wanted, &place.key("hosts"), host);
    let not_hosts =
        draft.clause(document.not_hosts.as_ref(), unwanted, &place.key("notHosts"), host);
    let methods = draft.clause(document.methods.as_ref(), wanted, &place.key("methods"), method);
    let not_methods =
        draft.clause(document.not_methods.as_ref(), unwanted, &place.key("notMethods"), method);
    let places = [&place.key("ports"), &place.key("notPorts")];
    let ports =
        ports.clone().and(document.ports.as_ref(), document.not_ports.as_ref(), places, draft);
    let (ports, not_ports) = meet::without(ports.wanted, ports.unwanted)?;
    let (paths, not_paths) = meet::without(paths, not_paths.values()?)?;
    let (hosts, not_hosts) = meet::without(hosts, not_hosts.values()?)?;
    let (methods, not_methods) = meet::without(methods, not_methods.values()?)?;
    Some(OperationOut {
        methods,
        not_methods,
        paths,
        not_paths,
        hosts,
        not_hosts,
        ports,
        not_ports,
    })
}

fn is_empty(document: &OperationDocument) -> bool {
    // Without `..`, so that a field that is added and not listed below does not compile.
    let OperationDocument {
        hosts,
        not_hosts,
        ports,
        not_ports,
        methods,
        not_methods,
        paths,
        not_paths,
    } = document;
    let lists = [hosts, not_hosts, ports, not_ports, methods, not_methods, paths, not_paths];
    lists.into_iter().all(|list| list.as_ref().is_none_or(List::is_empty))
}

fn check_ports(list: Option<&List<String>>, place: &Place, draft: &mut Draft<'_>) {
    for (index, text) in list.into_iter().flat_map(List::iter) {
        if text.parse::<u16>().is_err() {
            let message = format!("{} is no port; Istio takes 0 to 65535", quote(text));
            draft.notes.add(&NOT_ISTIO, &place.index(index), message);
        }
    }
}

fn port(text: &str) -> Fit<u16> {
    match text.parse() {
        Ok(0) => Fit::Never("no request comes in on port 0".to_owned()),
        Ok(port) => Fit::Same(vec![port]),
        Err(_) => Fit::Nothing("it is no port".to_owned()),
    }
}

fn method(text: &str) -> Fit<String> {
    let known = |fits: &dyn Fn(&str) -> bool| {
        let methods: Vec<String> =
            METHODS.iter().filter(|name| fits(name)).map(ToString::to_string).collect();
        let why = "of a pattern of methods, those of RFC 9110 and PATCH are taken over".to_owned();
        if methods.is_empty() { Fit::Nothing(why) } else { Fit::Less(methods, why) }
    };
    match (text.strip_prefix('*'), text.strip_suffix('*')) {
        (Some(""), _) => Fit::Always,
        (Some(end), _) => known(&|name| name.ends_with(end)),
        (_, Some(start)) => known(&|name| name.starts_with(start)),
        _ if text.bytes().any(|byte| byte.is_ascii_lowercase()) => {
            Fit::Nothing("methods are compared as they are written, in upper case".to_owned())
        }
        _ if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') => {
            Fit::Same(vec![text.to_owned()])
        }
        _ => Fit::Nothing("it is no method".to_owned()),
    }
}

/// Returns what a host becomes. Istio compares the whole authority, with its port and with a dot
/// behind the host; Attaché looks at a port only where the pattern names one, and takes `shop.` for
/// `shop`.
fn host(text: &str) -> Fit<String> {
    const PORT: &str = "the same host with another port, or with a dot behind it";
    const DOT: &str = "the same host with a dot behind it";
    if text == "*" {
        return Fit::Always;
    }
    if text.contains(['[', ']']) {
        return Fit::Nothing("addresses in brackets are no patterns that both have".to_owned());
    }
    if let Err(why) = HostPattern::parse(text) {
        return Fit::Nothing(why);
    }
    let all = vec![text.to_owned()];
    let names_port = text.contains(':');
    match text.strip_suffix('*') {
        None if names_port => Fit::More(all, DOT.to_owned()),
        None => Fit::More(all, PORT.to_owned()),
        Some(_) if names_port => Fit::More(all, DOT.to_owned()),
        Some(start) if start.ends_with('.') => {
            // `a.` itself, which is `a` here, in any case.
            let bare = start.trim_end_matches('.').to_owned();
            let why = format!("the host `{bare}`");
            if bare.is_empty() {
                Fit::Nothing(why)
            } else {
                Fit::More(vec![text.to_owned(), bare], why)
            }
        }
        Some(_) => Fit::Same(all),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_for_more_than_in_istio_unless_their_end_is_open() {
        assert!(matches!(host("orders*"), Fit::Same(_)));
        for text in
            ["orders.example", "orders.example:8080", "*.example", "orders.example:*", "orders.*"]
        {
            assert!(matches!(host(text), Fit::More(..)), "{text}");
        }
        assert!(matches!(host("*"), Fit::Always));
        assert!(matches!(host("[::1]"), Fit::Nothing(_)));
    }

    #[test]
    fn a_pattern_of_methods_stands_for_those_that_are_known() {
        match method("P*") {
            Fit::Less(methods, _) => assert_eq!(methods, ["PATCH", "POST", "PUT"]),
            other => panic!("{other:?}"),
        }
        assert!(matches!(method("get"), Fit::Nothing(_)));
        assert!(matches!(method("*"), Fit::Always));
    }
}
