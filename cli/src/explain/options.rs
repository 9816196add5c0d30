//! Options that several commands have.

use super::{Client, WorkloadQuery, read_label, read_workload};
use crate::input::read_text;
use clap::{Args, ValueEnum};
use std::net::IpAddr;
use std::path::Path;

/// The workload that a request is for.
#[derive(Args)]
pub(crate) struct WorkloadOptions {
    /// The workload that it is for: shop/orders
    #[arg(long, value_name = "NAMESPACE/NAME")]
    workload: Option<String>,
    /// A label of that workload: app=orders
    #[arg(long, value_name = "NAME=VALUE")]
    label: Vec<String>,
    /// The service account of that workload
    #[arg(long)]
    service_account: Option<String>,
}

impl WorkloadOptions {
    /// Returns the workload that is described, if one is.
    ///
    /// # Errors
    /// An option is written in another way than it must be.
    pub(crate) fn query(&self) -> Result<Option<WorkloadQuery>, String> {
        if self.workload.is_none() && self.label.is_empty() && self.service_account.is_none() {
            return Ok(None);
        }
        let name = self.workload.as_deref().map(read_workload).transpose();
        let labels = self.label.iter().map(|label| read_label(label)).collect::<Result<_, _>>();
        Ok(Some(WorkloadQuery {
            name: name.map_err(|error| format!("--workload: {error}"))?,
            labels: labels.map_err(|error| format!("--label: {error}"))?,
            service_account: self.service_account.clone(),
        }))
    }
}

/// The other end of a request's connection.
#[derive(Args)]
pub(crate) struct ClientOptions {
    /// The caller's mTLS identity: spiffe://cluster.local/ns/shop/sa/web
    #[arg(long, value_name = "SPIFFE", value_parser = read_principal)]
    caller: Option<String>,
    /// The address of the direct peer
    #[arg(long, value_name = "IP")]
    address: Option<IpAddr>,
    /// The address that a header such as x-forwarded-for tells the proxy: that of the direct peer
    /// is unknown then, as with Envoy
    #[arg(long, value_name = "IP", conflicts_with = "address")]
    client_address: Option<IpAddr>,
    /// The port that the request comes in on
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
}

impl ClientOptions {
    /// Returns what is said of it.
    pub(crate) fn client(&self) -> Client {
        Client {
            principal: self.caller.clone(),
            address: self.address,
            client_address: self.client_address,
            port: self.port,
        }
    }
}

/// How an answer is told that has no place in a text.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum TextOrJson {
    /// For people
    Text,
    /// For programs
    Json,
}

/// Returns what an option says, or the file that it names: `@file`.
///
/// # Errors
/// The file can't be read.
pub(crate) fn from_file(text: &str) -> Result<String, String> {
    match text.strip_prefix('@') {
        Some(path) => Ok(read_text(Path::new(path))?.trim().to_owned()),
        None => Ok(text.trim().to_owned()),
    }
}

/// Returns the token that an option gives or whose file it names: `@file`.
///
/// # Errors
/// The file can't be read, or there is more than a token.
pub(crate) fn read_token(text: &str) -> Result<String, String> {
    let token = from_file(text)?;
    let scheme = token.split_once(' ').map(|(scheme, _)| scheme);
    if scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer")) {
        return Err("--token: give the token alone, without `Bearer`".to_owned());
    }
    Ok(token)
}

/// Reads a time.
///
/// # Errors
/// It is none.
pub(crate) fn read_seconds(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "write seconds since 1970, as `date +%s` prints them".to_owned())
}

/// Reads the mTLS identity of a caller, with or without `spiffe://`.
///
/// # Errors
/// It is none: it has no trust domain or no path.
fn read_principal(text: &str) -> Result<String, String> {
    let principal = text.strip_prefix("spiffe://").unwrap_or(text);
    let parts =
        principal.split_once('/').filter(|(domain, path)| !domain.is_empty() && !path.is_empty());
    if parts.is_none() || principal.contains([' ', '*']) {
        return Err("write a SPIFFE ID: spiffe://cluster.local/ns/shop/sa/web".to_owned());
    }
    Ok(principal.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_a_spiffe_id() {
        let principal = "cluster.local/ns/shop/sa/web";
        assert_eq!(read_principal(&format!("spiffe://{principal}")).as_deref(), Ok(principal));
        assert_eq!(read_principal(principal).as_deref(), Ok(principal));
        for text in [
            "",
            "foo",
            "shop",
            "spiffe://",
            "spiffe://a",
            "/ns/a",
            "a/",
            "cluster.local/ns/*/sa/web",
        ] {
            assert!(read_principal(text).is_err(), "{text}");
        }
    }
}
