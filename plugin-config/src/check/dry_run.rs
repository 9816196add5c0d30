//! For which workloads the document is a dry run.

use super::{Checker, selector};
use crate::document::Document;
use crate::{DryRun, Mode};
use attache_config_reader::PathRef;

/// Reads `mode` and `shadowSelectors`.
pub(super) fn dry_run(document: &Document, checker: &mut Checker) -> DryRun {
    let root = PathRef::Root;
    let at = root.key("shadowSelectors");
    let everywhere = document.mode == Some(Mode::Shadow);
    let Some(list) = &document.shadow_selectors else {
        return if everywhere { DryRun::Everywhere } else { DryRun::Nowhere };
    };
    if everywhere {
        checker
            .error(&at, "`mode: SHADOW` is for every workload already; leave one of the two out");
    }
    let mut selectors = Vec::new();
    for (index, document) in checker.non_empty(Some(list), &at) {
        let at = at.index(index);
        let selector = selector::selector(Some(document), &at, checker);
        if document.is_empty() {
            checker.error(
                &at,
                "it names no workload; for a dry run everywhere write `mode: SHADOW` instead",
            );
        }
        selectors.push(selector);
    }
    DryRun::For(selectors)
}
