//! The documents that count in a simulation: those of a user, group or role, without what is left out, and given ones.

use keywheel_domain::api::ApiError;
use keywheel_domain::api::iam::{ExcludedType, IamErrorCode, PolicyExclusion, iam_error};
use keywheel_domain::iam::{EntityKind, Group, Permissions};
use keywheel_domain::policy::{Document, Kind, StatementOutline, outline};

use super::documents::told;
use super::records::{Entity, Managed, not_found};
use crate::ops::{Caller, Operations, contended, keys};

/// A document that counts, and how answers call it.
pub(super) struct Included {
    pub(super) id: String,
    pub(super) source: &'static str,
    pub(super) document: Document,
    pub(super) statements: Vec<StatementOutline>,
}

impl Included {
    /// One that a request brings.
    pub(super) fn given(text: &str, id: String, source: &'static str, kind: Kind) -> Result<Self, ApiError> {
        let document = Document::parse(text, kind).map_err(|error| invalid_input(told(&error.fault)))?;
        Ok(Self { id, source, document, statements: outline(text) })
    }

    /// One that is there.
    pub(super) fn stored(text: &str, id: &str, source: &'static str, kind: Kind) -> Result<Self, ApiError> {
        Self::given(text, id.to_owned(), source, kind).map_err(|error| {
            tracing::error!(policy = id, %error, "a stored policy cannot be read");
            ApiError::internal()
        })
    }
}

impl Operations {
    /// The user, group or role whose policies a caller wants to count.
    pub(super) async fn policy_source(
        &self,
        caller: &Caller,
        action: &str,
        arn: &str,
    ) -> Result<Entity, ApiError> {
        let (account, kind, name) = entity_of(arn).ok_or_else(|| not_an_entity(arn))?;
        if account != caller.account {
            self.authorize(caller, &format!("iam:{action}"), Some(arn))?;
            return Err(not_found(kind, name));
        }
        let entity = self.iam_entity_for(caller, action, kind, name).await?;
        if entity.arn(account) == arn { Ok(entity) } else { Err(not_found(kind, name)) }
    }

    /// Inline and attached policies; of a user, those of its groups too.
    pub(super) async fn policies_of(
        &self,
        account: &str,
        entity: &Entity,
        exclusions: &[PolicyExclusion],
    ) -> Result<Vec<Included>, ApiError> {
        let mut holders = vec![match entity {
            Entity::User(seen) => (EntityKind::User, seen.record.name.clone(), entity.permissions().clone()),
            Entity::Group(seen) => {
                (EntityKind::Group, seen.record.name.clone(), entity.permissions().clone())
            }
            Entity::Role(seen) => (EntityKind::Role, seen.record.name.clone(), entity.permissions().clone()),
        }];
        if let Entity::User(user) = entity {
            for id in &user.record.groups {
                let group = self.load::<Group>(keys::iam_group(account, id)).await?.ok_or_else(contended)?;
                holders.push((EntityKind::Group, group.record.name, group.record.permissions));
            }
        }
        let mut policies = Vec::new();
        for (kind, holder, Permissions { inline, attached }) in &holders {
            for (name, text) in inline {
                if !excludes_inline(exclusions, name, (*kind, holder)) {
                    policies.push(Included::stored(text, name, kind.word(), Kind::Identity)?);
                }
            }
            for arn in attached {
                let managed = self.iam_managed_policy(account, arn).await?.ok_or_else(contended)?;
                let (source, excluded) = match managed {
                    Managed::Own(_) => ("user-managed", ExcludedType::Managed),
                    Managed::Builtin(_) => ("aws-managed", ExcludedType::Builtin),
                };
                if !excludes_managed(exclusions, arn, excluded) {
                    let name = arn.rsplit('/').next().unwrap_or(arn);
                    policies.push(Included::stored(managed.document(), name, source, Kind::Identity)?);
                }
            }
        }
        Ok(policies)
    }
}

fn excludes_managed(exclusions: &[PolicyExclusion], arn: &str, kind: ExcludedType) -> bool {
    exclusions.iter().any(|exclusion| match exclusion {
        PolicyExclusion::Type(excluded) => *excluded == kind,
        PolicyExclusion::Arn(pattern) => pattern.fits(arn),
        PolicyExclusion::Inline { .. } => false,
    })
}

/// A boundary goes by its own kind, not by its ARN: that names attached policies.
pub(super) fn excludes_boundary(exclusions: &[PolicyExclusion]) -> bool {
    let is_boundary =
        |exclusion: &PolicyExclusion| matches!(exclusion, PolicyExclusion::Type(ExcludedType::Boundary));
    exclusions.iter().any(is_boundary)
}

fn excludes_inline(exclusions: &[PolicyExclusion], name: &str, (kind, holder): (EntityKind, &str)) -> bool {
    exclusions.iter().any(|exclusion| match exclusion {
        PolicyExclusion::Type(excluded) => *excluded == ExcludedType::Inline,
        PolicyExclusion::Arn(_) => false,
        PolicyExclusion::Inline { name: of, kind: excluded, entity } => {
            of == name && *excluded == kind && entity.fits(holder)
        }
    })
}

/// The documents of a request.
pub(super) fn given(texts: &[String]) -> Result<Vec<Included>, ApiError> {
    let numbered = texts.iter().enumerate();
    numbered
        .map(|(index, text)| {
            Included::given(text, format!("PolicyInputList.{}", index + 1), "none", Kind::Identity)
        })
        .collect()
}

/// The account, the kind and the name in the ARN of a user, group or role.
pub(super) fn entity_of(arn: &str) -> Option<(&str, EntityKind, &str)> {
    let (account, rest) = arn.strip_prefix("arn:aws:iam::")?.split_once(':')?;
    let (word, path) = rest.split_once('/')?;
    let kinds = [EntityKind::User, EntityKind::Group, EntityKind::Role];
    let kind = kinds.into_iter().find(|kind| kind.word() == word)?;
    let name = path.rsplit('/').next().filter(|name| !name.is_empty())?;
    Some((account, kind, name))
}

/// In the service's words.
pub(super) fn not_an_entity(arn: &str) -> ApiError {
    invalid_input(format!("Invalid Entity Arn: {arn} does not clearly define entity type and name."))
}

pub(super) fn invalid_input(told: impl Into<String>) -> ApiError {
    iam_error(IamErrorCode::InvalidInput, told)
}
