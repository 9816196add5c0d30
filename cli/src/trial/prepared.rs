//! A file of tests, ready to be asked of one configuration after another.

use super::expect::differences;
use super::file::{Expectation, Signatures, Step, TestFile, TestToken, TestWorkload};
use crate::explain::{
    Client, RequestLine, TokenPlace, TrialHost, header_map, seconds_now, trusting, unsigned,
};
use crate::input::{Configuration, ModuleEnvironment};
use attache_config_reader::Diagnostics;
use attache_engine::host::Workload;
use attache_engine::policy::View;
use attache_engine::{Decision, Engine, Explanation, Reason};
use attache_plugin_config::Config;
use std::collections::BTreeMap;

/// A file of tests with all that its requests hold. Tokens are made once, of the configuration as it stands, so that one
/// that is changed is asked the very same.
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
    /// A request names a token that there is not, or nobody can tell whose claims a token has.
    pub(crate) fn new(
        file: TestFile,
        configuration: &Configuration,
        config: &Config,
    ) -> Result<Self, String> {
        let now = file.time.unwrap_or_else(seconds_now);
        let mut tokens = BTreeMap::new();
        for (name, token) in &file.tokens {
            let text = text_of_token(token, file.signatures, now, config);
            tokens.insert(name.clone(), text.map_err(|error| format!("token `{name}`: {error}"))?);
        }
        let maker = CaseMaker {
            tokens,
            place: TokenPlace::of(config),
            now,
            trusts_signatures: file.signatures == Signatures::Trusted,
        };
        let mut environment = configuration.environment();
        environment.extend(file.environment);
        Ok(Self {
            title: file.title,
            workload: workload(file.workload, configuration),
            environment,
            signatures: file.signatures,
            cases: file.steps.into_iter().map(|step| maker.case(step)).collect::<Result<_, _>>()?,
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
        self.cases.iter().find(|case| !case.differences(&case.decide(answering), answering).is_empty())
    }
}

impl Case {
    /// Returns what becomes of the request.
    pub(crate) fn decide<'r>(&'r self, answering: &Answering) -> Decision<'r> {
        answering.engine.decide(&self.headers, &self.host.context())
    }

    /// Returns what becomes of the request, and why.
    pub(crate) fn explain<'r>(&'r self, answering: &Answering, workload: &Workload) -> Explanation<'r> {
        let Answering { config, engine } = answering;
        engine.explain(config, workload, View::Enforced, &self.headers, &self.host.context())
    }

    /// Returns what is other than it must be, a line each.
    pub(crate) fn differences(&self, decision: &Decision<'_>, answering: &Answering) -> Vec<String> {
        differences(&self.expect, decision, &self.headers, &answering.engine)
    }
}

/// What the requests of a file share.
struct CaseMaker {
    tokens: BTreeMap<String, String>,
    place: TokenPlace,
    now: u64,
    trusts_signatures: bool,
}

impl CaseMaker {
    fn case(&self, step: Step) -> Result<Case, String> {
        let Step { name, request, expect } = step;
        if let Some(reason) = &expect.reason
            && !Reason::ALL.iter().any(|known| known.as_str() == reason)
        {
            return Err(format!("{name}: there is no reason `{reason}`; docs/metrics.md lists them"));
        }
        let line = RequestLine { method: request.method, target: request.path };
        let sent = request
            .headers
            .iter()
            .flat_map(|(name, values)| values.values().iter().map(|value| (name.as_str(), value.as_str())));
        let mut headers = header_map(&line, &request.host, sent);
        if let Some(token) = &request.token {
            let text =
                self.tokens.get(token).ok_or_else(|| format!("{name}: there is no token `{token}`"))?;
            headers.push(self.place.header(text));
        }
        let client = Client {
            principal: request.caller,
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
        Ok(Case { name, host, expect, headers })
    }
}

fn text_of_token(
    token: &TestToken,
    signatures: Signatures,
    now: u64,
    config: &Config,
) -> Result<String, String> {
    match (signatures, &token.raw) {
        (Signatures::Trusted, None) => {
            unsigned(token.claims.clone(), &token.without, token.issuer.as_deref(), now, config)
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

fn workload(described: TestWorkload, configuration: &Configuration) -> Workload {
    let own = configuration.own_workload();
    let mut labels = own.labels;
    labels.extend(described.labels);
    Workload {
        namespace: described.namespace.or(own.namespace),
        name: described.name.or(own.name),
        service_account: described.service_account.or(own.service_account),
        labels,
    }
}
