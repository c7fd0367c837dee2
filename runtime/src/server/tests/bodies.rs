//! Bodies that are kept at one time, in the process: what they may take together, and who waits.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use futures_util::FutureExt as _;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

use super::super::body::{PERMIT_BYTES, SMALL_BYTES_MAX};
use super::*;

const BIG_BYTES: usize = 32 * 1024;

/// Two bodies of the greatest length fill the room.
fn limits() -> LimitsConfig {
    LimitsConfig { body_bytes_max: BIG_BYTES, bodies_bytes_max: 2 * BIG_BYTES, ..LimitsConfig::default() }
}

/// A body that arrives when a test says so, and ends when the other half is dropped.
struct Coming {
    announced: Option<usize>,
    pieces: mpsc::UnboundedReceiver<Bytes>,
}

impl Body for Coming {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.pieces.poll_recv(context).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn size_hint(&self) -> SizeHint {
        self.announced.map_or_else(SizeHint::default, |bytes| SizeHint::with_exact(bytes as u64))
    }
}

fn coming(announced: Option<usize>) -> (mpsc::UnboundedSender<Bytes>, Coming) {
    let (sender, pieces) = mpsc::unbounded_channel();
    (sender, Coming { announced, pieces })
}

/// A call with a body of this length.
fn long(bytes: usize) -> Call {
    Call { body: [b"{", " ".repeat(bytes - 2).as_bytes(), b"}"].concat(), ..Call::default() }
}

