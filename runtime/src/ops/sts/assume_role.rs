//! AssumeRole.

use std::collections::BTreeMap;

use keywheel_domain::api::sts::{AssumeRoleRequest, AssumeRoleResponse, AssumedRoleUser};
use keywheel_domain::api::{ApiError, ErrorCode};
use keywheel_domain::policy::{Document, Kind, ResourceRule};

use super::credentials::{Holder, SessionRecord, check_no_second_factor};
use crate::ops::access::{Access, Resource, ResourcePolicy};
use crate::ops::{Caller, Operations, Principal, RoleIdentity, Session};

const ACTION: &str = "sts:AssumeRole";
/// Seconds when the request names none, and the most for a role that a session of another one assumes.
const SECONDS_DEFAULT: usize = 3_600;
/// Tags of a session, those that came with the caller's included.
const TAGS_MAX: usize = 50;
/// What decisions call the policy that says who may assume a role.
const TRUST_NAME: &str = "AssumeRolePolicyDocument";
const INLINE_NAME: &str = "SessionPolicy";

impl Operations {
    /// Gives out temporary credentials of a role to whom its trust policy and their own policies let assume it.
    pub(super) async fn assume_role(
        &self,
        caller: &Caller,
        request: AssumeRoleRequest,
    ) -> Result<AssumeRoleResponse, ApiError> {
        let refused = || not_allowed(caller, ACTION, &request.role_arn);
        if matches!(caller.principal, Principal::Root { .. }) {
            let told = "Roles may not be assumed by root accounts.";
            return Err(ApiError::new(ErrorCode::AccessDenied, told));
        }
        let (account, name) = role_of(&request.role_arn).ok_or_else(|| {
            ApiError::new(ErrorCode::Validation, format!("{} is invalid", request.role_arn))
        })?;
        let role = self.identity_of_role(account, name).await?;
        let role = role.filter(|role| role.identity.arn == request.role_arn).ok_or_else(refused)?;
        self.authorize_assuming(caller, &request, account, &role)?;
        check_no_second_factor(request.shows_second_factor)?;
        let seconds = seconds(caller, &request, role.session_seconds_max)?;
        let person = caller.person();
        let record = SessionRecord {
            policies: self.session_policies(account, &request).await?,
            source_identity: source_identity(caller, &request)?,
            assumed_by: Some(person.arn),
            assumed_by_id: person.id,
            ..tagged(
                caller,
                &request,
                Holder::Role {
                    name: name.to_owned(),
                    id: role.identity.id.clone(),
                    session: request.role_session_name.clone(),
                },
            )?
        };
        let source_identity = record.source_identity.clone();
        let is_packed = !(record.policies.is_empty() && record.tags.is_empty());
        let (credentials, percent) = self.new_credentials(account, record, seconds).await?;
        let session = &request.role_session_name;
        Ok(AssumeRoleResponse {
            source_identity,
            assumed_role_user: AssumedRoleUser {
                assumed_role_id: format!("{}:{session}", role.identity.id),
                arn: format!("arn:aws:sts::{account}:assumed-role/{name}/{session}"),
            },
            credentials,
            packed_policy_size: is_packed.then_some(percent),
        })
    }

    /// Tags and a source identity ask for actions of their own.
    fn authorize_assuming(
        &self,
        caller: &Caller,
        request: &AssumeRoleRequest,
        account: &str,
        role: &RoleIdentity,
    ) -> Result<(), ApiError> {
        let role_tags = role.identity.tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let trust = ResourcePolicy::read(&role.trust.document, TRUST_NAME);
        let mut resource =
            Resource::plain(request.role_arn.as_str(), account).with_tags(Some("iam"), role_tags);
        (resource.policy, resource.rule) = (Some(trust), ResourceRule::Required);
        let mut access = Access::new(ACTION, Some(&request.role_arn))
            .with("sts:rolesessionname", Some(request.role_session_name.as_str()))
            .with("sts:externalid", request.external_id.as_deref())
            .with("sts:sourceidentity", request.source_identity.as_deref());
        if !request.tags.is_empty() {
            access = access.with_tags(request.tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())));
        }
        if !request.transitive_tag_keys.is_empty() {
            let keys = request.transitive_tag_keys.iter().map(String::as_str);
            access = access.with_all("sts:transitivetagkeys", keys);
        }
        let mut asked = vec![ACTION];
        if !request.tags.is_empty() || !request.transitive_tag_keys.is_empty() {
            asked.push("sts:TagSession");
        }
        if request.source_identity.is_some() {
            asked.push("sts:SetSourceIdentity");
        }
        asked.into_iter().try_for_each(|action| {
            let allowed = self.authorize_on(caller, &access.and(action), &resource);
            // The service does not say what is missing: that would tell of the role.
            allowed.map_err(|_| not_allowed(caller, action, &request.role_arn))
        })
    }

    /// The policies that say the most that the session may do, as they are now.
    async fn session_policies(
        &self,
        account: &str,
        request: &AssumeRoleRequest,
    ) -> Result<Vec<(String, String)>, ApiError> {
        let malformed = |told: String| ApiError::new(ErrorCode::MalformedPolicyDocument, told);
        let mut policies = Vec::new();
        if let Some(text) = &request.policy {
            Document::parse(text, Kind::Session).map_err(|error| malformed(format!("{error}.")))?;
            policies.push((INLINE_NAME.to_owned(), text.clone()));
        }
        for arn in &request.policy_arns {
            let policy = self.iam_managed_policy(account, arn).await?.ok_or_else(|| {
                ApiError::new(ErrorCode::Validation, format!("Policy {arn} does not exist."))
            })?;
            Document::parse(policy.document(), Kind::Session)
                .map_err(|error| malformed(format!("{error}.")))?;
            policies.push((arn.clone(), policy.document().to_owned()));
        }
        Ok(policies)
    }
}

