//! The module that ships, byte for byte, under whatever a client and a host may do: it never traps.

#![expect(clippy::arithmetic_side_effects, reason = "a test that overflows fails as it should")]

#[cfg(test)]
mod callbacks;
#[cfg(test)]
mod hosts;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod support;
#[cfg(test)]
mod vm;
