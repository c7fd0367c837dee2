//! Pagination tokens: only what was given out is read, for its own listing, to the last bit.

use keywheel_domain::next_token::{issue, read};
use keywheel_domain::sensitive::Sensitive;

/// Bytes in front that make the key.
const KEY_BYTES: usize = 4;

/// `KEY`, a listing, and a position or a token, each ended by a line feed but the last.
pub(super) fn run(data: &[u8]) -> bool {
    let Some((key, rest)) = data.split_at_checked(KEY_BYTES) else { return false };
    let Some((listing, rest)) = str::from_utf8(rest).ok().and_then(|rest| rest.split_once('\n')) else {
        return false;
    };
    let key = Sensitive::new(std::array::from_fn(|index| key[index % KEY_BYTES]));

    // Taken as a token, it is one that was given out for this listing, or none.
    if let Some(position) = read(&key, listing, rest) {
        assert_eq!(issue(&key, listing, &position), rest);
    }

    let token = issue(&key, listing, rest);
    assert_eq!(read(&key, listing, &token).as_deref(), Some(rest));
    assert_eq!(read(&key, &format!("{listing} "), &token), None, "another listing");
    let other = Sensitive::new(key.expose().map(|byte| byte ^ 1));
    assert_eq!(read(&other, listing, &token), None, "another key");
    assert_eq!(read(&key, listing, &format!("{token}A")), None, "longer");
    assert_eq!(read(&key, listing, &format!("{token}=")), None, "padded");
    for (index, character) in token.char_indices() {
        assert_eq!(read(&key, listing, &token[..index]), None, "cut at {index}");
        let changed = if character == 'A' { "B" } else { "A" };
        let changed = [&token[..index], changed, &token[index + 1..]].concat();
        assert_eq!(read(&key, listing, &changed), None, "changed at {index}");
    }
    true
}
