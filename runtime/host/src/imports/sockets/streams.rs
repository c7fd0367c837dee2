//! What a guest says on a socket: taken at once, sent by a task, closed when all is said.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::sync::Notify;
use wasmtime_wasi::p2::{IoError, OutputStream, Pollable, StreamError, StreamResult};
use wasmtime_wasi::runtime::{AbortOnDropJoinHandle, spawn};

/// Bytes that a guest may write before the last ones are sent.
const WRITE_BYTES_MAX: usize = 64 * 1024;

/// The sending side of a connection. Clones share it; the task that sends ends with the last of them.
#[derive(Clone)]
pub(super) struct Writer {
    shared: Arc<Shared>,
    _task: Arc<AbortOnDropJoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    pending: Mutex<Pending>,
    /// There is something to send, or nothing more will come.
    work: Notify,
    /// Everything is sent, or nothing can be.
    done: Notify,
}

#[derive(Default)]
struct Pending {
    bytes: BytesMut,
    sending: bool,
    closed: bool,
    error: Option<io::Error>,
}

impl Pending {
    fn is_idle(&self) -> bool {
        self.error.is_some() || (self.bytes.is_empty() && !self.sending)
    }
}

impl Shared {
    /// A panic while it was held leaves it whole: each change is one step.
    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writer {
    pub(super) fn new(stream: impl AsyncWrite + Send + Unpin + 'static) -> Self {
        let shared = Arc::<Shared>::default();
        let task = spawn(send(stream, Arc::clone(&shared)));
        Self { shared, _task: Arc::new(task) }
    }

    /// Nothing more will be said.
    pub(super) fn close(&self) {
        self.shared.lock().closed = true;
        self.shared.work.notify_one();
    }
}

async fn send(mut stream: impl AsyncWrite + Unpin, shared: Arc<Shared>) {
    loop {
        let (bytes, closed) = {
            let mut pending = shared.lock();
            let bytes = pending.bytes.split().freeze();
            pending.sending = !bytes.is_empty();
            (bytes, pending.closed)
        };
        let sent = match (bytes.is_empty(), closed) {
            (false, _) => stream.write_all(&bytes).await,
            (true, true) => stream.shutdown().await,
            (true, false) => {
                shared.done.notify_one();
                shared.work.notified().await;
                continue;
            }
        };
        let mut pending = shared.lock();
        pending.sending = false;
        let failed = sent.is_err();
        pending.error = sent.err();
        drop(pending);
        if failed || bytes.is_empty() {
            shared.done.notify_one();
            return;
        }
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Writer {
    async fn ready(&mut self) {
        while !self.shared.lock().is_idle() {
            self.shared.done.notified().await;
        }
    }
}

#[wasmtime_wasi::async_trait]
impl OutputStream for Writer {
    fn check_write(&mut self) -> StreamResult<usize> {
        let mut pending = self.shared.lock();
        if let Some(error) = pending.error.take() {
            pending.closed = true;
            return Err(StreamError::LastOperationFailed(IoError::from(error)));
        }
        if pending.closed {
            return Err(StreamError::Closed);
        }
        Ok(if pending.is_idle() { WRITE_BYTES_MAX } else { 0 })
    }

    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        let mut pending = self.shared.lock();
        if pending.closed || pending.error.is_some() {
            return Err(StreamError::Closed);
        }
        if pending.bytes.len() + bytes.len() > WRITE_BYTES_MAX {
            return Err(StreamError::trap("a write of more bytes than were permitted"));
        }
        pending.bytes.extend_from_slice(&bytes);
        drop(pending);
        self.shared.work.notify_one();
        Ok(())
    }

    /// Everything is on its way already.
    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }
}
