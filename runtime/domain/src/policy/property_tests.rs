use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::evaluate_tests::Keys;
use super::pattern::{Arn, ArnPattern, Match, Pattern, Piece, Reading, is_match};
use super::*;

/// The same cases in every run.
pub(super) fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// The obvious matcher: slow, and right.
fn oracle(pattern: &[char], text: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, rest) => rest.is_none(),
        (Some(('*', after)), rest) => {
            oracle(after, text) || rest.is_some_and(|(_, rest)| oracle(pattern, rest))
        }
        (Some(('?', after)), Some((_, rest))) => oracle(after, rest),
        (Some((wanted, after)), Some((found, rest))) => wanted == found && oracle(after, rest),
        (Some(_), None) => false,
    }
}

fn pieces(pattern: &str) -> Vec<Piece> {
    let reading = Reading { wildcards: true, variables: false };
    Pattern::parse(pattern, reading).unwrap().pieces().unwrap().to_vec()
}

#[test]
fn the_matcher_agrees_with_the_obvious_one() {
    let check = |(pattern, text): (String, String)| {
        let [wanted, found] = [&pattern, &text].map(|text| text.chars().collect::<Vec<_>>());
        prop_assert_eq!(is_match(&pieces(&pattern), &text, false), oracle(&wanted, &found));
        Ok(())
    };
    runner(20_000).run(&("[abö*?]{0,8}", "[abö]{0,10}"), check).unwrap();
}

/// Five to seven sections, so that some are no ARN and some have a colon in the last one.
fn sections(section: &'static str) -> impl Strategy<Value = String> {
    prop::collection::vec(section, 5..8).prop_map(|sections| sections.join(":"))
}

#[test]
fn an_arn_matches_section_by_section_whether_a_variable_is_in_the_pattern_or_not() {
    let nothing = Keys(BTreeMap::new());
    let check = |(pattern, text): (String, String)| {
        let [wanted, found] = [&pattern, &text].map(|text| text.splitn(6, ':').collect::<Vec<_>>());
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        let is_section = |(wanted, found): (&&str, &&str)| oracle(&chars(wanted), &chars(found));
        let is_both = wanted.len() == 6 && found.len() == 6;
        let expected = pattern == "*" || is_both && wanted.iter().zip(&found).all(is_section);
        for written in [pattern.clone(), format!("${{a:b, ''}}{pattern}")] {
            let pattern = ArnPattern::parse(&written, Reading { wildcards: true, variables: true }).unwrap();
            let matches = pattern.matches(&Arn::of(&text), &nothing);
            prop_assert_eq!(matches, if expected { Match::Yes } else { Match::No }, "{} {}", written, text);
        }
        Ok(())
    };
    let patterns = prop_oneof![1 => Just("*".to_owned()), 20 => sections("[a*?]{0,2}")];
    runner(20_000).run(&(patterns, sections("a{0,2}")), check).unwrap();
}

#[test]
fn a_pattern_of_stars_does_not_take_for_ever() {
    let pattern = pieces(&"a*".repeat(1_000));
    assert!(!is_match(&pattern, &format!("{}b", "a".repeat(500)), false));
    assert!(is_match(&pattern, &"a".repeat(2_000), false));
}

fn statement() -> impl Strategy<Value = String> {
    let action = prop::sample::select(vec!["*", "a:Get", "a:G*", "a:Put"]);
    let resource =
        prop::sample::select(vec!["*", "arn:aws:a:r:1:x/1", "arn:aws:a:r:1:x/*", "arn:aws:a:r:1:y"]);
    let condition = prop::sample::select(vec![
        "{}",
        r#"{"StringEquals":{"aws:username":"ann"}}"#,
        r#"{"StringNotEquals":{"aws:none":"ann"}}"#,
        r#"{"Null":{"aws:username":true}}"#,
    ]);
    (any::<bool>(), action, any::<bool>(), resource, any::<bool>(), condition).prop_map(
        |(deny, action, not_action, resource, not_resource, condition)| {
            let effect = if deny { "Deny" } else { "Allow" };
            let (a, r) = (if not_action { "Not" } else { "" }, if not_resource { "Not" } else { "" });
            format!(
                r#"{{"Effect":"{effect}","{a}Action":"{action}","{r}Resource":"{resource}","Condition":{condition}}}"#
            )
        },
    )
}

