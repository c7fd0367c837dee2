//! What `bindgen!` makes of `sdk/wit`, the contract between host and guest.

wasmtime::component::bindgen!({
    path: "../../sdk/wit",
    world: "rotator",
    imports: { default: async | trappable },
    exports: { default: async },
    with: { "keywheel:rotation/sql.connection": crate::imports::sql::Session },
});

/// The interfaces of the contract that the host offers, without their version.
pub(crate) const INTERFACES: [&str; 5] = [
    "keywheel:rotation/types",
    "keywheel:rotation/secrets",
    "keywheel:rotation/sql",
    "keywheel:rotation/approvals",
    "keywheel:rotation/log",
];

/// The export of the world.
pub(crate) const EXPORT: &str = "rotate";
