//! From a request and the policies that bear on it to a decision, as AWS documents the order.

use std::fmt;

use super::condition::Context;
use super::document::{Document, Statement};
use super::statement::{Finding, Naming, Subject};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller<'a> {
    /// The root user of the account.
    Root,
    /// A user.
    User {
        /// Its ARN.
        arn: &'a str,
    },
    /// A session of a role.
    Session {
        /// The session's ARN (`arn:aws:sts::…:assumed-role/…`).
        session_arn: &'a str,
        /// The role's ARN.
        role_arn: &'a str,
    },
    /// A service.
    Service {
        /// Its principal, such as `lambda.amazonaws.com`.
        name: &'a str,
    },
}

/// What is asked.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Who asks.
    pub caller: Caller<'a>,
    /// The caller's account; of no meaning for a service.
    pub caller_account: &'a str,
    /// `service:Name`.
    pub action: &'a str,
    /// An ARN, or `*` when the action is about none.
    pub resource: &'a str,
    /// The account that owns the resource.
    pub resource_account: &'a str,
    /// The condition keys.
    pub context: &'a dyn Context,
}

/// A document and the name that a decision gives for it.
#[derive(Clone, Copy, Debug)]
pub struct Named<'p> {
    /// The name.
    pub name: &'p str,
    /// The document.
    pub document: &'p Document,
}

/// What a resource policy has to say before a caller of the same account is let in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResourceRule {
    /// Nothing: an identity-based policy is enough. So it is for secrets.
    #[default]
    Optional,
    /// It must allow at least the caller's account. So it is for a role's trust policy and for a key's policy.
    Required,
}

/// The policies that bear on a request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policies<'p> {
    /// Of the user and its groups, or of the role.
    pub identity: &'p [Named<'p>],
    /// The permissions boundary, when there is one.
    pub boundary: Option<Named<'p>>,
    /// Passed when the role was assumed; together they are the most that the session may do.
    pub session: &'p [Named<'p>],
    /// Of the resource, when it has one.
    pub resource: Option<Named<'p>>,
    /// Whether the resource's policy has to allow.
    pub resource_rule: ResourceRule,
}

/// A kind of policy in a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Of a user, group or role.
    Identity,
    /// Of the resource.
    Resource,
    /// The permissions boundary.
    Boundary,
    /// Of the session.
    Session,
}

impl Layer {
    /// What stands before its name.
    pub const fn article(self) -> &'static str {
        match self {
            Self::Identity => "an",
            Self::Resource | Self::Boundary | Self::Session => "a",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Identity => "identity-based policy",
            Self::Resource => "resource-based policy",
            Self::Boundary => "permissions boundary",
            Self::Session => "session policy",
        })
    }
}

/// One statement of one policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source<'p> {
    /// The kind of policy.
    pub layer: Layer,
    /// The policy's name.
    pub policy: &'p str,
    /// The statement's place, counted from 1.
    pub number: usize,
    /// The statement's name.
    pub sid: Option<&'p str>,
}

impl<'p> Source<'p> {
    fn new(layer: Layer, policy: &'p str, statement: &'p Statement) -> Self {
        Self { layer, policy, number: statement.number(), sid: statement.sid() }
    }
}

/// Why a request is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant<'p> {
    /// It is the root user's own account.
    Root,
    /// A statement allows.
    Statement(Source<'p>),
}

/// Why a request is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason<'p> {
    /// A statement denies.
    Explicit(Source<'p>),
    /// No policy of this kind allows.
    Implicit(Layer),
}

impl Reason<'_> {
    /// The end of AWS's sentence about a denial.
    pub fn ending(&self, action: &str) -> String {
        match self {
            Self::Explicit(source) => {
                format!("with an explicit deny in {} {}", source.layer.article(), source.layer)
            }
            Self::Implicit(layer) => format!("because no {layer} allows the {action} action"),
        }
    }
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision<'p> {
    /// It may go on.
    Allowed {
        /// What allows it.
        by: Grant<'p>,
    },
    /// It may not.
    Denied {
        /// What denies it.
        reason: Reason<'p>,
    },
}

impl Decision<'_> {
    /// Whether the request may go on.
    pub const fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed { .. })
    }
}

