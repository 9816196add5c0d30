//! Whether one rule is for everything that another is for.
//!
//! Each function may say no where the truth is yes, and never the other way round.

use attache_plugin_config::{
    Comparand, HostPattern, IpBlock, Operation, PathPattern, PathSegment, RoleRequirement, Rule,
    Selector, Source, StringPattern,
};
use std::net::IpAddr;

/// Whether the requests of one rule's `to` and `from` are all requests of the other's.
pub(super) fn requests(wide: &Rule, narrow: &Rule) -> bool {
    one_covers_each(&wide.to, &narrow.to, operation)
        && one_covers_each(&wide.from, &narrow.from, source)
}

/// Whether every caller that satisfies the roles and conditions of one rule satisfies the other's.
pub(super) fn callers(wide: &Rule, narrow: &Rule) -> bool {
    // What a segment of a path must equal depends on the path's template, which the two need not
    // share.
    let depends_on_path = |rule: &Rule| {
        rule.when.iter().any(|it| matches!(it.test.comparand(), Comparand::PathSegment(_)))
    };
    roles(&wide.roles, &narrow.roles)
        && !depends_on_path(wide)
        && wide.when.iter().all(|condition| narrow.when.contains(condition))
}

// Fields are taken out without `..`: one that nobody compares would have a rule cover what it does
// not.

/// Whether a selector fits every workload that the other fits.
pub(super) fn selector(wide: &Selector, narrow: &Selector) -> bool {
    let Selector { namespaces, service_accounts, labels } = wide;
    each_is_in(namespaces, &narrow.namespaces)
        && each_is_in(service_accounts, &narrow.service_accounts)
        && labels.iter().all(|(name, value)| narrow.labels.get(name) == Some(value))
}

/// Whether an operation is for every request of the other.
pub(super) fn operation(wide: &Operation, narrow: &Operation) -> bool {
    let Operation { methods, paths, hosts, ports, not_methods, not_paths, not_hosts, not_ports } =
        wide;
    each_is_in(methods, &narrow.methods)
        && one_covers_each(paths, &narrow.paths, path)
        && one_covers_each(hosts, &narrow.hosts, host)
        && each_is_in(ports, &narrow.ports)
        && excludes_no_more(not_methods, &narrow.not_methods)
        && excludes_no_more(not_paths, &narrow.not_paths)
        && excludes_no_more(not_hosts, &narrow.not_hosts)
        && excludes_no_more(not_ports, &narrow.not_ports)
}

fn roles(wide: &RoleRequirement, narrow: &RoleRequirement) -> bool {
    let RoleRequirement { any_of, all_of, none_of } = wide;
    each_is_in(any_of, &narrow.any_of)
        && all_of.iter().all(|role| narrow.all_of.contains(role))
        && none_of.iter().all(|role| narrow.none_of.contains(role))
}

fn source(wide: &Source, narrow: &Source) -> bool {
    let Source {
        principals,
        namespaces,
        service_accounts,
        ip_blocks,
        remote_ip_blocks,
        not_principals,
        not_namespaces,
        not_service_accounts,
        not_ip_blocks,
        not_remote_ip_blocks,
    } = wide;
    one_covers_each(principals, &narrow.principals, text)
        && one_covers_each(namespaces, &narrow.namespaces, text)
        && one_covers_each(service_accounts, &narrow.service_accounts, account)
        && one_covers_each(ip_blocks, &narrow.ip_blocks, block)
        && one_covers_each(remote_ip_blocks, &narrow.remote_ip_blocks, block)
        && excludes_no_more(not_principals, &narrow.not_principals)
        && excludes_no_more(not_namespaces, &narrow.not_namespaces)
        && excludes_no_more(not_service_accounts, &narrow.not_service_accounts)
        && excludes_no_more(not_ip_blocks, &narrow.not_ip_blocks)
        && excludes_no_more(not_remote_ip_blocks, &narrow.not_remote_ip_blocks)
}

/// Whether each entry of one list is covered by an entry of the other, where an empty list is for
/// everything.
fn one_covers_each<T>(wide: &[T], narrow: &[T], covers: fn(&T, &T) -> bool) -> bool {
    wide.is_empty()
        || (!narrow.is_empty()
            && narrow.iter().all(|it| wide.iter().any(|other| covers(other, it))))
}

fn each_is_in<T: PartialEq>(wide: &[T], narrow: &[T]) -> bool {
    one_covers_each(wide, narrow, T::eq)
}

fn excludes_no_more<T: PartialEq>(wide: &[T], narrow: &[T]) -> bool {
    wide.iter().all(|it| narrow.contains(it))
}

fn account(wide: &String, narrow: &String) -> bool {
    let is_any_namespace = !wide.contains('/');
    wide == narrow || (is_any_namespace && narrow.split('/').nth(1) == Some(wide))
}

fn host(wide: &HostPattern, narrow: &HostPattern) -> bool {
    text(&wide.0, &narrow.0)
}

fn text(wide: &StringPattern, narrow: &StringPattern) -> bool {
    match (wide, narrow) {
        (StringPattern::Any, _) => true,
        (
            StringPattern::Prefix(start),
            StringPattern::Exact(text) | StringPattern::Prefix(text),
        ) => text.starts_with(start.as_str()),
        (StringPattern::Suffix(end), StringPattern::Exact(text) | StringPattern::Suffix(text)) => {
            text.ends_with(end.as_str())
        }
        _ => wide == narrow,
    }
}