fn is_allowed(statements: &[String]) -> bool {
    if statements.is_empty() {
        return false;
    }
    let text = format!(r#"{{"Statement":[{}]}}"#, statements.join(","));
    let document = Document::parse(&text, Kind::Identity).unwrap();
    let identity = [Named { name: "p", document: &document }];
    let request = Request {
        caller: Caller::User { arn: "arn:aws:iam::111111111111:user/ann" },
        caller_account: "111111111111",
        action: "a:Get",
        resource: "arn:aws:a:r:1:x/1",
        resource_account: "111111111111",
        context: &Keys(BTreeMap::from([("aws:username", vec!["ann"])])),
    };
    evaluate(&request, &Policies { identity: &identity, ..Policies::default() }).is_allowed()
}

#[test]
fn a_denial_more_allows_nothing_and_a_permission_more_denies_nothing() {
    let strategy = (prop::collection::vec(statement(), 0..5), statement());
    let check = |(statements, added): (Vec<String>, String)| {
        let before = is_allowed(&statements);
        let more: Vec<_> = statements.iter().cloned().chain([added.clone()]).collect();
        let after = is_allowed(&more);
        let deny = added.contains(r#""Effect":"Deny""#);
        prop_assert!(if deny { before || !after } else { after || !before }, "{:?}", more);
        Ok(())
    };
    runner(4_000).run(&strategy, check).unwrap();
}

#[test]
fn a_damaged_document_is_read_or_refused_and_nothing_worse() {
    let text = r#"{"Version":"2012-10-17","Id":"x","Statement":[{"Sid":"A","Effect":"Allow","Principal":{"AWS":
        ["111111111111","arn:aws:iam::111111111111:user/ann"],"Service":"a.b"},"Action":["a:*"],"Resource":
        ["arn:aws:a:r:1:x/${aws:username, 'é'}"],"Condition":{"ForAnyValue:IpAddressIfExists":{"aws:SourceIp":
        ["10.0.0.0/8","::/0"]},"DateLessThan":{"aws:CurrentTime":"2026-05-01T11:59Z"}}}]}"#;
    let kinds = [Kind::Identity, Kind::Boundary, Kind::Session, Kind::Resource, Kind::Trust];
    assert!(Document::parse(text, Kind::Resource).is_ok());
    let edits = prop::collection::vec((any::<prop::sample::Index>(), 0_u8..3, any::<char>()), 1..6);
    let check = |edits: Vec<(prop::sample::Index, u8, char)>| {
        let mut chars: Vec<char> = text.chars().collect();
        for (index, edit, new) in edits {
            let at = index.index(chars.len());
            match edit {
                0 => chars[at] = new,
                1 => chars.insert(at, chars[index.index(at + 1)]),
                _ => drop(chars.remove(at)),
            }
        }
        let damaged: String = chars.into_iter().collect();
        for kind in kinds {
            if let Err(error) = Document::parse(&damaged, kind) {
                prop_assert!(!error.to_string().is_empty());
            }
        }
        Ok(())
    };
    runner(4_000).run(&edits, check).unwrap();
}

/// Statements of the identity policy, the resource's, the boundary and the session policy; none: no such policy.
type Layers = [Vec<String>; 4];

