//! Requests that were signed well and then changed on the way, sent again, or proven in other ways.

use super::*;

const MINUTE_MS: i64 = 60 * 1000;
const WINDOW_MS: i64 = 5 * MINUTE_MS;
/// The headers of [`Call`] that are signed.
const SIGNED: [&str; 4] = ["host", "content-type", "x-amz-target", "x-amz-date"];
const INCOMPLETE: &str = "IncompleteSignatureException";
const INVALID: &str = "InvalidSignatureException";

/// A request with these lines as its head and this body.
fn bytes<N: AsRef<str>>(request_line: &str, headers: &[(N, String)], body: &[u8]) -> Vec<u8> {
    let mut text = format!("{request_line}\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{}: {value}\r\n", name.as_ref()));
    }
    [text.as_bytes(), b"\r\n", body].concat()
}

const POST: &str = "POST / HTTP/1.1";

/// The headers of a good call with an empty object, its length included.
fn good() -> Vec<(&'static str, String)> {
    let mut headers = Call::default().headers();
    headers.push(("content-length", "2".to_owned()));
    headers
}

/// A body in one chunk of HTTP's own.
fn chunked(body: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", body.len()).as_bytes(), body, b"\r\n0\r\n\r\n"].concat()
}

impl Running {
    async fn code_of(&self, bytes: &[u8]) -> String {
        let answer = self.send(bytes).await.expect("the server answers");
        assert!(!answer.body.contains(SECRET));
        assert_eq!(answer.status == 200, answer.code() == "OK", "{answer:?}");
        answer.code()
    }

    async fn checks(&self, headers: &[(&str, String)], code: &str, what: &str) {
        assert_eq!(self.code_of(&bytes(POST, headers, b"{}")).await, code, "{what}");
    }
}

#[tokio::test]
async fn every_signed_header_must_come_once_as_it_was_signed() {
    let server = start().await;
    server.checks(&good(), "OK", "nothing is changed").await;
    for name in SIGNED {
        let place = good().iter().position(|(known, _)| *known == name).unwrap();
        let value = &good()[place].1;

        let mut without = good();
        without.remove(place);
        // HTTP itself asks for `host`, and hyper does not: the signature does.
        server.checks(&without, INCOMPLETE, &format!("{name} is missing")).await;

        let once = ["host", "x-amz-date"].contains(&name);
        for other in [value.as_str(), "other", ""] {
            for at in [place, place + 1, 0] {
                let mut doubled = good();
                doubled.insert(at, (name, other.to_owned()));
                let code = if once { INCOMPLETE } else { INVALID };
                server.checks(&doubled, code, &format!("{name} is doubled with `{other}`")).await;
            }
        }

        let mut listed = good();
        listed[place].1 = format!("{value},{value}");
        let code = if name == "x-amz-date" { INCOMPLETE } else { INVALID };
        server.checks(&listed, code, &format!("{name} is a list")).await;

        for changed in [format!("{value}x"), value[1..].to_owned(), value.to_uppercase()] {
            if changed == *value {
                continue;
            }
            let mut headers = good();
            headers[place].1 = changed;
            // A date that is none cannot be compared.
            let code = if name == "x-amz-date" { INCOMPLETE } else { INVALID };
            server.checks(&headers, code, &format!("{name} is changed")).await;
        }
    }
}

#[tokio::test]
async fn a_folded_header_is_no_header() {
    let server = start().await;
    for name in SIGNED.into_iter().chain(["authorization"]) {
        for fold in ["\r\n ", "\r\n\t"] {
            let mut headers = good();
            let value = &mut headers.iter_mut().find(|(known, _)| *known == name).unwrap().1;
            let middle = value.len() / 2;
            value.insert_str(middle, fold);
            let answer = server.send(&bytes(POST, &headers, b"{}")).await;
            assert!(answer.is_none_or(|answer| answer.status == 400), "{name} with {fold:?}");
        }
    }
    server.checks(&good(), "OK", "the server is well").await;
}

