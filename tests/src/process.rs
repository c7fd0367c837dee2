//! The real `keywheel` binary as a process of its own, which tests start, kill and start again.

use std::env;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

use anyhow::{Context as _, Result, ensure};
use keywheel_domain::sensitive::Sensitive;
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::canary::{self, Search};
use crate::client::ApiClient;
use crate::{stored, wait};

/// Names another binary than the one that is built from this workspace.
const BINARY_VARIABLE: &str = "KEYWHEEL_BIN";
/// What the server prints before its address when it is ready.
const READY: &str = "listening on http";
/// Where a data folder keeps functions that are compiled for the machine.
const COMPILED: &str = "compiled";
/// A root key that others can read is refused.
const FILE_MODE: u32 = 0o600;

/// What POSIX says that `ulimit -f` counts in.
const LIMIT_BLOCK_BYTES: u64 = 512;

/// The access key id of the tests' servers.
pub const ACCESS_KEY_ID: &str = "AKIATESTKEYWHEEL0000";
/// Its secret: it protects nothing.
pub const SECRET_ACCESS_KEY: &str = "tests-only/not-a-secret/0123456789abcdef";

/// A running server. It is killed with this value.
pub struct Keywheel {
    child: Child,
    address: SocketAddr,
    stdout: Transcript,
    stderr: Transcript,
    /// The folder that is searched at its end; none once it was.
    data: Option<PathBuf>,
}

type Transcript = Arc<Mutex<String>>;

impl Keywheel {
    /// A server on this data folder and a free port, ready to answer.
    ///
    /// # Errors
    /// It cannot be built, or ends before it is ready.
    pub async fn start(data: &Path) -> Result<Self> {
        Self::start_with(&mut serve(data)?).await
    }

    /// The same with a command of the caller's own, made from [`serve`].
    ///
    /// # Errors
    /// It ends before it is ready.
    pub async fn start_with(command: &mut Command) -> Result<Self> {
        Self::start_logging_to(Stdio::piped(), command).await
    }

    /// The same, with its log where nobody copies it.
    ///
    /// # Errors
    /// It ends before it is ready.
    pub async fn start_logging_to(log: Stdio, command: &mut Command) -> Result<Self> {
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn()?;
        let stdout = transcribe(child.stdout.take());
        let stderr = transcribe(child.stderr.take());
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Self { child, address, stdout, stderr, data: data_folder(command) };
        let ready = wait::until("keywheel to listen", async || {
            let ended = server.child.try_wait()?;
            let address = listening_on(&text(&server.stdout));
            ensure!(ended.is_none() || address.is_some(), "keywheel ended while it started");
            Ok(address)
        });
        let ready = ready.await;
        server.address = ready.with_context(|| format!("keywheel said: {}", server.stderr()))?;
        Ok(server)
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// A client that signs with the account's root access key.
    pub fn client(&self) -> ApiClient {
        ApiClient {
            address: self.address,
            access_key_id: ACCESS_KEY_ID.to_owned(),
            secret_access_key: Sensitive::new(SECRET_ACCESS_KEY.to_owned()),
        }
    }

    /// All that it wrote on standard output so far.
    pub fn stdout(&self) -> String {
        text(&self.stdout)
    }

    /// All that it logged so far.
    pub fn stderr(&self) -> String {
        text(&self.stderr)
    }

    /// `kill -9`, and all that it had logged.
    pub fn kill(mut self) -> String {
        self.end();
        self.stderr()
    }

    /// SIGTERM; how it ended, and all that it had logged.
    ///
    /// # Errors
    /// It cannot be signalled, or is still there after [`wait::PATIENCE`].
    pub async fn stop(mut self) -> Result<(ExitStatus, String)> {
        let signal = format!("kill -TERM {}", self.child.id());
        let signalled = Command::new("sh").args(["-c", &signal]).status()?;
        ensure!(signalled.success(), "keywheel cannot be signalled");
        let ended = wait::until("keywheel to stop", async || Ok(self.child.try_wait()?)).await?;
        Ok((ended, finished(&self.stderr).await?))
    }

    /// What it answers to `GET` outside of the API: the status and the text.
    ///
    /// # Errors
    /// It cannot be reached, or answers something else than HTTP.
    pub fn get(&self, path: &str) -> Result<(u16, String)> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(wait::PATIENCE))?;
        write!(stream, "GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.address)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("the answer has no head")?;
        let status = head.split(' ').nth(1).context("the answer has no status")?;
        Ok((status.parse()?, body.to_owned()))
    }

