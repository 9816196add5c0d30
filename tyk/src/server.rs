//! Starts everything, watches the keys, and ends in good order.

use crate::clock::Clock;
use crate::config::Config;
use crate::dispatch::Issuer;
use crate::exchange::{Exchanger, SetupError};
use crate::heartbeat::Heartbeat;
use crate::http::{HttpState, Minting, router, server};
use crate::keys::{FolderError, Keys};
use crate::listen::{self, ListenError, Listener, SocketFile};
use crate::memory_budget::{Bounded, MemoryBudget};
use crate::metrics::Metrics;
use crate::mint::Minter;
use crate::proto::dispatcher_server::DispatcherServer;
use crate::watch;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::sync::watch::{Receiver, Sender, channel};
use tokio::task::{JoinError, JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_stream::wrappers::UnixListenerStream;
use tonic::transport::server::{Router, TcpIncoming};
use tonic::transport::{self, Server};

/// Why the process can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A socket can't be obtained.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The signing keys are not available.
    #[error(transparent)]
    Keys(#[from] FolderError),
    /// A provider can't be used.
    #[error(transparent)]
    Provider(#[from] SetupError),
    /// The certificate or its key can't be used.
    #[error("`grpc.tls` can't be used: {0}")]
    Tls(transport::Error),
}

/// Why the process ended.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The gateway's side failed.
    #[error("the gRPC side failed: {0}")]
    Grpc(transport::Error),
    /// The HTTP side failed.
    #[error("the HTTP side failed: {0}")]
    Http(JoinError),
}

/// What the process is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// It serves.
    Serving,
    /// It was asked to end, and serves until its clients have found another.
    LameDuck,
    /// It takes nothing new.
    Ending,
}

/// How long requests under way may take in the end.
const FINISH: Duration = Duration::from_secs(5);

/// A running issuer. It listens from the start; requests that come before [`Running::until`] is
/// called wait.
#[derive(Debug)]
pub struct Running {
    /// Where the gateway's side listens, on TCP.
    pub grpc: Option<SocketAddr>,
    /// Where the HTTP side listens.
    pub http: Option<SocketAddr>,
    state: Arc<HttpState>,
    drain: Duration,
    stage: Sender<Stage>,
    stop_http: Sender<bool>,
    grpc_side: JoinHandle<Result<(), transport::Error>>,
    http_side: JoinHandle<()>,
    /// What watches the keys, the tokens and the process itself; ends with this value.
    _watchers: JoinSet<()>,
}

/// Starts an issuer.
///
/// # Errors
/// A key, a provider or a socket can't be obtained; nothing is left running then.
pub async fn start(config: Config, clock: Clock) -> Result<Running, StartError> {
    listen::choose_cryptography();
    let metrics = Arc::new(Metrics::new());
    metrics.expect_apis(&config.apis);
    let mut watchers = JoinSet::new();
    let minting = match &config.mint {
        Some(mint) => {
            let keys = Arc::new(Keys::open(&mint.keys, clock.clone())?);
            watchers.spawn(watch::keys(Arc::clone(&keys), mint.keys.poll, Arc::clone(&metrics)));
            let minter = Arc::new(Minter::new(mint.clone(), Arc::clone(&keys), clock.clone()));
            Some(Minting { config: mint.clone(), keys, minter })
        }
        None => None,
    };
    let make = |provider: &_| Exchanger::new(Clone::clone(provider), clock.clone()).map(Arc::new);
    let exchangers = config.providers.iter().map(make).collect::<Result<Vec<_>, _>>()?;
    let minter = minting.as_ref().map(|minting| Arc::clone(&minting.minter));
    let issuer = Arc::new(Issuer::new(&config, minter, exchangers.clone(), Arc::clone(&metrics)));
    let (ready, heartbeat) = (AtomicBool::new(true), Heartbeat::new());
    let budget = MemoryBudget::new(
        config.grpc.max_bytes_in_flight,
        config.grpc.max_message_bytes,
        config.grpc.timeout,
        Arc::clone(&metrics),
    );
    let state = Arc::new(HttpState { minting, exchangers, metrics, ready, heartbeat });
    watchers.spawn(watch::sweep(Arc::clone(&state)));
    watchers.spawn(watch::beat(Arc::clone(&state)));

    let server = grpc_server(&config, issuer, Arc::new(budget))?;
    let socket = listen::grpc(&config.grpc).await?;
    let listener = listen::tcp(config.http.listen).await?;
    let (grpc, http) = (socket.address(), listener.local_addr().ok());
    let sockets = socket
        .twice()
        .map_err(|source| ListenError::Bind { at: config.grpc.listen.to_string(), source })?;
    let (stage, stages) = channel(Stage::Serving);
    let grpc_side = tokio::spawn(serve_grpc(server, sockets, stages));
    let (stop_http, stopped) = channel(false);
    let http_side = tokio::spawn(server::serve(listener, router(Arc::clone(&state)), stopped));
    let version = env!("CARGO_PKG_VERSION");
    tracing::info!(version, grpc = %config.grpc.listen, http = %config.http.listen, "listening");
    let drain = config.drain;
    Ok(Running {
        grpc,
        http,
        state,
        drain,
        stage,
        stop_http,
        grpc_side,
        http_side,
        _watchers: watchers,
    })
}

