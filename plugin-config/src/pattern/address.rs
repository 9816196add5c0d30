//! Reading blocks of addresses.

use super::{IpAddr, IpBlock};
use attache_config_reader::quote;
use std::net::{Ipv4Addr, Ipv6Addr};

impl IpBlock {
    /// Reads an address or a block in CIDR form.
    ///
    /// ```
    /// use attache_plugin_config::IpBlock;
    ///
    /// assert_eq!(IpBlock::parse("10.1.2.3").unwrap().prefix, 32);
    /// assert_eq!(IpBlock::parse("10.1.2.3/8").unwrap_err(), "`10.1.2.3/8` has bits beyond its prefix; write `10.0.0.0/8`");
    /// ```
    ///
    /// # Errors
    /// A sentence that says what a block may be.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("{} is no address and no CIDR block, such as `10.0.0.0/8`", quote(text));
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => longest,
            Some(digits) if digits.bytes().all(|c| c.is_ascii_digit()) => {
                digits.parse().map_err(|_| wrong())?
            }
            Some(_) => return Err(wrong()),
        };
        if prefix > longest {
            return Err(format!(
                "{} has too long a prefix; it is {longest} bits at most",
                quote(text)
            ));
        }
        if let IpAddr::V6(v6) = address
            && let Some(v4) = v6.to_ipv4_mapped()
        {
            return Err(format!("{} is an IPv4 address inside IPv6; write `{v4}`", quote(text)));
        }
        let first = first_address(address, prefix);
        if first != address {
            return Err(format!(
                "{} has bits beyond its prefix; write `{first}/{prefix}`",
                quote(text)
            ));
        }
        Ok(Self { address, prefix })
    }
}

/// Returns the address with all bits beyond the prefix cleared.
fn first_address(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let host = u32::MAX.checked_shr(prefix.into()).unwrap_or(0);
            Ipv4Addr::from_bits(v4.to_bits() & !host).into()
        }
        IpAddr::V6(v6) => {
            let host = u128::MAX.checked_shr(prefix.into()).unwrap_or(0);
            Ipv6Addr::from_bits(v6.to_bits() & !host).into()
        }
    }
}
