//! What is counted about the log.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::counter::ConstCounter;
use tracing_appender::non_blocking::ErrorCounter;

/// Lines that were dropped, as the log itself counts them.
#[derive(Debug)]
pub(super) struct DroppedLines(pub(super) ErrorCounter);

impl Collector for DroppedLines {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let dropped = ConstCounter::new(self.0.dropped_lines() as u64);
        let told = "Lines of the log that were dropped because nobody read them in time";
        dropped.encode(encoder.encode_descriptor("log_lines_dropped", told, None, dropped.metric_type())?)
    }
}
