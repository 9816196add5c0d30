//! The values of a source: principals, trust domains, namespaces, service accounts and blocks of
//! addresses.

use super::clause::Fit;
use super::trust::TrustDomains;
use attache_config_reader::quote;
use attache_plugin_config::{IpBlock, StringPattern};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Returns what a principal becomes. Istio looks for `*` at the beginning first.
pub(super) fn principal(text: &str, trust_domains: &TrustDomains) -> Fit<String> {
    if text.is_empty() {
        return Fit::Never("Istio refuses an empty value".to_owned());
    }
    let all = trust_domains.principals(text);
    match all.iter().find_map(|principal| StringPattern::parse(principal).err()) {
        Some(why) => Fit::Nothing(why),
        None => Fit::Same(all),
    }
}

/// Returns what a trust domain becomes: the principals that begin with it. In the middle of one `*`
/// stands for no slash.
pub(super) fn trust_domain(text: &str, trust_domains: &TrustDomains) -> Fit<String> {
    if text.contains('/') || text.is_empty() {
        return Fit::Never("Istio refuses it".to_owned());
    }
    match text.find('*') {
        None => Fit::Same(
            trust_domains.expand(text).iter().map(|domain| format!("{domain}/*")).collect(),
        ),
        Some(at) if at.checked_add(1) == Some(text.len()) => Fit::Same(vec![text.to_owned()]),
        Some(_) => {
            Fit::Nothing("a pattern of trust domains can have its `*` at the end only".to_owned())
        }
    }
}

/// Returns what a namespace becomes, in which `*` stands for anything.
pub(super) fn namespace(text: &str) -> Fit<String> {
    let is_name = |name: &str| {
        let is_plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        name.len() <= 63 && name.bytes().all(is_plain)
    };
    let fixed = text.trim_matches('*');
    match StringPattern::parse(text) {
        Ok(StringPattern::Exact(_)) if fixed.starts_with('-') || fixed.ends_with('-') => {
            Fit::Never("no namespace has such a name".to_owned())
        }
        Ok(_) if is_name(fixed) => Fit::Same(vec![text.to_owned()]),
        Ok(_) => Fit::Nothing(format!("{} is no namespace", quote(text))),
        Err(why) => Fit::Nothing(why),
    }
}

/// Returns what a service account becomes; without a namespace it is one of the policy's.
pub(super) fn service_account(text: &str, own: &str) -> Fit<String> {
    let (namespace, account) = text.split_once('/').unwrap_or((own, text));
    let is_label = |label: &str| {
        let is_edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        label.starts_with(is_edge)
            && label.ends_with(is_edge)
            && label.chars().all(|c| is_edge(c) || c == '-')
    };
    if is_label(namespace) && account.split('.').all(is_label) {
        Fit::Same(vec![format!("{namespace}/{account}")])
    } else {
        Fit::Nothing(format!("{} is no service account", quote(text)))
    }
}

/// Returns what an address or a block becomes: Envoy clears the bits beyond the prefix.
pub(super) fn block(text: &str) -> Fit<String> {
    let cleared = cleared(text).unwrap_or_else(|| text.to_owned());
    match IpBlock::parse(&cleared) {
        Ok(_) => Fit::Same(vec![cleared]),
        Err(why) => Fit::Nothing(why),
    }
}

fn cleared(text: &str) -> Option<String> {
    let (address, prefix) = text.split_once('/')?;
    let length: u32 = prefix.parse().ok()?;
    let first: IpAddr = match address.parse().ok()? {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32_u32.checked_sub(length)?).unwrap_or(0);
            Ipv4Addr::from_bits(address.to_bits() & mask).into()
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128_u32.checked_sub(length)?).unwrap_or(0);
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
    };
    Some(format!("{first}/{length}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(fit: Fit<String>) -> Vec<String> {
        match fit {
            Fit::Same(values) => values,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn bits_beyond_a_prefix_are_cleared() {
        for (text, cleared) in [
            ("10.1.2.3", "10.1.2.3"),
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("10.1.2.3/0", "0.0.0.0/0"),
            ("2001:db8::1/32", "2001:db8::/32"),
        ] {
            assert_eq!(same(block(text)), [cleared]);
        }
        for text in ["10.1.2", "10.1.2.3/33", "10.1.2.3/-1", ""] {
            assert!(matches!(block(text), Fit::Nothing(_)), "{text}");
        }
    }

    #[test]
    fn a_service_account_is_one_of_the_policys_namespace_where_it_names_none() {
        assert_eq!(same(service_account("web", "shop")), ["shop/web"]);
        assert_eq!(same(service_account("pay/web", "shop")), ["pay/web"]);
        assert!(matches!(service_account("a/b/c", "shop"), Fit::Nothing(_)));
    }

    #[test]
    fn a_trust_domain_is_the_beginning_of_principals() {
        let mesh = TrustDomains::new(&["td.example".to_owned(), "old.example".to_owned()]);
        assert_eq!(same(trust_domain("old.example", &mesh)), ["td.example/*", "old.example/*"]);
        assert_eq!(same(trust_domain("other.*", &mesh)), ["other.*"]);
        assert!(matches!(trust_domain("*.example", &mesh), Fit::Nothing(_)));
    }
}
