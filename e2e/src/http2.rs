//! HTTP/2 and gRPC clients over a connection that is already there.

use crate::http1::Response;
use crate::latin1;
use anyhow::{Context, Result};
use bytes::{Buf, BufMut, Bytes};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::convert::Infallible;
use std::io;
use tokio::io::{AsyncRead, AsyncWrite};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::Endpoint;
use tonic::{Code, Status};

/// Sends one request over HTTP/2. `authority` is `:authority`; headers and trailers are Latin-1.
///
/// # Errors
/// The connection breaks, or the request can't be said in HTTP/2.
pub async fn send<S>(
    stream: S,
    method: &str,
    authority: &str,
    path: &str,
    headers: &[(String, String)],
    body: &[u8],
    trailers: &[(String, String)],
) -> Result<Response>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let mut request = hyper::Request::builder()
        .method(method)
        .uri(format!("http://{authority}{path}"))
        .body(message(body, trailers)?)
        .context("HTTP/2 can't say this request: use `http1`")?;
    *request.headers_mut() = header_map(headers)?;
    let answer = sender.send_request(request).await?;
    let (head, body) = answer.into_parts();
    Ok(Response {
        status: head.status.as_u16(),
        headers: header_list(&head.headers),
        body: body.collect().await?.to_bytes().to_vec(),
    })
}

/// A body, and trailers where there are such. Trailers end a stream, and so does an empty body
/// without them.
fn message(body: &[u8], trailers: &[(String, String)]) -> Result<BoxBody<Bytes, Infallible>> {
    let body = Full::new(Bytes::copy_from_slice(body));
    if trailers.is_empty() {
        return Ok(body.boxed());
    }
    let trailers = header_map(trailers)?;
    Ok(body.with_trailers(std::future::ready(Some(Ok(trailers)))).boxed())
}

/// What came of a gRPC call.
#[derive(Debug)]
pub struct Reply {
    /// The status code; 0 is OK.
    pub status: Code,
    /// The status's message.
    pub message: String,
    /// The metadata of the answer.
    pub headers: Vec<(String, String)>,
    /// The message that came back; empty unless OK.
    pub body: Vec<u8>,
}

/// Makes a unary call with tonic, as any gRPC service would.
///
/// # Errors
/// The connection can't be used.
pub async fn call<S>(
    stream: S,
    authority: &str,
    path: &str,
    headers: &[(String, String)],
    body: &[u8],
) -> Result<Reply>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let mut stream = Some(TokioIo::new(stream));
    let connector = tower::service_fn(move |_| {
        let stream = stream.take().ok_or_else(|| io::Error::other("a call has one connection"));
        std::future::ready(stream)
    });
    let channel = Endpoint::from_shared(format!("http://{authority}"))?
        .connect_with_connector(connector)
        .await?;
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await?;
    let mut request = tonic::Request::new(body.to_vec());
    *request.metadata_mut() = tonic::metadata::MetadataMap::from_headers(header_map(headers)?);
    Ok(match client.unary(request, path.parse()?, Plain).await {
        Ok(answer) => Reply {
            status: Code::Ok,
            message: String::new(),
            headers: header_list(&answer.metadata().clone().into_headers()),
            body: answer.into_inner(),
        },
        Err(status) => Reply {
            status: status.code(),
            message: status.message().to_owned(),
            headers: header_list(&status.metadata().clone().into_headers()),
            body: Vec::new(),
        },
    })
}

fn header_map(headers: &[(String, String)]) -> Result<HeaderMap> {
    headers
        .iter()
        .map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes())?;
            Ok((name, HeaderValue::from_bytes(&latin1::encode(value)?)?))
        })
        .try_fold(HeaderMap::new(), |mut map, header: Result<_>| {
            let (name, value) = header?;
            map.append(name, value);
            Ok(map)
        })
}

fn header_list(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| (name.to_string(), latin1::decode(value.as_bytes())))
        .collect()
}

/// A codec that leaves messages as they are.
#[derive(Debug)]
struct Plain;

impl Codec for Plain {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Plain {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, message: Vec<u8>, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put_slice(&message);
        Ok(())
    }
}

impl Decoder for Plain {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining()).to_vec()))
    }
}
