//! A request that was found, as people and programs are told of it.

use super::witness::{TokenPlace, Witness};
use attache_plugin_config::Config;
use serde_json::{Map, Value, json};

impl Witness {
    /// Returns the command that sends it.
    pub(crate) fn curl(&self) -> String {
        let method = if self.method == "GET" { String::new() } else { format!("-X {} ", self.method) };
        let url = format!("https://{}{}", self.host, self.path);
        let place = self.token.as_ref().map(|token| &token.place);
        let mut command = match place {
            Some(TokenPlace::Param(name)) => format!("curl {method}\"{url}?{name}=$TOKEN\""),
            _ => format!("curl {method}'{url}'"),
        };
        for (name, value) in &self.headers {
            command.push_str(&format!(" -H '{name}: {}'", value.replace('\'', r"'\''")));
        }
        if let Some(TokenPlace::Header(name, before)) = place {
            command.push_str(&format!(" -H \"{name}: {before}$TOKEN\""));
        }
        command
    }

    /// Returns what the command does not say, a line each: the token's claims, and where it comes from.
    pub(crate) fn circumstances(&self, config: &Config) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(token) = &self.token {
            let claims = Value::Object(token.claims(config));
            lines.push(format!("with a token of {} that says {claims}", token.issuer_name));
        }
        if let Some(principal) = &self.client.principal {
            lines.push(format!("from spiffe://{principal}"));
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
            let headers = self.headers.iter().map(|(name, value)| json!({"name": name, "value": value}));
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
