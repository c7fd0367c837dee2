//! Prints the value that it read as one would to hide it: in pieces, backwards, encoded.

use std::io::Write as _;

use keywheel_sdk::secrets::Value;
use keywheel_sdk::{Event, Failure, Rotator, log};

struct Leaks;

impl Rotator for Leaks {
    /// In pieces, to a stream; the pieces are one line.
    fn create_secret(&self, event: &Event) -> Result<(), Failure> {
        let mut output = std::io::stdout();
        for character in password(event)?.chars() {
            let _ = write!(output, "{character}");
            let _ = output.flush();
        }
        Ok(())
    }

    /// Escaped, as debug output and as JSON, and the whole value.
    fn set_secret(&self, event: &Event) -> Result<(), Failure> {
        log::info(&format!("{:?}", password(event)?));
        let Value::Text(text) = event.current()?.value else { return Ok(()) };
        log::info(&format!("{:?}", text.expose()));
        log::info(text.expose());
        Ok(())
    }

    /// In hexadecimal digits, percent-encoded and in Base64.
    fn test_secret(&self, event: &Event) -> Result<(), Failure> {
        let password = password(event)?;
        log::info(&password.bytes().map(|byte| format!("{byte:02x}")).collect::<String>());
        log::info(&password.bytes().map(percent_encoded).collect::<String>());
        log::info(&base64(password.as_bytes()));
        log::info(&format!("user={password}&x"));
        Ok(())
    }

    /// In a panic, whose message goes to standard error.
    #[expect(clippy::panic, reason = "what this guest is for")]
    fn finish_secret(&self, event: &Event) -> Result<(), Failure> {
        let password = password(event)?;
        std::panic::panic_any(Box::leak(format!("it is {password}").into_boxed_str()) as &'static str);
    }
}

keywheel_sdk::export!(Leaks);

fn password(event: &Event) -> Result<String, Failure> {
    let secret = keywheel_sdk::database::DatabaseSecret::parse(&event.current()?.value)?;
    Ok(secret.password().expose().clone())
}

fn percent_encoded(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut group = [0; 3];
        group[..chunk.len()].copy_from_slice(chunk);
        let [a, b, c] = group.map(usize::from);
        let digits = [a >> 2, (a & 3) << 4 | b >> 4, (b & 15) << 2 | c >> 6, c & 63];
        for (place, digit) in digits.into_iter().enumerate() {
            text.push(if place <= chunk.len() { char::from(DIGITS[digit]) } else { '=' });
        }
    }
    text
}
