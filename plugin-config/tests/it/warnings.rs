//! What is valid and yet hardly meant.

use crate::support::accepts;
use serde_json::{Value, json};

/// The places that are warned of where two issuers have these members besides.
fn warned(one: Value, other: Value) -> Vec<String> {
    let key = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "a", "alg": "EdDSA",
        "x": "csxSoev5_JPOBZvlFordEWcwYGtxpCUI09rFPI3m610"}]});
    let issuer = |name: &str, more: Value| {
        let mut issuer =
            json!({"name": name, "issuer": format!("https://{name}.example"), "jwks": key});
        issuer
            .as_object_mut()
            .expect("an object")
            .extend(more.as_object().expect("an object").clone());
        issuer
    };
    let config = accepts(&json!({"issuers": [issuer("own", one), issuer("partner", other)]}));
    config.warnings.into_iter().map(|warning| warning.to_string()).collect()
}

fn writes(prefix: Option<&str>, headers: Value) -> Value {
    let mut issuer = json!({"outputClaimToHeaders": headers});
    if let Some(prefix) = prefix {
        issuer["subjectPrefix"] = json!(prefix);
    }
    issuer
}

/// An issuer whose tokens are of one tenant.
fn of_tenant(tenant: &str, headers: Value) -> Value {
    json!({"claims": [{"claim": "org_id", "equals": tenant}], "outputClaimToHeaders": headers})
}

#[test]
fn two_issuers_that_may_write_one_identity_are_warned_of() {
    let user = || json!([{"header": "x-user", "claim": "sub"}]);
    let place = "issuers[1].outputClaimToHeaders[0].header: issuer `own` writes `x-user` too, so the service can't \
                 tell whose word it is; ";
    for (one, other) in [
        (writes(None, user()), writes(None, user())),
        // `partner:alice` may be a subject of the first.
        (writes(None, user()), writes(Some("partner:"), user())),
        (writes(Some("a:"), user()), writes(Some("a:b:"), user())),
        (writes(Some("a:"), user()), writes(Some("a:"), user())),
        // Both may be of one tenant.
        (of_tenant("acme", user()), of_tenant("acme", user())),
        (of_tenant("acme", user()), writes(None, user())),
        // No prefix makes e-mail addresses differ.
        (
            writes(Some("a:"), user()),
            writes(Some("b:"), json!([{"header": "x-user", "claim": "email"}])),
        ),
    ] {
        let warnings = warned(one, other);
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].starts_with(place), "{warnings:?}");
    }
}

#[test]
fn issuers_that_can_be_told_apart_are_not() {
    let user = || json!([{"header": "x-user", "claim": "sub"}]);
    let with_tenant =
        || json!([{"header": "x-user", "claim": "sub"}, {"header": "x-tenant", "claim": "org_id"}]);
    let with_issuer =
        || json!([{"header": "x-user", "claim": "sub"}, {"header": "x-issuer", "claim": "iss"}]);
    for (one, other) in [
        (writes(Some("own:"), user()), writes(Some("partner:"), user())),
        (writes(None, with_issuer()), writes(None, with_issuer())),
        (of_tenant("acme", with_tenant()), of_tenant("globex", with_tenant())),
        (writes(None, user()), writes(None, json!([{"header": "x-partner-user", "claim": "sub"}]))),
        (
            json!({"outputPayloadToHeader": "x-payload"}),
            json!({"outputPayloadToHeader": "x-payload"}),
        ),
    ] {
        assert_eq!(warned(one, other), [""; 0]);
    }
}
