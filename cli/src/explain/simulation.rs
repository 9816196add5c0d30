//! A request before a configuration: what `explain` asks on a command line, and the page in a form.

use super::token::named;
use super::{
    Client, RequestLine, TokenPlace, TrialHost, header_map, is_of_issuer, trusting, unsigned,
};
use crate::input::{Configuration, has_policy_for};
use attache_engine::host::Workload;
use attache_engine::policy::View;
use attache_engine::token::IssuerKeys;
use attache_engine::{Decided, Decision, Engine, Explanation};
use attache_plugin_config::{Config, Issuer, KeySet, KeySource};
use serde_json::{Map, Value};
use std::rc::Rc;

/// What is asked.
pub(crate) struct Query {
    /// The method, and the path with its query.
    pub(crate) request: RequestLine,
    /// The value of `:authority`.
    pub(crate) host: String,
    /// Names and values of further headers.
    pub(crate) headers: Vec<(String, String)>,
    /// What the caller shows.
    pub(crate) credential: Credential,
    /// The keys that providers serve, by the names of their issuers.
    pub(crate) keys: Vec<(String, KeySet)>,
    /// The other end of the connection.
    pub(crate) client: Client,
    /// The workload that is asked; where none is given, the first that a policy is for.
    pub(crate) workload: Option<WorkloadQuery>,
    /// When it comes, in seconds since 1970.
    pub(crate) now: u64,
    /// Nothing follows the headers.
    pub(crate) ends_with_headers: bool,
    /// What the rules are told by.
    pub(crate) view: View,
}

/// What a caller shows.
pub(crate) enum Credential {
    Nothing,
    /// A token as it is, which is verified.
    Token(String),
    /// Claims that count as if an issuer had signed them.
    Claims {
        claims: Map<String, Value>,
        /// The issuer's name; it need not be told where there is only one, or where the claims have
        /// `iss`.
        issuer: Option<String>,
    },
}

/// A workload, as far as it is described; the rest is as its resource says.
#[derive(Default)]
pub(crate) struct WorkloadQuery {
    /// Namespace and name.
    pub(crate) name: Option<(String, String)>,
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) service_account: Option<String>,
}

/// A request before an engine.
pub(crate) struct Simulation {
    pub(crate) engine: Engine,
    pub(crate) workload: Workload,
    pub(crate) host: TrialHost,
    config: Config,
    headers: Vec<(String, Vec<u8>)>,
    view: View,
}

impl Simulation {
    /// Prepares an engine and a request.
    ///
    /// # Errors
    /// The configuration has errors that only an engine finds, nobody can tell whose the claims
    /// are, or keys are given for an issuer that asks no provider.
    pub(crate) fn new(
        query: Query,
        configuration: &Configuration,
        config: &Config,
    ) -> Result<Self, String> {
        let (token, trusting) = match query.credential {
            Credential::Nothing => (None, None),
            Credential::Token(token) => (Some((token, None)), None),
            Credential::Claims { claims, issuer } => {
                is_of_issuer(&claims, issuer.as_deref(), config)?;
                let token = unsigned(claims, &[], issuer.as_deref(), query.now, config)?;
                (Some((token, issuer)), Some(trusting(config)))
            }
        };
        let trusts_signatures = trusting.is_some();
        let config = trusting.unwrap_or_else(|| config.clone());
        let workload = workload(query.workload, configuration, &config);
        let engine = Engine::new(&config, &workload, &configuration.environment())
            .map_err(|errors| configuration.has_errors(&errors))?;
        set_keys(&engine, &query.keys, &config)?;
        let sent = query.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let mut headers = header_map(&query.request, &query.host, sent);
        headers.extend(token.map(|(token, issuer)| {
            TokenPlace::of_issuer(&config, issuer.as_deref()).header(&token)
        }));
        let host = TrialHost {
            client: query.client,
            trusts_signatures,
            now: query.now,
            ends_with_headers: query.ends_with_headers,
        };
        Ok(Self { engine, workload, host, config, headers, view: query.view })
    }

    /// Takes another request, which shows no token and has no further headers.
    pub(crate) fn ask_without_token(&mut self, request: &RequestLine, host: &str) {
        self.headers = header_map(request, host, std::iter::empty());
    }

    /// Decides, and explains.
    pub(crate) fn explain(&self) -> Explanation<'_> {
        let context = self.host.context();
        self.engine.explain(&self.config, &self.workload, self.view, &self.headers, &context)
    }
}

/// Returns whether a request is refused; with SHADOW counted, whether it would be.
pub(crate) fn is_refused(decision: &Decision<'_>, view: View) -> bool {
    match decision {
        Decision::Decided(Decided { shadow: Some(shadow), .. }) if view == View::WithShadow => {
            shadow.cause.is_some()
        }
        Decision::Decided(decided) => decided.reason().is_some(),
        Decision::Wait { .. } => true,
    }
}

/// Returns the workload that is described; where none is, the first that a policy is for.
pub(crate) fn workload(
    query: Option<WorkloadQuery>,
    configuration: &Configuration,
    config: &Config,
) -> Workload {
    let Some(query) = query else { return usual_workload(configuration, config) };
    let mut workload = configuration.own_workload();
    if let Some((namespace, name)) = query.name {
        workload.namespace = Some(namespace);
        workload.name = Some(name);
    }
    workload.labels.extend(query.labels);
    if query.service_account.is_some() {
        workload.service_account = query.service_account;
    }
    workload
}

/// Returns the first workload that a policy is for; where there is none, what the resource says of
/// its workloads.
pub(crate) fn usual_workload(configuration: &Configuration, config: &Config) -> Workload {
    let mut workloads = configuration.workloads(config).into_iter();
    workloads
        .find(|workload| has_policy_for(config, workload))
        .unwrap_or_else(|| configuration.own_workload())
}

/// Says where an issuer has its keys from that asks no provider.
fn takes_no_keys(issuer: &Issuer) -> String {
    let place = match issuer.keys {
        KeySource::Secrets(_) => "are secrets of the proxy's environment",
        KeySource::Inline(_) | KeySource::Remote(_) => "stand in the configuration, below `jwks`",
    };
    format!(
        "keys of `{}`: its keys {place}, and it takes no others; give keys for issuers with `jwksUri` or `discovery` \
         alone",
        issuer.name
    )
}

/// Gives issuers the keys that their providers serve.
fn set_keys(engine: &Engine, keys: &[(String, KeySet)], config: &Config) -> Result<(), String> {
    for (name, set) in keys {
        let issuer = named(name, config).map_err(|error| format!("keys of `{name}`: {error}"))?;
        let index = engine
            .remote_issuers()
            .find(|remote| *remote.name == issuer.name)
            .ok_or_else(|| takes_no_keys(issuer))?
            .index;
        let keys =
            IssuerKeys::from_set(set).map_err(|errors| format!("keys of `{name}`: {errors}"))?;
        engine.set_keys(index, Some(Rc::new(keys)));
    }
    Ok(())
}
