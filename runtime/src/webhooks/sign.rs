//! The requests to webhooks: an event as JSON, and headers by which its receiver knows that it is ours.

use hmac::{Hmac, KeyInit as _, Mac as _};
use keywheel_domain::api::Event;
use keywheel_domain::time::{SECOND_MS, Timestamp};
use keywheel_domain::webhook::Endpoint;
use sha2::Sha256;

use super::Delivery;

/// The number of the event: the same in each repetition of a delivery.
pub const EVENT_ID: &str = "keywheel-event-id";
/// When the request was signed, in seconds since the epoch. A repetition is signed anew.
pub const TIMESTAMP: &str = "keywheel-timestamp";
/// `v1=` and the signature in hexadecimal.
pub const SIGNATURE: &str = "keywheel-signature";

const CONTENT_TYPE: &str = "content-type";
const JSON: &str = "application/json";
const USER_AGENT: &str = "user-agent";
const PRODUCT: &str = concat!("keywheel/", env!("CARGO_PKG_VERSION"));

/// The request that tells an event.
pub(super) fn signed(endpoint: Endpoint, event: &Event, secret: &[u8], now: Timestamp) -> Delivery {
    let body = serde_json::to_vec(event).expect("an event has text keys and no failing serializer");
    let timestamp = now.millis().div_euclid(SECOND_MS).to_string();
    let signature = format!("v1={}", hex::encode(signature(secret, &timestamp, &body)));
    let headers = vec![
        (CONTENT_TYPE, JSON.to_owned()),
        (USER_AGENT, PRODUCT.to_owned()),
        (EVENT_ID, event.event_id.to_string()),
        (TIMESTAMP, timestamp),
        (SIGNATURE, signature),
    ];
    Delivery { endpoint, headers, body }
}

/// HMAC-SHA-256 over the timestamp, a dot and the body.
fn signature(secret: &[u8], timestamp: &str, body: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    for part in [timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By another program: `printf '1763899200.{"a":1}' | openssl dgst -sha256 -hmac kwsec_example`.
    #[test]
    fn the_signature_is_over_timestamp_and_body() {
        assert_eq!(
            hex::encode(signature(b"kwsec_example", "1763899200", br#"{"a":1}"#)),
            "6c012c6a617bb03e7cb04d3c4dc94ac03f9e579cf92533faacf83a0db356b3d8"
        );
    }
}
