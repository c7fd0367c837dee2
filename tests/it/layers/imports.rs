//! Which modules a file of `runtime/src` uses, and which of them stand above it.

use std::path::Path;

/// The modules of `runtime`, lowest first. A module uses only itself and those before it.
pub(super) const LAYERS: [&str; 15] = [
    "clock",
    "entropy",
    "config",
    "metrics",
    "tls",
    "store",
    "vault",
    "audit",
    "ops",
    "worker",
    "rehearsal",
    "webhooks",
    "server",
    "cli",
    "main",
];

/// The sentences about what a file uses against the order. `file` is relative to `runtime/src`.
pub(super) fn breaches(file: &Path, source: &str) -> Vec<String> {
    let path = module_path(file);
    let Some(own) = path.first().and_then(|module| rank(module)) else { return Vec::new() };
    let mut found: Vec<String> = used(source, path.len())
        .into_iter()
        .filter(|module| rank(module).is_some_and(|used| used > own))
        .map(|module| {
            let own = LAYERS[own];
            format!("{} uses `crate::{module}`, but `{own}` stands below `{module}`", file.display())
        })
        .collect();
    found.dedup();
    found
}

fn rank(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| *layer == module)
}

fn module_path(file: &Path) -> Vec<String> {
    let names = file.components().map(|name| name.as_os_str().to_string_lossy());
    let names = names.map(|name| name.trim_end_matches(".rs").to_owned());
    names.filter(|name| name != "mod" && name != "lib").collect()
}

/// The modules of the crate that a file names after `crate::`, or after enough `super::`.
fn used(source: &str, depth: usize) -> Vec<String> {
    let code: String =
        source.lines().map(|line| line.split("//").next().unwrap_or(line)).collect::<Vec<_>>().join("\n");
    let mut modules = Vec::new();
    for (start, _) in code.match_indices("crate::") {
        if !code[..start].ends_with(|before: char| before.is_alphanumeric() || "_$".contains(before)) {
            modules.extend(first_names(&code[start + "crate::".len()..]));
        }
    }
    let chain = "super::".repeat(depth);
    for (start, _) in code.match_indices(&chain) {
        if !chain.is_empty() {
            modules.extend(first_names(code[start + chain.len()..].trim_start_matches("super::")));
        }
    }
    modules
}

/// The first name of a path, or of each path in a group.
fn first_names(path: &str) -> Vec<String> {
    let Some(group) = path.strip_prefix('{') else { return vec![identifier(path)] };
    let mut names = Vec::new();
    let (mut depth, mut fresh) = (0, true);
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => fresh = true,
            _ if fresh && !character.is_whitespace() => {
                names.push(identifier(&group[at..]));
                fresh = false;
            }
            _ => {}
        }
    }
    names
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect()
}

#[test]
fn a_use_against_the_order_is_named() {
    let check = |file: &str, source: &str, expected: &[&str]| {
        let found = breaches(Path::new(file), source);
        let expected: Vec<String> = expected
            .iter()
            .map(|modules| {
                let (own, used) = modules.split_once(' ').unwrap();
                format!("{file} uses `crate::{used}`, but `{own}` stands below `{used}`")
            })
            .collect();
        assert_eq!(found, expected);
    };
    check("vault/local.rs", "use crate::store::Store;\nuse super::Vault;", &[]);
    check("vault/local.rs", "use crate::ops::Operations;", &["vault ops"]);
    check("vault.rs", "fn f() { crate::server::stop() }", &["vault server"]);
    check("store/mod.rs", "use crate::{clock::Clock, vault::{self, Vault}, store};", &["store vault"]);
    check("store/mod.rs", "use super::audit;", &["store audit"]);
    check("store/redb.rs", "use super::super::cli;", &["store cli"]);
    check("store/redb.rs", "use super::audit;", &[]);
    check("store/redb.rs", "// crate::server is not used here\nuse other_crate::server;", &[]);
    check("lib.rs", "pub mod server;", &[]);
}
