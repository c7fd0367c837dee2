//! Projects of authors: what they are made of, and which language one is in.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::ValueEnum;

/// The name in templates that stands for that of the project.
const NAME: &str = "{{name}}";
/// The overlay that every project has.
const COMMON: &str = "common";
/// Characters of a name.
const NAME_CHARS_MAX: usize = 40;
/// Names that a package in one of the languages cannot have.
const NAMES_TAKEN: [&str; 10] =
    ["alloc", "app", "core", "keywheel", "keywheel-sdk", "proc-macro", "rotation", "std", "test", "wit"];

/// A file of a project, before it has a name.
struct File {
    language: &'static str,
    /// Of every kind, or of one.
    overlay: &'static str,
    path: &'static str,
    content: &'static [u8],
}

const FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/project_files.rs"));

/// What a function is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Language {
    Rust,
    Python,
    Javascript,
}

impl Language {
    const ALL: [Self; 3] = [Self::Rust, Self::Python, Self::Javascript];

    /// As in the table of files.
    const fn key(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Python => "python",
            Self::Javascript => "javascript",
        }
    }

    /// For people.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Rust => "Rust",
            Self::Python => "Python",
            Self::Javascript => "JavaScript",
        }
    }

    /// The file that says what the project is.
    pub(super) const fn manifest(self) -> &'static str {
        match self {
            Self::Rust => "Cargo.toml",
            Self::Python => "pyproject.toml",
            Self::Javascript => "package.json",
        }
    }

    /// The language of the project in a folder.
    pub(super) fn of(folder: &Path) -> anyhow::Result<Self> {
        let found = Self::ALL.into_iter().find(|language| folder.join(language.manifest()).is_file());
        found.ok_or_else(|| {
            let manifests = Self::ALL.map(Self::manifest).join(", ");
            anyhow!(
                "`{}` is no project of a function (it has none of {manifests}): give its folder, or make one with \
                 `keywheel function new NAME --language rust`",
                folder.display()
            )
        })
    }
}

/// What a function rotates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// The password of a user of a SQL database.
    Sql,
    /// The password of a user of a service over HTTP.
    Http,
    /// A value of its own.
    Blank,
}

impl Kind {
    const fn key(self) -> &'static str {
        match self {
            Self::Sql => "sql",
            Self::Http => "http",
            Self::Blank => "blank",
        }
    }

    /// For people.
    pub(super) const fn purpose(self) -> &'static str {
        match self {
            Self::Sql => "the password of a database user",
            Self::Http => "the password of a service over HTTP",
            Self::Blank => "a value of its own",
        }
    }
}

/// Why a name is refused.
pub(super) fn check_name(name: &str) -> anyhow::Result<()> {
    let characters = name
        .chars()
        .all(|character| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-');
    let begins = name.starts_with(|first: char| first.is_ascii_lowercase());
    let hyphens = !name.contains("--") && !name.ends_with('-');
    if !(characters && begins && hyphens && name.len() <= NAME_CHARS_MAX) {
        return Err(anyhow!(
            "`{name}` cannot be the name of a function: take 1 to {NAME_CHARS_MAX} of a-z, 0-9 and single hyphens, a \
             letter first, as in `crm-password`"
        ));
    }
    if NAMES_TAKEN.contains(&name) {
        return Err(anyhow!(
            "`{name}` is the name of something else in a project: take another, as in `{name}-rotation`"
        ));
    }
    Ok(())
}

/// Writes a project into a new folder; returns how many files it has. An existing folder must be empty.
pub(super) fn write(folder: &Path, name: &str, language: Language, kind: Kind) -> anyhow::Result<usize> {
    let shown = folder.display();
    let of_language = || FILES.iter().filter(|file| file.language == language.key());
    let has_kind = of_language().any(|file| file.overlay == kind.key());
    if !has_kind {
        return Err(anyhow!(
            "there is no template of the kind `{}` in {}: take --kind blank, or another --language",
            kind.key(),
            language.name()
        ));
    }
    match fs::read_dir(folder).map(|mut entries| entries.next().is_some()) {
        Ok(true) => {
            return Err(anyhow!(
                "the folder `{shown}` is there already and not empty: take another name, or empty it"
            ));
        }
        Ok(false) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => {
            return Err(anyhow::Error::new(error).context(format!("`{shown}` is no folder to write to")));
        }
    }
    let mut count = 0;
    for file in of_language().filter(|file| [COMMON, kind.key()].contains(&file.overlay)) {
        let path = folder.join(file.path);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).with_context(|| format!("`{}` could not be made", parent.display()))?;
        let content = match std::str::from_utf8(file.content) {
            Ok(text) if !file.path.starts_with("vendor/") => text.replace(NAME, name).into_bytes(),
            _ => file.content.to_vec(),
        };
        fs::write(&path, content).with_context(|| format!("`{}` could not be written", path.display()))?;
        count += 1;
    }
    Ok(count)
}

