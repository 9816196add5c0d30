//! What is worth knowing of a limit before it is trusted.

use crate::behaviour::{Algorithm, Behaviour, to_float};
use crate::model::bucket::capacity;
use crate::settings::Settings;
use crate::target::{Check, Target};

/// Up to so many gateways are thought of.
const MAX_GATEWAYS: usize = 64;

/// Returns what is worth knowing, lower case, without a final stop.
#[must_use]
pub fn notes(target: &Target, settings: &Settings, gateways: usize) -> Vec<String> {
    let mut notes = Vec::new();
    for check in &target.checks {
        notes.extend(of_check(check, settings, gateways));
    }
    if target.quota.max > 0.0 {
        let renewal = target.quota.renewal;
        let how = if renewal > 0.0 {
            format!("{renewal} s from the first request on")
        } else {
            "and it is never renewed".to_owned()
        };
        notes.push(format!(
            "the key's quota of {} counts, {how}; beyond it Tyk says 403, not 429: that it does is not tried, since \
             nothing would be left of it",
            target.quota.max
        ));
    }
    notes
}

fn of_check(check: &Check, settings: &Settings, gateways: usize) -> Vec<String> {
    let limit = &check.limit;
    let said = limit.describe();
    let mut notes = Vec::new();
    let now = Behaviour::chosen(limit, settings, gateways);
    let other = (1..=MAX_GATEWAYS).find(|count| {
        *count > gateways && Behaviour::chosen(limit, settings, *count).algorithm != now.algorithm
    });
    if let Some(count) = other {
        let then = Behaviour::of(Behaviour::chosen(limit, settings, count).algorithm, 1);
        let now = Behaviour::of(now.algorithm, 1);
        let which =
            if gateways == 1 { "1 gateway".to_owned() } else { format!("{gateways} gateways") };
        notes.push(format!(
            "{said} is counted by the {now} with {which}, and by the {then} from {count} on: try it with as many as \
             production has (--gateways)"
        ));
    }
    if now.algorithm == Algorithm::Bucket && gateways > 1 {
        let each = capacity(limit, gateways);
        let all = each * to_float(gateways);
        if all == limit.whole_requests() {
            notes.push(format!(
                "{said} is {each} at each of {gateways} gateways: who stays at one gets no more"
            ));
        } else {
            notes.push(format!("{said} is {each} at each of {gateways} gateways, {all} together"));
        }
    }
    if limit.per <= 0.0 {
        notes.push(format!("{said} holds nothing back: it has no window"));
    } else if limit.per < 1.0 && now.algorithm != Algorithm::FixedWindow {
        notes.push(format!("{said} holds nothing back: Tyk leaves out the fraction of a second"));
    }
    if limit.rate.fract() != 0.0 && now.algorithm != Algorithm::Bucket {
        notes.push(format!(
            "{said} is {} per {} s: Redis counts whole requests",
            limit.whole_requests(),
            limit.per
        ));
    }
    if now.is_short {
        notes.push(format!("{said} lets one less pass: `drl_enable_sentinel_rate_limiter` is on"));
    }
    if limit.smoothing.is_some() && !now.is_smoothed {
        let why = if settings.has_smoothing {
            "the algorithm knows none"
        } else {
            "`enable_rate_limit_smoothing` is off"
        };
        notes.push(format!("the smoothing of {said} is not at work: {why}"));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limit::Limit;
    use crate::target::Scope;

    fn said(rate: f64, per: f64, gateways: usize) -> String {
        let check =
            Check { scope: Scope::Key, limit: Limit::new(rate, per), origin: String::new() };
        of_check(&check, &Settings::default(), gateways).join("; ")
    }

    #[test]
    fn one_gateway_is_not_production() {
        assert!(
            said(10.0, 2.0, 1).contains("by the Redis log from 2 on"),
            "{}",
            said(10.0, 2.0, 1)
        );
        // 100 a second are above 5 × 19, and not above 5 × 20.
        assert!(
            said(100.0, 1.0, 1).contains("by the Redis log from 20 on"),
            "{}",
            said(100.0, 1.0, 1)
        );
        assert_eq!(said(10.0, 2.0, 2), "");
        assert!(
            said(25.0, 1.0, 2).contains("12 at each of 2 gateways, 24 together"),
            "{}",
            said(25.0, 1.0, 2)
        );
        assert!(
            said(9.0, 0.5, 2).contains("12 at each")
                || said(9.0, 0.5, 2).contains("holds nothing back")
        );
    }
}
