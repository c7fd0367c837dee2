//! The interfaces of `wasi:sockets` by hand: the sockets are ours, and what a client does not need answers
//! `not-supported`.

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, LinkerInstance, Resource, ResourceType, Val};
use wasmtime_wasi::p2::bindings::sockets::network::{IpAddressFamily, IpSocketAddress, Network};
use wasmtime_wasi::p2::bindings::sockets::tcp::ShutdownType;
use wasmtime_wasi::p2::bindings::sockets::{instance_network, network};
use wasmtime_wasi::sockets::{WasiSockets, WasiSocketsView as _};

use super::lookup::Lookup;
use super::socket::Socket;
use crate::state::State;

/// As it is in the names of the interfaces. A component made for an older one links too.
const VERSION: &str = "0.2.12";
/// Methods of a socket that only servers need, or that change how it is sent.
const UNSUPPORTED: [&str; 20] = [
    "start-bind",
    "finish-bind",
    "start-listen",
    "finish-listen",
    "accept",
    "set-listen-backlog-size",
    "keep-alive-enabled",
    "set-keep-alive-enabled",
    "keep-alive-idle-time",
    "set-keep-alive-idle-time",
    "keep-alive-interval",
    "set-keep-alive-interval",
    "keep-alive-count",
    "set-keep-alive-count",
    "hop-limit",
    "set-hop-limit",
    "receive-buffer-size",
    "set-receive-buffer-size",
    "send-buffer-size",
    "set-send-buffer-size",
];

type Store<'a> = StoreContextMut<'a, State>;

/// Links the interfaces.
pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let options = network::LinkOptions::default();
    network::add_to_linker::<_, WasiSockets>(linker, &options, State::sockets)?;
    instance_network::add_to_linker::<_, WasiSockets>(linker, State::sockets)?;
    link_lookup(&mut linker.instance(&format!("wasi:sockets/ip-name-lookup@{VERSION}"))?)?;
    link_tcp(&mut linker.instance(&format!("wasi:sockets/tcp@{VERSION}"))?)?;
    link_create(&mut linker.instance(&format!("wasi:sockets/tcp-create-socket@{VERSION}"))?)
}

fn link_lookup(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    interface.resource("resolve-address-stream", ResourceType::host::<Lookup>(), |mut store, handle| {
        store.data_mut().table.delete(Resource::<Lookup>::new_own(handle))?;
        Ok(())
    })?;
    interface.func_wrap(
        "resolve-addresses",
        |mut store: Store<'_>, (network, name): (Resource<Network>, String)| {
            Ok((store.data_mut().resolve_addresses(&network, &name)?,))
        },
    )?;
    interface.func_wrap(
        "[method]resolve-address-stream.resolve-next-address",
        |mut store: Store<'_>, (lookup,): (Resource<Lookup>,)| {
            Ok((store.data_mut().resolve_next_address(&lookup)?,))
        },
    )?;
    interface.func_wrap(
        "[method]resolve-address-stream.subscribe",
        |mut store: Store<'_>, (lookup,): (Resource<Lookup>,)| {
            Ok((store.data_mut().subscribe_lookup(lookup)?,))
        },
    )
}

fn link_create(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    interface.func_wrap("create-tcp-socket", |mut store: Store<'_>, (family,): (IpAddressFamily,)| {
        Ok((store.data_mut().create_tcp_socket(family)?,))
    })
}

fn link_tcp(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    interface.resource("tcp-socket", ResourceType::host::<Socket>(), |mut store, handle| {
        store.data_mut().table.delete(Resource::<Socket>::new_own(handle))?;
        Ok(())
    })?;
    interface.func_wrap(
        &method("start-connect"),
        |mut store: Store<'_>,
         (socket, network, address): (Resource<Socket>, Resource<Network>, IpSocketAddress)| {
            Ok((store.data_mut().start_connect(&socket, &network, address.into())?,))
        },
    )?;
    interface.func_wrap(
        &method("finish-connect"),
        |mut store: Store<'_>, (socket,): (Resource<Socket>,)| {
            Ok((store.data_mut().finish_connect(&socket)?,))
        },
    )?;
    interface.func_wrap(&method("local-address"), |store: Store<'_>, (socket,): (Resource<Socket>,)| {
        Ok((store.data().local_address(&socket)?,))
    })?;
    interface.func_wrap(&method("remote-address"), |store: Store<'_>, (socket,): (Resource<Socket>,)| {
        Ok((store.data().remote_address(&socket)?,))
    })?;
    interface.func_wrap(&method("address-family"), |store: Store<'_>, (socket,): (Resource<Socket>,)| {
        Ok((store.data().address_family(&socket)?,))
    })?;
    interface.func_wrap(&method("is-listening"), |_: Store<'_>, (_,): (Resource<Socket>,)| Ok((false,)))?;
    interface.func_wrap(&method("subscribe"), |mut store: Store<'_>, (socket,): (Resource<Socket>,)| {
        Ok((store.data_mut().subscribe_socket(socket)?,))
    })?;
    interface.func_wrap(
        &method("shutdown"),
        |store: Store<'_>, (socket, how): (Resource<Socket>, ShutdownType)| {
            Ok((store.data().shutdown(&socket, how)?,))
        },
    )?;
    for name in UNSUPPORTED {
        interface.func_new_async(&method(name), |mut store, _, parameters, results| {
            Box::new(async move {
                for parameter in parameters {
                    if let Val::Resource(borrowed) = parameter {
                        borrowed.resource_drop_async(&mut store).await?;
                    }
                }
                results[0] = Val::Result(Err(Some(Box::new(Val::Enum("not-supported".to_owned())))));
                Ok(())
            })
        })?;
    }
    Ok(())
}

fn method(name: &str) -> String {
    format!("[method]tcp-socket.{name}")
}
