//! Packets of MySQL's protocol on a stream, and the forms that numbers and texts have in them.
//!
//! What a server sends is read with bounds: no buffer is made by a length that it only announces.

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use zeroize::Zeroizing;

use super::fault;
use crate::contract::keywheel::rotation::sql::{Error, ErrorKind};

/// What one packet holds at most; a message of this length goes on in the next one.
const PACKET_BYTES_MAX: usize = 0xff_ffff;
/// The length of a packet in three bytes, and its number.
const HEAD_BYTES: usize = 4;

/// First bytes of a server's messages.
pub(super) const OK: u8 = 0x00;
pub(super) const MORE_DATA: u8 = 0x01;
pub(super) const LOCAL_INFILE: u8 = 0xfb;
pub(super) const END: u8 = 0xfe;
pub(super) const REFUSED: u8 = 0xff;
/// A longer message with the first byte [`END`] is a row.
pub(super) const END_BYTES_MAX: usize = 8;

/// What packets are exchanged on.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A stream of packets, numbered anew in each exchange.
pub(super) struct Wire {
    stream: BufReader<Box<dyn Duplex>>,
    next: u8,
}

impl Wire {
    pub(super) fn new(stream: impl Duplex + 'static) -> Self {
        Self { stream: BufReader::new(Box::new(stream)), next: 0 }
    }

    /// The stream below, for TLS. Nothing that was sent in clear text may be taken for a part of it.
    pub(super) fn into_stream(self) -> Result<Box<dyn Duplex>, Error> {
        if self.stream.buffer().is_empty() { Ok(self.stream.into_inner()) } else { Err(violation()) }
    }

    /// Goes on with the numbers of another wire.
    pub(super) const fn continuing(mut self, number: u8) -> Self {
        self.next = number;
        self
    }

    /// The number of the next packet.
    pub(super) const fn number(&self) -> u8 {
        self.next
    }

    /// Sends the first message of an exchange.
    pub(super) async fn command(&mut self, message: Message) -> Result<(), Error> {
        self.next = 0;
        self.send(message).await
    }

    /// Sends a message.
    pub(super) async fn send(&mut self, mut message: Message) -> Result<(), Error> {
        let length = message.0.len() - HEAD_BYTES;
        if length >= PACKET_BYTES_MAX {
            let text =
                format!("a statement and its parameters have {length} of at most {PACKET_BYTES_MAX} bytes");
            return Err(fault::permanent(ErrorKind::Limit, text));
        }
        message.0[..3].copy_from_slice(&length.to_le_bytes()[..3]);
        message.0[3] = self.next;
        self.next = self.next.wrapping_add(1);
        self.stream.write_all(&message.0).await.map_err(|error| fault::from_io(&error))?;
        self.stream.flush().await.map_err(|error| fault::from_io(&error))
    }

    /// Reads a message.
    pub(super) async fn receive(&mut self) -> Result<Vec<u8>, Error> {
        let mut message = Vec::new();
        loop {
            let mut head = [0; HEAD_BYTES];
            self.stream.read_exact(&mut head).await.map_err(|error| fault::from_io(&error))?;
            let [a, b, c, number] = head;
            if number != self.next {
                return Err(violation());
            }
            self.next = self.next.wrapping_add(1);
            let length = u32::from_le_bytes([a, b, c, 0]);
            let mut part = (&mut self.stream).take(length.into());
            let read = part.read_to_end(&mut message).await.map_err(|error| fault::from_io(&error))?;
            if read < length as usize {
                return Err(fault::from_io(&std::io::ErrorKind::UnexpectedEof.into()));
            }
            if read < PACKET_BYTES_MAX {
                return Ok(message);
            }
        }
    }
}

/// Whether a message ends the rows of an answer.
pub(super) fn is_end(message: &[u8]) -> bool {
    message.first() == Some(&END) && message.len() <= END_BYTES_MAX
}