impl Running {
    /// Runs until it is asked to end, or until a side fails. Then it shows probes that it is not
    /// ready and asks its clients to find another, but serves on, old connections and new: not
    /// every client has another at once. That ends with `drain`, or when it is asked again;
    /// requests under way are finished.
    ///
    /// # Errors
    /// A side failed.
    pub async fn until(mut self, signals: &mut mpsc::Receiver<()>) -> Result<(), RunError> {
        tokio::select! {
            _ = signals.recv() => {}
            done = &mut self.grpc_side => return joined(done).map_err(RunError::Grpc),
            done = &mut self.http_side => return done.map_err(RunError::Http),
        }
        tracing::info!("asked to end: clients are asked to find another");
        self.state.ready.store(false, Ordering::Release);
        self.stage.send_replace(Stage::LameDuck);
        tokio::select! {
            () = sleep(self.drain) => {}
            Some(()) = signals.recv() => {}
            done = &mut self.grpc_side => return joined(done).map_err(RunError::Grpc),
            done = &mut self.http_side => return done.map_err(RunError::Http),
        }
        tracing::info!("ending");
        self.stage.send_replace(Stage::Ending);
        let grpc = timeout(FINISH, &mut self.grpc_side).await;
        self.stop_http.send_replace(true);
        if grpc.is_err() {
            tracing::warn!("requests under way were cut off: they took longer than 5 seconds more");
            self.grpc_side.abort();
        }
        // A scraper's idle connection must not hold the end up.
        if timeout(Duration::from_secs(1), &mut self.http_side).await.is_err() {
            self.http_side.abort();
        }
        grpc.map_or(Ok(()), joined).map_err(RunError::Grpc)
    }
}

fn joined<E>(done: Result<Result<(), E>, JoinError>) -> Result<(), E> {
    // A task that was cut off has no result.
    done.unwrap_or(Ok(()))
}

/// Returns the server, with limits for one client that is trusted: the gateway, which has one
/// connection for all of its requests. What ends that connection fails every request on it, so no
/// limit may end it that the gateway's own clients can reach.
fn grpc_server(
    config: &Config,
    issuer: Arc<Issuer>,
    budget: Arc<MemoryBudget>,
) -> Result<Router, StartError> {
    let mut server = Server::builder()
        // Clients that give up reset their streams, which may be before they are accepted: whatever
        // a socket's buffer holds after a stall. At 6 MiB, and 250 bytes or more a request, that is
        // 25,000. The default is 20.
        .http2_max_pending_accept_reset_streams(Some(100_000))
        // Streams of ours that end early, because a client's time is over, are no attack of the
        // gateway's either.
        .http2_max_local_error_reset_streams(None)
        // More wait in the gateway. With the default of 200 a provider that hangs would keep out
        // requests that need none.
        .max_concurrent_streams(STREAMS)
        // No more than this comes of a request that waits for room. Were the connection's window
        // smaller than those of all streams together, requests that wait would keep out the rest of
        // one that has room.
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW.saturating_mul(STREAMS))
        // The gateway hands on a client's `baggage` in the call's metadata.
        .http2_max_header_list_size(64 << 10);
    if let Some(tls) = &config.grpc.tls {
        server = server.tls_config(listen::tls(tls)?).map_err(StartError::Tls)?;
    }
    let limit = config.grpc.max_message_bytes;
    // The body comes back, with a token added.
    let answer = limit.saturating_add(64 << 10);
    let service = DispatcherServer::from_arc(issuer)
        .max_decoding_message_size(limit)
        .max_encoding_message_size(answer);
    Ok(server.add_service(Bounded::new(service, budget)))
}

/// Requests at once on a connection.
const STREAMS: u32 = 1024;

/// What a request may send before it is read, in bytes: a small one as a whole.
const WINDOW: u32 = 64 << 10;

type Sockets = (Listener, Listener, Option<SocketFile>);

/// Serves with the first socket, and with the second once the first's connections are asked to go
/// elsewhere.
async fn serve_grpc(
    server: Router,
    (first, second, _file): Sockets,
    stages: Receiver<Stage>,
) -> Result<(), transport::Error> {
    let serving = serve_until(server.clone(), first, reached(stages.clone(), Stage::LameDuck));
    let lame_duck = async {
        reached(stages.clone(), Stage::LameDuck).await;
        serve_until(server, second, reached(stages.clone(), Stage::Ending)).await
    };
    tokio::try_join!(serving, lame_duck).map(drop)
}

async fn serve_until(
    server: Router,
    listener: Listener,
    end: impl Future<Output = ()>,
) -> Result<(), transport::Error> {
    match listener {
        Listener::Tcp(listener) => {
            let incoming = TcpIncoming::from(listener)
                // Else an answer of two frames waits for the gateway's delayed acknowledgement: 40
                // ms.
                .with_nodelay(Some(true))
                // A gateway that is gone is noticed by the system, which answers for a process that
                // is stopped for a while. HTTP/2's own pings would be found unanswered when it goes
                // on, and end the connection.
                .with_keepalive(Some(Duration::from_secs(30)))
                .with_keepalive_interval(Some(Duration::from_secs(10)));
            server.serve_with_incoming_shutdown(incoming, end).await
        }
        Listener::Unix(listener) => {
            server.serve_with_incoming_shutdown(UnixListenerStream::new(listener), end).await
        }
    }
}

async fn reached(mut stages: Receiver<Stage>, stage: Stage) {
    // Where the sender is gone the time has come too.
    let _ = stages.wait_for(|now| *now >= stage).await;
}
