//! The writer thread: takes the commits that wait and writes them in one transaction, with one sync.
//!
//! While a group syncs, the next one gathers in the queue, so that the cost of the sync is shared by
//! as many commits as there are. Each batch of a group sees the batches before it. An answer leaves
//! only after the transaction is durable; after a failure nothing is written again.

use redb::{Database, ReadableTable, Table};
use tokio::sync::{mpsc, oneshot, watch};

use super::format::{self, ENTRIES, failed};
use super::view::View;
use super::{Batch, CommitError, Key, Revision, StoreError, log};

/// The most commits that wait for the writer; a further one waits for room.
pub(super) const COMMITS_WAITING_MAX: usize = 256;
/// The most batches that share a transaction.
const GROUP_BATCHES_MAX: usize = 128;
/// A group takes no further batch once it has this many bytes.
const GROUP_BYTES_MAX: usize = 8 * 1024 * 1024;

type Answer = Result<Revision, CommitError>;

/// A commit on its way to the writer.
pub(super) struct Request {
    /// Within the limits.
    pub(super) batch: Batch,
    /// Where the answer goes; nobody may be there any more.
    pub(super) answer: oneshot::Sender<Answer>,
}

/// Writes until every sender is gone and the queue is empty.
pub(super) fn run(
    database: &Database,
    mut queue: mpsc::Receiver<Request>,
    latest: watch::Sender<Revision>,
    view: &View,
) {
    // Dropped when a write failed: that closes the change feed.
    let mut feed = Some(latest);
    while let Some(first) = queue.blocking_recv() {
        let (batches, waiting) = gather(first, &mut queue);
        let written = match &feed {
            Some(latest) => write_group(database, batches, latest, view),
            None => Err(StoreError::Stopped),
        };
        let answers = written.unwrap_or_else(|error| {
            if feed.take().is_some() {
                tracing::error!(error = %cause(&error), "a write failed, the store takes no more");
            }
            waiting.iter().map(|_| Err(error.clone().into())).collect()
        });
        for (waiter, answer) in waiting.into_iter().zip(answers) {
            // A caller that went away has chosen not to know.
            let _ = waiter.send(answer);
        }
    }
}

/// The first commit and those that wait behind it, within the bounds of a group.
fn gather(first: Request, queue: &mut mpsc::Receiver<Request>) -> (Vec<Batch>, Vec<oneshot::Sender<Answer>>) {
    let mut bytes = first.batch.bytes();
    let (mut batches, mut waiting) = (vec![first.batch], vec![first.answer]);
    while batches.len() < GROUP_BATCHES_MAX && bytes < GROUP_BYTES_MAX {
        let Ok(next) = queue.try_recv() else { break };
        bytes += next.batch.bytes();
        batches.push(next.batch);
        waiting.push(next.answer);
    }
    (batches, waiting)
}

/// Writes the batches whose expectations hold, in order, and answers each. `Ok` means that they are
/// durable and that readers see them.
fn write_group(
    database: &Database,
    batches: Vec<Batch>,
    latest: &watch::Sender<Revision>,
    view: &View,
) -> Result<Vec<Answer>, StoreError> {
    let before = *latest.borrow();
    let transaction = format::begin_durable(database).map_err(failed)?;
    let mut after = before;
    let mut answers = Vec::with_capacity(batches.len());
    {
        let mut entries = transaction.open_table(ENTRIES).map_err(failed)?;
        for batch in batches {
            answers.push(match first_conflict(&entries, &batch)? {
                Some(key) => Err(CommitError::Conflict { key }),
                None => {
                    after = after.next();
                    write(&mut entries, &batch, after)?;
                    Ok(after)
                }
            });
        }
    }
    if after == before {
        transaction.abort().map_err(failed)?;
    } else {
        format::write_revision(&transaction, after).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        view.renew(database, after).map_err(failed)?;
        latest.send_replace(after);
    }
    Ok(answers)
}

fn first_conflict(
    entries: &Table<'_, &'static [u8], &'static [u8]>,
    batch: &Batch,
) -> Result<Option<Key>, StoreError> {
    for (key, expected) in &batch.expect {
        let found = match entries.get(key.as_bytes()).map_err(failed)? {
            Some(bytes) => Some(format::decode_revision(key, bytes.value())?),
            None => None,
        };
        if found != *expected {
            return Ok(Some(key.clone()));
        }
    }
    Ok(None)
}

fn write(
    entries: &mut Table<'_, &'static [u8], &'static [u8]>,
    batch: &Batch,
    revision: Revision,
) -> Result<(), StoreError> {
    for (key, value) in &batch.puts {
        entries.insert(key.as_bytes(), format::encode(revision, value).as_slice()).map_err(failed)?;
    }
    for key in &batch.deletes {
        entries.remove(key.as_bytes()).map_err(failed)?;
    }
    let appended = log::extend(&batch.appends, |key| {
        let head = entries.get(key.as_bytes()).map_err(failed)?;
        head.map(|bytes| Ok(format::decode(key, bytes.value())?.value)).transpose()
    })?;
    for (key, value) in appended {
        entries.insert(key.as_bytes(), format::encode(revision, &value).as_slice()).map_err(failed)?;
    }
    Ok(())
}

/// The error and what caused it, for the log.
fn cause(error: &StoreError) -> String {
    match error {
        StoreError::Failed(cause) => format!("{error}: {cause}"),
        _ => error.to_string(),
    }
}
