//! Session tokens: what temporary credentials say of themselves, sealed. Nothing of them is stored.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keywheel_domain::envelope::{Binding, Purpose, Sealed};
use keywheel_domain::sensitive::Sensitive;

use super::{Vault, VaultError};

/// Characters of a session token.
pub const SESSION_TOKEN_CHARS_MAX: usize = 8_192;

const KEY_ID_PREFIX: &str = "arn:aws:kms::";
const KEY_ID_SUFFIX: &str = ":alias/keywheel/sessions";

impl Vault {
    /// Seals what a session is for its access key. It opens with this access key id only.
    pub async fn seal_session(
        &self,
        account: &str,
        access_key_id: &str,
        session: &Sensitive<Vec<u8>>,
    ) -> Result<Sensitive<String>, VaultError> {
        let key_id = format!("{KEY_ID_PREFIX}{account}{KEY_ID_SUFFIX}");
        let sealed = self.seal_bound(&binding(account, access_key_id, &key_id), session.expose()).await?;
        Ok(Sensitive::new(STANDARD.encode(sealed)))
    }

    /// The account of a token and what the session is; `None` when nobody gave it out with this access key.
    pub async fn open_session(
        &self,
        access_key_id: &str,
        token: &str,
    ) -> Result<Option<(String, Sensitive<Vec<u8>>)>, VaultError> {
        if token.len() > SESSION_TOKEN_CHARS_MAX {
            return Ok(None);
        }
        let Ok(sealed) = STANDARD.decode(token) else { return Ok(None) };
        let Ok(sealed) = Sealed::parse(&sealed) else { return Ok(None) };
        let account = sealed.key_id.strip_prefix(KEY_ID_PREFIX);
        let Some(account) = account.and_then(|rest| rest.strip_suffix(KEY_ID_SUFFIX)) else {
            return Ok(None);
        };
        // A key is made when it first wraps: one that never did must not be asked for.
        if account.len() != ACCOUNT_DIGITS || !account.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(None);
        }
        match self.open_bound(&binding(account, access_key_id, sealed.key_id), &sealed).await {
            Ok(session) => Ok(Some((account.to_owned(), session))),
            Err(VaultError::Key(super::KeyError::Store(error))) => {
                Err(VaultError::Key(super::KeyError::Store(error)))
            }
            // Damaged, forged, or of another root key.
            Err(_) => Ok(None),
        }
    }
}

const ACCOUNT_DIGITS: usize = 12;

const fn binding<'a>(account: &'a str, access_key_id: &'a str, key_id: &'a str) -> Binding<'a> {
    Binding { purpose: Purpose::SessionToken, account, resource: access_key_id, version_id: "", key_id }
}
