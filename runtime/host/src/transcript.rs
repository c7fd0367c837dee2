//! What an invocation leaves to read: the lines of its log, bounded and redacted.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::limits::Limits;
use crate::redact::Redactor;

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For the author.
    Debug,
    /// What happened; standard output too.
    Info,
    /// What may need attention; standard error too.
    Warn,
    /// What went wrong.
    Error,
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// How much it matters.
    pub level: Level,
    /// Without control characters and without secret values.
    pub message: String,
}

/// The level in small letters, then the message.
impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        };
        write!(f, "{level}: {}", self.message)
    }
}

/// Marks the end of a line that was cut.
const CUT_MARK: &str = "… (line cut)";

/// Collects lines and the values that must not be in them.
#[derive(Debug)]
pub(crate) struct Transcript {
    lines: Vec<LogLine>,
    bytes: usize,
    bytes_max: usize,
    line_bytes_max: usize,
    truncated: bool,
    redactor: Redactor,
    /// The line of standard output and of standard error that has no end yet.
    open_lines: [(Level, Vec<u8>); 2],
}

/// The transcript, as the guest's streams and its state share it.
#[derive(Clone, Debug)]
pub(crate) struct SharedTranscript(Arc<Mutex<Transcript>>);

impl SharedTranscript {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self(Arc::new(Mutex::new(Transcript {
            lines: Vec::new(),
            bytes: 0,
            bytes_max: limits.log_bytes_max,
            line_bytes_max: limits.line_bytes_max,
            truncated: false,
            redactor: Redactor::default(),
            open_lines: [(Level::Info, Vec::new()), (Level::Warn, Vec::new())],
        })))
    }

    /// A panic while it was held leaves it whole: each change is one push.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Transcript> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transcript {
    pub(crate) const fn redactor(&mut self) -> &mut Redactor {
        &mut self.redactor
    }

    /// Adds a message, one line for each of its lines. Values are taken out of the whole, so that one
    /// with several lines is found.
    pub(crate) fn write(&mut self, level: Level, message: &str) {
        if self.truncated {
            return;
        }
        let clean = self.redactor.redact(message);
        for line in clean.trim_end_matches('\n').split('\n') {
            self.push(level, line);
        }
    }

    /// Adds what a stream wrote: the lines that it ended, and the rest when its line ends.
    pub(crate) fn append(&mut self, level: Level, bytes: &[u8]) {
        if self.truncated {
            return;
        }
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let line_bytes_max = self.line_bytes_max;
            let open = self.open_line(level);
            open.extend_from_slice(piece);
            // A line that is already too long is written, so that a guest cannot fill the host's memory.
            if open.ends_with(b"\n") || open.len() > line_bytes_max {
                self.end_line(level);
            }
        }
    }

    fn open_line(&mut self, level: Level) -> &mut Vec<u8> {
        let [output, error] = &mut self.open_lines;
        if level == error.0 { &mut error.1 } else { &mut output.1 }
    }

    fn end_line(&mut self, level: Level) {
        let line = std::mem::take(self.open_line(level));
        if !line.is_empty() {
            self.write(level, &String::from_utf8_lossy(&line));
        }
    }

    fn push(&mut self, level: Level, line: &str) {
        if self.truncated {
            return;
        }
        let message = printable(&cut(line, self.line_bytes_max));
        if self.bytes + message.len() > self.bytes_max {
            self.truncated = true;
            return;
        }
        // The line break counts, so that empty lines are bounded too.
        self.bytes += message.len() + 1;
        self.lines.push(LogLine { level, message });
    }

    /// Any other text, such as a failure's message, without values and not longer than allowed.
    pub(crate) fn clean(&self, text: &str, bytes_max: usize) -> String {
        cut(&self.redactor.redact(text), bytes_max)
    }

    /// A text for people to decide by: as [`clean`](Self::clean), and made printable like a line of the log. Its
    /// line breaks stay.
    pub(crate) fn clean_lines(&self, text: &str, bytes_max: usize) -> String {
        let clean = self.redactor.redact(text);
        let lines: Vec<String> = clean.split('\n').map(printable).collect();
        cut(&lines.join("\n"), bytes_max)
    }

    /// The text without the values that are known by now.
    pub(crate) fn redact(&self, text: &str) -> String {
        self.redactor.redact(text)
    }

    /// The lines and whether some are missing. Values that became known after a line was written are
    /// taken out now.
    pub(crate) fn take(&mut self) -> (Vec<LogLine>, bool) {
        self.end_line(Level::Info);
        self.end_line(Level::Warn);
        let mut lines = std::mem::take(&mut self.lines);
        for line in &mut lines {
            line.message = self.redactor.redact(&line.message);
        }
        (lines, self.truncated)
    }
}

