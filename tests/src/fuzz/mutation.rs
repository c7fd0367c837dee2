//! Mutations that are the same in every run.

/// How many changes one mutation makes, at most.
const CHANGES_MAX: usize = 4;
/// How many bytes one change moves, at most.
const PIECE_BYTES_MAX: usize = 24;
/// How long a mutation may become, in bytes.
const BYTES_MAX: usize = 64 * 1024;
/// What the formats under test are made of.
const PIECES: [&[u8]; 20] = [
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b";",
    b"/",
    b"*",
    b"?",
    b"${",
    b"%2F",
    b"%00",
    b"..",
    b" ",
    b"\\u0000",
    b"\xc3\xa9",
    b"1e400",
    b"null",
];

/// Numbers that look random and are the same in every run (xorshift, Marsaglia 2003).
pub struct Numbers(u64);

impl Numbers {
    /// The numbers of a seed.
    pub const fn new(seed: u64) -> Self {
        // Neighbouring seeds begin far apart, and none is zero, where xorshift stays.
        Self(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below a bound; zero where the bound is.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % (bound.max(1) as u64)).unwrap_or_default()
    }
}

/// Changes a good input in a few places: a bit, a byte, a piece that is missing, doubled, moved or put in.
pub fn mutated(input: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=numbers.below(CHANGES_MAX) {
        let at = numbers.below(bytes.len());
        let end = (at + numbers.below(PIECE_BYTES_MAX)).min(bytes.len());
        match numbers.below(7) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << numbers.below(8),
            1 if !bytes.is_empty() => bytes[at] = numbers.next() as u8,
            2 => drop(bytes.drain(at..end)),
            3 => {
                let piece = bytes[at..end].to_vec();
                let to = numbers.below(bytes.len() + 1);
                bytes.splice(to..to, piece);
            }
            4 if !bytes.is_empty() => {
                let other = numbers.below(bytes.len());
                bytes.swap(at, other);
            }
            5 => bytes.truncate(at),
            _ => drop(bytes.splice(at..at, PIECES[numbers.below(PIECES.len())].iter().copied())),
        }
    }
    bytes.truncate(BYTES_MAX);
    bytes
}
