//! Keys that a provider serves, on a real Envoy with two workers: a provider that misbehaves in
//! every way, and a load under which keys rotate and the provider goes away.
//!
//! `ATTACHE_KEYS_SECONDS` says for how long the load goes on (20 where it doesn't); `ATTACHE_ENVOY`
//! names the version.

#[cfg(test)]
mod addresses;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod keycloak;
#[cfg(test)]
mod load;
#[cfg(test)]
mod outage;
#[cfg(test)]
mod pause;
#[cfg(test)]
mod pending;
#[cfg(test)]
mod rotation;
#[cfg(test)]
mod testbed;
