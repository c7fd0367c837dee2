//! When access keys were last used, by the hour. A request only notes it in memory; the worker writes what is new, so
//! that reading never waits for a write. What a process noted that died before is lost: the next use tells it again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use keywheel_domain::api::ApiError;
use keywheel_domain::time::{HOUR_MS, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ops::change::{Change, to_bytes};
use crate::ops::{Operations, keys};
use crate::store::Batch;
use crate::vault::access_key_place;

/// Access keys whose uses are noted. When there are more, those that are written are forgotten.
const KEYS_NOTED_MAX: usize = 1024;

/// A use of an access key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::ops) struct KeyUse {
    /// The beginning of its hour.
    pub(in crate::ops) at: Timestamp,
    /// As in the credential scope.
    pub(in crate::ops) service: String,
    /// From the credential scope.
    pub(in crate::ops) region: String,
}

/// The latest uses of access keys.
#[derive(Default)]
pub(in crate::ops) struct KeyUses(Mutex<HashMap<String, Noted>>);

struct Noted {
    last: KeyUse,
    written: bool,
}

impl Operations {
    /// Notes that a request was signed with this access key of a user.
    pub fn note_key_use(&self, access_key_id: &str, service: &str, region: &str) {
        let now = self.clock.now().millis();
        let at = Timestamp::from_millis(now - now.rem_euclid(HOUR_MS));
        let mut noted = self.key_uses.0.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.get(access_key_id).is_some_and(|known| known.last.at == at) {
            return;
        }
        if noted.len() >= KEYS_NOTED_MAX && !noted.contains_key(access_key_id) {
            noted.retain(|_, known| !known.written);
            if noted.len() >= KEYS_NOTED_MAX {
                return;
            }
        }
        let last = KeyUse { at, service: service.to_owned(), region: region.to_owned() };
        noted.insert(access_key_id.to_owned(), Noted { last, written: false });
    }

    /// Writes the uses that are not written yet: once an hour for each key.
    pub async fn write_key_uses(&self) -> Result<(), ApiError> {
        for (id, last) in self.unwritten_key_uses() {
            // A key that is gone takes its uses with it.
            if let Some(entry) = self.load_entry(&access_key_place(&id)).await? {
                let expected = Batch::new().expect(access_key_place(&id), Some(entry.revision));
                let change = Change::of(expected.put(keys::access_key_use(&id), to_bytes(&last)));
                if !self.commit(change).await? {
                    continue;
                }
            }
            let mut noted = self.key_uses.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(known) = noted.get_mut(&id).filter(|known| known.last == last) {
                known.written = true;
            }
        }
        Ok(())
    }

    fn unwritten_key_uses(&self) -> Vec<(String, KeyUse)> {
        let noted = self.key_uses.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut unwritten: Vec<(String, KeyUse)> = noted
            .iter()
            .filter(|(_, known)| !known.written)
            .map(|(id, known)| (id.clone(), known.last.clone()))
            .collect();
        unwritten.sort_by(|(one, _), (other, _)| one.cmp(other));
        unwritten
    }

    /// The latest use of an access key, if there was one.
    pub(super) async fn key_use(&self, id: &str) -> Result<Option<KeyUse>, ApiError> {
        let noted = {
            let noted = self.key_uses.0.lock().unwrap_or_else(PoisonError::into_inner);
            noted.get(id).map(|known| known.last.clone())
        };
        match noted {
            Some(last) => Ok(Some(last)),
            None => Ok(self.load(keys::access_key_use(id)).await?.map(|seen| seen.record)),
        }
    }
}
