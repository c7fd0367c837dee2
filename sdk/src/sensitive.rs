//! Values that must not reach a log line, a failure message or a panic.

use std::fmt;

use zeroize::Zeroize;

/// A confidential value: no `Display`, a `Debug` that shows a placeholder, memory wiped on drop.
///
/// ```
/// use keywheel_sdk::Sensitive;
///
/// let password = Sensitive::new(String::from("open sesame"));
/// assert_eq!(format!("{password:?}"), "[sensitive]");
/// assert_eq!(password.expose(), "open sesame");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Sensitive<T: Zeroize>(T);

impl<T: Zeroize> Sensitive<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The plain value. Each call site is a place to review.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> fmt::Debug for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[sensitive]")
    }
}

impl<T: Zeroize> Drop for Sensitive<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl From<&str> for Sensitive<String> {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl From<String> for Sensitive<String> {
    fn from(value: String) -> Self {
        Self(value)
    }
}