/// The account and the name in the ARN of a role.
fn role_of(arn: &str) -> Option<(&str, &str)> {
    let (account, resource) = arn.strip_prefix("arn:aws:iam::")?.split_once(':')?;
    let name = resource.strip_prefix("role/")?.rsplit('/').next()?;
    (!name.is_empty()).then_some((account, name))
}

fn not_allowed(caller: &Caller, action: &str, role_arn: &str) -> ApiError {
    let arn = caller.arn();
    let told = format!("User: {arn} is not authorized to perform: {action} on resource: {role_arn}");
    ApiError::new(ErrorCode::AccessDenied, told)
}

fn seconds(caller: &Caller, request: &AssumeRoleRequest, most: u32) -> Result<usize, ApiError> {
    let seconds = request.duration_seconds.unwrap_or(SECONDS_DEFAULT);
    let refused = |told: &str| Err(ApiError::new(ErrorCode::Validation, told));
    if seconds > SECONDS_DEFAULT && matches!(caller.principal, Principal::Role { .. }) {
        return refused(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        );
    }
    if seconds > usize::try_from(most).unwrap_or(usize::MAX) {
        return refused("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
    }
    Ok(seconds)
}

/// Once set it stays, whatever roles are assumed.
fn source_identity(caller: &Caller, request: &AssumeRoleRequest) -> Result<Option<String>, ApiError> {
    let set = caller.session.as_ref().and_then(|session| session.source_identity.as_ref());
    match (set, &request.source_identity) {
        (Some(set), Some(asked)) if set != asked => {
            Err(not_allowed(caller, "sts:SetSourceIdentity", &request.role_arn))
        }
        (set, asked) => Ok(set.or(asked.as_ref()).cloned()),
    }
}

/// The tags of the request over those that go on from the caller's session.
fn tagged(caller: &Caller, request: &AssumeRoleRequest, holder: Holder) -> Result<SessionRecord, ApiError> {
    let refused = |told: String| Err(ApiError::new(ErrorCode::Validation, told));
    let session: Option<&Session> = caller.session.as_deref();
    let inherited = session.map(|session| &session.transitive_tag_keys[..]).unwrap_or_default();
    let is_inherited = |key: &str| inherited.iter().any(|known| known.eq_ignore_ascii_case(key));
    let mut tags: BTreeMap<String, String> = session
        .into_iter()
        .flat_map(|session| &session.tags)
        .filter(|(key, _)| is_inherited(key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let mut transitive_tag_keys = inherited.to_vec();
    for tag in &request.tags {
        if is_inherited(&tag.key) {
            return refused(format!(
                "Tag key {} is set by the calling session and cannot be changed.",
                tag.key
            ));
        }
        if tags.keys().any(|known| known.eq_ignore_ascii_case(&tag.key)) {
            return refused(
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.".to_owned(),
            );
        }
        tags.insert(tag.key.clone(), tag.value.clone());
    }
    for key in &request.transitive_tag_keys {
        if !tags.keys().any(|known| known.eq_ignore_ascii_case(key)) {
            return refused(
                "The specified transitive tag key must be included in the requested tags.".to_owned(),
            );
        }
        if !transitive_tag_keys.contains(key) {
            transitive_tag_keys.push(key.clone());
        }
    }
    if tags.len() > TAGS_MAX {
        return refused(format!("A session can have at most {TAGS_MAX} tags."));
    }
    Ok(SessionRecord { tags, transitive_tag_keys, ..SessionRecord::new(holder) })
}
