//! The real binary and a real MariaDB: rotations by the built-in functions, kills, an outage, TLS.

use std::fs;

use keywheel::clock::Stopwatch;
use keywheel_tests::certificate::{Authority, Certificate};
use keywheel_tests::client::ApiClient;
use keywheel_tests::entropy::SimEntropy;
use keywheel_tests::mariadb::Mariadb;
use keywheel_tests::process::{self, Keywheel};
use keywheel_tests::wait;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::fleet::moment;
use super::{SECRET, files, last_failure, written_forms};

const SINGLE_USER: &str = "arn:aws:lambda:us-east-1:123456789012:function:mysql-single-user";
const ALTERNATING_USERS: &str = "arn:aws:lambda:us-east-1:123456789012:function:mysql-alternating-users";
/// A name that must be quoted.
const USER: &str = "twitter-app";
const KILLS: u64 = 4;
/// Any number: it only spreads the moments.
const SEED: u64 = 0x0B5E_55ED_0DB5;

/// A MariaDB, a data folder, and a `keywheel` on it.
struct Site {
    mariadb: Mariadb,
    data: TempDir,
    keywheel: Keywheel,
    client: ApiClient,
}

impl Site {
    async fn start() -> Self {
        let data = process::used_data_folder().await.unwrap();
        let mariadb = Mariadb::start().await.unwrap();
        let keywheel = Keywheel::start(data.path()).await.unwrap();
        Self { mariadb, data, client: keywheel.client(), keywheel }
    }

    async fn create_secret(&self, name: &str, value: &Value) {
        let create = json!({ "Name": name, "SecretString": value.to_string() });
        self.client.call("CreateSecret", create).await.unwrap();
    }

    async fn begin(&self, name: &str, function: &str) {
        let rotate = json!({ "SecretId": name, "RotationLambdaARN": function });
        self.client.call("RotateSecret", rotate).await.unwrap();
    }

    async fn rotate(&self, name: &str, function: &str) -> Value {
        self.begin(name, function).await;
        self.client.rotation_in(name, "Succeeded").await.unwrap()
    }

    /// A member of the value with this label.
    async fn member(&self, name: &str, stage: &str, key: &str) -> String {
        let value = self.client.value(name, stage).await.unwrap();
        value[key].as_str().unwrap().to_owned()
    }

    async fn logs_in(&self, name: &str, stage: &str) -> bool {
        // One read: between two, a rotation may have given the label to the other user's version.
        let value = self.client.value(name, stage).await.unwrap();
        let member = |key: &str| value[key].as_str().unwrap();
        self.mariadb.accepts(member("username"), member("password")).unwrap()
    }

    /// `kill -9`, then another process on the same folder.
    async fn kill_and_restart(self) -> Self {
        let Self { mariadb, data, keywheel, .. } = self;
        keywheel.kill();
        let keywheel = Keywheel::start(data.path()).await.unwrap();
        Self { mariadb, data, client: keywheel.client(), keywheel }
    }

    /// Looks for a password wherever it must not be; names the places.
    fn places_with(&self, password: &str) -> Vec<String> {
        let mut places = Vec::new();
        for form in written_forms(password) {
            let mut look = |place: &str, text: &[u8]| {
                if text.windows(form.len()).any(|window| window == form.as_bytes()) {
                    places.push(place.to_owned());
                }
            };
            look("MariaDB's logs", self.mariadb.log().unwrap().as_bytes());
            look("standard output", self.keywheel.stdout().as_bytes());
            look("standard error", self.keywheel.stderr().as_bytes());
            for file in files(self.data.path()) {
                look(&file.display().to_string(), &fs::read(&file).unwrap());
            }
        }
        places
    }
}

