//! Starts everything, watches the keys, and ends in good order.

use crate::clock::Clock;
use crate::config::Config;
use crate::dispatch::Issuer;
use crate::exchange::{Exchanger, SetupError};
use crate::http::{Minting, Pages, router};
use crate::keys::{FolderError, Keys};
use crate::listen::{self, ListenError, Socket};
use crate::metrics::Metrics;
use crate::mint::Minter;
use crate::proto::dispatcher_server::DispatcherServer;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_stream::wrappers::UnixListenerStream;
use tonic::transport::server::{Router, TcpIncoming};
use tonic::transport::{self, Server};

/// Why the process can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A socket can't be had.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The signing keys can't be had.
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
    /// The pages' side failed.
    #[error("the HTTP side failed: {0}")]
    Http(io::Error),
}

/// A running issuer. It listens from the start; requests that come before [`Running::until`] is called wait.
#[derive(Debug)]
pub struct Running {
    /// Where the gateway's side listens, on TCP.
    pub grpc: Option<SocketAddr>,
    /// Where the pages are.
    pub http: Option<SocketAddr>,
    pages: Arc<Pages>,
    drain: Duration,
    stop_grpc: watch::Sender<bool>,
    stop_http: watch::Sender<bool>,
    grpc_side: JoinHandle<Result<(), transport::Error>>,
    http_side: JoinHandle<io::Result<()>>,
    /// What watches the keys; ends with this value.
    _watchers: JoinSet<()>,
}

/// Starts an issuer.
///
/// # Errors
/// A key, a provider or a socket can't be had; nothing is left running then.
pub async fn start(config: Config, clock: Clock) -> Result<Running, StartError> {
    listen::choose_cryptography();
    let metrics = Arc::new(Metrics::new());
    let mut watchers = JoinSet::new();
    let minting = match &config.mint {
        Some(mint) => {
            let keys = Arc::new(Keys::open(&mint.keys, clock.clone())?);
            watchers.spawn(watch_keys(Arc::clone(&keys), mint.keys.poll, Arc::clone(&metrics)));
            let minter = Arc::new(Minter::new(mint.clone(), Arc::clone(&keys), clock.clone()));
            Some(Minting { config: mint.clone(), keys, minter })
        }
        None => None,
    };
    let make = |provider: &_| Exchanger::new(Clone::clone(provider), clock.clone()).map(Arc::new);
    let exchangers = config.providers.iter().map(make).collect::<Result<Vec<_>, _>>()?;
    let minter = minting.as_ref().map(|minting| Arc::clone(&minting.minter));
    let issuer = Issuer::new(&config, minter, exchangers.clone(), Arc::clone(&metrics));
    let ready = AtomicBool::new(true);
    let pages = Arc::new(Pages { minting, exchangers, metrics, ready });

    let server = grpc_server(&config, issuer)?;
    let socket = listen::grpc(&config.grpc).await?;
    let listener = listen::tcp(config.http.listen).await?;
    let grpc = match &socket {
        Socket::Tcp(listener) => listener.local_addr().ok(),
        Socket::Unix(..) => None,
    };
    let http = listener.local_addr().ok();
    let (stop_grpc, stopped) = watch::channel(false);
    let grpc_side = tokio::spawn(serve_grpc(server, socket, stopped));
    let (stop_http, stopped) = watch::channel(false);
    let http_side = tokio::spawn(serve_http(listener, Arc::clone(&pages), stopped));
    tracing::info!(grpc = ?config.grpc.listen, http = %config.http.listen, "listening");
    let drain = config.drain;
    Ok(Running { grpc, http, pages, drain, stop_grpc, stop_http, grpc_side, http_side, _watchers: watchers })
}

