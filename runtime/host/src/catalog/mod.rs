//! Components by digest: compiled once, kept in memory and, as native code, on disk.

mod cache;
mod interpreted;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use keywheel_domain::sensitive::Sensitive;
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;
use wasmtime::component::Component;

use crate::engine::Engine;
use crate::function::Function;
use cache::CodeCache;
use interpreted::Interpreter;

/// The largest component, in bytes.
pub const COMPONENT_BYTES_MAX: usize = 50 * 1024 * 1024;
/// Components that are compiled at the same time: each takes all processors and much memory. Those that are
/// deployed have a turn of their own, so that none of them holds up what has to run.
const COMPILATIONS_MAX: usize = 1;
/// How long a component that is deployed may take to compile, the wait for its turn included.
const DEPLOY_MS_MAX: u64 = 120_000;
/// The magic number of WebAssembly.
const MAGIC: &[u8] = b"\0asm";
/// What follows it in a component: version 13, layer 1.
const COMPONENT_VERSION: &[u8] = &[0x0d, 0, 1, 0];
/// What follows it in a core module: version 1, layer 0.
const MODULE_VERSION: &[u8] = &[1, 0, 0, 0];

/// Why a component cannot be a function.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// More than [`COMPONENT_BYTES_MAX`].
    #[error("the component has {0} bytes, more than the {COMPONENT_BYTES_MAX} that are allowed")]
    TooLarge(usize),
    /// The bytes are something else.
    #[error("this is not WebAssembly")]
    NotWasm,
    /// A module that was not made into a component.
    #[error("this is a core module, not a component: build for `wasm32-wasip2`, or encode it as a component")]
    CoreModule,
    /// wasmtime cannot compile it.
    #[error("the component is not valid")]
    Invalid(#[source] wasmtime::Error),
    /// It is no rotation function.
    #[error("the component does not export `rotate` of the world `keywheel:rotation/rotator`")]
    MissingExport,
    /// `rotate` is something else.
    #[error("the export `rotate` has another type than in the world `keywheel:rotation/rotator`")]
    WrongExport,
    /// An interface that the host does not have.
    #[error("the component imports `{0}`, which the host does not offer")]
    UnknownImport(String),
    /// An interface has another shape or version than the host's.
    #[error("the component's imports do not fit the host's contract")]
    Contract(#[source] wasmtime::Error),
    /// An interpreter whose every run would draw the same random bytes.
    #[error(
        "the component holds an interpreter and does not import `wasi:random/random`: every run would draw the \
         same \"random\" bytes; build it with {} {}", .0.tool, .0.remedy
    )]
    NoRandomness(Interpreter),
    /// The compiler has not come to its end.
    #[error("the component takes longer than {ms_max} ms to compile")]
    TooSlow {
        /// What it may take.
        ms_max: u64,
    },
    /// The compiler failed in a way of its own.
    #[error("the compilation of the component was broken off")]
    BrokenOff(#[source] tokio::task::JoinError),
}

/// All functions that were loaded, by digest.
pub struct Catalog {
    engine: Engine,
    cache: Option<Arc<CodeCache>>,
    functions: Mutex<HashMap<String, Arc<Function>>>,
    compilations: Semaphore,
    deployments: Arc<Semaphore>,
    deploy_ms_max: u64,
}

impl std::fmt::Debug for Catalog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Catalog").finish_non_exhaustive()
    }
}

impl Catalog {
    /// A catalog. With a folder, compiled code is kept there and authenticated with the key; without
    /// one, each process compiles anew.
    pub fn new(engine: Engine, cache_dir: Option<PathBuf>, cache_key: Sensitive<[u8; 32]>) -> Self {
        Self {
            cache: cache_dir.map(|folder| Arc::new(CodeCache::new(folder, cache_key))),
            engine,
            functions: Mutex::default(),
            compilations: Semaphore::new(COMPILATIONS_MAX),
            deployments: Arc::new(Semaphore::new(COMPILATIONS_MAX)),
            deploy_ms_max: DEPLOY_MS_MAX,
        }
    }

    /// The catalog with another limit to the time that a deployed component may take.
    #[must_use]
    pub const fn with_deploy_ms_max(mut self, ms_max: u64) -> Self {
        self.deploy_ms_max = ms_max;
        self
    }

    /// The function of a component. The same bytes are compiled once.
    ///
    /// # Errors
    ///
    /// When the bytes are no rotation function; see [`LoadError`].
    pub async fn load(&self, wasm: &[u8]) -> Result<Arc<Function>, LoadError> {
        check_header(wasm)?;
        let digest = hex::encode(Sha256::digest(wasm));
        if let Some(function) = self.loaded(&digest) {
            return Ok(function);
        }
        let _turn = self.compilations.acquire().await.expect("the semaphore is never closed");
        // While this call waited for its turn, another may have loaded the same component.
        if let Some(function) = self.loaded(&digest) {
            return Ok(function);
        }
        let compile = compilation(self.engine.clone(), self.cache.clone(), wasm.to_vec(), digest);
        let function = tokio::task::spawn_blocking(compile).await.map_err(LoadError::BrokenOff)??;
        Ok(self.keep(function))
    }

