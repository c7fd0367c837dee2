//! Writes the table of files that `keywheel function new` makes projects of, which `src/cli/function/project.rs`
//! includes: the templates as they stand in `sdk/`, and the SDKs that projects carry with them.
//!
//! A new template file needs no word here. The manifest of the Rust SDK is written out, since a project is in no
//! workspace; so is a lock file, so that a project builds with the versions that the SDK is tested with.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

/// The SDK for Rust, as its package is called.
const SDK: &str = "keywheel-sdk";
/// The name in templates that stands for that of the project.
const NAME: &str = "{{name}}";
/// A folder of this tree, and where it is in a project.
type Carried = (&'static str, &'static str);

/// What a language's files are: where its templates are, and which other folders its projects carry.
const LANGUAGES: [(&str, &str, [Carried; 2]); 3] = [
    (
        "rust",
        "sdk/template",
        [("sdk/src", "vendor/keywheel-sdk/src"), ("sdk/wit", "vendor/keywheel-sdk/wit")],
    ),
    (
        "python",
        "sdk/python/template",
        [("sdk/python/keywheel", "vendor/keywheel"), ("sdk/wit", "vendor/wit")],
    ),
    (
        "javascript",
        "sdk/javascript/template",
        [("sdk/javascript/keywheel", "vendor/keywheel"), ("sdk/wit", "vendor/wit")],
    ),
];
/// The overlay that every project has.
const COMMON: &str = "common";
/// What tools leave behind in folders.
const LEFT_BEHIND: [&str; 3] = ["__pycache__", "node_modules", "target"];

fn main() {
    let root = Path::new(&variable("CARGO_MANIFEST_DIR")).join("..");
    let out = PathBuf::from(variable("OUT_DIR"));
    let mut table = String::from("&[\n");
    for (language, templates, carried) in LANGUAGES {
        for folder in std::iter::once(templates).chain(carried.iter().map(|(from, _)| *from)) {
            println!("cargo::rerun-if-changed={}", root.join(folder).display());
        }
        // A language whose SDK is not in this tree has no projects.
        for overlay in folders(&root.join(templates)) {
            let base = root.join(templates).join(&overlay);
            for file in files(&base) {
                row(&mut table, language, &overlay, &file, &base.join(&file));
            }
        }
        for (from, to) in carried {
            for file in files(&root.join(from)) {
                row(&mut table, language, COMMON, &Path::new(to).join(&file), &root.join(from).join(&file));
            }
        }
    }
    for (path, text) in written(&root) {
        let kept = out.join(path.replace('/', "-"));
        fs::write(&kept, text).expect("cargo made the folder for generated files");
        row(&mut table, "rust", COMMON, Path::new(path), &kept);
    }
    table.push_str("]\n");
    fs::write(out.join("project_files.rs"), table).expect("cargo made the folder for generated files");
}

fn row(table: &mut String, language: &str, overlay: &str, path: &Path, source: &Path) {
    writeln!(
        table,
        "    File {{ language: {language:?}, overlay: {overlay:?}, path: {:?}, content: include_bytes!({source:?}) }},",
        path.display().to_string()
    )
    .expect("a string takes any text");
}

