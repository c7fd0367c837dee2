//! `keywheel audit` on the folder of a server that was killed: what it prints and how it exits.

use std::path::Path;

use keywheel::audit;
use keywheel::store::{Batch, RedbStore, Store as _};
use keywheel_tests::process::{self, Keywheel};
use serde_json::json;

/// Runs `keywheel audit`; the exit code, and what it said on standard output and on standard error.
async fn audit(data: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = process::keywheel().unwrap();
    command.arg("audit").args(arguments).arg("--data").arg(data);
    let output = process::output(&mut command).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn the_log_of_a_stopped_server_is_listed_and_verified() {
    let data = process::used_data_folder().await.unwrap();
    let server = Keywheel::start(data.path()).await.unwrap();
    let (code, _, said) = audit(data.path(), &["verify"]).await;
    assert!(code == 1 && said.ends_with("is in use: stop its server first\n"), "{code}: {said}");
    for name in ["one", "two"] {
        let secret = json!({ "Name": name, "SecretString": "x" });
        server.client().call("CreateSecret", secret).await.unwrap();
    }
    server.kill();

    let (code, listed, _) = audit(data.path(), &["list", "--from", "2"]).await;
    assert!(code == 0 && listed.lines().count() == 1 && listed.contains("CreateSecret"), "{listed}");
    let (code, verified, said) = audit(data.path(), &["verify"]).await;
    assert_eq!((code, said.as_str()), (0, ""), "{verified}");
    let (rows, head) = verified.trim_end().split_once('\n').unwrap();
    assert!(rows == "2 rows checked" && head.starts_with("2 "), "{verified}");
    assert_eq!(audit(data.path(), &["verify", "--expect", head]).await, (0, verified.clone(), said));
    let other = format!("1 {}", "0".repeat(64));
    let (code, _, said) = audit(data.path(), &["verify", "--expect", &other]).await;
    assert!(code == 1 && said.lines().count() == 1 && said.contains("row 1"), "{code}: {said}");
    let (code, _, said) = audit(data.path(), &["verify", "--expect", "2"]).await;
    assert!(code == 2 && said.lines().count() == 1 && said.contains("a head is"), "{code}: {said}");

    let store = RedbStore::open(data.path().join("store.redb")).unwrap();
    store.commit(Batch::new().delete(audit::log().entry(1))).await.unwrap();
    drop(store);
    let (code, _, said) = audit(data.path(), &["verify"]).await;
    assert!(code == 1 && said.lines().count() == 1, "{code}: {said}");
    assert!(
        said.ends_with("is not what was written; keep a copy of the folder: row 1 was removed\n"),
        "{said}"
    );
}
