use std::collections::BTreeMap;

use super::*;

/// Condition keys in small letters and their values.
pub(super) struct Keys(pub(super) BTreeMap<&'static str, Vec<&'static str>>);

impl Context for Keys {
    fn values(&self, key: &str) -> Option<Values<'_>> {
        self.0.get(key).map(|values| values.iter().copied().collect())
    }
}

const SECRET: &str = "arn:aws:secretsmanager:eu-central-1:111111111111:secret:db-AbCdEf";
const ANN: Caller<'_> = Caller::User { arn: "arn:aws:iam::111111111111:user/ann" };
const SESSION: Caller<'_> = Caller::Session {
    session_arn: "arn:aws:sts::111111111111:assumed-role/reader/one",
    role_arn: "arn:aws:iam::111111111111:role/reader",
};
const LAMBDA: Caller<'_> = Caller::Service { name: "lambda.amazonaws.com" };
const NOTHING: &[&str] = &[];

fn own(effect: &str, kind: Kind) -> Document {
    let action = if effect == "Other" { "secretsmanager:PutSecretValue" } else { "secretsmanager:Get*" };
    let effect = if effect == "Other" { "Allow" } else { effect };
    let text = format!(r#"{{"Statement":{{"Effect":"{effect}","Action":"{action}","Resource":"*"}}}}"#);
    Document::parse(&text, kind).unwrap()
}

fn of_resource(effect: &str, principal: &str) -> Document {
    let text = format!(
        r#"{{"Statement":{{"Effect":"{effect}","Principal":{principal},"Action":"*","Resource":"*"}}}}"#
    );
    Document::parse(&text, Kind::Resource).unwrap()
}

/// Effects of the identity policies, the boundary and the session policies; effect and principal of the resource's.
struct Case<'a> {
    identity: &'a [&'a str],
    boundary: &'a [&'a str],
    session: &'a [&'a str],
    resource: Option<(&'a str, &'a str)>,
    rule: ResourceRule,
    owner: &'a str,
}

const CASE: Case<'_> = Case {
    identity: NOTHING,
    boundary: NOTHING,
    session: NOTHING,
    resource: None,
    rule: ResourceRule::Optional,
    owner: "111111111111",
};

fn check(caller: Caller<'_>, case: &Case<'_>, expected: &str) {
    let documents = |effects: &[&str], kind| effects.iter().map(|e| own(e, kind)).collect::<Vec<_>>();
    let named = |document| Named { name: "p", document };
    let identity = documents(case.identity, Kind::Identity);
    let boundary = documents(case.boundary, Kind::Boundary);
    let session = documents(case.session, Kind::Session);
    let resource = case.resource.map(|(effect, principal)| of_resource(effect, principal));
    let identity: Vec<_> = identity.iter().map(named).collect();
    let session: Vec<_> = session.iter().map(named).collect();
    let policies = Policies {
        identity: &identity,
        boundary: boundary.first().map(named),
        session: &session,
        resource: resource.as_ref().map(named),
        resource_rule: case.rule,
    };
    let request = Request {
        caller,
        caller_account: "111111111111",
        action: "secretsmanager:GetSecretValue",
        resource: SECRET,
        resource_account: case.owner,
        context: &Keys(BTreeMap::new()),
    };
    let found = match evaluate(&request, &policies) {
        Decision::Allowed { by: Grant::Root } => "root".to_owned(),
        Decision::Allowed { by: Grant::Statement(source) } => source.layer.to_string(),
        Decision::Denied { reason } => reason.ending(request.action),
    };
    assert_eq!(found, expected);
}

const NO_IDENTITY: &str = "because no identity-based policy allows the secretsmanager:GetSecretValue action";
const NO_RESOURCE: &str = "because no resource-based policy allows the secretsmanager:GetSecretValue action";
const NO_BOUNDARY: &str = "because no permissions boundary allows the secretsmanager:GetSecretValue action";
const NO_SESSION: &str = "because no session policy allows the secretsmanager:GetSecretValue action";