impl<'p> Policies<'p> {
    /// Those that bear on a caller at all, in the order in which a denial names them.
    fn bearing(&self, caller: &Caller<'_>) -> impl Iterator<Item = (Layer, Named<'p>)> {
        // Neither an account's root user nor a service has policies of its own.
        let own = matches!(caller, Caller::User { .. } | Caller::Session { .. });
        let identity = self.identity.iter().map(|named| (Layer::Identity, *named));
        let resource = self.resource.into_iter().map(|named| (Layer::Resource, named));
        let boundary = self.boundary.into_iter().map(|named| (Layer::Boundary, named));
        let session = self.session.iter().map(|named| (Layer::Session, *named));
        let all = identity.chain(resource).chain(boundary).chain(session);
        all.filter(move |(layer, _)| own || *layer == Layer::Resource)
    }
}

/// Decides.
pub fn evaluate<'p>(request: &Request<'_>, policies: &Policies<'p>) -> Decision<'p> {
    let subject = Subject::new(request);
    for (layer, named) in policies.bearing(&request.caller) {
        if let Some(statement) = subject.denial(named.document) {
            return Decision::Denied { reason: Reason::Explicit(Source::new(layer, named.name, statement)) };
        }
    }
    match allow(&subject, policies) {
        Ok(by) => Decision::Allowed { by },
        Err(layer) => Decision::Denied { reason: Reason::Implicit(layer) },
    }
}

/// What allows a request that nothing denies, or the kind of policy that is missing.
fn allow<'p>(subject: &Subject<'_>, policies: &Policies<'p>) -> Result<Grant<'p>, Layer> {
    let request = subject.request;
    let by_resource = policies.resource.and_then(|named| {
        let (naming, statement) = subject.grant(named.document)?;
        Some((naming, Grant::Statement(Source::new(Layer::Resource, named.name, statement))))
    });
    let is_own_account = request.caller_account == request.resource_account;
    match request.caller {
        Caller::Service { .. } => return by_resource.map(|(_, by)| by).ok_or(Layer::Resource),
        Caller::Root if is_own_account => return Ok(Grant::Root),
        Caller::Root => return by_resource.map(|(_, by)| by).ok_or(Layer::Resource),
        Caller::User { .. } | Caller::Session { .. } => {}
    }
    let within_boundary = || policies.boundary.is_none_or(|named| subject.grant(named.document).is_some());
    let within_session = || {
        let mut session = policies.session.iter();
        policies.session.is_empty() || session.any(|named| subject.grant(named.document).is_some())
    };
    let bounded = |by, boundary: bool, session: bool| match (boundary, session) {
        (false, _) => Err(Layer::Boundary),
        (true, false) => Err(Layer::Session),
        (true, true) => Ok(by),
    };
    if is_own_account {
        match by_resource {
            Some((Naming::Direct, by)) => return Ok(by),
            // A boundary does not limit what a resource gives to the user by name.
            Some((Naming::User, by)) => return bounded(by, true, within_session()),
            Some((Naming::Role, by)) => return bounded(by, within_boundary(), within_session()),
            // The account is named: that leaves it to the account's own policies.
            Some((Naming::Account, _)) | None => {}
        }
    }
    let by_identity = policies.identity.iter().find_map(|named| {
        let (_, statement) = subject.grant(named.document)?;
        Some(Grant::Statement(Source::new(Layer::Identity, named.name, statement)))
    });
    let by_identity = by_identity.ok_or(Layer::Identity)?;
    if by_resource.is_none() && (!is_own_account || policies.resource_rule == ResourceRule::Required) {
        return Err(Layer::Resource);
    }
    bounded(by_identity, within_boundary(), within_session())
}

/// What each statement of each policy that bears on a request says about it, and which element does not match.
pub fn explain<'p>(request: &Request<'_>, policies: &Policies<'p>) -> Vec<Finding<'p>> {
    let subject = Subject::new(request);
    let statements = policies.bearing(&request.caller).flat_map(|(layer, named)| {
        named.document.statements().iter().map(move |statement| (layer, named.name, statement))
    });
    statements
        .map(|(layer, name, statement)| Finding {
            source: Source::new(layer, name, statement),
            effect: statement.effect(),
            mismatch: subject.meet(statement).err(),
        })
        .collect()
}
