//! The APIs of the gateway: which token each gets, and what is taken from its requests.

use super::header::header;
use super::serve::headers;
use super::{Checker, all};
use crate::config::document::{
    ApiDocument, CredentialDocument, Document, ModeWord, TokenPlaceDocument, VerifiedJwtDocument,
};
use crate::config::{Api, Credential, Mode, TokenPlace, VerifiedJwt};
use attache_config_reader::{List, NonEmpty, PathRef, Reported, quote};

/// What else the document has, for what an API refers to.
struct Known<'d> {
    /// Whether there is a `mint`, readable or not.
    mint: bool,
    /// The names of the providers; none where one of them could not be read.
    providers: Result<Vec<&'d str>, Reported>,
}

pub(super) fn apis(document: &Document, checker: &mut Checker) -> Result<Vec<Api>, Reported> {
    let list = document.apis.get()?;
    let at = &PathRef::Root.key("apis");
    if list.is_empty() {
        return Err(checker.error(at, "is empty; name an API, or use `id: \"*\"` for all"));
    }
    let ids = list.iter().filter_map(|(index, api)| Some((index, api.id.get().ok()?.as_str())));
    checker.unique(ids, at, "id", |id| format!("another API has the id {id}; give each one entry"));
    let providers = document.providers.iter().flat_map(List::iter);
    let known = Known {
        mint: document.mint.is_some() || checker.report.is_invalid(&PathRef::Root.key("mint")),
        providers: providers.map(|(_, provider)| provider.name.get().map(String::as_str)).collect(),
    };
    all(list.iter().map(|(index, document)| api(document, &at.index(index), &known, checker)))
}

fn api(
    document: &ApiDocument,
    at: &PathRef<'_>,
    known: &Known<'_>,
    checker: &mut Checker,
) -> Result<Api, Reported> {
    let id = document.id.get().and_then(|text| checker.text(text, &at.key("id")));
    let org_id = checker.optional_text(document.org_id.as_ref(), &at.key("orgId"));
    let audiences = document.audiences.get().and_then(|list| {
        checker.some_texts(list, &at.key("audiences"), "is empty; name who shall accept the token")
    });
    // What may stand beside a mode that could not be read is not known.
    let mode = checker.report.readable(&at.key("mode"));
    let mode = mode.and_then(|()| match document.mode.unwrap_or_default() {
        ModeWord::Exchange => exchange(document, audiences, at, known, checker),
        ModeWord::Mint => mint(document, audiences, at, known, checker),
    });
    let credential = match &document.credential {
        Some(document) => credential(document, &at.key("credential"), checker),
        None => {
            Ok(Credential { headers: vec!["Authorization".to_owned()], ..Credential::default() })
        }
    };
    if let (Ok(Mode::Mint { jwt: Some(_), .. }), Ok(credential)) = (&mode, &credential)
        && !(credential.cookies.is_empty() && credential.params.is_empty())
    {
        let message = "`jwt` reads a header, but the gateway prefers a cookie or parameter where it takes its JWT from one \
                       too: then nobody verified the header's; take the JWT from the header alone, there and here";
        checker.error(&at.key("jwt"), message);
    }
    Ok(Api { id: id?, org_id: org_id?, mode: mode?, credential: credential? })
}

fn mint(
    document: &ApiDocument,
    audiences: Result<NonEmpty<String>, Reported>,
    at: &PathRef<'_>,
    known: &Known<'_>,
    checker: &mut Checker,
) -> Result<Mode, Reported> {
    if !known.mint {
        let message = "mints tokens, but there is no `mint`; add it or use `mode: EXCHANGE`";
        checker.error(&at.key("mode"), message);
    }
    let of_exchange = [
        ("provider", document.provider.is_some()),
        ("scopes", document.scopes.is_some()),
        ("subjectToken", document.subject_token.is_some()),
    ];
    for (key, _) in of_exchange.into_iter().filter(|(_, is_given)| *is_given) {
        checker.error(&at.key(key), "goes with `mode: EXCHANGE` only; leave it out");
    }
    let jwt =
        document.jwt.as_ref().map(|jwt| verified_jwt(jwt, &at.key("jwt"), checker)).transpose();
    Ok(Mode::Mint { audiences: audiences?, jwt: jwt? })
}

fn exchange(
    document: &ApiDocument,
    audiences: Result<NonEmpty<String>, Reported>,
    at: &PathRef<'_>,
    known: &Known<'_>,
    checker: &mut Checker,
) -> Result<Mode, Reported> {
    if document.jwt.is_some() {
        checker.error(
            &at.key("jwt"),
            "goes with `mode: MINT` only; `subjectToken` says where the token is",
        );
    }
    let provider = provider(document, at, known, checker);
    let scopes = checker.texts(document.scopes.as_ref(), &at.key("scopes"));
    let subject_token = match &document.subject_token {
        Some(TokenPlaceDocument { header, prefix }) => {
            token_place(header.as_ref(), prefix.as_ref(), &at.key("subjectToken"), checker)
        }
        None => Ok(TokenPlace::default()),
    };
    Ok(Mode::Exchange {
        provider: provider?,
        audiences: audiences?,
        scopes: scopes?,
        subject_token: subject_token?,
    })
}

fn provider(
    document: &ApiDocument,
    at: &PathRef<'_>,
    known: &Known<'_>,
    checker: &mut Checker,
) -> Result<String, Reported> {
    let at_provider = at.key("provider");
    let Some(name) = &document.provider else {
        return Err(
            checker.error(&at_provider, "is missing; name the one that exchanges the token")
        );
    };
    let providers = known.providers.as_ref().map_err(|reported| *reported)?;
    if providers.contains(&name.as_str()) {
        return Ok(name.clone());
    }
    let message = match providers.as_slice() {
        [] => {
            format!("no provider is named {}: there are none; add it to `providers`", quote(name))
        }
        names => format!("no provider is named {}; known here: {}", quote(name), names.join(", ")),
    };
    Err(checker.error(&at_provider, message))
}

fn verified_jwt(
    document: &VerifiedJwtDocument,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<VerifiedJwt, Reported> {
    let place = token_place(document.header.as_ref(), document.prefix.as_ref(), at, checker);
    let identity_claim =
        checker.optional_text(document.identity_claim.as_ref(), &at.key("identityClaim"));
    Ok(VerifiedJwt {
        place: place?,
        identity_claim: identity_claim?.unwrap_or_else(|| "sub".to_owned()),
    })
}

fn token_place(
    name: Option<&String>,
    prefix: Option<&String>,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<TokenPlace, Reported> {
    let default = TokenPlace::default();
    let name = name.map_or(Ok(default.header), |name| header(name, &at.key("header"), checker))?;
    Ok(TokenPlace { header: name, prefix: prefix.cloned().unwrap_or(default.prefix) })
}

pub(super) fn credential(
    document: &CredentialDocument,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<Credential, Reported> {
    let headers = headers(document.headers.as_ref(), &at.key("headers"), checker);
    let cookies = checker.texts(document.cookies.as_ref(), &at.key("cookies"));
    let params = checker.texts(document.params.as_ref(), &at.key("params"));
    Ok(Credential { headers: headers?, cookies: cookies?, params: params? })
}
