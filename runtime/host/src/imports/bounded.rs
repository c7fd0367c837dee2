//! Ends a connection of `wasi:http` or `wasi:sockets` on which too much is said, in either direction.
//!
//! Bytes are counted where they pass, so that the head of an answer and what wraps its body count too. On an
//! encrypted connection they are counted inside of the encryption.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::egress::Rule;
use crate::transcript::{Level, SharedTranscript};

/// The error that ends the connection, as a kind that no socket has.
pub(crate) const EXCEEDED: io::ErrorKind = io::ErrorKind::FileTooLarge;

/// A stream that fails when more than its bound passes.
pub(crate) struct Bounded<S> {
    stream: S,
    bytes_max: usize,
    read_left: usize,
    write_left: usize,
    peer: Rule,
    transcript: SharedTranscript,
}

impl<S> Bounded<S> {
    /// Bounds what passes each way. The log says so when it is exceeded.
    pub(crate) fn new(stream: S, bytes_max: usize, peer: &Rule, transcript: &SharedTranscript) -> Self {
        Self {
            stream,
            bytes_max,
            read_left: bytes_max,
            write_left: bytes_max,
            peer: peer.clone(),
            transcript: transcript.clone(),
        }
    }

    fn exceeded(&self, what: &str) -> io::Error {
        let Self { bytes_max, peer, transcript, .. } = self;
        let message = format!(
            "limit on traffic exceeded: {what} `{peer}` has more than {bytes_max} bytes: the connection is closed"
        );
        transcript.lock().write(Level::Warn, &message);
        io::Error::new(EXCEEDED, message)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Bounded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        match self.read_left.checked_sub(buffer.filled().len() - before) {
            Some(left) => {
                self.read_left = left;
                Poll::Ready(Ok(()))
            }
            None => {
                buffer.set_filled(before);
                Poll::Ready(Err(self.exceeded("what comes from")))
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Bounded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.write_left < bytes.len() {
            return Poll::Ready(Err(self.exceeded("what goes to")));
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
        self.write_left -= written;
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
