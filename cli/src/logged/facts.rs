//! What a line of a log tells of a request, and what it does not.

use super::token::{LoggedToken, TokenState, is_whole};
use crate::explain::Client;
use crate::log::{AccessLine, AuditLine};
use attache_plugin_config::ClaimPath;
use serde_json::Value;

/// A request as a log tells it.
#[derive(Clone, Debug)]
pub(crate) struct Logged {
    pub(crate) method: String,
    /// The path, with its query where the log has it.
    pub(crate) target: String,
    pub(crate) host: String,
    /// Headers that somebody gave beside the line.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) client: Client,
    pub(crate) knows: Knows,
    pub(crate) token: LoggedToken,
    /// What became of it.
    pub(crate) before: Before,
    /// The rule that decided, `policy/rule`.
    pub(crate) rule: Option<String>,
    pub(crate) time: Option<String>,
    pub(crate) request_id: Option<String>,
}

/// Which facts are known, and not only as they are assumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Knows {
    pub(crate) method: bool,
    pub(crate) path: bool,
    pub(crate) host: bool,
    pub(crate) headers: bool,
    pub(crate) caller: bool,
    pub(crate) port: bool,
    pub(crate) address: bool,
    pub(crate) client_address: bool,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Before {
    Allowed,
    /// With the filter's reason, where the log has it.
    Refused(Option<String>),
}

impl Logged {
    /// Takes what an audit line tells. `logged` are the claims that the configuration had it name,
    /// where that is known.
    pub(crate) fn of_audit(line: &AuditLine, logged: Option<&[ClaimPath]>) -> Self {
        let token = LoggedToken::of_audit(line, logged);
        // What a dry run let go on, it tells beside.
        let reasons = [line.verdict.reason.as_deref(), line.shadow_reason()];
        let is_odd = |what: &str| reasons.contains(&Some(what));
        let knows = Knows {
            method: is_whole(&line.method) && !is_odd("method-ambiguous"),
            path: is_whole(&line.path),
            host: is_whole(&line.host) && !is_odd("host-ambiguous"),
            headers: false,
            caller: line.caller.as_deref().is_none_or(is_whole),
            port: false,
            address: false,
            client_address: false,
        };
        let before = match &line.verdict.verdict {
            crate::log::Said::Allowed => Before::Allowed,
            crate::log::Said::Denied => Before::Refused(line.verdict.reason.clone()),
        };
        Self {
            method: line.method.clone(),
            target: line.path.clone(),
            host: line.host.clone(),
            headers: Vec::new(),
            client: Client { principal: line.caller.clone(), ..Client::default() },
            knows,
            token,
            before,
            rule: line.verdict.rule_name(),
            time: line.time.clone(),
            request_id: line.request_id.clone(),
        }
    }

    /// Takes what a line of the access log tells.
    pub(crate) fn of_access(line: &AccessLine) -> Self {
        let details = line.details.as_deref().unwrap_or_default();
        let by_filter = line.details.as_deref() == Some("") && line.status >= 400;
        // Other filters of Istio, where it judged before.
        let by_other = ["rbac_access_denied", "jwt_authn_access_denied", "ext_authz_denied"]
            .iter()
            .any(|start| details.starts_with(start));
        let state =
            if by_filter && line.status == 401 { TokenState::NotGood } else { TokenState::Unknown };
        let remote = line.remote.map(|address| address.ip());
        let is_direct = line.forwarded_for.is_none();
        let (address, client_address) = if is_direct { (remote, None) } else { (None, remote) };
        let port = line.local.map(|address| address.port());
        Self {
            method: line.method.clone(),
            target: without_tame_query(&line.target).to_owned(),
            host: line.host.clone().unwrap_or_default(),
            headers: Vec::new(),
            client: Client { principal: None, address, client_address, port },
            knows: Knows {
                // What a 400 is for, the log does not tell: perhaps a header that asks for another
                // method.
                method: !(by_filter && line.status == 400),
                path: true,
                host: line.host.is_some() && !(by_filter && line.status == 400),
                headers: false,
                caller: false,
                port: port.is_some(),
                address: is_direct && remote.is_some(),
                client_address: remote.is_some(),
            },
            token: LoggedToken { state, ..LoggedToken::default() },
            before: if by_filter || by_other { Before::Refused(None) } else { Before::Allowed },
            rule: None,
            time: line.time.clone(),
            request_id: line.request_id.clone(),
        }
    }

    /// Returns the path as it may be shown: without a query.
    pub(crate) fn path(&self) -> &str {
        self.target.split(['?', '#']).next().unwrap_or_default()
    }

    /// Returns what a verdict is drawn from, as text: what is alike is judged alike.
    pub(crate) fn key(&self) -> String {
        let Self { method, target, host, headers, client, knows, token, .. } = self;
        format!("{method:?}{target:?}{host:?}{headers:?}{client:?}{knows:?}{token:?}")
    }

    /// Returns who sent it, as far as the log tells.
    pub(crate) fn who(&self) -> Option<String> {
        let subject = self.token.claims.get("sub").and_then(Value::as_str);
        let issuer = self.token.issuer.as_deref();
        match (subject, &self.client.principal, issuer) {
            (Some(subject), _, _) => Some(subject.to_owned()),
            (None, Some(caller), _) => Some(caller.clone()),
            (None, None, Some(issuer)) => Some(format!("somebody of {issuer}")),
            (None, None, None) => None,
        }
    }
}

/// Returns a target without its query, unless that may ask for another method: a query may hold
/// secrets, and is no part of what is judged otherwise.
fn without_tame_query(target: &str) -> &str {
    let Some((path, query)) = target.split_once('?') else { return target };
    let asks_for_method = query.contains('%') || query.to_ascii_lowercase().contains("method");
    if asks_for_method { target } else { path }
}
