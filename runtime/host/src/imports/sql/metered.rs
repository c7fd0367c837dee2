//! Ends a connection on which the server sends too much.
//!
//! The driver holds each message of the server whole before anyone sees a part of it, and reads on in an
//! answer that nobody waits for any more. So bytes are counted where they arrive, those of TLS included.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::cleartext::Guarded;
use super::fault;
use crate::contract::keywheel::rotation::sql::{Error, ErrorKind};

/// What the server of one session may send until the next call.
#[derive(Debug)]
pub(super) struct Allowance {
    bytes_max: usize,
    bytes_left: AtomicUsize,
    exceeded: AtomicBool,
}

impl Allowance {
    pub(super) const fn new(bytes_max: usize) -> Self {
        Self { bytes_max, bytes_left: AtomicUsize::new(bytes_max), exceeded: AtomicBool::new(false) }
    }

    /// Notes that a call begins.
    pub(super) fn renew(&self) {
        self.bytes_left.store(self.bytes_max, Ordering::Relaxed);
    }

    /// Why the connection broke, when the server has sent too much. No call mends that.
    pub(super) fn refusal(&self) -> Option<Error> {
        self.exceeded.load(Ordering::Relaxed).then(|| {
            let message = format!(
                "the server sent more than {} bytes in answer to one call: the connection is closed",
                self.bytes_max
            );
            fault::permanent(ErrorKind::Limit, message)
        })
    }

    fn take(&self, bytes: usize) -> io::Result<()> {
        let take = |left: usize| left.checked_sub(bytes);
        self.bytes_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).map(|_| ()).map_err(|_| {
            self.exceeded.store(true, Ordering::Relaxed);
            io::Error::new(io::ErrorKind::QuotaExceeded, "the server sent too much")
        })
    }
}

/// A stream that fails when its allowance is exceeded.
#[derive(Debug)]
pub(super) struct Metered {
    stream: Guarded,
    allowance: Arc<Allowance>,
}

impl Metered {
    pub(super) const fn new(stream: Guarded, allowance: Arc<Allowance>) -> Self {
        Self { stream, allowance }
    }
}

impl AsyncRead for Metered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        Poll::Ready(self.allowance.take(buffer.filled().len() - before))
    }
}

impl AsyncWrite for Metered {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_has_the_whole_allowance() {
        let allowance = Allowance::new(10);
        for _ in 0..2 {
            allowance.renew();
            assert!(allowance.take(4).is_ok() && allowance.take(6).is_ok());
            assert!(allowance.refusal().is_none());
        }
    }

    #[test]
    fn what_was_exceeded_stays_so() {
        let allowance = Allowance::new(10);
        assert!(allowance.take(11).is_err());
        allowance.renew();
        let refusal = allowance.refusal().unwrap();
        assert_eq!((refusal.kind, refusal.transient), (ErrorKind::Limit, false));
        assert!(refusal.message.starts_with("the server sent more than 10 bytes"), "{}", refusal.message);
    }
}
