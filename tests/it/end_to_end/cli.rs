//! The command line against a running server: what operators and approvers type, and what they see.

mod function;

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use keywheel_tests::process::{self, ACCESS_KEY_ID, Keywheel, SECRET_ACCESS_KEY};
use keywheel_tests::wait;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{SECRET, Site};

/// Somebody with an access key, at a terminal.
struct Person {
    server: SocketAddr,
    access_key_id: String,
    secret_access_key: String,
}

impl Person {
    fn operator(server: SocketAddr) -> Self {
        let [access_key_id, secret_access_key] = [ACCESS_KEY_ID, SECRET_ACCESS_KEY].map(str::to_owned);
        Self { server, access_key_id, secret_access_key }
    }

    /// Somebody whom the operator has made an approver, with the lines that were shown.
    async fn approver(operator: &Self, name: &str) -> Self {
        let shown = operator.says(&["approver", "create", name]).await;
        let line = |variable: &str| {
            let start = format!("export {variable}=");
            shown.lines().find_map(|line| line.strip_prefix(&start)).unwrap().to_owned()
        };
        assert_eq!(line("AWS_ENDPOINT_URL_SECRETS_MANAGER"), format!("http://{}", operator.server));
        let [access_key_id, secret_access_key] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map(line);
        Self { server: operator.server, access_key_id, secret_access_key }
    }

    fn types(&self, arguments: &[&str]) -> Command {
        let mut command = process::keywheel().unwrap();
        command.args(arguments);
        for name in ["AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN", "AWS_REGION"] {
            command.env_remove(name);
        }
        command.env("AWS_DEFAULT_REGION", keywheel_tests::client::REGION);
        command.env("AWS_ENDPOINT_URL_SECRETS_MANAGER", format!("http://{}", self.server));
        command.env("AWS_ACCESS_KEY_ID", &self.access_key_id);
        command.env("AWS_SECRET_ACCESS_KEY", &self.secret_access_key);
        command
    }

    async fn run(&self, arguments: &[&str]) -> Output {
        process::output(&mut self.types(arguments)).await.unwrap()
    }

    /// What a command prints that succeeds.
    async fn says(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments).await;
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        text(output.stdout)
    }

    /// The same as JSON.
    async fn reads(&self, arguments: &[&str]) -> Value {
        let arguments = [arguments, &["--json"]].concat();
        serde_json::from_str(&self.says(&arguments).await).unwrap()
    }

    /// A command fails with this exit code and one line that holds `sentence`.
    async fn fails(&self, arguments: &[&str], code: i32, sentence: &str) {
        failed(&self.run(arguments).await, code, sentence);
    }

    /// The id of the one request for approval there is, once there is one.
    async fn asked(&self) -> String {
        let seen = wait::until("a request for approval", async || {
            let listed = self.reads(&["approval", "list"]).await;
            Ok(listed["Approvals"][0]["ApprovalId"].as_str().map(str::to_owned))
        });
        seen.await.unwrap()
    }
}

