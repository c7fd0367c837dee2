//! `wasi:http` and `wasi:sockets` with real guests and real sockets: what the rules let through, what they
//! refuse and with which words, and what the limits end.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use keywheel_domain::rotation::Step;
use keywheel_host::{Egress, Limits, Report, Resolve};
use keywheel_tests::certificate::{Authority, Certificate};
use keywheel_tests::postgres::HOST;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::in_memory::InMemory;
use super::scripted::{Script, Scripted};
use super::{VALUE, invocation, load};

/// A limit that a test waits for.
const SHORT_MS: u64 = 200;
/// What ends a step whose limit does not.
const WALL_MS_MAX: u64 = 20_000;

const PONG: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\npong";
/// To where clouds keep the credentials of a machine.
const REDIRECT: &[u8] =
    b"HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/latest\r\ncontent-length: 0\r\n\r\n";

fn limits() -> Limits {
    Limits { wall_ms_max: WALL_MS_MAX, ..Limits::default() }
}

fn allowing(rules: &[String]) -> Egress {
    let parsed = rules.iter().map(|rule| rule.parse().expect("the test writes rules"));
    parsed.fold(Egress::deny_all(), Egress::allow_rule)
}

/// Runs one step of a guest with this environment.
async fn run(guest: &str, environment: &[(&str, &str)], egress: Egress, limits: Limits) -> Report {
    let secrets = Arc::new(InMemory::new(VALUE));
    let function = load(keywheel_guests::component(guest)).await;
    let mut step = invocation(Step::CreateSecret, &secrets, egress, limits);
    step.environment =
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    function.invoke(step).await
}

fn log(report: &Report) -> Vec<&str> {
    report.log.iter().map(|line| line.message.as_str()).collect()
}

/// Runs a guest as an operator would: adds the line that the log names until nothing is refused.
async fn until_allowed(guest: &str, environment: &[(&str, &str)], egress: Egress) -> (Vec<String>, Report) {
    let mut added: Vec<String> = Vec::new();
    loop {
        let egress = added
            .iter()
            .map(|rule| rule.parse().expect("what a refusal names is a rule"))
            .fold(egress.clone(), Egress::allow_rule);
        let report = run(guest, environment, egress, limits()).await;
        let line = report.log.iter().find_map(|line| line.message.rsplit_once("--allow "));
        match line {
            Some((_, rule)) => added.push(rule.trim_end_matches('`').to_owned()),
            None => return (added, report),
        }
        assert!(added.len() < 4, "{added:?}");
    }
}

#[tokio::test]
async fn a_request_goes_where_a_rule_says() {
    let server = Scripted::start(&[PONG]).await.unwrap();
    let origin = format!("http://{HOST}:{}", server.port());
    let environment = [("URL", format!("{origin}/ping"))];
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    let (added, report) = until_allowed("fetches", &environment, Egress::deny_all()).await;
    assert_eq!(added, std::slice::from_ref(&origin));
    assert_eq!(report.outcome.to_string(), "failed: 200 pong");

    let report = run("fetches", &environment, Egress::deny_all(), limits()).await;
    assert_eq!(
        report.outcome.to_string(),
        format!(
            "failed: not allowed by the sandbox: no request may be sent to `{origin}`; the log has the line \
             that would allow it"
        )
    );
    // A rule for any connection is none for a request in clear text.
    let rule = format!("tcp://{HOST}:{}", server.port());
    let report = run("fetches", &environment, allowing(&[rule]), limits()).await;
    assert_eq!(
        log(&report),
        [format!("the sandbox does not allow a connection to `{origin}`; what would: `--allow {origin}`")]
    );
}

#[tokio::test]
async fn no_redirect_is_followed_by_the_host_and_a_guest_that_follows_asks_again() {
    let server = Scripted::start(&[REDIRECT]).await.unwrap();
    let origin = format!("http://{HOST}:{}", server.port());
    let report = run("fetches", &[("URL", &origin)], allowing(std::slice::from_ref(&origin)), limits()).await;
    assert_eq!(report.outcome.to_string(), "failed: 302 http://169.254.169.254/latest");
    assert!(log(&report).is_empty());
    let report = run("follows", &[("URL", &origin)], allowing(std::slice::from_ref(&origin)), limits()).await;
    assert_eq!(
        log(&report),
        ["the sandbox does not allow a connection to `http://169.254.169.254`; what would: \
          `--allow http://169.254.169.254`"]
    );
}