fn block(wide: &IpBlock, narrow: &IpBlock) -> bool {
    let bits = |address: IpAddr| match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)) << 96, 4),
        IpAddr::V6(address) => (u128::from(address), 6),
    };
    let ((wide_bits, wide_family), (narrow_bits, narrow_family)) =
        (bits(wide.address), bits(narrow.address));
    let shift = 128_u32.saturating_sub(u32::from(wide.prefix));
    let head = |bits: u128| bits.checked_shr(shift).unwrap_or(0);
    wide_family == narrow_family
        && wide.prefix <= narrow.prefix
        && head(wide_bits) == head(narrow_bits)
}

/// Whether a pattern matches every path that the other matches.
pub(super) fn path(wide: &PathPattern, narrow: &PathPattern) -> bool {
    match (wide, narrow) {
        (PathPattern::Any, _) => true,
        (PathPattern::Prefix(start), PathPattern::Exact(text) | PathPattern::Prefix(text)) => {
            text.starts_with(start.as_str())
        }
        (PathPattern::Prefix(start), PathPattern::Template(segments)) => {
            head(segments).starts_with(start.as_str())
        }
        (PathPattern::Suffix(end), PathPattern::Exact(text) | PathPattern::Suffix(text)) => {
            text.ends_with(end.as_str())
        }
        (PathPattern::Template(wide), PathPattern::Exact(text)) => {
            let literal = |segment: &str| PathSegment::Literal(segment.to_owned());
            let narrow: Vec<PathSegment> = text.split('/').skip(1).map(literal).collect();
            template(wide, &narrow)
        }
        (PathPattern::Template(wide), PathPattern::Template(narrow)) => template(wide, narrow),
        _ => wide == narrow,
    }
}

/// Returns what every path of a template begins with.
pub(super) fn head(segments: &[PathSegment]) -> String {
    let mut head = String::new();
    for segment in segments {
        match segment {
            PathSegment::Literal(text) => {
                head.push('/');
                head.push_str(text);
            }
            PathSegment::One | PathSegment::Named(_) => {
                head.push('/');
                break;
            }
            // None of these segments may be there, and then no slash.
            PathSegment::Many => break,
        }
    }
    head
}

/// Whether a template matches what the other does, segment by segment.
fn template(wide: &[PathSegment], narrow: &[PathSegment]) -> bool {
    match (wide.split_first(), narrow.split_first()) {
        (None, None) => true,
        (Some((PathSegment::Many, rest)), _) => {
            // It stands for the first segments of the other, as many as fit.
            (0..=narrow.len())
                .any(|count| narrow.get(count..).is_some_and(|narrow| template(rest, narrow)))
        }
        (Some((first, wide)), Some((other, narrow))) => {
            segment(first, other) && template(wide, narrow)
        }
        _ => false,
    }
}

fn segment(wide: &PathSegment, narrow: &PathSegment) -> bool {
    match (wide, narrow) {
        (PathSegment::One | PathSegment::Named(_), PathSegment::Literal(text)) => !text.is_empty(),
        (PathSegment::One | PathSegment::Named(_), PathSegment::One | PathSegment::Named(_)) => {
            true
        }
        (PathSegment::Literal(_), PathSegment::Literal(_)) => wide == narrow,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(wide: &str, narrow: &str) -> bool {
        let pattern = |text| PathPattern::parse(text).unwrap();
        path(&pattern(wide), &pattern(narrow))
    }

    #[test]
    fn a_pattern_covers_what_it_matches_and_more() {
        for (wide, narrow) in [
            ("*", "/a/{x}"),
            ("/a*", "/a"),
            ("/a/*", "/a/{x}/{**}"),
            ("/a*", "/ab/c*"),
            ("/a/*", "/a/{*}"),
            ("*.css", "/a/b.css"),
            ("*s", "*.css"),
            ("/a/{*}", "/a/b"),
            ("/a/{**}", "/a"),
            ("/a/{**}", "/a/b/{id}/c"),
            ("/{x}/b/{**}", "/a/b/{y}"),
            ("/a/{**}/z", "/a/z"),
            ("/a/{**}/z", "/a/b/{c}/z"),
            ("/{**}", "/a/b/{c}/{**}"),
        ] {
            assert!(paths(wide, narrow), "{wide} {narrow}");
        }
    }

    #[test]
    fn a_pattern_does_not_cover_what_it_may_not_match() {
        for (wide, narrow) in [
            ("/a", "/a/"),
            ("/a/*", "/a"),
            ("/a/*", "/a/{**}"),
            ("/a/b*", "/a/{x}"),
            ("/a/{*}", "/a/"),
            ("/a/{*}", "/a/{**}"),
            ("/a/{x}", "/a/b/c"),
            ("/a/{**}", "/a*"),
            ("/a/{**}/z", "/a/b/{c}"),
            ("*.css", "/a/{x}"),
            ("/a", "*"),
        ] {
            assert!(!paths(wide, narrow), "{wide} {narrow}");
        }
    }

    #[test]
    fn addresses_and_accounts() {
        let block_of =
            |address: &str, prefix| IpBlock { address: address.parse().unwrap(), prefix };
        assert!(block(&block_of("10.0.0.0", 8), &block_of("10.1.0.0", 16)));
        assert!(block(&block_of("0.0.0.0", 0), &block_of("10.1.0.0", 16)));
        assert!(!block(&block_of("10.1.0.0", 16), &block_of("10.0.0.0", 8)));
        assert!(!block(&block_of("10.0.0.0", 8), &block_of("11.0.0.0", 8)));
        assert!(!block(&block_of("::", 0), &block_of("10.0.0.0", 8)));
        let account = |wide: &str, narrow: &str| account(&wide.to_owned(), &narrow.to_owned());
        assert!(account("orders", "shop/orders") && account("shop/orders", "shop/orders"));
        assert!(!account("shop/orders", "orders") && !account("orders", "shop/orders-2"));
    }
}
