//! From a request and the policies that bear on it to a decision, as AWS documents the order.

use super::decision::{Decision, Grant, Layer, Reason, Source};
use super::document::Document;
use super::request::{Caller, Request};
use super::statement::{Finding, Naming, Subject};

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
