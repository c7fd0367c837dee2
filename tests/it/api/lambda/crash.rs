//! A process that dies at any commit of a deployment leaves all of it or nothing, and no code for ever.

use std::sync::Arc;

use keywheel::ops::Operations;
use keywheel::store::Store;
use keywheel_domain::time::{HOUR_MS, MINUTE_MS};
use keywheel_tests::clock::SimClock;
use keywheel_tests::entropy::SimEntropy;
use keywheel_tests::node::Node;
use keywheel_tests::store::{Mortal, SimImage, SimStore};
use serde_json::{Value, json};

use super::component::{Does, component};
use super::world::ROLE;

/// What is done, and how many functions and pieces of code there are before and after it.
struct Story {
    done_before: &'static [Act],
    act: Act,
    before: [usize; 2],
    after: [usize; 2],
}

#[derive(Clone, Copy)]
enum Act {
    Create,
    Update,
    Publish,
    Delete,
}

const STORIES: [Story; 4] = [
    Story { done_before: &[], act: Act::Create, before: [0, 0], after: [1, 1] },
    Story { done_before: &[Act::Create], act: Act::Update, before: [1, 1], after: [1, 1] },
    Story { done_before: &[Act::Create, Act::Publish], act: Act::Update, before: [1, 1], after: [1, 2] },
    Story {
        done_before: &[Act::Create, Act::Publish, Act::Update],
        act: Act::Delete,
        before: [1, 2],
        after: [0, 0],
    },
];

async fn node(store: Arc<dyn Store>, folder: &std::path::Path, clock: &SimClock, seed: u64) -> Node {
    let entropy = Arc::new(SimEntropy::new(seed));
    Node::open(store, folder, &[], Arc::new(clock.clone()), entropy).await.unwrap()
}

/// The component, made larger than one part of the store's.
fn large(does: Does) -> Vec<u8> {
    let mut wasm = component(does);
    // A custom section: its id, its length in LEB128, the length of its name, its name.
    let filling = 2_500_000_u32;
    wasm.push(0);
    let mut rest = filling + 2;
    while rest >= 0x80 {
        wasm.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    wasm.push(u8::try_from(rest).unwrap());
    wasm.extend_from_slice(&[1, b'x']);
    wasm.extend(std::iter::repeat_n(0, filling as usize));
    wasm
}

async fn act(node: &Node, act: Act) {
    let deployed = |does: Does| {
        use sha2::Digest as _;
        let wasm = large(does);
        let digest = hex::encode(sha2::Sha256::digest(&wasm));
        keywheel::ops::Deployed { code_bytes: wasm.len() as u64, code_sha256: digest.clone(), digest, wasm }
    };
    let (caller, ops) = (Node::root(), &node.ops);
    let scope = caller.scope();
    match act {
        Act::Create => {
            let members = json!({"FunctionName": "f", "Role": ROLE, "Code": {"ZipFile": "eA=="},
                "Environment": {"Variables": {"A": "b"}}});
            let request = call("POST", "/2015-03-31/functions", &members).read(&scope).unwrap();
            ops.create_function(&caller, &request, &deployed(Does::Nothing("one"))).await.unwrap();
        }
        Act::Update => {
            let request = call("PUT", "/2015-03-31/functions/f/code", &json!({"ZipFile": "eA=="}));
            let request = request.read(&scope).unwrap();
            ops.update_function_code(&caller, &request, &deployed(Does::Nothing("two"))).await.unwrap();
        }
        Act::Publish => {
            let request = call("POST", "/2015-03-31/functions/f/versions", &json!({})).read(&scope).unwrap();
            ops.publish_version(&caller, &request).await.unwrap();
        }
        Act::Delete => {
            let request = call("DELETE", "/2015-03-31/functions/f", &json!({})).read(&scope).unwrap();
            ops.delete_function(&caller, &request).await.unwrap();
        }
    }
}

fn call(method: &str, path: &str, members: &Value) -> keywheel_domain::api::lambda::Call {
    let route = keywheel_domain::api::lambda::Route::of(method, path).unwrap();
    keywheel_domain::api::lambda::Call::new(route, "", members.to_string().as_bytes(), false).unwrap()
}

/// Functions and pieces of code. All code that a function refers to is whole.
async fn counted(image: &SimImage, ops: &Operations) -> [usize; 2] {
    let keys: Vec<String> = image.entries().keys().map(|key| format!("{key:?}")).collect();
    let count = |prefix: &str| keys.iter().filter(|key| key.starts_with(prefix)).count();
    for function in ops.all_functions().await.unwrap() {
        for digest in function.digests() {
            let code = ops.load_code(digest).await.unwrap().expect("what a function refers to is there");
            use sha2::Digest as _;
            assert_eq!(hex::encode(sha2::Sha256::digest(&code)), digest);
        }
        for version in function.all_versions() {
            assert!(!ops.open_environment(&function, version).await.unwrap().is_empty());
        }
    }
    [count("function/"), count("code/")]
}

#[tokio::test]
async fn a_process_that_dies_leaves_all_or_nothing_and_its_code_is_collected() {
    for (number, story) in STORIES.iter().enumerate() {
        let mut whole = false;
        for dies_at in 0..20 {
            for after in [false, true] {
                whole =
                    play(story, dies_at, after, &format!("story {number}, commit {dies_at}, {after}")).await;
            }
            if whole {
                break;
            }
        }
        assert!(whole, "story {number} comes to its end");
    }
}

/// Whether the act came to its end.
async fn play(story: &Story, dies_at: usize, after: bool, what: &str) -> bool {
    let (folder, clock) = (tempfile::tempdir().unwrap(), SimClock::at_noon());
    let first = Arc::new(SimStore::new());
    let process = node(Arc::clone(&first) as Arc<dyn Store>, folder.path(), &clock, 11).await;
    // The keys of the vault are made at their first use.
    act(&process, Act::Create).await;
    act(&process, Act::Delete).await;
    for done in story.done_before {
        act(&process, *done).await;
    }
    let prepared = first.durable_image();

    let mortal = Mortal::new(Arc::new(SimStore::from_image(prepared)), after);
    let process = node(Arc::clone(&mortal) as Arc<dyn Store>, folder.path(), &clock, 12).await;
    mortal.die_at(dies_at);
    let done = tokio::select! {
        biased;
        () = act(&process, story.act) => true,
        () = std::future::ready(()) => false,
    };

    let image = mortal.store().durable_image();
    let store = Arc::new(SimStore::from_image(image));
    clock.advance(HOUR_MS + MINUTE_MS);
    let process = node(Arc::clone(&store) as Arc<dyn Store>, folder.path(), &clock, 13).await;
    process.ops.collect_code().await.unwrap();
    let image = store.durable_image();
    let found = counted(&image, &process.ops).await;
    let parts = image.entries().keys().filter(|key| format!("{key:?}").starts_with("code-part/")).count();
    assert!(found == story.before || found == story.after, "{what}: {found:?}");
    assert!(!done || found == story.after, "{what}: {found:?}");
    assert_eq!(parts, found[1] * 3, "{what}: no part is left behind");
    done
}
