//! What holds for the whole plugin.

use super::Checker;
use super::claim::claim;
use super::cors::refusal_cors;
use super::roles::Hierarchy;
use crate::document::{AuditDocument, CacheDocument, Document, ResponsesDocument};
use crate::{Audit, CacheLimits, Config, DryRun, Issuer, Policy, Responses};
use attache_config_reader::{List, PathRef, quote};
use std::ops::RangeInclusive;

/// The most claims that an audit line names.
const MAX_AUDIT_CLAIMS: usize = 32;

/// What a configuration holds besides settings.
pub(super) struct Parts {
    pub(super) digest: [u8; 32],
    pub(super) dry_run: DryRun,
    pub(super) issuers: Vec<Issuer>,
    pub(super) role_hierarchy: Hierarchy,
    pub(super) policies: Vec<Policy>,
}

/// Reads the settings, and returns the configuration that they and its other parts make.
pub(super) fn config(document: &Document, parts: Parts, checker: &mut Checker) -> Config {
    let Parts { digest, dry_run, issuers, role_hierarchy, policies } = parts;
    let at = PathRef::Root;
    Config {
        digest,
        warnings: Vec::new(),
        dry_run,
        issuers,
        role_hierarchy,
        policies,
        preflight: document.cors.as_ref().and_then(|cors| cors.preflight).unwrap_or_default(),
        ambiguous_paths: document
            .paths
            .as_ref()
            .and_then(|paths| paths.ambiguous)
            .unwrap_or_default(),
        method_override: document
            .methods
            .as_ref()
            .and_then(|methods| methods.r#override)
            .unwrap_or_default(),
        responses: responses(document.responses.as_ref(), &at.key("responses"), checker),
        cache: cache(document.cache.as_ref(), &at.key("cache"), checker),
        audit: audit(document.audit.as_ref(), &at.key("audit"), checker),
    }
}

#[inline(never)]
fn responses(
    document: Option<&ResponsesDocument>,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Responses {
    let Some(document) = document else { return Responses::default() };
    let realm = document
        .realm
        .as_ref()
        .and_then(|text| checker.ok_or_report(&at.key("realm"), realm(text)).ok());
    let resource_metadata = document.resource_metadata.as_ref().and_then(|text| {
        checker.ok_or_report(&at.key("resourceMetadata"), absolute_url(text)).ok()
    });
    let body = document.body.unwrap_or_default();
    let cors = refusal_cors(document.cors.as_ref(), &at.key("cors"), checker);
    Responses { realm, resource_metadata, body, cors }
}

/// Reads a text that can stand between quotes in a header without any escape.
fn realm(text: &str) -> Result<String, String> {
    let plain = |c: u8| c == b' ' || (c.is_ascii_graphic() && !matches!(c, b'"' | b'\\'));
    if !text.is_empty() && text.len() <= 256 && text.bytes().all(plain) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "{} is no realm; use 1 to 256 bytes of visible ASCII without quotes and backslashes",
            quote(text)
        ))
    }
}

fn absolute_url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let has_host =
        rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', '?', '#', ':']));
    let plain = |c: u8| c.is_ascii_graphic() && !matches!(c, b'"' | b'\\' | b'<' | b'>');
    if has_host && text.len() <= 2048 && text.bytes().all(plain) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "{} is no absolute URL; write one such as `https://api.example.com/.well-known/oauth-protected-resource`",
            quote(text)
        ))
    }
}

#[inline(never)]
fn cache(document: Option<&CacheDocument>, at: &PathRef<'_>, checker: &mut Checker) -> CacheLimits {
    let default = CacheLimits::default();
    let Some(document) = document else { return default };
    let mut limit = |value: Option<u32>, key: &str, default: u32, range: RangeInclusive<u32>| {
        let value = value.unwrap_or(default);
        if !range.contains(&value) {
            let message =
                format!("`{value}` is out of range; use {} to {}", range.start(), range.end());
            checker.error(&at.key(key), message);
        }
        value
    };
    CacheLimits {
        tokens: limit(document.tokens, "tokens", default.tokens, 0..=65_536),
        shared_slots: limit(document.shared_slots, "sharedSlots", default.shared_slots, 0..=65_536),
        max_token_bytes: limit(
            document.max_token_bytes,
            "maxTokenBytes",
            default.max_token_bytes,
            1024..=65_536,
        ),
    }
}

#[inline(never)]
fn audit(document: Option<&AuditDocument>, at: &PathRef<'_>, checker: &mut Checker) -> Audit {
    let Some(document) = document else { return Audit::default() };
    let log = document.log.unwrap_or_default();
    let at = at.key("claims");
    if document.claims.as_ref().is_some_and(|claims| claims.len() > MAX_AUDIT_CLAIMS) {
        checker.error(&at, format!("an audit line names {MAX_AUDIT_CLAIMS} claims at most"));
    }
    let mut claims = Vec::new();
    for (index, document) in document.claims.iter().flat_map(List::iter) {
        let Ok(path) = claim(Ok(document), &at.index(index), checker) else { continue };
        if claims.contains(&path) {
            checker.error(
                &at.index(index),
                format!("{} is listed twice; keep one of them", quote(&path.to_string())),
            );
        }
        claims.push(path);
    }
    Audit { log, claims }
}
