//! A file of tests, ready to be asked of one configuration after another.

use super::document::{Expectation, Signatures, Step, TestDocument, TestRequest, TestToken};
use super::expect::{NO_RULE, differences};
use crate::explain::{
    Client, RequestLine, TokenPlace, TrialHost, header_map, seconds_now, trusting, unsigned,
    usual_workload,
};
use crate::input::{Configuration, ModuleEnvironment, WorkloadDocument};
use attache_config_reader::{Diagnostics, List, quote, suggestion};
use attache_engine::host::Workload;
use attache_engine::policy::View;
use attache_engine::{Decision, Engine, Explanation};
use attache_plugin_config::{Config, Policy};
use std::collections::BTreeMap;

/// A file of tests with all that its requests hold. Tokens are made once, of the configuration as
/// it stands, so that one that is changed is asked the very same.
pub(crate) struct Prepared {
    /// The file's title.
    pub(crate) title: String,
    /// The workload that is asked.
    pub(crate) workload: Workload,
    environment: ModuleEnvironment,
    signatures: Signatures,
    pub(crate) cases: Vec<Case>,
}

/// One request, and what must become of it.
pub(crate) struct Case {
    /// What it shows.
    pub(crate) name: String,
    pub(crate) host: TrialHost,
    expect: Expectation,
    headers: Vec<(String, Vec<u8>)>,
}

/// A configuration as the tests of one file are asked of it.
pub(crate) struct Answering {
    pub(crate) config: Config,
    pub(crate) engine: Engine,
}

impl Prepared {
    /// Makes the requests of a file.
    ///
    /// # Errors
    /// A request names a token that there is not, a rule is expected that there is not, or nobody
    /// can tell whose claims a token has.
    pub(crate) fn new(
        document: &TestDocument,
        configuration: &Configuration,
        config: &Config,
    ) -> Result<Self, String> {
        let now = document.time.unwrap_or_else(seconds_now);
        let mut tokens = BTreeMap::new();
        let signatures = document.signatures.unwrap_or_default();
        for (name, token) in document.tokens.iter().flatten() {
            let text = text_of_token(token, signatures, now, config);
            tokens.insert(name.clone(), text.map_err(|error| format!("token `{name}`: {error}"))?);
        }
        let maker = CaseMaker {
            tokens,
            place: TokenPlace::of(config),
            now,
            trusts_signatures: signatures == Signatures::Trusted,
            rules: rule_names(config),
        };
        let mut environment = configuration.environment();
        environment.extend(document.environment.clone().unwrap_or_default());
        Ok(Self {
            title: document.title.get().cloned().unwrap_or_default(),
            workload: workload(document.workload.as_ref(), configuration, config),
            environment,
            signatures,
            cases: document
                .steps()
                .filter_map(|(_, step)| maker.case(step))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Returns what a configuration answers these tests with.
    ///
    /// # Errors
    /// It can't be used by this workload.
    pub(crate) fn answering(&self, config: &Config) -> Result<Answering, Diagnostics> {
        let config = match self.signatures {
            Signatures::Trusted => trusting(config),
            Signatures::Verified => config.clone(),
        };
        let engine = Engine::new(&config, &self.workload, &self.environment)?;
        Ok(Answering { config, engine })
    }

    /// Returns the first of these tests that fails with a configuration; `None` where all pass.
    pub(crate) fn first_failure(&self, answering: &Answering) -> Option<&Case> {
        self.cases
            .iter()
            .find(|case| !case.differences(&case.decide(answering), answering).is_empty())
    }
}

impl Case {
    /// Returns what becomes of the request.
    pub(crate) fn decide<'r>(&'r self, answering: &Answering) -> Decision<'r> {
        answering.engine.decide(&self.headers, &self.host.context())
    }

    /// Returns what becomes of the request, and why.
    pub(crate) fn explain<'r>(
        &'r self,
        answering: &Answering,
        workload: &Workload,
    ) -> Explanation<'r> {
        let Answering { config, engine } = answering;
        engine.explain(config, workload, View::Enforced, &self.headers, &self.host.context())
    }

    /// Returns what is other than it must be, a line each.
    pub(crate) fn differences(
        &self,
        decision: &Decision<'_>,
        answering: &Answering,
    ) -> Vec<String> {
        differences(&self.expect, decision, &self.headers, &answering.engine)
    }
}

