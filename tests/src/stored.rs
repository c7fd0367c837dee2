//! What a data folder keeps, opened as its owner would: the secret texts that a rotation made up are known there only.

use std::path::Path;
use std::sync::Arc;
use std::thread;

use anyhow::{Context as _, Result, anyhow};
use keywheel::audit::trail;
use keywheel::config::{RootKeySource, STORE_FILE};
use keywheel::entropy::{Entropy, SystemEntropy};
use keywheel::store::{Key, RedbStore, SCAN_ENTRIES_MAX, Store};
use keywheel::vault::{Address, LocalRing, PassphraseCost, Vault, open_root_key};
use keywheel_domain::api::SecretValue;
use serde_json::Value;

/// The root key of a folder that was started without one.
const ROOT_KEY_FILE: &str = "root.key";
/// What members of a value are called that must not be seen.
const SECRET_MEMBERS: [&str; 3] = ["password", "secret", "token"];
/// Shorter texts, which tests make up, are in words, too.
const CHARS_MIN: usize = 16;

/// What is in a data folder and is not to be seen there.
#[derive(Default)]
pub(crate) struct Stored {
    /// The secret texts in every value of every version. None where the root key is not in the folder.
    pub(crate) secrets: Vec<String>,
    /// The trail of calls, which is packed in the file.
    pub(crate) trail: Vec<u8>,
}

/// Reads the store in a data folder that nobody serves.
///
/// # Errors
/// The store cannot be read, or a value in it cannot be opened.
pub(crate) fn read(data: &Path) -> Result<Stored> {
    let (store, key) = (data.join(STORE_FILE), data.join(ROOT_KEY_FILE));
    if !store.exists() {
        return Ok(Stored::default());
    }
    // Whoever asks may be in a runtime, and cannot wait for another one.
    let read = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        runtime.block_on(async {
            // The file stays as it is: what the server left is for the next one to repair.
            let store: Arc<dyn Store> = Arc::new(RedbStore::open_for_reading(store)?);
            let secrets = if key.exists() { secrets(&store, &key).await? } else { Vec::new() };
            Ok(Stored { secrets, trail: trail(&*store).await? })
        })
    };
    thread::spawn(read).join().map_err(|_| anyhow!("reading a store panicked"))?
}

async fn trail(store: &dyn Store) -> Result<Vec<u8>> {
    let (mut trail, mut after) = (Vec::new(), None);
    loop {
        let page = trail::all_calls(store, after).await?;
        for found in &page.calls {
            trail.extend(serde_json::to_vec(&found.call)?);
        }
        after = page.next;
        if after.is_none() {
            return Ok(trail);
        }
    }
}

async fn secrets(store: &Arc<dyn Store>, key: &Path) -> Result<Vec<String>> {
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let source = RootKeySource::File(key.to_owned());
    let root = open_root_key(&**store, &source, PassphraseCost::RECOMMENDED, &*entropy).await?;
    let ring = Arc::new(LocalRing::new(Arc::clone(store), &root, Arc::clone(&entropy)));
    let vault = Vault::new(ring, &root, entropy);
    let (mut from, to) = (Key::new("value\0"), Key::new("value\u{1}"));
    let mut texts = Vec::new();
    loop {
        let entries = store.scan(&from, &to, SCAN_ENTRIES_MAX).await?;
        let Some((last, _)) = entries.last() else { return Ok(texts) };
        from = last.successor();
        for (key, entry) in &entries {
            let key = String::from_utf8_lossy(key.as_bytes());
            let mut parts = key.split('\0').skip(1);
            let (arn, version_id) = parts.next().zip(parts.next()).context("a value without its version")?;
            let mut arn_parts = arn.split(':').skip(3);
            let (region, account) =
                arn_parts.next().zip(arn_parts.next()).context("a value without a place")?;
            let address = Address { account, region, secret_arn: arn, version_id };
            let opened =
                vault.open(&address, &entry.value).await.with_context(|| format!("{arn} {version_id}"))?;
            if let Some(SecretValue::Text(text)) = SecretValue::from_stored(&opened) {
                texts.extend(secrets_in(text.expose()));
            }
        }
    }
}

/// Of a JSON object the members that are called so, of another value all of it.
fn secrets_in(text: &str) -> Vec<String> {
    let mut found = match serde_json::from_str(text) {
        Ok(Value::Object(members)) => {
            let is_secret =
                |name: &str| SECRET_MEMBERS.iter().any(|ending| name.to_lowercase().ends_with(ending));
            let members = members.into_iter().filter(|(name, _)| is_secret(name));
            members.filter_map(|(_, member)| member.as_str().map(str::to_owned)).collect()
        }
        _ => vec![text.to_owned()],
    };
    found.retain(|text| text.chars().count() >= CHARS_MIN);
    found
}
