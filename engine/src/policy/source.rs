//! Where a request comes from.

use super::string_pattern;
use attache_plugin_config::{IpBlock, Source, StringPattern};
use std::net::IpAddr;

/// Who a caller's mTLS certificate says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PeerIdentity {
    principal: String,
}

impl PeerIdentity {
    pub(super) fn new(principal: String) -> Self {
        Self { principal }
    }

    pub(super) fn principal(&self) -> &str {
        &self.principal
    }

    /// Its namespace and service account, where the principal is
    /// `<domain>/ns/<namespace>/sa/<account>`.
    pub(super) fn account(&self) -> Option<(&str, &str)> {
        let mut parts = self.principal.split('/');
        let (_domain, ns, namespace) = (parts.next()?, parts.next()?, parts.next()?);
        let (sa, account) = (parts.next()?, parts.next()?);
        (ns == "ns"
            && sa == "sa"
            && !namespace.is_empty()
            && !account.is_empty()
            && parts.next().is_none())
        .then_some((namespace, account))
    }

    pub(super) fn namespace(&self) -> Option<&str> {
        self.account().map(|(namespace, _)| namespace)
    }
}

/// The other end of a connection. Each is asked of the host at most once a request, and only where
/// a rule needs it.
pub(super) trait Origin {
    fn caller(&self) -> Option<&PeerIdentity>;
    fn address(&self) -> Option<IpAddr>;
    fn remote_address(&self) -> Option<IpAddr>;
}

/// One entry of a `from`: fields AND-ed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct SourceTest {
    pub principals: Box<[StringPattern]>,
    pub namespaces: Box<[StringPattern]>,
    pub accounts: Box<[AccountTest]>,
    ip_blocks: Box<[IpBlock]>,
    not_principals: Box<[StringPattern]>,
    not_namespaces: Box<[StringPattern]>,
    not_accounts: Box<[AccountTest]>,
    not_ip_blocks: Box<[IpBlock]>,
    remote_ip_blocks: Box<[IpBlock]>,
    not_remote_ip_blocks: Box<[IpBlock]>,
}

impl SourceTest {
    #[inline(never)]
    pub(super) fn compile(source: &Source) -> Self {
        // Without `..`, here and below: a field that nobody asks of a caller would make the rule
        // wider.
        let Source {
            principals,
            not_principals,
            namespaces,
            not_namespaces,
            service_accounts,
            not_service_accounts,
            ip_blocks,
            not_ip_blocks,
            remote_ip_blocks,
            not_remote_ip_blocks,
        } = source;
        let accounts = |names: &[String]| names.iter().map(|name| AccountTest::new(name)).collect();
        Self {
            principals: principals.clone().into(),
            namespaces: namespaces.clone().into(),
            accounts: accounts(service_accounts),
            ip_blocks: ip_blocks.clone().into(),
            not_principals: not_principals.clone().into(),
            not_namespaces: not_namespaces.clone().into(),
            not_accounts: accounts(not_service_accounts),
            not_ip_blocks: not_ip_blocks.clone().into(),
            remote_ip_blocks: remote_ip_blocks.clone().into(),
            not_remote_ip_blocks: not_remote_ip_blocks.clone().into(),
        }
    }

    /// Returns whether the request comes from here. `unknown_address` answers for blocks of
    /// addresses where the host can't tell the address: nobody may get in, or escape a refusal, by
    /// hiding it.
    pub(super) fn matches(&self, origin: &impl Origin, unknown_address: bool) -> bool {
        let principal = |tests: &[StringPattern]| {
            let caller = origin.caller();
            caller.is_some_and(|caller| {
                tests.iter().any(|test| string_pattern::matches(test, caller.principal()))
            })
        };
        let namespace = |tests: &[StringPattern]| {
            let namespace = origin.caller().and_then(PeerIdentity::namespace);
            namespace.is_some_and(|namespace| {
                tests.iter().any(|test| string_pattern::matches(test, namespace))
            })
        };
        let account = |tests: &[AccountTest]| {
            let account = origin.caller().and_then(PeerIdentity::account);
            account.is_some_and(|account| tests.iter().any(|test| test.matches(account)))
        };
        let Self {
            principals,
            namespaces,
            accounts,
            ip_blocks,
            not_principals,
            not_namespaces,
            not_accounts,
            not_ip_blocks,
            remote_ip_blocks,
            not_remote_ip_blocks,
        } = self;
        holds(principals, not_principals, principal)
            && holds(namespaces, not_namespaces, namespace)
            && holds(accounts, not_accounts, account)
            && lies_in(ip_blocks, not_ip_blocks, || origin.address(), unknown_address)
            && lies_in(
                remote_ip_blocks,
                not_remote_ip_blocks,
                || origin.remote_address(),
                unknown_address,
            )
    }
}

/// Returns whether an address, asked for only where there are blocks, is in the wanted ones and not
/// in the others.
fn lies_in(
    wanted: &[IpBlock],
    unwanted: &[IpBlock],
    address: impl FnOnce() -> Option<IpAddr>,
    unknown: bool,
) -> bool {
    if wanted.is_empty() && unwanted.is_empty() {
        return true;
    }
    address().map_or(unknown, |address| {
        holds(wanted, unwanted, |blocks| blocks.iter().any(|block| block_holds(block, address)))
    })
}

/// Returns whether a field and its `not…` twin hold: an empty list asks for nothing.
pub(super) fn holds<T>(wanted: &[T], unwanted: &[T], fits: impl Fn(&[T]) -> bool) -> bool {
    (wanted.is_empty() || fits(wanted)) && (unwanted.is_empty() || !fits(unwanted))
}

/// A service account, in one namespace or in any.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct AccountTest {
    pub namespace: Option<Box<str>>,
    pub account: Box<str>,
}

impl AccountTest {
    fn new(name: &str) -> Self {
        match name.split_once('/') {
            Some((namespace, account)) => {
                Self { namespace: Some(namespace.into()), account: account.into() }
            }
            None => Self { namespace: None, account: name.into() },
        }
    }

    fn matches(&self, (namespace, account): (&str, &str)) -> bool {
        *self.account == *account && self.namespace.as_deref().is_none_or(|own| own == namespace)
    }
}

/// Returns whether an address lies in a block. An IPv4 address that came in IPv6 form counts as
/// IPv4.
fn block_holds(block: &IpBlock, address: IpAddr) -> bool {
    let prefix = u32::from(block.prefix);
    match (block.address, address.to_canonical()) {
        (IpAddr::V4(first), IpAddr::V4(address)) => {
            let apart = first.to_bits() ^ address.to_bits();
            apart.leading_zeros() >= prefix
        }
        (IpAddr::V6(first), IpAddr::V6(address)) => {
            let apart = first.to_bits() ^ address.to_bits();
            apart.leading_zeros() >= prefix
        }
        _ => false,
    }
}
