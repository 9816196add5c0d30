//! Bounds what requests hold in memory. A large one is left unread until there is memory for it;
//! one that is too large, or for which there is none in time, is read to its end without being
//! kept, and answered in the upstream's place.

mod refusal;

use crate::failure::Failure;
use crate::metrics::Metrics;
use http_body::{Body as HttpBody, Frame};
use http_body_util::BodyExt as _;
use prost::bytes::Bytes;
use refusal::refused;
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
use tonic::codegen::http::{Request, Response};
use tonic::server::NamedService;

/// The largest message that counts for nothing, in bytes: no more than the window of its stream
/// lets come unread.
pub const SMALL: usize = 64 << 10;

/// The pieces in which a large answer is handed over, in bytes: its memory is given back with the
/// last of them.
const PIECE: usize = 64 << 10;

/// What stands before a message: whether it is compressed, and its length.
const PREFIX: usize = 5;

/// The memory that large requests share.
pub struct MemoryBudget {
    /// The largest message, in bytes.
    largest: usize,
    /// How long one waits for its memory, and how long it may then take to come.
    max_wait: Duration,
    /// In KiB.
    free: Arc<Semaphore>,
    metrics: Arc<Metrics>,
}

impl MemoryBudget {
    /// Creates a budget of so many bytes for all large messages together, none of which is larger
    /// than `largest`.
    pub fn new(bytes: usize, largest: usize, max_wait: Duration, metrics: Arc<Metrics>) -> Self {
        let free = Arc::new(Semaphore::new(kib(bytes)));
        Self { largest, max_wait, free, metrics }
    }

    /// Waits for memory for a message of this length; a small one needs none.
    ///
    /// # Errors
    /// The message is larger than any may be, or there is no memory for it in time.
    async fn reserve(&self, length: usize) -> Result<Option<OwnedSemaphorePermit>, Failure> {
        if length > self.largest {
            return Err(Failure::RequestTooLarge);
        }
        if length <= SMALL {
            return Ok(None);
        }
        let wanted = u32::try_from(kib(length)).unwrap_or(u32::MAX);
        let reserved =
            timeout(self.max_wait, Arc::clone(&self.free).acquire_many_owned(wanted)).await;
        reserved.ok().and_then(Result::ok).map(Some).ok_or(Failure::Overloaded)
    }
}

impl fmt::Debug for MemoryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryBudget").field("largest", &self.largest).finish_non_exhaustive()
    }
}

fn kib(bytes: usize) -> usize {
    bytes.div_ceil(1024).min(Semaphore::MAX_PERMITS)
}

/// A service whose requests reserve memory before they are read.
#[derive(Clone, Debug)]
pub struct Bounded<S> {
    inner: S,
    budget: Arc<MemoryBudget>,
}

impl<S> Bounded<S> {
    /// Wraps a service in this budget.
    pub fn new(inner: S, budget: Arc<MemoryBudget>) -> Self {
        Self { inner, budget }
    }
}

impl<S: NamedService> NamedService for Bounded<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<Request<Body>> for Bounded<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(serve(Arc::clone(&self.budget), self.inner.clone(), request))
    }
}

async fn serve<S>(
    budget: Arc<MemoryBudget>,
    mut inner: S,
    request: Request<Body>,
) -> Result<Response<Body>, Infallible>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    let start = Instant::now();
    let (head, mut body) = request.into_parts();
    let opening = opening(&mut body).await;
    let reserved = match budget.reserve(length(&opening)).await {
        Ok(reserved) => reserved,
        Err(failure) => {
            // To its end: what comes for a stream that was closed early is an error of the
            // connection's, and too many of these would end it for all.
            while body.frame().await.is_some_and(|frame| frame.is_ok()) {}
            budget.metrics.answered("", &failure.to_string(), start.elapsed());
            return Ok(refused(failure, &opening));
        }
    };
    let late = reserved.is_some().then(|| Box::pin(sleep(budget.max_wait)));
    let body = Body::new(TimedBody { opening, rest: body, late });
    let answer = inner.call(Request::from_parts(head, body)).await?;
    Ok(match reserved {
        Some(reserved) => answer
            .map(|body| Body::new(CountedBody { body, piece: Bytes::new(), _reserved: reserved })),
        None => answer,
    })
}

/// Returns the first frames of a body, until they tell the message's length.
async fn opening(body: &mut Body) -> Bytes {
    let mut opening = Bytes::new();
    while opening.len() < PREFIX {
        let Some(Ok(frame)) = body.frame().await else { break };
        let Ok(data) = frame.into_data() else { break };
        opening = if opening.is_empty() { data } else { [opening, data].concat().into() };
    }
    opening
}

/// Returns the length that a message says it has; 0 where it says none.
fn length(opening: &[u8]) -> usize {
    let length = opening.get(1..PREFIX).and_then(|bytes| bytes.try_into().ok());
    length.map_or(0, |bytes| usize::try_from(u32::from_be_bytes(bytes)).unwrap_or(usize::MAX))
}

/// A body whose beginning was read already, and whose end must come in time.
struct TimedBody {
    opening: Bytes,
    rest: Body,
    late: Option<Pin<Box<Sleep>>>,
}

impl HttpBody for TimedBody {
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
            return Poll::Ready(Some(Err(Status::deadline_exceeded(
                "the request did not come in time",
            ))));
        }
        Poll::Pending
    }
}

/// An answer that is handed over in pieces, and holds its memory until the last is gone.
struct CountedBody {
    body: Body,
    piece: Bytes,
    _reserved: OwnedSemaphorePermit,
}

impl HttpBody for CountedBody {
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
