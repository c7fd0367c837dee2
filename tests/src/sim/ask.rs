//! What people ask of the API, as the requests that they send.

use std::collections::BTreeMap;
use std::sync::Arc;

use keywheel::ops::{Caller, Identity, NamedPolicy, Operations, Principal, Standing};
use keywheel::vault::{AccessKey, KeyOwner};
use keywheel_domain::api::{
    ApiError, ApproveRequest, CancelRotateSecretRequest, CreateSecretRequest, DeleteSecretRequest,
    DryRunRotationRequest, ErrorCode, NewReplicas, PutSecretValueRequest, ReconcileSecretRequest,
    RejectRequest, RestoreSecretRequest, RetryRotationRequest, RollBackRotationRequest, RotateSecretRequest,
    RotationRules, RotationVerb, SecretValue, VerifySecretRequest,
};
use keywheel_domain::iam::{APPROVER_POLICY_ARN, builtin_policy};
use keywheel_domain::kms::KmsKey;
use keywheel_domain::policy::{Document, Kind};
use keywheel_domain::secret::Secret;
use serde_json::{Value, json};

use super::act::{Act, Policy};
use super::key_rules::KnownKey;
use super::life::Life;
use super::{
    ACCOUNT, ADMIN_PASSWORD, ADMIN_ROLE, ADMIN_SECRET, FIRST, FIRST_PASSWORD, FUNCTION_ARN, HOOK, OTHER,
    PARTNER, PARTNER_ROLE, REGION, ROLE, ROOT, SECRET,
};

/// What a request is told whose key there is no more. The server refuses it before any action.
const UNKNOWN_KEY: &str = "there is no such access key";

/// The token of a change that makes no version.
const RESEALS: &str = "55555555-5555-4555-8555-555555555555";

/// The value of a secret of this role, with this password.
pub(super) fn value(role: &str, password: &str, master_arn: Option<&str>) -> SecretValue {
    let mut value = json!({
        "engine": "postgres", "host": "db", "port": 5432, "username": role, "password": password, "team": "blue",
    });
    if let Some(arn) = master_arn {
        value["masterarn"] = json!(arn);
    }
    SecretValue::Text(value.to_string().into())
}

/// An operator with the root key, or an approver.
fn caller(name: &str) -> Caller {
    let access_key_id = "AKIASIMULATED".to_owned();
    let principal = match name {
        ROOT => Principal::Root { access_key_id },
        name => Principal::User { name: name.to_owned(), access_key_id },
    };
    Caller::new(ACCOUNT.to_owned(), REGION.to_owned(), principal)
}

/// An approver whom no record of the store makes one.
fn foreign_approver(name: &str) -> Caller {
    let policy = builtin_policy(APPROVER_POLICY_ARN).expect("it comes with the program");
    let document =
        Document::parse(policy.document, Kind::Identity).expect("what comes with the program is right");
    let identity = Identity {
        arn: format!("arn:aws:iam::{ACCOUNT}:user/{name}"),
        id: format!("AIDA{}", name.to_uppercase()),
        policies: vec![NamedPolicy { name: APPROVER_POLICY_ARN.to_owned(), document }],
        boundary: None,
        tags: BTreeMap::new(),
    };
    let standing = if name == ROOT { Standing::Nothing } else { Standing::User(Arc::new(identity)) };
    Caller { standing, ..caller(name) }
}

fn created(name: &str, value: SecretValue) -> CreateSecretRequest {
    CreateSecretRequest {
        name: name.to_owned(),
        client_request_token: Some(FIRST.to_owned()),
        description: None,
        kms_key_id: None,
        value: Some(value),
        tags: Vec::new(),
        replicas: NewReplicas::default(),
        secret_type: None,
        cross_account_primary_arn: None,
    }
}

fn rotated(secret_id: &str, token: &str, now: bool, every: Option<&str>) -> RotateSecretRequest {
    RotateSecretRequest {
        secret_id: secret_id.to_owned(),
        client_request_token: Some(token.to_owned()),
        rotation_lambda_arn: Some(FUNCTION_ARN.to_owned()),
        rotation_rules: every.map(|every| RotationRules {
            schedule_expression: Some(every.to_owned()),
            ..RotationRules::default()
        }),
        rotate_immediately: now,
        external_metadata: None,
        external_role_arn: None,
    }
}

fn verb(token: Option<&str>) -> RotationVerb {
    RotationVerb { secret_id: SECRET.to_owned(), client_request_token: token.map(str::to_owned) }
}

fn policy(policy: Policy) -> Value {
    let mut body = json!({ "SecretId": SECRET, "MaxAttempts": policy.attempts });
    if !policy.approve_before.is_empty() {
        let arn = |name: &&str| format!("arn:aws:iam::{ACCOUNT}:user/{name}");
        body["Approvals"] = json!({
            "Before": policy.approve_before,
            "Count": policy.approvals,
            "Approvers": policy.approvers.iter().map(arn).collect::<Vec<_>>(),
        });
    }
    if let Some((from, until)) = policy.black {
        body["Blackouts"] = json!([{ "From": from, "Until": until }]);
    }
    if policy.reads_admin {
        body["ReadableSecretIds"] = json!([ADMIN_SECRET]);
    }
    if let Some(hours) = policy.apart {
        body["Apart"] = json!({ "SecretIds": [PARTNER], "Hours": hours });
    }
    if let Some((name, most)) = policy.group {
        body["Group"] = json!({ "Name": name, "MaxConcurrent": most });
    }
    if let Some(minutes) = policy.spread {
        body["SpreadMinutes"] = json!(minutes);
    }
    body["CatchUp"] = json!(policy.catch_up);
    body
}

