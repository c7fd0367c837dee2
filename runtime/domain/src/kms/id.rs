//! Key ids, aliases and their ARNs.

use crate::secret::Scope;

/// The alias of the key that seals secrets whose owner named none.
pub const MANAGED_ALIAS: &str = "alias/aws/secretsmanager";

const ALIAS_PREFIX: &str = "alias/";
const RESERVED_PREFIX: &str = "alias/aws/";
const ARN_PREFIX: &str = "arn:aws:kms:";
const ALIAS_CHARS_MAX: usize = 256;
const UUID_CHARS: usize = 36;

/// The ARN of a key.
pub fn key_arn(scope: &Scope, id: &str) -> String {
    format!("{ARN_PREFIX}{}:{}:key/{id}", scope.region, scope.account)
}

/// The ARN of an alias; `name` begins with `alias/`.
pub fn alias_arn(scope: &Scope, name: &str) -> String {
    format!("{ARN_PREFIX}{}:{}:{name}", scope.region, scope.account)
}

/// What a caller may write as `KeyId`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyId {
    /// A key by its id.
    Key {
        /// Where; the caller's own scope when absent.
        scope: Option<Scope>,
        /// A UUID.
        id: String,
    },
    /// Whatever key the alias stands for.
    Alias {
        /// Where; the caller's own scope when absent.
        scope: Option<Scope>,
        /// With its prefix `alias/`.
        name: String,
    },
}

/// What was written names no key in any of the four ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKeyId {
    /// It is no key id.
    #[error("not a key id")]
    Id,
    /// It begins as an ARN, and is none of a key or an alias.
    #[error("not the ARN of a key or an alias")]
    Arn,
}

impl KeyId {
    /// Reads a key id, a key ARN, an alias name or an alias ARN.
    ///
    /// # Errors
    /// It is none of these.
    pub fn parse(text: &str) -> Result<Self, InvalidKeyId> {
        let Some(rest) = text.strip_prefix("arn:") else { return Self::of_resource(None, text) };
        let mut parts = rest.splitn(5, ':');
        let (Some("aws"), Some("kms"), Some(region), Some(account), Some(resource)) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidKeyId::Arn);
        };
        let scope = Some(Scope { account: account.to_owned(), region: region.to_owned() });
        let resource = match resource.strip_prefix("key/") {
            Some(id) => id,
            None if resource.starts_with(ALIAS_PREFIX) => resource,
            None => return Err(InvalidKeyId::Arn),
        };
        Self::of_resource(scope, resource).map_err(|_| InvalidKeyId::Arn)
    }

    fn of_resource(scope: Option<Scope>, resource: &str) -> Result<Self, InvalidKeyId> {
        if resource.starts_with(ALIAS_PREFIX) {
            return match check_alias_name(resource) {
                true => Ok(Self::Alias { scope, name: resource.to_owned() }),
                false => Err(InvalidKeyId::Id),
            };
        }
        let is_uuid = resource.len() == UUID_CHARS && uuid::Uuid::try_parse(resource).is_ok();
        if is_uuid { Ok(Self::Key { scope, id: resource.to_owned() }) } else { Err(InvalidKeyId::Id) }
    }

    /// Where to look, for a caller in `caller`.
    pub fn scope<'a>(&'a self, caller: &'a Scope) -> &'a Scope {
        match self {
            Self::Key { scope, .. } | Self::Alias { scope, .. } => scope.as_ref().unwrap_or(caller),
        }
    }

    /// The ARN that is meant, of the key or of the alias.
    pub fn arn(&self, caller: &Scope) -> String {
        match self {
            Self::Key { id, .. } => key_arn(self.scope(caller), id),
            Self::Alias { name, .. } => alias_arn(self.scope(caller), name),
        }
    }
}

/// Whether an alias may be called that: `alias/`, then letters, digits and `/_-`.
pub fn check_alias_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"/_-".contains(&byte);
    name.len() <= ALIAS_CHARS_MAX
        && name.strip_prefix(ALIAS_PREFIX).is_some_and(|rest| !rest.is_empty() && rest.bytes().all(allowed))
}

/// Whether only the service makes aliases of that name.
pub fn is_reserved(name: &str) -> bool {
    name.starts_with(RESERVED_PREFIX)
}