fn failed(output: &Output, code: i32, sentence: &str) {
    let complaint = text(output.stderr.clone());
    assert_eq!(output.status.code(), Some(code), "{complaint}");
    assert!(complaint.contains(sentence), "{sentence:?} is not in {complaint:?}");
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// A site whose secret was rotated once, and whose further rotations need somebody before `setSecret`.
async fn site_with_approval() -> (Site, Person) {
    let (site, _) = Site::with_secret().await;
    site.rotate().await;
    let tags = json!([{ "Key": "keywheel:approve-before", "Value": "setSecret" }]);
    site.client.call("TagResource", json!({ "SecretId": SECRET, "Tags": tags })).await.unwrap();
    let operator = Person::operator(site.keywheel.address());
    (site, operator)
}

#[tokio::test]
async fn a_rotation_waits_for_an_approver() {
    let (site, operator) = site_with_approval().await;
    let ann = Person::approver(&operator, "ann").await;
    let before = site.password("AWSCURRENT").await;
    assert_eq!(operator.says(&["approval", "list"]).await, "nothing waits for approval\n");

    let waiting = Following::start(operator.types(&["rotation", "start", SECRET, "--wait"]));
    let id = ann.asked().await;
    waiting.sees(&format!(" for approval {id}")).await;
    let listed = ann.says(&["approval", "list"]).await;
    assert!(listed.starts_with("ID ") && listed.contains(&id) && listed.contains("0 of 1"), "{listed}");
    let described = ann.says(&["approval", "describe", &id]).await;
    for line in ["before        setSecret", "changes       password", "agreed        0 of 1"] {
        assert!(described.lines().any(|shown| shown == line), "{line} is not in {described}");
    }
    operator.fails(&["approval", "approve", &id], 1, "asked for this rotation").await;
    assert_eq!(site.password("AWSCURRENT").await, before);
    let said = ann.says(&["approval", "approve", &id, "--comment", "fine"]).await;
    assert_eq!(said, format!("{SECRET}: approved, the rotation goes on\n"));
    let (output, told) = waiting.ends().await;
    assert!(output.status.success(), "{output:?}");
    let steps = ["createSecret: done (", "setSecret: done (", "finishSecret: done (", "\nSucceeded\n"];
    assert!(steps.iter().all(|step| told.contains(step)), "{told}");
    assert!(site.accepts(&site.password("AWSCURRENT").await).await);

    let token = told.lines().next().unwrap().split(' ').nth(2).unwrap().to_owned();
    let described = operator.says(&["rotation", "describe", SECRET, "--token", &token, "--log"]).await;
    assert!(described.contains("state      Succeeded\n"), "{described}");
    let listed =
        operator.says(&["rotation", "list", "--secret", SECRET, "--state", "Succeeded", "Failed"]).await;
    assert!(listed.lines().count() == 3 && listed.contains(&token), "{listed}");
    assert_eq!(operator.says(&["rotation", "list"]).await, "no such rotations\n");
    let events = operator.says(&["events", "--secret", SECRET]).await;
    let granted = events.lines().find(|line| line.contains("  ApprovalGranted  ")).unwrap();
    assert!(granted.contains(&token) && granted.contains(":user/ann  "), "{granted}");
    ann.fails(&["approval", "approve", &id], 1, "ResourceNotFoundException: ").await;
    ann.fails(&["rotation", "start", SECRET], 1, "AccessDeniedException: ").await;
    assert_eq!(site.places_with(&before).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_rejected_rotation_fails_for_who_waits_for_it() {
    let (site, operator) = site_with_approval().await;
    let ann = Person::approver(&operator, "ann").await;
    let before = site.password("AWSCURRENT").await;
    let waiting = Following::start(operator.types(&["rotation", "start", SECRET, "--wait", "--json"]));
    let id = ann.asked().await;
    let said = ann.says(&["approval", "reject", &id, "--reason", "not today"]).await;
    assert_eq!(said, format!("{SECRET}: rejected, the target was not touched\n"));
    let (output, _) = waiting.ends().await;
    failed(&output, 1, &format!("{SECRET}: Rotate is Rejected"));
    let last: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(last["State"], "Rejected");
    assert!(site.password("AWSCURRENT").await == before && site.accepts(&before).await);

    assert!(operator.says(&["approver", "list"]).await.contains(&ann.access_key_id));
    operator.says(&["approver", "delete", "ann"]).await;
    ann.fails(&["approval", "list"], 1, "UnrecognizedClientException: ").await;
}

#[tokio::test]
async fn an_operator_looks_after_a_secret() {
    let (site, first) = Site::with_secret().await;
    let operator = Person::operator(site.keywheel.address());
    operator.fails(&["rotation", "start", SECRET], 1, "No Lambda rotation function ARN").await;
    site.rotate().await;

    let verified = operator.says(&["rotation", "verify", SECRET, "--wait"]).await;
    assert!(verified.ends_with("\nSucceeded\n"), "{verified}");
    let tried = operator.reads(&["rotation", "dry-run", SECRET, "--wait"]).await;
    assert_eq!((&tried["Purpose"], &tried["State"]), (&json!("DryRun"), &json!("Succeeded")));

    let second = site.password("AWSCURRENT").await;
    let back = operator.says(&["rotation", "roll-back", SECRET, "--wait"]).await;
    assert!(back.ends_with("\nRolledBack\n"), "{back}");
    assert_eq!(site.password("AWSCURRENT").await, first);
    assert!(site.accepts(&first).await && !site.accepts(&second).await);
    operator
        .fails(&["rotation", "retry", SECRET], 1, "There is no rotation of this secret that waits.")
        .await;
}

#[tokio::test]
async fn a_schedule_is_previewed_skipped_and_cancelled() {
    let (site, _) = Site::with_secret().await;
    let operator = Person::operator(site.keywheel.address());
    let rules = json!({ "ScheduleExpression": "cron(0 4 ? * SUN *)", "Duration": "3h" });
    let rotate =
        json!({ "SecretId": SECRET, "RotationLambdaARN": super::FUNCTION_ARN, "RotationRules": rules });
    site.client.call("RotateSecret", rotate).await.unwrap();
    site.client.rotation_in(SECRET, "Succeeded").await.unwrap();

    let preview = operator.says(&["rotation", "preview", SECRET]).await;
    assert!(preview.starts_with(&format!("{SECRET}: rotation is on; time zone UTC\n\nSTARTS ")), "{preview}");
    assert_eq!(preview.matches("  Sun 20").count(), 15, "{preview}");
    let first = preview.lines().nth(3).unwrap().split(' ').next().unwrap().to_owned();
    let skipped = operator.says(&["rotation", "skip", SECRET]).await;
    assert!(
        skipped.starts_with(&format!("{SECRET}: skipped that of {first}; the next starts 20")),
        "{skipped}"
    );

    let note = operator.run(&["rotation", "policy", "get", SECRET]).await;
    assert!(note.status.success() && note.stdout.is_empty() && !note.stderr.is_empty(), "{note:?}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.json");
    let policy = json!({ "TimeZone": "Europe/Berlin", "Approvals": { "Before": ["setSecret"], "Count": 2 } });
    fs::write(&file, policy.to_string()).unwrap();
    let path = file.to_str().unwrap();
    operator.says(&["rotation", "policy", "put", SECRET, "--file", path]).await;
    let shown = operator.says(&["rotation", "policy", "get", SECRET]).await;
    assert!(shown.contains(r#""TimeZone": "Europe/Berlin""#) && shown.contains(r#""Count": 2"#), "{shown}");
    fs::write(&file, &shown).unwrap();
    let mut put = operator.types(&["rotation", "policy", "put", SECRET, "--file", "-"]);
    put.stdin(File::open(&file).unwrap());
    assert!(process::output(&mut put).await.unwrap().status.success());
    assert_eq!(operator.says(&["rotation", "policy", "get", SECRET]).await, shown);
    operator.says(&["rotation", "policy", "delete", SECRET]).await;
    assert_eq!(operator.reads(&["rotation", "policy", "get", SECRET]).await["Policy"], Value::Null);
    fs::write(&file, "[]").unwrap();
    operator.fails(&["rotation", "policy", "put", SECRET, "--file", path], 1, "is no JSON object").await;

    let cancelled = operator.says(&["rotation", "cancel", SECRET]).await;
    assert_eq!(cancelled, format!("{SECRET}: no rotation runs, and none is scheduled\n"));
}

#[tokio::test]
async fn webhooks_are_made_listed_and_taken_away() {
    let data = tempfile::tempdir().unwrap();
    let server = Keywheel::start(data.path()).await.unwrap();
    let operator = Person::operator(server.address());
    let listed = operator.says(&["webhook", "list"]).await;
    assert_eq!(listed, "no webhooks: `keywheel webhook put` makes one\n");
    let url = "https://hooks.example/keywheel";
    let put = ["webhook", "put", "ops", url, "--event", "RotationFailed", "--disabled"];
    let made = operator.says(&put).await;
    let secret = made.split_once("signing secret, shown this once: ").expect("a new secret").1.trim();
    assert!(made.starts_with("ops: disabled, at https://hooks.example/keywheel\n"), "{made}");
    assert_eq!(operator.says(&put).await, "ops: disabled, at https://hooks.example/keywheel\n");
    let again = operator.says(&[&put[..], &["--rotate-signing-secret"]].concat()).await;
    assert!(again.contains("shown this once: ") && !again.contains(secret), "{again}");
    let listed = operator.reads(&["webhook", "list"]).await;
    assert_eq!(listed["Webhooks"][0]["Events"], json!(["RotationFailed"]));
    let listed = operator.says(&["webhook", "list"]).await;
    assert!(listed.contains("ops ") && listed.contains("disabled") && listed.contains(url), "{listed}");
    operator.fails(&["webhook", "put", "ops", "http://hooks.example/"], 1, "ParameterException: ").await;
    assert_eq!(operator.says(&["webhook", "delete", "ops"]).await, "ops: deleted\n");
    operator.fails(&["webhook", "delete", "ops"], 1, "ResourceNotFoundException: ").await;
}

#[tokio::test]
async fn what_cannot_be_done_is_one_line() {
    let data = tempfile::tempdir().unwrap();
    let server = Keywheel::start(data.path()).await.unwrap();
    let operator = Person::operator(server.address());
    operator
        .fails(&["approval", "approve", "0123456789abcdef01234567"], 1, "ResourceNotFoundException: ")
        .await;
    operator.fails(&["approval", "describe", "x"], 1, "Exception: ").await;
    operator.fails(&["rotation", "describe", "nothing"], 1, "can't find the specified secret.").await;
    operator.fails(&["rotation", "list", "--state", "Sleeping"], 2, "'Sleeping'").await;
    operator.fails(&["rotation", "verify"], 2, "<SECRET>").await;
    operator.fails(&["events", "--from", "0"], 2, "--from").await;
    operator
        .fails(&["approval", "list", "--endpoint", "ftp://127.0.0.1:1"], 2, "the endpoint takes the form")
        .await;
    let keyless =
        process::output(operator.types(&["approval", "list"]).env_remove("AWS_ACCESS_KEY_ID")).await;
    failed(&keyless.unwrap(), 2, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
    let stranger =
        Person { secret_access_key: "another secret".to_owned(), ..Person::operator(server.address()) };
    stranger.fails(&["approval", "list"], 1, "InvalidSignatureException: ").await;

    // A port that was free a moment ago.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let endpoint = format!("http://{nobody}");
    for arguments in [["approval", "list"].as_slice(), &["events", "--follow"]] {
        let arguments = [arguments, &["--endpoint", &endpoint]].concat();
        operator.fails(&arguments, 1, &format!("no server answers at {endpoint}: start one")).await;
    }
}

#[tokio::test]
async fn json_is_for_programs() {
    let data = tempfile::tempdir().unwrap();
    let server = Keywheel::start(data.path()).await.unwrap();
    let secret = json!({ "Name": "app", "SecretString": "x" });
    server.client().call("CreateSecret", secret).await.unwrap();
    let operator = Person::operator(server.address());
    for command in ["rotation list", "rotation policy get app", "approval list", "approver list", "events"] {
        let arguments: Vec<_> = command.split(' ').chain(["--json"]).collect();
        let typed = operator.types(&arguments);
        let mut piped = Command::new("sh");
        piped
            .arg("-c")
            .arg(format!(r#""$0" {} | python3 -m json.tool"#, arguments.join(" ")))
            .arg(typed.get_program());
        piped.envs(typed.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let output = process::output(&mut piped).await.unwrap();
        assert!(output.status.success() && output.stdout.starts_with(b"{"), "{command}: {output:?}");
    }
    let answer = server.client().send("Keywheel.ListApprovers", &json!({})).await.unwrap();
    assert_eq!(operator.reads(&["approver", "list"]).await, answer.body);
    assert_eq!(operator.says(&["events", "--json"]).await.lines().count(), 1);
}

/// A command that goes on, and what it has printed so far.
struct Following {
    child: Child,
    folder: TempDir,
}

impl Following {
    fn start(mut command: Command) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| Stdio::from(File::create(folder.path().join(name)).unwrap());
        let child = command.stdout(file("stdout")).stderr(file("stderr")).spawn().unwrap();
        Self { child, folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The whole lines of its output, once one of them holds `text`.
    async fn sees(&self, text: &str) -> Vec<String> {
        let what = format!("{text} to be printed");
        let seen = wait::until(&what, async || {
            let printed = fs::read_to_string(self.path("stdout"))?;
            let whole = &printed[..printed.rfind('\n').map_or(0, |end| end + 1)];
            Ok(whole.contains(text).then(|| whole.lines().map(str::to_owned).collect()))
        });
        seen.await.unwrap_or_else(|error| panic!("{error:#}; {}", self.notes()))
    }

    /// How it ended, once it has, and its output as text.
    async fn ends(mut self) -> (Output, String) {
        let status = wait::until("the command to end", async || Ok(self.child.try_wait()?)).await.unwrap();
        let read = |name: &str| fs::read(self.path(name)).unwrap();
        let output = Output { status, stdout: read("stdout"), stderr: read("stderr") };
        let told = text(output.stdout.clone());
        (output, told)
    }

    fn notes(&self) -> String {
        fs::read_to_string(self.path("stderr")).unwrap()
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        // An error means that it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn events_are_followed_over_a_restart() {
    let (site, _) = Site::with_secret().await;
    let address = site.keywheel.address();
    let operator = Person::operator(address);
    let all = Following::start(operator.types(&["events", "--follow", "--json", "--from", "1"]));
    let own = Following::start(operator.types(&["events", "--follow", "--secret", SECRET, "--from", "1"]));
    all.sees(r#""Event":"CreateSecret""#).await;
    own.sees("  CreateSecret  ").await;
    site.rotate().await;
    all.sees(r#""Event":"RotationSucceeded""#).await;

    let Site { postgres: _postgres, data, keywheel, .. } = site;
    keywheel.kill();
    let keywheel = restart(data.path(), address).await;
    let other = json!({ "Name": "other", "SecretString": "x" });
    keywheel.client().call("CreateSecret", other).await.unwrap();
    keywheel.client().call("DeleteSecret", json!({ "SecretId": SECRET })).await.unwrap();

    let lines = all.sees(r#""Event":"DeleteSecret""#).await;
    assert!(all.notes().contains("it goes on where it was"), "{}", all.notes());
    let events: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: Vec<u64> = events.iter().map(|event| event["EventId"].as_u64().unwrap()).collect();
    let each_once: Vec<u64> = (1..=ids.len() as u64).collect();
    assert_eq!(ids, each_once);
    let listed = operator.says(&["events", "--json"]).await;
    assert_eq!(listed.lines().collect::<Vec<_>>(), lines);

    let own = own.sees("  DeleteSecret  ").await;
    assert_eq!(own.len(), lines.len() - 1, "the other secret is left out: {own:?}");
    let from = operator.says(&["events", "--from", &ids.len().to_string()]).await;
    assert_eq!(from.lines().collect::<Vec<_>>(), [own.last().unwrap()]);
}

/// A server on the same folder and the same port.
async fn restart(data: &Path, address: SocketAddr) -> Keywheel {
    let mut command = process::keywheel().unwrap();
    command.arg("serve").arg("--data").arg(data).args(["--listen", &address.to_string()]);
    command.env("KEYWHEEL_ROOT_ACCESS_KEY_ID", ACCESS_KEY_ID);
    command.env("KEYWHEEL_ROOT_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY);
    Keywheel::start_with(&mut command).await.unwrap()
}
