//! The sockets: TCP with or without TLS, or a Unix socket, for the gateway; TCP for the HTTP side.

use crate::config::{Grpc, GrpcTls, Listen};
use std::error::Error;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use tokio::net::{TcpListener, UnixListener};
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};

/// Why a socket can't be obtained.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address is taken, or not this machine's.
    #[error("can't listen at `{at}`: {source}")]
    Bind {
        /// The address or path.
        at: String,
        /// Why.
        source: io::Error,
    },
    /// Another process answers at the Unix socket.
    #[error("another process listens at `{0}`; end it or choose another path")]
    InUse(String),
    /// A file that is no socket lies there.
    #[error("`{0}` is there and is no socket; choose another path")]
    NoSocket(String),
    /// A file of the TLS side can't be read.
    #[error("can't read `{path}`: {source}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
}

/// The gateway's socket.
#[derive(Debug)]
pub enum Socket {
    /// TCP.
    Tcp(TcpListener),
    /// A Unix socket; its file is removed with it.
    Unix(UnixListener, SocketFile),
}

/// A Unix socket's file.
#[derive(Debug)]
pub struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Where it is gone already there is nothing to do.
        let _ = fs::remove_file(&self.0);
    }
}

/// Listens for the gateway.
///
/// # Errors
/// The socket can't be obtained.
pub async fn grpc(config: &Grpc) -> Result<Socket, ListenError> {
    match &config.listen {
        Listen::Tcp(address) => Ok(Socket::Tcp(tcp(*address).await?)),
        Listen::Unix(path) => unix(path),
    }
}

impl Socket {
    /// Returns where it listens, on TCP.
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            Self::Unix(..) => None,
        }
    }

    /// Returns the socket twice: what comes is taken up by whichever is asked. The file of a Unix
    /// socket is the second's.
    ///
    /// # Errors
    /// The process has too many files open.
    pub fn twice(self) -> io::Result<(Listener, Listener, Option<SocketFile>)> {
        match self {
            Self::Tcp(listener) => {
                let one = listener.into_std()?;
                let other = TcpListener::from_std(one.try_clone()?)?;
                Ok((Listener::Tcp(TcpListener::from_std(one)?), Listener::Tcp(other), None))
            }
            Self::Unix(listener, file) => {
                let one = listener.into_std()?;
                let other = UnixListener::from_std(one.try_clone()?)?;
                Ok((
                    Listener::Unix(UnixListener::from_std(one)?),
                    Listener::Unix(other),
                    Some(file),
                ))
            }
        }
    }
}

/// What accepts connections.
#[derive(Debug)]
pub enum Listener {
    /// On TCP.
    Tcp(TcpListener),
    /// On a Unix socket.
    Unix(UnixListener),
}

/// Listens at an address.
///
/// # Errors
/// The address can't be obtained.
pub async fn tcp(address: SocketAddr) -> Result<TcpListener, ListenError> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|source| ListenError::Bind { at: address.to_string(), source })
}

/// Opens a socket for the user and the group: the gateway runs as another user of one group.
fn unix(path: &Path) -> Result<Socket, ListenError> {
    let at = || path.display().to_string();
    let bind = |source| ListenError::Bind { at: at(), source };
    match fs::symlink_metadata(path) {
        Ok(meta) if !meta.file_type().is_socket() => return Err(ListenError::NoSocket(at())),
        Ok(_) if UnixStream::connect(path).is_ok() => return Err(ListenError::InUse(at())),
        // Left behind by a process that was killed.
        Ok(_) => fs::remove_file(path).map_err(bind)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(bind(error)),
    }
    let listener = UnixListener::bind(path).map_err(bind)?;
    let file = SocketFile(path.to_owned());
    fs::set_permissions(path, fs::Permissions::from_mode(0o660)).map_err(bind)?;
    Ok(Socket::Unix(listener, file))
}

/// Chooses the cryptography of TLS connections for the whole process; an earlier choice stays,
/// which is as good.
pub fn choose_cryptography() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Returns TLS for the gateway's side, with client certificates required where an authority for
/// them is named.
///
/// # Errors
/// A file can't be read.
pub fn tls(config: &GrpcTls) -> Result<ServerTlsConfig, ListenError> {
    let read = |path: &Path| {
        let unreadable =
            |source| ListenError::Unreadable { path: path.display().to_string(), source };
        fs::read(path).map_err(unreadable)
    };
    let identity = Identity::from_pem(read(&config.cert_file)?, read(&config.key_file)?);
    let mut tls = ServerTlsConfig::new().identity(identity);
    if let Some(path) = &config.client_ca_file {
        tls = tls.client_ca_root(Certificate::from_pem(read(path)?));
    }
    Ok(tls)
}

/// Looks whether certificate, key and authority can be used, and fit together.
///
/// # Errors
/// They can't be used.
pub fn check_tls(config: &GrpcTls) -> Result<(), Box<dyn Error>> {
    choose_cryptography();
    Server::builder().tls_config(tls(config)?).map(drop).map_err(|error| match error.source() {
        Some(source) => {
            format!("certificate, key and authority can't be used together: {source}").into()
        }
        None => error.into(),
    })
}
