//! What is said of a resource policy before it is attached: whether it lets anybody in, and what is doubtful in it.

use super::condition::Condition;
use super::document::{Document, Effect, Kind, Statement};
use super::operand::Operand;
use super::pattern::{ArnPattern, Pattern};
use super::principal::Principal;

/// Keys that bind a statement for everybody to somebody, in small letters.
const BINDING_KEYS: [&str; 12] = [
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceip",
    "aws:sourceorgid",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "aws:vpcsourceip",
];

/// Whether the document lets anybody in: a statement allows every principal and no condition binds it.
pub fn is_public(document: &Document) -> bool {
    document.statements().iter().any(is_open)
}

/// What is doubtful in a document: the name of the check, and a sentence. Empty for a document without a doubt.
pub fn findings(document: &Document) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for statement in document.statements() {
        let number = statement.number();
        if is_open(statement) {
            let text = format!("Statement {number} allows every principal and no condition limits it.");
            found.push(("PUBLIC_ACCESS", text));
        }
        let takes_any_action =
            !statement.actions.inverted && statement.actions.listed.iter().any(|action| action.is_anything());
        if document.kind() == Kind::Resource && statement.effect == Effect::Allow && takes_any_action {
            found.push(("ALL_ACTIONS", format!("Statement {number} allows every action.")));
        }
        if statement.principals.as_ref().is_some_and(|principals| principals.inverted) {
            let text = format!(
                "Statement {number} denies every principal that it does not name, roles' sessions too."
            );
            found.push(("NOT_PRINCIPAL", text));
        }
    }
    found
}

fn is_open(statement: &Statement) -> bool {
    let everybody = statement
        .principals
        .as_ref()
        .is_some_and(|principals| !principals.inverted && principals.listed.contains(&Principal::Everybody));
    everybody && statement.effect == Effect::Allow && !statement.conditions.iter().any(binds)
}

/// Whether a condition asks for somebody in particular: a wildcard alone is anybody.
fn binds(condition: &Condition) -> bool {
    let is_narrow = match condition.operand() {
        Operand::Texts { wanted, .. } => is_each_narrow(wanted, Pattern::is_anything),
        Operand::Arns(wanted) => is_each_narrow(wanted, ArnPattern::is_anything),
        Operand::Networks(networks) => is_each_narrow(networks, |network| network.is_everywhere()),
        _ => false,
    };
    condition.asks_for_value() && is_narrow && BINDING_KEYS.contains(&condition.key())
}

/// Whether there are values, and none of them takes anything.
fn is_each_narrow<T>(wanted: &[T], is_anything: impl Fn(&T) -> bool) -> bool {
    !wanted.is_empty() && !wanted.iter().any(is_anything)
}
