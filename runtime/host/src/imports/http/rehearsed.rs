//! A request in a rehearsal: on record, and answered by a simulated service when there is one.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Request, Response, StatusCode};
use wasmtime_wasi_http::{Error, Result, WasiBody};

use super::exchange::{Answer, Exchange, peer};
use crate::egress::{EgressError, Rule, Scheme};
use crate::rehearsal::{Address, Call, Rehearsal, Targets, Told};
use crate::traffic::Open;

/// The most of a request that a simulated service takes.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// The most of a path that is told.
const TOLD_BYTES_MAX: usize = 200;

/// A request that is on record and not yet sent.
pub(super) struct Rehearsed {
    stage: Rehearsal,
    number: usize,
    exchange: Exchange,
    told: String,
}

impl Told for Error {
    fn code(&self) -> String {
        match self {
            Self::HttpRequestDenied | Self::DestinationIpProhibited => "not allowed by the sandbox",
            Self::ConnectionLimitReached => "limit of the sandbox",
            _ => "no answer",
        }
        .to_owned()
    }
}

impl Rehearsed {
    /// Puts a request on record. A request that leads nowhere is none.
    pub(super) fn enter(stage: Rehearsal, exchange: Exchange, request: &Request<WasiBody>) -> Result<Self> {
        let peer = peer(request)?;
        // A path may hold a value, and what follows it mostly does.
        let told = format!("{} {}", request.method(), request.uri().path());
        let told = exchange.transcript.lock().clean(&told, TOLD_BYTES_MAX);
        let number = stage.enter(Call::request(Address::new(peer.host(), peer.port()), &told));
        Ok(Self { stage, number, exchange, told })
    }

    /// Sends it, unless it is to go wrong.
    pub(super) async fn run(self, request: Request<WasiBody>, place: Open) -> Result<Answer> {
        let Self { stage, number, exchange, told } = self;
        let sending = async {
            match stage.targets() {
                Some(targets) => simulate(targets, &exchange, request, place, &told).await,
                None => exchange.run(request, place).await,
            }
        };
        let answer = stage.play(number, || Error::ConnectionTerminated, sending).await;
        if let Ok((response, _)) = &answer
            && !response.status().is_success()
        {
            stage.refused(number, format!("status {}", response.status().as_u16()));
        }
        answer
    }
}

async fn simulate(
    targets: &Targets,
    exchange: &Exchange,
    request: Request<WasiBody>,
    place: Open,
    told: &str,
) -> Result<Answer> {
    let peer = peer(&request)?;
    let address = Address::new(peer.host(), peer.port());
    match targets.is_encrypted(&address) {
        None => return Err(not_allowed(exchange, peer)),
        Some(is_encrypted) if is_encrypted != (peer.scheme() == Scheme::Https) => {
            return Err(if is_encrypted { Error::HttpProtocolError } else { Error::TlsProtocolError });
        }
        Some(_) => {}
    }
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_BYTES_MAX).collect().await;
    let status = match body {
        Ok(body) => {
            let request = Request::from_parts(head, body.to_bytes());
            targets.answer(&address, &request, told).ok_or(Error::DestinationUnavailable)?
        }
        Err(_) => StatusCode::PAYLOAD_TOO_LARGE,
    };
    let body: WasiBody = Full::new(Bytes::new()).map_err(|never| match never {}).boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let driven = async move {
        drop(place);
        Ok(())
    };
    Ok((response, Box::new(driven)))
}

/// A function reaches what its secret names, and in a rehearsal nothing else.
fn not_allowed(exchange: &Exchange, rule: Rule) -> Error {
    exchange.not_connected(&EgressError::NotAllowed { rule })
}
