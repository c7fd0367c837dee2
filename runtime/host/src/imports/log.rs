//! `log`: lines that are kept with the invocation.

use crate::contract::keywheel::rotation::log::{Host, Level};
use crate::state::State;
use crate::transcript;

impl Host for State {
    async fn write(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        self.begin("log.write")?;
        let level = match level {
            Level::Debug => transcript::Level::Debug,
            Level::Info => transcript::Level::Info,
            Level::Warn => transcript::Level::Warn,
            Level::Error => transcript::Level::Error,
        };
        self.transcript.lock().write(level, &message);
        self.end();
        Ok(())
    }
}