#[tokio::test]
async fn headers_of_the_host_are_not_the_guests() {
    let server = Scripted::start(&[PONG]).await.unwrap();
    let origin = format!("http://{HOST}:{}", server.port());
    for name in ["Host", "Connection", "Transfer-Encoding", "Upgrade", "Proxy-Authorization"] {
        let environment = [("URL", origin.as_str()), ("HEADER", name)];
        let report = run("fetches", &environment, allowing(std::slice::from_ref(&origin)), limits()).await;
        assert_eq!(
            report.outcome.to_string(),
            "failed: no request: a header may not be set, or has a wrong form: HeaderError::Forbidden",
            "{name}"
        );
    }
}

/// A server with TLS that answers each request with [`PONG`].
async fn with_tls(certificate: &Certificate) -> io::Result<u16> {
    let chain = CertificateDer::pem_slice_iter(certificate.certificate.as_bytes());
    let chain: Vec<_> = chain.collect::<Result<_, _>>().expect("it is PEM");
    let key = PrivateKeyDer::from_pem_slice(certificate.key.as_bytes()).expect("it is PEM");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .expect("key and certificate belong together");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind((HOST, 0)).await?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that does not trust it breaks off.
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut request = [0; 4096];
                if stream.read(&mut request).await.is_ok_and(|bytes| bytes > 0) {
                    let _ = stream.write_all(PONG).await;
                }
                let _ = stream.read(&mut request).await;
            });
        }
    });
    Ok(port)
}

#[tokio::test]
async fn an_encrypted_request_needs_a_certificate_that_is_trusted_and_names_the_host() {
    let authority = Authority::new("an authority").unwrap();
    let trusted = CertificateDer::pem_file_iter(authority.file()).unwrap().collect::<Result<Vec<_>, _>>();
    let trusted = trusted.unwrap();
    let certificate = authority.issue("localhost").unwrap();
    let port = with_tls(&certificate).await.unwrap();
    let url = format!("https://localhost:{port}/");

    let (added, report) =
        until_allowed("fetches", &[("URL", &url)], Egress::deny_all().trust(trusted.clone())).await;
    assert_eq!(added, [format!("https://localhost:{port}")]);
    assert_eq!(report.outcome.to_string(), "failed: 200 pong");

    let egress = allowing(&added);
    let report = run("fetches", &[("URL", &url)], egress.clone(), limits()).await;
    assert_eq!(
        log(&report),
        [format!(
            "no connection to `https://localhost:{port}`: the server's certificate is not signed by an authority \
             that this machine trusts"
        )]
    );

    let url = format!("https://127.0.0.1:{port}/");
    let egress = allowing(&[format!("tcp://127.0.0.1:{port}")]).trust(trusted);
    let report = run("fetches", &[("URL", &url)], egress, limits()).await;
    assert!(
        log(&report)[0].contains("the server's certificate is not for host `127.0.0.1`"),
        "{:?}",
        report.log
    );
}

async fn check_answer(script: Script, limits: Limits, outcome: &str, logged: &[&str]) {
    let mut server = Scripted::start(script).await.unwrap();
    let origin = format!("http://{HOST}:{}", server.port());
    let report = run("fetches", &[("URL", &origin)], allowing(std::slice::from_ref(&origin)), limits).await;
    let name = |text: &str| text.replace("ORIGIN", &origin);
    assert_eq!(report.outcome.to_string(), name(outcome));
    assert_eq!(log(&report), logged.iter().map(|line| name(line)).collect::<Vec<_>>());
    assert_eq!(server.all_closed().await.unwrap(), 1, "no connection outlives its step");
}

#[tokio::test]
async fn what_a_service_answers_is_bounded() {
    const BODY: &[u8] = &{
        let mut answer = [b'x'; 3000];
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 2000000\r\n\r\n";
        let mut at = 0;
        while at < head.len() {
            answer[at] = head[at];
            at += 1;
        }
        answer
    };
    const HEADERS: &[u8] = &{
        let mut answer = [b'x'; 70_000];
        let head = b"HTTP/1.1 200 OK\r\nlong: ";
        let mut at = 0;
        while at < head.len() {
            answer[at] = head[at];
            at += 1;
        }
        answer
    };
    let small = || Limits { traffic_bytes_max: 2000, ..limits() };
    check_answer(
        &[BODY],
        small(),
        "failed: limit of the sandbox: too much is sent to or by `ORIGIN`",
        &["limit on traffic exceeded: what comes from `ORIGIN` has more than 2000 bytes: the connection is closed"],
    )
    .await;
    check_answer(
        &[HEADERS],
        limits(),
        "failed: limit of the sandbox: too much is sent to or by `ORIGIN`",
        &[],
    )
    .await;
    check_answer(
        &[b"220 smtp.example ready\r\n"],
        limits(),
        "failed, may be retried: no answer: `ORIGIN` cannot be reached, or does not speak HTTP",
        &[],
    )
    .await;
}

