//! What the store of one invocation holds: the guest's handles, and what the host knows about it.

use std::sync::Arc;

use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::egress::Egress;
use crate::imports::approvals::Approvals;
use crate::imports::http::Http;
use crate::imports::secrets::Secrets;
use crate::imports::sockets::Names;
use crate::limits::{Limiter, Limits};
use crate::rehearsal::Rehearsal;
use crate::traffic::Traffic;
use crate::transcript::SharedTranscript;

/// Handles that a guest may hold: streams, pollables and connections.
pub(crate) const HANDLES_MAX: usize = 1024;

/// The data of one invocation's store. It is dropped with the store, and closes what the guest left open.
pub(crate) struct State {
    pub(crate) wasi: WasiCtx,
    pub(crate) table: ResourceTable,
    pub(crate) limiter: Limiter,
    pub(crate) limits: Limits,
    pub(crate) secrets: Arc<dyn Secrets>,
    pub(crate) egress: Egress,
    pub(crate) transcript: SharedTranscript,
    pub(crate) approvals: Approvals,
    /// Database connections that are open.
    pub(crate) connections: usize,
    /// The stage, when this is a rehearsal.
    pub(crate) rehearsal: Option<Rehearsal>,
    /// Requests and sockets that are open.
    pub(crate) traffic: Traffic,
    pub(crate) http: Http,
    /// The names that the guest's sockets looked up.
    pub(crate) names: Names,
    calls: u64,
    /// The call that the guest waits for.
    waits_for: Option<&'static str>,
}

/// Why the host ended an invocation. As an error it unwinds the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stop {
    /// Its processor time is used up.
    #[error("the processor time is used up")]
    CpuTime,
    /// It called the host too often.
    #[error("too many calls of the host")]
    HostCalls,
}

impl State {
    pub(crate) fn new(
        limits: Limits,
        secrets: Arc<dyn Secrets>,
        egress: Egress,
        wasi: WasiCtx,
        transcript: SharedTranscript,
        approvals: Approvals,
    ) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES_MAX);
        let traffic = Traffic::default();
        let http = Http::new(&egress, &limits, &transcript, &traffic);
        Self {
            wasi,
            table,
            limiter: Limiter::new(&limits),
            limits,
            secrets,
            egress,
            transcript,
            approvals,
            connections: 0,
            rehearsal: None,
            traffic,
            http,
            names: Names::default(),
            calls: 0,
            waits_for: None,
        }
    }

    /// Notes that the guest calls the host, and ends it when it has done so too often.
    pub(crate) fn begin(&mut self, call: &'static str) -> Result<(), Stop> {
        self.calls += 1;
        if self.calls > self.limits.host_calls_max {
            return Err(Stop::HostCalls);
        }
        self.waits_for = Some(call);
        Ok(())
    }

    /// Notes that the host has answered.
    pub(crate) const fn end(&mut self) {
        self.waits_for = None;
    }

    /// The call of the host that has no answer yet.
    pub(crate) const fn waits_for(&self) -> Option<&'static str> {
        self.waits_for
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}
