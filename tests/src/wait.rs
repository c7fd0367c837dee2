//! Waiting for what happens outside this process, with an end.

use std::time::Duration;

use anyhow::{Context as _, Result};

/// No server that is healthy needs longer, on a slow machine either.
pub const PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks again and again until there is something to see; `what` completes "waited for …".
///
/// # Errors
/// There was nothing for [`PATIENCE`], or a look failed.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let seen = async {
        loop {
            if let Some(seen) = look().await? {
                return Ok(seen);
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::time::timeout(PATIENCE, seen)
        .await
        .with_context(|| format!("waited {} s for {what}", PATIENCE.as_secs()))?
}
