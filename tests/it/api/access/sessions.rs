//! Temporary credentials, through the whole server but its socket.

use bytes::Bytes;
use futures_util::FutureExt as _;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use keywheel::audit::trail::Trail;
use keywheel::clock::Clock as _;
use keywheel::server::{AnswerBody, Server};
use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::sigv4::{self, Credentials};
use keywheel_domain::time::MINUTE_MS;
use keywheel_tests::clock::SimClock;
use keywheel_tests::entropy::SimEntropy;
use keywheel_tests::node::{ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY};
use keywheel_tests::store::SimStore;
use tempfile::TempDir;

use super::*;

pub(super) const ROLE: &str = "arn:aws:iam::123456789012:role/app/reader";
const ACCOUNT: &str = "arn:aws:iam::123456789012:root";
const UNKNOWN: &str = "UnrecognizedClientException: The security token included in the request is invalid.";

#[derive(Clone)]
pub(super) struct Signer {
    pub(super) access_key_id: String,
    pub(super) secret: String,
    pub(super) token: Option<Sensitive<String>>,
}

impl Signer {
    pub(super) fn root() -> Self {
        Self { access_key_id: ACCESS_KEY_ID.to_owned(), secret: SECRET_ACCESS_KEY.to_owned(), token: None }
    }

    fn credentials<'a>(&'a self, secret: &'a Sensitive<String>) -> Credentials<'a> {
        Credentials {
            access_key_id: &self.access_key_id,
            secret_access_key: secret,
            session_token: self.token.as_ref(),
        }
    }

    pub(super) fn of(xml: &str) -> Self {
        let text = |name| element(xml, name).unwrap().to_owned();
        Self {
            access_key_id: text("AccessKeyId"),
            secret: text("SecretAccessKey"),
            token: element(xml, "SessionToken").map(|token| Sensitive::new(token.to_owned())),
        }
    }
}

fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
}

pub(super) struct Net {
    pub(super) clock: SimClock,
    server: Arc<Server>,
    trail: Arc<Trail>,
    pub(super) node: Node,
    _folder: TempDir,
}

impl Net {
    /// With the secret `app`, the user `ann` who may do everything, and the role `reader` that may read secrets.
    pub(super) async fn new() -> (Self, Signer) {
        let (store, clock, folder) =
            (Arc::new(SimStore::new()), SimClock::at_noon(), tempfile::tempdir().unwrap());
        let (time, entropy) = (Arc::new(clock.clone()), Arc::new(SimEntropy::new(7)));
        let node = Node::open(store, folder.path(), &["idle"], time, entropy).await.unwrap();
        let (server, trail) = node.server_with_trail();
        let net = Self { clock, server, trail, node, _folder: folder };
        let secret = json!({"Name": "app", "ClientRequestToken": TOKEN, "SecretString": "x"});
        net.json(&Signer::root(), "CreateSecret", &secret).await.unwrap();
        net.iam("CreateUser", &[("UserName", "ann")]).await;
        let key = net.iam("CreateAccessKey", &[("UserName", "ann")]).await;
        net.user_policy("ann", &policy("Allow", "*", "*")).await;
        net.role(&trust(json!({"AWS": ACCOUNT}), json!({}))).await;
        let read = document(&policy("Allow", "secretsmanager:GetSecretValue", "*"));
        net.iam(
            "PutRolePolicy",
            &[("RoleName", "reader"), ("PolicyName", "Read"), ("PolicyDocument", &read)],
        )
        .await;
        (net, Signer::of(&key))
    }

    async fn role(&self, trust: &Value) {
        let trust = document(trust);
        self.iam(
            "CreateRole",
            &[("RoleName", "reader"), ("Path", "/app/"), ("AssumeRolePolicyDocument", &trust)],
        )
        .await;
    }

    pub(super) async fn user_policy(&self, name: &str, statement: &Value) {
        let text = document(statement);
        self.iam("PutUserPolicy", &[("UserName", name), ("PolicyName", "P"), ("PolicyDocument", &text)])
            .await;
    }

    pub(super) async fn iam(&self, action: &str, members: &[(&str, &str)]) -> String {
        self.form(&Signer::root(), "iam", action, members).await.unwrap()
    }

    pub(super) async fn sts(
        &self,
        signer: &Signer,
        action: &str,
        members: &[(&str, &str)],
    ) -> Result<String, String> {
        self.form(signer, "sts", action, members).await
    }

