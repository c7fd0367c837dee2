//! Takes connections, a bounded number at a time, and lets the last ones end when it stops.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio_io_timeout::TimeoutWriter;

use super::tls::Certificates;
use super::{AnswerBody, Server};

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

/// Where a request came from. Every request that came through a [`Listener`] has one as an extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The other end of the connection: a proxy, where one stands between.
    pub address: IpAddr,
    /// Whether nobody could read along.
    pub is_secure: bool,
}

/// A bound port that takes no connections yet.
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    certificates: Option<Arc<Certificates>>,
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
        Ok(Self { socket, address, certificates: None })
    }

    /// The same port, spoken to by TLS only.
    #[must_use]
    pub fn with_tls(self, certificates: Certificates) -> Self {
        Self { certificates: Some(Arc::new(certificates)), ..self }
    }

    /// Where clients connect: with the real port.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// How clients name the protocol.
    pub const fn scheme(&self) -> &'static str {
        if self.certificates.is_some() { "https" } else { "http" }
    }

    /// Serves until `stop` resolves. Then no connection is taken any more, idle ones are closed, and
    /// running requests get the time of the limits to end.
    pub async fn serve(self, server: Arc<Server>, stop: impl Future<Output = ()>) {
        let stopping = watch::Sender::new(false);
        let mut connections = JoinSet::new();
        tokio::select! {
            () = stop => {}
            () = self.accept(&server, &stopping, &mut connections) => {}
            () = self.follow_certificates(&server) => {}
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

    async fn follow_certificates(&self, server: &Server) {
        match &self.certificates {
            Some(certificates) => certificates.follow(&*server.clock).await,
            None => std::future::pending().await,
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
                Ok((stream, peer)) => {
                    let taken = Taken { stream, address: peer.ip(), stopping: stopping.subscribe() };
                    let (server, certificates) = (Arc::clone(server), self.certificates.clone());
                    connections.spawn(taken.converse(server, certificates, permit));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    server.clock.sleep_until(server.clock.now().plus_millis(ACCEPT_PAUSE_MS)).await;
                }
            }
        }
    }
}

/// A connection that was taken.
struct Taken {
    stream: TcpStream,
    address: IpAddr,
    stopping: watch::Receiver<bool>,
}

impl Taken {
    /// Agrees on TLS where it is spoken, and serves the connection until either side closes it.
    async fn converse(
        mut self,
        server: Arc<Server>,
        certificates: Option<Arc<Certificates>>,
        _permit: OwnedSemaphorePermit,
    ) {
        let _counted = server.metrics.connection();
        if let Err(error) = self.stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection ended at once");
            return;
        }
        let origin = Origin { address: self.address.to_canonical(), is_secure: certificates.is_some() };
        let Some(certificates) = certificates else {
            return answer_on(self.stream, server, origin, self.stopping).await;
        };
        let deadline = server.clock.now().plus_millis(server.limits.handshake_ms_max);
        let agreed = tokio::select! {
            biased;
            agreed = certificates.acceptor().accept(self.stream) => agreed,
            () = server.clock.sleep_until(deadline) => Err(io::ErrorKind::TimedOut.into()),
            _ = self.stopping.wait_for(|stopping| *stopping) => return,
        };
        match agreed {
            Ok(stream) => Box::pin(answer_on(stream, server, origin, self.stopping)).await,
            // A client that does not trust the certificate, or that does not speak TLS.
            Err(error) => tracing::debug!(%error, "a client did not agree on TLS"),
        }
    }
}

/// Answers what comes over a connection until either side closes it.
async fn answer_on<S>(stream: S, server: Arc<Server>, origin: Origin, mut stopping: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let limits = server.limits;
    let mut stream = TimeoutWriter::new(stream);
    stream.set_timeout(Some(Duration::from_millis(limits.write_ms_max)));
    let requests = AtomicU64::new(0);
    let service = service_fn(|mut request: Request<Incoming>| {
        let server = Arc::clone(&server);
        let is_last = requests.fetch_add(1, Ordering::Relaxed) + 1 >= limits.connection_requests_max;
        request.extensions_mut().insert(origin);
        async move {
            let mut answer: Response<AnswerBody> = server.answer(request).await;
            if is_last {
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(answer)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(limits.head_read_ms_max))
        .max_headers(HEADERS_MAX)
        .max_buf_size(BUFFER_BYTES_MAX)
        .serve_connection(TokioIo::new(Box::pin(stream)), service);
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