/// The files of a project in Rust that are not copied.
fn written(root: &Path) -> [(&'static str, String); 3] {
    let read = |path: &str| {
        println!("cargo::rerun-if-changed={}", root.join(path).display());
        fs::read_to_string(root.join(path)).expect("the file is in the workspace")
    };
    let parse = |path: &str| read(path).parse::<Table>().expect("the workspace's own files are TOML");
    let (workspace, sdk, lock) = (parse("Cargo.toml"), parse("sdk/Cargo.toml"), parse("Cargo.lock"));
    [
        ("vendor/keywheel-sdk/Cargo.toml", manifest(sdk, &workspace).to_string()),
        ("vendor/keywheel-sdk/README.md", read("sdk/README.md")),
        ("Cargo.lock", lock_file(&lock).to_string()),
    ]
}

/// The manifest of the SDK without a workspace around it.
fn manifest(mut sdk: Table, workspace: &Table) -> Table {
    let workspace = workspace["workspace"].as_table().expect("the manifest is one of a workspace");
    // For its own tests, which a project does not run; and lints of the workspace.
    sdk.remove("dev-dependencies");
    sdk.remove("lints");
    inherit(sdk["package"].as_table_mut().expect("a package"), &workspace["package"]);
    inherit(sdk["dependencies"].as_table_mut().expect("dependencies"), &workspace["dependencies"]);
    if let Some(targets) = sdk.get_mut("target").and_then(Value::as_table_mut) {
        for (_, target) in targets.iter_mut() {
            inherit(target["dependencies"].as_table_mut().expect("dependencies"), &workspace["dependencies"]);
        }
    }
    sdk
}

/// Puts what the workspace says in the place of each `workspace = true`.
fn inherit(table: &mut Table, workspace: &Value) {
    for (name, value) in table.iter_mut() {
        let Some(own) = value.as_table().filter(|own| own.contains_key("workspace")).cloned() else {
            continue;
        };
        let inherited = workspace.get(name).expect("what is inherited is in the workspace").clone();
        let more = own.into_iter().filter(|(key, _)| key != "workspace");
        *value = extended(inherited, more.collect());
    }
}

/// A dependency with more keys. Features add up.
fn extended(dependency: Value, more: Table) -> Value {
    if more.is_empty() {
        return dependency;
    }
    let mut table = match dependency {
        Value::Table(table) => table,
        version => Table::from_iter([("version".to_owned(), version)]),
    };
    for (key, value) in more {
        match (table.get_mut(&key), value) {
            (Some(Value::Array(known)), Value::Array(added)) => known.extend(added),
            (_, value) => {
                table.insert(key, value);
            }
        }
    }
    Value::Table(table)
}

/// The part of the workspace's lock file that the SDK needs, and a package that needs the SDK.
fn lock_file(lock: &Table) -> Table {
    let packages = lock["package"].as_array().expect("a lock file lists packages");
    let text =
        |package: &Value, key: &str| package.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let named = |wanted: &str| {
        let (name, version) = wanted.split_once(' ').unwrap_or((wanted, ""));
        let version = version.split(' ').next().unwrap_or_default();
        let is = |package: &&Value| {
            text(package, "name") == name && (version.is_empty() || text(package, "version") == version)
        };
        packages.iter().find(is).expect("a lock file is complete")
    };
    let mut needed: BTreeMap<(String, String), Value> = BTreeMap::new();
    let mut open = vec![SDK.to_owned()];
    let mut seen = BTreeSet::new();
    while let Some(wanted) = open.pop() {
        if !seen.insert(wanted.clone()) {
            continue;
        }
        let package = named(&wanted);
        let dependencies = package.get("dependencies").and_then(Value::as_array).into_iter().flatten();
        open.extend(dependencies.filter_map(Value::as_str).map(str::to_owned));
        needed.insert((text(package, "name"), text(package, "version")), package.clone());
    }
    let project = Table::from_iter([
        ("name".to_owned(), NAME.into()),
        ("version".to_owned(), "0.1.0".into()),
        ("dependencies".to_owned(), vec![SDK].into()),
    ]);
    let packages = std::iter::once(Value::Table(project)).chain(needed.into_values());
    Table::from_iter([
        ("version".to_owned(), lock["version"].clone()),
        ("package".to_owned(), Value::Array(packages.collect())),
    ])
}

fn folders(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    let mut names: Vec<String> = paths.filter(|path| path.is_dir()).map(|path| name(&path)).collect();
    names.sort();
    names
}

/// All files below a folder, as paths from there.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.expect("the folder can be read").path()) {
        if LEFT_BEHIND.contains(&name(&path).as_str()) {
            continue;
        }
        let own = PathBuf::from(name(&path));
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|file| own.join(file)));
        } else {
            found.push(own);
        }
    }
    found.sort();
    found
}

fn name(path: &Path) -> String {
    path.file_name().expect("an entry of a folder has a name").to_string_lossy().into_owned()
}

#[expect(clippy::panic, reason = "a build script has no other way to fail")]
fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets {name} for build scripts"))
}
