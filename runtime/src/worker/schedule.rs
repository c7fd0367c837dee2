//! The due scan.

use std::time::Duration;

use keywheel_domain::api::ApiError;
use keywheel_domain::time::Timestamp;

use super::{TAKEN_MAX, Worker};
use crate::ops::keys::{self, DueEntry};

impl Worker {
    /// What is due now, earliest first, and when the next entry is due after that. Both come from one
    /// scan of bounded length, so the cost does not grow with the number of secrets.
    pub(super) async fn due_now(&self) -> Result<(Vec<DueEntry>, Option<Timestamp>), ApiError> {
        let now = self.clock.now();
        let (from, to) = keys::due_until(now);
        let found = self.ops.scan(&from, &to, TAKEN_MAX).await?;
        let due: Vec<DueEntry> = found.iter().filter_map(|(key, _)| keys::parse_due(key)).collect();
        let late_ms = due.first().map_or(0, |entry| now.millis_since(entry.at));
        self.metrics.due(due.len() as u64, Duration::from_millis(u64::try_from(late_ms).unwrap_or(0)));
        let later = self.ops.scan(&to, &keys::due_all().1, 1).await?;
        let next = later.first().and_then(|(key, _)| keys::parse_due(key)).map(|entry| entry.at);
        Ok((due, next))
    }
}
