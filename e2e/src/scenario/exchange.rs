//! A scenario's request as it goes over the wire.

use super::observation::Observation;
use super::placeholders::Placeholders;
use super::{OneOrMany, Protocol, Request, TokenRef};
use crate::{http1, http2};
use anyhow::Result;
use std::collections::BTreeMap;

pub(super) type Headers = Vec<(String, String)>;

/// A connection, encrypted or not.
pub(super) trait Wire: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin {}
impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin> Wire for T {}

/// The headers that a request carries, and the tokens among them.
pub(super) fn headers(
    placeholders: &Placeholders,
    request: &Request,
    id: &str,
) -> Result<(Headers, Vec<String>)> {
    let mut headers = vec![("x-request-id".to_owned(), id.to_owned())];
    let mut secrets: Vec<String> = placeholders.tokens.values().cloned().collect();
    let token = match &request.token {
        None => None,
        Some(TokenRef::Name(name)) => Some(placeholders.text(&format!("${{token:{name}}}"))?),
        Some(TokenRef::Spec(spec)) => Some(placeholders.mint(spec)?),
    };
    if let Some(token) = token {
        headers.push(("authorization".into(), format!("Bearer {token}")));
        secrets.push(token);
    }
    headers.extend(named(&request.headers, placeholders)?);
    Ok((headers, secrets))
}

fn named(fields: &BTreeMap<String, OneOrMany>, placeholders: &Placeholders) -> Result<Headers> {
    let mut filled = Vec::new();
    for (name, values) in fields {
        for value in values.iter() {
            filled.push((name.clone(), placeholders.text(value)?));
        }
    }
    Ok(filled)
}

/// Sends a request over a connection, in its own protocol, and notes what is answered.
pub(super) async fn exchange(
    placeholders: &Placeholders,
    request: &Request,
    headers: Headers,
    wire: impl Wire + 'static,
    observation: &mut Observation,
) -> Result<()> {
    let path = placeholders.text(&request.path)?;
    let body = placeholders.text(&request.body)?;
    match request.protocol {
        Protocol::Http1 => {
            let mut all = vec![("host".to_owned(), request.host.clone())];
            all.extend(headers);
            let wanted = http1::Request {
                method: &request.method,
                path: &path,
                headers: &all,
                body: body.as_bytes(),
            };
            observation.answer = http1::send(wire, &wanted).await?;
        }
        Protocol::Http2 => {
            let method = request.method.as_str();
            let trailers = named(&request.trailers, placeholders)?;
            let answer = http2::send(
                wire,
                method,
                &request.host,
                &path,
                &headers,
                body.as_bytes(),
                &trailers,
            );
            observation.answer = answer.await?;
        }
        Protocol::Grpc => {
            let reply = http2::call(wire, &request.host, &path, &headers, body.as_bytes()).await?;
            observation.grpc = Some((reply.status, reply.message));
            observation.answer =
                http1::Response { status: 200, headers: reply.headers, body: reply.body };
        }
    }
    Ok(())
}
