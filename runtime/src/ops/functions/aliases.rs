//! CreateAlias, UpdateAlias, GetAlias, ListAliases and DeleteAlias.

use keywheel_domain::api::lambda::{
    AliasConfiguration, CreateAliasRequest, DeleteAliasRequest, Empty, GetAliasRequest, LambdaError,
    LambdaErrorCode, ListAliasesRequest, ListAliasesResponse, UpdateAliasRequest,
};
use keywheel_domain::function::{ALIASES_MAX, Alias, Function, FunctionId, Qualifier};

use super::records::Write;
use super::{action, check_revision, contended};
use crate::ops::next_token::listing;
use crate::ops::{COMMIT_ATTEMPTS_MAX, Caller, Operations};

impl Operations {
    /// Names a version.
    pub async fn create_alias(
        &self,
        caller: &Caller,
        request: &CreateAliasRequest,
    ) -> Result<AliasConfiguration, LambdaError> {
        let arn = alias_arn(caller, &request.function, &request.name);
        self.authorize(caller, &action("CreateAlias"), Some(&arn))?;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.function_to_change(caller, &request.function).await?;
            if seen.record.alias(&request.name).is_some() {
                return Err(LambdaError::conflict(format!("Alias already exists: {arn}")));
            }
            if seen.record.aliases.len() >= ALIASES_MAX {
                return Err(LambdaError::invalid(format!("A function can have {ALIASES_MAX} aliases.")));
            }
            check_version(&seen.record, request.version)?;
            let alias = Alias {
                name: request.name.clone(),
                version: request.version,
                description: request.description.clone(),
                revision_id: self.new_revision_id(),
            };
            let mut after = seen.record.clone();
            after.aliases.push(alias.clone());
            after.aliases.sort_by(|one, other| one.name.cmp(&other.name));
            let answer = AliasConfiguration::new(&after, &alias);
            let version = Some(answer.function_version.as_str());
            let row = self.function_row(caller, "CreateAlias", &arn, version, None);
            if self.write_function(Write::of(&seen, &after, row)).await? {
                return Ok(answer);
            }
        }
        Err(contended())
    }

    /// Moves an alias, or describes it otherwise. A rotation that has begun goes on with what the alias names
    /// at its next step.
    pub async fn update_alias(
        &self,
        caller: &Caller,
        request: &UpdateAliasRequest,
    ) -> Result<AliasConfiguration, LambdaError> {
        let arn = alias_arn(caller, &request.function, &request.name);
        self.authorize(caller, &action("UpdateAlias"), Some(&arn))?;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.function_to_change(caller, &request.function).await?;
            let mut after = seen.record.clone();
            let alias = after.aliases.iter_mut().find(|alias| alias.name == request.name);
            let alias = alias.ok_or_else(|| not_found(&arn))?;
            check_revision(request.revision_id.as_deref(), &alias.revision_id)?;
            if let Some(version) = request.version {
                check_version(&seen.record, version)?;
                alias.version = version;
            }
            if let Some(description) = &request.description {
                alias.description.clone_from(description);
            }
            alias.revision_id = self.new_revision_id();
            let answer = AliasConfiguration::new(&seen.record, alias);
            let version = Some(answer.function_version.as_str());
            let row = self.function_row(caller, "UpdateAlias", &arn, version, None);
            if self.write_function(Write::of(&seen, &after, row)).await? {
                return Ok(answer);
            }
        }
        Err(contended())
    }

    /// What an alias names.
    pub async fn get_alias(
        &self,
        caller: &Caller,
        request: &GetAliasRequest,
    ) -> Result<AliasConfiguration, LambdaError> {
        let arn = alias_arn(caller, &request.function, &request.name);
        self.authorize(caller, &action("GetAlias"), Some(&arn))?;
        let function = self.function_to_read(caller, &request.function).await?;
        let alias = function.alias(&request.name).ok_or_else(|| not_found(&arn))?;
        Ok(AliasConfiguration::new(&function, alias))
    }

    /// Lists the aliases of a function.
    pub async fn list_aliases(
        &self,
        caller: &Caller,
        request: &ListAliasesRequest,
    ) -> Result<ListAliasesResponse, LambdaError> {
        let arn = request.function.arn(&caller.scope());
        self.authorize(caller, &action("ListAliases"), Some(&arn))?;
        let function = self.function_to_read(caller, &request.function).await?;
        let listing = listing(caller, "ListAliases", &[&arn, &format!("{:?}", request.version)]);
        let position = self.position(&listing, request.marker.as_deref());
        let after = position.map_err(|_| LambdaError::invalid("The Marker is invalid."))?;
        let mut page: Vec<&Alias> = function.aliases.iter().collect();
        page.retain(|alias| {
            request.version.is_none_or(|version| alias.version == version)
                && after.as_ref().is_none_or(|after| alias.name > *after)
        });
        let more = page.len() > request.max_items;
        page.truncate(request.max_items);
        let last = page.last().filter(|_| more);
        Ok(ListAliasesResponse {
            next_marker: last.map(|alias| self.next_token(&listing, &alias.name)),
            aliases: page.into_iter().map(|alias| AliasConfiguration::new(&function, alias)).collect(),
        })
    }

    /// Deletes an alias with its permissions. One that is not there is no error.
    pub async fn delete_alias(
        &self,
        caller: &Caller,
        request: &DeleteAliasRequest,
    ) -> Result<Empty, LambdaError> {
        let arn = alias_arn(caller, &request.function, &request.name);
        self.authorize(caller, &action("DeleteAlias"), Some(&arn))?;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let seen = self.function_to_change(caller, &request.function).await?;
            if seen.record.alias(&request.name).is_none() {
                return Ok(Empty {});
            }
            let mut after = seen.record.clone();
            after.aliases.retain(|alias| alias.name != request.name);
            after.policies.retain(|policy| policy.qualifier.as_ref() != Some(&request.name));
            let named = FunctionId {
                qualifier: Some(Qualifier::Alias(request.name.clone())),
                ..request.function.clone()
            };
            let expect = self.unused(caller, &named, request.force).await?;
            let row = self.function_row(caller, "DeleteAlias", &arn, None, None);
            if self.write_function(Write { expect, ..Write::of(&seen, &after, row) }).await? {
                return Ok(Empty {});
            }
        }
        Err(contended())
    }
}

fn alias_arn(caller: &Caller, function: &FunctionId, name: &str) -> String {
    format!("{}:{name}", function.arn(&caller.scope()))
}

fn not_found(arn: &str) -> LambdaError {
    LambdaError::new(LambdaErrorCode::ResourceNotFound, format!("Cannot find alias arn: {arn}"))
}

fn check_version(function: &Function, number: Option<u64>) -> Result<(), LambdaError> {
    if function.version(number).is_some() {
        return Ok(());
    }
    let number = number.unwrap_or_default();
    Err(LambdaError::function_not_found(&format!("{}:{number}", function.arn())))
}