/// The name of the project in a folder, from its manifest.
pub(super) fn name(folder: &Path, language: Language) -> anyhow::Result<String> {
    let path: PathBuf = folder.join(language.manifest());
    let shown = path.display();
    let text = fs::read_to_string(&path).with_context(|| format!("`{shown}` could not be read"))?;
    let found = match language {
        Language::Rust => name_in_toml(&text, "[package]"),
        Language::Python => name_in_toml(&text, "[project]"),
        Language::Javascript => serde_json::from_str::<serde_json::Value>(&text)
            .ok()
            .and_then(|manifest| manifest.get("name")?.as_str().map(str::to_owned)),
    };
    found.ok_or_else(|| anyhow!("`{shown}` has no name: give it one"))
}

/// The name in a section. More of the format is not needed, and its author's tool checks the rest.
fn name_in_toml(text: &str, section: &str) -> Option<String> {
    let lines = text.lines().map(str::trim).skip_while(|line| *line != section).skip(1);
    let mut own = lines.take_while(|line| !line.starts_with('['));
    let value = own.find_map(|line| line.strip_prefix("name")?.trim_start().strip_prefix('='))?;
    let name = value.trim().trim_matches(['"', '\'']);
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_for_packages_of_every_language() {
        let check = |name: &str, expected: bool| assert_eq!(check_name(name).is_ok(), expected, "{name}");
        check("crm-password", true);
        check("a", true);
        check(&"a".repeat(40), true);
        for name in
            ["", "A", "1a", "-a", "a-", "a--b", "a_b", "a/b", "..", "a b", "ä", "test", "keywheel-sdk"]
        {
            check(name, false);
        }
        check(&"a".repeat(41), false);
    }

    #[test]
    fn the_name_is_that_of_the_package() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(name_in_toml(text, "[package]").as_deref(), expected, "{text}");
        };
        check("[package]\nname = \"a\"\n", Some("a"));
        check("[lib]\nname = \"b\"\n[package]\nversion = \"1\"\nname='a'", Some("a"));
        check("[package]\n[lib]\nname = \"b\"", None);
    }

    #[test]
    fn nothing_is_written_over() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("a");
        let files = write(&folder, "a", Language::Rust, Kind::Sql).unwrap();
        assert!(files > 10 && folder.join("vendor/keywheel-sdk/wit/rotator.wit").is_file());
        let readme = fs::read_to_string(folder.join("README.md")).unwrap();
        assert!(readme.starts_with("# a\n") && !readme.contains(NAME), "{readme}");
        let error = write(&folder, "a", Language::Rust, Kind::Blank).unwrap_err();
        assert!(error.to_string().contains("not empty"), "{error}");
        assert!(write(&folder.join("README.md"), "a", Language::Rust, Kind::Blank).is_err());
        fs::create_dir(parent.path().join("empty")).unwrap();
        write(&parent.path().join("empty"), "a", Language::Rust, Kind::Blank).unwrap();
    }

    #[test]
    fn what_a_project_carries_needs_no_workspace() {
        for file in FILES.iter().filter(|file| file.path.ends_with("Cargo.toml")) {
            let text = std::str::from_utf8(file.content).unwrap();
            assert!(!text.contains("workspace = true"), "{}: {text}", file.path);
        }
    }
}
