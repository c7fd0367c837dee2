//! Keeps the driver from sending a password in clear text over a network.
//!
//! A server may ask for that, and the driver would comply. On an unencrypted connection the question can
//! be seen; there the stream fails, before the driver reads it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// The message `AuthenticationCleartextPassword`: its kind, its length, and 3.
const QUESTION: [u8; 9] = [b'R', 0, 0, 0, 8, 0, 0, 0, 3];
/// The server's answer that TLS begins.
const TLS_BEGINS: u8 = b'S';

/// How much of the server's first message was seen.
#[derive(Debug)]
enum Watch {
    /// The server has not said yet whether it speaks TLS.
    TlsAnswer,
    /// The connection is not encrypted; so many bytes were those of the question.
    FirstMessage { matched: usize },
    /// Nothing to watch for any more.
    Over,
}

impl Watch {
    /// Whether the question is complete after these bytes.
    fn sees_question(&mut self, bytes: &[u8]) -> bool {
        for byte in bytes {
            *self = match *self {
                Self::TlsAnswer if *byte == TLS_BEGINS => Self::Over,
                Self::TlsAnswer => Self::FirstMessage { matched: 0 },
                Self::FirstMessage { matched } if QUESTION[matched] != *byte => Self::Over,
                Self::FirstMessage { matched } if matched + 1 == QUESTION.len() => return true,
                Self::FirstMessage { matched } => Self::FirstMessage { matched: matched + 1 },
                Self::Over => return false,
            };
        }
        false
    }
}

/// A TCP stream that fails when its server asks for a password in clear text.
#[derive(Debug)]
pub(super) struct Guarded {
    stream: TcpStream,
    watch: Watch,
}

impl Guarded {
    /// Watches for nothing: for a protocol whose own code answers no such question.
    pub(super) fn unwatched(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, watch: Watch::Over })
    }

    /// Guards a stream. Without TLS the server's first byte belongs to a message; otherwise it answers
    /// whether TLS begins.
    pub(super) fn new(stream: TcpStream, without_tls: bool) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let watch = match stream.peer_addr()?.ip() {
            ip if ip.to_canonical().is_loopback() => Watch::Over,
            _ if without_tls => Watch::FirstMessage { matched: 0 },
            _ => Watch::TlsAnswer,
        };
        Ok(Self { stream, watch })
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if self.watch.sees_question(&buffer.filled()[before..]) {
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                "the server asks for the password in clear text on a connection that is not encrypted",
            )));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Guarded {
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

    fn check(mut watch: Watch, pieces: &[&[u8]], expected: bool) {
        assert_eq!(pieces.iter().any(|piece| watch.sees_question(piece)), expected);
    }

    #[test]
    fn the_question_is_seen_in_any_pieces() {
        check(Watch::FirstMessage { matched: 0 }, &[&QUESTION], true);
        check(Watch::FirstMessage { matched: 0 }, &[&QUESTION[..4], &QUESTION[4..]], true);
        check(Watch::TlsAnswer, &[b"N", &QUESTION, b"more"], true);
    }

    #[test]
    fn other_messages_and_encrypted_bytes_are_not_the_question() {
        check(Watch::FirstMessage { matched: 0 }, &[&[b'R', 0, 0, 0, 12, 0, 0, 0, 5]], false);
        check(Watch::TlsAnswer, &[b"S", &QUESTION], false);
        check(Watch::FirstMessage { matched: 0 }, &[b"E", &QUESTION], false);
    }
}
