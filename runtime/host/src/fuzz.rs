//! Fuzzing with fixed seeds: broken components, odd events, wild arguments. Whatever comes, the host answers; it
//! does not panic, and nothing takes longer than its limits.

mod arguments;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use keywheel_domain::rotation::Step;
use wasmtime_wasi::p2::bindings::sockets::network::{ErrorCode, Network};
use wasmtime_wasi::sockets::WasiSocketsView as _;

use crate::imports::approvals::Approvals;
use crate::state::State;
use crate::testing::{Passwords, ROTATE, catalog, component, function, invocation};
use crate::transcript::SharedTranscript;
use crate::{Egress, Limits, LoadError, Outcome, Report, wasi};

/// Nothing that a test does takes longer, on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(60);

/// Numbers that look random and are the same in every run (xorshift, Marsaglia 2003).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }

    /// Small, at a border, or anything.
    fn edge(&mut self) -> i32 {
        match self.below(6) {
            0 => 0,
            1 => self.below(100) as i32,
            2 => 65_536 - self.below(3) as i32,
            3 => i32::MAX,
            4 => -1,
            _ => self.next() as i32,
        }
    }

    fn text(&mut self) -> String {
        let alphabet = ["a", "\0", "\u{1b}[2J", "\u{10ffff}", "\u{202e}", "é", "\"", "\n", "{", "%00", "../"];
        let length = [0, 1, 10, 500, 20_000][self.below(5)];
        (0..length).map(|_| alphabet[self.below(alphabet.len())]).collect()
    }
}

fn limits() -> Limits {
    let (cpu_ms_max, wall_ms_max) = (200, 1_000);
    Limits { cpu_ms_max, wall_ms_max, memory_bytes_max: 4 * 1024 * 1024, ..Limits::default() }
}

#[track_caller]
fn assert_host_is_well(report: &Report, case: &str) {
    if let Outcome::Trapped { message } = &report.outcome {
        assert!(!message.contains("the host failed"), "{case}: {message}");
    }
}

/// One to four changes: a bit, a byte, a number in another form, a piece that is missing, doubled or moved.
fn mutated(bytes: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(bytes.len());
        match numbers.below(7) {
            0 => bytes[at] ^= 1 << numbers.below(8),
            1 => bytes[at] = numbers.next() as u8,
            2 => bytes.truncate(at.max(8)),
            3 => drop(bytes.drain(at..(at + numbers.below(9)).min(bytes.len()))),
            4 => {
                let piece = bytes[at..(at + numbers.below(64)).min(bytes.len())].to_vec();
                bytes.splice(at..at, piece);
            }
            5 => drop(bytes.splice(at..at, [0xff, 0xff, 0xff, 0xff, 0x0f])),
            _ => {
                let other = numbers.below(bytes.len());
                bytes.swap(at, other);
            }
        }
    }
    bytes
}

#[tokio::test]
async fn a_broken_component_is_refused_or_runs_within_its_limits() {
    let whole = component(&format!(
        "({ROTATE} (call $log (i32.const 1) (i32.const 16) (i32.const 5)) (i32.const 0))"
    ));
    let (mut refused, mut ran) = (0, 0);
    for seed in 1..=1_500_u64 {
        let mut numbers = Numbers(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let bytes = mutated(&whole, &mut numbers);
        let loading = tokio::time::timeout(PATIENCE, shared_catalog().load(&bytes));
        match loading.await.expect("loading ends") {
            Err(LoadError::BrokenOff(error)) => panic!("seed {seed}: {error}"),
            Err(_) => refused += 1,
            Ok(function) => {
                let report = function.invoke(invocation(Passwords::Made, limits())).await;
                assert_host_is_well(&report, &format!("seed {seed}"));
                ran += 1;
            }
        }
    }
    assert!(refused > 500 && ran > 20, "the mutations find both: {refused} refused, {ran} ran");
}

/// An engine for many seeds: making one takes longer than most of them.
fn shared_catalog() -> &'static crate::Catalog {
    static CATALOG: std::sync::OnceLock<crate::Catalog> = std::sync::OnceLock::new();
    CATALOG.get_or_init(catalog)
}

