//! Requests by chance, from the same alphabets as the configurations.

use crate::explain::Client;
use crate::symbolic::witness::{TokenPlace, Witness, WitnessToken};
use fastrand::Rng;
use serde_json::{Map, Value, json};

const PATHS: [&str; 19] = [
    "/", "/a", "/A", "/a/", "/a/b", "/a/b/", "/A/B", "/b", "/B/", "/x", "/x/b", "/x/b/", "/x.css",
    "/u/a", "/u/A", "/u/5", "/u/x/b", "/u/ab/", "/u/p:a",
];
const METHODS: [&str; 4] = ["GET", "POST", "DELETE", "PATCH"];
const HOSTS: [&str; 8] = [
    "a.test",
    "a.test:80",
    "b.a.test:8080",
    "b.a.test",
    "other",
    "service",
    "10.0.0.1",
    "A.Test.:443",
];
const PRINCIPALS: [&str; 6] =
    ["td/ns/a/sa/x", "td/ns/a/sa/y", "td/ns/b/sa/x", "other/ns/b/sa/z", "gateway", "td/ns/c/sa/w"];
const ADDRESSES: [&str; 6] =
    ["10.0.0.1", "10.0.9.9", "10.1.0.1", "192.168.0.1", "2001:db8::1", "1.1.1.1"];

/// Makes a request.
pub(super) fn request(random: &mut Rng) -> Witness {
    let one = |random: &mut Rng, of: &[&str]| random.choice(of.iter().copied()).unwrap().to_owned();
    let rarely = |random: &mut Rng| random.u8(..4) == 0;
    let mut client = Client::default();
    if random.bool() {
        client.principal = Some(one(random, &PRINCIPALS));
    }
    let address = one(random, &ADDRESSES).parse().ok();
    match random.u8(..4) {
        0 => {}
        1 => client.client_address = address,
        _ => client.address = address,
    }
    client.port = rarely(random).then_some(80);
    let headers =
        (0..random.usize(..3)).map(|_| ("x-claim".to_owned(), one(random, &["a", "b", "5", "x"])));
    let headers = headers.collect();
    let (method, path, host) = (one(random, &METHODS), one(random, &PATHS), one(random, &HOSTS));
    let token = (random.u8(..5) > 0).then(|| WitnessToken {
        issuer: vec![usize::from(rarely(random)); 2],
        issuer_name: String::new(),
        place: TokenPlace::Header(String::new(), String::new()),
        claims: claims(random),
    });
    Witness { method, path, host, client, headers, token }
}

fn claims(random: &mut Rng) -> Map<String, Value> {
    let mut claims = Map::new();
    for name in ["one", "other", "more", "realm", "roles", "scope"] {
        if random.bool() {
            claims.insert(name.to_owned(), value(random, name));
        }
    }
    if random.bool() {
        claims.insert(
            "sub".to_owned(),
            random.choice(["a", "ab", "b", "x", "p:a", "5", "A"]).unwrap().into(),
        );
    }
    claims
}

fn value(random: &mut Rng, name: &str) -> Value {
    let roles = |random: &mut Rng| -> Vec<&str> {
        ["r0", "r1", "r2", "r3", "r4", "2"].into_iter().filter(|_| random.u8(..3) == 0).collect()
    };
    match name {
        "realm" => match random.u8(..4) {
            0 => json!({}),
            1 => json!("a"),
            _ => json!({"roles": roles(random)}),
        },
        "roles" | "more" if random.u8(..4) > 0 => {
            if random.u8(..4) == 0 {
                roles(random)
                    .into_iter()
                    .map(|role| (role.to_owned(), json!(true)))
                    .collect::<Map<_, _>>()
                    .into()
            } else {
                json!(roles(random))
            }
        }
        "scope" => json!(roles(random).join(" ")),
        _ => {
            let scalar = |random: &mut Rng| {
                let all = [
                    json!("a"),
                    json!("b"),
                    json!("c"),
                    json!("ab"),
                    json!("x"),
                    json!(true),
                    json!(false),
                    json!("true"),
                    json!(5),
                    json!("5"),
                    json!(4),
                    json!(6.5),
                    json!(9),
                    json!("9"),
                    json!("p:x"),
                ];
                random.choice(all).unwrap()
            };
            match random.u8(..6) {
                0 => json!([]),
                1 => json!([scalar(random)]),
                2 => json!([scalar(random), scalar(random)]),
                3 if name == "one" => json!({"two": scalar(random)}),
                _ => scalar(random),
            }
        }
    }
}