    /// A session of `reader`, with these members beside its name.
    pub(super) async fn assume(&self, signer: &Signer, members: &[(&str, &str)]) -> Result<Signer, String> {
        let named = [("RoleArn", ROLE), ("RoleSessionName", "one")];
        let members: Vec<_> = named.iter().chain(members).copied().collect();
        self.sts(signer, "AssumeRole", &members).await.map(|xml| Signer::of(&xml))
    }

    pub(super) async fn get(&self, signer: &Signer) -> Result<(), String> {
        self.json(signer, "GetSecretValue", &json!({"SecretId": "app"})).await.map(drop)
    }

    async fn form(
        &self,
        signer: &Signer,
        service: &'static str,
        action: &str,
        members: &[(&str, &str)],
    ) -> Result<String, String> {
        let version = if service == "iam" { "2010-05-08" } else { "2011-06-15" };
        let members = members.iter().map(|(name, value)| format!("&{name}={}", percent(value)));
        let body = format!("Action={action}&Version={version}{}", members.collect::<String>());
        let headers: [(&str, &[u8]); 2] =
            [("host", b"localhost"), ("content-type", b"application/x-www-form-urlencoded")];
        let (status, text) = self.send(signer, service, &headers, body).await;
        if status == 200 {
            return Ok(text);
        }
        let told = |name| element(&text, name).unwrap_or_default().replace("&apos;", "'");
        Err(format!("{status} {}: {}", told("Code"), told("Message")))
    }

    pub(super) async fn json(&self, signer: &Signer, action: &str, body: &Value) -> Result<Value, String> {
        let (target, service) = match action.split_once('.') {
            Some(("TrentService", _)) => (action.to_owned(), "kms"),
            Some(_) => (action.to_owned(), "cloudtrail"),
            None => (format!("secretsmanager.{action}"), "secretsmanager"),
        };
        let headers: [(&str, &[u8]); 2] = [("host", b"localhost"), ("x-amz-target", target.as_bytes())];
        let (_, text) = self.send(signer, service, &headers, body.to_string()).await;
        let body: Value = serde_json::from_str(&text).unwrap();
        match body.get("__type").and_then(Value::as_str) {
            None => Ok(body),
            Some(code) => {
                let told = body.get("message").or_else(|| body.get("Message")).unwrap();
                Err(format!("{code}: {}", told.as_str().unwrap()))
            }
        }
    }

    pub(super) async fn send(
        &self,
        signer: &Signer,
        service: &str,
        headers: &[(&str, &[u8])],
        body: String,
    ) -> (u16, String) {
        let signed = sigv4::Request { method: "POST", path: "/", query: "", headers, body: body.as_bytes() };
        let secret = Sensitive::new(signer.secret.clone());
        let credentials = signer.credentials(&secret);
        let mut request = Request::post("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        for (name, value) in sigv4::sign(&signed, &credentials, REGION, service, self.clock.now()) {
            request = request.header(name, value);
        }
        let answer = self.server.answer(request.body(Full::new(Bytes::from(body))).unwrap()).await;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }
}

/// A stream of events that a signer opened.
struct Stream(AnswerBody);

impl Stream {
    async fn open(net: &Net, signer: &Signer) -> Self {
        let headers: [(&str, &[u8]); 1] = [("host", b"localhost")];
        let signed =
            sigv4::Request { method: "GET", path: "/events", query: "", headers: &headers, body: b"" };
        let secret = Sensitive::new(signer.secret.clone());
        let mut request = Request::get("/events").header("host", "localhost");
        let now = net.clock.now();
        for (name, value) in sigv4::sign(&signed, &signer.credentials(&secret), REGION, "secretsmanager", now)
        {
            request = request.header(name, value);
        }
        let answer = net.server.answer(request.body(Full::<Bytes>::default()).unwrap()).await;
        assert_eq!(answer.status().as_u16(), 200);
        Self(answer.into_body())
    }

    /// What comes of it at once.
    fn state(&mut self) -> &'static str {
        match self.0.frame().now_or_never() {
            None => "silent",
            Some(None) => "ended",
            Some(Some(frame)) => {
                assert!(frame.unwrap().into_data().unwrap().starts_with(b"id: "));
                "goes on"
            }
        }
    }
}