#[tokio::test]
async fn a_service_that_falls_silent_ends_the_step_and_is_named() {
    let limits = Limits { wall_ms_max: 5 * SHORT_MS, ..limits() };
    check_answer(
        &[],
        limits,
        "limit on wall time exceeded: the step took longer than 1000 ms: it was in its own code, or waiting for \
         `ORIGIN`",
        &[],
    )
    .await;
}

#[tokio::test]
async fn requests_count_as_calls_of_the_host() {
    let server = Scripted::start(&[REDIRECT]).await.unwrap();
    // The redirect leads back, and the guest follows it.
    let port = server.port();
    let back: &'static [u8] = Box::leak(
        format!("HTTP/1.1 302 Found\r\nlocation: http://{HOST}:{port}/\r\ncontent-length: 0\r\n\r\n")
            .into_bytes()
            .into_boxed_slice(),
    );
    drop(server);
    let script: Script = Box::leak(Box::new([back]));
    let server = Scripted::start(script).await.unwrap();
    let origin = format!("http://{HOST}:{}", server.port());
    let rules = [origin.clone(), format!("http://{HOST}:{port}")];
    let limits = Limits { host_calls_max: 1, ..limits() };
    let report = run("follows", &[("URL", &origin)], allowing(&rules), limits).await;
    assert!(
        report
            .outcome
            .to_string()
            .starts_with("limit on host calls exceeded: the step called the host more than 1 times, in "),
        "{}",
        report.outcome
    );
}

/// Answers each question with the next of its answers, and the last one for ever.
struct Answers(Mutex<Vec<Vec<&'static str>>>);

#[async_trait]
impl Resolve for Answers {
    async fn resolve(&self, _: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let mut answers = self.0.lock().expect("no test panics while it holds the lock");
        let answer = if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() };
        let addresses = answer.into_iter().map(|ip| ip.parse().expect("the test writes addresses"));
        Ok(addresses.map(|ip| SocketAddr::new(ip, port)).collect())
    }
}

