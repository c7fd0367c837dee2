//! Compiles the guests in `examples/` and writes the table of them that `src/lib.rs` includes.

#[path = "../../functions/guest_build.rs"]
mod guest_build;
#[path = "src/as_deployed.rs"]
mod listed;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use listed::AS_DEPLOYED;

/// Links a guest without optimising it as a whole.
const APART: (&str, &str) = ("CARGO_PROFILE_GUEST_LTO", "off");

fn main() {
    let here = guest_build::variable("CARGO_MANIFEST_DIR");
    let workspace = Path::new(&here).ancestors().nth(2).expect("the package is two folders down");
    guest_build::watch(
        workspace,
        &[
            "tests/contract",
            "tests/guests/Cargo.toml",
            "tests/guests/build.rs",
            "tests/guests/examples",
            "tests/guests/src",
        ],
    );

    let mut guests = Vec::new();
    // The inner cargo compiles this package too, as the library beside the examples: it ends here.
    if guest_build::variable("CARGO_CFG_TARGET_FAMILY") != "wasm" {
        let (as_deployed, others): (Vec<String>, Vec<String>) = examples(&Path::new(&here).join("examples"))
            .into_iter()
            .partition(|name| AS_DEPLOYED.contains(&name.as_str()));
        for (names, variables) in [(as_deployed, [].as_slice()), (others, &[APART])] {
            let mut arguments = vec!["--package", "keywheel-guests"];
            arguments.extend(names.iter().flat_map(|name| ["--example", name]));
            let built = guest_build::build(&arguments, variables).join("examples");
            guests.extend(names.into_iter().map(|name| {
                let file = guest_build::keep(&built.join(&name).with_extension("wasm"), &name);
                (name, file)
            }));
        }
    }
    guests.sort();

    let mut table = String::from("&[\n");
    for (name, file) in guests {
        writeln!(table, "    ({name:?}, include_bytes!({file:?})),").expect("a string takes any text");
    }
    table.push_str("]\n");
    let out = Path::new(&guest_build::variable("OUT_DIR")).join("components.rs");
    fs::write(out, table).expect("cargo made the folder for generated files");
}

fn examples(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).expect("the examples are in the package");
    let paths = files.map(|file| file.expect("the folder can be read").path());
    paths.filter_map(|path| path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned)).collect()
}
