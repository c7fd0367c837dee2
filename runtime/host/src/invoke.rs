//! One invocation: a fresh store and instance, one call, one report.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use keywheel_domain::rotation::Step;
use keywheel_domain::sensitive::Sensitive;
use wasmtime::{Store, UpdateDeadline};

use crate::contract;
use crate::contract::keywheel::rotation::types as wit;
use crate::egress::Egress;
use crate::function::Function;
use crate::imports::approvals::Approvals;
use crate::imports::secrets::Secrets;
use crate::limits::Limits;
use crate::meter::Meter;
use crate::rehearsal::Rehearsal;
use crate::report::{End, Report};
use crate::state::{State, Stop};
use crate::transcript::SharedTranscript;
use crate::wasi;

/// What the function is told.
#[derive(Clone, Debug)]
pub struct Event {
    /// The phase.
    pub step: Step,
    /// The full ARN of the secret.
    pub secret_id: String,
    /// The id of the version that becomes current.
    pub client_request_token: String,
    /// Proves to PutSecretValue that the caller is this rotation.
    pub rotation_token: Sensitive<String>,
}

/// One step to run, and what it may do.
pub struct Invocation {
    /// What the function is told.
    pub event: Event,
    /// Answers its calls of `secrets`.
    pub secrets: Arc<dyn Secrets>,
    /// The addresses that it may reach.
    pub egress: Egress,
    /// What it may use.
    pub limits: Limits,
    /// Its own configuration, as environment variables.
    pub environment: Vec<(String, String)>,
    /// People have agreed to what the function asks in this step.
    pub approved: bool,
}

impl std::fmt::Debug for Invocation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Invocation").field("event", &self.event).finish_non_exhaustive()
    }
}

impl Function {
    /// Runs one step in an instance of its own, which is gone when this returns. When all instances of
    /// the engine are in use, it waits for one; that is not part of the step's wall time.
    ///
    /// Whatever the guest does becomes part of the report. Dropping the future ends the step at once.
    pub async fn invoke(&self, invocation: Invocation) -> Report {
        self.run(invocation, None).await
    }

    /// The same, on a stage when there is one.
    pub(crate) async fn run(&self, invocation: Invocation, rehearsal: Option<Rehearsal>) -> Report {
        let Invocation { event, secrets, egress, limits, environment, approved } = invocation;
        let _slot = self.engine.slot().await;
        let meter = Meter::start();
        let transcript = SharedTranscript::new(&limits);
        transcript.lock().redactor().learn(event.rotation_token.expose());
        let wasi = wasi::context(&environment, &transcript);
        let approvals = Approvals::new(approved);
        let mut state = State::new(limits.clone(), secrets, egress, wasi, transcript.clone(), approvals);
        state.rehearsal = rehearsal;
        let mut store = self.store(state, &limits, &meter);

        // A panic of a host function must end one step and not the worker that drives it.
        let step = AssertUnwindSafe(Box::pin(self.call(&mut store, event))).catch_unwind();
        let end = match tokio::time::timeout(Duration::from_millis(limits.wall_ms_max), meter.measure(step))
            .await
        {
            Ok(Ok(Ok(Ok(())))) => End::Done,
            Ok(Ok(Ok(Err(failure)))) => End::Failed(failure),
            Ok(Ok(Err(error))) => End::Broken(error),
            Ok(Err(_)) => End::Panicked,
            Err(_) => End::TimedOut,
        };
        let state = store.into_data();
        Report::new(end, &state, &meter)
    }

    fn store(&self, state: State, limits: &Limits, meter: &Meter) -> Store<State> {
        let mut store = Store::new(self.engine.wasmtime(), state);
        store.limiter(|state| &mut state.limiter);
        // Whatever the guest passes to the host is copied once more; no more than it has itself.
        store.set_hostcall_fuel(limits.memory_bytes_max);
        let (meter, cpu_max) = (meter.clone(), Duration::from_millis(limits.cpu_ms_max));
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |_| {
            if meter.cpu_within_poll() >= cpu_max {
                return Err(Stop::CpuTime.into());
            }
            Ok(UpdateDeadline::Yield(1))
        });
        store
    }

    async fn call(
        &self,
        store: &mut Store<State>,
        event: Event,
    ) -> wasmtime::Result<Result<(), wit::Failure>> {
        let rotator = self.instance_pre.instantiate_async(&mut *store).await?;
        rotator.call_rotate(store, &event.into_guest()).await
    }
}

impl Event {
    fn into_guest(self) -> contract::Event {
        contract::Event {
            step: match self.step {
                Step::CreateSecret => wit::Step::CreateSecret,
                Step::SetSecret => wit::Step::SetSecret,
                Step::TestSecret => wit::Step::TestSecret,
                Step::FinishSecret => wit::Step::FinishSecret,
            },
            secret_id: self.secret_id,
            client_request_token: self.client_request_token,
            rotation_token: self.rotation_token.expose().clone(),
        }
    }
}

#[cfg(test)]
mod tests;
