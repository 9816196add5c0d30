//! `docs/production.md` walked through on a real Envoy: what is on the page is what is applied, and
//! what the page promises to be counted is counted. So are the tables of answers in
//! `docs/migration.md` and `examples/`.
//!
//! `ATTACHE_ENVOY` names the version.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod guide;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod testbed;
