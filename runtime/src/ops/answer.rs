//! Answers as JSON. They may hold values, so no copy of one is left in memory that was given back.

use std::io::{self, Write};

use keywheel_domain::api::ApiError;
use serde::Serialize;
use zeroize::Zeroizing;

/// Room for the usual answer, so that the buffer is allocated once.
const BYTES_USUAL: usize = 1024;

/// The JSON of an answer; an action without an output answers an empty body, as the service does.
pub(crate) fn encode<T: Serialize>(answer: &T) -> Result<Vec<u8>, ApiError> {
    if size_of::<T>() == 0 {
        return Ok(Vec::new());
    }
    let mut body = Wiping(Zeroizing::new(Vec::with_capacity(BYTES_USUAL)));
    serde_json::to_writer(&mut body, answer).map_err(|error| {
        tracing::error!(%error, "an answer cannot be written as JSON");
        ApiError::internal()
    })?;
    Ok(std::mem::take(&mut *body.0))
}

/// A buffer that wipes what it has outgrown.
struct Wiping(Zeroizing<Vec<u8>>);

impl Write for Wiping {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let needed = self.0.len() + bytes.len();
        if needed > self.0.capacity() {
            let larger = Vec::with_capacity(needed.max(2 * self.0.capacity()));
            let outgrown = std::mem::replace(&mut self.0, Zeroizing::new(larger));
            self.0.extend_from_slice(&outgrown);
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_any_length_are_whole() {
        for length in [0, 1, BYTES_USUAL - 2, BYTES_USUAL - 1, BYTES_USUAL, 3 * BYTES_USUAL + 1] {
            let text = "x".repeat(length);
            assert_eq!(encode(&[&text, &text]).unwrap(), format!("[\"{text}\",\"{text}\"]").into_bytes());
        }
        assert_eq!(encode(&()).unwrap(), b"");
    }
}
