//! Facts that a verdict depends on, and that a log line does not hold.

use std::fmt;

/// A fact that is missing, in the order in which they are told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Need {
    /// The method: there, but cut off or escaped, or a header asked for another.
    Method,
    /// The path: the same.
    Path,
    /// The host: the same.
    Host,
    /// Whether there was a token, and a good one.
    Token,
    /// An issuer of this name, which the configuration has not.
    Issuer(String),
    /// The token's roles, which these claims hold.
    Roles(Vec<String>),
    /// A claim.
    Claim(String),
    /// A header.
    Header(String),
    /// The caller's mTLS principal.
    Caller,
    /// The port.
    Port,
    /// The address of the direct peer.
    Address,
    /// The address of the client.
    ClientAddress,
    /// Whether it was a browser's preflight request.
    Preflight,
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Method => {
                f.write_str("the method, whole and with the headers that ask for another")
            }
            Self::Path => f.write_str("the path, which the line has cut off or escaped"),
            Self::Host => f.write_str("the host, whole and with the headers beside it"),
            Self::Token => f.write_str("whether there was a good token"),
            Self::Issuer(name) => write!(f, "the token: the configuration has no issuer `{name}`"),
            Self::Roles(claims) => write!(f, "the token's roles (claim {})", claims.join(", ")),
            Self::Claim(claim) => write!(f, "claim {claim}"),
            Self::Header(name) => write!(f, "header {name}"),
            Self::Caller => f.write_str("the mTLS caller"),
            Self::Port => f.write_str("the port"),
            Self::Address => f.write_str("the direct peer's address"),
            Self::ClientAddress => f.write_str("the client's address"),
            Self::Preflight => f.write_str(
                "headers origin and access-control-request-method, which a preflight request has",
            ),
        }
    }
}

impl Need {
    /// Returns how the next log, or the command line of `why`, can give it; `None` where neither
    /// can.
    pub(crate) fn remedy(&self) -> Option<String> {
        match self {
            Self::Roles(claims) => Some(format!(
                "--claims, or `audit: {{claims: [{}]}}` for later lines",
                claims.join(", ")
            )),
            Self::Claim(claim) => {
                Some(format!("--claims, or `audit: {{claims: [{claim}]}}` for later lines"))
            }
            Self::Token | Self::Issuer(_) => Some("--token or --claims".to_owned()),
            Self::Header(_) | Self::Preflight => Some("--header".to_owned()),
            Self::Caller => Some("--caller".to_owned()),
            Self::Port => Some("--port".to_owned()),
            Self::Address => Some("--address".to_owned()),
            Self::ClientAddress => Some("--client-address".to_owned()),
            Self::Path => Some("--request".to_owned()),
            Self::Method | Self::Host => None,
        }
    }
}
