//! What a server does with more requests than it can answer, and with clients that take their time.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::*;

const DESCRIBE: Option<&str> = Some("secretsmanager.DescribeSecret");

fn describe() -> Call {
    Call { target: DESCRIBE, body: br#"{"SecretId":"none"}"#.to_vec(), ..Call::default() }
}

fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test]
async fn too_many_requests_at_once_are_told_to_come_back_and_all_is_well_afterwards() {
    let store = Arc::new(Stoppable::new());
    let limits = LimitsConfig { requests_max: 2, ..LimitsConfig::default() };
    let made = make(Arc::clone(&store), limits).await;
    let code = async |call: Call| {
        let request = call.request(Full::from(call.body.clone()));
        let answer = made.server.answer(request).await;
        let (status, body) = (answer.status(), answer.into_body().collect().await.unwrap().to_bytes());
        (status.as_u16(), String::from_utf8_lossy(&body).into_owned())
    };
    assert!(code(describe()).await.1.contains("ResourceNotFoundException"));

    let stopped = store.reads.write().await;
    let mut answering = [describe(), describe()].map(|call| Box::pin(code(call)));
    assert!(answering.iter_mut().all(|request| poll(request).is_pending()));
    let mut late = Box::pin(code(describe()));
    assert!(poll(&mut late).is_pending());
    made.clock.advance(limits.turn_ms_max);
    let (status, body) = late.await;
    assert_eq!(status, 400);
    assert_eq!(body, r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#);

    drop(stopped);
    for request in answering {
        assert!(request.await.1.contains("ResourceNotFoundException"));
    }
    assert!(code(describe()).await.1.contains("ResourceNotFoundException"));
}

#[tokio::test]
async fn the_last_request_of_a_connection_closes_it() {
    let server = start_with(LimitsConfig { connection_requests_max: 2, ..LimitsConfig::default() }).await;
    let mut stream = server.connect().await;
    let first = exchange(&mut stream, &Call::default().bytes()).await.unwrap();
    assert!(first.code() == "OK" && !first.head.contains("connection: close"), "{first:?}");
    let last = exchange(&mut stream, &Call::default().bytes()).await.unwrap();
    assert!(last.code() == "OK" && last.head.contains("connection: close"), "{last:?}");
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
    assert_eq!(server.call(&Call::default()).await.code(), "OK");
}
