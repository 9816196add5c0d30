//! What is counted and measured, for Prometheus.

use crate::config::{Api, Mode};
use crate::failure::Failure;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use std::time::Duration;

/// What is counted and measured. Label values come from the configuration and from fixed words, so
/// their number is bounded whatever clients send.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    seconds: Family<OutcomeLabels, Histogram, Buckets>,
    leaked: Counter,
    events: Counter,
    reloads: Family<ReloadLabels, Counter>,
    published: Gauge,
    cached: Gauge,
    signing: Family<KeyLabels, Gauge>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    api: String,
    outcome: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReloadLabels {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KeyLabels {
    kid: String,
}

/// Makes histograms: 50 µs for a token that is kept, seconds for a slow provider.
#[derive(Clone, Debug)]
struct Buckets;

impl MetricConstructor<Histogram> for Buckets {
    fn new_metric(&self) -> Histogram {
        Histogram::new([0.000_05, 0.000_2, 0.001, 0.002, 0.005, 0.01, 0.05, 0.2, 1.0, 5.0])
    }
}

/// Outcomes of requests whose API is not known.
const NOBODYS: [Failure; 3] = [Failure::ApiUnknown, Failure::RequestTooLarge, Failure::Overloaded];

/// Outcomes of an API whose definition is wired wrongly, beside
/// [`ConfigDataInvalid`](Failure::ConfigDataInvalid).
const MISWIRED: [&str; 2] = ["hook-type-wrong", "hook-name-unknown"];

/// What came of a look into the key folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reload {
    /// Its keys are taken.
    Taken,
    /// They can't be used.
    Refused,
    /// The disk does not answer.
    Late,
}

impl Reload {
    fn word(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Refused => "refused",
            Self::Late => "late",
        }
    }
}

impl Metrics {
    /// Creates metrics at 0.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("attache_issuer");
        let requests = Family::default();
        let seconds = Family::new_with_constructor(Buckets);
        let (leaked, events) = (Counter::default(), Counter::default());
        let (reloads, signing) = (Family::default(), Family::default());
        let (published, cached) = (Gauge::default(), Gauge::default());
        registry.register("requests", "Requests by API and outcome", requests.clone());
        registry.register("seconds", "Time to answer the gateway, by outcome", seconds.clone());
        let help = "TokenCache of a guarded issuer taken out of clients' requests";
        registry.register("stray_tokens", help, leaked.clone());
        registry.register("events", "Events that the gateway told of", events.clone());
        registry.register("key_reloads", "Looks into the key folder, by outcome", reloads.clone());
        registry.register("published_keys", "Keys in the published key set", published.clone());
        registry.register("signing_key", "1 for the key that signs", signing.clone());
        registry.register("kept_tokens", "TokenCache kept for reuse", cached.clone());
        registry.register(
            "build",
            "The running version",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        let metrics = Self {
            registry,
            requests,
            seconds,
            leaked,
            events,
            reloads,
            published,
            cached,
            signing,
        };
        // What an alert reads is there before it first counts, or its first rise would not be seen.
        for outcome in [Reload::Taken, Reload::Refused, Reload::Late] {
            drop(metrics.reloads.get_or_create(&ReloadLabels { outcome: outcome.word() }));
        }
        for outcome in NOBODYS {
            metrics.expect("", &outcome.to_string());
        }
        metrics
    }

    /// Has every series of these APIs that an alert reads at 0.
    pub fn expect_apis(&self, apis: &[Api]) {
        for api in apis {
            let own: &[_] = match api.mode {
                Mode::Mint { .. } => &[
                    Failure::SubjectMissing,
                    Failure::TokenTooLarge,
                    Failure::SigningFailed,
                    Failure::Overloaded,
                ],
                Mode::Exchange { .. } => &[
                    Failure::ExchangeFailed,
                    Failure::ExchangeUnavailable,
                    Failure::ExchangeUnexpected,
                ],
            };
            for failure in own.iter().chain([&Failure::ConfigDataInvalid]) {
                self.expect(&api.id, &failure.to_string());
            }
            for outcome in MISWIRED {
                self.expect(&api.id, outcome);
            }
        }
    }

    fn expect(&self, api: &str, outcome: &str) {
        let labels = RequestLabels { api: api.to_owned(), outcome: outcome.to_owned() };
        drop(self.requests.get_or_create(&labels));
    }

    /// Counts a request of an API that was answered.
    pub fn answered(&self, api: &str, outcome: &str, took: Duration) {
        let labels = RequestLabels { api: api.to_owned(), outcome: outcome.to_owned() };
        self.requests.get_or_create(&labels).inc();
        let labels = OutcomeLabels { outcome: outcome.to_owned() };
        self.seconds.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// Counts a client's own tokens that were taken out of a request.
    pub fn add_leaked(&self, number: u64) {
        self.leaked.inc_by(number);
    }

    /// Counts an event that the gateway reported.
    pub fn event(&self) {
        self.events.inc();
    }

    /// Counts a look at the key folder.
    pub fn reloaded(&self, outcome: Reload) {
        let labels = ReloadLabels { outcome: outcome.word() };
        self.reloads.get_or_create(&labels).inc();
    }

    /// Sets the keys as they are now.
    pub fn keys(&self, published: usize, signing: &str) {
        self.published.set(i64::try_from(published).unwrap_or(i64::MAX));
        self.signing.clear();
        self.signing.get_or_create(&KeyLabels { kid: signing.to_owned() }).set(1);
    }

    /// Sets how many tokens are kept.
    pub fn set_cached(&self, tokens: usize) {
        self.cached.set(i64::try_from(tokens).unwrap_or(i64::MAX));
    }

    /// Returns all metrics as OpenMetrics text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}
