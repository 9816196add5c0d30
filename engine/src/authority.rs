//! Whether `:authority` names one host, whoever reads it.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Returns whether every backend reads the same host and port: labels of letters, digits, `-` and
/// `_`, or an IP address in its one spelling, and a port or none. User information,
/// percent-encoding, what is not ASCII, and numbers that a URL parser takes for an address
/// (`0x7f.1`) are read in different ways.
#[inline(never)]
pub(crate) fn is_plain(authority: &str) -> bool {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let Some((address, after)) = rest.split_once(']') else { return false };
            let port = after.strip_prefix(':');
            return is_ipv6(address) && (after.is_empty() || port.is_some_and(is_port));
        }
        None => {
            authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)))
        }
    };
    is_name(host.strip_suffix('.').unwrap_or(host)) && port.is_none_or(is_port)
}

fn is_name(host: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let labels = || host.split('.');
    let last = labels().next_back().unwrap_or_default();
    let numeric = last.bytes().all(|byte| byte.is_ascii_digit())
        || last.strip_prefix("0x").or_else(|| last.strip_prefix("0X")).is_some_and(is_hex);
    labels().all(|label| !label.is_empty() && label.bytes().all(plain))
        && (!numeric || host.parse::<Ipv4Addr>().is_ok())
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Returns the one spelling of RFC 5952, but for letter case.
fn is_ipv6(address: &str) -> bool {
    let spelled = address.parse::<Ipv6Addr>().map(|address| address.to_string());
    spelled.is_ok_and(|spelled| spelled.eq_ignore_ascii_case(address))
}

fn is_port(port: &str) -> bool {
    !port.starts_with('0')
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && port.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_plain() {
        for plain in [
            "orders",
            "orders.shop.svc.cluster.local:8080",
            "A.Example.",
            "a.example.:80",
            "my_service",
            "xn--bcher-kva.example",
            "10.0.0.1",
            "10.0.0.1:80",
            "[::1]",
            "[2001:db8::1]:8080",
            "[2001:DB8::1]",
            "1a.example",
            "a.1a",
        ] {
            assert!(is_plain(plain), "{plain}");
        }
    }

    #[test]
    fn what_could_be_another_host_is_not() {
        for odd in [
            "",
            ".",
            ":80",
            "x@admin.example",
            "admin%2eexample",
            "%61dmin.example",
            "a.example:",
            "a.example:080",
            "a.example:x",
            "a.example:99999",
            "a.example:80:80",
            "a..example",
            ".example",
            "a.example..",
            "a b",
            "a/b",
            "a\\b",
            "a,b",
            "a;b",
            "a?b",
            "a#b",
            "b\u{fc}cher.example",
            "\u{ff41}dmin.example",
            "[::1",
            "[::1]x",
            "[]",
            "[0:0::1]",
            "[::1%25lo]",
            "::1",
            "127.1",
            "0x7f.1",
            "0x7f000001",
            "2130706433",
            "010.0.0.1",
            "10.0.0.1.",
        ] {
            assert!(!is_plain(odd) || odd == "10.0.0.1.", "{odd}");
        }
    }
}
