use super::*;

fn version() -> Version {
    Version {
        number: None,
        digest: "d1".into(),
        code_sha256: "c1".into(),
        code_bytes: 1,
        description: "first".into(),
        role: "role".into(),
        runtime: None,
        handler: None,
        architecture: None,
        timeout_s: TIMEOUT_S_DEFAULT,
        memory_mib: MEMORY_MIB_DEFAULT,
        environment_id: None,
        modified: Timestamp::default(),
        revision_id: "r0".into(),
    }
}

fn function() -> Function {
    let scope = Scope { account: "123456789012".into(), region: "us-east-1".into() };
    Function::new(scope, "f".into(), version())
}

fn publish(function: &mut Function) -> u64 {
    function.publish(None, "r".into(), Timestamp::default()).unwrap()
}

#[test]
fn a_number_is_given_for_a_change_and_never_twice() {
    let mut function = function();
    assert_eq!((publish(&mut function), publish(&mut function)), (1, 1));
    function.latest.digest = "d2".into();
    assert_eq!(publish(&mut function), 2);
    function.latest.description = "only said otherwise".into();
    assert_eq!(publish(&mut function), 2);
    function.latest.environment_id = Some("e".into());
    assert_eq!(publish(&mut function), 3);
    function.versions.clear();
    assert_eq!(publish(&mut function), 4);
    assert_eq!(function.digests().into_iter().collect::<Vec<_>>(), ["d2"]);
    assert_eq!(function.environment_ids().into_iter().collect::<Vec<_>>(), ["e"]);
}

#[test]
fn what_was_published_stays_as_it_was() {
    let mut function = function();
    publish(&mut function);
    function.latest.digest = "d2".into();
    function.latest.timeout_s = 1;
    let select = |qualifier: Option<Qualifier>| function.select(qualifier.as_ref());
    let first = select(Some(Qualifier::Version(1))).unwrap();
    assert_eq!((first.digest.as_str(), first.timeout_s), ("d1", TIMEOUT_S_DEFAULT));
    assert_eq!(select(None).unwrap().digest, "d2");
    assert_eq!(select(Some(Qualifier::Latest)).unwrap().digest, "d2");
    assert_eq!(select(Some(Qualifier::Version(2))), None);
    assert_eq!(select(Some(Qualifier::Version(0))), None);
}

#[test]
fn an_alias_names_what_it_was_moved_to() {
    let mut function = function();
    publish(&mut function);
    let alias =
        |version| Alias { name: "live".into(), version, description: String::new(), revision_id: "r".into() };
    let live = Some(Qualifier::Alias("live".into()));
    assert_eq!(function.select(live.as_ref()), None);
    function.aliases = vec![alias(Some(1))];
    assert_eq!(function.select(live.as_ref()).unwrap().number, Some(1));
    function.aliases = vec![alias(None)];
    assert_eq!(function.select(live.as_ref()).unwrap().name(), LATEST);
}

#[test]
fn versions_are_bounded() {
    let mut function = function();
    for number in 0..VERSIONS_MAX {
        function.latest.digest = number.to_string();
        publish(&mut function);
    }
    function.latest.digest = "one more".into();
    assert_eq!(function.publish(None, "r".into(), Timestamp::default()), Err(PublishError::TooMany));
}

#[test]
fn a_permission_is_for_the_qualifier_that_it_names() {
    let statement = Statement {
        sid: "s".into(),
        principal: SECRETS_MANAGER.into(),
        action: INVOKE_ACTION.into(),
        source_account: None,
        source_arn: None,
    };
    let mut function = function();
    let policy = |qualifier: Option<&str>| Policy {
        qualifier: qualifier.map(Into::into),
        statements: vec![statement.clone()],
        revision_id: "r".into(),
    };
    function.policies = vec![policy(Some("live"))];
    let lets = |function: &Function, qualifier: Option<Qualifier>| {
        function.lets_rotate(qualifier.as_ref(), "123456789012", "arn:aws:secretsmanager:r:a:secret:s-AbCdEf")
    };
    assert!(lets(&function, Some(Qualifier::Alias("live".into()))));
    assert!(!lets(&function, None) && !lets(&function, Some(Qualifier::Version(1))));
    function.policies = vec![policy(None)];
    assert!(lets(&function, None) && !lets(&function, Some(Qualifier::Alias("live".into()))));
}

#[test]
fn a_record_reads_back() {
    let mut function = function();
    publish(&mut function);
    function.tags.insert("team".into(), "blue".into());
    let stored = serde_json::to_vec(&function).unwrap();
    assert_eq!(serde_json::from_slice::<Function>(&stored).unwrap(), function);
}
