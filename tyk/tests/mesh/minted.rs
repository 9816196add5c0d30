//! A session becomes a token that the filter accepts; the roles of its policies decide.

use crate::envoy::{Envoy, filter_config};
use crate::service::{echo, send};
use attache_test_issuer::{ISSUER, Issuer, key_folder, minting, outcome, post, session};

#[tokio::test]
#[ignore = "needs an Envoy and the module: run scripts/test-tyk"]
async fn the_roles_of_a_sessions_policies_decide_in_the_mesh() {
    let keys = key_folder();
    let config =
        minting(keys.path(), "").replace("claims: [", "claims: [{claim: org_id, from: ORG_ID}, ");
    let issuer = Issuer::start(&config).await;
    let (_, jwks) = issuer.get("/jwks.json").await;
    let envoy = Envoy::start(&filter_config(ISSUER, &jwks, "roles"), echo().await).await;
    let url = format!("http://{}/list", envoy.address);
    println!(
        "{:<28}{:<12}{:>7}  what the service saw",
        "policies of the session", "request", "answer"
    );
    for (policies, method, status, roles) in [
        (&["p-read"][..], "GET", 200, Some("reader")),
        (&["p-read"], "POST", 403, None),
        (&["p-read", "p-write"], "GET", 200, Some("reader,writer")),
        (&["p-read", "p-write"], "POST", 200, Some("reader,writer")),
        (&[], "GET", 403, None),
    ] {
        let object = post("orders", Some(session("k1", policies)), &[("Authorization", "k1")]);
        let token =
            outcome(&issuer.client().await.dispatch(object).await.unwrap().into_inner()).unwrap();
        let bearer = format!("Bearer {token}");
        let headers =
            [("authorization", bearer.as_str()), ("x-roles", "admin"), ("x-user", "root")];
        let answer = send(method, &url, &headers, None).await;
        let saw = answer.saw("x-roles").unwrap_or("nothing");
        println!(
            "{:<28}{:<12}{:>7}  {saw}",
            policies.join(", "),
            format!("{method} /list"),
            answer.status
        );
        assert_eq!(answer.status, status, "{policies:?} {method}: {}", answer.body);
        assert_eq!(answer.saw("x-roles"), roles);
        if status == 200 {
            assert_eq!(answer.saw("x-user"), Some("alias:acme:shop"));
            assert_eq!(answer.saw("x-tenant"), Some("acme"));
            assert_eq!(answer.saw("authorization"), None, "the token ends at the filter");
        }
    }
    assert_eq!(send("GET", &url, &[], None).await.status, 401);
    assert_eq!(send("GET", &url, &[("authorization", "Bearer k1")], None).await.status, 401);
}