#[tokio::test]
async fn passwords_of_mariadb_rotate_through_kills_and_outages() {
    let mut site = Site::start().await;
    let first = site.mariadb.create_user(USER).unwrap();
    site.create_secret(SECRET, &site.mariadb.secret_value(USER, &first)).await;
    let mut passwords = vec![first];

    let stopwatch = Stopwatch::start();
    site.rotate(SECRET, SINGLE_USER).await;
    let undisturbed = stopwatch.elapsed();
    passwords.push(site.member(SECRET, "AWSCURRENT", "password").await);
    assert_ne!(passwords[0], passwords[1]);
    assert!(site.mariadb.accepts(USER, &passwords[1]).unwrap());
    assert!(!site.mariadb.accepts(USER, &passwords[0]).unwrap());
    assert_eq!(site.member(SECRET, "AWSPREVIOUS", "password").await, passwords[0]);

    let entropy = SimEntropy::new(SEED);
    for kill in 0..KILLS {
        site.begin(SECRET, SINGLE_USER).await;
        tokio::time::sleep(moment(&entropy, undisturbed)).await;
        site = site.kill_and_restart().await;
        let rotation = site.client.rotation_in(SECRET, "Succeeded").await.unwrap();
        let current = site.member(SECRET, "AWSCURRENT", "password").await;
        assert_ne!(Some(&current), passwords.last(), "kill {kill}: {rotation}");
        assert!(site.mariadb.accepts(USER, &current).unwrap(), "kill {kill}: {rotation}");
        passwords.push(current);
    }

    // The server is away when setSecret wants it.
    site.mariadb.stop();
    site.begin(SECRET, SINGLE_USER).await;
    let failed = failed(&site.client, SECRET, "connecting to the server").await;
    assert_ne!(failed["State"], "NeedsAttention", "{failed}");
    site.mariadb.resume().await.unwrap();
    let again = json!({ "SecretId": SECRET, "ClientRequestToken": failed["ClientRequestToken"] });
    site.client.call("RotateSecret", again).await.unwrap();
    site.client.rotation_in(SECRET, "Succeeded").await.unwrap();
    assert!(site.logs_in(SECRET, "AWSCURRENT").await);
    passwords.push(site.member(SECRET, "AWSCURRENT", "password").await);

    // The statement is in the server's log, so the search would find a password in its place.
    assert!(site.mariadb.log().unwrap().contains("SET PASSWORD = '*"));
    for password in &passwords {
        assert_eq!(site.places_with(password), Vec::<String>::new());
    }
    what_cannot_be_rotated_changes_nothing(&site).await;
    two_users_take_turns_through_kills(site).await;
}

/// Waits until a step of a rotation has failed with this sentence.
async fn failed(client: &ApiClient, name: &str, sentence: &str) -> Value {
    let mut last = Value::Null;
    let failed = wait::until("a step to fail", async || {
        last = client.rotation(name).await?;
        let attempts = last["Attempts"].as_array().into_iter().flatten();
        let mut failures = attempts.filter_map(|attempt| attempt["Failure"].as_str());
        Ok(failures.any(|told| told.contains(sentence)).then_some(()))
    });
    assert!(failed.await.is_ok(), "{name}: {sentence}: {last}");
    last
}

async fn what_cannot_be_rotated_changes_nothing(site: &Site) {
    let password = site.mariadb.create_user("kept").unwrap();
    let good = site.mariadb.secret_value("kept", &password);
    let with = |key: &str, value: Value| {
        let mut changed = good.clone();
        changed[key] = value;
        changed.to_string()
    };
    for (name, value, sentence) in [
        ("text", "not JSON".to_owned(), "not a JSON object"),
        ("no-username", with("username", Value::Null), "`username`"),
        ("other-engine", with("engine", "postgres".into()), "`engine` must be `mysql` or `mariadb`"),
        ("no-port", with("port", "many".into()), "`port`"),
        ("ssl", with("ssl", "perhaps".into()), "`ssl` must be true or false"),
        ("no-tls", with("ssl", true.into()), "the server does not support TLS"),
        (
            "no-database",
            with("dbname", "gone".into()),
            "Access denied for user 'kept'@'%' to database 'gone'",
        ),
        ("wrong-password", with("password", "wrong".into()), "store the one in use in the secret"),
    ] {
        site.client.call("CreateSecret", json!({ "Name": name, "SecretString": value })).await.unwrap();
        site.begin(name, SINGLE_USER).await;
        failed(&site.client, name, sentence).await;
        let read = site.client.call("GetSecretValue", json!({ "SecretId": name })).await.unwrap();
        assert_eq!(read["SecretString"], value.as_str());
    }
    assert!(site.mariadb.accepts("kept", &password).unwrap());
}

