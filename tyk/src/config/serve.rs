//! Where the process listens, what it logs, and where a token goes.

use super::read::{FileUse, Node};
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The side towards the gateway.
#[derive(Clone, Debug)]
pub struct Grpc {
    /// Where it listens.
    pub listen: Listen,
    /// TLS, on TCP only.
    pub tls: Option<GrpcTls>,
    /// The largest request with its body, in bytes: 64 KiB to 256 MiB.
    pub max_message_bytes: usize,
    /// What all requests of more than 64 KiB may hold together, in bytes: `max_message_bytes` to 16 GiB. Each holds its
    /// length, and once more while it is answered.
    pub max_bytes_in_flight: usize,
    /// How long a request may wait for room, and how long for its token to be made: 100 ms to 60 seconds.
    pub timeout: Duration,
    /// The hook names that an API definition may use; never empty.
    pub hook_names: Vec<String>,
}

/// Where the gRPC side listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// `tcp://ADDRESS:PORT`.
    Tcp(SocketAddr),
    /// `unix:///PATH`.
    Unix(PathBuf),
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "tcp://{address}"),
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
        }
    }
}

/// Whether two sockets would listen at one address.
pub(super) fn collide(grpc: &Listen, http: SocketAddr) -> bool {
    let Listen::Tcp(grpc) = grpc else { return false };
    let every = grpc.ip().is_unspecified() || http.ip().is_unspecified();
    // Port 0 is any that is free.
    grpc.port() != 0 && grpc.port() == http.port() && (every || grpc.ip() == http.ip())
}

/// TLS for the gRPC side. PEM files.
#[derive(Clone, Debug)]
pub struct GrpcTls {
    /// The certificate chain.
    pub cert_file: PathBuf,
    /// Its private key.
    pub key_file: PathBuf,
    /// Who may sign client certificates. Present: every client must show one.
    pub client_ca_file: Option<PathBuf>,
}

/// The side towards verifiers, probes and Prometheus.
#[derive(Clone, Debug)]
pub struct Http {
    /// Where it listens.
    pub listen: SocketAddr,
}

impl Default for Http {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([0, 0, 0, 0], 8080)) }
    }
}

/// What is logged.
#[derive(Clone, Copy, Debug, Default)]
pub struct Log {
    /// The least of it.
    pub level: LogLevel,
    /// Whether there is a line for each token that is made or exchanged, for audits.
    pub issued: bool,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogLevel {
    /// What failed here.
    Error,
    /// And requests that got no token, ten lines a second at most.
    Warn,
    /// And keys, starts and stops.
    #[default]
    Info,
    /// And every request.
    Debug,
}

/// Where the token goes in the upstream request.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// The header, as the gateway writes it.
    pub header: String,
    /// What stands before the token; may be empty.
    pub prefix: String,
}

impl Default for Upstream {
    fn default() -> Self {
        Self { header: "Authorization".to_owned(), prefix: "Bearer ".to_owned() }
    }
}

pub(super) fn grpc(node: &Node<'_>) -> Option<Grpc> {
    let mut section = node.section()?;
    let listen = section.need("listen").and_then(|node| listen(&node));
    let tls = section.maybe("tls", grpc_tls);
    let max_message_bytes = section
        .or("maxMessageBytes", 8 << 20, |node| node.integer(64 << 10..=256 << 20))
        .and_then(|bytes| usize::try_from(bytes).ok());
    let least = u64::try_from(max_message_bytes.unwrap_or_default()).unwrap_or(u64::MAX);
    // Where the largest message asks for more than the default, room for one of it.
    let in_flight = section
        .or("maxBytesInFlight", least.max(64 << 20), |node| node.integer(least..=16 << 30))
        .and_then(|bytes| usize::try_from(bytes).ok());
    let timeout = section.or("timeout", Duration::from_secs(5), |node| {
        node.duration(Duration::from_millis(100)..=Duration::from_secs(60))
    });
    let hook_names = section.or("hookNames", vec!["AttacheIssue".to_owned()], |node| {
        let names = node.texts()?;
        if names.is_empty() {
            node.wrong("is empty; name the hook of the API definitions")
        } else {
            Some(names)
        }
    });
    if let (Some(Listen::Unix(_)), Some(Some(_))) = (&listen, &tls) {
        let _: Option<()> =
            section.below("tls").wrong("TLS needs `listen: tcp://…`; a Unix socket is guarded by its folder");
    }
    section.end();
    Some(Grpc {
        listen: listen?,
        tls: tls?,
        max_message_bytes: max_message_bytes?,
        max_bytes_in_flight: in_flight?,
        timeout: timeout?,
        hook_names: hook_names?,
    })
}

