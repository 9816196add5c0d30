//! Running a file of tests.

use super::expect::differences;
use super::file::{Step, TestFile, TestWorkload};
use crate::explain::{
    Client, RequestLine, TrialHost, header_map, place_for_token, seconds_now, tell, trusting, unsigned,
};
use crate::input::Configuration;
use attache_engine::host::Workload;
use attache_engine::policy::{RuleIndex, View};
use attache_engine::{Decision, Engine, Reason};
use attache_plugin_config::Config;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::Path;

/// One test and how it ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// What it shows.
    pub(crate) name: String,
    /// What is other than it must be; nothing: it passed.
    pub(crate) differences: Vec<String>,
    /// Why the request was decided as it was, for a test that failed.
    pub(crate) story: String,
}

/// A file's tests, run.
#[derive(Debug)]
pub(crate) struct Suite {
    /// The file's title.
    pub(crate) title: String,
    /// The file.
    pub(crate) file: String,
    pub(crate) outcomes: Vec<Outcome>,
    /// The rules that apply, and whether each has decided a request.
    pub(crate) rules: Vec<(String, bool)>,
}

impl Suite {
    /// Runs the tests of a file.
    ///
    /// # Errors
    /// The file or its configuration is wrong, or a test names a token that there is not.
    pub(crate) fn run(path: &Path, is_styled: bool) -> Result<Self, Box<dyn Error>> {
        let (file, configuration) = TestFile::read(path)?;
        let config =
            configuration.parse().map_err(|errors| format!("{configuration} has errors:\n{errors}"))?;
        let run = Run::new(&file, &configuration, &config, is_styled)?;
        let mut decided = BTreeSet::new();
        let mut outcomes = Vec::new();
        for step in &file.steps {
            let outcome = run.step(step, &mut decided);
            outcomes.push(outcome.map_err(|error| format!("{}: {}: {error}", path.display(), step.name))?);
        }
        let rules = (0..).map_while(|number| {
            let names = run.engine.rule(RuleIndex(number))?;
            Some((names.to_string(), decided.contains(&RuleIndex(number))))
        });
        Ok(Self {
            title: file.title.clone(),
            file: path.display().to_string(),
            rules: rules.collect(),
            outcomes,
        })
    }

    /// Returns how many tests failed.
    pub(crate) fn failed(&self) -> usize {
        self.outcomes.iter().filter(|outcome| !outcome.differences.is_empty()).count()
    }
}

/// What the tests of a file share.
struct Run<'f> {
    configuration: &'f Configuration,
    config: Config,
    workload: Workload,
    engine: Engine,
    tokens: BTreeMap<&'f str, String>,
    now: u64,
    is_styled: bool,
}

impl<'f> Run<'f> {
    fn new(
        file: &'f TestFile,
        configuration: &'f Configuration,
        config: &Config,
        is_styled: bool,
    ) -> Result<Self, Box<dyn Error>> {
        let now = seconds_now();
        let config = trusting(config)?;
        let workload = workload(&file.workload, configuration);
        let engine = Engine::new(&config, &workload, &configuration.environment())
            .map_err(|errors| format!("{configuration} has errors:\n{errors}"))?;
        let mut tokens = BTreeMap::new();
        for (name, token) in &file.tokens {
            let text = unsigned(token.claims.clone(), token.issuer.as_deref(), now, &config);
            tokens.insert(name.as_str(), text.map_err(|error| format!("token `{name}`: {error}"))?);
        }
        Ok(Self { configuration, config, workload, engine, tokens, now, is_styled })
    }

    fn step(&self, step: &Step, decided: &mut BTreeSet<RuleIndex>) -> Result<Outcome, String> {
        if let Some(reason) = &step.expect.reason
            && !Reason::ALL.iter().any(|known| known.as_str() == reason)
        {
            return Err(format!("there is no reason `{reason}`; docs/metrics.md lists them"));
        }
        let request = &step.request;
        let line = RequestLine { method: request.method.clone(), target: request.path.clone() };
        let sent = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let mut headers = header_map(&line, &request.host, sent);
        if let Some(name) = &request.token {
            let token =
                self.tokens.get(name.as_str()).ok_or_else(|| format!("there is no token `{name}`"))?;
            headers.push(place_for_token(&self.config, token));
        }
        let client = Client { principal: request.caller.clone(), port: request.port, ..Client::default() };
        let host = TrialHost {
            client,
            trusts_signatures: true,
            now: self.now,
            ends_with_headers: request.body.is_none(),
        };
        let explanation =
            self.engine.explain(&self.config, &self.workload, View::Enforced, &headers, &host.context());
        if let Decision::Decided(outcome) = &explanation.decision {
            decided.extend(outcome.rule);
        }
        let differences = differences(&step.expect, &explanation, &self.engine);
        let story = if differences.is_empty() {
            String::new()
        } else {
            let Self { engine, configuration, workload, is_styled, .. } = self;
            tell(&explanation, engine, configuration, workload, &host.client, *is_styled)
        };
        Ok(Outcome { name: step.name.clone(), differences, story })
    }
}

fn workload(described: &TestWorkload, configuration: &Configuration) -> Workload {
    let own = configuration.own_workload();
    let mut labels = own.labels;
    labels.extend(described.labels.clone());
    Workload {
        namespace: described.namespace.clone().or(own.namespace),
        name: described.name.clone().or(own.name),
        service_account: described.service_account.clone().or(own.service_account),
        labels,
    }
}
