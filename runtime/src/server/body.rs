//! Bodies of requests, read within bounds: the length of each, the time that it takes, and the memory
//! of all of them together.
//!
//! A signature covers the body, so that a body is read before it is known who sent it. What strangers
//! can make the server keep is therefore bounded as a whole. Small bodies, which most requests have, do
//! not wait for that: whoever fills the room for big ones keeps nobody from reading a secret.

use std::pin::pin;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, SizeHint};
use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::time::Timestamp;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::Server;
use crate::config::LimitsConfig;

/// How much of a body that is too long is still read, in bytes, so that its sender gets to see why it
/// was refused. A longer one is cut off.
const DISCARDED_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Bytes of a body that carries code: a component of the greatest size in base64, and what is around it.
const CODE_BODY_BYTES_MAX: usize = 70 * 1024 * 1024;
/// Bodies that carry code and are being read or answered: each keeps a few times its length.
const CODE_BODIES_MAX: usize = 2;
/// Milliseconds to send a body that carries code, together with the wait for its room.
const CODE_BODY_READ_MS_MAX: i64 = 120_000;
/// How much of code that is too long is still read and thrown away, in bytes. Most clients send all of a body
/// before they look for an answer, and it is worth the time to tell them why theirs is refused.
const CODE_DISCARDED_BYTES_MAX: usize = 512 * 1024 * 1024;
/// Bodies of which no more than this is kept, in bytes, take no part of the room. There is at most one
/// on each connection: with `connections_max` of 1024 they come to 4 MiB, a sixteenth of the room.
pub(super) const SMALL_BYTES_MAX: usize = 4096;
/// The unit in which room is given out, in bytes.
pub(super) const PERMIT_BYTES: usize = 1024;

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyError {
    /// It is longer than the limit.
    TooLong { bytes_max: usize },
    /// It was not there in time.
    TooSlow { ms_max: i64 },
    /// It ended before its announced length.
    Incomplete,
    /// Others took all the room for as long as one may wait.
    NoRoom,
}

/// A whole body. What it takes of the room is free again when it is dropped.
#[derive(Debug)]
pub(super) struct Received<'a> {
    bytes: Sensitive<Vec<u8>>,
    _room: Option<SemaphorePermit<'a>>,
}

impl Received<'_> {
    /// The plain bytes: they may hold a secret.
    pub(super) fn expose(&self) -> &[u8] {
        self.bytes.expose()
    }

    /// The bytes, for whoever reads them next. The room stays taken.
    pub(super) fn take(&mut self) -> Sensitive<Vec<u8>> {
        std::mem::replace(&mut self.bytes, Sensitive::new(Vec::new()))
    }
}

/// The room for bodies, one permit for each [`PERMIT_BYTES`]. A single body of the greatest length
/// always has a place in it.
pub(super) fn room(limits: &LimitsConfig) -> Semaphore {
    Semaphore::new(limits.bodies_bytes_max.max(limits.body_bytes_max).div_ceil(PERMIT_BYTES))
}

/// The room for bodies that carry code, one permit for each.
pub(super) const fn room_for_code() -> Semaphore {
    Semaphore::const_new(CODE_BODIES_MAX)
}

impl Server {
    /// The same for a body that may carry code. A small one takes none of the room.
    pub(super) async fn read_code<B>(&self, body: B) -> Result<Received<'_>, BodyError>
    where
        B: Body<Data = Bytes>,
    {
        let (bytes_max, ms_max) = (CODE_BODY_BYTES_MAX, CODE_BODY_READ_MS_MAX);
        let deadline = self.clock.now().plus_millis(ms_max);
        let kept = kept_bytes_max(&body.size_hint(), bytes_max);
        let take = async {
            if kept <= SMALL_BYTES_MAX {
                return None;
            }
            Some(self.code_bodies.acquire().await.expect("the semaphore is never closed"))
        };
        let room = self.before(deadline, take, BodyError::NoRoom).await?;
        let reading = collect(body, kept, bytes_max, CODE_DISCARDED_BYTES_MAX);
        let bytes = self.before(deadline, reading, BodyError::TooSlow { ms_max }).await??;
        Ok(Received { bytes, _room: room })
    }

    /// The whole body, within the limits of length and time. Waiting for room counts as time.
    pub(super) async fn read_body<B>(&self, body: B) -> Result<Received<'_>, BodyError>
    where
        B: Body<Data = Bytes>,
    {
        let (bytes_max, ms_max) = (self.limits.body_bytes_max, self.limits.body_read_ms_max);
        let deadline = self.clock.now().plus_millis(ms_max);
        let kept = kept_bytes_max(&body.size_hint(), bytes_max);
        let room = self.before(deadline, self.take_room(kept), BodyError::NoRoom).await?;
        let reading = collect(body, kept, bytes_max, DISCARDED_BYTES_MAX);
        let bytes = self.before(deadline, reading, BodyError::TooSlow { ms_max }).await??;
        Ok(Received { bytes, _room: room })
    }

    async fn take_room(&self, bytes: usize) -> Option<SemaphorePermit<'_>> {
        if bytes <= SMALL_BYTES_MAX {
            return None;
        }
        let permits = u32::try_from(bytes.div_ceil(PERMIT_BYTES)).unwrap_or(u32::MAX);
        Some(self.bodies.acquire_many(permits).await.expect("the semaphore is never closed"))
    }

    /// What `work` comes to, or `late` if the deadline is there first.
    pub(super) async fn before<T, E>(
        &self,
        deadline: Timestamp,
        work: impl Future<Output = T>,
        late: E,
    ) -> Result<T, E> {
        tokio::select! {
            biased;
            done = work => Ok(done),
            // No timer is set when the work is done at once, as taking room or a turn mostly is.
            () = async { self.clock.sleep_until(deadline).await } => Err(late),
        }
    }
}

/// How much of a body of this size is kept: all of it, as much as may be where the length is not told,
/// and nothing of one that is known to be too long.
fn kept_bytes_max(told: &SizeHint, bytes_max: usize) -> usize {
    if told.lower() > bytes_max as u64 {
        return 0;
    }
    let most = told.upper().and_then(|most| usize::try_from(most).ok());
    most.map_or(bytes_max, |most| most.min(bytes_max))
}

/// Reads a body and keeps up to `kept` bytes of it. One that is too long is read on for a while and
/// thrown away: a client that is still sending when the connection closes never sees the answer.
async fn collect<B>(
    body: B,
    kept: usize,
    bytes_max: usize,
    discarded_max: usize,
) -> Result<Sensitive<Vec<u8>>, BodyError>
where
    B: Body<Data = Bytes>,
{
    let too_long = BodyError::TooLong { bytes_max };
    if body.size_hint().lower() > discarded_max as u64 {
        return Err(too_long);
    }
    // All of it at once, so that no copy is left behind when the buffer grows.
    let mut collected = Sensitive::new(Vec::with_capacity(kept));
    let mut body = pin!(body);
    let mut read_bytes = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| BodyError::Incomplete)?;
        // Trailers are of no meaning here.
        let Ok(data) = frame.into_data() else { continue };
        read_bytes += data.len();
        if read_bytes > discarded_max {
            return Err(too_long);
        }
        if read_bytes <= kept {
            collected.expose_mut().extend_from_slice(&data);
        }
    }
    if read_bytes > kept { Err(too_long) } else { Ok(collected) }
}
