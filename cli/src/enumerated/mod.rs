//! What `prove` and `diff` say of all requests, held against every request of a small world, which
//! is put to the engine.
//!
//! `ATTACHE_ENUMERATED=10000` says how many policies are made up.

mod asked;
mod diff;
mod draft;
mod prove;
mod world;

use asked::Asked;
use draft::Draft;
use world::World;

/// Returns the numbers of the policies that are made: a few, or as many as the environment says.
/// The long form is for a build that is optimised.
fn seeds() -> std::ops::Range<u64> {
    let count = std::env::var("ATTACHE_ENUMERATED").ok().and_then(|text| text.parse().ok());
    0..count.unwrap_or(30)
}
