//! The part of WASI that a rotation function gets: randomness, clocks, its own environment, standard output
//! into its log, and what `imports::http` and `imports::sockets` let through.
//!
//! Guests made with a standard library import more than they use. Those interfaces are linked to
//! functions that trap and name themselves: no filesystem, no UDP. An interpreter asks for its folders before it
//! prints or fails to open a file: it is told that there are none.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime::component::types::{ComponentInstance, ComponentItem};
use wasmtime::component::{Component, Linker, ResourceType, Val};
use wasmtime_wasi::cli::{IsTerminal, StdoutStream, WasiCli, WasiCliView as _};
use wasmtime_wasi::p2::bindings::{cli, random};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};
use wasmtime_wasi::random::WasiRandom;
use wasmtime_wasi::{WasiCtx, WasiView as _};

use crate::imports::{http, sockets};
use crate::state::State;
use crate::transcript::{Level, SharedTranscript};

/// What the name of each interface of WASI begins with.
pub(crate) const PREFIX: &str = "wasi:";
/// The interface that names the folders of a guest.
const NO_FOLDERS: &str = "wasi:filesystem/preopens";
/// Random bytes that a guest may ask for at once.
const RANDOM_BYTES_MAX: u64 = 64 * 1024;
/// Bytes of standard output that a guest may write at once.
const WRITE_BYTES_MAX: usize = 64 * 1024;

/// Links what a function may use. The terminals are in it because a standard library asks whether its
/// output is one, and none is.
pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    // Streams, polling, clocks, `random`, standard input, output and error.
    wasmtime_wasi::p2::add_to_linker_proxy_interfaces_async(linker)?;
    random::insecure::add_to_linker::<_, WasiRandom>(linker, |state| state.ctx().ctx.random())?;
    random::insecure_seed::add_to_linker::<_, WasiRandom>(linker, |state| state.ctx().ctx.random())?;
    cli::environment::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::exit::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::terminal_input::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::terminal_output::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::terminal_stdin::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::terminal_stdout::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::terminal_stderr::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    http::link(linker)?;
    sockets::link(linker)
}

/// The interfaces that [`link`] links, without their version.
const LINKED: [&str; 26] = [
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    NO_FOLDERS,
    "wasi:http/outgoing-handler",
    "wasi:http/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
    "wasi:sockets/instance-network",
    "wasi:sockets/ip-name-lookup",
    "wasi:sockets/network",
    "wasi:sockets/tcp",
    "wasi:sockets/tcp-create-socket",
];

/// Links every other interface of WASI that the component imports to functions that trap.
pub(crate) fn refuse_the_rest(linker: &mut Linker<State>, component: &Component) -> wasmtime::Result<()> {
    let engine = component.engine().clone();
    // A resource belongs to the interface that is imported first; the others refer to it.
    let mut resources: Vec<ResourceType> = Vec::new();
    for (name, import) in component.component_type().imports(&engine) {
        let ComponentItem::ComponentInstance(instance) = import.ty else { continue };
        if name.starts_with(PREFIX) && !is_linked(name) {
            refuse(linker, name, &instance, &mut resources)?;
        } else {
            if name.starts_with(NO_FOLDERS) {
                link_no_folders(linker, name, &instance)?;
            }
            let items = instance.exports(&engine).map(|(_, item)| item.ty);
            resources.extend(items.filter_map(as_resource));
        }
    }
    Ok(())
}

/// Whether a function that imports this interface of WASI gets it, and not a trap.
pub(crate) fn is_linked(import: &str) -> bool {
    let interface = import.split_once('@').map_or(import, |(interface, _)| interface);
    LINKED.contains(&interface)
}

fn refuse(
    linker: &mut Linker<State>,
    interface: &str,
    instance: &ComponentInstance,
    resources: &mut Vec<ResourceType>,
) -> wasmtime::Result<()> {
    let engine = linker.engine().clone();
    let mut refused = linker.instance(interface)?;
    for (name, item) in instance.exports(&engine) {
        match item.ty {
            ComponentItem::ComponentFunc(_) => {
                let call = format!("{interface}.{name}");
                refused.func_new(name, move |_, _, _, _| {
                    Err(wasmtime::format_err!("a rotation function cannot use `{call}`"))
                })?;
            }
            ComponentItem::Resource(resource) if !resources.contains(&resource) => {
                resources.push(resource);
                refused.resource(name, ResourceType::host::<()>(), |_, _| Ok(()))?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Answers every function of an interface with an empty list. What would be in it belongs to an interface that
/// is refused.
fn link_no_folders(
    linker: &mut Linker<State>,
    interface: &str,
    instance: &ComponentInstance,
) -> wasmtime::Result<()> {
    let engine = linker.engine().clone();
    let mut linked = linker.instance(interface)?;
    for (name, item) in instance.exports(&engine) {
        if let ComponentItem::ComponentFunc(_) = item.ty {
            linked.func_new(name, |_, _, _, results| {
                results.fill(Val::List(Vec::new()));
                Ok(())
            })?;
        }
    }
    Ok(())
}

fn as_resource(item: ComponentItem) -> Option<ResourceType> {
    match item {
        ComponentItem::Resource(resource) => Some(resource),
        _ => None,
    }
}

/// The context of one invocation: no files, no arguments, no network of wasmtime's; this environment and no other.
pub(crate) fn context(environment: &[(String, String)], transcript: &SharedTranscript) -> WasiCtx {
    WasiCtx::builder()
        .envs(environment)
        .stdout(LogStream::new(Level::Info, transcript))
        .stderr(LogStream::new(Level::Warn, transcript))
        .max_random_size(RANDOM_BYTES_MAX)
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false)
        .build()
}

/// Standard output or error: each line becomes one of the log.
#[derive(Clone)]
struct LogStream {
    level: Level,
    transcript: SharedTranscript,
}

impl LogStream {
    fn new(level: Level, transcript: &SharedTranscript) -> Self {
        Self { level, transcript: transcript.clone() }
    }

    fn append(&self, bytes: &[u8]) {
        self.transcript.lock().append(self.level, bytes);
    }
}

impl IsTerminal for LogStream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for LogStream {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for LogStream {
    async fn ready(&mut self) {}
}

impl OutputStream for LogStream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.append(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES_MAX)
    }
}

impl AsyncWrite for LogStream {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.append(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
