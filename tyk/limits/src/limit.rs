//! A rate limit, as Tyk counts it.

use attache_tyk_routes::fields::Fields;

/// So many requests in so many seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limit {
    /// Requests; none is held back where it is 0 or less.
    pub rate: f64,
    /// Seconds.
    pub per: f64,
    /// How the rate grows with demand, where that is set up.
    pub smoothing: Option<Smoothing>,
}

/// `smoothing`: a rate that begins at a threshold and grows in steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Smoothing {
    /// The rate to begin with.
    pub threshold: f64,
    /// At which part of a step below the rate it grows.
    pub trigger: f64,
    /// By how much.
    pub step: f64,
    /// Seconds between two changes.
    pub delay: f64,
}

impl Limit {
    /// Makes a limit without smoothing.
    #[must_use]
    pub const fn new(rate: f64, per: f64) -> Self {
        Self { rate, per, smoothing: None }
    }

    /// Reads `rate`, `per` and `smoothing` of an object.
    pub(crate) fn read(fields: &Fields<'_>) -> Self {
        let smoothing = Smoothing {
            threshold: fields.number("smoothing/threshold"),
            trigger: fields.number("smoothing/trigger"),
            step: fields.number("smoothing/step"),
            delay: fields.number("smoothing/delay"),
        };
        Self {
            rate: fields.number("rate"),
            per: fields.number("per"),
            smoothing: (fields.flag("smoothing/enabled") && smoothing.is_valid())
                .then_some(smoothing),
        }
    }

    /// Returns whether it holds nothing back: `rate` of 0 or less.
    #[must_use]
    pub fn is_unlimited(&self) -> bool {
        self.rate <= 0.0
    }

    /// Returns whether Tyk takes it for not being set.
    pub(crate) fn is_unset(&self) -> bool {
        self.rate == 0.0 || self.per == 0.0
    }

    /// Returns the seconds between two requests at this rate, by which Tyk tells the higher of two;
    /// 0 for no limit.
    #[must_use]
    pub fn spacing(&self) -> f64 {
        if self.per <= 0.0 || self.rate <= 0.0 { 0.0 } else { self.per / self.rate }
    }

    /// Returns the requests that Redis counts up to: the rate without its fraction.
    #[must_use]
    pub fn whole_requests(&self) -> f64 {
        self.rate.trunc()
    }

    /// Returns the window in seconds, without its fraction, as all but the fixed window have it.
    #[must_use]
    pub fn whole_window(&self) -> f64 {
        self.per.trunc().max(0.0)
    }

    /// Returns it in words: `20 per 2 s`.
    #[must_use]
    pub fn describe(&self) -> String {
        if self.is_unlimited() {
            return "no limit".to_owned();
        }
        format!("{} per {} s", self.rate, self.per)
    }
}

impl Smoothing {
    const fn is_valid(&self) -> bool {
        self.threshold > 0.0 && self.trigger > 0.0 && self.step > 0.0 && self.delay > 0.0
    }
}
