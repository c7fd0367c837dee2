//! Who calls: found out from the signature, or set by the worker for a function that it runs.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use keywheel_domain::rotation::{Job, Person, Step};
use keywheel_domain::secret::Scope;
use keywheel_domain::time::Timestamp;
use keywheel_domain::user;

use super::Seen;
use super::iam::{Identity, NamedPolicy, RoleIdentity};

/// Where a function's name stands among the parts of its ARN.
const FUNCTION_NAME_PART: usize = 6;

/// Who calls, and what bears on what they may do.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Twelve digits.
    pub account: String,
    /// From the credential scope.
    pub region: String,
    /// Who in the account.
    pub principal: Principal,
    /// What the store says of a user or a role.
    pub standing: Standing,
    /// The temporary credentials that signed, when they are such.
    pub session: Option<Arc<Session>>,
    /// Where the request came from, when it came over the network.
    pub origin: Option<Arc<RequestOrigin>>,
}

/// Who in an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// The account's root: may do everything that no resource denies.
    Root {
        /// The access key that signed.
        access_key_id: String,
    },
    /// A user with an access key of their own: their policies decide.
    User {
        /// The user's name.
        name: String,
        /// The access key that signed.
        access_key_id: String,
    },
    /// A session of a role: its policies decide, within those of the session.
    Role {
        /// The role's name.
        name: String,
        /// What whoever assumed the role called the session.
        session_name: String,
        /// The access key that signed.
        access_key_id: String,
    },
    /// A rotation function while it runs one step: reaches the secret that it rotates.
    Rotation {
        /// What runs.
        function_arn: String,
        /// The secret that it rotates.
        secret_arn: String,
        /// Its name.
        secret_name: String,
        /// Full ARNs of the other secrets that it may read, as the policy of its own secret says.
        readable: Vec<String>,
        /// The lease under which it runs; a call under an older one is refused.
        fence: u64,
        /// Whether the target may know the pending value already.
        touched: bool,
    },
    /// A rotation function while somebody runs one step of it by hand: the same reach, without a job.
    ByHand {
        /// What runs.
        function_arn: String,
        /// The secret that it works on.
        secret_arn: String,
        /// Its name.
        secret_name: String,
        /// Full ARNs of the other secrets that it may read.
        readable: Vec<String>,
        /// Id of the version that it may store.
        token: String,
        /// The phase.
        step: Step,
    },
}

/// What the store says of a caller.
#[derive(Clone, Debug, Default)]
pub enum Standing {
    /// Nothing: the account's root, or a user or a role that is not there.
    #[default]
    Nothing,
    /// A user.
    User(Arc<Identity>),
    /// A role: the session's, or the one that a function runs as.
    Role(Arc<RoleIdentity>),
}

/// What temporary credentials say of their session.
#[derive(Debug)]
pub struct Session {
    /// The access key that asked for them, with which they end; those of a role last without it.
    pub key_id: Option<String>,
    /// When they were given out.
    pub issued: Timestamp,
    /// When they end.
    pub expires: Timestamp,
    /// The most that it may do; without any, what its role or user may.
    pub policies: Vec<NamedPolicy>,
    /// What it was tagged with.
    pub tags: BTreeMap<String, String>,
    /// The keys of those tags that go on to the next role that it assumes.
    pub transitive_tag_keys: Vec<String>,
    /// Who stands behind it, as whoever assumed the role said.
    pub source_identity: Option<String>,
    /// Of the session of a role: the user who assumed it, or the first of the roles on the way.
    pub assumed_by: Option<Person>,
}

/// Where a request came from.
#[derive(Clone, Debug)]
pub struct RequestOrigin {
    /// The other end of the connection.
    pub address: Option<IpAddr>,
    /// Whether nobody could read along.
    pub is_secure: bool,
    /// What the client calls itself.
    pub user_agent: Option<String>,
}

impl Caller {
    /// Somebody of whom nothing else is known yet.
    pub const fn new(account: String, region: String, principal: Principal) -> Self {
        Self { account, region, principal, standing: Standing::Nothing, session: None, origin: None }
    }

    /// Where names without an ARN are looked up.
    pub fn scope(&self) -> Scope {
        Scope { account: self.account.clone(), region: self.region.clone() }
    }