#[tokio::test]
async fn the_order_the_case_and_the_space_of_headers_mean_nothing() {
    let server = start().await;
    for turn in 0..good().len() {
        let mut headers = good();
        headers.rotate_left(turn);
        server.checks(&headers, "OK", "rotated").await;
        headers.reverse();
        server.checks(&headers, "OK", "reversed").await;
    }
    let mut loud: Vec<(String, String)> =
        good().into_iter().map(|(name, value)| (name.to_uppercase(), format!("  {value} \t"))).collect();
    assert_eq!(server.code_of(&bytes(POST, &loud, b"{}")).await, "OK");
    // What is not signed may be there, unless it begins as what says what to do.
    loud.push(("User-Agent".to_owned(), "anything".to_owned()));
    assert_eq!(server.code_of(&bytes(POST, &loud, b"{}")).await, "OK");
    loud.push(("X-Amz-Anything".to_owned(), "anything".to_owned()));
    assert_eq!(server.code_of(&bytes(POST, &loud, b"{}")).await, INCOMPLETE);
}

#[tokio::test]
async fn the_list_of_signed_headers_is_taken_as_it_was_signed() {
    let server = start().await;
    let list = "content-type;host;x-amz-date;x-amz-target";
    let cases = [
        ("content-type;x-amz-date;host;x-amz-target", INCOMPLETE),
        ("content-type;host;host;x-amz-date;x-amz-target", INCOMPLETE),
        ("Content-Type;host;x-amz-date;x-amz-target", INCOMPLETE),
        ("content-type;host;x-amz-date", INCOMPLETE),
        ("content-type;host;x-amz-target", INCOMPLETE),
        ("content-type;x-amz-date;x-amz-target", INCOMPLETE),
        ("content-type;host;x-amz-date;x-amz-meta;x-amz-target", INCOMPLETE),
        (" content-type;host;x-amz-date;x-amz-target", INCOMPLETE),
        ("content-length;content-type;host;x-amz-date;x-amz-target", INVALID),
        ("host;x-amz-date;x-amz-target", INVALID),
    ];
    for (changed, code) in cases {
        let mut headers = good();
        let value = &mut headers.iter_mut().find(|(name, _)| *name == "authorization").unwrap().1;
        assert!(value.contains(list), "{value}");
        *value = value.replace(list, changed);
        server.checks(&headers, code, changed).await;
    }
}

#[tokio::test]
async fn a_signature_in_the_query_is_refused_for_what_it_is() {
    let server = start().await;
    let query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIATEST%2F20251123%2Fus-east-1%2F\
                 secretsmanager%2Faws4_request&X-Amz-Date=20251123T120000Z&X-Amz-Expires=300&\
                 X-Amz-SignedHeaders=host&X-Amz-Signature=00";
    let action = "Action=GetSecretValue&SecretId=app&Version=2017-10-17";
    let sentence = "Presigned requests are not supported";
    let host = [("host", "127.0.0.1".to_owned())];
    for line in [
        format!("GET /?{query} HTTP/1.1"),
        format!("GET /?{action}&{query} HTTP/1.1"),
        format!("GET /?{} HTTP/1.1", query.replace("X-Amz-Signature", "x-amz-%53ignature")),
        format!("POST /?{query} HTTP/1.1"),
        format!("GET /2015-03-31/functions/?{query} HTTP/1.1"),
        format!("POST /2015-03-31/functions/f/invocations?{query} HTTP/1.1"),
    ] {
        let answer = server.send(&bytes(&line, &host, b"")).await.unwrap();
        assert!(answer.body.contains(sentence), "{line}: {answer:?}");
        assert!(answer.body.contains(INCOMPLETE) || answer.head.contains(&INCOMPLETE.to_lowercase()));
        assert!([400, 403].contains(&answer.status), "{line}: {answer:?}");
    }
    // Beside a good signature too: it is not clear which of the two was meant.
    let answer = bytes(&format!("POST /?{query} HTTP/1.1"), &good(), b"{}");
    assert_eq!(server.code_of(&answer).await, INCOMPLETE);
}

#[tokio::test]
async fn a_body_in_chunks_is_the_same_body() {
    let server = start().await;
    let mut headers = Call::default().headers();
    headers.push(("transfer-encoding", "chunked".to_owned()));
    for body in [
        chunked(b"{}"),
        b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n".to_vec(),
        b"2;name=value\r\n{}\r\n0\r\n\r\n".to_vec(),
        b"2\r\n{}\r\n0\r\nx-trailer: anything\r\n\r\n".to_vec(),
    ] {
        assert_eq!(server.code_of(&bytes(POST, &headers, &body)).await, "OK");
    }
    for body in [chunked(b"{ }"), chunked(b"[]"), chunked(b"")] {
        assert_eq!(server.code_of(&bytes(POST, &headers, &body)).await, INVALID);
    }
    for body in [&b"nothing\r\n{}\r\n0\r\n\r\n"[..], b"-2\r\n{}\r\n0\r\n\r\n", b"2\r\n{}0\r\n\r\n"] {
        let answer = server.send(&bytes(POST, &headers, body)).await;
        assert!(answer.is_none_or(|answer| answer.status == 400));
    }
}

