//! Requests as bytes: HTTP/1.1 as it stands, and HTTP/2 frames whose header block is written
//! without compression, so that no library mends what is odd.

use crate::requests::Request;
use anyhow::{Context, Result};
use attache_e2e::latin1;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

/// Sends a request over a connection of its own; what came back, as text. A connection that is cut
/// is an answer.
pub(crate) async fn exchange(address: SocketAddr, request: &Request) -> Result<String> {
    let bytes = wire_form(request)?;
    let work = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(&bytes).await?;
        if request.http2 {
            read_http2(&mut stream).await
        } else {
            read_http1(&mut stream, request).await
        }
    };
    let answer = tokio::time::timeout(PATIENCE, work).await.context("no answer came")??;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

pub(crate) fn wire_form(request: &Request) -> Result<Vec<u8>> {
    if request.http2 { http2(request) } else { http1(request) }
}

fn http1(request: &Request) -> Result<Vec<u8>> {
    let mut wire = latin1::encode(&format!("{} {} HTTP/1.1\r\n", request.method, request.target))?;
    let mut line = |name: &str, value: &str| {
        wire.extend(latin1::encode(&format!("{name}: {value}\r\n"))?);
        anyhow::Ok(())
    };
    line("Host", &request.host)?;
    for (name, value) in &request.headers {
        line(name, value)?;
    }
    if !request.headers.iter().any(|(name, _)| name == "Connection") {
        line("Connection", "close")?;
    }
    if request.trailers.is_empty() {
        if !request.body.is_empty() {
            line("Content-Length", &request.body.len().to_string())?;
        }
        wire.extend(format!("\r\n{}", request.body).bytes());
    } else {
        line("Transfer-Encoding", "chunked")?;
        wire.extend(format!("\r\n{:x}\r\n{}\r\n0\r\n", request.body.len(), request.body).bytes());
        for (name, value) in &request.trailers {
            wire.extend(format!("{name}: {value}\r\n").bytes());
        }
        wire.extend(b"\r\n");
    }
    Ok(wire)
}

/// Reads until the answer is whole by what it says of its length, or the connection ends.
async fn read_http1(stream: &mut TcpStream, request: &Request) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while !is_whole(&bytes, request.method == "HEAD") {
        match stream.read_buf(&mut bytes).await {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
    }
    Ok(bytes)
}

fn is_whole(bytes: &[u8], is_head: bool) -> bool {
    let mut fields = [httparse::EMPTY_HEADER; 64];
    let mut head = httparse::Response::new(&mut fields);
    let Ok(httparse::Status::Complete(length)) = head.parse(bytes) else { return false };
    let value = |name: &str| {
        let field = head.headers.iter().find(|field| field.name.eq_ignore_ascii_case(name));
        field.and_then(|field| std::str::from_utf8(field.value).ok())
    };
    let rest = bytes.get(length..).unwrap_or_default();
    let promised = value("content-length").and_then(|value| value.parse::<usize>().ok());
    match head.code {
        Some(100) => is_whole(rest, is_head),
        Some(101 | 204 | 304) => true,
        _ if is_head => true,
        // A tunnel has no end.
        _ if promised.is_none() && value("transfer-encoding").is_none() => false,
        _ => {
            promised.map_or_else(|| rest.ends_with(b"0\r\n\r\n"), |promised| rest.len() >= promised)
        }
    }
}

fn http2(request: &Request) -> Result<Vec<u8>> {
    let mut wire = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    frame(&mut wire, SETTINGS, 0, 0, &[]);
    let mut block = Vec::new();
    literal(&mut block, ":method", &request.method)?;
    if request.method != "CONNECT" {
        literal(&mut block, ":scheme", "http")?;
        literal(&mut block, ":path", &request.target)?;
    }
    literal(&mut block, ":authority", &request.host)?;
    for (name, value) in &request.headers {
        literal(&mut block, &name.to_ascii_lowercase(), value)?;
    }
    let has_trailers = !request.trailers.is_empty();
    let ends = request.body.is_empty() && !has_trailers;
    frame(&mut wire, HEADERS, END_HEADERS | u8::from(ends), 1, &block);
    if !request.body.is_empty() {
        frame(&mut wire, DATA, u8::from(!has_trailers), 1, request.body.as_bytes());
    }
    if has_trailers {
        let mut block = Vec::new();
        for (name, value) in &request.trailers {
            literal(&mut block, &name.to_ascii_lowercase(), value)?;
        }
        frame(&mut wire, HEADERS, END_HEADERS | END_STREAM, 1, &block);
    }
    Ok(wire)
}

fn frame(wire: &mut Vec<u8>, kind: u8, flags: u8, stream: u8, payload: &[u8]) {
    let [_, length @ ..] = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes();
    wire.extend(length);
    wire.extend([kind, flags, 0, 0, 0, stream]);
    wire.extend(payload);
}

/// A field without indexing, its name and value without Huffman's code (RFC 7541, section 6.2.2).
fn literal(block: &mut Vec<u8>, name: &str, value: &str) -> Result<()> {
    block.push(0);
    for text in [name, value] {
        let bytes = latin1::encode(text)?;
        length(block, bytes.len());
        block.extend(bytes);
    }
    Ok(())
}

/// An integer with a prefix of seven bits (RFC 7541, section 5.1).
fn length(block: &mut Vec<u8>, length: usize) {
    let Some(mut rest) = length.checked_sub(0x7f) else {
        block.extend(u8::try_from(length));
        return;
    };
    block.push(0x7f);
    while rest >= 0x80 {
        block.extend(u8::try_from(rest % 0x80).map(|low| low | 0x80));
        rest /= 0x80;
    }
    block.extend(u8::try_from(rest));
}

/// Reads the body of stream 1, until it or the connection ends.
async fn read_http2(stream: &mut TcpStream) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut head = [0; 9];
        if stream.read_exact(&mut head).await.is_err() {
            return Ok(body);
        }
        let [a, b, c, kind, flags, _, _, _, of] = head;
        let mut payload = vec![0; usize::try_from(u32::from_be_bytes([0, a, b, c]))?];
        if stream.read_exact(&mut payload).await.is_err() {
            return Ok(body);
        }
        let mut reply = Vec::new();
        match kind {
            SETTINGS if flags & ACK == 0 => frame(&mut reply, SETTINGS, ACK, 0, &[]),
            PING if flags & ACK == 0 => frame(&mut reply, PING, ACK, 0, &payload),
            DATA if of == 1 => body.extend(payload),
            RST_STREAM | GOAWAY => return Ok([body, b"(reset)".to_vec()].concat()),
            _ => {}
        }
        // That the other side has gone shows in the next read.
        let _ = stream.write_all(&reply).await;
        if of == 1 && (kind == DATA || kind == HEADERS) && flags & END_STREAM != 0 {
            return Ok(body);
        }
    }
}
