//! Placeholders in scenarios: `${…}`.

use anyhow::{Context, Result, bail};
use attache_test_fixtures::keys::{SigningKey, jwks};
use attache_test_fixtures::token::TokenSpec;
use serde_json::Value;
use std::collections::BTreeMap;

/// What placeholders stand for in one run.
#[derive(Clone, Debug, Default)]
pub(super) struct Placeholders {
    /// Seconds since 1970.
    pub(super) now: u64,
    /// The port that the workload serves.
    pub(super) port: u16,
    /// The address that requests without a principal come from.
    pub(super) caller: String,
    /// Finished tokens by name.
    pub(super) tokens: BTreeMap<String, String>,
}

impl Placeholders {
    /// Fills every text of a document. A text that is one placeholder becomes what it stands for,
    /// of whatever type.
    pub(super) fn document(&self, document: &Value) -> Result<Value> {
        Ok(match document {
            Value::String(text) => {
                let whole = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
                match whole.filter(|name| !name.contains("${")) {
                    Some(name) => self.value(name)?,
                    None => self.text(text)?.into(),
                }
            }
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| self.document(item)).collect::<Result<_>>()?)
            }
            Value::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|(k, v)| Ok((k.clone(), self.document(v)?)))
                    .collect::<Result<_>>()?,
            ),
            other => other.clone(),
        })
    }

    /// Fills a text.
    pub(super) fn text(&self, text: &str) -> Result<String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, behind) =
                after.split_once('}').with_context(|| format!("`{text}` lacks a `}}`"))?;
            filled.push_str(before);
            match self.value(name)? {
                Value::String(value) => filled.push_str(&value),
                value => filled.push_str(&value.to_string()),
            }
            rest = behind;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// Fills a configuration, and returns it as JSON; one that is a text as it stands.
    pub(super) fn configuration(&self, configuration: &Value) -> Result<String> {
        match configuration {
            Value::String(text) => self.text(text),
            document => Ok(self.document(document)?.to_string()),
        }
    }

    /// Fills what a token is made of, and mints it.
    pub(super) fn mint(&self, spec: &TokenSpec) -> Result<String> {
        let mut spec = spec.clone();
        for members in [&mut spec.claims, &mut spec.header] {
            for value in members.values_mut() {
                *value = self.document(value)?;
            }
        }
        for text in
            [&mut spec.raw, &mut spec.header_text, &mut spec.payload_text].into_iter().flatten()
        {
            *text = self.text(text)?;
        }
        spec.mint(self.now)
    }

    fn value(&self, name: &str) -> Result<Value> {
        let (kind, argument) = name.split_once(':').unwrap_or((name, ""));
        Ok(match kind {
            "port" => self.port.into(),
            "caller-address" => self.caller.clone().into(),
            "token" => self
                .tokens
                .get(argument)
                .with_context(|| format!("there is no token `{argument}`"))?
                .clone()
                .into(),
            "half" => {
                let (which, token) =
                    argument.split_once(':').context("write ${half:<0 or 1>:<token>}")?;
                let token = self
                    .tokens
                    .get(token)
                    .with_context(|| format!("there is no token `{token}`"))?;
                let (first, second) = token.split_at(token.len().div_euclid(2));
                if which == "0" { first.into() } else { second.into() }
            }
            "jwks" => key_set(argument)?,
            "jwks-text" => key_set(argument)?.to_string().into(),
            "provided" => serde_json::from_str(&provided(argument)?)?,
            "provided-text" => provided(argument)?.into(),
            "secret" => {
                let key = SigningKey::fixed(argument)?;
                let secret = key.secret().with_context(|| format!("`{argument}` is no secret"))?;
                String::from_utf8_lossy(secret).into_owned().into()
            }
            "repeat" => {
                let (times, text) =
                    argument.split_once(':').context("write ${repeat:<times>:<text>}")?;
                text.repeat(times.parse()?).into()
            }
            _ => match kind.strip_prefix("now") {
                Some("") => self.now.into(),
                Some(offset) => {
                    let offset: i64 =
                        offset.parse().with_context(|| format!("`{name}` is no time"))?;
                    self.now.saturating_add_signed(offset).into()
                }
                None => bail!("there is no placeholder `{name}`"),
            },
        })
    }
}

/// A document of `testing/fixtures/providers`.
fn provided(name: &str) -> Result<String> {
    let file = attache_test_fixtures::providers().join(name);
    std::fs::read_to_string(&file).with_context(|| format!("{} can't be read", file.display()))
}

fn key_set(names: &str) -> Result<Value> {
    let keys: Vec<_> = names.split(',').map(SigningKey::fixed).collect::<Result<_>>()?;
    jwks(&keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn placeholders() -> Placeholders {
        Placeholders {
            now: 1000,
            port: 80,
            caller: String::new(),
            tokens: BTreeMap::from([("a".into(), "x.y.z".into())]),
        }
    }

    #[test]
    fn a_whole_placeholder_keeps_its_type() {
        let filled = placeholders()
            .document(&json!({"exp": "${now+60}", "nbf": "${now-1}", "p": ["${port}"]}))
            .unwrap();
        assert_eq!(filled, json!({"exp": 1060, "nbf": 999, "p": [80]}));
        assert!(
            placeholders().document(&json!("${jwks:rsa,p256}")).unwrap()["keys"][1]["kid"]
                == "p256"
        );
    }

    #[test]
    fn placeholders_in_a_text_are_written_out() {
        assert_eq!(
            placeholders().text("session=${token:a}; p=${port}${repeat:3:ab}").unwrap(),
            "session=x.y.z; p=80ababab"
        );
    }

    #[test]
    fn what_means_nothing_is_an_error() {
        for text in
            ["${nonsense}", "${token:b}", "${now", "${now+x}", "${secret:rsa}", "${jwks:hmac}"]
        {
            assert!(placeholders().text(text).is_err(), "{text}");
        }
    }
}
