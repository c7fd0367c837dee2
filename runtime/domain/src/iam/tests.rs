use super::*;
use crate::policy::{Document, Kind};
use crate::time::Timestamp;

#[test]
fn names_paths_and_arns_are_as_iam_has_them() {
    assert!(is_name("Ann.Lee+on=call,2@example_org-1", 64) && !is_name(&"a".repeat(65), 64));
    for name in ["", " ", "a b", "a/b", "a:b", "ä", "a\0", "a*"] {
        assert!(!is_name(name, 64), "{name}");
    }
    for path in ["/", "/a/", "/a/b!/"] {
        assert!(is_path(path), "{path}");
    }
    for path in ["", "a", "/a", "a/", "//", "/a b/", "/ä/", "/\u{7f}/"] {
        assert!(!is_path(path), "{path}");
    }
    for path in ["/", "/a/", "/a/b-1/"] {
        assert!(is_policy_path(path), "{path}");
    }
    for path in ["", "a", "/a", "a/", "//", "/a//", "/a!/", "/ä/"] {
        assert!(!is_policy_path(path), "{path}");
    }
    assert_eq!(arn("123456789012", EntityKind::User, "/a/", "ann"), "arn:aws:iam::123456789012:user/a/ann");
}

#[test]
fn an_arn_of_a_policy_reads_back() {
    let arn = policy_arn("123456789012", "/a/b/", "read");
    let read = PolicyArn { account: Some("123456789012"), path: "/a/b/", name: "read" };
    assert_eq!(PolicyArn::parse(&arn), Some(read));
    for builtin in &BUILTIN_POLICIES {
        let read = PolicyArn { account: None, path: "/", name: builtin.name };
        assert_eq!(PolicyArn::parse(builtin.arn), Some(read));
        assert_eq!(builtin_policy(builtin.arn), Some(builtin));
        assert!(Document::parse(builtin.document, Kind::Identity).is_ok(), "{}", builtin.name);
        assert!(builtin.id.starts_with(POLICY_ID_PREFIX));
        assert_eq!(builtin.id.len(), POLICY_ID_PREFIX.len() + ID_RANDOM_CHARS);
    }
    assert!(BUILTIN_POLICIES.is_sorted_by_key(|policy| policy.name));
    for arn in ["", "arn:aws:iam::1:policy/a", "arn:aws:iam::123456789012:role/a", "arn:aws:iam::aws:policy/"]
    {
        assert_eq!(PolicyArn::parse(arn), None, "{arn}");
    }
}

#[test]
fn a_user_of_before_is_an_approver() {
    let stored = r#"{"name":"Ann","access_key_id":"AKIAIOSFODNN7EXAMPLE","created":1790000000000}"#;
    let user: User = serde_json::from_str(stored).unwrap();
    let created = Timestamp::from_millis(1_790_000_000_000);
    let key = UserKey { id: "AKIAIOSFODNN7EXAMPLE".to_owned(), active: true, created };
    assert_eq!(user.keys, [key]);
    assert_eq!((user.id.as_str(), user.path.as_str()), ("AIDAAIOSFODNN7EXAMPLE", "/"));
    assert!(user.permissions.attached.contains(APPROVER_POLICY_ARN));
    let again: User = serde_json::from_str(&serde_json::to_string(&user).unwrap()).unwrap();
    assert_eq!(again, user, "as it is stored from now on");
}

#[test]
fn tags_are_told_apart_without_capitals() {
    let tag = |key: &str, value: &str| Tag { key: key.to_owned(), value: value.to_owned() };
    let tags = merged(&[tag("Team", "a"), tag("x", "1")], &[tag("team", "b"), tag("y", "2")]);
    assert_eq!(tags, [tag("team", "b"), tag("x", "1"), tag("y", "2")]);
    assert_eq!(without(&tags, &["TEAM".to_owned(), "z".to_owned()]), [tag("x", "1"), tag("y", "2")]);
}

#[test]
fn a_number_of_a_version_is_given_once() {
    let (zero, one) = (Timestamp::from_millis(0), Timestamp::from_millis(1));
    let first = PolicyVersion { number: 1, document: "1".to_owned(), created: zero };
    let mut policy = Policy {
        name: "p".to_owned(),
        path: "/".to_owned(),
        id: "ANPA".to_owned(),
        description: None,
        created: zero,
        updated: zero,
        versions: vec![first],
        default: 1,
        next: 2,
        uses: PolicyUses::default(),
        tags: Vec::new(),
    };
    for number in 2..=5 {
        policy = policy.with_version(&number.to_string(), number == 3, one).unwrap();
    }
    assert_eq!((policy.document(), policy.default_version_id().as_str()), ("3", "v3"));
    assert_eq!(policy.with_version("6", true, one), None);
    policy.versions.remove(4);
    let policy = policy.with_version("6", true, one).unwrap();
    assert_eq!((policy.document(), policy.version("v5"), policy.updated), ("6", None, one));
}
