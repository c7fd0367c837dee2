//! The account that a data folder belongs to: chosen at its first start, for good.
//!
//! The number is in every ARN, and ARNs are what values are sealed to.

use super::lost_race;
use crate::store::{Batch, Key, Store, StoreError};

const RECORD_KEY: &str = "account\0";

/// Why the account is not settled.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The folder belongs to another account than the one that was asked for.
    #[error(
        "this data folder belongs to account {stored}, not {asked}: leave KEYWHEEL_ACCOUNT_ID out, or \
         use another folder"
    )]
    Other {
        /// The folder's.
        stored: String,
        /// The one asked for.
        asked: String,
    },
    /// The store failed.
    #[error("the account could not be read or written")]
    Store(#[from] StoreError),
}

/// The account of this folder. A new folder gets `asked`, or `default` when nothing was asked for.
pub async fn settle_account(
    store: &dyn Store,
    asked: Option<&str>,
    default: &str,
) -> Result<String, AccountError> {
    let key = Key::new(RECORD_KEY);
    loop {
        if let Some(entry) = store.load(&key).await? {
            let stored = String::from_utf8(entry.value)
                .map_err(|_| AccountError::Store(StoreError::Damaged { key: key.clone() }))?;
            return match asked {
                Some(asked) if asked != stored => {
                    Err(AccountError::Other { stored, asked: asked.to_owned() })
                }
                _ => Ok(stored),
            };
        }
        let batch = Batch::new().expect(key.clone(), None).put(key.clone(), asked.unwrap_or(default));
        if let Err(error) = store.commit(batch).await {
            lost_race(error)?;
        }
    }
}