    /// The function of a component that is deployed: as [`Catalog::load`], but it has to be compiled in
    /// time. A compilation cannot be broken off; one that takes too long keeps the turn of those that are
    /// deployed after it until it ends, and no more than that.
    ///
    /// # Errors
    ///
    /// As [`Catalog::load`], and [`LoadError::TooSlow`].
    pub async fn deploy(&self, wasm: Vec<u8>) -> Result<Arc<Function>, LoadError> {
        check_header(&wasm)?;
        let ms_max = self.deploy_ms_max;
        let (engine, cache) = (self.engine.clone(), self.cache.clone());
        let deployments = Arc::clone(&self.deployments);
        let compiled = async {
            let turn = deployments.acquire_owned().await.expect("the semaphore is never closed");
            let compile = move || {
                let _turn = turn;
                let digest = hex::encode(Sha256::digest(&wasm));
                compilation(engine, cache, wasm, digest)()
            };
            tokio::task::spawn_blocking(compile).await.map_err(LoadError::BrokenOff)?
        };
        let compiled = tokio::time::timeout(Duration::from_millis(ms_max), compiled).await;
        Ok(self.keep(compiled.map_err(|_| LoadError::TooSlow { ms_max })??))
    }

    /// The function of this digest, if its compiled code is at hand: its component is not needed then.
    pub async fn find(&self, digest: &str) -> Option<Arc<Function>> {
        if let Some(function) = self.loaded(digest) {
            return Some(function);
        }
        let (engine, cache, digest) = (self.engine.clone(), self.cache.clone()?, digest.to_owned());
        let read = move || {
            let component = cache.read(engine.wasmtime(), &digest)?;
            Function::link(&engine, &component, &digest).ok()
        };
        let function = tokio::task::spawn_blocking(read).await.ok()??;
        Some(self.keep(function))
    }

    /// Forgets a function, so that its code can leave memory and the disk. Steps that run are not touched.
    pub fn forget(&self, digest: &str) {
        self.functions.lock().unwrap_or_else(PoisonError::into_inner).remove(digest);
        if let Some(cache) = &self.cache {
            cache.remove(self.engine.wasmtime(), digest);
        }
    }

    /// Removes compiled code from the disk unless it is of a digest that is kept: what a process left behind
    /// that died between the deletion of a function and [`Catalog::forget`].
    pub async fn sweep(&self, keeps: impl Fn(&str) -> bool + Send + 'static) {
        let Some(cache) = self.cache.clone() else { return };
        // It can only end early when the process does.
        let _ = tokio::task::spawn_blocking(move || cache.retain(keeps)).await;
    }

    fn keep(&self, function: Function) -> Arc<Function> {
        let function = Arc::new(function);
        let mut functions = self.functions.lock().unwrap_or_else(PoisonError::into_inner);
        functions.insert(function.digest().to_owned(), Arc::clone(&function));
        function
    }

    fn loaded(&self, digest: &str) -> Option<Arc<Function>> {
        self.functions.lock().unwrap_or_else(PoisonError::into_inner).get(digest).cloned()
    }
}

/// Compiles a component, or finds it compiled, and links it.
fn compilation(
    engine: Engine,
    cache: Option<Arc<CodeCache>>,
    wasm: Vec<u8>,
    digest: String,
) -> impl FnOnce() -> Result<Function, LoadError> {
    move || {
        if let Some(interpreter) = interpreted::without_randomness(&wasm) {
            return Err(LoadError::NoRandomness(interpreter));
        }
        let component = cache.as_ref().and_then(|cache| cache.read(engine.wasmtime(), &digest));
        let component = match component {
            Some(component) => component,
            None => {
                let fresh = Component::from_binary(engine.wasmtime(), &wasm).map_err(LoadError::Invalid)?;
                if let Some(cache) = &cache {
                    cache.write(engine.wasmtime(), &digest, &fresh);
                }
                fresh
            }
        };
        Function::link(&engine, &component, &digest)
    }
}

fn check_header(wasm: &[u8]) -> Result<(), LoadError> {
    if wasm.len() > COMPONENT_BYTES_MAX {
        return Err(LoadError::TooLarge(wasm.len()));
    }
    match wasm.strip_prefix(MAGIC) {
        Some(rest) if rest.starts_with(COMPONENT_VERSION) => Ok(()),
        Some(rest) if rest.starts_with(MODULE_VERSION) => Err(LoadError::CoreModule),
        _ => Err(LoadError::NotWasm),
    }
}

#[cfg(test)]
mod tests;
