//! Bounds what requests hold in memory. A large one is left unread until there is room for it; one that is too large, or for
//! which there is no room in time, is read to its end without being kept, and answered in the upstream's place.

use crate::failure::Failure;
use crate::metrics::Metrics;
use crate::proto::{MiniRequestObject, Object};
use http_body::{Body as HttpBody, Frame};
use http_body_util::{BodyExt as _, Full};
use prost::Message as _;
use prost::bytes::{BufMut as _, Bytes, BytesMut};
use prost::encoding::decode_varint;
use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Sleep, sleep, timeout};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::codegen::http::{HeaderMap, HeaderValue, Request, Response, header::CONTENT_TYPE};
use tonic::server::NamedService;

/// The largest message that needs no room, in bytes: no more than the window of its stream lets come unread.
pub const SMALL: usize = 64 << 10;

/// The pieces in which a large answer is handed over, in bytes: its room is given back with the last of them.
const PIECE: usize = 64 << 10;

/// What stands before a message: whether it is compressed, and its length.
const PREFIX: usize = 5;

/// The room that large requests share.
pub struct Room {
    /// The largest message, in bytes.
    largest: usize,
    /// How long one waits for its room, and how long it may then take to come.
    patience: Duration,
    /// In KiB.
    free: Arc<Semaphore>,
    metrics: Arc<Metrics>,
}

impl Room {
    /// Room for so many bytes of messages, none of which is larger than `largest`.
    pub fn new(bytes: usize, largest: usize, patience: Duration, metrics: Arc<Metrics>) -> Self {
        let free = Arc::new(Semaphore::new(kib(bytes)));
        Self { largest, patience, free, metrics }
    }

    /// A place for a message of this length; a small one needs none.
    async fn place(&self, length: usize) -> Result<Option<OwnedSemaphorePermit>, Failure> {
        if length > self.largest {
            return Err(Failure::RequestTooLarge);
        }
        if length <= SMALL {
            return Ok(None);
        }
        let wanted = u32::try_from(kib(length)).unwrap_or(u32::MAX);
        let place = timeout(self.patience, Arc::clone(&self.free).acquire_many_owned(wanted)).await;
        place.ok().and_then(Result::ok).map(Some).ok_or(Failure::Overloaded)
    }
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Room").field("largest", &self.largest).finish_non_exhaustive()
    }
}

fn kib(bytes: usize) -> usize {
    bytes.div_ceil(1024).min(Semaphore::MAX_PERMITS)
}

/// A service whose requests find room before they are read.
#[derive(Clone, Debug)]
pub struct Bounded<S> {
    inner: S,
    room: Arc<Room>,
}

impl<S> Bounded<S> {
    /// A service in this room.
    pub fn new(inner: S, room: Arc<Room>) -> Self {
        Self { inner, room }
    }
}

impl<S: NamedService> NamedService for Bounded<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<Request<Body>> for Bounded<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(serve(Arc::clone(&self.room), self.inner.clone(), request))
    }
}

async fn serve<S>(room: Arc<Room>, mut inner: S, request: Request<Body>) -> Result<Response<Body>, Infallible>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    let start = Instant::now();
    let (head, mut body) = request.into_parts();
    let opening = opening(&mut body).await;
    let place = match room.place(length(&opening)).await {
        Ok(place) => place,
        Err(failure) => {
            // To its end: what comes for a stream that was closed early is an error of the connection's, and too many of
            // these would end it for all.
            while body.frame().await.is_some_and(|frame| frame.is_ok()) {}
            room.metrics.answered("", &failure.to_string(), start.elapsed());
            return Ok(refused(failure, &opening));
        }
    };
    let late = place.is_some().then(|| Box::pin(sleep(room.patience)));
    let body = Body::new(Begun { opening, rest: body, late });
    let answer = inner.call(Request::from_parts(head, body)).await?;
    Ok(match place {
        Some(place) => answer.map(|body| Body::new(Held { body, piece: Bytes::new(), _place: place })),
        None => answer,
    })
}

/// The first frames of a body, until they tell the message's length.
async fn opening(body: &mut Body) -> Bytes {
    let mut opening = Bytes::new();
    while opening.len() < PREFIX {
        let Some(Ok(frame)) = body.frame().await else { break };
        let Ok(data) = frame.into_data() else { break };
        opening = if opening.is_empty() { data } else { [opening, data].concat().into() };
    }
    opening
}

/// The length that a message says it has; 0 where it says none.
fn length(opening: &[u8]) -> usize {
    let length = opening.get(1..PREFIX).and_then(|bytes| bytes.try_into().ok());
    length.map_or(0, |bytes| usize::try_from(u32::from_be_bytes(bytes)).unwrap_or(usize::MAX))
}

/// A body whose beginning was read already, and whose end must come in time.
struct Begun {
    opening: Bytes,
    rest: Body,
    late: Option<Pin<Box<Sleep>>>,
}

impl HttpBody for Begun {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        if !this.opening.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut this.opening)))));
        }
        if let Poll::Ready(frame) = Pin::new(&mut this.rest).poll_frame(context) {
            return Poll::Ready(frame);
        }
        if let Some(late) = &mut this.late {
            ready!(late.as_mut().poll(context));
            return Poll::Ready(Some(Err(Status::deadline_exceeded("the request did not come in time"))));
        }
        Poll::Pending
    }
}

/// An answer that is handed over in pieces, and holds its room until the last is gone.
struct Held {
    body: Body,
    piece: Bytes,
    _place: OwnedSemaphorePermit,
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.piece.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.piece = data,
                    Err(frame) => return Poll::Ready(Some(Ok(frame))),
                },
                end => return Poll::Ready(end),
            }
        }
        let length = self.piece.len().min(PIECE);
        Poll::Ready(Some(Ok(Frame::data(self.piece.split_to(length)))))
    }
}

/// What tells the gateway to answer in the upstream's place. It takes URL and method from every answer, and an answer
/// without a URL for an error.
fn refused(failure: Failure, opening: &[u8]) -> Response<Body> {
    let (mut url, mut method) = (String::new(), String::new());
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let request = fields(opening.get(PREFIX..).unwrap_or_default()).find(|field| field.number == 3);
    for field in request.iter().flat_map(|request| fields(request.value)).filter(|field| field.whole) {
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

/// The fields of a message of which the beginning is there.
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
        let message = Object { request: Some(request), hook_type: 2, ..Object::default() }.encode_to_vec();
        let cut = &message[..16 << 10];
        let request = fields(cut).find(|field| field.number == 3).unwrap();
        assert!(!request.whole);
        let told: Vec<_> =
            fields(request.value).filter(|field| field.whole).map(|field| field.value).collect();
        assert_eq!(told, [&b"/orders?page=2"[..], b"PUT"]);
        for bytes in [&b""[..], &[0xff; 20], &[0x1a, 0xff, 0xff, 0xff, 0xff, 0x0f], &[0x0d, 1, 2, 3]] {
            assert!(fields(bytes).count() <= 1, "{bytes:?}");
        }
    }
}
