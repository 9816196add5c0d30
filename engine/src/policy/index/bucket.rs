//! Sites that share a path.

use super::super::host::HostTest;
use super::super::lazy_request::LazyRequest;
use super::super::rule_group::{GroupId, RuleGroup};
use super::super::source::{Origin as _, SourceTest};
use super::patterns::Patterns;
use crate::order::{grouped, sorted};
use attache_plugin_config::StringPattern;

/// Up to this many groups a linear scan beats a split.
const MAX_LINEAR: usize = 8;

/// A split that would put a group into more parts than this, on average, costs more memory than it
/// saves time.
const MAX_PARTS: usize = 8;

/// Some groups, told apart by host or caller where they are many.
#[derive(Debug)]
pub(super) struct Bucket {
    split: Option<Box<Split>>,
    /// Those that no split tells apart.
    rest: Box<[GroupId]>,
}

/// Sites by what they ask for, each part told apart further where it is still large.
#[derive(Debug)]
enum Split {
    Host {
        without_port: Patterns<Bucket>,
        with_port: Patterns<Bucket>,
        rest: Bucket,
    },
    Caller {
        principals: Patterns<Bucket>,
        namespaces: Patterns<Bucket>,
        accounts: Patterns<Bucket>,
        rest: Bucket,
    },
}

/// What groups are told apart by, in this order.
#[derive(Clone, Copy)]
enum Dimension {
    Host,
    Caller,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum BucketKey {
    Host(HostTest),
    Principal(StringPattern),
    Namespace(StringPattern),
    Account(StringPattern),
}

impl Bucket {
    pub(super) fn new(ids: Vec<GroupId>, groups: &[RuleGroup]) -> Self {
        Self::partition(ids, groups, &[Dimension::Host, Dimension::Caller])
    }

    fn partition(ids: Vec<GroupId>, groups: &[RuleGroup], dimensions: &[Dimension]) -> Self {
        let Some((dimension, others)) = dimensions.split_first().filter(|_| ids.len() > MAX_LINEAR)
        else {
            return Self { split: None, rest: ids.into() };
        };
        let (mut parts, mut rest) = (Vec::new(), Vec::new());
        for &id in &ids {
            let keys = groups.get(id.position()).and_then(|rule_group| dimension.keys(rule_group));
            match keys {
                Some(keys) => parts.extend(keys.into_iter().map(|key| (key, id))),
                None => rest.push(id),
            }
        }
        let apart = ids.len().saturating_sub(rest.len());
        if apart <= MAX_LINEAR || parts.len() > apart.saturating_mul(MAX_PARTS) {
            return Self::partition(ids, groups, others);
        }
        let bucket = |ids| Self::partition(ids, groups, others);
        let parts = grouped(parts).into_iter().map(|(key, ids)| (key, bucket(ids))).collect();
        let split = dimension.split(parts, bucket(rest));
        Self { split: Some(Box::new(split)), rest: Box::default() }
    }

    pub(super) fn visit(&self, request: &LazyRequest<'_>, found: &mut impl FnMut(GroupId)) {
        for &id in &self.rest {
            found(id);
        }
        if let Some(split) = &self.split {
            split.visit(request, found);
        }
    }
}

impl Split {
    #[inline(never)]
    fn visit(&self, request: &LazyRequest<'_>, found: &mut impl FnMut(GroupId)) {
        match self {
            Self::Host { without_port, with_port, rest } => {
                rest.visit(request, found);
                without_port
                    .visit(request.authority().host(), &mut |bucket| bucket.visit(request, found));
                with_port.visit(request.authority().with_port(), &mut |bucket| {
                    bucket.visit(request, found)
                });
            }
            Self::Caller { principals, namespaces, accounts, rest } => {
                rest.visit(request, found);
                let Some(caller) = request.caller() else { return };
                principals.visit(caller.principal(), &mut |bucket| bucket.visit(request, found));
                let Some((namespace, account)) = caller.account() else { return };
                namespaces.visit(namespace, &mut |bucket| bucket.visit(request, found));
                accounts.visit(account, &mut |bucket| bucket.visit(request, found));
            }
        }
    }
}

impl Dimension {
    /// Returns the keys of which a request that fits the group has at least one; `None` where the
    /// group asks for nothing of this kind.
    #[inline(never)]
    fn keys(self, rule_group: &RuleGroup) -> Option<Vec<BucketKey>> {
        let keys: Vec<BucketKey> = match self {
            Self::Host => rule_group.operation.hosts.iter().cloned().map(BucketKey::Host).collect(),
            Self::Caller => rule_group
                .from
                .iter()
                .map(caller_keys)
                .collect::<Option<Vec<_>>>()?
                .into_iter()
                .flatten()
                .collect(),
        };
        let mut keys = sorted(keys, BucketKey::cmp);
        keys.dedup();
        (!keys.is_empty()).then_some(keys)
    }

    #[inline(never)]
    fn split(self, parts: Vec<(BucketKey, Bucket)>, rest: Bucket) -> Split {
        let [mut first, mut second, mut third] = [const { Vec::new() }; 3];
        for (key, bucket) in parts {
            match key {
                BucketKey::Host(HostTest { names_port: false, pattern })
                | BucketKey::Principal(pattern) => {
                    first.push((pattern, bucket));
                }
                BucketKey::Host(HostTest { names_port: true, pattern })
                | BucketKey::Namespace(pattern) => {
                    second.push((pattern, bucket));
                }
                BucketKey::Account(pattern) => third.push((pattern, bucket)),
            }
        }
        let [first, second, third] = [first, second, third].map(Patterns::from_iter);
        match self {
            Self::Host => Split::Host { without_port: first, with_port: second, rest },
            Self::Caller => {
                Split::Caller { principals: first, namespaces: second, accounts: third, rest }
            }
        }
    }
}

/// Returns the field of a source that says most of the caller.
fn caller_keys(source: &SourceTest) -> Option<Vec<BucketKey>> {
    let account = |text: &str| BucketKey::Account(StringPattern::Exact(text.to_owned()));
    if !source.accounts.is_empty() {
        Some(source.accounts.iter().map(|test| account(&test.account)).collect())
    } else if !source.principals.is_empty() {
        Some(source.principals.iter().cloned().map(BucketKey::Principal).collect())
    } else if !source.namespaces.is_empty() {
        Some(source.namespaces.iter().cloned().map(BucketKey::Namespace).collect())
    } else {
        None
    }
}
