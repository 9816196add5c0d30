//! Writes what the fuzzer begins with.

use anyhow::Result;
use attache_e2e::{repository, yaml};
use attache_test_fixtures::keys::{SigningKey, jwks};
use attache_test_vectors::published;
use clap::Parser;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Writes what the fuzzer begins with.
///
/// Seeds come from the published test vectors that this machine has, and from the example
/// configurations and scenarios.
#[derive(Parser)]
struct Arguments {
    /// Gets a folder for each target that has seeds.
    folder: PathBuf,
}

#[derive(Default)]
struct Seeds {
    configuration: BTreeSet<Vec<u8>>,
    jwks: BTreeSet<Vec<u8>>,
    token: BTreeSet<Vec<u8>>,
}

/// How many good tokens the target `token` knows.
const GOOD_TOKENS: u8 = 9;

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let mut seeds = Seeds::default();
    for name in [
        "wycheproof",
        "ietf-jose-cookbook",
        "JSONTestSuite/test_parsing",
        "JSONTestSuite/test_transform",
    ] {
        if let Some(folder) = published(name) {
            seeds.add_files(&folder)?;
        }
    }
    for folder in ["plugin-config/examples", "e2e/scenarios", "e2e/demo"] {
        seeds.add_configurations(&repository().join(folder))?;
    }
    let keys: Vec<SigningKey> = ["p256", "p384", "rsa", "ed25519"]
        .into_iter()
        .map(SigningKey::fixed)
        .collect::<Result<_>>()?;
    seeds.jwks.insert(jwks(&keys)?.to_string().into_bytes());
    for which in 0..GOOD_TOKENS {
        seeds.token.insert(vec![0, which]);
        seeds.token.insert(vec![0, which, 0, 0, 50, b'A']);
    }
    let claims = br#"{"iss":"https://issuer.example","aud":"mesh","exp":1767226000}"#;
    let headers = [
        r#"{"alg":"ES256"}"#,
        r#"{"alg":"EdDSA","kid":"ed25519"}"#,
        r#"{"alg":"HS256","kid":"p256"}"#,
    ];
    for header in headers {
        for which in 0..4 {
            seeds.token.insert([[1, which].as_slice(), header.as_bytes(), b"\n", claims].concat());
        }
    }
    seeds.write(&arguments.folder)
}

impl Seeds {
    fn add_files(&mut self, folder: &Path) -> Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                self.add_files(&path)?;
            } else if path.extension().is_some_and(|extension| extension == "json") {
                let bytes = fs::read(&path)?;
                if bytes.len() <= 4096 {
                    self.configuration.insert(bytes.clone());
                    self.token
                        .insert([[1, 0].as_slice(), bytes.as_slice(), b"\n{}".as_slice()].concat());
                    self.token.insert(
                        [[1, 0].as_slice(), br#"{"alg":"ES256"}"#, b"\n".as_slice(), &bytes]
                            .concat(),
                    );
                }
                if let Ok(value) = serde_json::from_slice(&bytes) {
                    self.add_value(&value);
                }
            }
        }
        Ok(())
    }

    /// Tokens and keys, wherever they stand.
    fn add_value(&mut self, value: &Value) {
        match value {
            Value::String(text) if text.matches('.').count() >= 2 && text.starts_with("ey") => {
                self.token.insert(text.clone().into_bytes());
            }
            Value::Array(items) => items.iter().for_each(|item| self.add_value(item)),
            Value::Object(members) => {
                if members.contains_key("kty") {
                    self.jwks.insert(json!({"keys": [value]}).to_string().into_bytes());
                }
                if members.contains_key("keys") {
                    self.jwks.insert(value.to_string().into_bytes());
                }
                members.values().for_each(|member| self.add_value(member));
            }
            _ => {}
        }
    }

    /// A file is a configuration, or a scenario that holds one.
    fn add_configurations(&mut self, folder: &Path) -> Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "yaml") {
                let document = yaml::read(&path)?;
                let configuration = document.get("configuration").unwrap_or(&document);
                self.configuration.insert(configuration.to_string().into_bytes());
            }
        }
        Ok(())
    }

    fn write(&self, folder: &Path) -> Result<()> {
        for (target, seeds) in
            [("configuration", &self.configuration), ("jwks", &self.jwks), ("token", &self.token)]
        {
            let folder = folder.join(target);
            fs::create_dir_all(&folder)?;
            for (index, seed) in seeds.iter().enumerate() {
                fs::write(folder.join(format!("{index:04}")), seed)?;
            }
            println!("{target}: {} seeds", seeds.len());
        }
        Ok(())
    }
}
