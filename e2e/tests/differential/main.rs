//! Envoy's own filters and Attaché side by side in one Envoy: what one refuses the other refuses
//! too, but for what `e2e/differential.yaml` lists, each with its reason.

#![expect(clippy::arithmetic_side_effects, reason = "a test that overflows fails as it should")]

#[cfg(test)]
mod differences;
#[cfg(test)]
mod draft;
#[cfg(test)]
mod istio;
#[cfg(test)]
mod pair;
#[cfg(test)]
mod policies;
#[cfg(test)]
mod random;
#[cfg(test)]
mod tokens;
