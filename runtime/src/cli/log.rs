//! The log: lines on standard error, written by a thread of their own. Who reads them slowly, or not at all, holds no
//! request and no rotation up: then lines are dropped, and counted.

use std::io;

use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

use crate::config::{LogConfig, LogFormat};

/// Lines that wait to be written; there are some 300 bytes in one of a request.
const LINES_WAITING_MAX: usize = 32_768;
/// As the system shows it.
const THREAD_NAME: &str = "log";

/// A log that was started. What waits is written when it is dropped, unless that takes longer than a second.
pub(super) struct Log {
    /// Counts the lines that nobody read in time.
    pub(super) dropped: ErrorCounter,
    _written_at_the_end: WorkerGuard,
}

/// Starts to log.
///
/// # Errors
/// The level is none, or a log was started before.
pub(super) fn start(config: &LogConfig) -> anyhow::Result<Log> {
    let filter = EnvFilter::try_new(&config.level).map_err(|_| {
        anyhow::anyhow!(
            "--log-level and KEYWHEEL_LOG take error, warn, info, debug, trace or directives such as \
             `info,keywheel::server=debug`, not `{}`",
            config.level
        )
    })?;
    let (writer, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(LINES_WAITING_MAX)
        .thread_name(THREAD_NAME)
        .finish(io::stderr());
    let dropped = writer.error_counter();
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    let started = match config.format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => {
            builder.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init()
        }
    };
    started.map_err(|error| anyhow::anyhow!("the log could not be started: {error}"))?;
    Ok(Log { dropped, _written_at_the_end: guard })
}
