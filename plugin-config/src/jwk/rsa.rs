//! What makes an RSA key unfit.

use std::ops::RangeInclusive;

/// How many bits a modulus may have.
pub(super) const MODULUS_BITS: RangeInclusive<usize> = 2048..=4096;

/// The exponent that a key must have: 65537.
pub(super) const EXPONENT: [u8; 3] = [1, 0, 1];

/// Returns whether a verifier may be given these numbers, big-endian without leading zeros: an odd
/// modulus of 2048 to 4096 bits, exponent 65537. Every [`JwkMaterial::Rsa`](super::JwkMaterial)
/// that was read is such.
///
/// ```
/// use attache_plugin_config::is_fit_for_rsa;
///
/// let (modulus, exponent) = ([0xff; 256], [1, 0, 1]);
/// assert!(is_fit_for_rsa(&modulus, &exponent));
/// assert!(!is_fit_for_rsa(&modulus[..128], &exponent));
/// assert!(!is_fit_for_rsa(&modulus, &[3]));
/// ```
pub fn is_fit_for_rsa(n: &[u8], e: &[u8]) -> bool {
    n.first() != Some(&0) && MODULUS_BITS.contains(&bits(n)) && is_odd(n) && e == EXPONENT
}

pub(super) fn is_odd(number: &[u8]) -> bool {
    number.last().is_some_and(|last| last % 2 == 1)
}

/// Returns the number of bits of a big-endian number without leading zeros.
pub(super) fn bits(number: &[u8]) -> usize {
    let spare = number.first().map_or(0, |first| first.leading_zeros() as usize);
    number.len().saturating_mul(8).saturating_sub(spare)
}

/// Returns whether the modulus comes from the key generator of CVE-2017-15361 ("ROCA"), whose
/// private keys can be computed: such a modulus is a power of 65537 modulo each of these primes.
pub(super) fn is_roca(modulus: &[u8]) -> bool {
    const PRIMES: [u32; 17] =
        [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];
    PRIMES.into_iter().all(|prime| is_power_of_65537(remainder(modulus, prime), prime))
}

#[expect(
    clippy::arithmetic_side_effects,
    reason = "every prime is below 256, so no step exceeds 65,536"
)]
fn remainder(number: &[u8], prime: u32) -> u32 {
    number.iter().fold(0, |rest, &byte| (rest * 256 + u32::from(byte)) % prime)
}

#[expect(
    clippy::arithmetic_side_effects,
    reason = "every prime is below 256, so no product exceeds 65,536"
)]
fn is_power_of_65537(residue: u32, prime: u32) -> bool {
    let generator = 65537 % prime;
    let mut power = 1;
    for _ in 0..prime {
        if power == residue {
            return true;
        }
        power = power * generator % prime;
    }
    false
}
