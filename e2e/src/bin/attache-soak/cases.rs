//! The requests of the load, each with the answer that it must get.

use crate::world::{Pass, World};
use anyhow::Result;
use attache_test_fixtures::token::{self, Tamper, TokenSpec};
use serde_json::json;
use std::rc::Rc;

/// A request and what must come of it.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) token: Option<String>,
    pub(crate) expected: Expected,
}

/// The answer that a request must get.
pub(crate) enum Expected {
    /// 200, and the service sees this user, or none.
    Served(Option<&'static str>),
    /// This status and this reason.
    Refused(u16, &'static str),
    /// 200 while the provider serves the key, 401 once it is gone.
    Pass(Rc<Pass>),
    /// What `/toggle` is at this moment.
    Toggled,
}

const KINDS: u64 = 16;

/// The case for a random number; `None` where there is none of its kind now.
pub(crate) fn choose(world: &World, random: u64) -> Result<Option<Case>> {
    let case = |name, method, path, token, expected| {
        Ok(Some(Case { name, method, path, token, expected }))
    };
    let good = |claims| world.fixed_token(claims).map(Some);
    let tampered = |tamper| {
        TokenSpec { tamper: vec![tamper], ..TokenSpec::default() }
            .mint_with(&world.fixed, token::now())
            .map(Some)
    };
    let passes = |published: bool| {
        let passes = world.passes.borrow();
        let fit: Vec<_> = passes.iter().filter(|pass| pass.published.get() == published).collect();
        let index = usize::try_from(random >> 8).unwrap_or(0).checked_rem(fit.len())?;
        fit.get(index).map(|pass| Rc::clone(pass))
    };
    match random % KINDS {
        0..=3 => match passes(true) {
            None => Ok(None),
            Some(pass) => case(
                "a key that is served",
                "GET",
                "/orders/7",
                Some(pass.token.clone()),
                Expected::Pass(pass),
            ),
        },
        4 => match passes(false) {
            None => Ok(None),
            Some(pass) => case(
                "a key that is gone",
                "GET",
                "/orders",
                Some(pass.token.clone()),
                Expected::Pass(pass),
            ),
        },
        5 => case("good", "GET", "/orders", good(json!({}))?, Expected::Served(Some("alice"))),
        6 => {
            let token = good(json!({"jti": format!("{random:x}")}))?;
            case("good and new", "GET", "/orders", token, Expected::Served(Some("alice")))
        }
        7 => case("public", "GET", "/healthz", Some("a.b.c".to_owned()), Expected::Served(None)),
        8 => case("none", "GET", "/orders", None, Expected::Refused(401, "token-missing")),
        9 => {
            let token = tampered(Tamper::Signature)?;
            case(
                "bad signature",
                "GET",
                "/orders",
                token,
                Expected::Refused(401, "signature-invalid"),
            )
        }
        10 => {
            let token = good(json!({"exp": token::now() - 600}))?;
            case("expired", "GET", "/orders", token, Expected::Refused(401, "token-expired"))
        }
        11 => {
            let token = TokenSpec::default().mint_with(&world.stranger, token::now())?;
            case(
                "a stranger's key",
                "GET",
                "/orders",
                Some(token),
                Expected::Refused(401, "key-not-found"),
            )
        }
        12 => case(
            "no role",
            "POST",
            "/orders",
            good(json!({}))?,
            Expected::Refused(403, "role-missing"),
        ),
        13 => {
            let token = good(json!({"roles": ["writer"]}))?;
            case("with the role", "POST", "/orders", token, Expected::Served(Some("alice")))
        }
        14 => case(
            "ambiguous",
            "GET",
            "/orders/1%2f2",
            good(json!({}))?,
            Expected::Refused(400, "path-ambiguous"),
        ),
        _ => case("toggle", "GET", "/toggle", good(json!({}))?, Expected::Toggled),
    }
}
