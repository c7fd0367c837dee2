//! The key management service: its wire, the secrets that its keys seal, and what a crash leaves.

mod crash;
mod reads;
mod scripts;
mod secrets;
mod times;

use std::collections::BTreeSet;
use std::path::Path;

use expect_test::expect_file;
use keywheel_domain::api::ApiError;
use serde_json::{Value, json};

use super::wire::tell;
use super::world::World;

#[tokio::test]
async fn the_wire_of_keys_is_as_it_was() {
    for (name, script) in &scripts::SCRIPTS {
        let told = tell(script).await;
        expect_file![format!("../../golden/kms/{name}.txt")].assert_eq(&told);
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/kms");
    let names: BTreeSet<String> = scripts::SCRIPTS.iter().map(|(name, _)| format!("{name}.txt")).collect();
    let files = folder.read_dir().unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(files.collect::<BTreeSet<_>>(), names, "each file has its script");
}

/// Calls an operation of the key management service.
async fn kms(world: &World, operation: &str, body: &Value) -> Result<Value, ApiError> {
    let answer = world.send(&format!("TrentService.{operation}"), body.to_string().as_bytes()).await?;
    Ok(if answer.is_empty() { Value::Null } else { serde_json::from_slice(&answer).unwrap() })
}

/// Makes a key and returns its id.
async fn new_key(world: &World) -> String {
    let made = kms(world, "CreateKey", &json!({})).await.unwrap();
    made["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned()
}

/// The code of a refusal.
fn code<T: std::fmt::Debug>(answer: Result<T, ApiError>) -> &'static str {
    answer.unwrap_err().code.as_str()
}