fn document(statement: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": statement}).to_string()
}

fn trust(principal: Value, condition: Value) -> Value {
    let actions = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"];
    json!({"Effect": "Allow", "Action": actions, "Principal": principal, "Condition": condition})
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn not_assumed(arn: &str, action: &str) -> String {
    format!("403 AccessDenied: User: {arn} is not authorized to perform: {action} on resource: {ROLE}")
}

#[tokio::test]
async fn a_role_is_assumed_and_its_policies_decide() {
    let (net, ann) = Net::new().await;
    let session = net.assume(&ann, &[]).await.unwrap();
    assert!(session.access_key_id.starts_with("ASIA"));
    assert_eq!(net.get(&session).await, Ok(()));
    let put = json!({"SecretId": "app", "ClientRequestToken": TOKEN, "SecretString": "y"});
    let arn = "arn:aws:sts::123456789012:assumed-role/reader/one";
    let action = "secretsmanager:PutSecretValue";
    let ending = format!("because no identity-based policy allows the {action} action");
    let told = net.json(&session, "PutSecretValue", &put).await;
    assert_eq!(told, Err(denied(arn, action, "app", &ending)));
    let who = net.sts(&session, "GetCallerIdentity", &[]).await.unwrap();
    assert_eq!(element(&who, "Arn"), Some(arn));
    assert!(element(&who, "UserId").unwrap().starts_with("AROA") && who.contains(":one</UserId>"), "{who}");
    // Another one's token, another one's key, and no token at all.
    let other = net.assume(&ann, &[]).await.unwrap();
    for forged in [
        Signer { token: other.token.clone(), ..session.clone() },
        Signer { token: None, ..session.clone() },
        Signer { token: session.token.clone(), ..ann.clone() },
        Signer { token: Some(Sensitive::new("AAAA".to_owned())), ..session.clone() },
    ] {
        assert_eq!(net.get(&forged).await, Err(UNKNOWN.to_owned()));
    }
    let forged = Signer { secret: other.secret, ..session };
    assert!(net.get(&forged).await.unwrap_err().starts_with("InvalidSignatureException"));
}

#[tokio::test]
async fn a_session_ends_with_its_time_its_role_and_its_users_key() {
    let (net, ann) = Net::new().await;
    let session = net.assume(&ann, &[("DurationSeconds", "900")]).await.unwrap();
    let own = Signer::of(&net.sts(&ann, "GetSessionToken", &[]).await.unwrap());
    net.clock.advance(15 * MINUTE_MS - 1);
    assert_eq!((net.get(&session).await, net.get(&own).await), (Ok(()), Ok(())));
    net.clock.advance(1);
    let expired = "ExpiredTokenException: The security token included in the request is expired";
    assert_eq!(net.get(&session).await, Err(expired.to_owned()));
    let told = net.sts(&session, "GetCallerIdentity", &[]).await.unwrap_err();
    assert!(told.starts_with("403 ExpiredToken: "), "{told}");

    let session = net.assume(&ann, &[]).await.unwrap();
    let key = [("UserName", "ann"), ("AccessKeyId", ann.access_key_id.as_str())];
    net.iam("UpdateAccessKey", &[key[0], key[1], ("Status", "Inactive")]).await;
    assert_eq!(net.get(&own).await, Err(UNKNOWN.to_owned()));
    assert_eq!(net.get(&session).await, Ok(()), "the role is still there");
    net.iam("UpdateAccessKey", &[key[0], key[1], ("Status", "Active")]).await;
    assert_eq!(net.get(&own).await, Ok(()));

    // Another role of the same name is another role.
    net.iam("DeleteRolePolicy", &[("RoleName", "reader"), ("PolicyName", "Read")]).await;
    net.iam("DeleteRole", &[("RoleName", "reader")]).await;
    assert_eq!(net.get(&session).await, Err(UNKNOWN.to_owned()));
    net.role(&trust(json!({"AWS": ACCOUNT}), json!({}))).await;
    assert_eq!(net.get(&session).await, Err(UNKNOWN.to_owned()));

    net.iam("DeleteAccessKey", &key).await;
    assert_eq!(net.get(&own).await, Err(UNKNOWN.to_owned()));
}

#[tokio::test]
async fn both_the_role_and_the_user_have_to_agree() {
    let (net, ann) = Net::new().await;
    let user = "arn:aws:iam::123456789012:user/ann";
    let refused = |action: &str| Some(not_assumed(user, action));
    let trusting = async |principal: Value, condition: Value| {
        let text = document(&trust(principal, condition));
        net.iam("UpdateAssumeRolePolicy", &[("RoleName", "reader"), ("PolicyDocument", &text)]).await;
    };
    let assume = async |members: &[(&str, &str)]| net.assume(&ann, members).await.err();
    let root = net.assume(&Signer::root(), &[]).await.err();
    assert_eq!(root.as_deref(), Some("403 AccessDenied: Roles may not be assumed by root accounts."));
    trusting(json!({"AWS": "999999999999"}), json!({})).await;
    assert_eq!(assume(&[]).await, refused("sts:AssumeRole"));
    trusting(json!({"AWS": ACCOUNT}), json!({"StringEquals": {"sts:ExternalId": "42"}})).await;
    assert_eq!(assume(&[]).await, refused("sts:AssumeRole"));
    assert_eq!(assume(&[("ExternalId", "42")]).await, None);
    trusting(json!({"AWS": ACCOUNT}), json!({"StringEquals": {"sts:RoleSessionName": "two"}})).await;
    assert_eq!(assume(&[]).await, refused("sts:AssumeRole"));

    net.user_policy("ann", &policy("Allow", "sts:AssumeRole", ROLE)).await;
    trusting(json!({"AWS": ACCOUNT}), json!({})).await;
    assert_eq!(assume(&[]).await, None);
    let tags = [("Tags.member.1.Key", "Team"), ("Tags.member.1.Value", "blue")];
    assert_eq!(assume(&tags).await, refused("sts:TagSession"));
    assert_eq!(assume(&[("SourceIdentity", "ann")]).await, refused("sts:SetSourceIdentity"));
    net.user_policy("ann", &policy("Allow", "iam:*", "*")).await;
    assert_eq!(assume(&[]).await, refused("sts:AssumeRole"));
    // Who is named needs no policy of their own.
    trusting(json!({"AWS": user}), json!({})).await;
    assert_eq!(assume(&[]).await, None);
    let long = assume(&[("DurationSeconds", "3601")]).await;
    let told = "400 ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
    assert_eq!(long.as_deref(), Some(told));
    let none =
        net.sts(&ann, "AssumeRole", &[("RoleArn", &format!("{ROLE}s")), ("RoleSessionName", "one")]).await;
    assert!(none.unwrap_err().starts_with("403 AccessDenied: "));
}

#[tokio::test]
async fn a_session_has_policies_and_tags_of_its_own() {
    let (net, ann) = Net::new().await;
    let tags = [
        ("Tags.member.1.Key", "Team"),
        ("Tags.member.1.Value", "blue"),
        ("TransitiveTagKeys.member.1", "Team"),
    ];
    let only =
        document(&policy_if("Allow", "*", "StringEquals", "aws:PrincipalTag/team", "${aws:SourceIdentity}"));
    let within =
        |identity| [tags[0], tags[1], tags[2], ("Policy", only.as_str()), ("SourceIdentity", identity)];
    let blue = net.assume(&ann, &within("blue")).await.unwrap();
    assert_eq!(net.get(&blue).await, Ok(()));
    let red = net.assume(&ann, &within("red")).await.unwrap();
    assert!(
        net.get(&red)
            .await
            .unwrap_err()
            .ends_with("because no session policy allows the secretsmanager:GetSecretValue action")
    );
    let managed = "arn:aws:iam::aws:policy/IAMFullAccess";
    let narrow = net.assume(&ann, &[("PolicyArns.member.1.arn", managed)]).await.unwrap();
    assert!(net.get(&narrow).await.unwrap_err().contains("no session policy"));
    let told = net.assume(&ann, &[("Policy", "{}")]).await.err().unwrap();
    assert!(told.starts_with("400 MalformedPolicyDocument: "), "{told}");

    // What is transitive goes on to the next role, and cannot be changed on the way.
    let all = document(&policy("Allow", "sts:*", "*"));
    net.iam("PutRolePolicy", &[("RoleName", "reader"), ("PolicyName", "Sts"), ("PolicyDocument", &all)])
        .await;
    let first = net.assume(&ann, &tags).await.unwrap();
    let only = document(&policy_if("Allow", "*", "StringEquals", "aws:PrincipalTag/Team", "blue"));
    let second = net.assume(&first, &[("Policy", &only)]).await.unwrap();
    assert_eq!(net.get(&second).await, Ok(()));
    let told = net.assume(&first, &[tags[0], ("Tags.member.1.Value", "red")]).await.err().unwrap();
    assert!(told.starts_with("400 ValidationError: Tag key Team is set by the calling session"), "{told}");
    let told = net.assume(&first, &[("DurationSeconds", "3601")]).await.err().unwrap();
    assert!(told.contains("1 hour session limit"), "{told}");
}

#[tokio::test]
async fn a_users_own_session_reaches_neither_iam_nor_another_token() {
    let (net, ann) = Net::new().await;
    let own = Signer::of(&net.sts(&ann, "GetSessionToken", &[("DurationSeconds", "900")]).await.unwrap());
    assert_eq!(net.get(&own).await, Ok(()));
    let who = net.sts(&own, "GetCallerIdentity", &[]).await.unwrap();
    assert_eq!(element(&who, "Arn"), Some(ANN));
    let told = net.form(&own, "iam", "ListUsers", &[]).await.unwrap_err();
    assert!(told.starts_with("403 InvalidClientTokenId: "), "{told}");
    let told = net.sts(&own, "GetSessionToken", &[]).await.unwrap_err();
    assert_eq!(told, "403 AccessDenied: Cannot call GetSessionToken with session credentials");
    assert!(net.assume(&own, &[]).await.is_ok());
    let key = [("AccessKeyId", ann.access_key_id.as_str())];
    let whose = net.sts(&ann, "GetAccessKeyInfo", &key).await.unwrap();
    assert_eq!(element(&whose, "Account"), Some("123456789012"));
    // Root's own session does what root does.
    let root = Signer::of(&net.sts(&Signer::root(), "GetSessionToken", &[]).await.unwrap());
    assert_eq!(net.get(&root).await, Ok(()));
}

#[tokio::test]
async fn rights_change_with_the_next_request() {
    let (net, ann) = Net::new().await;
    assert_eq!(net.get(&ann).await, Ok(()));
    net.user_policy("ann", &policy("Deny", "*", "*")).await;
    let told = net.get(&ann).await.unwrap_err();
    assert!(told.ends_with("with an explicit deny in an identity-based policy"), "{told}");
    net.iam("DeleteUserPolicy", &[("UserName", "ann"), ("PolicyName", "P")]).await;
    assert!(net.get(&ann).await.unwrap_err().contains("no identity-based policy allows"));
    net.iam("CreateGroup", &[("GroupName", "readers")]).await;
    let read = document(&policy("Allow", "secretsmanager:Get*", "*"));
    net.iam("PutGroupPolicy", &[("GroupName", "readers"), ("PolicyName", "R"), ("PolicyDocument", &read)])
        .await;
    net.iam("AddUserToGroup", &[("GroupName", "readers"), ("UserName", "ann")]).await;
    assert_eq!(net.get(&ann).await, Ok(()));
    assert!(net.node.ops.identity_of_user("123456789012", "ann").await.unwrap().is_some());
}

#[tokio::test]
async fn a_simulation_tells_which_statement_decides_and_why_the_others_do_not() {
    let (net, ann) = Net::new().await;
    let secret = net.json(&ann, "DescribeSecret", &json!({"SecretId": "app"})).await.unwrap();
    let simulate = async |principal: &str, action: &str, context: Value| {
        let body =
            json!({"Principal": principal, "Action": action, "Resource": secret["ARN"], "Context": context});
        let (root, body) = (Node::root(), body.to_string());
        let answer = net.node.ops.dispatch(&root, "Keywheel.SimulatePolicy", body.as_bytes());
        let answer = answer.await.map_err(|error| error.to_string());
        answer.map(|answer| serde_json::from_slice::<Value>(&answer).unwrap())
    };
    let read = "secretsmanager:GetSecretValue";
    let told = simulate(ROLE, read, json!({})).await.unwrap();
    assert_eq!(told["Decision"], "allowed");
    let expected = json!([{"Layer": "identity-based policy", "Policy": "Read", "Number": 1, "Effect": "Allow", "Decides": true}]);
    assert_eq!(told["Statements"], expected);
    let told = simulate(ROLE, "secretsmanager:PutSecretValue", json!({})).await.unwrap();
    assert_eq!(
        (&told["Decision"], &told["Statements"][0]["Mismatch"]),
        (&json!("implicitDeny"), &json!("Action"))
    );
    let from = json!({"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}});
    net.user_policy("ann", &json!([from, policy("Allow", "*", "*")])).await;
    for (address, decision, mismatch) in [
        ("192.0.2.1", "allowed", json!("Condition NotIpAddress aws:sourceip")),
        ("203.0.113.1", "explicitDeny", Value::Null),
    ] {
        let told = simulate(ANN, read, json!({"aws:SourceIp": address})).await.unwrap();
        assert_eq!(
            (&told["Decision"], &told["Statements"][0]["Mismatch"]),
            (&json!(decision), &mismatch),
            "{told}"
        );
    }
    let told = simulate("arn:aws:iam::123456789012:user/bob", read, json!({})).await;
    let none = "ResourceNotFoundException: There is no user or role `arn:aws:iam::123456789012:user/bob` in this account.";
    assert_eq!(told, Err(none.to_owned()));
}

#[tokio::test]
async fn the_trail_tells_of_a_session_as_cloudtrail_does() {
    let (net, ann) = Net::new().await;
    let session = net.assume(&ann, &[("SourceIdentity", "lee")]).await.unwrap();
    net.get(&session).await.unwrap();
    net.trail.flush().await;
    let target = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents";
    let by = json!({"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "GetSecretValue"}]});
    let found = net.json(&Signer::root(), target, &by).await.unwrap();
    let event = &found["Events"][0];
    assert_eq!(
        (&event["Username"], &event["AccessKeyId"]),
        (&json!("one"), &json!(session.access_key_id)),
        "{found}"
    );
    let event: Value = serde_json::from_str(event["CloudTrailEvent"].as_str().unwrap()).unwrap();
    let role = net.node.ops.identity_of_role("123456789012", "reader").await.unwrap().unwrap();
    let expected = json!({
        "type": "AssumedRole",
        "principalId": format!("{}:one", role.identity.id),
        "arn": "arn:aws:sts::123456789012:assumed-role/reader/one",
        "accountId": "123456789012",
        "accessKeyId": session.access_key_id,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": role.identity.id,
                "arn": ROLE,
                "accountId": "123456789012",
                "userName": "reader",
            },
            "attributes": {
                "creationDate": event["eventTime"],
                "mfaAuthenticated": "false",
            },
            "sourceIdentity": "lee",
        },
    });
    assert_eq!(event["userIdentity"], expected);
}

#[tokio::test]
async fn a_stream_of_events_ends_with_what_let_it_be_opened() {
    for (action, members) in [
        ("UpdateAccessKey", [("Status", "Inactive")].as_slice()),
        ("DeleteAccessKey", &[]),
        ("DeleteUserPolicy", &[("PolicyName", "P")]),
        ("UpdateUser", &[("NewUserName", "bob")]),
    ] {
        let (net, ann) = Net::new().await;
        let session = Signer::of(&net.sts(&ann, "GetSessionToken", &[]).await.unwrap());
        let mut streams = [
            Stream::open(&net, &ann).await,
            Stream::open(&net, &session).await,
            Stream::open(&net, &Signer::root()).await,
        ];
        net.iam("TagUser", &[("UserName", "ann"), ("Tags.member.1.Key", "a"), ("Tags.member.1.Value", "b")])
            .await;
        assert_eq!(streams.each_mut().map(Stream::state), ["goes on"; 3], "{action}");
        let mut all = vec![("UserName", "ann")];
        if action.ends_with("AccessKey") {
            all.push(("AccessKeyId", &ann.access_key_id));
        }
        all.extend(members);
        net.iam(action, &all).await;
        assert_eq!(streams.each_mut().map(Stream::state), ["ended", "ended", "goes on"], "{action}");
    }
}

#[tokio::test]
async fn a_stream_of_events_ends_with_its_session() {
    let (net, ann) = Net::new().await;
    let xml = net.sts(&ann, "GetSessionToken", &[("DurationSeconds", "900")]).await.unwrap();
    let mut stream = Stream::open(&net, &Signer::of(&xml)).await;
    assert_eq!(stream.state(), "silent");
    net.clock.advance(15 * MINUTE_MS);
    assert_eq!(stream.state(), "ended");
}