    fn end(&mut self) {
        // An error means that it ended before: that is what was wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let Some(data) = self.data.take() else { return };
        // A test that fails already says why, and a second panic would hide it.
        if thread::panicking() {
            return;
        }
        let places = self.places_with_secrets(&data).expect("what a server wrote can be read");
        assert!(places.is_empty(), "a secret value of this test is in {}", places.join(", "));
    }

    /// Where a secret of this test, or one that a rotation has made, is to be seen.
    fn places_with_secrets(&self, data: &Path) -> Result<Vec<String>> {
        let mut texts = vec![SECRET_ACCESS_KEY.to_owned()];
        let stored = stored::read(data)?;
        texts.extend(stored.secrets);
        let search = Search::new(&texts)?;
        // A folder that is gone was removed by its test.
        let mut places = if data.exists() { search.files(data)? } else { Vec::new() };
        let (stdout, stderr) = (self.stdout().into_bytes(), self.stderr().into_bytes());
        for (place, text) in
            [("standard output", stdout), ("standard error", stderr), ("the trail", stored.trail)]
        {
            if search.finds(&text) {
                places.push(place.to_owned());
            }
        }
        Ok(places)
    }
}

impl Drop for Keywheel {
    fn drop(&mut self) {
        self.end();
    }
}

/// A data folder that was served before, so that its functions are compiled for this machine already.
/// All such folders hold the same root key and nothing else.
///
/// # Errors
/// The first server does not start.
pub async fn used_data_folder() -> Result<TempDir> {
    static FILES: OnceCell<Vec<(PathBuf, Vec<u8>)>> = OnceCell::const_new();
    let files = FILES.get_or_try_init(serve_once).await?;
    let folder = tempfile::tempdir()?;
    for (name, content) in files {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().context("a file is in a folder")?)?;
        File::options().write(true).create_new(true).mode(FILE_MODE).open(file)?.write_all(content)?;
    }
    Ok(folder)
}

/// Serves a new folder until its functions are compiled, and reads the files that are there then.
async fn serve_once() -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let folder = tempfile::tempdir()?;
    let server = Keywheel::start(folder.path()).await?;
    let compiled = folder.path().join(COMPILED);
    let is_code = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "cwasm");
    let count = || files(&compiled).map_or(0, |files| files.iter().filter(|path| is_code(path)).count());
    let done = async || Ok((count() == keywheel_functions::builtins().len()).then_some(()));
    wait::until("the functions to be compiled", done).await?;
    server.kill();
    let read = |path: PathBuf| Ok((path.strip_prefix(folder.path())?.to_owned(), fs::read(&path)?));
    files(folder.path())?.into_iter().map(read).collect()
}

/// All files in a folder and in the folders in it.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { found.extend(files(&path)?) } else { found.push(path) }
    }
    Ok(found)
}

/// `keywheel serve` on a free port, with the tests' access key and nothing else of the environment's.
///
/// # Errors
/// The binary cannot be built.
pub fn serve(data: &Path) -> Result<Command> {
    let mut command = keywheel()?;
    command.arg("serve").arg("--data").arg(data).args(["--listen", "127.0.0.1:0"]);
    command.env("KEYWHEEL_ROOT_ACCESS_KEY_ID", ACCESS_KEY_ID);
    command.env("KEYWHEEL_ROOT_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY);
    Ok(command)
}

/// `keywheel` without arguments. It gets the terminal's Ctrl-C too, since tests that are interrupted
/// clean nothing up.
///
/// # Errors
/// The binary cannot be built.
pub fn keywheel() -> Result<Command> {
    let mut command = Command::new(binary()?);
    command.stdin(Stdio::null());
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("KEYWHEEL_") {
            command.env_remove(name);
        }
    }
    Ok(command)
}

/// The same command, but no file that it writes may have bytes beyond this length: what is in the way then
/// looks like a full disk, and a test needs neither root nor a file system of its own for it.
pub fn with_files_up_to(command: &Command, bytes_max: u64) -> Command {
    let blocks_max = bytes_max / LIMIT_BLOCK_BYTES;
    let mut limited = Command::new("sh");
    // Without the trap such a write would end the process instead of failing.
    let script = format!("trap '' XFSZ && ulimit -f {blocks_max} && exec \"$0\" \"$@\"");
    limited.arg("-c").arg(script).arg(command.get_program()).args(command.get_args()).stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    limited
}

