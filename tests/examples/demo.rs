//! Rotates the password of a real PostgreSQL in front of a person, and leaves nothing behind.
//!
//! `cargo xtask demo` builds and starts it. It shows everything but the passwords.
#![expect(clippy::print_stdout, reason = "it talks to a person")]

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use keywheel::clock::{Clock as _, Stopwatch, SystemClock};
use keywheel_domain::time::{MINUTE_MS, Timestamp};
use keywheel_tests::client::ApiClient;
use keywheel_tests::postgres::{HOST, Postgres};
use keywheel_tests::process::Keywheel;
use keywheel_tests::wait;
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};

const SECRET: &str = "prod/TwitterApp/Database";
const ROLE: &str = "twitter_app";
const FUNCTION_ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:postgres-single-user";
const SCHEDULE: &str = "rate(1 days)";
/// Enough of a version's id to tell two apart.
const ID_CHARS_SHOWN: usize = 8;

#[tokio::main]
async fn main() -> Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    // Whichever way it ends, dropping the demonstration stops its servers and removes their folders.
    tokio::select! {
        done = demonstrate() => done?,
        _ = tokio::signal::ctrl_c() => return interrupted(),
        _ = terminated.recv() => return interrupted(),
    }
    println!("Both servers are stopped and their folders removed. To go on by hand:\n");
    println!("    target/debug/keywheel serve --data ./keywheel-data");
    println!("\nand the quick start in README.md, with your own database.");
    Ok(())
}

fn interrupted() -> Result<()> {
    println!("\nStopped. Both servers are gone and their folders removed.");
    Ok(())
}

async fn demonstrate() -> Result<()> {
    heading("Two servers, each in a temporary folder of its own");
    let started = Stopwatch::start();
    let postgres = Postgres::start().await?;
    let version = postgres.version().await?;
    item(&format!("{version} on {HOST}:{}, scram-sha-256 only", postgres.port()), started.elapsed());
    let started = Stopwatch::start();
    let data = tempfile::Builder::new().prefix("keywheel-demo-").tempdir()?;
    let keywheel = Keywheel::start(data.path()).await?;
    item(&format!("keywheel serve on {}", keywheel.address()), started.elapsed());
    let client = keywheel.client();

    heading(&format!("CreateSecret {SECRET}: the password of role `{ROLE}`"));
    let old = postgres.create_role(ROLE).await?;
    let value = postgres.secret_value(ROLE, &old).to_string();
    client.call("CreateSecret", json!({ "Name": SECRET, "SecretString": value })).await?;
    show_labels(&client).await?;
    show_login(&postgres, "the stored password", &old, true).await?;

    heading("RotateSecret with postgres-single-user, a WebAssembly component");
    let started = Stopwatch::start();
    client.call("RotateSecret", json!({ "SecretId": SECRET, "RotationLambdaARN": FUNCTION_ARN })).await?;
    line("(before its first run the component is compiled for this machine, once)");
    show_steps(&client).await?;
    item("from the request to the end, as seen from outside", started.elapsed());

    heading("Afterwards");
    show_labels(&client).await?;
    let new = client.value(SECRET, "AWSCURRENT").await?;
    let new = new["password"].as_str().context("the rotated secret has no password")?;
    show_login(&postgres, "the old password", &old, false).await?;
    show_login(&postgres, "the new password", new, true).await?;
    let log = postgres.log()?;
    ensure!(!log.contains(&old) && !log.contains(new), "PostgreSQL's log shows a password");
    line("PostgreSQL logs every statement, and its log shows neither of them");

    heading(&format!("From now on by itself: {SCHEDULE}"));
    let rules = json!({ "ScheduleExpression": SCHEDULE });
    let schedule = json!({ "SecretId": SECRET, "RotationRules": rules, "RotateImmediately": false });
    client.call("RotateSecret", schedule).await?;
    show_next_run(&client).await?;
    println!();
    Ok(())
}

async fn show_labels(client: &ApiClient) -> Result<()> {
    let described = client.call("DescribeSecret", json!({ "SecretId": SECRET })).await?;
    let versions = described["VersionIdsToStages"].as_object().context("the secret has no versions")?;
    let mut lines: Vec<String> = versions
        .iter()
        .map(|(id, labels)| {
            let labels: Vec<&str> =
                labels.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            format!("{:<12} version {}", labels.join(", "), id.get(..ID_CHARS_SHOWN).unwrap_or(id))
        })
        .collect();
    lines.sort_unstable();
    for text in lines {
        line(&text);
    }
    Ok(())
}

async fn show_login(postgres: &Postgres, what: &str, password: &str, expected: bool) -> Result<()> {
    let accepted = postgres.accepts(ROLE, password).await?;
    ensure!(accepted == expected, "PostgreSQL's answer to {what} is not the expected one");
    line(&format!("PostgreSQL {} {what}", if accepted { "accepts" } else { "refuses" }));
    Ok(())
}

/// Shows each run of a step when it has ended, until the rotation is over.
async fn show_steps(client: &ApiClient) -> Result<()> {
    let mut shown = 0;
    wait::until("the rotation to end", async || {
        let rotation = client.rotation(SECRET).await?;
        let attempts = rotation["Attempts"].as_array().map(Vec::as_slice).unwrap_or_default();
        for attempt in &attempts[shown..] {
            show_step(attempt);
        }
        shown = attempts.len();
        ensure!(rotation["State"] != "NeedsAttention", "the rotation failed");
        Ok((rotation["State"] == "Succeeded").then_some(()))
    })
    .await
}

fn show_step(attempt: &Value) {
    let step = attempt["Step"].as_str().unwrap_or_default();
    let took = Duration::from_micros(attempt["DurationUs"].as_u64().unwrap_or(0));
    item(step, took);
    let log = attempt["Log"].as_array().into_iter().flatten().filter_map(Value::as_str);
    for text in log.chain(attempt["Failure"].as_str()) {
        line(&format!("    {text}"));
    }
}

async fn show_next_run(client: &ApiClient) -> Result<()> {
    let described = client.call("DescribeSecret", json!({ "SecretId": SECRET })).await?;
    let next = described["NextRotationDate"].as_f64().context("no next run is set")?;
    #[expect(clippy::cast_possible_truncation, reason = "a date is far from the limits of the type")]
    let next = Timestamp::from_millis((next * 1000.0) as i64);
    let minutes = next.millis_since(SystemClock.now()) / MINUTE_MS;
    line(&format!("next run by {next}, in {} h {:02} min", minutes / 60, minutes % 60));
    Ok(())
}

fn heading(text: &str) {
    println!("\n{text}");
}

fn line(text: &str) {
    println!("  {text}");
}

/// A line that ends with how long something took.
fn item(text: &str, took: Duration) {
    println!("  {text:<62} {:>9.1} ms", took.as_secs_f64() * 1000.0);
}
