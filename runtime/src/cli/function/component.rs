//! A component in a file, or in a zip file, and the function that it is.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use keywheel_domain::sensitive::Sensitive;
use keywheel_host::{COMPONENT_BYTES_MAX, Catalog, Engine, EngineOptions, Function};

use crate::worker::package;

/// Steps of a rehearsal run one after the other.
const INSTANCES_MAX: u32 = 1;

/// A component that is ready to run here.
pub(super) struct Component {
    /// How large its file is.
    pub(super) bytes: usize,
    /// What it is.
    pub(super) function: Arc<Function>,
}

impl Component {
    /// Reads and compiles a file.
    pub(super) async fn load(path: &Path) -> anyhow::Result<Self> {
        Self::compile(path, &read(path)?).await
    }

    /// Compiles what was read from a file.
    pub(super) async fn compile(path: &Path, file: &[u8]) -> anyhow::Result<Self> {
        let shown = path.display();
        let wasm = package::unpack(file).with_context(|| format!("`{shown}` is no rotation function"))?;
        let options = EngineOptions { instances_max: INSTANCES_MAX, ..EngineOptions::default() };
        // Nothing is kept on disk, so that the key authenticates nothing.
        let catalog = Catalog::new(Engine::new(&options)?, None, Sensitive::new([0; 32]));
        let function =
            catalog.load(&wasm).await.with_context(|| format!("`{shown}` is no rotation function"))?;
        Ok(Self { bytes: wasm.len(), function })
    }
}

/// What a file holds, within the bounds of a component.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let shown = path.display();
    let file = File::open(path).with_context(|| {
        format!("`{shown}` could not be read: build it first, as with `keywheel function build`")
    })?;
    let mut wasm = Vec::new();
    let limit = COMPONENT_BYTES_MAX as u64 + 1;
    file.take(limit).read_to_end(&mut wasm).with_context(|| format!("`{shown}` could not be read"))?;
    if wasm.len() > COMPONENT_BYTES_MAX {
        return Err(anyhow!(
            "`{shown}` is larger than the {COMPONENT_BYTES_MAX} bytes that a component may have"
        ));
    }
    Ok(wasm)
}