    /// The ARN that audit rows and refusals show.
    pub fn arn(&self) -> Cow<'_, str> {
        match (&self.principal, self.identity()) {
            (Principal::Root { .. }, _) => format!("arn:aws:iam::{}:root", self.account).into(),
            (Principal::User { .. }, Some(identity)) => (&identity.arn).into(),
            (Principal::User { name, .. }, None) => user::arn(&self.account, name).into(),
            (Principal::Role { name, session_name, .. }, _) => {
                format!("arn:aws:sts::{}:assumed-role/{name}/{session_name}", self.account).into()
            }
            (Principal::Rotation { function_arn, .. } | Principal::ByHand { function_arn, .. }, _) => {
                function_arn.into()
            }
        }
    }

    /// Who counts where people have to agree: of a session of a role it is the user who assumed the first one, so that
    /// nobody agrees to what they asked for, or twice, under two names.
    pub fn person(&self) -> Person {
        let assumed_by = self.session.as_deref().and_then(|session| session.assumed_by.clone());
        assumed_by.unwrap_or_else(|| Person {
            arn: self.arn().into_owned(),
            id: match &self.standing {
                Standing::User(user) => Some(user.id.clone()).filter(|id| !id.is_empty()),
                Standing::Nothing | Standing::Role(_) => None,
            },
        })
    }

    /// The ARN of the session of a role: a function's has the function's name.
    pub(super) fn session_arn(&self) -> Cow<'_, str> {
        let (Principal::Rotation { function_arn, .. } | Principal::ByHand { function_arn, .. }, Some(role)) =
            (&self.principal, self.identity())
        else {
            return self.arn();
        };
        let name = function_arn.split(':').nth(FUNCTION_NAME_PART).unwrap_or_default();
        let role = role.arn.rsplit('/').next().unwrap_or_default();
        format!("arn:aws:sts::{}:assumed-role/{role}/{name}", self.account).into()
    }

    /// The access key that signed; a function has none.
    pub fn access_key_id(&self) -> Option<&str> {
        match &self.principal {
            Principal::Root { access_key_id }
            | Principal::User { access_key_id, .. }
            | Principal::Role { access_key_id, .. } => Some(access_key_id),
            Principal::Rotation { .. } | Principal::ByHand { .. } => None,
        }
    }

    /// The access key on which all that the caller may do rests: the one that signed, or the one that asked for the
    /// temporary credentials that did.
    pub fn lasting_key_id(&self) -> Option<&str> {
        match self.session.as_deref() {
            Some(session) => session.key_id.as_deref(),
            None => self.access_key_id(),
        }
    }

    /// What the store says of the user or the role.
    pub fn identity(&self) -> Option<&Identity> {
        match &self.standing {
            Standing::Nothing => None,
            Standing::User(identity) => Some(identity),
            Standing::Role(role) => Some(&role.identity),
        }
    }

    /// `aws:userid`: the account's, a user's, or a role's with the name of the session.
    pub fn user_id(&self) -> Option<String> {
        let id = self.identity().map(|identity| identity.id.as_str());
        match &self.principal {
            Principal::Root { .. } => Some(self.account.clone()),
            Principal::Role { session_name, .. } => id.map(|id| format!("{id}:{session_name}")),
            Principal::User { .. } | Principal::Rotation { .. } | Principal::ByHand { .. } => {
                id.map(str::to_owned)
            }
        }
    }

    /// Whether the caller is a rotation function.
    pub const fn is_rotation(&self) -> bool {
        matches!(self.principal, Principal::Rotation { .. } | Principal::ByHand { .. })
    }

    /// The secret of a function that runs by hand: it has no job, and must not get one meanwhile.
    pub(super) fn secret_by_hand(&self) -> Option<&str> {
        match &self.principal {
            Principal::ByHand { secret_arn, .. } => Some(secret_arn),
            _ => None,
        }
    }

    /// The step that a rotation function runs, and the version that it works on; `None` for other callers.
    pub(super) fn running<'a>(&'a self, job: Option<&'a Seen<Job>>) -> Option<(Step, &'a str)> {
        match &self.principal {
            Principal::ByHand { step, token, .. } => Some((*step, token)),
            _ => job.map(|job| (job.record.step, job.record.token.as_str())),
        }
    }
}
