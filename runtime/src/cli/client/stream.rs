//! Server-sent events: what comes over a connection, cut into messages.

use std::collections::VecDeque;
use std::sync::Arc;

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use keywheel_domain::time::SECOND_MS;

use super::ClientError;
use super::exchange::{Connection, within};
use crate::clock::Clock;

/// A server says something every 15 s; one that was silent for longer is gone.
const SILENCE_MS_MAX: i64 = 45 * SECOND_MS;
/// Bytes of one message, and of one line.
const MESSAGE_BYTES_MAX: usize = 1024 * 1024;

/// A stream that was opened.
pub(in crate::cli) struct EventStream {
    body: Incoming,
    /// Dropping it would close the connection.
    _connection: Connection,
    clock: Arc<dyn Clock>,
    messages: Messages,
}

/// What a server says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Message {
    /// Where to go on after it.
    pub(in crate::cli) id: Option<u64>,
    /// Empty when only the place is told.
    pub(in crate::cli) data: String,
}

/// What comes next of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Next {
    /// Something was said.
    Message(Message),
    /// The server has ended the stream, as it does with every one after some time.
    Ended,
    /// The connection broke, or the server was silent for too long.
    Broken,
}

impl EventStream {
    pub(super) fn new(body: Incoming, connection: Connection, clock: Arc<dyn Clock>) -> Self {
        Self { body, _connection: connection, clock, messages: Messages::default() }
    }

    /// Waits for what comes next.
    ///
    /// # Errors
    /// What comes is no such stream.
    pub(in crate::cli) async fn next(&mut self) -> Result<Next, ClientError> {
        loop {
            if let Some(message) = self.messages.ready.pop_front() {
                return Ok(Next::Message(message));
            }
            match within(&*self.clock, SILENCE_MS_MAX, self.body.frame()).await {
                Some(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data() {
                        self.messages.push(&data)?;
                    }
                }
                Some(None) => return Ok(Next::Ended),
                Some(Some(Err(_))) | None => return Ok(Next::Broken),
            }
        }
    }
}

/// Puts messages together from whatever pieces they come in.
#[derive(Debug, Default)]
struct Messages {
    line: Vec<u8>,
    id: Option<u64>,
    data: String,
    ready: VecDeque<Message>,
}

impl Messages {
    fn push(&mut self, mut bytes: &[u8]) -> Result<(), ClientError> {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.line.extend_from_slice(&bytes[..end]);
            bytes = &bytes[end + 1..];
            let line = std::mem::take(&mut self.line);
            self.take(&String::from_utf8_lossy(&line))?;
        }
        self.line.extend_from_slice(bytes);
        check_length(self.line.len())
    }

    fn take(&mut self, line: &str) -> Result<(), ClientError> {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            // The empty line that ends a message, or a comment, whose field has no name.
            "" if line.is_empty() => self.finish(),
            "id" => self.id = value.parse().ok(),
            "data" => {
                check_length(self.data.len() + value.len())?;
                if !self.data.is_empty() {
                    self.data.push('\n');
                }
                self.data.push_str(value);
            }
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self) {
        let (id, data) = (self.id.take(), std::mem::take(&mut self.data));
        if id.is_some() || !data.is_empty() {
            self.ready.push_back(Message { id, data });
        }
    }
}

const fn check_length(bytes: usize) -> Result<(), ClientError> {
    if bytes > MESSAGE_BYTES_MAX {
        return Err(ClientError::EventTooLong { bytes_max: MESSAGE_BYTES_MAX });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a stream says, given in pieces of this size.
    fn messages(text: &str, piece: usize) -> Vec<(Option<u64>, String)> {
        let mut messages = Messages::default();
        for piece in text.as_bytes().chunks(piece) {
            messages.push(piece).unwrap();
        }
        messages.ready.into_iter().map(|message| (message.id, message.data)).collect()
    }

    #[test]
    fn messages_are_the_same_however_they_are_cut() {
        let check = |text: &str, expected: &[(Option<u64>, &str)]| {
            for piece in 1..=text.len() {
                let found = messages(text, piece);
                let found: Vec<_> = found.iter().map(|(id, data)| (*id, data.as_str())).collect();
                assert_eq!(found, expected, "{text:?} in pieces of {piece}");
            }
        };
        check("id: 7\nevent: A\ndata: {\"x\": \"é\"}\n\n", &[(Some(7), "{\"x\": \"é\"}")]);
        check("id: 7\ndata: a\n\nid: 8\ndata: b\n\n", &[(Some(7), "a"), (Some(8), "b")]);
        check("id:7\r\ndata:a\r\n\r\n", &[(Some(7), "a")]);
        check(": keep-alive\n\n", &[]);
        check("data: a\ndata: b\n\n", &[(None, "a\nb")]);
        check("id: 7\n\n", &[(Some(7), "")]);
        check("id: x\ndata: a\n\n", &[(None, "a")]);
        check("id: 7\ndata: not ended\n", &[]);
    }

    #[test]
    fn a_message_without_an_end_is_refused() {
        let mut messages = Messages::default();
        let line = vec![b'x'; MESSAGE_BYTES_MAX];
        messages.push(&line).unwrap();
        assert!(matches!(messages.push(b"x"), Err(ClientError::EventTooLong { .. })));
        let mut messages = Messages::default();
        let line = format!("data: {}\n", "x".repeat(MESSAGE_BYTES_MAX / 2));
        messages.push(line.as_bytes()).unwrap();
        messages.push(line.as_bytes()).unwrap();
        assert!(matches!(messages.push(line.as_bytes()), Err(ClientError::EventTooLong { .. })));
    }
}