/// A statement, the layer it goes to, and the principal it names if that is the resource's.
type Placed = (usize, String, &'static str);
/// Statements, the account that owns the resource, and what the resource's policy has to say.
type Owned = (Vec<Placed>, &'static str, ResourceRule);

const KINDS: [Kind; 4] = [Kind::Identity, Kind::Resource, Kind::Boundary, Kind::Session];

/// The statement with a principal, as a resource policy has it.
fn with_principal(statement: &str, principal: &str) -> String {
    statement.replacen('{', &format!(r#"{{"Principal":{principal},"#), 1)
}

fn is_allowed_by_all(layers: &Layers, caller: Caller<'_>, owner: &str, resource_rule: ResourceRule) -> bool {
    let documents: Vec<Option<Document>> = layers
        .iter()
        .zip(KINDS)
        .map(|(statements, kind)| {
            let text = format!(r#"{{"Statement":[{}]}}"#, statements.join(","));
            (!statements.is_empty()).then(|| Document::parse(&text, kind).unwrap())
        })
        .collect();
    let named =
        |layer: usize| documents[layer].as_ref().map(|document: &Document| Named { name: "p", document });
    let (identity, session) = (named(0), named(3));
    let policies = Policies {
        identity: identity.as_slice(),
        resource: named(1),
        boundary: named(2),
        session: session.as_slice(),
        resource_rule,
    };
    let request = Request {
        caller,
        caller_account: "111111111111",
        action: "a:Get",
        resource: "arn:aws:a:r:1:x/1",
        resource_account: owner,
        context: &Keys(BTreeMap::from([("aws:username", vec!["ann"])])),
    };
    let decision = evaluate(&request, &policies);
    // A denial that is explicit is one that the explanation shows too.
    let denies = explain(&request, &policies)
        .iter()
        .any(|finding| finding.effect == Effect::Deny && finding.mismatch.is_none());
    let is_explicit = matches!(decision, Decision::Denied { reason: Reason::Explicit(_) });
    assert_eq!(is_explicit, denies);
    decision.is_allowed()
}

#[test]
fn one_statement_more_in_any_policy_works_only_in_its_own_direction() {
    let principal = prop::sample::select(vec![
        r#""*""#,
        r#"{"AWS":"111111111111"}"#,
        r#"{"AWS":"arn:aws:iam::111111111111:user/ann"}"#,
        r#"{"AWS":"arn:aws:iam::111111111111:role/reader"}"#,
        r#"{"AWS":"arn:aws:sts::111111111111:assumed-role/reader/one"}"#,
        r#"{"Service":"lambda.amazonaws.com"}"#,
    ]);
    let caller = prop::sample::select(vec![
        Caller::Root,
        Caller::User { arn: "arn:aws:iam::111111111111:user/ann" },
        Caller::Session {
            session_arn: "arn:aws:sts::111111111111:assumed-role/reader/one",
            role_arn: "arn:aws:iam::111111111111:role/reader",
        },
        Caller::Service { name: "lambda.amazonaws.com" },
    ]);
    let owner = prop::sample::select(vec!["111111111111", "222222222222"]);
    let rule = prop::sample::select(vec![ResourceRule::Optional, ResourceRule::Required]);
    let owned = (prop::collection::vec((0_usize..4, statement(), principal.clone()), 0..8), owner, rule);
    let strategy = (owned, caller, (0_usize..4, statement(), principal));
    let check = |((statements, owner, rule), caller, (layer, added, principal)): (Owned, _, Placed)| {
        let mut layers = Layers::default();
        let put = |layers: &mut Layers, layer: usize, statement: &str, principal: &str| {
            let statement =
                if layer == 1 { with_principal(statement, principal) } else { statement.to_owned() };
            layers[layer].push(statement);
        };
        for (layer, statement, principal) in &statements {
            put(&mut layers, *layer, statement, principal);
        }
        // The first statement of a boundary or a session policy makes the limit; only the next one adds to it.
        if layer >= 2 && layers[layer].is_empty() {
            return Ok(());
        }
        let before = is_allowed_by_all(&layers, caller, owner, rule);
        put(&mut layers, layer, &added, principal);
        let after = is_allowed_by_all(&layers, caller, owner, rule);
        let deny = added.contains(r#""Effect":"Deny""#);
        prop_assert!(if deny { before || !after } else { after || !before }, "{:?} {:?}", caller, layers);
        Ok(())
    };
    runner(6_000).run(&strategy, check).unwrap();
}
