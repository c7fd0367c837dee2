//! [`Invoke`] over the wasm host.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use keywheel_domain::api::SecretValue;
use keywheel_domain::function::Environment;
use keywheel_domain::rotation::{Outcome, Step};
use keywheel_domain::secret::Scope;
use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::target::Target;
use keywheel_domain::version::CURRENT;
use keywheel_host::{Catalog, Egress, Function, Limits, LoadError};
use tokio::sync::OnceCell;

use super::guest_secrets::GuestSecrets;
use super::invocation_logs::InvocationLogs;
use super::{Invocation, Invoke, Report};
use crate::clock::{Clock, SystemClock};
use crate::ops::{Caller, InvocationLog, Operations, Resolved};

/// Bytes of a mebibyte.
const MEBIBYTE: usize = 1024 * 1024;

/// A function that comes with the program, before it is compiled.
#[derive(Clone, Debug)]
pub struct Source {
    /// As in its ARN.
    pub name: String,
    /// The component.
    pub wasm: &'static [u8],
}

/// Runs functions in the sandbox. Each is compiled on its first use, or by [`HostInvoke::preload`].
pub struct HostInvoke {
    ops: Arc<Operations>,
    clock: Arc<dyn Clock>,
    catalog: Catalog,
    builtins: BTreeMap<String, (Source, OnceCell<Arc<Function>>)>,
    limits: Limits,
    logs: Arc<InvocationLogs>,
}

/// Why a function does not run.
pub(super) enum NotLoaded {
    /// It may be there later.
    Passing(String),
    /// It will not.
    Lasting(String),
}

/// One step, and who asks for it.
pub(super) struct Run<'a> {
    pub(super) step: Step,
    pub(super) secret_arn: &'a str,
    pub(super) token: &'a str,
    pub(super) rotation_token: &'a Sensitive<String>,
    pub(super) caller: Caller,
    pub(super) approved: bool,
    /// Milliseconds that the step may take at most, whatever its function says.
    pub(super) wall_ms_max: i64,
}

impl HostInvoke {
    /// The host, with these functions beside those that are deployed.
    pub fn new(ops: Arc<Operations>, catalog: Catalog, sources: Vec<Source>, limits: Limits) -> Self {
        let builtins =
            sources.into_iter().map(|source| (source.name.clone(), (source, OnceCell::new()))).collect();
        let clock = Arc::new(SystemClock);
        let logs = InvocationLogs::new(Arc::clone(&ops));
        Self { ops, clock, catalog, builtins, limits, logs }
    }

    /// The host with another clock, which tells when invocations ended.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Compiles every function that is not compiled yet, so that no rotation waits for it.
    pub async fn preload(&self) {
        for name in self.builtins.keys() {
            if let Err(NotLoaded::Passing(message) | NotLoaded::Lasting(message)) = self.builtin(name).await {
                tracing::error!(function = name, message, "a function cannot be loaded");
            }
        }
        if let Err(error) = self.ops.collect_code().await {
            tracing::warn!(%error, "code that nobody refers to was not looked for");
        }
        let functions = match self.ops.all_functions().await {
            Ok(functions) => functions,
            Err(error) => return tracing::warn!(%error, "deployed functions were not loaded"),
        };
        let digests: BTreeSet<String> =
            functions.iter().flat_map(|function| function.digests()).map(str::to_owned).collect();
        for digest in &digests {
            if let Err(NotLoaded::Passing(message) | NotLoaded::Lasting(message)) =
                self.deployed(digest).await
            {
                tracing::error!(digest, message, "a function cannot be loaded");
            }
        }
        let builtin = self.builtin_digests();
        self.catalog.sweep(move |digest| digests.contains(digest) || builtin.contains(digest)).await;
    }

    /// Digests of the functions that come with the program and are loaded.
    fn builtin_digests(&self) -> BTreeSet<String> {
        let loaded = self.builtins.values().filter_map(|(_, loaded)| loaded.get());
        loaded.map(|function| function.digest().to_owned()).collect()
    }

    /// Compiles a component that is to be deployed.
    pub(super) async fn deploy(&self, wasm: Vec<u8>) -> Result<Arc<Function>, LoadError> {
        self.catalog.deploy(wasm).await
    }

    /// Forgets code that is no longer stored.
    pub(super) async fn forget(&self, digests: impl IntoIterator<Item = String>) {
        let builtin = self.builtin_digests();
        for digest in digests.into_iter().filter(|digest| !builtin.contains(digest)) {
            if let Ok(false) = self.ops.has_code(&digest).await {
                self.catalog.forget(&digest);
            }
        }
    }

