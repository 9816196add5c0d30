//! The backends of `e2e/backends`, and one of them running.

use anyhow::{Context, Result, bail};
use attache_e2e::envoy::Deadline;
use attache_e2e::http1;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpStream;

/// How long a backend may take to serve: a virtual machine of Java on a busy core.
const PATIENCE: Duration = Duration::from_secs(60);

/// The protocol that Envoy speaks to a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Upstream {
    Http1,
    /// HTTP/1.1, with one request on each connection.
    Http1Once,
    Http2,
    /// That of the client.
    Both,
}

#[derive(Debug)]
pub(crate) struct Backend {
    pub(crate) name: &'static str,
    /// Its folder in `e2e/backends`.
    folder: &'static str,
    /// What Envoy speaks to it.
    pub(crate) upstream: Upstream,
    /// Whether what it needs is fetched or built in a moment.
    pub(crate) short: bool,
}

const fn backend(
    name: &'static str,
    folder: &'static str,
    upstream: Upstream,
    short: bool,
) -> Backend {
    Backend { name, folder, upstream, short }
}

pub(crate) const BACKENDS: [Backend; 19] = [
    backend("go", "go", Upstream::Http1, true),
    backend("go-http2", "go", Upstream::Http2, true),
    backend("go-proxy", "go", Upstream::Both, true),
    backend("envoy", "envoy", Upstream::Both, true),
    backend("flask", "python", Upstream::Http1, true),
    backend("django", "python", Upstream::Http1, true),
    backend("fastapi", "python", Upstream::Http1, true),
    backend("fastapi-http2", "python", Upstream::Http2, true),
    backend("express", "node", Upstream::Http1, true),
    backend("fastify", "node", Upstream::Http1, true),
    backend("fastify-loose", "node", Upstream::Http1, false),
    backend("node", "node", Upstream::Http1, true),
    backend("php", "php", Upstream::Http1, false),
    backend("apache", "apache", Upstream::Http1, false),
    backend("lighttpd", "lighttpd", Upstream::Http1, false),
    backend("sinatra", "ruby", Upstream::Http1, false),
    // It hands the trailers of one request to all later ones on its connection, and policies change
    // between them here.
    backend("jetty", "java", Upstream::Http1Once, false),
    backend("tomcat", "java", Upstream::Http1, false),
    backend("spring", "java", Upstream::Http1, false),
];

/// A running backend. It ends, and all that it started, when this is dropped.
pub(crate) struct Running {
    process: Child,
    folder: TempDir,
    pub(crate) address: SocketAddr,
}

impl Upstream {
    /// As Envoy's `HttpProtocolOptions` say it.
    pub(crate) fn options(self) -> Value {
        let (http1, http2) = (json!({"enable_trailers": true}), json!({}));
        match self {
            Self::Http1 => json!({"explicit_http_config": {"http_protocol_options": http1}}),
            Self::Http1Once => json!({
                "explicit_http_config": {"http_protocol_options": http1},
                "common_http_protocol_options": {"max_requests_per_connection": 1},
            }),
            Self::Http2 => json!({"explicit_http_config": {"http2_protocol_options": http2}}),
            Self::Both => {
                let both = json!({"http_protocol_options": http1, "http2_protocol_options": http2});
                json!({"use_downstream_protocol_config": both})
            }
        }
    }
}

impl Backend {
    /// The folder of what it is made of, fetched and built first where needed; `None` where it
    /// can't be obtained, which has been said.
    ///
    /// # Errors
    /// What was fetched is not what is pinned.
    pub(crate) fn prepare(&self) -> Result<Option<PathBuf>> {
        let script = attache_e2e::repository().join("scripts/backend");
        let output = Command::new(&script).arg(self.folder).stderr(Stdio::inherit()).output()?;
        match output.status.code() {
            Some(0) => Ok(Some(PathBuf::from(String::from_utf8(output.stdout)?.trim_end()))),
            Some(3) => Ok(None),
            _ => bail!("`{}` could not be prepared", self.name),
        }
    }

    /// Starts it and waits until it has told of a request.
    pub(crate) async fn start(&self, parts: &Path) -> Result<Running> {
        let folder = TempDir::with_prefix("attache-backend-")?;
        // Both are held until both are chosen.
        let held = [
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?,
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?,
        ];
        let [address, behind] = [held[0].local_addr()?, held[1].local_addr()?];
        drop(held);
        let home = attache_e2e::repository().join("e2e/backends").join(self.folder);
        let process = Command::new("setpriv")
            .args(["--pdeathsig", "TERM"])
            .arg(home.join("start"))
            .arg(self.name)
            .current_dir(&home)
            .env("PORT", address.port().to_string())
            .env("BEHIND", behind.port().to_string())
            .env("SEEN", folder.path().join("seen"))
            .env("FILES", folder.path())
            .env("PARTS", parts)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(File::create(folder.path().join("stdout"))?)
            .stderr(File::create(folder.path().join("stderr"))?)
            .spawn()
            .with_context(|| format!("`{}` can't be started", self.name))?;
        let mut running = Running { process, folder, address };
        running.wait_until_ready().await.with_context(|| self.name)?;
        Ok(running)
    }
}

impl Running {
    async fn wait_until_ready(&mut self) -> Result<()> {
        let deadline = Deadline::after(PATIENCE);
        while self.lines().is_empty() {
            if let Some(status) = self.process.try_wait()? {
                bail!("it ended ({status}):\n{}", self.log());
            }
            let _ = self.ask("ready").await;
            if !deadline.wait().await {
                bail!("it does not tell of a request:\n{}", self.log());
            }
        }
        Ok(())
    }

    /// Asks the backend itself.
    pub(crate) async fn ask(&self, case: &str) -> Result<()> {
        let headers =
            [("host".to_owned(), "ready".to_owned()), ("x-case".to_owned(), case.to_owned())];
        let stream = TcpStream::connect(self.address).await?;
        let request =
            http1::Request { method: "GET", path: "/healthz", headers: &headers, body: &[] };
        http1::send(stream, &request).await?;
        Ok(())
    }

    /// What it has told so far.
    pub(crate) fn lines(&self) -> String {
        fs::read_to_string(self.folder.path().join("seen")).unwrap_or_default()
    }

    /// What it has printed.
    pub(crate) fn log(&self) -> String {
        let read = |name: &str| fs::read(self.folder.path().join(name)).unwrap_or_default();
        String::from_utf8_lossy(&[read("stdout"), read("stderr")].concat()).into_owned()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The whole group: servers have workers of their own.
        let group = format!("-{}", self.process.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.process.wait();
    }
}
