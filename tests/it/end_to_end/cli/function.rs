//! `keywheel function`: from a file to a rotated password, and back to nothing.

use std::io::Write as _;

use super::*;

#[tokio::test]
async fn a_function_is_deployed_run_by_hand_and_rotates() {
    let (site, password) = Site::with_secret().await;
    let operator = Person::operator(site.keywheel.address());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rotator.wasm");
    let builtin =
        keywheel_functions::builtins().iter().find(|builtin| builtin.name == "postgres-single-user");
    fs::write(&file, builtin.unwrap().wasm).unwrap();
    let path = file.to_str().unwrap();

    let mut deploy = vec!["function", "deploy", path, "--name", "mine", "--timeout", "20", "--memory", "32"];
    deploy.extend(["--env", "LEVEL=hunter2", "--allow", "tcp://db.example:5432"]);
    let shown = operator.says(&deploy).await;
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:mine";
    let expected =
        format!("{arn}\n\naws secretsmanager rotate-secret --secret-id SECRET --rotation-lambda-arn {arn}\n");
    assert_eq!(shown, expected);
    let described = operator.says(&["function", "describe", "mine"]).await;
    for line in
        ["timeout      20 s", "memory       32 MiB", "environment  KEYWHEEL_ALLOW, LEVEL", "published    1"]
    {
        assert!(described.lines().any(|told| told == line), "{line}:\n{described}");
    }
    assert!(!described.contains("hunter2"), "{described}");
    // The same again is the same version; other settings are another one.
    let again = operator.reads(&["function", "deploy", path, "--name", "mine"]).await;
    assert_eq!((&again["Version"], &again["Timeout"]), (&json!("1"), &json!(20)));
    let other = operator.reads(&["function", "deploy", path, "--name", "mine", "--timeout", "30"]).await;
    assert_eq!(other["Version"], "2");
    let listed = operator.says(&["function", "list"]).await;
    assert!(listed.lines().any(|line| line.starts_with("mine ")), "{listed}");
    assert!(listed.lines().any(|line| line.starts_with("postgres-single-user ")), "{listed}");

    let token = "11111111-1111-4111-8111-111111111111";
    let invoke = |step| ["function", "invoke", "mine", "--step", step, "--secret", SECRET, "--token", token];
    let shown = operator.says(&invoke("createSecret")).await;
    assert!(shown.ends_with(&format!("createSecret: done, with version {token}\n")), "{shown}");
    assert!(site.accepts(&password).await, "the target was not touched");
    // The rotation goes on with what was made by hand.
    let rotate = json!({"SecretId": SECRET, "RotationLambdaARN": arn, "ClientRequestToken": token});
    site.client.call("RotateSecret", rotate).await.unwrap();
    site.client.rotation_in(SECRET, "Succeeded").await.unwrap();
    assert!(!site.accepts(&password).await && site.accepts(&site.password("AWSCURRENT").await).await);

    let logged = wait::until("the log of the last step", async || {
        let logs = operator.says(&["function", "logs", "mine"]).await;
        Ok(logs.contains("finishSecret of prod/TwitterApp/Database by $LATEST: done").then_some(logs))
    });
    let logged = logged.await.unwrap();
    assert!(!logged.contains(&password), "{logged}");
    operator.fails(&["function", "delete", "mine"], 1, "rotates prod/TwitterApp/Database").await;
    assert_eq!(operator.says(&["function", "delete", "mine", "--force"]).await, "mine: deleted\n");
    operator
        .fails(&["function", "describe", "mine"], 1, "ResourceNotFoundException: Function not found")
        .await;
}

#[tokio::test]
async fn what_cannot_be_deployed_is_refused_in_a_sentence() {
    let site = Site::start().await;
    let operator = Person::operator(site.keywheel.address());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad.wasm");
    fs::write(&file, "#!/bin/sh").unwrap();
    let deploy = |arguments: &[&'static str]| -> Vec<String> {
        let path = file.to_str().unwrap();
        let always = ["function", "deploy", path, "--name", "bad"];
        always.iter().chain(arguments).map(|argument| (*argument).to_owned()).collect()
    };
    for (arguments, code, sentence) in [
        (&[][..], 1, "is no rotation function: this is not WebAssembly"),
        (&["--no-check"], 1, "The code is refused: this is not WebAssembly"),
        (&["--no-check", "--allow", "anywhere"], 1, "The environment variable KEYWHEEL_ALLOW"),
        (&["--env", "NONE_SUCH"], 2, "the environment has no variable `NONE_SUCH`"),
        (&["--no-check", "--timeout", "901"], 1, "Member must have value less than or equal to 900"),
    ] {
        let arguments = deploy(arguments);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = operator.run(&arguments).await;
        let told = text(output.stderr);
        assert_eq!(output.status.code(), Some(code), "{told}");
        // Before it stands what the command was doing.
        assert!(told.lines().last().is_some_and(|last| last.contains(sentence)), "{sentence:?}: {told}");
    }
    fs::write(&file, keywheel_guests::component("bad_pending_first")).unwrap();
    let path = file.to_str().unwrap();
    operator.fails(&["function", "deploy", path, "--name", "bad"], 1, "breaks pending-first").await;
    let mut zip = zip::ZipWriter::new(File::create(&file).unwrap());
    zip.start_file("rotator.wasm", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(keywheel_guests::component("bad_pending_first")).unwrap();
    zip.finish().unwrap();
    operator.fails(&["function", "deploy", path, "--name", "bad"], 1, "breaks pending-first").await;
    fs::write(&file, vec![0; 50 * 1024 * 1024 + 1]).unwrap();
    operator
        .fails(&["function", "deploy", file.to_str().unwrap(), "--name", "bad"], 1, "52428800 bytes")
        .await;
    let listed = operator.reads(&["function", "list"]).await;
    let functions = listed["Functions"].as_array().unwrap();
    assert!(functions.iter().all(|function| function["FunctionName"] != "bad"), "{listed}");
}

#[tokio::test]
async fn what_could_not_be_judged_is_deployed_and_told() {
    let site = Site::start().await;
    let operator = Person::operator(site.keywheel.address());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("otherwise.wasm");
    fs::write(&file, keywheel_guests::component("speaks_otherwise")).unwrap();
    let output = operator.run(&["function", "deploy", file.to_str().unwrap(), "--name", "otherwise"]).await;
    let told = text(output.stderr);
    assert!(output.status.success(), "{told}");
    let line =
        "0 of 13 rules kept; 13 not judged: the simulated service does not know `POST /login/[redacted]`: ";
    assert!(told.lines().any(|told| told.contains(line)), "{told}");
}
