//! The log: lines on standard error.

use std::io;

use tracing_subscriber::EnvFilter;

use crate::config::{LogConfig, LogFormat};

/// Starts to log.
///
/// # Errors
/// The level is none, or a log was started before.
pub(super) fn start(config: &LogConfig) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.level).map_err(|_| {
        anyhow::anyhow!(
            "--log-level and KEYWHEEL_LOG take error, warn, info, debug, trace or directives such as \
             `info,keywheel::server=debug`, not `{}`",
            config.level
        )
    })?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = match config.format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => {
            builder.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init()
        }
    };
    started.map_err(|error| anyhow::anyhow!("the log could not be started: {error}"))
}