fn answering(answers: &[&[&'static str]]) -> Arc<Answers> {
    Arc::new(Answers(Mutex::new(answers.iter().map(|answer| answer.to_vec()).collect())))
}

const HELLO: Script = &[b"good day"];

#[tokio::test]
async fn a_socket_of_the_standard_library_connects_where_a_rule_says() {
    let server = Scripted::start(HELLO).await.unwrap();
    let address = format!("{HOST}:{}", server.port());
    let (added, report) = until_allowed("dials", &[("ADDRESS", &address)], Egress::deny_all()).await;
    assert_eq!(added, [format!("tcp://{address}")]);
    assert_eq!(report.outcome.to_string(), "failed: heard good day");
    assert!(log(&report).is_empty());

    let report = run("dials", &[("ADDRESS", &address)], Egress::deny_all(), limits()).await;
    assert_eq!(report.outcome.to_string(), "failed: PermissionDenied");
    let expected = format!(
        "the sandbox does not allow a connection to `tcp://{address}`; what would: `--allow tcp://{address}`"
    );
    assert_eq!(log(&report), [expected]);
    // A rule for requests is none for a socket.
    let report =
        run("dials", &[("ADDRESS", &address)], allowing(&[format!("https://{address}")]), limits()).await;
    assert_eq!(report.outcome.to_string(), "failed: PermissionDenied");
}

#[tokio::test]
async fn a_name_leads_where_it_was_looked_up_and_only_with_the_port_of_its_rule() {
    let server = Scripted::start(HELLO).await.unwrap();
    let port = server.port();
    // The first name that is asked for leads to this machine, which must be named; then it changes.
    let resolver = answering(&[&["127.0.0.1"], &["127.0.0.1"], &["127.0.0.1"], &["169.254.169.254"]]);
    let address = format!("db.example:{port}");
    let egress = Egress::deny_all().with_resolver(resolver);
    let (added, report) = until_allowed("dials", &[("ADDRESS", &address)], egress.clone()).await;
    assert_eq!(added, [format!("tcp://{address}"), format!("tcp://127.0.0.1:{port}")]);
    assert_eq!(report.outcome.to_string(), "failed: heard good day");

    // The same rules, and another answer.
    let egress = added.iter().map(|rule| rule.parse().unwrap()).fold(egress, Egress::allow_rule);
    run("dials", &[("ADDRESS", &address)], egress.clone(), limits()).await;
    let report = run("dials", &[("ADDRESS", &address)], egress, limits()).await;
    assert_eq!(report.outcome.to_string(), "failed: PermissionDenied");
    assert_eq!(
        log(&report),
        [format!(
            "`db.example` is an address of cloud metadata, which the sandbox allows only when it is named; what \
             would: `--allow tcp://169.254.169.254:{port}`"
        )]
    );

    let egress = allowing(&["tcp://db.example:1".to_owned()]).with_resolver(answering(&[&["127.0.0.1"]]));
    let report = run("dials", &[("ADDRESS", &address)], egress, limits()).await;
    assert_eq!(
        log(&report),
        [format!(
            "the sandbox does not allow a connection to `tcp://{address}`; what would: `--allow tcp://{address}`"
        )]
    );
}

#[tokio::test]
async fn of_several_addresses_those_are_dialled_that_may_be() {
    let server = Scripted::start(HELLO).await.unwrap();
    let port = server.port();
    let resolver = answering(&[&["169.254.169.254", "::ffff:100.100.100.200", "127.0.0.1"]]);
    let rules = [format!("tcp://db.example:{port}"), format!("tcp://127.0.0.1:{port}")];
    let egress = allowing(&rules).with_resolver(resolver.clone());
    let report = run("dials", &[("ADDRESS", &format!("db.example:{port}"))], egress, limits()).await;
    assert_eq!(report.outcome.to_string(), "failed: heard good day");

    let server = Scripted::start(&[PONG]).await.unwrap();
    let port = server.port();
    let rules = [format!("http://db.example:{port}"), format!("http://127.0.0.1:{port}")];
    let egress = allowing(&rules).with_resolver(resolver);
    let report = run("fetches", &[("URL", &format!("http://db.example:{port}"))], egress, limits()).await;
    assert_eq!(report.outcome.to_string(), "failed: 200 pong");
}

#[tokio::test]
async fn metadata_is_out_of_reach_in_every_disguise() {
    for ip in
        ["169.254.169.254", "[::ffff:169.254.169.254]", "[64:ff9b::169.254.169.254]", "[2002:a9fe:a9fe::]"]
    {
        let report = run("fetches", &[("URL", &format!("http://{ip}/"))], Egress::deny_all(), limits()).await;
        assert_eq!(
            log(&report),
            ["the sandbox does not allow a connection to `http://169.254.169.254`; what would: \
              `--allow http://169.254.169.254`"],
            "{ip}"
        );
    }
    for ip in
        ["100.100.100.200", "[fd00:ec2::254]", "[::]", "0.0.0.0", "255.255.255.255", "10.0.0.1", "[fe80::1]"]
    {
        let report =
            run("fetches", &[("URL", &format!("https://{ip}/"))], Egress::deny_all(), limits()).await;
        assert!(log(&report)[0].ends_with(&format!("`--allow https://{ip}`")), "{:?}", report.log);
    }
}

#[tokio::test]
async fn open_sockets_are_bounded_and_end_with_the_step() {
    let mut server = Scripted::start(&[]).await.unwrap();
    let address = format!("{HOST}:{}", server.port());
    let limits = Limits { connections_max: 3, ..limits() };
    let report =
        run("crowds", &[("ADDRESS", &address)], allowing(&[format!("tcp://{address}")]), limits).await;
    assert_eq!(report.outcome.to_string(), "failed: opened 3");
    assert_eq!(log(&report), ["limit on connections exceeded: no more than 3 may be open at once"]);
    // What is refused is not dialled: three, and one for that which was given back.
    assert_eq!(server.all_closed().await.unwrap(), 4);
}

#[tokio::test]
async fn nothing_listens_and_there_is_no_udp() {
    let report = run("listens", &[], Egress::deny_all(), limits()).await;
    assert_eq!(report.outcome.to_string(), "failed: Unsupported");
    let secrets = Arc::new(InMemory::new(VALUE));
    let function = load(keywheel_guests::component("listens")).await;
    let report = function.invoke(invocation(Step::SetSecret, &secrets, Egress::deny_all(), limits())).await;
    let expected = "trapped: a rotation function cannot use `wasi:sockets/udp-create-socket@0.2";
    assert!(report.outcome.to_string().starts_with(expected), "{}", report.outcome);
}
