//! `docs/production.md` walked through on a real Envoy: what stands on the page is what is applied, and what the page
//! promises to be counted is counted.
//!
//! `ATTACHE_ENVOY` names the version.

#[cfg(test)]
mod guide;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod stage;
