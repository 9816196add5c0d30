//! For which workloads the document is a dry run.

use super::{Checker, selector};
use crate::document::Document;
use crate::json::At;
use crate::{DryRun, Mode};

/// `mode` and `shadowSelectors`.
pub(super) fn dry_run(document: &Document, checker: &mut Checker) -> DryRun {
    let root = At::Root;
    let at = root.key("shadowSelectors");
    let everywhere = document.mode == Some(Mode::Shadow);
    let Some(list) = &document.shadow_selectors else {
        return if everywhere { DryRun::Everywhere } else { DryRun::Nowhere };
    };
    if everywhere {
        checker.fault(&at, "`mode: SHADOW` is for every workload already; leave one of the two out");
    }
    let mut selectors = Vec::new();
    for (index, document) in checker.filled(Some(list), &at) {
        let at = at.index(index);
        let selector = selector::selector(Some(document), &at, checker);
        if document.is_empty() {
            checker.fault(&at, "it names no workload; for a dry run everywhere write `mode: SHADOW` instead");
        }
        selectors.push(selector);
    }
    DryRun::For(selectors)
}
