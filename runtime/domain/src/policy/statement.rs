//! Whether one statement is about one request, and if not, which element says so.

use super::condition::Condition;
use super::decision::Source;
use super::document::{Document, Effect, Statement};
use super::pattern::{Arn, Match, Pattern};
use super::principal::Principal;
use super::request::{Caller, Request};

/// How closely a statement names the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Naming {
    /// Its account: what the account's own policies allow counts.
    Account,
    /// The role that its session is of.
    Role,
    /// The user itself.
    User,
    /// Everybody, the session itself, the root user through its account, or the service.
    Direct,
}

/// The element that keeps a statement from matching.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mismatch<'p> {
    /// `Principal` or `NotPrincipal`.
    Principal,
    /// `Action` or `NotAction`.
    Action,
    /// `Resource` or `NotResource`.
    Resource,
    /// A condition: its operator and key.
    Condition(&'p Condition),
}

/// A request, with what is asked of it again and again made once.
pub(super) struct Subject<'r> {
    pub(super) request: &'r Request<'r>,
    /// In small letters: actions do not differ in case.
    action: String,
    resource: Arn<'r>,
}

impl<'r> Subject<'r> {
    pub(super) fn new(request: &'r Request<'r>) -> Self {
        let resource = Arn::of(request.resource);
        Self { request, action: request.action.to_ascii_lowercase(), resource }
    }

    /// How a statement matches; the elements are tried from the cheapest to the dearest.
    pub(super) fn meet<'p>(&self, statement: &'p Statement) -> Result<Naming, Mismatch<'p>> {
        let context = self.request.context;
        let is_action = |pattern: &Pattern| pattern.matches(&self.action, false, context) == Match::Yes;
        if statement.actions.listed.iter().any(is_action) == statement.actions.inverted {
            return Err(Mismatch::Action);
        }
        if !self.is_on_resource(statement) {
            return Err(Mismatch::Resource);
        }
        let naming = self.naming(statement).ok_or(Mismatch::Principal)?;
        match statement.conditions.iter().find(|condition| !condition.holds(context)) {
            Some(condition) => Err(Mismatch::Condition(condition)),
            None => Ok(naming),
        }
    }

    fn is_on_resource(&self, statement: &Statement) -> bool {
        let Some(resources) = &statement.resources else { return true };
        let mut unresolved = false;
        for pattern in &resources.listed {
            match pattern.matches(&self.resource, self.request.context) {
                Match::Yes => return !resources.inverted,
                Match::No => {}
                Match::Unresolved => unresolved = true,
            }
        }
        // An exception that cannot be read must not let more in; it may keep more out.
        resources.inverted && !(unresolved && statement.effect == Effect::Allow)
    }

    fn naming(&self, statement: &Statement) -> Option<Naming> {
        let Some(principals) = &statement.principals else { return Some(Naming::Direct) };
        let closest = principals.listed.iter().filter_map(|principal| self.named_by(principal)).max();
        if !principals.inverted {
            return closest;
        }
        // Naming an account excepts its root user only, as AWS has it.
        match closest {
            Some(Naming::Role | Naming::User | Naming::Direct) => None,
            Some(Naming::Account) | None => Some(Naming::Direct),
        }
    }

    fn named_by(&self, principal: &Principal) -> Option<Naming> {
        let caller = &self.request.caller;
        match (principal, caller) {
            (Principal::Everybody, _) => Some(Naming::Direct),
            (Principal::Account(account), Caller::Root) if account == self.request.caller_account => {
                Some(Naming::Direct)
            }
            (Principal::Account(account), Caller::User { .. } | Caller::Session { .. })
                if account == self.request.caller_account =>
            {
                Some(Naming::Account)
            }
            (Principal::Arn(name), Caller::User { arn }) if name == arn => Some(Naming::User),
            (Principal::Arn(name), Caller::Session { session_arn, .. }) if name == session_arn => {
                Some(Naming::Direct)
            }
            (Principal::Arn(name), Caller::Session { role_arn, .. }) if name == role_arn => {
                Some(Naming::Role)
            }
            (Principal::Service(name), Caller::Service { name: service }) if name == service => {
                Some(Naming::Direct)
            }
            _ => None,
        }
    }

    /// The first statement of a document that denies.
    pub(super) fn denial<'p>(&self, document: &'p Document) -> Option<&'p Statement> {
        let mut statements = document.statements().iter();
        statements.find(|statement| statement.effect == Effect::Deny && self.meet(statement).is_ok())
    }

    /// The statement of a document that allows and names the caller most closely.
    pub(super) fn grant<'p>(&self, document: &'p Document) -> Option<(Naming, &'p Statement)> {
        let mut best: Option<(Naming, &'p Statement)> = None;
        for statement in document.statements().iter().filter(|found| found.effect == Effect::Allow) {
            let Ok(naming) = self.meet(statement) else { continue };
            if best.is_none_or(|(closest, _)| naming > closest) {
                best = Some((naming, statement));
            }
            if naming == Naming::Direct {
                break;
            }
        }
        best
    }
}

/// What one statement had to say about a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finding<'p> {
    /// The statement.
    pub source: Source<'p>,
    /// What it does when it matches.
    pub effect: Effect,
    /// `None`: it matched. Otherwise the first element that did not.
    pub mismatch: Option<Mismatch<'p>>,
}