fn cut(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    format!("{}{CUT_MARK}", &text[..text.floor_char_boundary(bytes_max)])
}

/// Escapes what could move a terminal's cursor or forge a line.
fn printable(line: &str) -> String {
    let line = line.strip_suffix('\r').unwrap_or(line);
    if !line.chars().any(|character| character.is_control() && character != '\t') {
        return line.to_owned();
    }
    line.chars().fold(String::with_capacity(line.len()), |mut clean, character| {
        if character.is_control() && character != '\t' {
            clean.extend(character.escape_default());
        } else {
            clean.push(character);
        }
        clean
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(limits: &Limits, written: &[&str], expected: &[&str], truncated: bool) {
        let shared = SharedTranscript::new(limits);
        let mut transcript = shared.lock();
        for message in written {
            transcript.write(Level::Info, message);
        }
        let (lines, was_truncated) = transcript.take();
        assert_eq!(lines.iter().map(|line| line.message.as_str()).collect::<Vec<_>>(), expected);
        assert_eq!(was_truncated, truncated);
    }

    #[test]
    fn a_message_is_split_and_made_printable() {
        check(
            &Limits::default(),
            &["a\nb\r\n", "\x1b[2J", "", "tab\t"],
            &["a", "b", r"\u{1b}[2J", "", "tab\t"],
            false,
        );
    }

    #[test]
    fn long_lines_and_long_logs_are_cut() {
        let limits = Limits { line_bytes_max: 3, log_bytes_max: 30, ..Limits::default() };
        check(&limits, &["aé€", "ok"], &["aé… (line cut)", "ok"], false);
        check(&limits, &["abcd", "abcd", "ok"], &["abc… (line cut)"], true);
        let limits = Limits { log_bytes_max: 2, ..limits };
        check(&limits, &["", "", "", ""], &["", "", ""], true);
    }

    #[test]
    fn streams_are_put_together_line_by_line() {
        let shared = SharedTranscript::new(&Limits { line_bytes_max: 8, ..Limits::default() });
        let mut transcript = shared.lock();
        for (level, bytes) in
            [(Level::Info, "ab"), (Level::Warn, "x\ny"), (Level::Info, "c\n\nd"), (Level::Info, "23456789")]
        {
            transcript.append(level, bytes.as_bytes());
        }
        let lines: Vec<_> = transcript.take().0.into_iter().map(|line| (line.level, line.message)).collect();
        let expected = [
            (Level::Warn, "x"),
            (Level::Info, "abc"),
            (Level::Info, ""),
            (Level::Info, "d2345678… (line cut)"),
            (Level::Warn, "y"),
        ];
        assert_eq!(lines, expected.map(|(level, message)| (level, message.to_owned())));
    }

    #[test]
    fn a_value_that_becomes_known_later_is_taken_out_too() {
        let shared = SharedTranscript::new(&Limits::default());
        let mut transcript = shared.lock();
        transcript.write(Level::Info, "made s3cret");
        transcript.redactor().learn("s3cret");
        assert_eq!(transcript.take().0[0].message, "made [redacted]");
        assert_eq!(transcript.clean("s3cret failed", 100), "[redacted] failed");
    }

    #[test]
    fn a_text_of_several_lines_is_made_printable_before_it_is_cut() {
        let shared = SharedTranscript::new(&Limits::default());
        let mut transcript = shared.lock();
        transcript.redactor().learn("two\nlines");
        let check = |text: &str, bytes_max: usize, expected: &str| {
            assert_eq!(transcript.clean_lines(text, bytes_max), expected);
        };
        check("a\r\n\x1b[2J two\nlines", 100, "a\n\\u{1b}[2J [redacted]");
        check("\x1b\x1b", 8, r"\u{1b}\u… (line cut)");
        check("aé", 2, "a… (line cut)");
    }
}
