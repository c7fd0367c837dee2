//! Requests and answers byte for byte, as small stories that read as documentation.
//!
//! Each script becomes `tests/golden/lambda/NAME.txt`. A line of a script is a sentence for the reader (`#`), the
//! worker's turn (`work`), a disk that fails (`the disk fails`), a request of Lambda (method, path, headers as
//! `name=value`, body), or an action of Secrets Manager with its body. `made` before it sends it with the access key that
//! was made last, `forged` and `misdirected` with a wrong proof, `50 times` as often, with the number for `$N`, and tells
//! the last. `$ONE`, `$TWO`, `$FAILS` and `$TRAPS` stand for components in base64, `$1` to `$3` for version ids,
//! `$REVISION` and `$MARKER` for what the last answer with one told, `(10 spaces)` for a body of them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use expect_test::expect_file;
use keywheel_tests::node::{ACCESS_KEY_ID, SECRET_ACCESS_KEY};

use super::component::Does;
use super::world::{Asked, TOKENS, Told, World, encoded};
use crate::api::wire::sent;

/// As often as what is begun beside an answer has to be continued until it is done.
const TURNS: usize = 20;

const SCRIPTS: &[(&str, &str)] = &[
    (
        "deploy",
        r##"
        # A function is compiled before it is stored, and ready when the answer comes.
        POST /2015-03-31/functions {"FunctionName":"rotate","Role":"arn:aws:iam::123456789012:role/r","Runtime":"provided.al2023","Handler":"rotate","Code":{"ZipFile":"$ONE"},"Environment":{"Variables":{"KEYWHEEL_ALLOW":"tcp://db.example:5432","LEVEL":"2"}},"Tags":{"team":"blue"},"Timeout":30,"MemorySize":32}
        GET /2015-03-31/functions/rotate
        GET /2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Arotate/configuration
        # Those that come with Keywheel are listed too.
        GET /2015-03-31/functions/
        GET /2015-03-31/functions?MaxItems=1
        GET /2015-03-31/functions?MaxItems=1&Marker=$MARKER
        PUT /2015-03-31/functions/rotate/configuration {"Description":"rotates","Timeout":60}
        PUT /2015-03-31/functions/rotate/code {"ZipFile":"$TWO","Publish":true,"RevisionId":"$REVISION"}
        DELETE /2015-03-31/functions/rotate
        GET /2015-03-31/functions/rotate
        "##,
    ),
    (
        "versions_and_aliases",
        r##"
        POST /2015-03-31/functions {"FunctionName":"f","Role":"arn:aws:iam::123456789012:role/r","Code":{"ZipFile":"$ONE"},"Publish":true}
        # Nothing has changed: the same version again.
        POST /2015-03-31/functions/f/versions {}
        PUT /2015-03-31/functions/f/code {"ZipFile":"$TWO"}
        POST /2015-03-31/functions/f/versions {"Description":"second"}
        GET /2015-03-31/functions/f/versions
        GET /2015-03-31/functions/f:1/configuration
        POST /2015-03-31/functions/f/aliases {"Name":"live","FunctionVersion":"1"}
        PUT /2015-03-31/functions/f/aliases/live {"FunctionVersion":"2","RevisionId":"$REVISION"}
        GET /2015-03-31/functions/f/aliases/live
        GET /2015-03-31/functions/f/configuration?Qualifier=live
        GET /2015-03-31/functions/f/aliases
        # A version that an alias names stays; the other one goes.
        DELETE /2015-03-31/functions/f?Qualifier=2
        DELETE /2015-03-31/functions/f?Qualifier=1
        DELETE /2015-03-31/functions/f/aliases/live
        GET /2015-03-31/functions/f/aliases/live
        "##,
    ),
    (
        "permissions",
        r##"
        POST /2015-03-31/functions {"FunctionName":"f","Role":"arn:aws:iam::123456789012:role/r","Code":{"ZipFile":"$FAILS"}}
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        # Nobody has let Secrets Manager invoke the function yet.
        RotateSecret {"SecretId":"app","ClientRequestToken":"$2","RotationLambdaARN":"arn:aws:lambda:us-east-1:123456789012:function:f"}
        POST /2015-03-31/functions/f/policy {"StatementId":"rotate","Action":"lambda:InvokeFunction","Principal":"secretsmanager.amazonaws.com","SourceAccount":"123456789012"}
        POST /2015-03-31/functions/f/policy {"StatementId":"rotate","Action":"lambda:InvokeFunction","Principal":"secretsmanager.amazonaws.com"}
        GET /2015-03-31/functions/f/policy
        RotateSecret {"SecretId":"app","ClientRequestToken":"$2","RotationLambdaARN":"arn:aws:lambda:us-east-1:123456789012:function:f"}
        work
        Keywheel.DescribeRotation {"SecretId":"app"}
        # A function that a secret uses is not deleted by mistake.
        DELETE /2015-03-31/functions/f
        DELETE /2015-03-31/functions/f/policy/rotate
        GET /2015-03-31/functions/f/policy
        DELETE /2015-03-31/functions/f x-keywheel-force=true
        # So many statements and no more.
        POST /2015-03-31/functions {"FunctionName":"g","Role":"arn:aws:iam::123456789012:role/r","Code":{"ZipFile":"$FAILS"}}
        50 times POST /2015-03-31/functions/g/policy {"StatementId":"rotate$N","Action":"lambda:InvokeFunction","Principal":"secretsmanager.amazonaws.com"}
        POST /2015-03-31/functions/g/policy {"StatementId":"rotate","Action":"lambda:InvokeFunction","Principal":"secretsmanager.amazonaws.com"}
        "##,
    ),
    (
        "invoke",
        r##"
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        POST /2015-03-31/functions {"FunctionName":"good","Role":"arn:aws:iam::123456789012:role/r","Code":{"ZipFile":"$ONE"},"Publish":true}
        POST /2015-03-31/functions {"FunctionName":"bad","Role":"arn:aws:iam::123456789012:role/r","Code":{"ZipFile":"$FAILS"}}
        POST /2015-03-31/functions {"FunctionName":"broken","Role":"arn:aws:iam::123456789012:role/r","Code":{"ZipFile":"$TRAPS"}}
        POST /2015-03-31/functions/good/invocations {"Step":"createSecret","SecretId":"app","ClientRequestToken":"$2"}
        POST /2015-03-31/functions/good:1/invocations x-amz-log-type=Tail {"Step":"createSecret","SecretId":"app","ClientRequestToken":"$2"}
        POST /2015-03-31/functions/good/invocations x-amz-invocation-type=DryRun {}
        # What the function says, and how it ends, is in the envelope.
        POST /2015-03-31/functions/bad/invocations {"Step":"setSecret","SecretId":"app","ClientRequestToken":"$2"}
        POST /2015-03-31/functions/broken/invocations {"Step":"setSecret","SecretId":"app","ClientRequestToken":"$2"}
        # What it logged is kept, and is told to who may ask for it.
        Keywheel.ListFunctionLogs {"FunctionName":"good","After":1}
        Keywheel.ListFunctionLogs {"FunctionName":"broken"}
        Keywheel.ListFunctionLogs {"FunctionName":"nothing"}
        # What is no event does not run.
        POST /2015-03-31/functions/good/invocations not JSON
        POST /2015-03-31/functions/good/invocations {"Step":"create_secret","SecretId":"app","ClientRequestToken":"$2"}
        POST /2015-03-31/functions/good/invocations {"Step":"createSecret","SecretId":"nothing","ClientRequestToken":"$2"}
        POST /2015-03-31/functions/good/invocations x-amz-invocation-type=Event {}
        POST /2015-03-31/functions/nothing/invocations {"Step":"createSecret","SecretId":"app","ClientRequestToken":"$2"}
        # A rotation of the secret comes first.
        POST /2015-03-31/functions/bad/policy {"StatementId":"rotate","Action":"lambda:InvokeFunction","Principal":"secretsmanager.amazonaws.com"}
        RotateSecret {"SecretId":"app","ClientRequestToken":"$2","RotationLambdaARN":"arn:aws:lambda:us-east-1:123456789012:function:bad"}
        POST /2015-03-31/functions/good/invocations {"Step":"createSecret","SecretId":"app","ClientRequestToken":"$3"}
        "##,
    ),
    (
        "concurrency_and_tags",
        r##"
        POST /2015-03-31/functions {"FunctionName":"f","Role":"arn:aws:iam::123456789012:role/r","Code":{"ZipFile":"$ONE"}}
        PUT /2017-10-31/functions/f/concurrency {"ReservedConcurrentExecutions":2}
        GET /2019-09-30/functions/f/concurrency
        GET /2015-03-31/functions/f
        # With none, nothing runs.
        PUT /2017-10-31/functions/f/concurrency {"ReservedConcurrentExecutions":0}
        CreateSecret {"Name":"app","ClientRequestToken":"$1","SecretString":"one"}
        POST /2015-03-31/functions/f/invocations {"Step":"createSecret","SecretId":"app","ClientRequestToken":"$2"}
        DELETE /2017-10-31/functions/f/concurrency
        GET /2019-09-30/functions/f/concurrency
        POST /2017-03-31/tags/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Af {"Tags":{"team":"blue","cost":"7"}}
        DELETE /2017-03-31/tags/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Af?tagKeys=cost&tagKeys=other
        GET /2017-03-31/tags/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Af
        "##,
    ),
    (
        "errors",
        r##"
        # Who did not sign for this service learns nothing.
        forged GET /2015-03-31/functions
        misdirected GET /2015-03-31/functions
        GET /2015-03-31/layers
        PATCH /2015-03-31/functions/f
        GET /2015-03-31/functions/f
        GET /2015-03-31/functions/not%20a%20name
        GET /2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Af
        GET /2015-03-31/functions?MaxItems=0
        GET /2015-03-31/functions?Marker=x
        POST /2015-03-31/functions not JSON
        POST /2015-03-31/functions {}
        POST /2015-03-31/functions {"FunctionName":"f","Role":"r","Code":{"ZipFile":"$ONE"},"Timeout":901,"MemorySize":0}
        POST /2015-03-31/functions {"FunctionName":"f","Role":"arn:aws:iam::123456789012:role/r","Code":{"S3Bucket":"b","S3Key":"k"}}
        POST /2015-03-31/functions {"FunctionName":"f","Role":"arn:aws:iam::123456789012:role/r","Code":{"ZipFile":"$ONE"},"Environment":{"Variables":{"KEYWHEEL_ALLOW":"anywhere"}}}
        POST /2015-03-31/functions {"FunctionName":"postgres-single-user","Role":"arn:aws:iam::123456789012:role/r","Code":{"ZipFile":"$ONE"}}
        DELETE /2015-03-31/functions/postgres-single-user
        POST /2015-03-31/functions {"FunctionName":"f","Role":"arn:aws:iam::123456789012:role/r","Code":{"ZipFile":"$ONE"}}
        POST /2015-03-31/functions {"FunctionName":"f","Role":"arn:aws:iam::123456789012:role/r","Code":{"ZipFile":"$TWO"}}
        PUT /2015-03-31/functions/f/code {"ZipFile":"$TWO","RevisionId":"another"}
        POST /2015-03-31/functions/f/aliases {"Name":"1","FunctionVersion":"1"}
        POST /2015-03-31/functions/f/aliases {"Name":"live","FunctionVersion":"7"}
        PUT /2015-03-31/functions/f/aliases/live {"FunctionVersion":"$LATEST"}
        GET /2015-03-31/functions/f:1?Qualifier=2
        DELETE /2015-03-31/functions/f?Qualifier=$LATEST
        POST /2015-03-31/functions/f/invocations (1048577 spaces)
        # Somebody who may do something else.
        Keywheel.CreateApprover {"UserName":"ann"}
        made GET /2015-03-31/functions
        the disk fails
        GET /2015-03-31/functions
        "##,
    ),
];

