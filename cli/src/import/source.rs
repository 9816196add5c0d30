//! `from`, and what `when` asks of where a request comes from.

use super::clause::{Clause, Draft, Effect, Fit, Sign};
use super::documents::SourceDocument;
use super::meet::{self, Both};
use super::output::SourceOut;
use super::place::{NARROWER, NOT_ISTIO, Place};
use super::source_value::{block, namespace, principal, service_account, trust_domain};
use super::trust::TrustDomains;
use attache_config_reader::List;

/// One key of a source: what is wanted of it, and what is not.
#[derive(Clone, Debug)]
struct Key {
    wanted: Clause<String>,
    /// `None`: it never holds.
    unwanted: Option<Vec<String>>,
}

impl Key {
    const fn any() -> Self {
        Self { wanted: Clause::Any, unwanted: Some(Vec::new()) }
    }
}

/// Where a request comes from, in the making: what several entries ask that must all hold.
#[derive(Clone, Debug)]
pub(super) struct Source {
    principals: Key,
    namespaces: Key,
    accounts: Key,
    addresses: Key,
    remote_addresses: Key,
}

/// A key of a source by the name that `when` has for it, which stands for one of `from` too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attribute {
    Principal,
    Namespace,
    ServiceAccount,
    TrustDomain,
    Ip,
    RemoteIp,
}

impl Attribute {
    /// Returns the attribute that a key of `when` names.
    pub(super) fn of_key(key: &str) -> Option<Self> {
        Some(match key {
            "source.principal" => Self::Principal,
            "source.namespace" => Self::Namespace,
            "source.serviceAccount" => Self::ServiceAccount,
            "source.trustDomain" => Self::TrustDomain,
            "source.ip" => Self::Ip,
            "remote.ip" => Self::RemoteIp,
            _ => return None,
        })
    }

    fn fit(self, text: &str, meaning: &Meaning<'_>) -> Fit<String> {
        match self {
            Self::Principal => principal(text, meaning.trust_domains),
            Self::Namespace => namespace(text),
            Self::ServiceAccount => service_account(text, meaning.namespace),
            Self::TrustDomain => trust_domain(text, meaning.trust_domains),
            Self::Ip | Self::RemoteIp => block(text),
        }
    }

    /// Returns what fits two values of a list.
    fn both(self) -> fn(&String, &String) -> Both<String> {
        match self {
            Self::Principal | Self::Namespace | Self::TrustDomain => {
                |one, other| meet::patterns(one, other)
            }
            Self::ServiceAccount => meet::equal,
            Self::Ip | Self::RemoteIp => |one, other| meet::blocks(one, other),
        }
    }
}

/// What values stand for that depend on where the policy is.
#[derive(Clone, Copy)]
pub(super) struct Meaning<'m> {
    /// The namespace of the policy: that of a service account without one.
    pub(super) namespace: &'m str,
    pub(super) trust_domains: &'m TrustDomains,
}

/// What is asked of an attribute: both lists, and where each stands.
#[derive(Clone, Copy)]
pub(super) struct Asked<'d> {
    pub(super) values: Option<&'d List<String>>,
    pub(super) not_values: Option<&'d List<String>>,
    pub(super) places: [&'d Place; 2],
}

impl Source {
    /// Returns what asks for nothing.
    pub(super) const fn any() -> Self {
        Self {
            principals: Key::any(),
            namespaces: Key::any(),
            accounts: Key::any(),
            addresses: Key::any(),
            remote_addresses: Key::any(),
        }
    }