/// What Linux takes, in bytes (unix(7)).
const MAX_SOCKET_PATH: usize = 107;

fn listen(node: &Node<'_>) -> Option<Listen> {
    let text = node.text()?;
    if let Some(address) = text.strip_prefix("tcp://") {
        return match address.parse() {
            Ok(address) => Some(Listen::Tcp(address)),
            Err(_) => node.wrong(format!("`{address}` is no address with a port, such as `127.0.0.1:5555`")),
        };
    }
    match text.strip_prefix("unix://") {
        Some(path) if path.len() > MAX_SOCKET_PATH => node
            .wrong(format!("the socket's path is longer than {MAX_SOCKET_PATH} bytes; choose a shorter one")),
        Some(path) if path.starts_with('/') => Some(Listen::Unix(path.into())),
        Some(_) => node.wrong("the socket's path must be absolute: `unix:///run/attache/issuer.sock`"),
        None => node.wrong("expected `tcp://ADDRESS:PORT` or `unix:///PATH`"),
    }
}

fn grpc_tls(node: &Node<'_>) -> Option<GrpcTls> {
    let mut section = node.section()?;
    let cert_file = section.need("certFile").and_then(|node| node.file(FileUse::Certificate));
    let key_file = section.need("keyFile").and_then(|node| node.file(FileUse::PrivateKey));
    let client_ca_file = section.maybe("clientCaFile", |node| node.file(FileUse::Certificate));
    section.end();
    Some(GrpcTls {
        cert_file: cert_file?.into(),
        key_file: key_file?.into(),
        client_ca_file: client_ca_file?.map(PathBuf::from),
    })
}

pub(super) fn http(node: &Node<'_>) -> Option<Http> {
    let mut section = node.section()?;
    let listen = section.or("listen", Http::default().listen, |node| {
        let text = node.text()?;
        match text.parse() {
            Ok(address) => Some(address),
            Err(_) => node.wrong(format!("`{text}` is no address with a port, such as `0.0.0.0:8080`")),
        }
    });
    section.end();
    Some(Http { listen: listen? })
}

pub(super) fn log(node: &Node<'_>) -> Option<Log> {
    let mut section = node.section()?;
    let level = section.or("level", LogLevel::default(), |node| {
        node.word(&[
            ("ERROR", LogLevel::Error),
            ("WARN", LogLevel::Warn),
            ("INFO", LogLevel::Info),
            ("DEBUG", LogLevel::Debug),
        ])
    });
    let issued = section.or("issued", false, Node::boolean);
    section.end();
    Some(Log { level: level?, issued: issued? })
}

pub(super) fn upstream(node: &Node<'_>) -> Option<Upstream> {
    let default = Upstream::default();
    let mut section = node.section()?;
    let header = section.or("header", default.header, header);
    let prefix = section.or("prefix", default.prefix, |node| {
        let prefix = node.any_text()?;
        if prefix.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            Some(prefix)
        } else {
            node.wrong("use visible ASCII and spaces only")
        }
    });
    section.end();
    Some(Upstream { header: header?, prefix: prefix? })
}

/// A header name, in the letter case that the gateway uses: `x-mesh-token` becomes `X-Mesh-Token`.
pub(super) fn header(node: &Node<'_>) -> Option<String> {
    let name = node.text()?;
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !name.bytes().all(token) {
        return node.wrong(format!("`{name}` is no header name"));
    }
    let parts: Vec<_> = name.split('-').map(capital).collect();
    let name = parts.join("-");
    let fixed = [
        "Host",
        "Connection",
        "Transfer-Encoding",
        "Content-Length",
        "Te",
        "Upgrade",
        "Trailer",
        "Keep-Alive",
    ];
    if fixed.contains(&name.as_str()) {
        return node.wrong(format!("`{name}` belongs to the connection; choose another header"));
    }
    Some(name)
}

fn capital(part: &str) -> String {
    let mut chars = part.chars();
    let first = chars.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(chars.map(|c| c.to_ascii_lowercase())).collect()
}
