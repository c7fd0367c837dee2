//! Pagination tokens: a position that only we could have written, for one listing only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::sensitive::Sensitive;

const MAC_BYTES: usize = 32;

fn mac(key: &Sensitive<[u8; 32]>, listing: &str, position: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose()).expect("HMAC takes a key of any length");
    mac.update(&u64::try_from(listing.len()).unwrap_or(u64::MAX).to_be_bytes());
    mac.update(listing.as_bytes());
    mac.update(position);
    mac
}

/// A token for `position` in `listing`, which names the action and all its parameters.
pub fn issue(key: &Sensitive<[u8; 32]>, listing: &str, position: &str) -> String {
    let mut token = mac(key, listing, position.as_bytes()).finalize().into_bytes().to_vec();
    token.extend_from_slice(position.as_bytes());
    URL_SAFE_NO_PAD.encode(token)
}

/// The position in a token; `None` when it is not ours or of another listing.
pub fn read(key: &Sensitive<[u8; 32]>, listing: &str, token: &str) -> Option<String> {
    let token = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (tag, position) = token.split_at_checked(MAC_BYTES)?;
    mac(key, listing, position).verify_slice(tag).ok()?;
    String::from_utf8(position.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_token_of_the_same_listing_is_read() {
        let key = Sensitive::new([7; 32]);
        let token = issue(&key, "ListSecrets", "prod/db");
        assert_eq!(read(&key, "ListSecrets", &token).as_deref(), Some("prod/db"));
        assert_eq!(read(&key, "ListSecrets asc", &token), None);
        assert_eq!(read(&Sensitive::new([8; 32]), "ListSecrets", &token), None);
        for index in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            // The last character may hold bits that decode to nothing; such a token is refused as well.
            assert_eq!(read(&key, "ListSecrets", &changed), None, "{index}");
        }
        assert_eq!(read(&key, "ListSecrets", ""), None);
        assert_eq!(read(&key, "ListSecrets", "ä"), None);
    }
}
