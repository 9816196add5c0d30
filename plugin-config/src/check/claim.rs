//! Paths of claims.

use super::Checker;
use crate::ClaimPath;
use crate::document::ClaimDocument;
use attache_config_reader::{PathRef, Reported};

/// Reads a claim's path, in either of its forms.
#[inline(never)]
pub(super) fn claim(
    document: Result<&ClaimDocument, Reported>,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<ClaimPath, Reported> {
    let path = match document? {
        ClaimDocument::Dotted(dotted) => ClaimPath::parse(dotted),
        ClaimDocument::Steps(steps) => {
            ClaimPath::new(steps.iter().map(|(_, step)| step.clone()).collect())
        }
    };
    checker.ok_or_report(at, path)
}
