//! An HTTP/1.1 client that writes a request byte for byte: duplicate headers, odd letter case,
//! bytes that are no UTF-8 and paths that no library would send.

use crate::latin1;
use anyhow::{Context, Result, bail, ensure};
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

/// A request, in Latin-1.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The method.
    pub method: &'a str,
    /// The target: path and query.
    pub path: &'a str,
    /// Every header in its order, `host` included.
    pub headers: &'a [(String, String)],
    /// The body.
    pub body: &'a [u8],
}

/// An answer. Header values are Latin-1.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Every header in its order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// The values of a header.
    pub fn values(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str()).collect()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Fetches a path from a loopback server.
///
/// # Errors
/// The server can't be reached or doesn't speak HTTP.
pub async fn get(address: SocketAddr, path: &str) -> Result<Response> {
    let headers = [("host".to_owned(), address.to_string())];
    let stream = TcpStream::connect(address).await?;
    send(stream, &Request { method: "GET", path, headers: &headers, body: &[] }).await
}

/// Sends one request over a connection of its own and reads the answer.
///
/// # Errors
/// The connection breaks, or what comes back is not HTTP/1.1.
pub async fn send(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    request: &Request<'_>,
) -> Result<Response> {
    stream.write_all(&wire_form(request)?).await?;
    stream.flush().await?;
    let is_head = request.method == "HEAD";
    let mut bytes = Vec::new();
    // The peer may be slow to close; where it says how long its answer is, nobody need wait for
    // that.
    while !is_whole(&bytes, is_head) {
        match stream.read_buf(&mut bytes).await {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) if bytes.is_empty() => return Err(error).context("no answer"),
            // TLS peers may leave without a farewell; whether the answer is whole shows below.
            Err(_) => break,
        }
    }
    parse(&bytes, is_head)
}

/// Whether an answer that says its length is all there.
fn is_whole(bytes: &[u8], is_head: bool) -> bool {
    let mut fields = [httparse::EMPTY_HEADER; 128];
    let mut head = httparse::Response::new(&mut fields);
    let Ok(httparse::Status::Complete(length)) = head.parse(bytes) else { return false };
    if head.code.is_some_and(|code| code < 200) {
        return false;
    }
    let promised =
        head.headers.iter().find(|field| field.name.eq_ignore_ascii_case("content-length"));
    let promised =
        promised.and_then(|field| std::str::from_utf8(field.value).ok()?.parse::<usize>().ok());
    is_head || promised.is_some_and(|promised| bytes.len().saturating_sub(length) >= promised)
}

fn wire_form(request: &Request<'_>) -> Result<Vec<u8>> {
    let mut wire = latin1::encode(&format!("{} {} HTTP/1.1\r\n", request.method, request.path))?;
    for (name, value) in request.headers {
        wire.extend(latin1::encode(&format!("{name}: {value}\r\n"))?);
    }
    if !request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("connection")) {
        wire.extend(b"connection: close\r\n");
    }
    if !request.body.is_empty() {
        wire.extend(format!("content-length: {}\r\n", request.body.len()).bytes());
    }
    wire.extend(b"\r\n");
    wire.extend(request.body);
    Ok(wire)
}

fn parse(bytes: &[u8], is_head: bool) -> Result<Response> {
    let mut fields = [httparse::EMPTY_HEADER; 128];
    let mut head = httparse::Response::new(&mut fields);
    let httparse::Status::Complete(length) = head.parse(bytes).context("the answer is not HTTP")?
    else {
        bail!("the answer is cut short: `{}`", String::from_utf8_lossy(bytes));
    };
    let headers: Vec<_> = head
        .headers
        .iter()
        .map(|h| (h.name.to_ascii_lowercase(), latin1::decode(h.value)))
        .collect();
    let mut response = Response { status: head.code.unwrap_or(0), headers, body: Vec::new() };
    let rest = bytes.get(length..).unwrap_or_default();
    response.body = if is_head {
        // The headers are those of the answer to GET, which has a body.
        Vec::new()
    } else if response.values("transfer-encoding").contains(&"chunked") {
        dechunk(rest)?
    } else {
        if let Some(expected) = response.values("content-length").first() {
            ensure!(expected.parse() == Ok(rest.len()), "the answer's body is cut short");
        }
        rest.to_vec()
    };
    Ok(response)
}

fn dechunk(mut rest: &[u8]) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let Ok(httparse::Status::Complete((start, size))) = httparse::parse_chunk_size(rest) else {
            bail!("the answer's body is cut short");
        };
        if size == 0 {
            return Ok(body);
        }
        let chunk = rest.get(start..).unwrap_or_default();
        let size = usize::try_from(size)?;
        body.extend(chunk.get(..size).context("the answer's body is cut short")?);
        rest = chunk.get(size..).unwrap_or_default().strip_prefix(b"\r\n").unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_goes_out_as_it_stands() {
        let headers =
            [("X-User".to_owned(), "a\u{ff}".to_owned()), ("X-User".to_owned(), "b".to_owned())];
        let request = Request { method: "GET", path: "/%2e%2E//a", headers: &headers, body: &[] };
        assert_eq!(
            wire_form(&request).unwrap(),
            b"GET /%2e%2E//a HTTP/1.1\r\nX-User: a\xff\r\nX-User: b\r\nconnection: close\r\n\r\n"
        );
    }

    #[test]
    fn chunks_are_joined_and_a_cut_answer_is_an_error() {
        let whole = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
        assert_eq!(parse(whole, false).unwrap().body, b"abcde");
        assert!(parse(&whole[..whole.len() - 10], false).is_err());
        assert!(parse(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nabc", false).is_err());
        assert!(parse(b"HTTP/1.1 200", false).is_err());
    }
}
