use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_000);

fn stages(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// `id:LABEL,LABEL` for each version, `id-` for one without a value.
fn shown(versions: &Versions) -> String {
    versions
        .iter()
        .map(|version| {
            let empty = if version.filled { "" } else { "-" };
            format!("{}{empty}:{}", version.id, version.stages.join(","))
        })
        .collect::<Vec<_>>()
        .join(" ")
}

fn put(versions: &Versions, id: &str, names: &[&str]) -> Versions {
    versions.put(id, &stages(names), None, NOW).expect("the version is new")
}

#[test]
fn a_new_current_version_makes_the_old_one_previous() {
    let one = put(&Versions::default(), "1", &[CURRENT]);
    let two = put(&one, "2", &[CURRENT]);
    let three = put(&two, "3", &[CURRENT]);
    assert_eq!(shown(&three), "1: 2:AWSPREVIOUS 3:AWSCURRENT");
    assert_eq!(three.get("1").and_then(|version| version.deprecated), Some(NOW));
}

#[test]
fn the_first_value_is_current_whatever_was_asked() {
    assert_eq!(shown(&put(&Versions::default(), "1", &["BLUE"])), "1:AWSCURRENT,BLUE");
}

#[test]
fn a_token_means_one_value() {
    let one = put(&Versions::default(), "1", &[CURRENT]);
    assert_eq!(one.put("1", &stages(&["X"]), Some(Comparison::Same), NOW), Ok(one.clone()));
    assert_eq!(one.put("1", &[], Some(Comparison::Different), NOW), Err(PutError::TokenReused));
}

#[test]
fn a_rotation_goes_from_empty_to_current() {
    let one = put(&Versions::default(), "1", &[CURRENT]);
    let begun = one.begin("2", NOW);
    assert_eq!(shown(&begun), "1:AWSCURRENT 2-:AWSPENDING");
    assert_eq!(begun.unfinished().map(|version| version.id.as_str()), Some("2"));
    let filled = put(&begun, "2", &[PENDING]);
    let moved = filled.move_stage(CURRENT, Some("1"), Some("2"), NOW).expect("both exist");
    assert_eq!(shown(&moved), "1:AWSPREVIOUS 2:AWSCURRENT,AWSPENDING");
    assert_eq!(moved.unfinished(), None);
    assert_eq!(shown(&moved.without_pending(NOW)), "1:AWSPREVIOUS 2:AWSCURRENT");
    assert_eq!(shown(&begun.without_pending(NOW)), "1:AWSCURRENT");
    assert_eq!(shown(&filled.without("2")), "1:AWSCURRENT");
    // It kept AWSPENDING once, which stood in the way of every later rotation.
    assert_eq!(shown(&moved.without("2")), "1:AWSPREVIOUS 2:AWSCURRENT", "a version with other labels stays");
}

#[test]
fn a_label_moves_only_from_where_it_is() {
    let versions = put(&put(&Versions::default(), "1", &[CURRENT]), "2", &["BLUE"]);
    let check = |stage: &str, from: Option<&str>, to: Option<&str>, expected: Result<&str, MoveError>| {
        let outcome = versions.move_stage(stage, from, to, NOW).map(|after| shown(&after));
        assert_eq!(outcome, expected.map(str::to_owned), "{stage} {from:?} {to:?}");
    };
    check(CURRENT, Some("1"), Some("2"), Ok("1:AWSPREVIOUS 2:AWSCURRENT,BLUE"));
    check(CURRENT, None, Some("1"), Ok("1:AWSCURRENT 2:BLUE"));
    check(CURRENT, None, Some("2"), Err(MoveError::HolderNotNamed { holder: "1".into() }));
    check(CURRENT, Some("2"), Some("2"), Err(MoveError::NotTheHolder { version: "2".into() }));
    check(CURRENT, Some("1"), None, Err(MoveError::CurrentMustStay));
    check("BLUE", Some("2"), None, Ok("1:AWSCURRENT 2:"));
    check("GREEN", None, Some("1"), Ok("1:AWSCURRENT,GREEN 2:BLUE"));
    check("GREEN", Some("1"), None, Err(MoveError::NotTheHolder { version: "1".into() }));
    check("GREEN", None, Some("3"), Err(MoveError::NoSuchVersion { version: "3".into() }));
    check("GREEN", None, None, Err(MoveError::NothingAsked));
    let begun = versions.begin("3", NOW);
    assert_eq!(
        begun.move_stage(CURRENT, Some("1"), Some("3"), NOW),
        Err(MoveError::NoSuchVersion { version: "3".into() }),
        "an empty version cannot be current"
    );
}

#[test]
fn labels_are_limited() {
    let mut versions = put(&Versions::default(), "1", &[CURRENT]);
    for index in 1..STAGES_MAX {
        versions = versions.move_stage(&format!("L{index}"), None, Some("1"), NOW).expect("below the limit");
    }
    assert_eq!(versions.move_stage("ONE-MORE", None, Some("1"), NOW), Err(MoveError::TooManyStages));
    assert_eq!(versions.put("2", &stages(&["ONE-MORE"]), None, NOW), Err(PutError::TooManyStages));
}

#[test]
fn old_versions_go_and_young_ones_stay() {
    let mut versions = Versions::default();
    for index in 0..DEPRECATED_VERSIONS_KEPT + 12 {
        versions = put(&versions, &format!("{index:03}"), &[CURRENT]);
    }
    assert_eq!(versions.retire(NOW).1, Vec::<String>::new(), "within a day nothing goes");
    let later = NOW.plus_millis(DEPRECATED_KEPT_MS + 1);
    let (kept, dropped) = versions.retire(later);
    assert_eq!(dropped, (0..10).map(|index| format!("{index:03}")).collect::<Vec<_>>());
    assert_eq!(kept.iter().filter(|version| version.stages.is_empty()).count(), DEPRECATED_VERSIONS_KEPT);
    assert!(kept.holder(CURRENT).is_some() && kept.holder(PREVIOUS).is_some());
}

#[test]
fn a_read_is_noted_once_a_day() {
    let one = put(&Versions::default(), "1", &[CURRENT]);
    let day = Timestamp::from_millis(DAY_MS);
    let touched = one.touched("1", day).expect("the first read");
    assert_eq!(touched.touched("1", day), None);
    assert!(touched.touched("1", day.plus_millis(DAY_MS)).is_some());
}

#[derive(Clone, Debug)]
enum Call {
    Put(u8, Vec<usize>),
    Begin(u8),
    Clear,
    Move(usize, Option<u8>, Option<u8>),
    Retire,
}

const LABELS: [&str; 4] = [CURRENT, PENDING, PREVIOUS, "BLUE"];

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let id = 0..5u8;
    let label = 0..LABELS.len();
    let call = prop_oneof![
        (id.clone(), prop::collection::vec(label.clone(), 0..3))
            .prop_map(|(id, labels)| Call::Put(id, labels)),
        id.clone().prop_map(Call::Begin),
        Just(Call::Clear),
        (label, prop::option::of(id.clone()), prop::option::of(id)).prop_map(|(l, f, t)| Call::Move(l, f, t)),
        Just(Call::Retire),
    ];
    prop::collection::vec(call, 0..40)
}