    /// The function that is to run.
    pub(super) async fn function(&self, resolved: &Resolved) -> Result<Arc<Function>, NotLoaded> {
        match resolved.is_builtin {
            true => self.builtin(&resolved.function.name).await,
            false => self.deployed(&resolved.version.digest).await,
        }
    }

    async fn builtin(&self, name: &str) -> Result<Arc<Function>, NotLoaded> {
        let Some((source, loaded)) = self.builtins.get(name) else {
            return Err(NotLoaded::Lasting(format!("there is no function `{name}`")));
        };
        let load = || async { self.catalog.load(source.wasm).await };
        let loaded = loaded.get_or_try_init(load).await.cloned();
        loaded.map_err(|error| NotLoaded::Lasting(format!("`{name}` cannot be loaded: {error}")))
    }

    async fn deployed(&self, digest: &str) -> Result<Arc<Function>, NotLoaded> {
        if let Some(function) = self.catalog.find(digest).await {
            return Ok(function);
        }
        let code = self.ops.load_code(digest).await;
        let code =
            code.map_err(|_| NotLoaded::Passing("the code of the function cannot be read".to_owned()))?;
        let gone = || NotLoaded::Passing("the code of the function is gone".to_owned());
        let loaded = self.catalog.load(&code.ok_or_else(gone)?).await;
        let function =
            loaded.map_err(|error| NotLoaded::Lasting(format!("the function cannot be loaded: {error}")))?;
        if function.digest() != digest {
            return Err(NotLoaded::Lasting("the code of the function is damaged".to_owned()));
        }
        Ok(function)
    }

    /// Runs one step, and keeps its log.
    pub(super) async fn run(
        &self,
        resolved: &Resolved,
        function: &Function,
        run: Run<'_>,
    ) -> Result<keywheel_host::Report, NotLoaded> {
        let environment = self.ops.open_environment(&resolved.function, &resolved.version).await;
        let environment = environment
            .map_err(|_| NotLoaded::Passing("the environment of the function cannot be read".to_owned()))?;
        let egress = self.egress(run.secret_arn, &environment).await;
        let scope = run.caller.scope();
        let report = function
            .invoke(keywheel_host::Invocation {
                event: keywheel_host::Event {
                    step: run.step,
                    secret_id: run.secret_arn.to_owned(),
                    client_request_token: run.token.to_owned(),
                    rotation_token: run.rotation_token.clone(),
                },
                secrets: Arc::new(GuestSecrets { ops: Arc::clone(&self.ops), caller: run.caller }),
                egress,
                limits: self.limits_of(resolved, run.wall_ms_max),
                environment: environment
                    .iter()
                    .map(|(name, value)| (name.clone(), value.expose().clone()))
                    .collect(),
                approved: run.approved,
            })
            .await;
        let log = InvocationLog {
            number: 0,
            at: self.clock.now(),
            version: resolved.version.name(),
            digest: function.digest().to_owned(),
            step: run.step.as_str().to_owned(),
            secret_arn: run.secret_arn.to_owned(),
            token: run.token.to_owned(),
            duration_us: duration_us(&report),
            failure: (report.outcome != keywheel_host::Outcome::Done).then(|| report.outcome.to_string()),
            lines: lines(&report),
        };
        self.logs.keep(scope, resolved.function.name.clone(), log);
        Ok(report)
    }

    /// What a function may use: as it is configured, and never more time than its lease leaves.
    fn limits_of(&self, resolved: &Resolved, wall_ms_max: i64) -> Limits {
        let wall_ms = self.wall_ms_of(resolved).min(wall_ms_max);
        let mut limits = self.limits.clone();
        limits.wall_ms_max = u64::try_from(wall_ms).unwrap_or(0);
        if !resolved.is_builtin {
            limits.memory_bytes_max = resolved.version.memory_mib as usize * MEBIBYTE;
        }
        limits
    }

    fn wall_ms_of(&self, resolved: &Resolved) -> i64 {
        if resolved.is_builtin { self.wall_ms_max() } else { resolved.version.wall_ms_max() }
    }