async fn two_users_take_turns_through_kills(mut site: Site) {
    const TURNS: &str = "prod/turns";
    site.create_secret("prod/admin", &site.mariadb.admin_secret_value()).await;
    let described = site.client.call("DescribeSecret", json!({ "SecretId": "prod/admin" })).await.unwrap();
    let mut value = site.mariadb.secret_value("turns", &site.mariadb.create_user("turns").unwrap());
    value["masterarn"] = described["ARN"].clone();
    site.create_secret(TURNS, &value).await;
    let policy = json!({ "SecretId": TURNS, "ReadableSecretIds": ["prod/admin"] });
    site.client.call("Keywheel.PutRotationPolicy", policy).await.unwrap();

    let entropy = SimEntropy::new(SEED);
    let stopwatch = Stopwatch::start();
    site.rotate(TURNS, ALTERNATING_USERS).await;
    let undisturbed = stopwatch.elapsed();
    for (turn, user) in ["turns", "turns_clone", "turns"].into_iter().enumerate() {
        assert!(site.logs_in(TURNS, "AWSCURRENT").await && site.logs_in(TURNS, "AWSPREVIOUS").await);
        site.begin(TURNS, ALTERNATING_USERS).await;
        tokio::time::sleep(moment(&entropy, undisturbed)).await;
        assert!(site.logs_in(TURNS, "AWSCURRENT").await, "turn {turn}");
        site = site.kill_and_restart().await;
        assert!(site.logs_in(TURNS, "AWSCURRENT").await, "turn {turn}");
        site.client.rotation_in(TURNS, "Succeeded").await.unwrap();
        assert_eq!(site.member(TURNS, "AWSCURRENT", "username").await, user);
    }
    assert!(site.logs_in(TURNS, "AWSCURRENT").await && site.logs_in(TURNS, "AWSPREVIOUS").await);
    for stage in ["AWSCURRENT", "AWSPREVIOUS"] {
        let password = site.member(TURNS, stage, "password").await;
        assert_eq!(site.places_with(&password), Vec::<String>::new());
    }
}

/// Rotates a new secret until it succeeds, or a step fails with the sentence that is expected.
async fn check_tls(
    client: &ApiClient,
    server: &Mariadb,
    name: &str,
    ssl: Value,
    host: &str,
    expected: Option<&str>,
) {
    let password = server.create_user(name).unwrap();
    let mut value = server.secret_value(name, &password);
    (value["ssl"], value["host"]) = (ssl, host.into());
    client.call("CreateSecret", json!({ "Name": name, "SecretString": value.to_string() })).await.unwrap();
    client.call("RotateSecret", json!({ "SecretId": name, "RotationLambdaARN": SINGLE_USER })).await.unwrap();
    let ended = wait::until("the rotation to succeed or to fail", async || {
        let rotation = client.rotation(name).await?;
        let ended = rotation["State"] == "Succeeded" || !last_failure(&rotation).is_empty();
        Ok(ended.then_some(rotation))
    });
    let rotation = ended.await.unwrap();
    let current = client.value(name, "AWSCURRENT").await.unwrap();
    assert!(server.accepts(name, current["password"].as_str().unwrap()).unwrap(), "{rotation}");
    assert_eq!(current["password"] != value["password"], expected.is_none(), "{name}: {rotation}");
    match expected {
        None => assert_eq!(rotation["State"], "Succeeded", "{name}: {rotation}"),
        Some(sentence) => assert!(last_failure(&rotation).contains(sentence), "{name}: {rotation}"),
    }
}

#[tokio::test]
async fn tls_is_as_the_secret_says() {
    let authority = Authority::new("trusted").unwrap();
    let data = process::used_data_folder().await.unwrap();
    let mut serve = process::serve(data.path()).unwrap();
    serve.env("SSL_CERT_FILE", authority.file()).env_remove("SSL_CERT_DIR");
    let keywheel = Keywheel::start_with(&mut serve).await.unwrap();
    let client = keywheel.client();

    let server = Mariadb::start_encrypted(&authority.issue("localhost").unwrap()).await.unwrap();
    for (name, ssl, host, expected) in [
        ("unsaid", Value::Null, "127.0.0.1", None),
        ("verified", true.into(), "localhost", None),
        (
            "other-name",
            true.into(),
            "127.0.0.1",
            Some("no connection: the server's certificate is not for host `127.0.0.1`"),
        ),
        (
            "clear",
            false.into(),
            "127.0.0.1",
            Some("the connection is not encrypted, which it may have to be"),
        ),
    ] {
        check_tls(&client, &server, name, ssl, host, expected).await;
    }
    drop(server);

    let server = Mariadb::start_encrypted(&Certificate::self_signed("localhost").unwrap()).await.unwrap();
    let sentence = "no connection: the server's certificate is self-signed or an authority's own, and not one that a \
                    trusted authority signed for a server";
    check_tls(&client, &server, "self-signed", true.into(), "localhost", Some(sentence)).await;
    check_tls(&client, &server, "unverified", Value::Null, "localhost", None).await;
}
