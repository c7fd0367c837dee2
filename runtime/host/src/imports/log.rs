//! `log`: lines that are kept with the invocation. A line costs processor time and counts against no
//! other limit: a function that writes too many loses its last ones and goes on.

use crate::contract::keywheel::rotation::log::{Host, Level};
use crate::state::State;
use crate::transcript;

impl Host for State {
    async fn write(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        let level = match level {
            Level::Debug => transcript::Level::Debug,
            Level::Info => transcript::Level::Info,
            Level::Warn => transcript::Level::Warn,
            Level::Error => transcript::Level::Error,
        };
        self.transcript.lock().write(level, &message);
        Ok(())
    }
}