#[tokio::test]
async fn the_wire_is_as_it_was() {
    for (name, script) in SCRIPTS {
        expect_file![format!("../../../golden/lambda/{name}.txt")].assert_eq(&tell(script).await);
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/lambda");
    let names: BTreeSet<String> = SCRIPTS.iter().map(|(name, _)| format!("{name}.txt")).collect();
    let files = folder.read_dir().unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(files.collect::<BTreeSet<_>>(), names, "each file has its script");
}

/// Plays a script and writes down what went over the wire.
async fn tell(script: &str) -> String {
    let world = World::new().await;
    let (mut told, mut remembered) = (String::new(), Remembered::default());
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(sentence) = line.strip_prefix('#') {
            writeln!(told, "#{sentence}\n").unwrap();
            continue;
        }
        if line == "work" {
            world.work().await;
            told.push_str("# The worker did what was due.\n\n");
            continue;
        }
        if line == "the disk fails" {
            world.disk.set_fails(true);
            told.push_str("# The disk fails.\n\n");
            continue;
        }
        let line = line.replace("$REVISION", &remembered.revision).replace("$MARKER", &remembered.marker);
        let line = TOKENS
            .iter()
            .zip(1..)
            .fold(line, |line, (token, digit)| line.replace(&format!("${digit}"), token));
        let (times, line) = line.split_once(" times ").unwrap_or(("1", &line));
        let times: u32 = times.parse().unwrap();
        if times > 1 {
            writeln!(told, "# Asked {times} times. The last:\n").unwrap();
        }
        for number in 1..=times {
            let line = line.replace("$N", &number.to_string());
            let answer = ask(&world, &line, &remembered).await;
            // No step waits for its log to be written.
            for _ in 0..TURNS {
                tokio::task::yield_now().await;
            }
            if number == times {
                writeln!(told, "{line}\n{}\n", shown(&answer)).unwrap();
            }
            remembered.note(&answer);
        }
    }
    told
}