fn poll<T>(answering: &mut Pin<&mut impl Future<Output = T>>) -> Poll<T> {
    answering.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// What comes of something that has nothing to wait for.
fn at_once<T>(answering: impl Future<Output = T>) -> T {
    answering.now_or_never().expect("there is nothing to wait for")
}

/// The status and the code of an answer, and whether the connection is closed after it.
async fn told(response: Response<AnswerBody>) -> (u16, String, bool) {
    let closes = response.headers().contains_key("connection");
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    (status, body["__type"].as_str().unwrap_or("OK").to_owned(), closes)
}

impl Made {
    async fn told(&self, call: &Call) -> (u16, String, bool) {
        told(self.server.answer(call.request(Full::from(call.body.clone()))).await).await
    }

    fn free_bytes(&self) -> usize {
        self.server.bodies.available_permits() * PERMIT_BYTES
    }
}

fn ok() -> (u16, String, bool) {
    (200, "OK".to_owned(), false)
}

fn refused(status: u16, code: &str) -> (u16, String, bool) {
    (status, code.to_owned(), true)
}

#[tokio::test]
async fn whoever_fills_the_room_keeps_small_requests_from_nothing() {
    let made = make(Arc::new(Stoppable::new()), limits()).await;
    let server = &made.server;
    // Nobody has signed these two, and neither ends. Without a length the greatest one counts.
    let ((_one, announced), (_two, unannounced)) = (coming(Some(BIG_BYTES)), coming(None));
    {
        let mut one = pin!(server.answer(Request::post("/").body(announced).unwrap()));
        let mut two = pin!(server.answer(Request::post("/").body(unannounced).unwrap()));
        assert!(poll(&mut one).is_pending() && made.free_bytes() == BIG_BYTES);
        assert!(poll(&mut two).is_pending() && made.free_bytes() == 0);

        assert_eq!(at_once(made.told(&Call::default())), ok());
        assert_eq!(at_once(made.told(&long(SMALL_BYTES_MAX))), ok());
        // What is refused by its length alone takes no room either.
        assert_eq!(at_once(made.told(&long(BIG_BYTES + 1))), refused(413, "SerializationException"));

        let call = long(SMALL_BYTES_MAX + 1);
        let mut third = pin!(made.told(&call));
        assert!(poll(&mut third).is_pending());
        made.clock.advance(29_999);
        assert!(poll(&mut third).is_pending());
        made.clock.advance(1);
        assert_eq!(at_once(third), refused(400, "ThrottlingException"));

        assert_eq!(made.free_bytes(), 0);
        assert_eq!(at_once(told(at_once(one))), refused(408, "SerializationException"));
        assert_eq!(at_once(told(at_once(two))), refused(408, "SerializationException"));
    }
    assert_eq!(made.free_bytes(), 2 * BIG_BYTES);
    let now = Call { signed_ms: FixedClock::NOON_MS + 30_000, ..long(BIG_BYTES) };
    assert_eq!(at_once(made.told(&now)), ok());
    assert_eq!(made.free_bytes(), 2 * BIG_BYTES);
}

#[tokio::test]
async fn who_waits_for_room_goes_on_when_there_is_some() {
    let made = make(Arc::new(Stoppable::new()), limits()).await;
    let (big, (sender, body)) = (long(BIG_BYTES), coming(Some(BIG_BYTES)));
    let mut first = pin!(made.server.answer(big.request(body)));
    let (_silent, body) = coming(Some(BIG_BYTES));
    let mut abandoned = Box::pin(made.server.answer(Request::post("/").body(body).unwrap()));
    assert!(poll(&mut first).is_pending() && poll(&mut abandoned.as_mut()).is_pending());
    let (call, further) = (long(BIG_BYTES), long(BIG_BYTES - PERMIT_BYTES));
    let (mut second, mut third) = (pin!(made.told(&call)), pin!(made.told(&further)));
    assert!(poll(&mut second).is_pending() && poll(&mut third).is_pending());

    sender.send(Bytes::from(big.body.clone())).unwrap();
    drop(sender);
    assert_eq!(at_once(told(at_once(first))), ok());
    assert_eq!(at_once(second), ok());
    assert!(poll(&mut third).is_ready());
    assert_eq!(made.free_bytes(), BIG_BYTES);
    // As when the connection is lost.
    drop(abandoned);
    assert_eq!(made.free_bytes(), 2 * BIG_BYTES);
}

#[tokio::test]
async fn waiting_for_room_counts_as_the_time_of_the_body() {
    let made = make(Arc::new(Stoppable::new()), limits()).await;
    let server = &made.server;
    let [(_one, first), (_two, second), (_three, third)] = [(); 3].map(|()| coming(Some(BIG_BYTES)));
    let [first, second, third] = [first, second, third].map(|body| Request::post("/").body(body).unwrap());
    let mut held = [first, second].map(|request| Box::pin(server.answer(request)));
    assert!(held.iter_mut().all(|answering| poll(&mut answering.as_mut()).is_pending()));
    let mut waiting = pin!(server.answer(third));
    assert!(poll(&mut waiting).is_pending());
    made.clock.advance(20_000);
    drop(held);
    assert!(poll(&mut waiting).is_pending());
    assert_eq!(made.free_bytes(), BIG_BYTES);
    made.clock.advance(9_999);
    assert!(poll(&mut waiting).is_pending());
    made.clock.advance(1);
    assert_eq!(at_once(told(at_once(waiting))), refused(408, "SerializationException"));
}

#[tokio::test]
async fn room_is_taken_until_the_action_has_answered() {
    let store = Arc::new(Stoppable::new());
    let made = make(Arc::clone(&store), limits()).await;
    // The access key is known from here on, so that the action is the first to read.
    assert_eq!(at_once(made.told(&Call::default())), ok());
    let describe = Some("secretsmanager.DescribeSecret");
    let body = format!("{{\"SecretId\":\"{}\"}}", "a".repeat(500));
    let call = Call { target: describe, body: [body.into_bytes(), vec![b' '; 4000]].concat(), ..long(2) };
    let stopped = store.reads.write().await;
    let mut answering = pin!(made.told(&call));
    assert!(poll(&mut answering).is_pending());
    assert_eq!(made.free_bytes(), 2 * BIG_BYTES - 5 * PERMIT_BYTES);
    drop(stopped);
    assert_eq!(at_once(answering), (400, "ResourceNotFoundException".to_owned(), false));
    assert_eq!(made.free_bytes(), 2 * BIG_BYTES);
}

#[tokio::test]
async fn a_body_that_is_longer_than_it_said_is_refused() {
    let made = make(Arc::new(Stoppable::new()), limits()).await;
    let (sender, body) = coming(Some(10));
    sender.send(Bytes::from_static(b"{         }")).unwrap();
    drop(sender);
    let answer = made.server.answer(Request::post("/").body(body).unwrap());
    assert_eq!(at_once(told(at_once(answer))), refused(413, "SerializationException"));
}

#[test]
fn small_bodies_are_few_beside_the_room() {
    let limits = LimitsConfig::default();
    assert!(limits.connections_max * SMALL_BYTES_MAX <= limits.bodies_bytes_max / 16);
}
