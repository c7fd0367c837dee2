//! The condition keys of a request: the one place that knows their values.

use std::borrow::Cow;
use std::collections::BTreeMap;

use keywheel_domain::policy::{Context, Values};
use keywheel_domain::time::Timestamp;

use super::{Access, Resource, flag};
use crate::ops::{Caller, Principal};

/// What is known about a request.
pub(in crate::ops) struct Facts<'a> {
    pub(in crate::ops) caller: &'a Caller,
    pub(in crate::ops) access: &'a Access<'a>,
    pub(in crate::ops) resource: &'a Resource<'a>,
    pub(in crate::ops) now: Timestamp,
}

impl Context for Facts<'_> {
    fn values(&self, key: &str) -> Option<Values<'_>> {
        let keys = self.access.keys.iter().chain(&self.resource.keys);
        if let Some((_, values)) = keys.into_iter().find(|(name, _)| name == key) {
            return Some(values.as_borrowed());
        }
        if let Some(tag) = key.strip_prefix("aws:principaltag/") {
            return self.principal_tag(tag).map(|value| Values::One(value.into()));
        }
        self.value(key).map(Values::One)
    }
}

impl Facts<'_> {
    fn value(&self, key: &str) -> Option<Cow<'_, str>> {
        let Self { caller, resource, .. } = self;
        let origin = caller.origin.as_deref();
        let session = caller.session.as_deref();
        Some(match key {
            "aws:username" => match &caller.principal {
                Principal::User { name, .. } => name.into(),
                _ => return None,
            },
            "aws:userid" => caller.user_id()?.into(),
            "aws:principalarn" => self.principal_arn(),
            "aws:principalaccount" | "kms:calleraccount" => (&caller.account).into(),
            "aws:principaltype" => principal_type(&caller.principal).into(),
            "aws:principalisawsservice" => "false".into(),
            "aws:viaawsservice" => {
                flag(self.access.keys.iter().any(|(name, _)| name == "kms:viaservice")).into()
            }
            "aws:sourceip" => origin?.address?.to_string().into(),
            "aws:securetransport" => flag(origin?.is_secure).into(),
            "aws:useragent" => origin?.user_agent.as_deref()?.into(),
            "aws:currenttime" => written(self.now).into(),
            "aws:epochtime" => (self.now.millis() / 1000).to_string().into(),
            "aws:tokenissuetime" => written(session?.issued).into(),
            // Only temporary credentials could have been had with a second factor; these never are.
            "aws:multifactorauthpresent" => session.map(|_| flag(false))?.into(),
            "aws:sourceidentity" => session?.source_identity.as_deref()?.into(),
            "aws:requestedregion" => (&caller.region).into(),
            "aws:resourceaccount" => resource.account.into(),
            _ => return None,
        })
    }

    /// Of a session it is the role's.
    pub(in crate::ops) fn principal_arn(&self) -> Cow<'_, str> {
        match (&self.caller.principal, self.caller.identity()) {
            (Principal::Root { .. }, _) | (_, None) => self.caller.arn(),
            (_, Some(identity)) => (&identity.arn).into(),
        }
    }

    /// What the session was tagged with comes before what the role is.
    fn principal_tag(&self, key: &str) -> Option<&str> {
        let session = self.caller.session.as_deref().map(|session| &session.tags);
        let own = self.caller.identity().map(|identity| &identity.tags);
        session.into_iter().chain(own).find_map(|tags| tag_of(tags, key))
    }
}

/// Tag keys in conditions do not differ in case.
fn tag_of<'a>(tags: &'a BTreeMap<String, String>, key: &str) -> Option<&'a str> {
    tags.iter().find(|(name, _)| name.to_lowercase() == key).map(|(_, value)| value.as_str())
}

const fn principal_type(principal: &Principal) -> &'static str {
    match principal {
        Principal::Root { .. } => "Account",
        Principal::User { .. } => "User",
        Principal::Role { .. } | Principal::Rotation { .. } | Principal::ByHand { .. } => "AssumedRole",
    }
}

/// To the second, in UTC, as dates in conditions are written.
fn written(at: Timestamp) -> String {
    let whole = at.to_string();
    whole.split_once('.').map_or(whole.clone(), |(seconds, _)| format!("{seconds}Z"))
}
