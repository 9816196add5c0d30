//! Where a request comes from.

use super::operation::{disjoint, never};
use super::{Checker, text};
use crate::document::SourceDocument;
use crate::{IpBlock, Source, StringPattern};
use attache_config_reader::{List, PathRef, quote};

pub(super) fn sources(
    list: Option<&List<SourceDocument>>,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Vec<Source> {
    let items = checker.non_empty(list, at);
    items.map(|(index, document)| source(document, &at.index(index), checker)).collect()
}

#[inline(never)]
fn source(document: &SourceDocument, at: &PathRef<'_>, checker: &mut Checker) -> Source {
    let accounts = text::service_account_anywhere;
    let source = Source {
        principals: checker.strings(
            document.principals.as_ref(),
            &at.key("principals"),
            text::principal,
        ),
        not_principals: checker.strings(
            document.not_principals.as_ref(),
            &at.key("notPrincipals"),
            text::principal,
        ),
        namespaces: checker.strings(document.namespaces.as_ref(), &at.key("namespaces"), namespace),
        not_namespaces: checker.strings(
            document.not_namespaces.as_ref(),
            &at.key("notNamespaces"),
            namespace,
        ),
        service_accounts: checker.strings(
            document.service_accounts.as_ref(),
            &at.key("serviceAccounts"),
            accounts,
        ),
        not_service_accounts: checker.strings(
            document.not_service_accounts.as_ref(),
            &at.key("notServiceAccounts"),
            accounts,
        ),
        ip_blocks: checker.strings(
            document.ip_blocks.as_ref(),
            &at.key("ipBlocks"),
            IpBlock::parse,
        ),
        not_ip_blocks: checker.strings(
            document.not_ip_blocks.as_ref(),
            &at.key("notIpBlocks"),
            IpBlock::parse,
        ),
        remote_ip_blocks: checker.strings(
            document.remote_ip_blocks.as_ref(),
            &at.key("remoteIpBlocks"),
            IpBlock::parse,
        ),
        not_remote_ip_blocks: checker.strings(
            document.not_remote_ip_blocks.as_ref(),
            &at.key("notRemoteIpBlocks"),
            IpBlock::parse,
        ),
    };
    let given = [
        &document.principals,
        &document.not_principals,
        &document.namespaces,
        &document.not_namespaces,
        &document.service_accounts,
        &document.not_service_accounts,
        &document.ip_blocks,
        &document.not_ip_blocks,
        &document.remote_ip_blocks,
        &document.not_remote_ip_blocks,
    ];
    if given.into_iter().all(Option::is_none) {
        checker.error(
            at,
            "this entry holds for every caller; leave `from` out or say where the request comes from",
        );
    }
    disjoint(
        &source.principals,
        &source.not_principals,
        ("principals", "notPrincipals"),
        at,
        checker,
    );
    disjoint(
        &source.namespaces,
        &source.not_namespaces,
        ("namespaces", "notNamespaces"),
        at,
        checker,
    );
    disjoint(
        &source.service_accounts,
        &source.not_service_accounts,
        ("serviceAccounts", "notServiceAccounts"),
        at,
        checker,
    );
    disjoint(&source.ip_blocks, &source.not_ip_blocks, ("ipBlocks", "notIpBlocks"), at, checker);
    disjoint(
        &source.remote_ip_blocks,
        &source.not_remote_ip_blocks,
        ("remoteIpBlocks", "notRemoteIpBlocks"),
        at,
        checker,
    );
    // `notPrincipals: ["*"]` stands for callers without a certificate; only together with a demand
    // for one it is void.
    let certificate = !source.principals.is_empty()
        || !source.namespaces.is_empty()
        || !source.service_accounts.is_empty();
    if certificate && source.not_principals.contains(&StringPattern::Any) {
        never(&at.key("notPrincipals"), checker);
    }
    if certificate && source.not_namespaces.contains(&StringPattern::Any) {
        never(&at.key("notNamespaces"), checker);
    }
    source
}

/// Reads a pattern of namespaces.
fn namespace(text: &str) -> Result<StringPattern, String> {
    let pattern = StringPattern::parse(text)?;
    match &pattern {
        StringPattern::Exact(name) => text::namespace(name).map(|_| pattern),
        StringPattern::Prefix(part) | StringPattern::Suffix(part) => {
            let fits = part.len() <= 63
                && part.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-');
            if fits {
                Ok(pattern)
            } else {
                Err(format!("{} fits no namespace; use a-z, 0-9 and `-`", quote(text)))
            }
        }
        StringPattern::Any => Ok(pattern),
    }
}