    /// Adds what an entry asks of an attribute.
    pub(super) fn and(
        &mut self,
        attribute: Attribute,
        asked: &Asked<'_>,
        meaning: &Meaning<'_>,
        draft: &mut Draft<'_>,
    ) {
        let [place, not_place] = asked.places;
        let fit = |text: &str| attribute.fit(text, meaning);
        let wanted = draft.clause(asked.values, Sign::Positive, place, fit);
        let unwanted = draft.clause(asked.not_values, Sign::Negative, not_place, fit).values();
        if attribute == Attribute::Ip && (wanted != Clause::Any || unwanted != Some(Vec::new())) {
            let message = "where a request has `x-forwarded-for`, the proxy does not know the direct peer, and the request \
                           is refused";
            draft.notes.add(
                &NARROWER,
                if asked.values.is_some() { place } else { not_place },
                message,
            );
        }
        let key = match attribute {
            Attribute::Principal | Attribute::TrustDomain => &mut self.principals,
            Attribute::Namespace => &mut self.namespaces,
            Attribute::ServiceAccount => &mut self.accounts,
            Attribute::Ip => &mut self.addresses,
            Attribute::RemoteIp => &mut self.remote_addresses,
        };
        let before = key.wanted.clone();
        let joined = meet::lists(before.clone(), wanted, &attribute.both());
        key.wanted = joined.clause;
        if joined.lacks_some {
            let message = "together with what else the rule asks of the same, no list says it, so more is refused";
            draft.notes.add(&NARROWER, place, message);
            if draft.effect == Effect::Deny {
                draft.is_for_more = true;
                key.wanted = before;
            }
        }
        key.unwanted = match (key.unwanted.take(), unwanted) {
            (Some(before), Some(more)) => Some(before.into_iter().chain(more).collect()),
            _ => None,
        };
    }

    /// Adds what an entry of `from` asks, but for request principals.
    pub(super) fn and_document(
        &mut self,
        document: &SourceDocument,
        place: &Place,
        meaning: &Meaning<'_>,
        draft: &mut Draft<'_>,
    ) {
        // Without `..`, so that a field that is added and not listed below does not compile.
        let SourceDocument {
            principals,
            not_principals,
            request_principals,
            not_request_principals,
            namespaces,
            not_namespaces,
            service_accounts,
            not_service_accounts,
            trust_domains,
            not_trust_domains,
            ip_blocks,
            not_ip_blocks,
            remote_ip_blocks,
            not_remote_ip_blocks,
        } = document;
        let keys = [
            (Attribute::Principal, "principals", principals, "notPrincipals", not_principals),
            (Attribute::Namespace, "namespaces", namespaces, "notNamespaces", not_namespaces),
            (
                Attribute::ServiceAccount,
                "serviceAccounts",
                service_accounts,
                "notServiceAccounts",
                not_service_accounts,
            ),
            (
                Attribute::TrustDomain,
                "trustDomains",
                trust_domains,
                "notTrustDomains",
                not_trust_domains,
            ),
            (Attribute::Ip, "ipBlocks", ip_blocks, "notIpBlocks", not_ip_blocks),
            (
                Attribute::RemoteIp,
                "remoteIpBlocks",
                remote_ip_blocks,
                "notRemoteIpBlocks",
                not_remote_ip_blocks,
            ),
        ];
        let asks = |list: &Option<List<String>>| list.as_ref().is_some_and(|list| !list.is_empty());
        let asks_of_token = asks(request_principals) || asks(not_request_principals);
        if !asks_of_token && keys.iter().all(|(_, _, yes, _, no)| !asks(yes) && !asks(no)) {
            let message =
                "the source is empty; leave `from` out, or say where the request comes from";
            draft.notes.add(&NOT_ISTIO, place, message);
        }
        for (attribute, name, values, not_name, not_values) in keys {
            let places = [&place.key(name), &place.key(not_name)];
            let asked = Asked { values: values.as_ref(), not_values: not_values.as_ref(), places };
            self.and(attribute, &asked, meaning, draft);
        }
    }

    /// Returns the entry of a rule's `from`; `None` where it is for no request.
    pub(super) fn finish(self) -> Option<SourceOut> {
        let (principals, not_principals) =
            meet::without(self.principals.wanted, self.principals.unwanted?)?;
        let (namespaces, not_namespaces) =
            meet::without(self.namespaces.wanted, self.namespaces.unwanted?)?;
        let (service_accounts, not_service_accounts) =
            meet::without(self.accounts.wanted, self.accounts.unwanted?)?;
        let (ip_blocks, not_ip_blocks) =
            meet::without(self.addresses.wanted, self.addresses.unwanted?)?;
        let (remote_ip_blocks, not_remote_ip_blocks) =
            meet::without(self.remote_addresses.wanted, self.remote_addresses.unwanted?)?;
        let asks_certificate =
            !principals.is_empty() || !namespaces.is_empty() || !service_accounts.is_empty();
        let refuses_certificate = [&not_principals, &not_namespaces]
            .into_iter()
            .any(|list| list.iter().any(|value| value == "*"));
        (!asks_certificate || !refuses_certificate).then_some(SourceOut {
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
        })
    }
}
