//! A request that was found, as people and programs are told of it.

use super::witness::{TokenPlace, Witness};
use crate::shown::escaped;
use attache_plugin_config::Config;
use serde_json::{Map, Value, json};

impl Witness {
    /// Returns the command that sends it, in which a shell expands nothing but `$TOKEN`, whatever a
    /// configuration calls its methods, headers and prefixes.
    pub(crate) fn curl(&self) -> String {
        let method = match self.method.as_str() {
            "GET" => String::new(),
            plain if plain.bytes().all(|byte| byte.is_ascii_uppercase()) => format!("-X {plain} "),
            other => format!("-X {} ", quoted(other)),
        };
        let url = format!("https://{}{}", self.host, self.path);
        let place = self.token.as_ref().map(|token| &token.place);
        let mut command = match place {
            Some(TokenPlace::Param(name)) => {
                format!("curl {method}{}", before_token(&format!("{url}?{name}=")))
            }
            _ => format!("curl {method}{}", quoted(&url)),
        };
        for (name, value) in &self.headers {
            command.push_str(&format!(" -H {}", quoted(&format!("{name}: {value}"))));
        }
        if let Some(TokenPlace::Header(name, before)) = place {
            command.push_str(&format!(" -H {}", before_token(&format!("{name}: {before}"))));
        }
        escaped(&command)
    }

    /// Returns what the command does not say, a line each: the token's claims, and where it comes
    /// from, set as `set` does.
    pub(crate) fn circumstances(&self, config: &Config, set: fn(&str) -> String) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(token) = &self.token {
            let claims = set(&Value::Object(token.claims(config)).to_string());
            lines.push(format!("with a token of {} that says {claims}", token.issuer_name));
        }
        if let Some(principal) = &self.client.principal {
            lines.push(format!("from {}", set(&format!("spiffe://{principal}"))));
        }
        if let Some(address) = self.client.address {
            lines.push(format!("from {address}"));
        }
        if let Some(address) = self.client.client_address {
            lines.push(format!("from {address}, as a header says that the proxy believes"));
        }
        if let Some(port) = self.client.port {
            lines.push(format!("on port {port}"));
        }
        lines
    }

    /// Returns it for programs.
    pub(crate) fn json(&self, config: &Config) -> Value {
        let mut request = Map::new();
        let mut add = |key: &str, value: Value| _ = request.insert(key.to_owned(), value);
        add("method", json!(self.method));
        add("path", json!(self.path));
        add("host", json!(self.host));
        if !self.headers.is_empty() {
            let headers =
                self.headers.iter().map(|(name, value)| json!({"name": name, "value": value}));
            add("headers", headers.collect());
        }
        if let Some(token) = &self.token {
            add("issuer", json!(token.issuer_name));
            add("claims", Value::Object(token.claims(config)));
        }
        let client = &self.client;
        let parts = [
            ("caller", client.principal.clone().map(Value::from)),
            ("address", client.address.map(|address| address.to_string().into())),
            ("clientAddress", client.client_address.map(|address| address.to_string().into())),
            ("port", client.port.map(Value::from)),
        ];
        for (key, value) in parts {
            if let Some(value) = value {
                add(key, value);
            }
        }
        add("curl", json!(self.curl()));
        Value::Object(request)
    }
}

/// Returns a word that a shell takes as it is.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Returns a word that ends with the token: in double quotes where what stands before is harmless
/// there.
fn before_token(text: &str) -> String {
    if text.contains(['"', '$', '`', '\\', '!']) {
        format!("{}\"$TOKEN\"", quoted(text))
    } else {
        format!("\"{text}$TOKEN\"")
    }
}

#[cfg(test)]
mod tests {
    use super::{before_token, quoted};

    #[test]
    fn a_shell_expands_nothing_but_the_token() {
        assert_eq!(before_token("authorization: Bearer "), r#""authorization: Bearer $TOKEN""#);
        for evil in ["\";id;\"", "$(id)", "`id`", "\\", "it's $(id)"] {
            let command = format!("printf %s {}; printf %s {}", before_token(evil), quoted(evil));
            let run = std::process::Command::new("sh")
                .arg("-c")
                .arg(command)
                .env("TOKEN", "eyJ")
                .output();
            assert_eq!(String::from_utf8(run.unwrap().stdout).unwrap(), format!("{evil}eyJ{evil}"));
        }
    }
}