#[tokio::test]
async fn a_length_that_is_told_in_two_ways_ends_the_connection() {
    let server = start().await;
    let twice = [("content-length", "2".to_owned()), ("content-length", "3".to_owned())];
    let answer =
        server.send(&bytes(POST, &[Call::default().headers(), twice.to_vec()].concat(), b"{} ")).await;
    assert!(answer.is_none_or(|answer| answer.status == 400));
    // The chunks count, and nothing behind them: what a proxy took for a second request is none.
    let both = [("content-length", "2".to_owned()), ("transfer-encoding", "chunked".to_owned())];
    let request = bytes(POST, &[Call::default().headers(), both.to_vec()].concat(), &chunked(b"{}"));
    let mut stream = server.connect().await;
    let answer = exchange(&mut stream, &request).await.unwrap();
    assert_eq!((answer.status, answer.code().as_str()), (200, "OK"), "{answer:?}");
    assert!(answer.head.contains("connection: close"), "{answer:?}");
    assert!(exchange(&mut stream, &Call::default().bytes()).await.is_none());
}

#[tokio::test]
async fn what_stands_for_the_hash_of_a_body_is_refused() {
    let server = start().await;
    let frame = "2;chunk-signature=00\r\n{}\r\n0;chunk-signature=00\r\n\r\n";
    for declared in [
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "UNSIGNED-PAYLOAD",
        "",
    ] {
        // All else about the signature is good.
        let call = Call { payload_hash: Some(declared), body: frame.into(), ..Call::default() };
        let answer = server.call(&call).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, INVALID), "{declared}: {answer:?}");
        assert!(answer.body.contains("x-amz-content-sha256"), "{declared}: {answer:?}");
    }
    // With the true hash the frames are what they are: no JSON.
    let call = Call { body: frame.into(), content_encoding: Some("aws-chunked"), ..Call::default() };
    assert_eq!(server.call(&call).await.code(), "SerializationException");
}

#[tokio::test]
async fn a_request_can_be_sent_again_within_its_window_only() {
    let server = start().await;
    let mut stream = server.connect().await;
    let replay = Call::default().bytes();
    let ahead = Call { signed_ms: FixedClock::NOON_MS + WINDOW_MS + 1000, ..Call::default() }.bytes();
    let mut codes = async |clock_ms: i64| {
        server.clock.advance(clock_ms);
        let first = exchange(&mut stream, &replay).await.unwrap();
        let second = exchange(&mut stream, &ahead).await.unwrap();
        (first.code(), second.code())
    };
    let pair = |first: &str, second: &str| (first.to_owned(), second.to_owned());
    assert_eq!(codes(0).await, pair("OK", INVALID));
    assert_eq!(codes(1000).await, pair("OK", "OK"));
    assert_eq!(codes(WINDOW_MS - 1000).await, pair("OK", "OK"));
    assert_eq!(codes(1000).await, pair(INVALID, "OK"));
    assert_eq!(codes(WINDOW_MS).await, pair(INVALID, "OK"));
    assert_eq!(codes(1000).await, pair(INVALID, INVALID));
}

#[tokio::test]
async fn a_window_may_lie_over_midnight() {
    let server = start().await;
    let midnight_ms = FixedClock::NOON_MS + 12 * 60 * MINUTE_MS;
    server.clock.advance(midnight_ms - FixedClock::NOON_MS + 2 * MINUTE_MS);
    for (minutes, code) in
        [(-4, INVALID), (-3, "OK"), (-1, "OK"), (0, "OK"), (6, "OK"), (7, "OK"), (8, INVALID)]
    {
        let call = Call { signed_ms: midnight_ms + minutes * MINUTE_MS, ..Call::default() };
        assert_eq!(server.call(&call).await.code(), code, "signed {minutes} minutes from midnight");
    }
}
