//! Whole numbers of settings.

/// Returns a number of 0 to `max` that has no fraction: `2048`, `2048.0` and `2e3`.
///
/// # Errors
/// What is wrong with another.
pub(crate) fn whole(value: f64, max: f64) -> Result<u64, String> {
    if value.fract() != 0.0 || value < 0.0 {
        return Err(format!("`{value}` is no whole number of 0 or more"));
    }
    if value > max {
        return Err(format!("`{value}` is too large; no value here exceeds {max}"));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole, positive and in range"
    )]
    Ok(value as u64)
}