proptest! {
    #[test]
    fn the_algebra_keeps_its_invariants(calls in calls()) {
        let mut versions = Versions::default();
        let mut was_current: Vec<String> = Vec::new();
        for (index, call) in calls.into_iter().enumerate() {
            let now = Timestamp::from_millis(i64::try_from(index).unwrap());
            let after = match call {
                Call::Put(id, labels) => {
                    let id = id.to_string();
                    let known = versions.get(&id).filter(|version| version.filled).map(|_| Comparison::Same);
                    let labels = labels.into_iter().map(|label| LABELS[label].to_owned()).collect::<Vec<_>>();
                    versions.put(&id, &labels, known, now).ok()
                }
                Call::Begin(id) => Some(versions.begin(&id.to_string(), now)),
                Call::Clear => Some(versions.without_pending(now)),
                Call::Move(label, from, to) => {
                    let (from, to) = (from.map(|id| id.to_string()), to.map(|id| id.to_string()));
                    versions.move_stage(LABELS[label], from.as_deref(), to.as_deref(), now).ok()
                }
                Call::Retire => Some(versions.retire(now).0),
            };
            let Some(after) = after else { continue };
            for label in LABELS {
                let holders = after.iter().filter(|version| version.has(label)).count();
                prop_assert!(holders <= 1, "{label} on {holders} versions: {}", shown(&after));
            }
            if versions.holder(CURRENT).is_some() {
                prop_assert!(after.holder(CURRENT).is_some(), "AWSCURRENT was lost: {}", shown(&after));
            }
            if let Some(current) = after.holder(CURRENT) {
                prop_assert!(current.filled, "an empty version is current: {}", shown(&after));
            }
            if after.iter().any(|version| version.filled) {
                prop_assert!(after.holder(CURRENT).is_some(), "a value, but none current: {}", shown(&after));
            }
            let (old, new) = (versions.holder(CURRENT), after.holder(CURRENT));
            if let (Some(old), Some(new)) = (old, new) && old.id != new.id {
                was_current.push(old.id.clone());
            }
            versions = after;
        }
    }
}

#[test]
fn a_rotation_begins_only_with_room_for_all_of_its_labels() {
    let labelled = |labels: usize| {
        let names: Vec<String> = (0..labels).map(|number| format!("L{number}")).collect();
        let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
        names.push(CURRENT);
        put(&Versions::default(), "1", &names)
    };
    let room = STAGES_MAX - 3;
    assert_eq!(labelled(room).check_begin("2", NOW), Ok(()));
    let ends = put(&labelled(room).begin("2", NOW), "2", &[PENDING]);
    let ends = ends.move_stage(CURRENT, Some("1"), Some("2"), NOW).expect("there is room to the end");
    assert_eq!(ends.iter().map(|version| version.stages.len()).sum::<usize>(), STAGES_MAX);
    let full = labelled(room + 1);
    assert_eq!(full.check_begin("2", NOW), Err(PutError::TooManyStages));
    // What is pending may be all that a target knows: it goes on.
    assert_eq!(full.begin("2", NOW).check_begin("2", NOW), Ok(()));
    let many = (1..VERSIONS_MAX).fold(put(&Versions::default(), "0", &[CURRENT]), |versions, number| {
        put(&versions, &number.to_string(), &[CURRENT])
    });
    assert_eq!(many.check_begin("new", NOW), Err(PutError::TooManyVersions));
    assert_eq!(many.check_begin("7", NOW), Ok(()));
    // A day later old ones can go: a secret that was filled once is not full for ever.
    let later = NOW.plus_millis(DEPRECATED_KEPT_MS + 1);
    assert_eq!(many.check_begin("new", later), Ok(()));
    let next = many.put("new", &stages(&[CURRENT]), None, later).expect("old versions make room");
    assert_eq!(next.retire(later).0.iter().count(), VERSIONS_MAX + 1 - DROPPED_AT_ONCE_MAX);
}
