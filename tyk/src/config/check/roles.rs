//! Where roles come from.

use super::{Checker, all};
use crate::config::document::{RoleMapDocument, RoleMetadataDocument, RolesDocument};
use crate::config::{RoleMetadata, RoleRules};
use attache_config_reader::{List, PathRef, Reported};
use std::collections::BTreeMap;

pub(super) fn roles(
    document: &RolesDocument,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<RoleRules, Reported> {
    let claim = checker.optional_text(document.claim.as_ref(), &at.key("claim"));
    let policies = role_map(document.policies.as_ref(), &at.key("policies"), checker);
    let tags = role_map(document.tags.as_ref(), &at.key("tags"), checker);
    let tag_prefix = checker.optional_text(document.tag_prefix.as_ref(), &at.key("tagPrefix"));
    let at = at.key("metadata");
    let metadata = document.metadata.iter().flat_map(List::iter);
    let metadata = all(metadata.map(|(index, one)| role_metadata(one, &at.index(index), checker)));
    Ok(RoleRules {
        claim: claim?.unwrap_or(RoleRules::default().claim),
        policies: policies?,
        tags: tags?,
        tag_prefix: tag_prefix?,
        metadata: metadata?,
    })
}

fn role_map(
    map: Option<&RoleMapDocument>,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<BTreeMap<String, Vec<String>>, Reported> {
    let entries = map.into_iter().flatten().map(|(key, list)| {
        let roles = list.get().and_then(|list| checker.texts(Some(list), &at.key(key)));
        roles.map(|roles| (key.clone(), roles))
    });
    all(entries).map(BTreeMap::from_iter)
}

fn role_metadata(
    document: &RoleMetadataDocument,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<RoleMetadata, Reported> {
    let key = document.key.get().and_then(|text| checker.text(text, &at.key("key")));
    let split = checker.optional_text(document.split.as_ref(), &at.key("split"));
    let allow = document.allow.as_ref().map(|list| {
        checker.some_texts(
            list,
            &at.key("allow"),
            "is empty; name the roles, or leave the key out for any",
        )
    });
    let allow = allow.transpose();
    Ok(RoleMetadata {
        key: key?,
        split: split?.unwrap_or_else(|| ",".to_owned()),
        allow: allow?.map(|roles| roles.iter().cloned().collect()),
    })
}
