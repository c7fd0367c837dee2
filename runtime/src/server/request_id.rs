//! Names for requests, so that an answer and its line in the log find each other.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::entropy::{self, Entropy};

/// Names requests in the form of a UUID: the first half tells this process from others, the second
/// counts. A name is no secret, so the operating system is not asked for each.
pub(super) struct RequestIds {
    process: u64,
    count: AtomicU64,
}

impl RequestIds {
    /// Starts to count from a random place.
    pub(super) fn new(entropy: &dyn Entropy) -> Self {
        Self {
            process: u64::from_le_bytes(entropy::bytes(entropy)),
            count: AtomicU64::new(u64::from_le_bytes(entropy::bytes(entropy))),
        }
    }

    /// A name that no other request of this process has.
    pub(super) fn next(&self) -> String {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let name = (u128::from(self.process) << u64::BITS | u128::from(count)).to_be_bytes();
        let mut digits = [0; 32];
        hex::encode_to_slice(name, &mut digits).expect("two digits for each byte");
        let digits = str::from_utf8(&digits).expect("hexadecimal is ASCII");
        [&digits[..8], "-", &digits[8..12], "-", &digits[12..16], "-", &digits[16..20], "-", &digits[20..]]
            .concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::counting::CountingEntropy;

    #[test]
    fn names_differ_and_look_like_uuids() {
        let ids = RequestIds::new(&CountingEntropy::default());
        let (one, two) = (ids.next(), ids.next());
        assert_ne!(one, two);
        let parts: Vec<usize> = one.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
    }
}