    /// Where the function may dial: the host and port in the secret's current value, and what its own
    /// configuration allows.
    async fn egress(&self, secret_arn: &str, environment: &Environment) -> Egress {
        let rules = environment.allowed().into_iter().filter_map(|pattern| pattern.parse().ok());
        let egress = rules.fold(Egress::deny_all(), Egress::allow_rule);
        let Ok(Some(seen)) = self.ops.secret_by_arn(secret_arn).await else { return egress };
        let Some(current) = seen.record.versions.holder(CURRENT) else { return egress };
        let Ok(SecretValue::Text(text)) = self.ops.open(&seen.record, &current.id).await else {
            return egress;
        };
        match Target::of(text.expose()) {
            Some(Target { host, port }) => egress.allow(&host, port),
            None => egress,
        }
    }

    /// What Secrets Manager may invoke for a secret: a permission may be taken away while a rotation runs.
    async fn invocable(&self, arn: &str, secret_arn: &str) -> Result<Resolved, NotLoaded> {
        let scope = Scope::of_arn(secret_arn);
        let resolved = self.ops.resolve_function(arn, &scope).await;
        let resolved = resolved.map_err(|_| NotLoaded::Passing("the function cannot be read".to_owned()))?;
        let missing = || NotLoaded::Lasting(format!("there is no function `{arn}`"));
        let resolved = resolved.ok_or_else(missing)?;
        if Operations::lets_rotate(&resolved, arn, &scope, secret_arn) {
            return Ok(resolved);
        }
        Err(NotLoaded::Lasting(format!(
            "Secrets Manager may not invoke `{arn}` any more: its policy needs a statement that lets \
             secretsmanager.amazonaws.com do so, as `aws lambda add-permission` adds"
        )))
    }

    async fn call(&self, invocation: Invocation) -> Result<Report, NotLoaded> {
        let resolved = self.invocable(&invocation.function_arn, &invocation.secret_arn).await?;
        let function = self.function(&resolved).await?;
        if function.digest() != invocation.digest {
            // People may have agreed to the code that was there before.
            return Err(NotLoaded::Passing("the function was changed at this moment".to_owned()));
        }
        let run = Run {
            step: invocation.step,
            secret_arn: &invocation.secret_arn,
            token: &invocation.token,
            rotation_token: &invocation.rotation_token,
            caller: invocation.caller,
            approved: invocation.approved,
            wall_ms_max: invocation.wall_ms_max,
        };
        let report = self.run(&resolved, &function, run).await?;
        let (log, duration_us) = (lines(&report), duration_us(&report));
        let outcome = match report.outcome {
            keywheel_host::Outcome::Done => Outcome::Done,
            keywheel_host::Outcome::Failed { kind, message } => Outcome::Failed { kind, message },
            keywheel_host::Outcome::Asked { summary } => Outcome::Asked { summary },
            // A trap or a limit may be the target's fault as well as the function's: it is tried again.
            broken => Outcome::retry(broken.to_string()),
        };
        Ok(Report { outcome, log, duration_us, digest: function.digest().to_owned() })
    }
}

/// The lines of a log, and that some are missing.
pub(super) fn lines(report: &keywheel_host::Report) -> Vec<String> {
    let mut log: Vec<String> = report.log.iter().map(ToString::to_string).collect();
    if report.log_truncated {
        log.push("warn: the log reached its limit; lines are missing".to_owned());
    }
    log
}

fn duration_us(report: &keywheel_host::Report) -> u64 {
    u64::try_from(report.wall.as_micros()).unwrap_or(u64::MAX)
}

#[async_trait]
impl Invoke for HostInvoke {
    async fn invoke(&self, invocation: Invocation) -> Report {
        let outcome = match self.call(invocation).await {
            Ok(report) => return report,
            Err(NotLoaded::Passing(message)) => Outcome::retry(message),
            Err(NotLoaded::Lasting(message)) => Outcome::permanent(message),
        };
        Report::not_run(outcome)
    }

    async fn digest(&self, function_arn: &str, secret_arn: &str) -> Option<String> {
        let resolved = self.invocable(function_arn, secret_arn).await.ok()?;
        if !resolved.is_builtin {
            return Some(resolved.version.digest);
        }
        Some(self.function(&resolved).await.ok()?.digest().to_owned())
    }

    fn wall_ms_max(&self) -> i64 {
        i64::try_from(self.limits.wall_ms_max).unwrap_or(i64::MAX)
    }

    async fn wall_ms_max_of(&self, function_arn: &str, scope: &Scope) -> i64 {
        match self.ops.resolve_function(function_arn, scope).await {
            Ok(Some(resolved)) => self.wall_ms_of(&resolved),
            _ => self.wall_ms_max(),
        }
    }
}
