//! What is asked for, of what, and what is known about both: the terms in which policies decide.

mod context;
mod documents;
mod keys;
mod secrets;

use std::borrow::Cow;

use keywheel_domain::policy::{Document, ResourceRule, Values};

pub(super) use self::context::Facts;
pub(super) use self::documents::Documents;
pub(super) use self::secrets::named_secret_arn;

/// The service of an action that names none.
const SERVICE: &str = "secretsmanager";

/// Condition keys in small letters, and their values.
type Keys<'a> = Vec<(Cow<'static, str>, Values<'a>)>;

/// An action, what the caller named, and what else the request says.
#[derive(Clone, Debug)]
pub(super) struct Access<'a> {
    action: Cow<'a, str>,
    /// As the caller gave it: a refusal repeats that, and so does not tell what there is.
    pub(super) named: Option<Cow<'a, str>>,
    keys: Keys<'a>,
}

impl<'a> Access<'a> {
    /// An action: one of Secrets Manager, unless it names another service before a colon.
    pub(super) fn new(action: impl Into<Cow<'a, str>>, named: Option<&'a str>) -> Self {
        let action: Cow<'a, str> = action.into();
        let action = if action.contains(':') { action } else { format!("{SERVICE}:{action}").into() };
        Self { action, named: named.map(Cow::Borrowed), keys: Vec::new() }
    }

    /// An action on a secret.
    pub(super) fn secret(action: impl Into<Cow<'a, str>>, secret_id: &'a str) -> Self {
        Self::new(action, Some(secret_id)).with("secretsmanager:secretid", Some(secret_id))
    }

    /// Another action that the same request needs.
    pub(super) fn and(&self, action: impl Into<Cow<'a, str>>) -> Self {
        Self { action: Self::new(action, None).action, ..self.clone() }
    }

    /// The same for what the caller named in other words.
    pub(super) fn on(&self, named: &'a str) -> Self {
        Self { named: Some(named.into()), ..self.clone() }
    }

    /// What the request says for a condition key (in small letters), if it does.
    pub(super) fn with(mut self, key: &'static str, value: Option<impl Into<Cow<'a, str>>>) -> Self {
        if let Some(value) = value {
            self.keys.push((key.into(), Values::One(value.into())));
        }
        self
    }

    /// The same, for a key that a caller names.
    pub(super) fn with_named(mut self, key: &str, value: &'a str) -> Self {
        self.keys.push((key.to_lowercase().into(), Values::One(value.into())));
        self
    }

    /// The same, for a key with several values.
    pub(super) fn with_all<T: Into<Cow<'a, str>>>(
        mut self,
        key: &'static str,
        values: impl IntoIterator<Item = T>,
    ) -> Self {
        self.keys.push((key.into(), values.into_iter().collect()));
        self
    }

    /// The same, for what is true or false.
    pub(super) fn with_flag(self, key: &'static str, value: bool) -> Self {
        self.with(key, Some(flag(value)))
    }

    /// The tags that the request gives to something.
    pub(super) fn with_tags(mut self, tags: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut tag_keys = Vec::new();
        for (key, value) in tags {
            tag_keys.push(key);
            let name = format!("aws:requesttag/{}", key.to_lowercase());
            self.keys.push((name.into(), Values::One(value.into())));
        }
        self.with_tag_keys(tag_keys)
    }

    /// What binds a ciphertext.
    pub(super) fn with_encryption_context(
        mut self,
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let mut names: Vec<&str> = Vec::new();
        for (name, value) in pairs {
            names.push(name);
            let key = format!("kms:encryptioncontext:{}", name.to_lowercase());
            self.keys.push((key.into(), Values::One(value.into())));
        }
        if names.is_empty() { self } else { self.with_all("kms:encryptioncontextkeys", names) }
    }

    /// The keys of tags that the request names.
    pub(super) fn with_tag_keys(self, keys: impl IntoIterator<Item = &'a str>) -> Self {
        self.with_all("aws:tagkeys", keys)
    }

    /// `service:Name`.
    pub(super) fn action(&self) -> &str {
        &self.action
    }

    /// The action's name without its service.
    pub(super) fn operation(&self) -> &str {
        self.action.rsplit(':').next().unwrap_or_default()
    }
}

/// What an action is about.
#[derive(Clone, Debug)]
pub(super) struct Resource<'a> {
    /// An ARN, or `*`.
    pub(super) arn: Cow<'a, str>,
    /// Whose it is.
    pub(super) account: &'a str,
    /// Its policy, when it has one.
    pub(super) policy: Option<ResourcePolicy<'a>>,
    /// Whether its policy has to allow.
    pub(super) rule: ResourceRule,
    keys: Keys<'a>,
}

/// The policy of a resource.
#[derive(Clone, Copy, Debug)]
pub(super) struct ResourcePolicy<'a> {
    pub(super) document: PolicyDocument<'a>,
    /// What decisions call it.
    pub(super) name: &'static str,
}

/// A document as it was put, or as it was read.
#[derive(Clone, Copy, Debug)]
pub(super) enum PolicyDocument<'a> {
    Text(&'a str),
    Read(&'a Document),
}

impl<'a> ResourcePolicy<'a> {
    /// One that is read already.
    pub(super) const fn read(document: &'a Document, name: &'static str) -> Self {
        Self { document: PolicyDocument::Read(document), name }
    }

    const fn put(text: &'a str, name: &'static str) -> Self {
        Self { document: PolicyDocument::Text(text), name }
    }
}

impl<'a> Resource<'a> {
    /// Something without a policy.
    pub(super) fn plain(arn: impl Into<Cow<'a, str>>, account: &'a str) -> Self {
        let rule = ResourceRule::Optional;
        Self { arn: arn.into(), account, policy: None, rule, keys: Vec::new() }
    }

    /// What is known of it for a condition key, in small letters.
    pub(super) fn with(mut self, key: &'static str, value: Option<impl Into<Cow<'a, str>>>) -> Self {
        if let Some(value) = value {
            self.keys.push((key.into(), Values::One(value.into())));
        }
        self
    }

    /// Its tags, which a service also names by its own prefix.
    pub(super) fn with_tags(
        mut self,
        service: Option<&str>,
        tags: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        for (key, value) in tags {
            let key = key.to_lowercase();
            for prefix in ["aws"].into_iter().chain(service) {
                self.keys.push((format!("{prefix}:resourcetag/{key}").into(), Values::One(value.into())));
            }
        }
        self
    }
}

/// As conditions compare it.
const fn flag(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}
