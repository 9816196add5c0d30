//! What is typed is answered.

use crate::playground::Playground;
use serde_json::json;

const TAB: u32 = 9;

#[test]
fn the_verdict_follows_what_one_types() {
    let Some(mut playground) = Playground::open("") else { return };
    assert_eq!(playground.verdict(), "refused with 403: role-missing, by rule orders/read-orders");
    playground.type_into("claims", r#"{"sub": "alice", "roles": ["ops"], "org_id": "acme"}"#);
    assert_eq!(playground.verdict(), "allowed, by rule orders/read-orders");
    assert_eq!(playground.text("#answer pre"), "+ x-sub: alice\n+ x-org-id: acme\n");
    playground.type_into("request", "POST /orders/7");
    assert_eq!(playground.verdict(), "refused with 403: role-missing, by rule orders/write-orders");
    let failed = playground.text("#answer .rules > li:nth-child(3)");
    assert!(failed.ends_with(r#"roles.anyOf is ["writer"]: the token has ops"#), "{failed}");
    playground.type_into("request", "orders");
    assert!(playground.text("#problem").contains("begins with `/`"));
    assert_eq!(playground.verdict(), "There is no such request.");
    playground.must_be_quiet();
}

#[test]
fn an_error_stands_at_its_line_and_column_and_leads_there() {
    let Some(mut playground) = Playground::open("") else { return };
    let text = "issuers:\n- name: tyk\n  issuer: https://tyk.example.com\n  jwksUri: https://tyk.example.com/keys\n  \
                audience: [orders]\n";
    playground.type_into("configuration", text);
    assert_eq!(playground.text("#findings-summary"), "1 error, 0 warnings");
    let said = playground.text("#findings li");
    assert_eq!(said, "5:3errorunknown key `audience`did you mean `audiences`?issuers[0].audience");
    assert_eq!(playground.text("#gutter .error"), "5\n");
    assert_eq!(playground.verdict(), "The filter refuses this configuration.");
    playground.page.evaluate("document.querySelector('#findings button').click()");
    let selected =
        "configuration.value.slice(configuration.selectionStart, configuration.selectionEnd)";
    let selected = format!(
        "(() => {{ const configuration = document.getElementById('configuration'); return {selected} }})()"
    );
    assert_eq!(playground.page.evaluate(&selected), "audience");
    playground.type_into("configuration", &text.replace("audience:", "audiences:"));
    assert_eq!(playground.text("#findings-summary"), "0 errors, 0 warnings");
    playground.must_be_quiet();
}

#[test]
fn columns_count_characters_whatever_they_take_in_utf_16() {
    let Some(mut playground) = Playground::open("") else { return };
    playground.type_into("configuration", "issuers: [{name: '𝔸𝔹', nam: x}]\n");
    let place = "Array.from(document.querySelectorAll('#findings li')).find((li) => li.textContent.includes('`nam`'))";
    playground.page.evaluate(&format!("{place}.querySelector('button').click()"));
    let selected = "document.getElementById('configuration')";
    let selected =
        format!("{selected}.value.slice({selected}.selectionStart, {selected}.selectionEnd)");
    assert_eq!(playground.page.evaluate(&selected), "nam");
}

#[test]
fn an_example_fills_the_form() {
    let Some(mut playground) = Playground::open("") else { return };
    let chosen = "(() => { const choice = document.getElementById('example'); choice.value = '1';
        choice.dispatchEvent(new Event('input', { bubbles: true }));
        choice.dispatchEvent(new Event('change', { bubbles: true })); })()";
    playground.page.evaluate(chosen);
    playground.wait();
    assert_eq!(playground.verdict(), "allowed, by rule orders/read");
    playground.fill(&json!({"caller": "cluster.local/ns/shop/sa/web"}));
    assert_eq!(playground.explanation()["decision"]["reason"], "presenter-not-allowed");
    playground.must_be_quiet();
}

#[test]
fn the_keyboard_reaches_every_field_and_each_has_a_name() {
    let Some(mut playground) = Playground::open("") else { return };
    playground.page.evaluate("document.getElementById('more').open = true");
    let nameless = "Array.from(document.querySelectorAll('input, textarea, select, button')).filter((field) =>
        field.checkVisibility() && !field.labels?.length && !field.textContent.trim()).map((field) => field.outerHTML)";
    assert_eq!(playground.page.evaluate(nameless), json!([]));
    let reachable =
        "Array.from(document.querySelectorAll('input:not([type=radio]), textarea, select, #link, #command'))
        .filter((field) => field.checkVisibility()).length";
    let reachable = playground.page.evaluate(reachable).as_u64().expect("a number");
    assert!(reachable > 12, "{reachable}");
    playground.page.evaluate(
        "document.activeElement.blur(); window.reached = new Set();
        document.addEventListener('focusin', (event) => window.reached.add(event.target));",
    );
    for _ in 0..60 {
        playground.page.press("Tab", TAB);
    }
    let missed = "Array.from(document.querySelectorAll('input:not([type=radio]), textarea, select, #link, #command'))
        .filter((field) => field.checkVisibility() && !window.reached.has(field)).map((field) => field.id || field.name)";
    assert_eq!(playground.page.evaluate(missed), json!([]));
}

#[test]
fn of_many_rules_the_one_that_matches_is_shown() {
    let Some(mut playground) = Playground::open("") else { return };
    let rule =
        |number| json!({"name": format!("r{number}"), "to": [{"paths": [format!("/{number}")]}]});
    let rules: Vec<_> = (0..1000).map(rule).collect();
    let issuer = json!({"name": "tyk", "issuer": "https://tyk.example", "jwksUri": "https://tyk.example/keys"});
    let configuration = json!({"issuers": [issuer], "policies": [{"name": "p", "rules": rules}]});
    playground.fill(&json!({
        "configuration": configuration.to_string(),
        "request": "GET /999",
        "credential": "claims",
        "claims": r#"{"sub": "a"}"#,
    }));
    assert_eq!(playground.verdict(), "allowed, by rule p/r999");
    assert!(playground.text(".rules > li.allows").contains("p/r999 (ALLOW) matches"));
    assert_eq!(
        playground.text(".rules > li.left-out"),
        "… and 500 more, which the command line tells"
    );
}
