//! Where the process listens, what it logs, and where a token goes.

use super::header::header;
use super::named::FileUse;
use super::{Checker, all};
use crate::config::document::{
    GrpcDocument, GrpcTlsDocument, HttpDocument, LogDocument, UpstreamDocument,
};
use crate::config::{Grpc, GrpcTls, Http, Listen, Log, Upstream};
use attache_config_reader::{NonEmpty, PathRef, Reported, quote};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

pub(super) fn grpc(
    document: &GrpcDocument,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<Grpc, Reported> {
    let listen = document.listen.get().and_then(|text| listen(text, &at.key("listen"), checker));
    let tls = document.tls.as_ref().map(|tls| grpc_tls(tls, &at.key("tls"), checker)).transpose();
    let at_message = at.key("maxMessageBytes");
    let max_message =
        checker.number(document.max_message_bytes, 8 << 20, 64 << 10..=256 << 20, &at_message);
    // Where the largest message asks for more than the default, room for one of it.
    let least = max_message.unwrap_or_default();
    let in_flight = checker.number(
        document.max_bytes_in_flight,
        least.max(64 << 20),
        least..=16 << 30,
        &at.key("maxBytesInFlight"),
    );
    let timeout = Duration::from_millis(100)..=Duration::from_secs(60);
    let timeout =
        checker.duration(document.timeout, Duration::from_secs(5), timeout, &at.key("timeout"));
    let hook_names = match &document.hook_names {
        Some(names) => {
            let empty = "is empty; name the hook of the API definitions";
            checker.some_texts(names, &at.key("hookNames"), empty)
        }
        None => Ok(NonEmpty::one("AttacheIssue".to_owned())),
    };
    if let (Ok(Listen::Unix(_)), Ok(Some(_))) = (&listen, &tls) {
        let message = "TLS needs `listen: tcp://…`; a Unix socket is guarded by its folder";
        checker.error(&at.key("tls"), message);
    }
    Ok(Grpc {
        listen: listen?,
        tls: tls?,
        max_message_bytes: bytes(max_message?, &at_message, checker)?,
        max_bytes_in_flight: bytes(in_flight?, &at.key("maxBytesInFlight"), checker)?,
        timeout: timeout?,
        hook_names: hook_names?,
    })
}

/// Returns a number of bytes that this machine can hold at once.
fn bytes(number: u64, at: &PathRef<'_>, checker: &mut Checker) -> Result<usize, Reported> {
    let bytes =
        usize::try_from(number).map_err(|_| format!("this machine can't hold {number} bytes"));
    checker.report.ok_or_report(at, bytes)
}

/// What Linux takes for the path of a socket, in bytes (unix(7)).
const MAX_SOCKET_PATH: usize = 107;

fn listen(text: &str, at: &PathRef<'_>, checker: &mut Checker) -> Result<Listen, Reported> {
    let text = checker.text(text, at)?;
    if let Some(address) = text.strip_prefix("tcp://") {
        return socket_address(address, "127.0.0.1:5555", at, checker).map(Listen::Tcp);
    }
    let message = match text.strip_prefix("unix://") {
        Some(path) if path.len() > MAX_SOCKET_PATH => {
            format!(
                "the socket's path is longer than {MAX_SOCKET_PATH} bytes; choose a shorter one"
            )
        }
        Some(path) if path.starts_with('/') => return Ok(Listen::Unix(path.into())),
        Some(_) => {
            "the socket's path must be absolute: `unix:///run/attache/issuer.sock`".to_owned()
        }
        None => "expected `tcp://ADDRESS:PORT` or `unix:///PATH`".to_owned(),
    };
    Err(checker.error(at, message))
}

fn socket_address(
    text: &str,
    example: &str,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<SocketAddr, Reported> {
    let address = text.parse::<SocketAddr>();
    let address = address
        .map_err(|_| format!("{} is no address with a port, such as `{example}`", quote(text)));
    checker.report.ok_or_report(at, address)
}

fn grpc_tls(
    document: &GrpcTlsDocument,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<GrpcTls, Reported> {
    let cert_file = document.cert_file.get();
    let cert_file =
        cert_file.and_then(|name| checker.file(name, FileUse::Certificate, &at.key("certFile")));
    let key_file = document.key_file.get();
    let key_file =
        key_file.and_then(|name| checker.file(name, FileUse::PrivateKey, &at.key("keyFile")));
    let client_ca_file = document.client_ca_file.as_ref();
    let client_ca_file = client_ca_file
        .map(|name| checker.file(name, FileUse::Certificate, &at.key("clientCaFile")))
        .transpose();
    Ok(GrpcTls {
        cert_file: cert_file?.into(),
        key_file: key_file?.into(),
        client_ca_file: client_ca_file?.map(PathBuf::from),
    })
}

pub(super) fn http(
    document: &HttpDocument,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<Http, Reported> {
    let Some(text) = &document.listen else { return Ok(Http::default()) };
    socket_address(text, "0.0.0.0:8080", &at.key("listen"), checker).map(|listen| Http { listen })
}

/// Notes an error where two sockets would listen at one address.
pub(super) fn check_ports(
    grpc: &Listen,
    http: SocketAddr,
    at: &PathRef<'_>,
    checker: &mut Checker,
) {
    let Listen::Tcp(grpc) = grpc else { return };
    let is_every = grpc.ip().is_unspecified() || http.ip().is_unspecified();
    // Port 0 is any that is free.
    if grpc.port() != 0 && grpc.port() == http.port() && (is_every || grpc.ip() == http.ip()) {
        checker.error(at, "has the port of `grpc.listen`; give each its own");
    }
}

pub(super) fn log(document: &LogDocument) -> Log {
    Log { level: document.level.unwrap_or_default(), issued: document.issued.unwrap_or(false) }
}

pub(super) fn upstream(
    document: &UpstreamDocument,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<Upstream, Reported> {
    let default = Upstream::default();
    let name = document.header.as_ref();
    let name = name.map_or(Ok(default.header), |name| header(name, &at.key("header"), checker));
    let prefix = document.prefix.clone().unwrap_or(default.prefix);
    if !prefix.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Err(checker.error(&at.key("prefix"), "use visible ASCII and spaces only"));
    }
    Ok(Upstream { header: name?, prefix })
}

/// Returns the names of headers as the gateway writes them; no list is an empty one.
pub(super) fn headers(
    list: Option<&attache_config_reader::List<String>>,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<Vec<String>, Reported> {
    let entries = list.into_iter().flat_map(attache_config_reader::List::iter);
    all(entries.map(|(index, name)| header(name, &at.index(index), checker)))
}
