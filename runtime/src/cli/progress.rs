//! What a command does that takes a while, shown on a terminal and taken away again.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// How often it is drawn anew.
const TICK_MS: u64 = 100;
/// A wheel that turns, the time that has passed, what is done.
const FORM: &str = "keywheel: {spinner} {elapsed:>3}  {msg}";

/// One thing that is being done; dropping it ends it. Where standard error is no terminal nothing is shown.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Shows that this is being done from now on.
    pub(super) fn start(doing: &str) -> Self {
        let bar = ProgressBar::new_spinner().with_message(doing.to_owned());
        // Without its form it looks otherwise, and that is all.
        if let Ok(style) = ProgressStyle::with_template(FORM) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(TICK_MS));
        Self(bar)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
