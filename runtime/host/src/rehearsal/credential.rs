//! What a simulated database keeps of a password, and whether another one is it.

use std::fmt;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use keywheel_domain::sensitive::Sensitive;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::lock;

/// What PostgreSQL's SCRAM verifiers begin with.
const SCRAM: &str = "SCRAM-SHA-256$";
/// Rounds of a verifier; more are no rotator's doing.
const SCRAM_ROUNDS_MAX: u32 = 100_000;
/// Digits of `mysql_native_password` after the asterisk.
const NATIVE_DIGITS: usize = 40;

/// Passwords that were tried on a verifier, and whether it took them.
type Known = Arc<Mutex<Vec<(Sensitive<String>, bool)>>>;

/// What is kept of a password.
#[derive(Clone)]
pub(super) enum Credential {
    /// The password itself.
    Clear(Sensitive<String>),
    /// A SCRAM verifier, as PostgreSQL keeps it. To check one takes thousands of hashes, so that copies of a
    /// database share what is known of it.
    Scram { verifier: Verifier, known: Known },
    /// The SHA-1 of the SHA-1 of the password, as MySQL's old plugin keeps it.
    Native([u8; 20]),
}

#[derive(Clone)]
pub(super) struct Verifier {
    rounds: u32,
    salt: Vec<u8>,
    stored_key: Vec<u8>,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential")
    }
}

impl Credential {
    /// The password itself.
    pub(super) fn clear(password: &str) -> Self {
        Self::Clear(Sensitive::new(password.to_owned()))
    }

    /// What `PASSWORD '…'` means to PostgreSQL. Nothing when it is a form that this one does not verify.
    pub(super) fn postgres(text: &str) -> Option<Self> {
        if let Some(parts) = text.strip_prefix(SCRAM) {
            // One that is not well-formed is a password that looks odd.
            let Some(verifier) = Verifier::parse(parts) else { return Some(Self::clear(text)) };
            return (verifier.rounds <= SCRAM_ROUNDS_MAX)
                .then(|| Self::Scram { verifier, known: Arc::default() });
        }
        let is_md5 =
            text.strip_prefix("md5").is_some_and(|rest| rest.len() == 32 && rest.bytes().all(is_hex));
        (!is_md5).then(|| Self::clear(text))
    }

    /// What `mysql_native_password` keeps, as it is written in statements: an asterisk and 40 digits.
    pub(super) fn native(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('*').filter(|digits| digits.len() == NATIVE_DIGITS)?;
        let mut hash = [0; 20];
        hex::decode_to_slice(digits, &mut hash).ok()?;
        Some(Self::Native(hash))
    }

    /// Whether this is the password.
    pub(super) fn accepts(&self, password: &Sensitive<String>) -> bool {
        match self {
            Self::Clear(held) => held == password,
            Self::Native(hash) => {
                let twice = Sha1::digest(Sha1::digest(password.expose().as_bytes()));
                twice.as_slice().ct_eq(hash).into()
            }
            Self::Scram { verifier, known } => {
                let remembered =
                    lock(known).iter().find(|(tried, _)| tried == password).map(|(_, accepted)| *accepted);
                remembered.unwrap_or_else(|| {
                    let accepted = verifier.accepts(password.expose());
                    lock(known).push((password.clone(), accepted));
                    accepted
                })
            }
        }
    }
}

impl Verifier {
    /// `ROUNDS:SALT$STORED-KEY:SERVER-KEY`.
    fn parse(parts: &str) -> Option<Self> {
        let (cost, keys) = parts.split_once('$')?;
        let (rounds, salt) = cost.split_once(':')?;
        let (stored_key, _) = keys.split_once(':')?;
        Some(Self {
            rounds: rounds.parse().ok()?,
            salt: STANDARD.decode(salt).ok()?,
            stored_key: STANDARD.decode(stored_key).ok()?,
        })
    }

    /// RFC 5802: the stored key is the hash of the client's key, which comes from the salted password.
    fn accepts(&self, password: &str) -> bool {
        let keyed = |key: &[u8], message: &[&[u8]]| -> [u8; 32] {
            let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
            message.iter().for_each(|part| mac.update(part));
            mac.finalize().into_bytes().into()
        };
        let base =
            Hmac::<Sha256>::new_from_slice(password.as_bytes()).expect("HMAC takes keys of any length");
        let mut last = keyed(password.as_bytes(), &[&self.salt, &1_u32.to_be_bytes()]);
        let mut salted = last;
        for _ in 1..self.rounds {
            let mut mac = base.clone();
            mac.update(&last);
            last = mac.finalize().into_bytes().into();
            salted.iter_mut().zip(last).for_each(|(byte, mask)| *byte ^= mask);
        }
        let client_key = keyed(&salted, &[b"Client Key"]);
        Sha256::digest(client_key).as_slice().ct_eq(&self.stored_key).into()
    }
}

const fn is_hex(byte: u8) -> bool {
    byte.is_ascii_hexdigit()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(credential: &Credential, password: &str, expected: bool) {
        // Twice, since the second answer may come from memory.
        for _ in 0..2 {
            assert_eq!(credential.accepts(&Sensitive::new(password.to_owned())), expected, "{password}");
        }
    }

    #[test]
    fn a_verifier_takes_its_password_only() {
        // The salt and the password of the example in RFC 7677.
        let stored = format!(
            "{SCRAM}4096:W22ZaJ0SNY7soEsUEjb6gQ==$\
             WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
        );
        let credential = Credential::postgres(&stored).unwrap();
        check(&credential, "pencil", true);
        check(&credential, "pencils", false);
        check(&credential, &stored, false);
    }

    #[test]
    fn a_native_hash_takes_its_password_only() {
        // MySQL's PASSWORD('password').
        let credential = Credential::native("*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19").unwrap();
        check(&credential, "password", true);
        check(&credential, "Password", false);
        assert!(Credential::native("2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19").is_none());
        assert!(Credential::native("*2470").is_none());
    }

    #[test]
    fn anything_else_is_the_password_itself() {
        check(&Credential::postgres("first").unwrap(), "first", true);
        check(&Credential::postgres("SCRAM-SHA-256$odd").unwrap(), "SCRAM-SHA-256$odd", true);
        assert!(Credential::postgres("md50123456789abcdef0123456789abcdef").is_none(), "not verified here");
        assert!(Credential::postgres(&format!("{SCRAM}99999999:AA==$AA==:AA==")).is_none(), "too costly");
    }
}