#[tokio::test]
async fn any_event_reaches_the_guest_or_ends_the_step() {
    let function = function(&format!("({ROTATE} (i32.const 0))")).await;
    let mut numbers = Numbers(0x6b65_7977_6865_656c);
    for case in 0..300 {
        let mut odd = invocation(Passwords::Made, limits());
        odd.event.step = Step::ALL[numbers.below(4)];
        odd.event.secret_id = numbers.text();
        odd.event.client_request_token = numbers.text();
        odd.event.rotation_token = numbers.text().into();
        odd.environment = vec![(numbers.text(), numbers.text())];
        let small = odd.event.secret_id.len() + odd.event.client_request_token.len() < 30_000;
        let report = function.invoke(odd).await;
        assert_host_is_well(&report, &format!("case {case}"));
        // The guest's memory holds one page.
        assert!(
            !small || matches!(report.outcome, Outcome::Done | Outcome::Trapped { .. }),
            "{}",
            report.outcome
        );
    }
}

#[tokio::test]
async fn wild_arguments_of_imports_end_the_step_at_most() {
    for seed in 1..=250_u64 {
        let mut numbers = Numbers(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
        let mut body = String::new();
        for _ in 0..=numbers.below(8) {
            let mut number = || format!("(i32.const {})", numbers.edge());
            let call = if seed % 2 == 0 {
                format!("(call $log {} {} {})", number(), number(), number())
            } else {
                let arguments: Vec<String> = (0..11).map(|_| number()).collect();
                format!("(call $host_password {})", arguments.join(" "))
            };
            body.push_str(&call);
        }
        let wild = function_of(&format!("({ROTATE} {body} (i32.const {}))", numbers.edge())).await;
        let report = wild.invoke(invocation(Passwords::Made, limits())).await;
        assert_host_is_well(&report, &format!("seed {seed}: {body}"));
    }
}

async fn function_of(body: &str) -> std::sync::Arc<crate::Function> {
    shared_catalog().load(&component(body)).await.expect("the component is valid")
}

/// No name and no address that a guest makes up leads anywhere when no rule says so.
#[tokio::test]
async fn names_and_addresses_that_are_made_up_lead_nowhere() {
    let transcript = SharedTranscript::new(&Limits::default());
    let wasi = wasi::context(&[], &transcript);
    let limits = Limits { host_calls_max: u64::MAX, connections_max: 2000, ..Limits::default() };
    let secrets = std::sync::Arc::new(Passwords::Made);
    let mut state = State::new(limits, secrets, Egress::deny_all(), wasi, transcript, Approvals::new(false));
    let network = {
        use wasmtime_wasi::p2::bindings::sockets::instance_network::Host as _;
        state.sockets().instance_network().unwrap()
    };
    let borrowed = || wasmtime::component::Resource::<Network>::new_borrow(network.rep());
    let mut numbers = Numbers(0x7365_6372_6574_7321);
    for _ in 0..500 {
        let lookup = state.resolve_addresses(&borrowed(), &numbers.text()).unwrap().unwrap();
        let first = state.resolve_next_address(&lookup).unwrap().unwrap();
        assert!(first.is_some(), "a name that is not looked up has an address that leads nowhere");
        state.table.delete(lookup).unwrap();
    }
    for _ in 0..500 {
        let ip = match numbers.below(3) {
            0 => IpAddr::V4(Ipv4Addr::from_bits(numbers.next() as u32)),
            1 => IpAddr::V6(Ipv6Addr::from_bits(u128::from(numbers.next()) << numbers.below(65))),
            _ => IpAddr::V6(Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, numbers.next() as u16)),
        };
        let address = SocketAddr::new(ip, numbers.next() as u16);
        let family = if ip.is_ipv4() {
            wasmtime_wasi::p2::bindings::sockets::network::IpAddressFamily::Ipv4
        } else {
            wasmtime_wasi::p2::bindings::sockets::network::IpAddressFamily::Ipv6
        };
        let socket = state.create_tcp_socket(family).unwrap().unwrap();
        let answer = state.start_connect(&socket, &borrowed(), address).unwrap();
        assert!(matches!(answer, Err(ErrorCode::AccessDenied | ErrorCode::InvalidArgument)), "{address}");
        state.table.delete(socket).unwrap();
    }
}