/// What later lines name.
#[derive(Default)]
struct Remembered {
    revision: String,
    marker: String,
    access_key_id: String,
    secret: String,
}

impl Remembered {
    fn note(&mut self, answer: &Told) {
        let body = answer.json();
        for (place, member) in [
            (&mut self.revision, "RevisionId"),
            (&mut self.marker, "NextMarker"),
            (&mut self.access_key_id, "AccessKeyId"),
            (&mut self.secret, "SecretAccessKey"),
        ] {
            if let Some(found) = body[member].as_str() {
                found.clone_into(place);
            }
        }
    }
}

async fn ask(world: &World, line: &str, remembered: &Remembered) -> Told {
    let (proof, rest) = match line.split_once(' ') {
        Some((proof @ ("forged" | "misdirected" | "made"), rest)) => (proof, rest),
        _ => ("", line),
    };
    let service = if proof == "misdirected" { "secretsmanager" } else { "lambda" };
    let (access_key_id, secret) = match proof {
        "forged" => (ACCESS_KEY_ID, "another secret"),
        "made" => (remembered.access_key_id.as_str(), remembered.secret.as_str()),
        _ => (ACCESS_KEY_ID, SECRET_ACCESS_KEY),
    };
    let (first, rest) = rest.split_once(' ').unwrap();
    if !rest.starts_with('/') {
        let target = if first.contains('.') { first.to_owned() } else { format!("secretsmanager.{first}") };
        let headers = [("x-amz-target", target.as_str())];
        let body = rest.as_bytes().to_vec();
        let asked =
            Asked { method: "POST", path: "/", service: "secretsmanager", secret, headers: &headers, body };
        return world.send_as(access_key_id, asked).await;
    }
    let (path, mut rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let mut headers = Vec::new();
    while rest.starts_with("x-") {
        let (header, after) = rest.split_once(' ').unwrap_or((rest, ""));
        headers.push(header.split_once('=').unwrap());
        rest = after;
    }
    let components = [
        ("$ONE", Does::Nothing("one")),
        ("$TWO", Does::Nothing("two")),
        ("$FAILS", Does::Fails),
        ("$TRAPS", Does::Traps),
    ];
    let body =
        components.iter().fold(rest.to_owned(), |body, (name, does)| body.replace(name, &encoded(*does)));
    let asked = Asked { method: first, path, service, secret, headers: &headers, body: sent(&body) };
    world.send_as(access_key_id, asked).await
}

/// The status, the headers and the body as they are told.
fn shown(answer: &Told) -> String {
    let mut told = format!("{}\n", answer.status);
    for (name, value) in &answer.headers {
        writeln!(told, "{name}: {}", value.to_str().unwrap()).unwrap();
    }
    // What looks like a credential would be taken for one by whoever scans for them.
    let mut text = answer.text.clone();
    for member in ["AccessKeyId", "SecretAccessKey"] {
        if let Some(found) = answer.json()[member].as_str() {
            text = text.replace(found, "…");
        }
    }
    // How long a step took is another number each time.
    let text = text.split("\"DurationUs\":").enumerate().map(|(index, part)| match index {
        0 => part.to_owned(),
        _ => format!("\"DurationUs\":0{}", part.trim_start_matches(|digit: char| digit.is_ascii_digit())),
    });
    told.extend(text);
    told
}
