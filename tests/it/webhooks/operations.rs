//! What the three operations answer and refuse.

use keywheel::ops::Principal;

use super::*;

const SECRET_CHARS: usize = 49;

#[tokio::test]
async fn a_webhook_is_made_set_listed_and_taken_away() {
    let world = World::new().await;
    world.add(REGION, 3).await;
    let put = json!({"Name": "ops", "Url": "https://hooks.example/in?token=t", "Events": ["RotationFailed"]});
    let mut answer = world.call("PutWebhook", put.clone()).await.unwrap();
    let secret = answer["SigningSecret"].take();
    let secret = secret.as_str().unwrap();
    assert!(secret.starts_with("kwsec_") && secret.len() == SECRET_CHARS, "{} characters", secret.len());
    let arn = format!("arn:aws:keywheel:{REGION}:{ACCOUNT}:webhook/ops");
    let expected = json!({
        "Name": "ops", "ARN": arn, "Url": "https://hooks.example/in?token=t", "SigningSecret": null, "FromEventId": 4,
    });
    assert_eq!(answer, expected);

    // The same again changes nothing and shows no secret.
    let before = world.store.durable_image();
    let answer = world.call("PutWebhook", put).await.unwrap();
    assert!(answer.get("SigningSecret").is_none(), "{answer}");
    assert_eq!(world.store.durable_image(), before);
    let expected = json!({
        "Name": "ops", "ARN": arn, "Url": "https://hooks.example/in?token=t", "Events": ["RotationFailed"],
        "Enabled": true, "CreatedDate": SimClock::NOON_MS / 1000, "LastEventId": 3, "FailuresInARow": 0,
    });
    assert_eq!(world.listed("ops").await, expected);

    // What is not said is as at first, but the secret stays.
    world.call("PutWebhook", json!({"Name": "ops", "Url": "https://hooks.example:8443/"})).await.unwrap();
    assert!(world.listed("ops").await.get("Events").is_none());
    let rotate = json!({"Name": "ops", "Url": "https://hooks.example/", "RotateSigningSecret": true, "Enabled": false});
    let answer = world.call("PutWebhook", rotate).await.unwrap();
    assert_ne!(answer["SigningSecret"], secret);
    let elsewhere = Caller { region: "eu-west-1".to_owned(), ..Node::root() };
    let listed = world.call_as(&elsewhere, "ListWebhooks", json!({})).await.unwrap();
    assert_eq!(listed, json!({"Webhooks": []}));
    let error = world.call_as(&elsewhere, "DeleteWebhook", json!({"Name": "ops"})).await.unwrap_err();
    let told = "ResourceNotFoundException: The webhook with name ops cannot be found.";
    assert_eq!(error.to_string(), told);
    let answer = world.call("DeleteWebhook", json!({"Name": "ops"})).await.unwrap();
    assert_eq!(answer, json!({"Name": "ops", "ARN": arn}));
    assert_eq!(world.call("ListWebhooks", json!({})).await.unwrap(), json!({"Webhooks": []}));
    assert_eq!(world.call("DeleteWebhook", json!({"Name": "ops"})).await.unwrap_err().to_string(), told);

    let rows = world.call("ListEvents", json!({"From": 4})).await.unwrap();
    let rows = rows["Events"].as_array().unwrap().iter();
    let rows: Vec<String> = rows
        .map(|row| format!("{} {}", row["Event"].as_str().unwrap(), row["Detail"].as_str().unwrap_or("-")))
        .collect();
    let expected = [
        "PutWebhook RotationFailed to https://hooks.example",
        "PutWebhook all events to https://hooks.example:8443",
        "PutWebhook all events to https://hooks.example, disabled, with a new signing secret",
        "DeleteWebhook -",
    ];
    assert_eq!(rows, expected, "no path, which may hold a token");
}

#[tokio::test]
async fn the_signing_secret_is_nowhere_in_plain_text() {
    let world = World::new().await;
    let secret = world.put("ops").await;
    let forms = [secret.clone(), hex::encode(&secret)];
    let image = world.store.durable_image();
    for (key, entry) in image.entries() {
        let text = String::from_utf8_lossy(&entry.value).into_owned();
        assert!(!forms.iter().any(|form| text.contains(form)), "{key:?}");
    }
    assert!(!world.call("ListWebhooks", json!({})).await.unwrap().to_string().contains(&secret[6..]));
}

/// What was sealed for one webhook opens for no other.
#[tokio::test]
async fn a_sealed_secret_belongs_to_its_webhook() {
    let world = World::new().await;
    world.put("one").await;
    world.put("two").await;
    let mut webhooks = world.node.ops.all_webhooks().await.unwrap();
    let (one, two) = (webhooks.remove(0).record, webhooks.remove(0).record);
    assert!(world.node.ops.webhook_secret(&one).await.is_ok());
    for (id, name) in [(&one.id, &two.name), (&two.id, &one.name)] {
        let moved = keywheel_domain::webhook::Webhook { id: id.clone(), name: name.clone(), ..one.clone() };
        assert!(world.node.ops.webhook_secret(&moved).await.is_err());
    }
}

