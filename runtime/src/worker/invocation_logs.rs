//! Stores what invocations logged, beside what follows: no step waits for it.
//!
//! The invocations of a function share one ring. Those that end at the same time would lose races for it to each
//! other, so that one task writes what has gathered while it wrote.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use keywheel_domain::secret::Scope;

use crate::ops::{InvocationLog, Operations};

/// Logs that wait to be stored. A further one is not kept.
const WAITING_MAX: usize = 256;

/// By where a function is and its name, oldest first.
type Logs = HashMap<(Scope, String), Vec<InvocationLog>>;

/// What is to be stored.
pub(super) struct InvocationLogs {
    ops: Arc<Operations>,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    logs: Logs,
    count: usize,
    has_writer: bool,
}

impl InvocationLogs {
    pub(super) fn new(ops: Arc<Operations>) -> Arc<Self> {
        Arc::new(Self { ops, waiting: Mutex::default() })
    }

    /// Takes a log, which is stored a moment later, or never if the process dies before.
    pub(super) fn keep(self: &Arc<Self>, scope: Scope, function: String, log: InvocationLog) {
        let mut waiting = self.waiting();
        if waiting.count == WAITING_MAX {
            return tracing::warn!(function, "the log of an invocation was not kept: too many at once");
        }
        waiting.count += 1;
        waiting.logs.entry((scope, function)).or_default().push(log);
        if !mem::replace(&mut waiting.has_writer, true) {
            let logs = Arc::clone(self);
            tokio::spawn(async move { logs.write().await });
        }
    }

    async fn write(&self) {
        while let Some(logs) = self.next() {
            for ((scope, function), logs) in logs {
                self.ops.remember_invocations(&scope, &function, logs).await;
            }
        }
    }

    /// What has gathered. With nothing the writing ends.
    fn next(&self) -> Option<Logs> {
        let mut waiting = self.waiting();
        waiting.count = 0;
        waiting.has_writer = !waiting.logs.is_empty();
        waiting.has_writer.then(|| mem::take(&mut waiting.logs))
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
