//! The only file that makes random bytes.
//!
//! [`Entropy`] is the source; the functions beside it shape what it gives, so that all that Keywheel
//! draws (identifiers, suffixes, passwords) is without bias and the same for one seed in a test.

use std::fmt::Write as _;

/// A source of bytes that nobody can predict. A simulated one makes a test repeatable.
pub trait Entropy: Send + Sync + 'static {
    /// Fills `bytes` with random ones. It cannot fail: where the source does, the process must end,
    /// since a predictable key is worse than none.
    fn fill(&self, bytes: &mut [u8]);
}

/// The randomness of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that makes random bytes")]
        getrandom::fill(bytes).expect("the operating system always has random bytes once it has started");
    }
}

/// Random bytes.
pub fn bytes<const N: usize>(entropy: &dyn Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    bytes
}

/// A random UUID of version 4, in lower case.
pub fn uuid(entropy: &dyn Entropy) -> String {
    let mut raw: [u8; 16] = bytes(entropy);
    raw[6] = (raw[6] & 0x0f) | 0x40;
    raw[8] = (raw[8] & 0x3f) | 0x80;
    let mut text = String::with_capacity(36);
    for (index, byte) in raw.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        write!(text, "{byte:02x}").expect("a string takes any text");
    }
    text
}

/// A random number below `bound`, each equally likely.
///
/// # Panics
/// When `bound` is 0: there is no such number.
pub fn uniform(entropy: &dyn Entropy, bound: usize) -> usize {
    let bound = bound as u64;
    assert!(bound > 0, "no number is below zero");
    // The remainder of the largest multiple of `bound` that a draw can reach would favour small numbers.
    let fair = u64::MAX - u64::MAX % bound;
    loop {
        let drawn = u64::from_le_bytes(bytes(entropy));
        if drawn < fair {
            return usize::try_from(drawn % bound).expect("a number below a usize is one");
        }
    }
}

/// `length` random letters and digits.
pub fn alphanumeric(entropy: &dyn Entropy, length: usize) -> String {
    of_alphabet(entropy, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", length)
}

/// `length` random characters of an ASCII alphabet.
pub fn of_alphabet(entropy: &dyn Entropy, alphabet: &[u8], length: usize) -> String {
    (0..length).map(|_| char::from(alphabet[uniform(entropy, alphabet.len())])).collect()
}

#[cfg(test)]
pub(crate) mod counting {
    //! A source that counts, for tests that need different bytes and no more.

    use super::Entropy;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// Each byte differs from the one before; the sequence is the same for each new source.
    #[derive(Default)]
    pub(crate) struct CountingEntropy(AtomicU64);

    impl Entropy for CountingEntropy {
        fn fill(&self, bytes: &mut [u8]) {
            for byte in bytes {
                let count = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                *byte = count.to_le_bytes()[7];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    /// Gives what it was told to give.
    struct Script(Mutex<Vec<u8>>);

    impl Entropy for Script {
        fn fill(&self, bytes: &mut [u8]) {
            let mut left = self.0.lock().unwrap();
            let rest = left.split_off(bytes.len());
            bytes.copy_from_slice(&left);
            *left = rest;
        }
    }

    fn script(draws: &[u64]) -> Script {
        Script(Mutex::new(draws.iter().flat_map(|draw| draw.to_le_bytes()).collect()))
    }

    #[test]
    fn a_uuid_has_version_and_variant() {
        assert_eq!(uuid(&Script(Mutex::new(vec![0xff; 16]))), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(uuid(&Script(Mutex::new(vec![0; 16]))), "00000000-0000-4000-8000-000000000000");
    }

    #[test]
    fn a_draw_that_would_favour_small_numbers_is_drawn_again() {
        assert_eq!(uniform(&script(&[u64::MAX, 7]), 3), 1);
        assert_eq!(uniform(&script(&[u64::MAX - 1]), 1), 0);
        assert_eq!(uniform(&script(&[41]), 42), 41);
        assert_eq!(uniform(&script(&[42]), 42), 0);
    }

    #[test]
    fn each_number_below_the_bound_comes_up() {
        let mut seen = BTreeMap::<usize, usize>::new();
        for _ in 0..6_000 {
            *seen.entry(uniform(&SystemEntropy, 6)).or_default() += 1;
        }
        assert_eq!(seen.keys().copied().collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
        // A fair die misses this by chance once in 10^40 runs.
        assert!(seen.values().all(|count| (500..1_500).contains(count)), "{seen:?}");
    }

    #[test]
    fn a_suffix_is_letters_and_digits() {
        let suffix = alphanumeric(&SystemEntropy, 6);
        assert!(suffix.len() == 6 && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{suffix}");
    }

    #[test]
    fn the_system_does_not_repeat_itself() {
        assert_ne!(bytes::<16>(&SystemEntropy), bytes::<16>(&SystemEntropy));
    }
}
