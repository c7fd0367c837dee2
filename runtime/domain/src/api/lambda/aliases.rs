//! CreateAlias, UpdateAlias, GetAlias, ListAliases and DeleteAlias.

use serde::Serialize;

use super::super::members::Members;
use super::{Call, LambdaError, LambdaRequest};
use crate::function::{Alias, DESCRIPTION_CHARS_MAX, Function, FunctionId, LATEST, Qualifier, is_alias_name};
use crate::secret::Scope;

/// Names a version.
#[derive(Clone, Debug)]
pub struct CreateAliasRequest {
    /// Of which function.
    pub function: FunctionId,
    /// The alias.
    pub name: String,
    /// A published version; the one that changes when `None`.
    pub version: Option<u64>,
    /// What the owner wrote.
    pub description: String,
}

impl LambdaRequest for CreateAliasRequest {
    fn read(call: &mut Call, scope: &Scope) -> Result<Self, LambdaError> {
        let function = call.whole_function(scope)?;
        let members = &mut call.members;
        let name = members.required_text("Name", 1..=128)?;
        if !name.is_empty() && !is_alias_name(&name) {
            members.violation("Name", "satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)");
        }
        let version = version(members)?;
        let version = members.require("FunctionVersion", version).flatten();
        refuse_routing(members)?;
        let description = members.text("Description", 0..=DESCRIPTION_CHARS_MAX)?.unwrap_or_default();
        Ok(Self { function, name, version, description })
    }
}

/// Moves an alias.
#[derive(Clone, Debug)]
pub struct UpdateAliasRequest {
    /// Of which function.
    pub function: FunctionId,
    /// The alias.
    pub name: String,
    /// A published version, or the one that changes; as it is when absent.
    pub version: Option<Option<u64>>,
    /// As it is when absent.
    pub description: Option<String>,
    /// The revision that the caller has seen.
    pub revision_id: Option<String>,
}

impl LambdaRequest for UpdateAliasRequest {
    fn read(call: &mut Call, scope: &Scope) -> Result<Self, LambdaError> {
        let (function, name, revision_id) = (call.whole_function(scope)?, call.item()?, call.revision_id()?);
        let members = &mut call.members;
        let version = version(members)?;
        refuse_routing(members)?;
        let description = members.text("Description", 0..=DESCRIPTION_CHARS_MAX)?;
        Ok(Self { function, name, version, description, revision_id })
    }
}

/// Asks what an alias names.
#[derive(Clone, Debug)]
pub struct GetAliasRequest {
    /// Of which function.
    pub function: FunctionId,
    /// The alias.
    pub name: String,
}

impl LambdaRequest for GetAliasRequest {
    fn read(call: &mut Call, scope: &Scope) -> Result<Self, LambdaError> {
        Ok(Self { function: call.whole_function(scope)?, name: call.item()? })
    }
}

/// Deletes an alias.
#[derive(Clone, Debug)]
pub struct DeleteAliasRequest {
    /// Of which function.
    pub function: FunctionId,
    /// The alias.
    pub name: String,
    /// Even when secrets use it (`X-Keywheel-Force: true`).
    pub force: bool,
}

impl LambdaRequest for DeleteAliasRequest {
    fn read(call: &mut Call, scope: &Scope) -> Result<Self, LambdaError> {
        Ok(Self { function: call.whole_function(scope)?, name: call.item()?, force: call.force })
    }
}

/// Lists the aliases of a function.
#[derive(Clone, Debug)]
pub struct ListAliasesRequest {
    /// Which function.
    pub function: FunctionId,
    /// Only those of this version.
    pub version: Option<Option<u64>>,
    /// Where the last page ended.
    pub marker: Option<String>,
    /// Items of a page.
    pub max_items: usize,
}

impl LambdaRequest for ListAliasesRequest {
    fn read(call: &mut Call, scope: &Scope) -> Result<Self, LambdaError> {
        let function = call.whole_function(scope)?;
        let version = call.parameter("FunctionVersion").map(numbered).transpose()?;
        let (marker, max_items) = call.page()?;
        Ok(Self { function, version, marker, max_items })
    }
}

/// An alias.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AliasConfiguration {
    /// Names the version in a secret, too.
    pub alias_arn: String,
    /// The alias.
    pub name: String,
    /// `$LATEST` or a number.
    pub function_version: String,
    /// As it was given.
    pub description: String,
    /// Changes with each change.
    pub revision_id: String,
}

impl AliasConfiguration {
    /// Tells an alias of a function.
    pub fn new(function: &Function, alias: &Alias) -> Self {
        Self {
            alias_arn: format!("{}:{}", function.arn(), alias.name),
            name: alias.name.clone(),
            function_version: alias.version.map_or_else(|| LATEST.to_owned(), |number| number.to_string()),
            description: alias.description.clone(),
            revision_id: alias.revision_id.clone(),
        }
    }
}

/// A page of aliases.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAliasesResponse {
    /// In the order of their names.
    pub aliases: Vec<AliasConfiguration>,
    /// Where to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_marker: Option<String>,
}

fn version(members: &mut Members) -> Result<Option<Option<u64>>, LambdaError> {
    let given = members.text("FunctionVersion", 1..=1024)?.filter(|text| !text.is_empty());
    given.as_deref().map(numbered).transpose()
}

fn numbered(text: &str) -> Result<Option<u64>, LambdaError> {
    match Qualifier::parse(text) {
        Some(Qualifier::Latest) => Ok(None),
        Some(Qualifier::Version(number)) => Ok(Some(number)),
        _ => Err(LambdaError::invalid("FunctionVersion is $LATEST or the number of a version.")),
    }
}

/// A rotation runs one version: which one is not left to chance.
fn refuse_routing(members: &mut Members) -> Result<(), LambdaError> {
    let weights = members.structure("RoutingConfig", |inner| inner.count("AdditionalVersionWeights"))?;
    if weights.flatten().is_some_and(|count| count > 0) {
        return Err(LambdaError::invalid("RoutingConfig is not supported: an alias names one version."));
    }
    Ok(())
}
