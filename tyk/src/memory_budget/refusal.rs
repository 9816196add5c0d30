//! The answer to a request that was not kept, from what its first frames say.

use super::PREFIX;
use crate::failure::Failure;
use crate::proto::{MiniRequestObject, Object};
use http_body_util::{BodyExt as _, Full};
use prost::Message as _;
use prost::bytes::{BufMut as _, BytesMut};
use prost::encoding::decode_varint;
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, HeaderValue, Response, header::CONTENT_TYPE};

/// Returns what tells the gateway to answer in the upstream's place. It takes URL and method from
/// every answer, and an answer without a URL for an error.
pub(super) fn refused(failure: Failure, opening: &[u8]) -> Response<Body> {
    let (mut url, mut method) = (String::new(), String::new());
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let request = fields(opening.get(PREFIX..).unwrap_or_default()).find(|field| field.number == 3);
    for field in
        request.iter().flat_map(|request| fields(request.value)).filter(|field| field.whole)
    {
        match field.number {
            5 => url = text(field.value),
            11 => method = text(field.value),
            _ => {}
        }
    }
    let or = |text: String, other: &str| if text.is_empty() { other.to_owned() } else { text };
    let request = MiniRequestObject {
        url: or(url, "/"),
        method: or(method, "POST"),
        return_overrides: Some(failure.answer()),
        ..MiniRequestObject::default()
    };
    let message = Object { request: Some(request), ..Object::default() };
    let mut framed = BytesMut::new();
    framed.put_u8(0);
    framed.put_u32(u32::try_from(message.encoded_len()).unwrap_or(u32::MAX));
    framed.extend_from_slice(&message.encode_to_vec());
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let body = Full::new(framed.freeze()).with_trailers(async move { Some(Ok(trailers)) });
    let mut answer = Response::new(Body::new(body));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    answer
}

/// A field of a protobuf message that has a length.
struct Field<'a> {
    number: u64,
    /// As far as it is there.
    value: &'a [u8],
    whole: bool,
}

/// Returns the fields of a message of which the beginning is there.
fn fields(mut message: &[u8]) -> impl Iterator<Item = Field<'_>> {
    std::iter::from_fn(move || {
        loop {
            let key = decode_varint(&mut message).ok()?;
            match key & 7 {
                0 => {
                    decode_varint(&mut message).ok()?;
                }
                2 => {
                    let length = usize::try_from(decode_varint(&mut message).ok()?).ok()?;
                    let whole = length <= message.len();
                    let (value, rest) = message.split_at_checked(length.min(message.len()))?;
                    message = rest;
                    return Some(Field { number: key >> 3, value, whole });
                }
                _ => return None,
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_cut_short_tells_what_stands_before_the_cut() {
        let request = MiniRequestObject {
            url: "/orders?page=2".to_owned(),
            method: "PUT".to_owned(),
            raw_body: vec![7; 100_000].into(),
            ..MiniRequestObject::default()
        };
        let message =
            Object { request: Some(request), hook_type: 2, ..Object::default() }.encode_to_vec();
        let cut = &message[..16 << 10];
        let request = fields(cut).find(|field| field.number == 3).unwrap();
        assert!(!request.whole);
        let told: Vec<_> =
            fields(request.value).filter(|field| field.whole).map(|field| field.value).collect();
        assert_eq!(told, [&b"/orders?page=2"[..], b"PUT"]);
        for bytes in
            [&b""[..], &[0xff; 20], &[0x1a, 0xff, 0xff, 0xff, 0xff, 0x0f], &[0x0d, 1, 2, 3]]
        {
            assert!(fields(bytes).count() <= 1, "{bytes:?}");
        }
    }
}
