//! A TCP socket of a guest: it connects once, and is nothing on this machine before.

use std::net::{Shutdown, SocketAddr};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::sockets::network::{ErrorCode, IpAddressFamily, IpSocketAddress, Network};
use wasmtime_wasi::p2::bindings::sockets::tcp::ShutdownType;
use wasmtime_wasi::p2::pipe::AsyncReadStream;
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, DynPollable, Pollable, subscribe};
use wasmtime_wasi::runtime::{AbortOnDropJoinHandle, spawn};

use super::streams::Writer;
use crate::egress::Rule;
use crate::imports::bounded::Bounded;
use crate::state::State;
use crate::traffic::Open;

/// A socket. Dropping it, after its streams, closes the connection.
pub(crate) struct Socket {
    family: IpAddressFamily,
    phase: Phase,
    /// Its place in the count of connections.
    place: Open,
}

enum Phase {
    Fresh,
    Connecting {
        peer: Rule,
        task: AbortOnDropJoinHandle<Result<TcpStream, ErrorCode>>,
    },
    /// Connected or not; the guest has not asked yet.
    Arrived {
        peer: Rule,
        stream: Result<TcpStream, ErrorCode>,
    },
    Connected {
        local: SocketAddr,
        remote: SocketAddr,
        writer: Writer,
    },
    Closed,
}

#[wasmtime_wasi::async_trait]
impl Pollable for Socket {
    async fn ready(&mut self) {
        if let Phase::Connecting { peer, task } = &mut self.phase {
            let stream = task.await;
            self.phase = Phase::Arrived { peer: peer.clone(), stream };
        }
    }
}

impl State {
    pub(crate) fn create_tcp_socket(
        &mut self,
        family: IpAddressFamily,
    ) -> wasmtime::Result<Result<Resource<Socket>, ErrorCode>> {
        self.begin("sockets.create-tcp-socket")?;
        self.end();
        let Some(place) = self.traffic.open(self.connections, self.limits.connections_max) else {
            self.refuse_connection();
            return Ok(Err(ErrorCode::NewSocketLimit));
        };
        Ok(Ok(self.table.push(Socket { family, phase: Phase::Fresh, place })?))
    }

    pub(crate) fn start_connect(
        &mut self,
        socket: &Resource<Socket>,
        network: &Resource<Network>,
        address: SocketAddr,
    ) -> wasmtime::Result<Result<(), ErrorCode>> {
        self.begin("sockets.connect")?;
        self.end();
        self.table.get(network)?;
        let Socket { family, phase, .. } = self.table.get(socket)?;
        if matches!(phase, Phase::Connecting { .. } | Phase::Arrived { .. }) {
            return Ok(Err(ErrorCode::ConcurrencyConflict));
        }
        if !matches!(phase, Phase::Fresh) {
            return Ok(Err(ErrorCode::InvalidState));
        }
        let fits = address.is_ipv4() == matches!(family, IpAddressFamily::Ipv4);
        if !fits || address.port() == 0 {
            return Ok(Err(ErrorCode::InvalidArgument));
        }
        let Some((peer, dialled)) = self.check_peer(address) else { return Ok(Err(ErrorCode::AccessDenied)) };
        let limit = Duration::from_millis(self.limits.connect_ms_max);
        let task = spawn(async move {
            match timeout(limit, TcpStream::connect(dialled)).await {
                Ok(Ok(stream)) => Ok(stream),
                Ok(Err(error)) => Err(error.into()),
                Err(_) => Err(ErrorCode::Timeout),
            }
        });
        let socket = self.table.get_mut(socket)?;
        socket.place.waits(&peer);
        socket.phase = Phase::Connecting { peer, task };
        Ok(Ok(()))
    }

    #[expect(clippy::type_complexity, reason = "what the interface returns")]
    pub(super) fn finish_connect(
        &mut self,
        socket: &Resource<Socket>,
    ) -> wasmtime::Result<Result<(Resource<DynInputStream>, Resource<DynOutputStream>), ErrorCode>> {
        let (limits, transcript) = (&self.limits, &self.transcript);
        let held = self.table.get_mut(socket)?;
        let (peer, stream) = match std::mem::replace(&mut held.phase, Phase::Closed) {
            Phase::Connecting { peer, mut task } => match (&mut task).now_or_never() {
                Some(stream) => (peer, stream),
                None => {
                    held.phase = Phase::Connecting { peer, task };
                    return Ok(Err(ErrorCode::WouldBlock));
                }
            },
            Phase::Arrived { peer, stream } => (peer, stream),
            other => {
                held.phase = other;
                return Ok(Err(ErrorCode::NotInProgress));
            }
        };
        held.place.answered();
        let connected = stream.and_then(|stream| Ok((stream.local_addr()?, stream.peer_addr()?, stream)));
        let (local, remote, stream) = match connected {
            Ok(connected) => connected,
            Err(error) => return Ok(Err(error)),
        };
        // A guest that talks to a database waits for each answer.
        let _ = stream.set_nodelay(true);
        let stream = Bounded::new(stream, limits.traffic_bytes_max, &peer, transcript);
        let (reader, writer) = tokio::io::split(stream);
        let writer = Writer::new(writer);
        held.phase = Phase::Connected { local, remote, writer: writer.clone() };
        let input: DynInputStream = Box::new(AsyncReadStream::new(reader));
        let output: DynOutputStream = Box::new(writer);
        let input = self.table.push_child(input, socket)?;
        let output = self.table.push_child(output, socket)?;
        Ok(Ok((input, output)))
    }

    pub(super) fn local_address(
        &self,
        socket: &Resource<Socket>,
    ) -> wasmtime::Result<Result<IpSocketAddress, ErrorCode>> {
        Ok(match &self.table.get(socket)?.phase {
            Phase::Connected { local, .. } => Ok((*local).into()),
            _ => Err(ErrorCode::InvalidState),
        })
    }

    pub(super) fn remote_address(
        &self,
        socket: &Resource<Socket>,
    ) -> wasmtime::Result<Result<IpSocketAddress, ErrorCode>> {
        Ok(match &self.table.get(socket)?.phase {
            Phase::Connected { remote, .. } => Ok((*remote).into()),
            _ => Err(ErrorCode::InvalidState),
        })
    }

    pub(super) fn address_family(&self, socket: &Resource<Socket>) -> wasmtime::Result<IpAddressFamily> {
        Ok(self.table.get(socket)?.family)
    }

    pub(super) fn subscribe_socket(
        &mut self,
        socket: Resource<Socket>,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        subscribe(&mut self.table, socket)
    }

    /// What is not read any more is the guest's own affair; what it says no more, the other side is told,
    /// after everything that it has said.
    pub(super) fn shutdown(
        &self,
        socket: &Resource<Socket>,
        how: ShutdownType,
    ) -> wasmtime::Result<Result<(), ErrorCode>> {
        let Phase::Connected { writer, .. } = &self.table.get(socket)?.phase else {
            return Ok(Err(ErrorCode::InvalidState));
        };
        if Shutdown::from(how) != Shutdown::Read {
            writer.close();
        }
        Ok(Ok(()))
    }
}