#[tokio::test]
async fn a_url_that_must_not_be_reached_is_refused_and_nothing_stored() {
    let world = World::new().await;
    let before = world.store.durable_image();
    let check = async |url: &str, said: &str| {
        let error =
            world.call("PutWebhook", json!({"Name": "ops", "Url": url})).await.unwrap_err().to_string();
        assert_eq!(error, format!("InvalidParameterException: Invalid Url: {said}."), "{url}");
        assert_eq!(world.store.durable_image(), before, "{url}");
    };
    let plain = "plain http is allowed to a loopback address only, such as http://127.0.0.1:8080/: use https";
    check("http://hooks.example/", plain).await;
    check("http://10.0.0.1/", plain).await;
    let scheme = "the URL must begin with https://, or with http:// and a loopback address";
    check("file:///etc/passwd", scheme).await;
    check("https://a:b@hooks.example/", "the URL holds a user or a password: deliveries are signed instead")
        .await;
    for (host, kind) in [
        ("169.254.169.254", "an address of cloud metadata"),
        ("[fd00:ec2::254]", "an address of cloud metadata"),
        ("[::ffff:a9fe:a9fe]", "an address of cloud metadata"),
        ("169.254.0.1", "a link-local address"),
        ("[fe80::1]", "a link-local address"),
        ("0.0.0.0", "an unspecified, multicast or reserved address"),
        ("[::]", "an unspecified, multicast or reserved address"),
        ("239.1.1.1", "an unspecified, multicast or reserved address"),
    ] {
        let shown = host.replace("a9fe:a9fe", "169.254.169.254");
        check(
            &format!("https://{host}/x"),
            &format!("`{shown}` leads to {kind}, which no webhook may reach"),
        )
        .await;
    }
    for url in [
        "https://10.0.0.1/",
        "https://[fd12::1]/",
        "http://localhost:1/",
        "https://127.0.0.1/",
        "http://[::1]:1/",
    ] {
        world.call("PutWebhook", json!({"Name": "ops", "Url": url})).await.unwrap();
    }
}

#[tokio::test]
async fn members_keep_their_bounds() {
    let world = World::new().await;
    let check = async |members: Value, said: &str| {
        let error = world.call("PutWebhook", members).await.unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    };
    let url = "https://hooks.example/";
    check(json!({}), "'name' failed to satisfy constraint: Member must not be null").await;
    check(json!({"Name": "ops"}), "'url' failed to satisfy constraint: Member must not be null").await;
    check(json!({"Name": "a b", "Url": url}), "pattern: [A-Za-z0-9_.-]+").await;
    check(json!({"Name": "a".repeat(65), "Url": url}), "length less than or equal to 64").await;
    check(json!({"Name": "ops", "Url": "a".repeat(2049)}), "length less than or equal to 2048").await;
    check(json!({"Name": "ops", "Url": url, "Events": []}), "length greater than or equal to 1").await;
    check(json!({"Name": "ops", "Url": url, "Events": vec!["x"; 51]}), "length less than or equal to 50")
        .await;
    check(json!({"Name": "ops", "Url": url, "Enabled": "yes"}), "`Enabled` must be true or false").await;
}

#[tokio::test]
async fn an_account_has_fifty_webhooks_at_most() {
    let world = World::new().await;
    let elsewhere = Caller { region: "eu-west-1".to_owned(), ..Node::root() };
    for number in 0..50 {
        let caller = if number % 2 == 0 { &elsewhere } else { &Node::root() };
        let put = json!({"Name": format!("ops-{number}"), "Url": "https://hooks.example/"});
        world.call_as(caller, "PutWebhook", put).await.unwrap();
    }
    let put = |name: &str| json!({"Name": name, "Url": "https://other.example/"});
    let error = world.call("PutWebhook", put("one-more")).await.unwrap_err().to_string();
    assert_eq!(error, "LimitExceededException: An account can have at most 50 webhooks.");
    world.call("PutWebhook", put("ops-1")).await.unwrap();
    world.call("DeleteWebhook", json!({"Name": "ops-1"})).await.unwrap();
    world.call("PutWebhook", put("one-more")).await.unwrap();
}

#[tokio::test]
async fn only_root_has_to_do_with_webhooks() {
    let world = World::new().await;
    world.put("ops").await;
    let user = Principal::User { name: "ann".to_owned(), access_key_id: "AKIAANN".to_owned() };
    let function = Principal::Rotation {
        function_arn: "arn:aws:lambda:us-east-1:123456789012:function:f".to_owned(),
        secret_arn: "arn".to_owned(),
        secret_name: "app".to_owned(),
        readable: Vec::new(),
        fence: 1,
        touched: false,
    };
    for principal in [user, function] {
        let caller = Caller { principal, ..Node::root() };
        for (action, members) in [
            ("PutWebhook", json!({"Name": "ops", "Url": "https://evil.example/"})),
            ("DeleteWebhook", json!({"Name": "ops"})),
            ("ListWebhooks", json!({})),
        ] {
            let error = world.call_as(&caller, action, members).await.unwrap_err().to_string();
            let said = format!("is not authorized to perform: keywheel:{action}");
            assert!(error.starts_with("AccessDeniedException") && error.contains(&said), "{error}");
        }
    }
}
