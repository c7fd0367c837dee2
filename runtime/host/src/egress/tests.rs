use std::sync::Mutex;

use super::*;

/// Answers each question with the next of its answers, and the last one for ever.
struct Answers(Mutex<Vec<Vec<&'static str>>>);

#[async_trait]
impl Resolve for Answers {
    async fn resolve(&self, _: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let mut answers = self.0.lock().unwrap();
        let answer = if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() };
        Ok(answer.into_iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), port)).collect())
    }
}

fn answering(answers: &[&[&'static str]]) -> Arc<Answers> {
    Arc::new(Answers(Mutex::new(answers.iter().map(|answer| answer.to_vec()).collect())))
}

/// The addresses that a host leads to, or why it leads nowhere, when its name resolves to `answer`.
#[track_caller]
fn check(rules: &[&str], host: &str, answer: &[&'static str], expected: Result<&[&str], &str>) {
    let egress =
        rules.iter().fold(Egress::deny_all(), |egress, rule| egress.allow_rule(rule.parse().unwrap()));
    let egress = egress.with_resolver(answering(&[answer]));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let found = runtime.block_on(egress.check(host, 5432)).map_err(|error| error.to_string());
    let found = found.map(|addresses| addresses.iter().map(ToString::to_string).collect::<Vec<_>>());
    let expected = expected
        .map(|addresses| addresses.iter().map(ToString::to_string).collect::<Vec<_>>())
        .map_err(ToOwned::to_owned);
    assert_eq!(found, expected);
}

#[test]
fn a_refusal_says_the_line_that_would_allow_it() {
    check(
        &[],
        "db.internal",
        &["10.0.0.1"],
        Err(
            "the sandbox does not allow a connection to `tcp://db.internal:5432`; what would: `--allow tcp://db.internal:5432`",
        ),
    );
    check(
        &["tcp://db.internal:5433"],
        "::1",
        &[],
        Err(
            "the sandbox does not allow a connection to `tcp://[::1]:5432`; what would: `--allow tcp://[::1]:5432`",
        ),
    );
    let line = "tcp://[::1]:5432";
    assert_eq!(line.parse::<Rule>().unwrap().to_string(), line);
}

#[test]
fn names_match_in_any_case_and_reach_private_networks() {
    check(&["tcp://DB.internal:5432"], "db.INTERNAL.", &["10.0.0.1"], Ok(&["10.0.0.1:5432"]));
    check(&["tcp://db:5432"], "db", &["8.8.8.8", "fd12::1"], Ok(&["8.8.8.8:5432", "[fd12::1]:5432"]));
}

#[test]
fn special_addresses_must_be_named_themselves() {
    check(
        &["tcp://db:5432"],
        "db",
        &["127.0.0.1"],
        Err(
            "`db` is a loopback address, which the sandbox allows only when it is named; what would: `--allow tcp://127.0.0.1:5432`",
        ),
    );
    check(
        &["tcp://db:5432"],
        "db",
        &["::ffff:169.254.169.254"],
        Err(
            "`db` is an address of cloud metadata, which the sandbox allows only when it is named; what would: `--allow tcp://169.254.169.254:5432`",
        ),
    );
    check(&["tcp://db:5432", "tcp://127.0.0.1:5432"], "db", &["127.0.0.1"], Ok(&["127.0.0.1:5432"]));
    check(
        &["tcp://localhost:5432"],
        "localhost",
        &["::1", "127.0.0.1"],
        Ok(&["[::1]:5432", "127.0.0.1:5432"]),
    );
    check(&["tcp://127.0.0.1:5432"], "::ffff:127.0.0.1", &[], Ok(&["127.0.0.1:5432"]));
    check(&["tcp://db:5432"], "db", &["127.0.0.1", "10.0.0.1"], Ok(&["10.0.0.1:5432"]));
}

#[test]
fn rules_are_read_strictly() {
    for (text, error) in [
        ("db:5432", RuleError::Scheme as fn(String) -> RuleError),
        ("tcp://db", RuleError::Port),
        ("tcp://db:0", RuleError::Port),
        ("tcp://db:65536", RuleError::Port),
        ("tcp://:5432", RuleError::Host),
        ("tcp://user@db:5432", RuleError::Host),
        ("tcp://::1:5432", RuleError::Host),
        ("tcp://*.internal:5432", RuleError::Pattern),
    ] {
        assert_eq!(text.parse::<Rule>(), Err(error(text.to_owned())));
    }
}

/// The name leads to this test's listener when it is checked, and would lead to a metadata service when
/// it were resolved a second time.
#[tokio::test]
async fn a_name_that_changes_its_address_is_resolved_once() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let resolver = answering(&[&["127.0.0.1"], &["169.254.169.254"]]);
    let egress = Egress::deny_all().allow("db", port).allow("127.0.0.1", port).with_resolver(resolver);
    let stream = egress.connect("db", port).await.unwrap();
    assert_eq!(stream.peer_addr().unwrap(), listener.local_addr().unwrap());
    assert!(egress.connect("db", port).await.unwrap_err().is_refusal(), "the second name is checked again");
}
