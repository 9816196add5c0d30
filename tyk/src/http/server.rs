//! Serves the HTTP side. Any workload of the mesh may fetch the keys, so none may take what the
//! others need.

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch::Receiver;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Connections at once, of some 25 KiB each; others wait to be accepted.
const MAX_CONNECTIONS: usize = 1024;

/// How long the head of a request may take to come, the wait for its first byte included. Without
/// an end to this, clients that begin a request and leave it take all memory.
const HEAD: Duration = Duration::from_secs(5);

/// How long nothing is accepted where the system can't: too many files are open.
const RECOVER: Duration = Duration::from_secs(1);

/// Serves until `ended` is true or its sender gone; then requests under way are finished.
pub async fn serve(listener: TcpListener, router: Router, ended: Receiver<bool>) {
    let free = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    let mut end = pin!(end(ended.clone()));
    loop {
        tokio::select! {
            () = &mut end => break,
            // Those that are done are let go.
            Some(_) = connections.join_next() => {}
            (stream, place) = accept(&listener, &free) => {
                connections.spawn(answer(stream, router.clone(), ended.clone(), place));
            }
        }
    }
    while connections.join_next().await.is_some() {}
}

async fn end(mut ended: Receiver<bool>) {
    let _ = ended.wait_for(|ended| *ended).await;
}

async fn accept(
    listener: &TcpListener,
    free: &Arc<Semaphore>,
) -> (TcpStream, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed, so there is always a place in the end.
    let place = Arc::clone(free).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, place),
            Err(error) => {
                tracing::warn!(%error, "a connection to the HTTP side can't be accepted");
                sleep(RECOVER).await;
            }
        }
    }
}

async fn answer(
    stream: TcpStream,
    router: Router,
    ended: Receiver<bool>,
    _place: Option<OwnedSemaphorePermit>,
) {
    let mut server = Builder::new(TokioExecutor::new()).http1_only();
    server.http1().timer(TokioTimer::new()).header_read_timeout(HEAD);
    let service = TowerToHyperService::new(router);
    let mut connection = pin!(server.serve_connection(TokioIo::new(stream), service));
    // What goes wrong with a connection is its client's to know.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = end(ended) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
