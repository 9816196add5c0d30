//! The APIs of the gateway: which token each gets, and what is taken from its requests.

use super::read::{Node, Section, all, same_before};
use super::serve::header;

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
        /// `aud`; never empty.
        audiences: Vec<String>,
        /// The JWT of the caller, where the gateway verified one: rules may take its claims.
        jwt: Option<VerifiedJwt>,
    },
    /// The caller's own token is swapped for another at a provider (RFC 8693).
    Exchange {
        /// The provider's name.
        provider: String,
        /// `audience` of the request, and what the new token's `aud` must hold; never empty.
        audiences: Vec<String>,
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
    /// The claim that the gateway takes the identity from; it must equal the session's alias, so that the claims and the
    /// session are known to be of one caller.
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

/// What else the document has, for what an API refers to.
pub(super) struct Known {
    /// Whether there is a `mint`.
    pub mint: bool,
    /// The names of the providers.
    pub providers: Vec<String>,
}

pub(super) fn apis(node: &Node<'_>, known: &Known) -> Option<Vec<Api>> {
    let nodes = node.items()?;
    if nodes.is_empty() {
        return node.wrong("is empty; name an API, or use `id: \"*\"` for all");
    }
    for (node, id) in same_before(&nodes, "id") {
        let _: Option<()> = node.wrong(format!("another API has the id `{id}`; give each one entry"));
    }
    all(nodes.iter().map(|node| api(node, known)))
}

fn api(node: &Node<'_>, known: &Known) -> Option<Api> {
    let mut section = node.section()?;
    let id = section.need("id").and_then(|node| node.text());
    let org_id = section.maybe("orgId", Node::text);
    let exchange = section.or("mode", false, |node| node.word(&[("MINT", false), ("EXCHANGE", true)]));
    let audiences = section.need("audiences").and_then(|node| {
        let audiences = node.texts()?;
        if audiences.is_empty() {
            node.wrong("is empty; name who shall accept the token")
        } else {
            Some(audiences)
        }
    });
    let mode = match exchange {
        Some(true) => exchange_mode(&mut section, audiences, known),
        Some(false) => {
            if !known.mint {
                let _: Option<()> = section
                    .below("mode")
                    .wrong("mints tokens, but there is no `mint`; add it or use `mode: EXCHANGE`");
            }
            section.maybe("jwt", verified_jwt).and_then(|jwt| Some(Mode::Mint { audiences: audiences?, jwt }))
        }
        // Asked for so that a wrong mode doesn't make its neighbours unknown too.
        None => {
            for key in ["provider", "scopes", "subjectToken", "jwt"] {
                section.get(key);
            }
            None
        }
    };
    let credential = section.or("credential", authorization(), credential);
    if let (Some(Mode::Mint { jwt: Some(_), .. }), Some(credential)) = (&mode, &credential)
        && !(credential.cookies.is_empty() && credential.params.is_empty())
    {
        let _: Option<()> = section.below("jwt").wrong(
            "`jwt` reads a header, but the gateway prefers a cookie or parameter where it takes its JWT from one too: then \
             nobody verified the header's; take the JWT from the header alone, there and here",
        );
    }
    section.end();
    Some(Api { id: id?, org_id: org_id?, mode: mode?, credential: credential? })
}

fn exchange_mode(section: &mut Section<'_>, audiences: Option<Vec<String>>, known: &Known) -> Option<Mode> {
    let provider = section.need("provider").and_then(|node| {
        let name = node.text()?;
        if known.providers.contains(&name) {
            Some(name)
        } else {
            node.wrong(format!("no provider is named `{name}`; known here: {}", known.providers.join(", ")))
        }
    });
    let scopes = section.or("scopes", Vec::new(), Node::texts);
    let subject_token = section.or("subjectToken", TokenPlace::default(), |node| {
        let mut section = node.section()?;
        let place = token_place(&mut section);
        section.end();
        place
    });
    Some(Mode::Exchange {
        provider: provider?,
        audiences: audiences?,
        scopes: scopes?,
        subject_token: subject_token?,
    })
}

fn verified_jwt(node: &Node<'_>) -> Option<VerifiedJwt> {
    let mut section = node.section()?;
    let place = token_place(&mut section);
    let identity_claim = section.or("identityClaim", "sub".to_owned(), Node::text);
    section.end();
    Some(VerifiedJwt { place: place?, identity_claim: identity_claim? })
}

fn token_place(section: &mut Section<'_>) -> Option<TokenPlace> {
    let default = TokenPlace::default();
    let header = section.or("header", default.header, header);
    let prefix = section.or("prefix", default.prefix, Node::any_text);
    Some(TokenPlace { header: header?, prefix: prefix? })
}

fn authorization() -> Credential {
    Credential { headers: vec!["Authorization".to_owned()], ..Credential::default() }
}

pub(super) fn credential(node: &Node<'_>) -> Option<Credential> {
    let mut section = node.section()?;
    let headers = section.or("headers", Vec::new(), |node| all(node.items()?.iter().map(header)));
    let cookies = section.or("cookies", Vec::new(), Node::texts);
    let params = section.or("params", Vec::new(), Node::texts);
    section.end();
    Some(Credential { headers: headers?, cookies: cookies?, params: params? })
}