#[test]
fn a_user_needs_an_identity_policy_within_the_boundary() {
    check(ANN, &CASE, NO_IDENTITY);
    check(ANN, &Case { identity: &["Other"], ..CASE }, NO_IDENTITY);
    check(ANN, &Case { identity: &["Other", "Allow"], ..CASE }, "identity-based policy");
    let denied = "with an explicit deny in an identity-based policy";
    check(ANN, &Case { identity: &["Allow", "Deny"], ..CASE }, denied);
    check(ANN, &Case { identity: &["Allow"], boundary: &["Other"], ..CASE }, NO_BOUNDARY);
    check(ANN, &Case { identity: &["Allow"], boundary: &["Allow"], ..CASE }, "identity-based policy");
    let denied = "with an explicit deny in a permissions boundary";
    check(ANN, &Case { identity: &["Allow"], boundary: &["Deny"], ..CASE }, denied);
    check(ANN, &Case { boundary: &["Allow"], ..CASE }, NO_IDENTITY);
}

#[test]
fn session_policies_limit_a_session_and_add_nothing() {
    check(SESSION, &Case { identity: &["Allow"], session: &["Other"], ..CASE }, NO_SESSION);
    let both: &[&str] = &["Other", "Allow"];
    check(SESSION, &Case { identity: &["Allow"], session: both, ..CASE }, "identity-based policy");
    check(SESSION, &Case { session: &["Allow"], ..CASE }, NO_IDENTITY);
    let denied = "with an explicit deny in a session policy";
    check(SESSION, &Case { identity: &["Allow"], session: &["Deny"], ..CASE }, denied);
}

