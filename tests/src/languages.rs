//! Functions in Python and JavaScript: a project from the template, as an author gets it, and the component
//! that its own build makes of it.
//!
//! A component is kept under `target/`, by everything that went into it, and built once.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use anyhow::{Context as _, Result, ensure};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::language_tools;

/// What the placeholder in templates is replaced by.
const NAME: &str = "my-function";
const PLACEHOLDER: &str = "{{name}}";
const COMPONENT: &str = "my-function.wasm";

/// A language with an SDK of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Built with `componentize-py`.
    Python,
    /// Built with `componentize-js`.
    JavaScript,
}

impl Language {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Python, Self::JavaScript];

    /// As in the names of folders.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::JavaScript => "javascript",
        }
    }

    /// The folder of its SDK.
    pub fn sdk(self) -> PathBuf {
        workspace().join("sdk").join(self.name())
    }

    /// The command that runs the tests in a folder, natively.
    pub fn tests(self, folder: &Path) -> Command {
        let mut command = match self {
            Self::Python => Command::new("python3"),
            Self::JavaScript => Command::new("node"),
        };
        command.current_dir(folder).env("PYTHONDONTWRITEBYTECODE", "1");
        command.args(match self {
            Self::Python => ["-m", "unittest"].as_slice(),
            Self::JavaScript => ["--test"].as_slice(),
        });
        command
    }

    /// The command that an author builds with, without the folder.
    fn build(self) -> Command {
        match self {
            Self::Python => {
                let mut command = Command::new("sh");
                command.arg("build.sh");
                command
            }
            Self::JavaScript => {
                let mut command = Command::new("npm");
                command.args(["run", "--silent", "build"]);
                command
            }
        }
    }
}

/// The files of a project, by path.
#[derive(Clone, Debug)]
pub struct Project {
    language: Language,
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl Project {
    /// A project as `keywheel function new` makes it.
    ///
    /// # Errors
    /// The template cannot be read.
    pub fn new(language: Language, kind: &str) -> Result<Self> {
        let mut project = Self { language, files: BTreeMap::new() };
        for overlay in ["common", kind] {
            let template = language.sdk().join("template").join(overlay);
            for (path, bytes) in files(&template)? {
                let text = String::from_utf8(bytes).context("templates are text")?;
                project.files.insert(path, text.replace(PLACEHOLDER, NAME).into_bytes());
            }
        }
        for (name, folder) in
            [("keywheel", language.sdk().join("keywheel")), ("wit", workspace().join("sdk/wit"))]
        {
            let vendor = Path::new("vendor").join(name);
            project.files.extend(files(&folder)?.into_iter().map(|(path, bytes)| (vendor.join(path), bytes)));
        }
        Ok(project)
    }

    /// The same project with other text in a file, or with one file more.
    #[must_use]
    pub fn with(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.into(), text.as_bytes().to_vec());
        self
    }

    /// The same project with a part of a file replaced.
    ///
    /// # Errors
    /// The file does not hold it.
    pub fn replacing(self, path: &str, from: &str, to: &str) -> Result<Self> {
        let text = self.text(path)?;
        ensure!(text.contains(from), "{path} does not hold `{from}`");
        Ok(self.with(path, &text.replace(from, to)))
    }

    /// What a file holds.
    ///
    /// # Errors
    /// There is no such file.
    pub fn text(&self, path: &str) -> Result<String> {
        let bytes = self.files.get(Path::new(path)).with_context(|| format!("there is no {path}"))?;
        Ok(String::from_utf8(bytes.clone())?)
    }

    /// Writes the project into a new folder.
    ///
    /// # Errors
    /// The disk is full.
    pub fn write(&self) -> Result<TempDir> {
        let folder = tempfile::Builder::new().prefix("keywheel-function-").tempdir()?;
        for (path, bytes) in &self.files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().context("a file is in a folder")?)?;
            fs::write(path, bytes)?;
        }
        Ok(folder)
    }

    /// The component.
    ///
    /// # Errors
    /// The tool is not installed, or refuses the project.
    pub fn component(&self) -> Result<Vec<u8>> {
        // Two tests that need the same component build it once; two tools at once only wait for each other.
        static TURN: Mutex<()> = Mutex::new(());
        let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let kept = workspace().join("target/tools/components").join(self.digest()?).with_extension("wasm");
        if let Ok(component) = fs::read(&kept) {
            return Ok(component);
        }
        let component = self.build()?;
        fs::create_dir_all(kept.parent().context("a file is in a folder")?)?;
        // Another process may do the same: the name is never that of half a file.
        let fresh = kept.with_extension(format!("{}.new", std::process::id()));
        fs::write(&fresh, &component)?;
        fs::rename(fresh, kept)?;
        Ok(component)
    }

    fn build(&self) -> Result<Vec<u8>> {
        let folder = self.write()?;
        let mut command = self.language.build();
        command.current_dir(folder.path());
        match self.language {
            Language::Python => {
                let tools = language_tools::python(&workspace()).join("bin");
                ensure!(
                    tools.join("componentize-py").exists(),
                    "componentize-py is missing: run `cargo xtask setup`"
                );
                let mut path = tools.into_os_string();
                path.push(":");
                path.push(env::var_os("PATH").unwrap_or_else(|| OsString::from("/usr/bin:/bin")));
                command.env("PATH", path);
            }
            Language::JavaScript => {
                let modules = language_tools::javascript(&workspace()).join("node_modules");
                ensure!(modules.exists(), "componentize-js is missing: run `cargo xtask setup`");
                symlink(modules, folder.path().join("node_modules"))?;
            }
        }
        let output = command.output().with_context(|| format!("{command:?} cannot be started"))?;
        ensure!(
            output.status.success(),
            "{command:?} failed:\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        fs::read(folder.path().join(COMPONENT)).context("the build made no component")
    }

    /// Of everything that the component depends on.
    fn digest(&self) -> Result<String> {
        let mut hasher = Sha256::new();
        let mut add = |bytes: &[u8]| {
            hasher.update((bytes.len() as u64).to_be_bytes());
            hasher.update(bytes);
        };
        let lists = [
            PathBuf::from(language_tools::PYTHON_LIST),
            Path::new(language_tools::JAVASCRIPT_LISTS).join("package-lock.json"),
        ];
        for list in lists {
            add(&fs::read(workspace().join(list))?);
        }
        for (path, bytes) in &self.files {
            add(path.as_os_str().as_encoded_bytes());
            add(bytes);
        }
        Ok(hex::encode(hasher.finalize()))
    }
}

/// The packages that clients in JavaScript are tested with: a `node_modules`.
pub fn client_modules() -> PathBuf {
    language_tools::javascript_clients(&workspace()).join("node_modules")
}

/// All files in a folder and the folders in it, by their path in it.
fn files(folder: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).with_context(|| format!("reading {}", next.display()))? {
            let path = entry?.path();
            // What a Python that ran in the folder may have left.
            if path.ends_with("__pycache__") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(folder)?.to_owned(), fs::read(&path)?);
            }
        }
    }
    Ok(found)
}

fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("the package is in the workspace").to_owned()
}
