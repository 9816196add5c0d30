//! What stands for every service: a proxy for any host that says what it was asked for.

use axum::Router;
use axum::extract::Request;
use std::net::SocketAddr;

/// The header by which a gateway tells whose request it is.
pub(crate) const MARK: &str = "x-api";
/// The header that carries versions in the corpus.
pub(crate) const VERSION: &str = "x-version";

/// Starts it; it ends with the runtime.
pub(crate) async fn serve() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(tell)).await.unwrap() });
    address
}

/// Says whose request came, where to, with which Host, path and version, separated by spaces.
async fn tell(request: Request) -> String {
    let header = |name: &str| {
        request.headers().get(name).map_or("-", |value| value.to_str().unwrap()).to_owned()
    };
    let uri = request.uri();
    let authority = uri.authority().map_or("-", |authority| authority.as_str());
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    format!("{} {authority} {} {path} {}", header(MARK), header("host"), header(VERSION))
}
