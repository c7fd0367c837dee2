//! Bodies of requests: decoded twice they are the same, and so they are when they are spelled otherwise.

use keywheel_domain::api::{self, ApiError, Request, decode, kms};
use serde_json::Value;

/// Decodes a body and writes down what came of it.
type Decoder = (&'static str, fn(&[u8]) -> Result<String, ApiError>);

macro_rules! decoders {
    ($($module:ident::$request:ident),+ $(,)?) => {
        &[$((<$module::$request as Request>::NAME, |body| {
            decode::<$module::$request>(body).map(|request| format!("{request:?}"))
        })),+]
    };
}

const DECODERS: &[Decoder] = decoders![
    api::CreateSecretRequest,
    api::GetSecretValueRequest,
    api::PutSecretValueRequest,
    api::UpdateSecretRequest,
    api::UpdateSecretVersionStageRequest,
    api::ListSecretsRequest,
    api::ListSecretVersionIdsRequest,
    api::BatchGetSecretValueRequest,
    api::DeleteSecretRequest,
    api::TagResourceRequest,
    api::UntagResourceRequest,
    api::RotateSecretRequest,
    api::GetRandomPasswordRequest,
    api::ReplicateSecretToRegionsRequest,
    api::RemoveRegionsFromReplicationRequest,
    api::PutResourcePolicyRequest,
    api::LookupEventsRequest,
    api::PutRotationPolicyRequest,
    api::PutWebhookRequest,
    api::PreviewScheduleRequest,
    kms::CreateKeyRequest,
    kms::EncryptRequest,
    kms::DecryptRequest,
    kms::GenerateDataKeyRequest,
];

/// The name of an operation, a line feed, and a body.
pub(super) fn run(data: &[u8]) -> bool {
    let Some(end) = data.iter().position(|byte| *byte == b'\n') else { return false };
    let (name, body) = (&data[..end], &data[end + 1..]);
    let Some((_, decode)) = DECODERS.iter().find(|(known, _)| known.as_bytes() == name) else { return false };
    let told = match decode(body) {
        Ok(told) => told,
        Err(error) => {
            let body = error.body();
            assert_eq!(body["__type"], error.code.as_str());
            assert!(body["message"].is_string() || body["Message"].is_string());
            return false;
        }
    };
    if body.is_empty() {
        // Some clients leave out a body without members.
        assert_eq!(decode(b"{}").as_ref(), Ok(&told));
        return true;
    }
    let value: Value = serde_json::from_slice(body).expect("what was decoded is JSON");
    let escaped = escaped(&value.to_string());
    for spelled in [value.to_string(), format!("{value:#}"), escaped, format!(" \n{value}\t\r")] {
        let again = decode(spelled.as_bytes());
        assert!(again.as_ref().is_ok_and(|again| *again == told), "{spelled}: {again:?} instead of {told}");
    }
    // A member that stands twice could be read either way.
    if let Some((name, value)) = value.as_object().and_then(|members| members.iter().next()) {
        let name = Value::from(name.as_str());
        let text = String::from_utf8_lossy(body);
        let doubled = text.trim_start().replacen('{', &format!("{{{name}:{value},"), 1);
        assert!(decode(doubled.as_bytes()).is_err(), "{doubled}");
    }
    let whole = body.trim_ascii();
    assert!(decode(&whole[..whole.len() / 2 + 1]).is_err() || whole.len() < 4, "half a body");
    assert!(decode(&[body, b"{}"].concat()).is_err(), "more than a body");
    true
}

/// The same JSON, with all that is not ASCII spelled by its number.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() {
            text.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    text
}