/// What is said when a server breaks the rules, or is none.
pub(super) fn violation() -> Error {
    fault::permanent(ErrorKind::Connection, "the server does not speak MySQL's protocol".to_owned())
}

/// A message to a server. It may hold a password, so its bytes are overwritten in the end.
pub(super) struct Message(Zeroizing<Vec<u8>>);

impl Message {
    /// Room for all that goes in, so that no part of it is left behind where it grew out of its place.
    pub(super) fn with_capacity(bytes: usize) -> Self {
        let mut message = Zeroizing::new(Vec::with_capacity(HEAD_BYTES + bytes));
        message.extend([0; HEAD_BYTES]);
        Self(message)
    }

    #[must_use]
    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    #[must_use]
    pub(super) fn byte(self, byte: u8) -> Self {
        self.bytes(&[byte])
    }

    /// A text that ends with a zero byte.
    #[must_use]
    pub(super) fn terminated(self, text: &str) -> Self {
        self.bytes(text.as_bytes()).byte(0)
    }

    /// Bytes after their length.
    #[must_use]
    pub(super) fn counted(self, bytes: &[u8]) -> Self {
        let length = bytes.len() as u64;
        let little = length.to_le_bytes();
        match length {
            0..=0xfa => self.bytes(&little[..1]),
            0xfb..=0xffff => self.byte(0xfc).bytes(&little[..2]),
            0x1_0000..=0xff_ffff => self.byte(0xfd).bytes(&little[..3]),
            _ => self.byte(0xfe).bytes(&little),
        }
        .bytes(bytes)
    }
}

/// Reads a message from its front. Each method answers nothing when the message is too short.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// A number whose first byte tells how many follow.
    pub(super) fn count(&mut self) -> Option<u64> {
        let more = match self.u8()? {
            small @ 0..=0xfa => return Some(small.into()),
            0xfc => 2,
            0xfd => 3,
            0xfe => 8,
            _ => return None,
        };
        let mut bytes = [0; 8];
        bytes[..more].copy_from_slice(self.take(more)?);
        Some(u64::from_le_bytes(bytes))
    }

    /// Bytes after their length.
    pub(super) fn counted(&mut self) -> Option<&'a [u8]> {
        let length = self.count()?;
        self.take(usize::try_from(length).ok()?)
    }

    /// A text up to a zero byte.
    pub(super) fn terminated(&mut self) -> Option<&'a [u8]> {
        let length = self.0.iter().position(|byte| *byte == 0)?;
        let text = self.take(length)?;
        self.take(1)?;
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_as_they_are_written() {
        for length in [0, 1, 0xfa, 0xfb, 0xffff, 0x1_0000, 0xff_ffff, 0x100_0000] {
            let bytes = vec![7; length];
            let message = Message::with_capacity(length + 9).counted(&bytes);
            let mut reader = Reader(&message.0[HEAD_BYTES..]);
            assert_eq!(reader.counted(), Some(&bytes[..]));
            assert_eq!(reader.0, b"");
            assert!(length == 0 || Reader(&message.0[HEAD_BYTES..message.0.len() - 1]).counted().is_none());
        }
    }

    #[tokio::test]
    async fn a_message_is_read_across_packets_and_a_wrong_number_is_refused() {
        let long = vec![9; PACKET_BYTES_MAX];
        let sent = [&[0xff, 0xff, 0xff, 0][..], &long, &[2, 0, 0, 1, 5, 6]].concat();
        let read = Wire::new(std::io::Cursor::new(sent)).receive().await.unwrap();
        assert_eq!((read.len(), &read[PACKET_BYTES_MAX..]), (PACKET_BYTES_MAX + 2, &[5, 6][..]));

        let refused = Wire::new(std::io::Cursor::new(vec![1, 0, 0, 1, 5])).receive().await.unwrap_err();
        assert_eq!(refused.message, violation().message);
        let cut = Wire::new(std::io::Cursor::new(vec![9, 0, 0, 0, 5])).receive().await.unwrap_err();
        assert!(cut.transient, "{}", cut.message);
    }
}