impl Running {
    /// Runs until `end` or until a side fails; then takes no new requests, lets those under way finish, and shows
    /// probes that it is not ready.
    ///
    /// # Errors
    /// A side failed.
    pub async fn until(mut self, end: impl Future<Output = ()>) -> Result<(), RunError> {
        tokio::select! {
            () = end => {}
            done = &mut self.grpc_side => return joined(done).map_err(RunError::Grpc),
            done = &mut self.http_side => return joined(done).map_err(RunError::Http),
        }
        tracing::info!("ending");
        self.pages.ready.store(false, Ordering::Release);
        self.stop_grpc.send_replace(true);
        let grpc = timeout(self.drain, &mut self.grpc_side).await;
        self.stop_http.send_replace(true);
        if grpc.is_err() {
            tracing::warn!("requests under way were cut off: the drain time is over");
            self.grpc_side.abort();
        }
        // A scraper's idle connection must not hold the end up.
        if timeout(Duration::from_secs(1), &mut self.http_side).await.is_err() {
            self.http_side.abort();
        }
        grpc.map_or(Ok(()), joined).map_err(RunError::Grpc)
    }
}

fn joined<E>(done: Result<Result<(), E>, tokio::task::JoinError>) -> Result<(), E> {
    // A task that was cut off has nothing to tell.
    done.unwrap_or(Ok(()))
}

fn grpc_server(config: &Config, issuer: Issuer) -> Result<Router, StartError> {
    let mut server = Server::builder()
        .http2_keepalive_interval(Some(Duration::from_secs(30)))
        .http2_keepalive_timeout(Some(Duration::from_secs(10)));
    if let Some(tls) = &config.grpc.tls {
        server = server.tls_config(listen::tls(tls)?).map_err(StartError::Tls)?;
    }
    let limit = config.grpc.max_message_bytes;
    // The request comes back whole, with a token added.
    let answer = limit.saturating_add(64 << 10);
    let service =
        DispatcherServer::new(issuer).max_decoding_message_size(limit).max_encoding_message_size(answer);
    Ok(server.add_service(service))
}

async fn serve_grpc(
    server: Router,
    socket: Socket,
    stopped: watch::Receiver<bool>,
) -> Result<(), transport::Error> {
    match socket {
        Socket::Tcp(listener) => {
            // Else an answer of two frames waits for the gateway's delayed acknowledgement: 40 ms.
            let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
            server.serve_with_incoming_shutdown(incoming, told(stopped)).await
        }
        Socket::Unix(listener, _file) => {
            server.serve_with_incoming_shutdown(UnixListenerStream::new(listener), told(stopped)).await
        }
    }
}

async fn serve_http(
    listener: TcpListener,
    pages: Arc<Pages>,
    stopped: watch::Receiver<bool>,
) -> io::Result<()> {
    axum::serve(listener, router(pages)).with_graceful_shutdown(told(stopped)).await
}

async fn told(mut stopped: watch::Receiver<bool>) {
    // Where the sender is gone the time has come too.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

async fn watch_keys(keys: Arc<Keys>, poll: Duration, metrics: Arc<Metrics>) {
    let mut ticks = interval(poll);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut signing = keys.current().signer.key_id().to_owned();
    tracing::info!(kid = signing, published = ?keys.current().key_ids, "signing");
    // The first tick is now, when the keys have just been read.
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let reloading = Arc::clone(&keys);
        let Ok(reloaded) = tokio::task::spawn_blocking(move || reloading.reload()).await else { continue };
        metrics.reloaded(reloaded.is_ok());
        match reloaded {
            Ok(changes) if changes.added.is_empty() && changes.removed.is_empty() => {}
            Ok(changes) => {
                tracing::info!(added = ?changes.added, removed = ?changes.removed, "the published keys changed");
            }
            Err(error) => tracing::error!(%error, "the key folder can't be used; the keys stay as they are"),
        }
        let now = keys.current().signer.key_id().to_owned();
        if now != signing {
            tracing::info!(kid = now, before = signing, "another key signs");
            signing = now;
        }
    }
}
