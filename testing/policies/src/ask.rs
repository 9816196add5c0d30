//! A request, in few words.

use attache_engine::claims::Claims;
use attache_engine::host::Peer;
use attache_engine::policy::Headers;
use attache_plugin_config::HeaderName;
use serde_json::{Map, Value};
use std::net::IpAddr;

/// A request and who sends it.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The method.
    pub method: String,
    /// The path, as a policy compares it.
    pub path: String,
    /// The authority.
    pub host: String,
    /// Who calls by mTLS; `None`: plain text.
    pub principal: Option<String>,
    /// The address of the connection.
    pub source_ip: Option<IpAddr>,
    /// The address of the client, before proxies.
    pub remote_ip: Option<IpAddr>,
    /// The port that it came to.
    pub port: Option<u16>,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The claims of its token, an object; `None`: no token.
    pub claims: Option<Value>,
}

impl Ask {
    /// Returns a GET with a token that claims nothing.
    pub fn get(path: &str) -> Self {
        Self {
            method: "GET".into(),
            path: path.into(),
            host: "orders.shop".into(),
            principal: None,
            source_ip: None,
            remote_ip: None,
            port: None,
            headers: Vec::new(),
            claims: Some(serde_json::json!({})),
        }
    }

    /// Returns the claims as the engine reads them.
    pub fn claims(&self) -> Option<Claims> {
        let members: Option<Map<String, Value>> =
            self.claims.as_ref().and_then(|value| value.as_object().cloned());
        members.map(|members| Claims::from_json(members).unwrap())
    }
}

impl Peer for Ask {
    fn principal(&self) -> Option<String> {
        self.principal.clone()
    }

    fn source_ip(&self) -> Option<IpAddr> {
        self.source_ip
    }

    fn remote_ip(&self) -> Option<IpAddr> {
        self.remote_ip
    }

    fn destination_port(&self) -> Option<u16> {
        self.port
    }
}

impl Headers for Ask {
    fn unique(&self, name: &HeaderName) -> Option<&[u8]> {
        let mut values = self.headers.iter().filter(|(key, _)| key == name.as_str());
        values.next().filter(|_| values.next().is_none()).map(|(_, value)| value.as_bytes())
    }
}
