//! The APIs of the gateway: which token each gets, and what is taken from its requests.

use attache_config_reader::NonEmpty;

/// One API of the gateway.
#[derive(Clone, Debug)]
pub struct Api {
    /// Its `api_id` in the gateway, or `*` for all that are not named.
    pub id: String,
    /// The organisation that the session must belong to; absent: any.
    pub org_id: Option<String>,
    /// Where its token comes from.
    pub mode: Mode,
    /// Where the client puts its credential; it is taken away.
    pub credential: Credential,
}

/// Where an API's token comes from.
#[derive(Clone, Debug)]
pub enum Mode {
    /// It is made here, from the session.
    Mint {
        /// `aud`.
        audiences: NonEmpty<String>,
        /// The JWT of the caller, where the gateway verified one: rules may take its claims.
        jwt: Option<VerifiedJwt>,
    },
    /// The caller's own token is swapped for another at a provider (RFC 8693).
    Exchange {
        /// The provider's name.
        provider: String,
        /// `audience` of the request, and what the new token's `aud` must hold.
        audiences: NonEmpty<String>,
        /// `scope` of the request.
        scopes: Vec<String>,
        /// Where the caller's token is found.
        subject_token: TokenPlace,
    },
}

/// A JWT of the caller that the gateway verified.
#[derive(Clone, Debug)]
pub struct VerifiedJwt {
    /// Where it is found.
    pub place: TokenPlace,
    /// The claim that the gateway takes the identity from; it must equal the session's alias, so
    /// that the claims and the session are known to be of one caller.
    pub identity_claim: String,
}

/// A header that holds a token.
#[derive(Clone, Debug)]
pub struct TokenPlace {
    /// The header, as the gateway writes it.
    pub header: String,
    /// What stands before the token, compared without letter case; may be empty.
    pub prefix: String,
}

impl Default for TokenPlace {
    fn default() -> Self {
        Self { header: "Authorization".to_owned(), prefix: "Bearer ".to_owned() }
    }
}

/// Places in a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credential {
    /// Headers, as the gateway writes them.
    pub headers: Vec<String>,
    /// Cookies.
    pub cookies: Vec<String>,
    /// Query parameters.
    pub params: Vec<String>,
}
