//! How a function runs, as CreateFunction and UpdateFunctionConfiguration set it.

use std::collections::BTreeMap;

use super::super::members::{Bounds, Members};
use super::LambdaError;
use crate::function::{DESCRIPTION_CHARS_MAX, Environment, MEMORY_MIB_MAX, TIMEOUT_S_MAX, Version};
use crate::sensitive::Sensitive;

/// Characters of `Runtime`.
const RUNTIME_CHARS: Bounds = 0..=64;
/// Characters of `Handler`.
const HANDLER_CHARS: Bounds = 0..=128;
/// Characters of `Role`.
const ROLE_CHARS: Bounds = 1..=512;

/// What is set; what is absent stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// What the owner wrote.
    pub description: Option<String>,
    /// Kept and told.
    pub role: Option<String>,
    /// Kept and told.
    pub runtime: Option<String>,
    /// Kept and told.
    pub handler: Option<String>,
    /// Kept and told.
    pub architecture: Option<String>,
    /// Wall time of a step in seconds.
    pub timeout_s: Option<u32>,
    /// Memory of a step in mebibytes.
    pub memory_mib: Option<u32>,
    /// What the function finds in its environment.
    pub environment: Option<Environment>,
}

impl Settings {
    pub(super) fn read(members: &mut Members) -> Result<Self, LambdaError> {
        let variables = members.structure("Environment", |inner| inner.texts("Variables"))?;
        let environment =
            variables.map(|variables| environment(variables.unwrap_or_default())).transpose()?;
        let role = members.text("Role", ROLE_CHARS)?;
        if role.as_deref().is_some_and(|role| !is_role(role)) {
            members.violation("Role", "satisfy regular expression pattern: arn:aws:iam::\\d{12}:role/.+");
        }
        let bounded = |members: &mut Members, name: &str, most: u32| {
            let found = members.bounded_integer(name, 1..=most as usize)?;
            Ok::<_, LambdaError>(found.and_then(|number| u32::try_from(number).ok()))
        };
        Ok(Self {
            description: members.text("Description", 0..=DESCRIPTION_CHARS_MAX)?,
            role,
            runtime: members.text("Runtime", RUNTIME_CHARS)?,
            handler: members.text("Handler", HANDLER_CHARS)?,
            architecture: architecture(members)?,
            timeout_s: bounded(members, "Timeout", TIMEOUT_S_MAX)?,
            memory_mib: bounded(members, "MemorySize", MEMORY_MIB_MAX)?,
            environment,
        })
    }

    /// Sets what is set, but for the environment, which is sealed elsewhere.
    pub fn apply(&self, version: &mut Version) {
        let set = |place: &mut Option<String>, given: &Option<String>| {
            if let Some(given) = given {
                *place = Some(given.clone()).filter(|text| !text.is_empty());
            }
        };
        if let Some(description) = &self.description {
            version.description.clone_from(description);
        }
        if let Some(role) = &self.role {
            version.role.clone_from(role);
        }
        set(&mut version.runtime, &self.runtime);
        set(&mut version.handler, &self.handler);
        set(&mut version.architecture, &self.architecture);
        version.timeout_s = self.timeout_s.unwrap_or(version.timeout_s);
        version.memory_mib = self.memory_mib.unwrap_or(version.memory_mib);
    }
}

/// `Architectures`: a component runs on all of them.
pub(super) fn architecture(members: &mut Members) -> Result<Option<String>, LambdaError> {
    let listed = members.list("Architectures", 1..=1, 0..=16)?;
    let architecture = listed.and_then(|mut listed| listed.pop());
    if architecture.as_deref().is_some_and(|name| !["x86_64", "arm64"].contains(&name)) {
        members.violation("Architectures", "satisfy enum value set: [x86_64, arm64]");
    }
    Ok(architecture)
}

fn environment(variables: BTreeMap<String, String>) -> Result<Environment, LambdaError> {
    let variables = variables.into_iter().map(|(name, value)| (name, Sensitive::new(value))).collect();
    Environment::new(variables).map_err(|error| LambdaError::invalid(error.to_string()))
}

fn is_role(text: &str) -> bool {
    let rest = text.strip_prefix("arn:aws:iam::").unwrap_or_default();
    let (account, name) = rest.split_once(":role/").unwrap_or_default();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@-_/".contains(&byte);
    account.len() == 12
        && account.bytes().all(|byte| byte.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(fits)
}