/// Runs a command that is expected to end by itself soon.
///
/// # Errors
/// It cannot be started, is still running after [`wait::PATIENCE`], or shows a [`canary`].
pub async fn output(command: &mut Command) -> Result<Output> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (stdout, stderr) = (transcribe(child.stdout.take()), transcribe(child.stderr.take()));
    let ended = wait::until("the process to end", async || Ok(child.try_wait()?)).await;
    if ended.is_err() {
        let _ = child.kill();
        let _ = child.wait();
    }
    let (stdout, stderr) = (finished(&stdout).await?, finished(&stderr).await?);
    // One that failed is shown by its test, whatever is in it.
    if ended.as_ref().is_ok_and(ExitStatus::success) {
        let told = [&stdout, &stderr].into_iter().any(|text| canary::is_in(text.as_bytes()));
        ensure!(!told, "{:?} shows a secret value of this test", command.get_program());
    }
    Ok(Output { status: ended?, stdout: stdout.into_bytes(), stderr: stderr.into_bytes() })
}

/// The binary of this workspace, built when it is not up to date.
fn binary() -> Result<PathBuf> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    if let Some(named) = env::var_os(BINARY_VARIABLE) {
        return Ok(named.into());
    }
    BUILT.get_or_init(|| build().map_err(|error| format!("{error:#}"))).clone().map_err(anyhow::Error::msg)
}

fn build() -> Result<PathBuf> {
    let this = env::current_exe()?;
    // target/PROFILE/deps/it-… or target/PROFILE/examples/demo
    let profile = this.ancestors().nth(2).context("the test is not where cargo puts tests")?;
    let target = profile.parent().context("the test is not where cargo puts tests")?;
    let name = profile.file_name().and_then(|name| name.to_str()).context("the profile has no name")?;
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // The whole workspace, and an example beside the binary: then dependencies have the same features
    // as in `cargo test --workspace`, and nothing is compiled twice.
    cargo.args(["build", "--quiet", "--workspace", "--bin", "keywheel", "--example", "demo"]);
    cargo.arg("--target-dir").arg(target);
    cargo.args(["--profile", if name == "debug" { "dev" } else { name }]);
    cargo.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    for (name, _) in env::vars_os() {
        if is_of_outer_cargo(&name.to_string_lossy()) {
            cargo.env_remove(name);
        }
    }
    let built = cargo.output().context("starting cargo")?;
    ensure!(built.status.success(), "keywheel does not compile: {}", String::from_utf8_lossy(&built.stderr));
    Ok(profile.join("keywheel"))
}

/// The folder that a server is started on.
fn data_folder(command: &Command) -> Option<PathBuf> {
    let mut arguments = command.get_args().skip_while(|argument| *argument != "--data");
    arguments.nth(1).map(PathBuf::from)
}

/// What cargo tells the programs that it runs. Some build scripts watch these and would run again.
fn is_of_outer_cargo(name: &str) -> bool {
    const PREFIXES: [&str; 5] =
        ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];
    PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

fn listening_on(stdout: &str) -> Option<SocketAddr> {
    let complete = &stdout[..=stdout.rfind('\n')?];
    complete.lines().find_map(|line| line.split_once(READY)?.1.split_once("://")?.1.trim().parse().ok())
}

/// Copies a stream as it comes. The stream's end is marked, see [`finished`].
fn transcribe(stream: Option<impl Read + Send + 'static>) -> Transcript {
    let transcript = Transcript::default();
    let copy = Arc::clone(&transcript);
    thread::spawn(move || {
        let mut lines = BufReader::new(stream?);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).ok()? > 0 {
            let line = std::mem::take(&mut line);
            copy.lock().unwrap_or_else(PoisonError::into_inner).push_str(&String::from_utf8_lossy(&line));
        }
        Some(())
    });
    transcript
}

/// The whole text, once the thread that copies it has let go of it.
async fn finished(transcript: &Transcript) -> Result<String> {
    let ended = async || Ok((Arc::strong_count(transcript) == 1).then_some(()));
    wait::until("the output to end", ended).await?;
    Ok(text(transcript))
}

fn text(transcript: &Transcript) -> String {
    transcript.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
