//! Names: looking them up, and remembering what they led to.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use std::vec;

use futures_util::FutureExt as _;
use tokio::time::timeout;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::sockets::network::{ErrorCode, IpAddress, Network};
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};
use wasmtime_wasi::runtime::{AbortOnDropJoinHandle, spawn};

use crate::egress::{EgressError, Rule};
use crate::state::State;
use crate::transcript::Level;

/// Addresses that one invocation remembers the names of; the guest cannot connect to more of them.
const ADDRESSES_MAX: usize = 256;
/// Addresses of one name.
const ADDRESSES_PER_NAME_MAX: usize = 32;
/// The first half of addresses that lead nowhere (RFC 6666).
const NOWHERE: [u16; 4] = [0x100, 0, 0, 0];

/// What the names that the guest looked up led to.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// An address, and the name that led there.
    known: Vec<(IpAddr, String)>,
}

impl Names {
    fn remember(&mut self, ip: IpAddr, name: &str) {
        let is_known = self.known.iter().any(|(address, known)| *address == ip && known == name);
        if !is_known && self.known.len() < ADDRESSES_MAX {
            self.known.push((ip, name.to_owned()));
        }
    }

    /// The address that stands for a name which is not looked up.
    fn nowhere(&mut self, name: &str) -> IpAddr {
        let number = u16::try_from(self.known.len()).unwrap_or(u16::MAX);
        let [a, b, c, d] = NOWHERE;
        let ip = IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, number));
        self.remember(ip, name);
        ip
    }

    fn of(&self, ip: IpAddr) -> impl Iterator<Item = &str> {
        self.known.iter().filter(move |(address, _)| *address == ip).map(|(_, name)| name.as_str())
    }
}

/// The answer to a name, which may be under way.
pub(crate) struct Lookup {
    name: String,
    answer: Answer,
}

enum Answer {
    Pending(AbortOnDropJoinHandle<Result<Vec<IpAddr>, ErrorCode>>),
    Ready(Result<vec::IntoIter<IpAddr>, ErrorCode>),
}

impl Lookup {
    fn settle(&mut self, found: Result<Vec<IpAddr>, ErrorCode>) {
        self.answer = Answer::Ready(found.map(IntoIterator::into_iter));
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Lookup {
    async fn ready(&mut self) {
        if let Answer::Pending(task) = &mut self.answer {
            let found = task.await;
            self.settle(found);
        }
    }
}

impl State {
    pub(crate) fn resolve_addresses(
        &mut self,
        network: &Resource<Network>,
        name: &str,
    ) -> wasmtime::Result<Result<Resource<Lookup>, ErrorCode>> {
        self.begin("sockets.resolve-addresses")?;
        self.end();
        self.table.get(network)?;
        let host = Rule::new(name, 0);
        let name = host.host().to_owned();
        let answer = if let Some(ip) = host.ip() {
            Answer::Ready(Ok(vec![ip].into_iter()))
        } else if self.egress.names(&host) {
            let (egress, limit) = (self.egress.clone(), Duration::from_millis(self.limits.connect_ms_max));
            Answer::Pending(spawn(async move {
                match timeout(limit, egress.look_up(&host)).await {
                    Ok(Ok(found)) => Ok(found.into_iter().take(ADDRESSES_PER_NAME_MAX).collect()),
                    Ok(Err(_)) => Err(ErrorCode::NameUnresolvable),
                    Err(_) => Err(ErrorCode::TemporaryResolverFailure),
                }
            }))
        } else {
            Answer::Ready(Ok(vec![self.names.nowhere(&name)].into_iter()))
        };
        Ok(Ok(self.table.push(Lookup { name, answer })?))
    }

    pub(crate) fn resolve_next_address(
        &mut self,
        lookup: &Resource<Lookup>,
    ) -> wasmtime::Result<Result<Option<IpAddress>, ErrorCode>> {
        let lookup = self.table.get_mut(lookup)?;
        if let Answer::Pending(task) = &mut lookup.answer {
            let Some(found) = task.now_or_never() else { return Ok(Err(ErrorCode::WouldBlock)) };
            lookup.settle(found);
        }
        match &mut lookup.answer {
            Answer::Ready(Ok(addresses)) => Ok(Ok(addresses.next().map(|ip| {
                self.names.remember(ip, &lookup.name);
                ip.into()
            }))),
            Answer::Ready(Err(error)) => Ok(Err(*error)),
            Answer::Pending(_) => Ok(Err(ErrorCode::WouldBlock)),
        }
    }

    pub(super) fn subscribe_lookup(
        &mut self,
        lookup: Resource<Lookup>,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        subscribe(&mut self.table, lookup)
    }

    /// Who an address is and where to dial to reach it, or nothing, when the rules do not reach it: the log
    /// says why.
    pub(super) fn check_peer(&self, address: SocketAddr) -> Option<(Rule, SocketAddr)> {
        let by_name = self.names.of(address.ip()).map(|name| Rule::new(name, address.port()));
        let itself = Rule::new(&address.ip().to_string(), address.port());
        let mut refusal: Option<EgressError> = None;
        for wanted in by_name.chain([itself]) {
            match self.egress.check_address(&wanted, address.ip()) {
                Ok(dialled) => return Some((wanted, dialled)),
                Err(error) => refusal = refusal.or(Some(error)),
            }
        }
        if let Some(error) = refusal {
            self.transcript.lock().write(Level::Warn, &error.to_string());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_remembered_once_and_not_without_end() {
        let mut names = Names::default();
        let ip: IpAddr = "10.0.0.1".parse().unwrap();
        names.remember(ip, "db");
        names.remember(ip, "db");
        names.remember(ip, "other");
        assert_eq!(names.of(ip).collect::<Vec<_>>(), ["db", "other"]);
        let nowhere = names.nowhere("elsewhere");
        assert_eq!(nowhere.to_string(), "100::2");
        assert_eq!(names.of(nowhere).collect::<Vec<_>>(), ["elsewhere"]);
        for number in 0..1000 {
            names.nowhere(&number.to_string());
        }
        assert_eq!(names.known.len(), ADDRESSES_MAX);
    }
}
