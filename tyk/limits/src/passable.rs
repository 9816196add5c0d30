//! Requests that an API's lists let through: what they refuse is counted by no limit.

use crate::grant::Grant;
use crate::pattern::{is_met, joined, sample};
use crate::settings::Settings;
use crate::target::Target;
use attache_tyk_routes::gateway::{Gateway, Served};

/// An API that requests are looked for.
pub(crate) struct Asked<'a> {
    pub(crate) gateway: &'a Gateway,
    pub(crate) served: &'a Served,
    pub(crate) grant: Option<&'a Grant>,
    pub(crate) settings: &'a Settings,
}

impl Asked<'_> {
    /// Returns a target, or one alike by a path that the lists let through. `pattern` is that of
    /// the endpoint whose limit is tried; empty where it is the API's own.
    ///
    /// # Errors
    /// No such request was found: the reason, lower case, without a final stop.
    pub(crate) fn let_through(&self, target: Target, pattern: &str) -> Result<Target, String> {
        let Self { gateway, served, grant, settings } = *self;
        let is_met = |path: &str| pattern.is_empty() || is_met(served, pattern, path, settings);
        let goes = |target: &Target| gateway.lets_through(served, &target.method, &target.path);
        if is_met(&target.path) && goes(&target) {
            return Ok(target);
        }
        for (method, allowed) in gateway.allowed(served) {
            // Of the API's own limit, any method will do.
            let method = if method.is_empty() { target.method.as_str() } else { method };
            if !pattern.is_empty() && method != target.method {
                continue;
            }
            let path = joined(served.listen.text(), &sample(allowed));
            let other = Target::of(served, grant, method, &path, settings);
            let is_tried = if pattern.is_empty() {
                other.checks == target.checks
            } else {
                is_met(&path) && !other.checks.is_empty()
            };
            if is_tried && goes(&other) {
                return Ok(other);
            }
        }
        let what = if pattern.is_empty() {
            "its limit".to_owned()
        } else {
            format!("the limit of {} `{pattern}`", target.method)
        };
        Err(if is_met(&target.path) {
            format!(
                "{what} is tried at no path: the API's lists let none through, and Tyk refuses before it counts"
            )
        } else {
            format!("{what} is tried at no path: none was found that it matches")
        })
    }
}
