//! Calls of the Lambda API: what is asked for is in the method and the path.

use serde_json::Value;

use super::exchange::Outgoing;
use super::{ANSWER_MS_MAX, Answer, Client, ClientError};

const SERVICE: &str = "lambda";
const CONTENT_TYPE: &str = "application/json";

/// One call.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) struct RestCall<'a> {
    /// `GET`, `POST` and so on.
    pub(in crate::cli) method: &'a str,
    /// Encoded, see [`segment`].
    pub(in crate::cli) path: &'a str,
    /// Encoded, without `?`.
    pub(in crate::cli) query: &'a str,
    /// Beside those of every request.
    pub(in crate::cli) headers: &'a [(&'a str, &'a str)],
    /// From the request to the last byte of its answer, in milliseconds.
    pub(in crate::cli) millis: i64,
}

impl<'a> RestCall<'a> {
    /// A call that is answered soon.
    pub(in crate::cli) const fn new(method: &'a str, path: &'a str) -> Self {
        Self { method, path, query: "", headers: &[], millis: ANSWER_MS_MAX }
    }
}

/// A good answer.
#[derive(Debug)]
pub(in crate::cli) struct RestAnswer {
    /// What the headers say beside the body.
    headers: hyper::http::HeaderMap,
    /// The body.
    pub(in crate::cli) body: Answer,
}

impl RestAnswer {
    /// What a header says.
    pub(in crate::cli) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Client {
    /// Calls an operation of the Lambda API.
    ///
    /// # Errors
    /// As those of [`Client::call`].
    pub(in crate::cli) async fn rest(
        &self,
        call: RestCall<'_>,
        members: Option<&Value>,
    ) -> Result<RestAnswer, ClientError> {
        let mut headers = vec![("content-type", CONTENT_TYPE)];
        headers.extend_from_slice(call.headers);
        let body = members.map(|members| members.to_string().into_bytes()).unwrap_or_default();
        let RestCall { method, path, query, .. } = call;
        let outgoing = Outgoing { service: SERVICE, method, path, query, headers: &headers, body };
        let (headers, body) = self.exchange(outgoing, call.millis).await?;
        Ok(RestAnswer { headers, body: Answer(body) })
    }
}

/// A text as one segment of a path, or as a value in a query.
pub(in crate::cli) fn segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_holds_no_character_of_the_path() {
        assert_eq!(segment("arn:aws:lambda:a/b?c"), "arn%3Aaws%3Alambda%3Aa%2Fb%3Fc");
        assert_eq!(segment("rotate_Db-1.~"), "rotate_Db-1.~");
    }
}
