//! How the page looks.

use crate::playground::{Playground, root};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use serde_json::json;

/// The elements whose text stands out less than WCAG 2.2 asks at level AA (1.4.3): less than 4.5 to
/// 1 against what is behind.
const TOO_FAINT: &str = r"(() => {
    const channels = (color) => color.match(/[\d.]+/g).map(Number);
    const luminance = ([red, green, blue]) => {
        const linear = [red, green, blue].map((value) => value / 255)
            .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    };
    const behind = (element) => {
        for (let at = element; at !== null; at = at.parentElement) {
            const color = channels(getComputedStyle(at).backgroundColor);
            if (color.length === 3 || color[3] === 1) { return color; }
        }
        throw new Error('nothing is behind');
    };
    const hasText = (element) => element.checkVisibility() && (element.matches('input, textarea, select')
        || Array.from(element.childNodes).some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== ''));
    const elements = Array.from(document.body.querySelectorAll('*')).filter(hasText);
    const ratio = (element) => {
        const [one, other] = [channels(getComputedStyle(element).color), behind(element)].map(luminance);
        return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    };
    const faint = elements.filter((element) => ratio(element) < 4.5);
    return { looked: elements.length, faint: faint.map((element) => `${element.outerHTML.slice(0, 80)} ${ratio(element)}`) };
})()";

fn in_scheme(playground: &mut Playground, scheme: &str) {
    let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
    playground.page.call("Emulation.setEmulatedMedia", &media);
}

#[test]
fn every_text_stands_out_in_light_and_in_dark() {
    let Some(mut playground) = Playground::open("") else { return };
    let wrong = "issuers: [{name: x, issuer: https://x.example, jwksUri: https://x.example/k}]\npolicies: []\nresponse: {}\n";
    let refused = json!({"request": "GET /orders/7"});
    let allowed = json!({"claims": r#"{"sub": "a", "roles": ["ops"]}"#});
    let asked_wrongly = json!({"port": "x"});
    let unreadable = json!({"port": "", "configuration": wrong});
    playground
        .page
        .evaluate("for (const part of document.querySelectorAll('details')) { part.open = true; }");
    let mut backgrounds = Vec::new();
    for fields in [refused, allowed, asked_wrongly, unreadable] {
        playground.fill(&fields);
        for scheme in ["light", "dark"] {
            in_scheme(&mut playground, scheme);
            let told = playground.page.evaluate(TOO_FAINT);
            assert_eq!(told["faint"], json!([]), "{scheme}: {fields}");
            assert!(told["looked"].as_u64().is_some_and(|looked| looked > 40), "{told}");
            backgrounds
                .push(playground.page.evaluate("getComputedStyle(document.body).backgroundColor"));
        }
    }
    assert_ne!(backgrounds[0], backgrounds[1], "dark is as light");
}

#[test]
fn a_narrow_window_has_one_column_and_nothing_beside_it() {
    let Some(mut playground) = Playground::sized("", 500, 900) else { return };
    let beside = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    assert_eq!(playground.page.evaluate(beside), 0);
}

/// Takes the picture of the docs; where `ATTACHE_SCREENSHOT` names a file, it is written there:
/// `ATTACHE_SCREENSHOT=docs/playground.png cargo test -p attache-playground --test browser screenshot`.
#[test]
fn a_screenshot_is_small_enough_for_a_page_of_the_docs() {
    let Some(mut playground) = Playground::sized("", 1200, 780) else { return };
    let taken = playground.page.call("Page.captureScreenshot", &json!({"format": "png"}));
    let picture = BASE64.decode(taken["data"].as_str().expect("a picture")).expect("base64");
    assert!(picture.starts_with(b"\x89PNG"), "no PNG");
    assert!((20_000..200_000).contains(&picture.len()), "{} bytes", picture.len());
    if let Some(file) = std::env::var_os("ATTACHE_SCREENSHOT") {
        std::fs::write(root().join(file), picture).expect("it can be written");
    }
}
