//! The functions that come with the program: they exist in every region, and nobody changes them.

use std::collections::BTreeMap;

use keywheel_domain::api::lambda::in_base64;
use keywheel_domain::function::{Function, MEMORY_MIB_DEFAULT, TIMEOUT_S_DEFAULT, Version};
use keywheel_domain::secret::Scope;
use keywheel_domain::time::Timestamp;

/// The role that they run as, when there is one of this name.
const ROLE: &str = "role/keywheel-built-in";

/// A function that comes with the program.
#[derive(Clone, Debug, Default)]
pub struct BuiltinFunction {
    /// As in its ARN.
    pub name: String,
    /// SHA-256 of its component, in hexadecimal.
    pub digest: String,
    /// Bytes of its component.
    pub bytes: u64,
}

/// The functions that can be called in every region of the account, by name.
#[derive(Clone, Debug, Default)]
pub struct Functions(BTreeMap<String, BuiltinFunction>);

impl Functions {
    /// Functions of which no more than the names are told.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self::of(names.into_iter().map(|name| BuiltinFunction { name, ..BuiltinFunction::default() }))
    }

    /// These functions.
    pub fn of(functions: impl IntoIterator<Item = BuiltinFunction>) -> Self {
        Self(functions.into_iter().map(|function| (function.name.clone(), function)).collect())
    }

    /// Whether there is one of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The one of this name, as a record of a scope that is nowhere stored.
    pub(super) fn find(&self, scope: &Scope, name: &str) -> Option<Function> {
        self.0.get(name).map(|builtin| builtin.record(scope))
    }

    /// All of them, in the order of their names.
    pub(super) fn all(&self, scope: &Scope) -> Vec<Function> {
        self.0.values().map(|builtin| builtin.record(scope)).collect()
    }
}

impl BuiltinFunction {
    fn record(&self, scope: &Scope) -> Function {
        let latest = Version {
            number: None,
            digest: self.digest.clone(),
            code_sha256: in_base64(&self.digest),
            code_bytes: self.bytes,
            description: "Comes with Keywheel.".to_owned(),
            role: format!("arn:aws:iam::{}:{ROLE}", scope.account),
            runtime: None,
            handler: None,
            architecture: None,
            timeout_s: TIMEOUT_S_DEFAULT,
            memory_mib: MEMORY_MIB_DEFAULT,
            environment_id: None,
            modified: Timestamp::default(),
            revision_id: self.digest.clone(),
        };
        Function::new(scope.clone(), self.name.clone(), latest)
    }
}