async fn sent(ops: &Operations, target: &str, body: &Value) -> Result<(), ApiError> {
    ops.dispatch(&caller(ROOT), target, body.to_string().as_bytes()).await.map(drop)
}

async fn asked(ops: &Operations, target: &str, body: &Value) -> Result<Value, ApiError> {
    let answer = ops.dispatch(&caller(ROOT), target, body.to_string().as_bytes()).await?;
    Ok(serde_json::from_slice(&answer).expect("an answer is JSON"))
}

impl Life {
    /// Asks for what an act is; `request` is the last request for approval.
    pub(super) async fn ask(&self, act: Act, request: &str) -> Result<(), ApiError> {
        let (ops, root, secret_id) = (&self.ops, caller(ROOT), SECRET.to_owned());
        match act {
            Act::Create | Act::CreateAdmin | Act::CreateOther | Act::CreatePartner | Act::Put { .. } => {
                self.store(act).await
            }
            Act::Rotate { token, now, every } => {
                ops.rotate_secret(&root, rotated(SECRET, token, now, every)).await.map(drop)
            }
            Act::RotateOther { token } => {
                ops.rotate_secret(&root, rotated(OTHER, token, true, None)).await.map(drop)
            }
            Act::RotatePartner { token, now, every } => {
                ops.rotate_secret(&root, rotated(PARTNER, token, now, every)).await.map(drop)
            }
            Act::Cancel => {
                ops.cancel_rotate_secret(&root, CancelRotateSecretRequest { secret_id }).await.map(drop)
            }
            Act::Delete => {
                let request = DeleteSecretRequest {
                    secret_id,
                    recovery_window_in_days: Some(7),
                    force_delete_without_recovery: false,
                };
                ops.delete_secret(&root, request).await.map(drop)
            }
            Act::Restore => ops.restore_secret(&root, RestoreSecretRequest { secret_id }).await.map(drop),
            Act::Verify(_)
            | Act::Reconcile(_)
            | Act::DryRun(_)
            | Act::RollBack
            | Act::RollBackAs(_)
            | Act::Retry => self.begin_verb(act, &root).await,
            Act::Approve(by) => {
                let request = ApproveRequest { approval_id: request.to_owned(), comment: None };
                ops.approve(&self.person(by).await?, request).await.map(drop)
            }
            Act::Reject(by) => {
                let request = RejectRequest { approval_id: request.to_owned(), reason: None };
                ops.reject(&self.person(by).await?, request).await.map(drop)
            }
            Act::Tag { key, value } => {
                let body = json!({ "SecretId": SECRET, "Tags": [{ "Key": key, "Value": value }] });
                sent(ops, "secretsmanager.TagResource", &body).await
            }
            Act::PutPolicy(given) => sent(ops, "Keywheel.PutRotationPolicy", &policy(given)).await,
            Act::DeletePolicy => {
                sent(ops, "Keywheel.DeleteRotationPolicy", &json!({ "SecretId": SECRET })).await
            }
            Act::Skip => sent(ops, "Keywheel.SkipRotation", &json!({ "SecretId": SECRET })).await,
            Act::CreateApprover(_) | Act::DeleteApprover(_) | Act::PutWebhook | Act::DeleteWebhook => {
                self.set(act).await
            }
            Act::CreateKey | Act::UseKey | Act::DisableKey | Act::EnableKey | Act::RotateKey => {
                self.change_key(act).await
            }
            Act::Pass(_)
            | Act::Endpoint(_)
            | Act::Tell
            | Act::Work
            | Act::Settle
            | Act::TakeOver
            | Act::Seize
            | Act::NewComponent
            | Act::ChangeByHand { .. } => Ok(()),
        }
    }

    /// Approvers and webhooks. What is told once is remembered, to be held against what follows.
    async fn set(&self, act: Act) -> Result<(), ApiError> {
        let ops = &self.ops;
        match act {
            Act::CreateApprover(name) => {
                let made = asked(ops, "Keywheel.CreateApprover", &json!({ "UserName": name })).await?;
                let text = |member: &str| made[member].as_str().unwrap_or_default().to_owned();
                let (id, secret) = (text("AccessKeyId"), text("SecretAccessKey"));
                let mut state = self.world.state();
                state.watch.must_not_appear(&secret);
                state.watch.was_made(name, KnownKey { id, secret, is_deleted: Some(false) });
                Ok(())
            }
            Act::DeleteApprover(name) => {
                sent(ops, "Keywheel.DeleteApprover", &json!({ "UserName": name })).await
            }
            Act::PutWebhook => {
                self.world.state().endpoint.asked();
                let url = format!("https://{HOOK}.example/");
                let put = json!({ "Name": HOOK, "Url": url, "RotateSigningSecret": true });
                let answer = asked(ops, "Keywheel.PutWebhook", &put).await?;
                let secret = answer["SigningSecret"].as_str().map(str::to_owned);
                let mut state = self.world.state();
                secret.iter().for_each(|secret| state.watch.must_not_appear(secret));
                state.endpoint.was_set(secret, answer["FromEventId"].as_u64().unwrap_or_default());
                Ok(())
            }
            _ => {
                sent(ops, "Keywheel.DeleteWebhook", &json!({ "Name": HOOK })).await?;
                self.world.state().endpoint.was_deleted();
                Ok(())
            }
        }
    }

