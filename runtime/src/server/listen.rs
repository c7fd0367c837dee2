//! Takes connections, a bounded number at a time, and lets the last ones end when it stops.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use super::Server;

/// Headers of a request.
const HEADERS_MAX: usize = 100;
/// The most that a connection buffers of a request's head, or of a body in passing.
const BUFFER_BYTES_MAX: usize = 64 * 1024;
/// The pause after a connection could not be accepted, for example when the process has no file
/// descriptor left.
const ACCEPT_PAUSE_MS: i64 = 100;

/// Why no connections can be taken. The sentence says what to do.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody listens there.
    #[error("{address} is in use by another program: stop it, or give another port by --listen")]
    InUse {
        /// The address.
        address: SocketAddr,
    },
    /// Ports below 1024 belong to root.
    #[error("this user may not listen on {address}: give a port of 1024 or higher by --listen")]
    NotAllowed {
        /// The address.
        address: SocketAddr,
    },
    /// The machine has no such address.
    #[error("this machine has no address {}: give one of its own by --listen", .address.ip())]
    NotHere {
        /// The address.
        address: SocketAddr,
    },
    /// Something else.
    #[error("could not listen on {address}")]
    Io {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// A bound port that takes no connections yet.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Binds the address; port 0 takes a free one.
    pub async fn bind(address: SocketAddr) -> Result<Self, BindError> {
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => BindError::InUse { address },
            io::ErrorKind::PermissionDenied => BindError::NotAllowed { address },
            io::ErrorKind::AddrNotAvailable => BindError::NotHere { address },
            _ => BindError::Io { address, source },
        };
        let socket = TcpListener::bind(address).await.map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        Ok(Self { socket, address })
    }

    /// Where clients connect: with the real port.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` resolves. Then no connection is taken any more, idle ones are closed, and
    /// running requests get the time of the limits to end.
    pub async fn serve(self, server: Arc<Server>, stop: impl Future<Output = ()>) {
        let stopping = watch::Sender::new(false);
        let mut connections = JoinSet::new();
        tokio::select! {
            () = stop => {}
            () = self.accept(&server, &stopping, &mut connections) => {}
        }
        drop(self.socket);
        stopping.send_replace(true);
        server.streams.stop();
        let deadline = server.clock.now().plus_millis(server.limits.drain_ms_max);
        tokio::select! {
            biased;
            () = async { while connections.join_next().await.is_some() {} } => {}
            () = server.clock.sleep_until(deadline) => {
                tracing::warn!(connections = connections.len(), "connections were cut off when the server stopped");
                connections.shutdown().await;
            }
        }
    }

    /// Takes connections for ever.
    async fn accept(
        &self,
        server: &Arc<Server>,
        stopping: &watch::Sender<bool>,
        connections: &mut JoinSet<()>,
    ) {
        let permits = Arc::new(Semaphore::new(server.limits.connections_max));
        loop {
            let permit = Arc::clone(&permits).acquire_owned().await.expect("the semaphore is never closed");
            let accepted = tokio::select! {
                accepted = self.socket.accept() => accepted,
                // Keeps the set from growing by connections that have ended.
                Some(_) = connections.join_next() => continue,
            };
            match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(Arc::clone(server), stream, stopping.subscribe(), permit));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    server.clock.sleep_until(server.clock.now().plus_millis(ACCEPT_PAUSE_MS)).await;
                }
            }
        }
    }
}

/// Serves one connection until either side closes it.
async fn converse(
    server: Arc<Server>,
    stream: TcpStream,
    mut stopping: watch::Receiver<bool>,
    _permit: OwnedSemaphorePermit,
) {
    let _counted = server.metrics.connection();
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection ended at once");
        return;
    }
    let head_read = Duration::from_millis(server.limits.head_read_ms_max);
    let service = service_fn(|request| {
        let server = Arc::clone(&server);
        async move { Ok::<_, Infallible>(server.answer(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_read)
        .max_headers(HEADERS_MAX)
        .max_buf_size(BUFFER_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let stops = async {
        // Without a sender nobody is left who could stop it otherwise.
        let _ = stopping.wait_for(|stopping| *stopping).await;
    };
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stops => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // Garbage, a client that went away, or one that was too slow: of no interest to an operator.
        tracing::debug!(%error, "a connection ended early");
    }
}
