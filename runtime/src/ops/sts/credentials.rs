//! Temporary credentials: made, sealed, and opened again.

use std::collections::BTreeMap;

use keywheel_domain::api::sts::Credentials;
use keywheel_domain::api::{ApiError, ErrorCode};
use keywheel_domain::policy::{Document, Kind};
use keywheel_domain::rotation::Person;
use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::time::{SECOND_MS, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::entropy;
use crate::ops::{Caller, NamedPolicy, Operations, Principal, Session, Standing};
use crate::vault::SESSION_TOKEN_CHARS_MAX;

/// What ids of temporary access keys begin with.
const TEMPORARY_KEY_PREFIX: &str = "ASIA";
const ID_ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const ID_RANDOM_CHARS: usize = 16;
const SECRET_ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const SECRET_CHARS: usize = 40;

/// Whose temporary credentials are. The ids make that they end with their holder, and do not come to life again for
/// another one of the name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Holder {
    /// The account's root.
    Root {
        /// The access key that asked: they end when it does.
        key: String,
    },
    /// A user.
    User { name: String, id: String, key: String },
    /// A session of a role.
    Role { name: String, id: String, session: String },
}

/// What a session token says.
#[derive(Serialize, Deserialize)]
pub(super) struct SessionRecord {
    pub(super) holder: Holder,
    #[serde(default)]
    pub(super) issued: i64,
    #[serde(default)]
    pub(super) expires: i64,
    #[serde(serialize_with = "plain", deserialize_with = "sensitive")]
    pub(super) secret: Sensitive<String>,
    /// Names and texts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) policies: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) tags: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) transitive_tag_keys: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) source_identity: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) assumed_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) assumed_by_id: Option<String>,
}

impl SessionRecord {
    pub(super) fn new(holder: Holder) -> Self {
        Self {
            holder,
            issued: 0,
            expires: 0,
            secret: Sensitive::new(String::new()),
            policies: Vec::new(),
            tags: BTreeMap::new(),
            transitive_tag_keys: Vec::new(),
            source_identity: None,
            assumed_by: None,
            assumed_by_id: None,
        }
    }
}

/// A session whose token was opened. Nothing is proven before the signature was checked with its secret.
pub struct OpenSession {
    /// Twelve digits.
    pub account: String,
    /// What the request was signed with.
    pub secret: Sensitive<String>,
    /// What it says.
    pub session: Session,
    principal: Principal,
    /// The user's or the role's.
    id: String,
}

impl Operations {
    /// Makes credentials for so many seconds, and tells how much of the room in a token they take, in percent.
    pub(super) async fn new_credentials(
        &self,
        account: &str,
        mut record: SessionRecord,
        seconds: usize,
    ) -> Result<(Credentials, usize), ApiError> {
        let entropy = &*self.entropy;
        let random = entropy::of_alphabet(entropy, ID_ALPHABET, ID_RANDOM_CHARS);
        let access_key_id = format!("{TEMPORARY_KEY_PREFIX}{random}");
        let now = self.clock.now();
        let seconds = i64::try_from(seconds).unwrap_or_default();
        let expiration = now.plus_millis(seconds.saturating_mul(SECOND_MS));
        record.secret = Sensitive::new(entropy::of_alphabet(entropy, SECRET_ALPHABET, SECRET_CHARS));
        (record.issued, record.expires) = (now.millis(), expiration.millis());
        let text = serde_json::to_vec(&record).map(Sensitive::new).map_err(|error| {
            tracing::error!(%error, "a session cannot be written");
            ApiError::internal()
        })?;
        let secret_access_key = record.secret;
        let sealed = self.vault.seal_session(account, &access_key_id, &text).await;
        let session_token = sealed.map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "a session token cannot be sealed");
            ApiError::internal()
        })?;
        let percent = session_token.expose().len() * 100 / SESSION_TOKEN_CHARS_MAX;
        if session_token.expose().len() > SESSION_TOKEN_CHARS_MAX {
            let told =
                format!("Packed size of session policies and tags consumes {percent}% of allotted space.");
            return Err(ApiError::new(ErrorCode::PackedPolicyTooLarge, told));
        }
        Ok((Credentials { access_key_id, secret_access_key, session_token, expiration }, percent))
    }

    /// The session of this token, if it was given out with this access key.
    pub async fn open_session(
        &self,
        access_key_id: &str,
        token: &str,
    ) -> Result<Option<OpenSession>, ApiError> {
        let opened = self.vault.open_session(access_key_id, token).await.map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "a session token cannot be opened");
            ApiError::internal()
        })?;
        let Some((account, text)) = opened else { return Ok(None) };
        let damaged = || {
            tracing::error!("a session token of ours cannot be read");
            ApiError::internal()
        };
        let record: SessionRecord = serde_json::from_slice(text.expose()).map_err(|_| damaged())?;
        let policies = record.policies.into_iter().map(|(name, text)| {
            let document = Document::parse(&text, Kind::Session).map_err(|_| damaged())?;
            Ok(NamedPolicy { name, document })
        });
        let access_key_id = access_key_id.to_owned();
        let (principal, id, key_id) = match record.holder {
            Holder::Root { key } => (Principal::Root { access_key_id }, String::new(), Some(key)),
            Holder::User { name, id, key } => (Principal::User { name, access_key_id }, id, Some(key)),
            Holder::Role { name, id, session } => {
                (Principal::Role { name, session_name: session, access_key_id }, id, None)
            }
        };
        let session = Session {
            key_id,
            issued: Timestamp::from_millis(record.issued),
            expires: Timestamp::from_millis(record.expires),
            policies: policies.collect::<Result<_, ApiError>>()?,
            tags: record.tags,
            transitive_tag_keys: record.transitive_tag_keys,
            source_identity: record.source_identity,
            assumed_by: record.assumed_by.map(|arn| Person { arn, id: record.assumed_by_id }),
        };
        Ok(Some(OpenSession { account, secret: record.secret, session, principal, id }))
    }

    /// The caller of a session whose secret signed; `None` when its user or role is gone, or is another one now.
    pub async fn resume_session(&self, open: OpenSession, region: &str) -> Result<Option<Caller>, ApiError> {
        let OpenSession { account, principal, id, session, .. } = open;
        let caller = Caller::new(account, region.to_owned(), principal);
        let caller = self.identify(Caller { session: Some(session.into()), ..caller }).await?;
        let is_same = match (&caller.standing, &caller.principal) {
            (Standing::Nothing, Principal::Root { .. }) => true,
            _ => caller.identity().is_some_and(|identity| identity.id == id),
        };
        Ok(is_same.then_some(caller))
    }
}

fn plain<S: Serializer>(secret: &Sensitive<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

fn sensitive<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Sensitive<String>, D::Error> {
    String::deserialize(deserializer).map(Sensitive::new)
}

/// There are no second factors here: whoever shows one relies on what does not hold.
pub(super) fn check_no_second_factor(is_shown: bool) -> Result<(), ApiError> {
    if is_shown {
        let told = "MultiFactorAuthentication failed with invalid MFA one time pass code.";
        return Err(ApiError::new(ErrorCode::AccessDenied, told));
    }
    Ok(())
}