    /// The key of the key management service, and what it seals.
    async fn change_key(&self, act: Act) -> Result<(), ApiError> {
        let key = self.world.state().watch.records().kms_keys.first().map(KmsKey::arn);
        let named = json!({ "KeyId": key });
        match act {
            Act::CreateKey => sent(&self.ops, "TrentService.CreateKey", &json!({})).await,
            Act::DisableKey => sent(&self.ops, "TrentService.DisableKey", &named).await,
            Act::EnableKey => sent(&self.ops, "TrentService.EnableKey", &named).await,
            Act::RotateKey => sent(&self.ops, "TrentService.RotateKeyOnDemand", &named).await,
            _ => {
                let body = json!({ "SecretId": SECRET, "ClientRequestToken": RESEALS, "KmsKeyId": key });
                sent(&self.ops, "secretsmanager.UpdateSecret", &body).await
            }
        }
    }

    /// Who signs with the key of this name; somebody without one of ours is known to others.
    async fn person(&self, name: &str) -> Result<Caller, ApiError> {
        let known = self.world.state().watch.keys().get(name).cloned();
        let Some(known) = known else { return Ok(foreign_approver(name)) };
        let found = self.keys.lookup(&known.id).await.map_err(|_| ApiError::internal())?;
        let is_theirs = |key: &AccessKey| {
            *key.owner() == KeyOwner::User(name.to_owned()) && *key.secret().expose() == known.secret
        };
        match found {
            Some(key) if is_theirs(&key) => self.ops.identify(caller(name)).await,
            Some(_) => Err(ApiError::internal()),
            None => Err(ApiError::new(ErrorCode::AccessDenied, UNKNOWN_KEY)),
        }
    }

    async fn begin_verb(&self, act: Act, root: &Caller) -> Result<(), ApiError> {
        let ops = &self.ops;
        match act {
            Act::Verify(token) => ops.verify_secret(root, VerifySecretRequest(verb(Some(token)))).await,
            Act::Reconcile(token) => {
                ops.reconcile_secret(root, ReconcileSecretRequest(verb(Some(token)))).await
            }
            Act::DryRun(token) => ops.dry_run_rotation(root, DryRunRotationRequest(verb(Some(token)))).await,
            Act::RollBackAs(token) => {
                ops.roll_back_rotation(root, RollBackRotationRequest(verb(Some(token)))).await
            }
            Act::RollBack => ops.roll_back_rotation(root, RollBackRotationRequest(verb(None))).await,
            _ => ops.retry_rotation(root, RetryRotationRequest(verb(None))).await,
        }
        .map(drop)
    }

    async fn store(&self, act: Act) -> Result<(), ApiError> {
        let (ops, root) = (&self.ops, caller(ROOT));
        let admin = self.world.state().watch.records().named(ADMIN_SECRET).map(|admin| admin.arn.clone());
        let admin = admin.as_deref();
        let request = match act {
            Act::CreateAdmin => created(ADMIN_SECRET, value(ADMIN_ROLE, ADMIN_PASSWORD, None)),
            Act::CreateOther => created(OTHER, value(ROLE, FIRST_PASSWORD, None)),
            Act::CreatePartner => created(PARTNER, value(PARTNER_ROLE, FIRST_PASSWORD, None)),
            Act::Put { token, password } => {
                let request = PutSecretValueRequest {
                    secret_id: SECRET.to_owned(),
                    client_request_token: Some(token.to_owned()),
                    value: Some(value(ROLE, password, admin)),
                    version_stages: None,
                    rotation_token: None,
                };
                return ops.put_secret_value(&root, request).await.map(drop);
            }
            _ => created(SECRET, value(ROLE, FIRST_PASSWORD, admin)),
        };
        ops.create_secret(&root, request).await.map(drop)
    }

    /// RotateSecret without other settings than the stored ones. A refusal is not looked at.
    pub(super) async fn rotate_by(&self, token: &str) {
        self.world.state().watch.may_rotate();
        let answer = self.ops.rotate_secret(&caller(ROOT), rotated(SECRET, token, true, None)).await;
        if let Err(error) = answer {
            self.world.state().watch.refusals.push(error.to_string());
        }
    }

    /// The record of the secret, if there is one.
    pub(super) fn secret(&self) -> Option<Secret> {
        self.world.state().watch.records().main().cloned()
    }
}
