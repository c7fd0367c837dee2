//! `wasi:http/outgoing-handler`: requests of a function, each on a connection of its own.
//!
//! The types and their rules, which headers a guest may not set among them, are wasmtime's. Where a request
//! goes, over what, how much and for how long is decided here. No redirect is followed: a guest that follows
//! one makes a new request, which is checked like any other.

mod exchange;
mod rehearsed;

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi_http::p2::bindings::http::{outgoing_handler, types};
use wasmtime_wasi_http::p2::types::{HostFutureIncomingResponse, HostOutgoingRequest};
use wasmtime_wasi_http::p2::{HttpError, HttpResult};
use wasmtime_wasi_http::{
    RequestOptions, WasiHttp, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

use crate::egress::Egress;
use crate::limits::Limits;
use crate::rehearsal::Rehearsal;
use crate::state::State;
use crate::traffic::{Open, Traffic};
use crate::transcript::{Level, SharedTranscript};
use exchange::{Answer, Exchange};
use rehearsed::Rehearsed;

/// Headers of one request, in the form in which the host holds them.
const FIELDS_BYTES_MAX: usize = 64 * 1024;

/// As it is in the names of the interfaces. A component made for an older one links too.
const VERSION: &str = "0.2.12";

/// Links the interfaces.
pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let options = types::LinkOptions::default();
    types::add_to_linker::<_, WasiHttp>(linker, &options, State::http)?;
    linker.instance(&format!("wasi:http/outgoing-handler@{VERSION}"))?.func_wrap(
        "handle",
        |mut store: StoreContextMut<'_, State>,
         (request, options): (Resource<HostOutgoingRequest>, Option<Resource<RequestOptions>>)| {
            Ok((match store.data_mut().handle(request, options) {
                Ok(pending) => Ok(pending),
                // What is no error code ends the step.
                Err(error) => Err(error.downcast()?),
            },))
        },
    )
}

/// What one invocation's requests share.
pub(crate) struct Http {
    context: WasiHttpCtx,
    hooks: Hooks,
}

struct Hooks {
    egress: Egress,
    limits: Limits,
    transcript: SharedTranscript,
    traffic: Traffic,
    /// The place that the request which is about to be sent has in the traffic.
    place: Option<Open>,
    /// The stage, when this is a rehearsal.
    stage: Option<Rehearsal>,
}

impl Http {
    pub(crate) fn new(
        egress: &Egress,
        limits: &Limits,
        transcript: &SharedTranscript,
        traffic: &Traffic,
    ) -> Self {
        let mut context = WasiHttpCtx::new();
        context.set_field_size_limit(FIELDS_BYTES_MAX);
        let hooks = Hooks {
            egress: egress.clone(),
            limits: limits.clone(),
            transcript: transcript.clone(),
            traffic: traffic.clone(),
            place: None,
            stage: None,
        };
        Self { context, hooks }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.http.hooks, table: &mut self.table, ctx: &mut self.http.context }
    }
}

impl State {
    /// Sends a request that the guest has made.
    pub(crate) fn handle(
        &mut self,
        request: Resource<HostOutgoingRequest>,
        options: Option<Resource<RequestOptions>>,
    ) -> HttpResult<Resource<HostFutureIncomingResponse>> {
        self.begin("http.handle").map_err(HttpError::trap)?;
        self.end();
        let Some(place) = self.traffic.open(self.connections, self.limits.connections_max) else {
            self.table.delete(request)?;
            self.refuse_connection();
            return Err(types::ErrorCode::ConnectionLimitReached.into());
        };
        self.http.hooks.place = Some(place);
        self.http.hooks.stage.clone_from(&self.rehearsal);
        let answer = outgoing_handler::Host::handle(&mut self.http(), request, options);
        // A request that makes no sense was not sent.
        self.http.hooks.place = None;
        answer
    }

    /// Says in the log that a connection is refused because there are too many.
    pub(crate) fn refuse_connection(&self) {
        let message = format!(
            "limit on connections exceeded: no more than {} may be open at once",
            self.limits.connections_max
        );
        self.transcript.lock().write(Level::Warn, &message);
    }
}

impl WasiHttpHooks for Hooks {
    fn send_request(
        &mut self,
        request: hyper::Request<wasmtime_wasi_http::WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = wasmtime_wasi_http::Result<()>> + Send>,
    ) -> Box<dyn Future<Output = wasmtime_wasi_http::Result<Answer>> + Send> {
        let place = self.place.take().or_else(|| self.traffic.open(0, self.limits.connections_max));
        let exchange = Exchange {
            egress: self.egress.clone(),
            limits: self.limits.clone(),
            transcript: self.transcript.clone(),
            options: options.unwrap_or_default(),
        };
        if let Some(stage) = self.stage.clone() {
            // On record before the guest goes on, so that the order of calls is its own.
            let entered = Rehearsed::enter(stage, exchange, &request);
            return Box::new(async move {
                let place = place.ok_or(wasmtime_wasi_http::Error::ConnectionLimitReached)?;
                entered?.run(request, place).await
            });
        }
        Box::new(async move {
            let place = place.ok_or(wasmtime_wasi_http::Error::ConnectionLimitReached)?;
            exchange.run(request, place).await
        })
    }
}