#[test]
fn what_a_resource_policy_gives_depends_on_how_it_names_the_caller() {
    let by = |caller, principal, boundary, session, expected| {
        check(caller, &Case { boundary, session, resource: Some(("Allow", principal)), ..CASE }, expected);
    };
    let ann = r#"{"AWS":"arn:aws:iam::111111111111:user/ann"}"#;
    let role = r#"{"AWS":"arn:aws:iam::111111111111:role/reader"}"#;
    let session = r#"{"AWS":"arn:aws:sts::111111111111:assumed-role/reader/one"}"#;
    let account = r#"{"AWS":"111111111111"}"#;
    by(ANN, ann, NOTHING, NOTHING, "resource-based policy");
    by(ANN, ann, &["Other"], NOTHING, "resource-based policy");
    by(ANN, role, NOTHING, NOTHING, NO_IDENTITY);
    by(ANN, account, NOTHING, NOTHING, NO_IDENTITY);
    by(ANN, r#""*""#, NOTHING, NOTHING, "resource-based policy");
    by(SESSION, role, NOTHING, NOTHING, "resource-based policy");
    by(SESSION, role, &["Other"], NOTHING, NO_BOUNDARY);
    by(SESSION, role, NOTHING, &["Other"], NO_SESSION);
    by(SESSION, role, &["Allow"], &["Allow"], "resource-based policy");
    by(SESSION, session, &["Other"], &["Other"], "resource-based policy");
    by(SESSION, account, NOTHING, NOTHING, NO_IDENTITY);
}

#[test]
fn a_resource_policy_denies_its_own_account_and_its_root_user() {
    let denied = "with an explicit deny in a resource-based policy";
    let account = Some(("Deny", r#"{"AWS":"111111111111"}"#));
    check(ANN, &Case { identity: &["Allow"], resource: account, ..CASE }, denied);
    check(Caller::Root, &Case { resource: account, ..CASE }, denied);
    check(Caller::Root, &CASE, "root");
    check(Caller::Root, &Case { identity: &["Deny"], boundary: &["Deny"], ..CASE }, "root");
}

#[test]
fn another_accounts_resource_needs_both_sides() {
    let case = Case { owner: "222222222222", ..CASE };
    let ann = Some(("Allow", r#"{"AWS":"arn:aws:iam::111111111111:user/ann"}"#));
    let account = Some(("Allow", r#"{"AWS":"arn:aws:iam::111111111111:root"}"#));
    check(ANN, &Case { identity: &["Allow"], ..case }, NO_RESOURCE);
    check(ANN, &Case { resource: ann, ..case }, NO_IDENTITY);
    check(ANN, &Case { identity: &["Allow"], resource: ann, ..case }, "identity-based policy");
    check(ANN, &Case { identity: &["Allow"], resource: account, ..case }, "identity-based policy");
    check(ANN, &Case { identity: &["Allow"], boundary: &["Other"], resource: ann, ..case }, NO_BOUNDARY);
    check(Caller::Root, &case, NO_RESOURCE);
    check(Caller::Root, &Case { resource: account, ..case }, "resource-based policy");
}

#[test]
fn a_service_needs_the_resource_policy() {
    check(LAMBDA, &Case { identity: &["Allow"], ..CASE }, NO_RESOURCE);
    let named = Some(("Allow", r#"{"Service":"lambda.amazonaws.com"}"#));
    check(LAMBDA, &Case { resource: named, ..CASE }, "resource-based policy");
    let other = Some(("Allow", r#"{"Service":"events.amazonaws.com"}"#));
    check(LAMBDA, &Case { resource: other, ..CASE }, NO_RESOURCE);
}

#[test]
fn a_required_policy_lets_nobody_in_who_has_only_an_identity_policy() {
    let case = Case { identity: &["Allow"], rule: ResourceRule::Required, ..CASE };
    check(ANN, &case, NO_RESOURCE);
    let account = Some(("Allow", r#"{"AWS":"111111111111"}"#));
    check(ANN, &Case { resource: account, ..case }, "identity-based policy");
    check(ANN, &Case { identity: NOTHING, resource: account, ..case }, NO_IDENTITY);
}

#[test]
fn whom_a_denial_excepts_is_not_denied_but_the_rest_of_the_account_is() {
    let deny = |principal: &str| {
        let text = format!(
            r#"{{"Statement":{{"Effect":"Deny","NotPrincipal":{principal},"Action":"*","Resource":"*"}}}}"#
        );
        Document::parse(&text, Kind::Resource).unwrap()
    };
    let is_denied = |caller, principal: &str| {
        let (identity, resource) = (own("Allow", Kind::Identity), deny(principal));
        let identity = [Named { name: "p", document: &identity }];
        let resource = Some(Named { name: "r", document: &resource });
        let request = Request {
            caller,
            caller_account: "111111111111",
            action: "SecretsManager:getsecretvalue",
            resource: SECRET,
            resource_account: "111111111111",
            context: &Keys(BTreeMap::new()),
        };
        !evaluate(&request, &Policies { identity: &identity, resource, ..Policies::default() }).is_allowed()
    };
    let ann = r#"{"AWS":["111111111111","arn:aws:iam::111111111111:user/ann"]}"#;
    assert!(!is_denied(ANN, ann));
    assert!(is_denied(SESSION, ann));
    assert!(!is_denied(Caller::Root, ann));
}

#[test]
fn an_explanation_names_the_element_that_does_not_match() {
    let text = r#"{"Statement":[
        {"Sid":"A","Effect":"Allow","Action":"kms:*","Resource":"*"},
        {"Sid":"B","Effect":"Allow","Action":"*","Resource":"arn:aws:secretsmanager:*:*:secret:web-*"},
        {"Sid":"C","Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":true}}},
        {"Sid":"D","Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    let document = Document::parse(text, Kind::Identity).unwrap();
    let request = Request {
        caller: ANN,
        caller_account: "111111111111",
        action: "secretsmanager:GetSecretValue",
        resource: SECRET,
        resource_account: "111111111111",
        context: &Keys(BTreeMap::new()),
    };
    let identity = [Named { name: "mixed", document: &document }];
    let found = explain(&request, &Policies { identity: &identity, ..Policies::default() });
    let told: Vec<_> = found
        .iter()
        .map(|finding| match finding.mismatch {
            None => "matched".to_owned(),
            Some(Mismatch::Principal) => "principal".to_owned(),
            Some(Mismatch::Action) => "action".to_owned(),
            Some(Mismatch::Resource) => "resource".to_owned(),
            Some(Mismatch::Condition(condition)) => format!("{} {}", condition.operator(), condition.key()),
        })
        .collect();
    assert_eq!(told, ["action", "resource", "Bool aws:securetransport", "matched"]);
    assert_eq!(found[3].source.policy, "mixed");
    assert_eq!(found[3].source.sid, Some("D"));
}