/// What the requests of a file share.
struct CaseMaker {
    tokens: BTreeMap<String, String>,
    place: TokenPlace,
    now: u64,
    trusts_signatures: bool,
    /// The names of all rules: `policy/rule`.
    rules: Vec<String>,
}

impl CaseMaker {
    /// Makes one request; `None` for a step that could not be read, of which an error was told.
    fn case(&self, step: &Step) -> Option<Result<Case, String>> {
        let (Ok(name), Ok(request)) = (step.name.get(), step.request.get()) else { return None };
        let expect = step.expect.clone().unwrap_or_default();
        Some(self.of_request(name, request, expect).map_err(|error| format!("{name}: {error}")))
    }

    fn of_request(
        &self,
        name: &str,
        request: &TestRequest,
        expect: Expectation,
    ) -> Result<Case, String> {
        if let Some(rule) = &expect.rule {
            self.check_rule(rule)?;
        }
        let or =
            |given: &Option<String>, usual: &str| given.clone().unwrap_or_else(|| usual.to_owned());
        let line =
            RequestLine { method: or(&request.method, "GET"), target: or(&request.path, "/") };
        let sent = request.headers.iter().flatten().flat_map(|(name, values)| {
            values.values().iter().map(|value| (name.as_str(), value.as_str()))
        });
        let mut headers = header_map(&line, &or(&request.host, "service"), sent);
        if let Some(token) = &request.token {
            let text =
                self.tokens.get(token).ok_or_else(|| format!("there is no token `{token}`"))?;
            headers.push(self.place.header(text));
        }
        let client = Client {
            principal: request.caller.clone(),
            address: request.address,
            client_address: request.client_address,
            port: request.port,
        };
        let host = TrialHost {
            client,
            trusts_signatures: self.trusts_signatures,
            now: self.now,
            ends_with_headers: request.body.is_none(),
        };
        Ok(Case { name: name.to_owned(), host, expect, headers })
    }

    /// Refuses the name of a rule that no policy has. `none` is none of them.
    fn check_rule(&self, rule: &str) -> Result<(), String> {
        if rule == NO_RULE || self.rules.iter().any(|known| known == rule) {
            return Ok(());
        }
        let rules = self.rules.iter().map(String::as_str);
        Err(match suggestion(rule, rules) {
            Some(meant) => format!("there is no rule {}; did you mean `{meant}`?", quote(rule)),
            None => {
                format!("there is no rule {}; there are: {}", quote(rule), self.rules.join(", "))
            }
        })
    }
}

/// Returns the names of all rules of a configuration, as `policy/rule`.
pub(super) fn rule_names(config: &Config) -> Vec<String> {
    let of_policy = |policy: &Policy| {
        let rules = policy.rules.iter();
        rules.map(|rule| format!("{}/{}", policy.name, rule.name)).collect::<Vec<_>>()
    };
    config.policies.iter().flat_map(of_policy).collect()
}

fn text_of_token(
    token: &TestToken,
    signatures: Signatures,
    now: u64,
    config: &Config,
) -> Result<String, String> {
    match (signatures, &token.raw) {
        (Signatures::Trusted, None) => {
            let claims = token.claims.iter().flatten();
            let claims = claims
                .map(|(name, value)| Ok((name.clone(), serde_json::to_value(value)?)))
                .collect::<Result<_, serde_json::Error>>()
                .map_err(|error| error.to_string())?;
            let without = token.without.iter().flat_map(List::iter).map(|(_, name)| name.clone());
            let without: Vec<String> = without.collect();
            unsigned(claims, &without, token.issuer.as_deref(), now, config)
        }
        (Signatures::Verified, Some(raw)) => Ok(raw.clone()),
        (Signatures::Trusted, Some(_)) => {
            Err("a token as it is needs `signatures: VERIFIED` in the file".to_owned())
        }
        (Signatures::Verified, None) => Err(
            "nobody signs claims here: write the token's text as `raw`, or leave out `signatures: VERIFIED`"
                .to_owned(),
        ),
    }
}

/// Returns the workload that a file describes; where it describes none, the one that
/// `attache explain` takes.
fn workload(
    described: Option<&WorkloadDocument>,
    configuration: &Configuration,
    config: &Config,
) -> Workload {
    match described {
        Some(described) => configuration.workload_described(&described.workload()),
        None => usual_workload(configuration, config),
    }
}
