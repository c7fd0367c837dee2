//! A private PostgreSQL in a temporary folder: passwords count (`scram-sha-256` for every connection),
//! every statement is logged, and nothing is left behind. Over TCP it takes logins in clear text or, when it
//! has a certificate, over TLS only.

use std::fs::{self, File};
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls};

use crate::canary;
use crate::certificate::Certificate;
use crate::postgres_programs;
use crate::wait;

/// Where it listens.
pub const HOST: &str = "127.0.0.1";
/// The database that every role may connect to.
pub const DATABASE: &str = "postgres";
const SUPERUSER: &str = "keywheel_tests";
/// Another program may take a port between the choice and the start.
pub(crate) const START_ATTEMPTS_MAX: usize = 5;
const STOP_PAUSE: Duration = Duration::from_millis(10);
const STOP_PAUSES_MAX: usize = 500;
/// PostgreSQL refuses to run as root. Whoever of these the machine has runs it then.
const ACCOUNTS: [&str; 2] = ["postgres", "nobody"];
/// A private key that others can read is refused.
pub(crate) const FILE_MODE: u32 = 0o600;
/// Who may log in to a server that has a certificate: nobody without TLS, and this harness by the socket.
const ENCRYPTED_ONLY: &str = "\
local all all scram-sha-256
hostssl all all 127.0.0.1/32 scram-sha-256
";

/// A server. It ends with this value.
pub struct Postgres {
    folder: TempDir,
    programs: PathBuf,
    account: Option<Account>,
    superuser_password: String,
    tls: Option<Tls>,
    port: u16,
    server: Option<Child>,
}

/// How a server encrypts its connections.
pub struct Tls {
    /// What it shows to its clients.
    pub certificate: Certificate,
    /// The latest version of the protocol that it speaks, such as `TLSv1.3`.
    pub version_max: &'static str,
}

/// A role that nobody else can change.
#[must_use = "the role is let go when this is dropped"]
pub struct Held(Client);

impl Held {
    /// Lets the changes that wait happen.
    ///
    /// # Errors
    /// The server is gone.
    pub async fn release(self) -> Result<()> {
        // A change that was committed would make those that wait for it fail.
        Ok(self.0.batch_execute("ROLLBACK").await?)
    }
}

/// Who runs a server.
#[derive(Clone, Copy)]
pub(crate) struct Account {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Postgres {
    /// A new server with no roles but its superuser.
    ///
    /// # Errors
    /// PostgreSQL is not installed, or does not start.
    pub async fn start() -> Result<Self> {
        Self::start_with(None).await
    }

    /// The same, but it refuses logins over TCP that are not encrypted.
    ///
    /// # Errors
    /// PostgreSQL is not installed, or does not start.
    pub async fn start_encrypted(tls: Tls) -> Result<Self> {
        Self::start_with(Some(tls)).await
    }

    async fn start_with(tls: Option<Tls>) -> Result<Self> {
        let programs = postgres_programs::folder()
            .context("PostgreSQL's `initdb` is not on this machine: run `cargo xtask setup`")?;
        let folder = tempfile::Builder::new().prefix("keywheel-postgres-").tempdir()?;
        let mut postgres = Self {
            account: account_for(&folder, &ACCOUNTS)?,
            superuser_password: new_password(),
            tls,
            port: 0,
            server: None,
            folder,
            programs,
        };
        postgres.initialise()?;
        for _ in 0..START_ATTEMPTS_MAX {
            postgres.port = free_port()?;
            if postgres.resume().await.is_ok() {
                return Ok(postgres);
            }
            postgres.stop();
        }
        bail!("PostgreSQL does not start; its log says:\n{}", postgres.log()?)
    }

    /// The port on [`HOST`].
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// What the server says of itself, such as `PostgreSQL 15.8`.
    ///
    /// # Errors
    /// The server cannot be asked.
    pub async fn version(&self) -> Result<String> {
        let row = self.superuser().await?.query_one("SHOW server_version", &[]).await?;
        let version: String = row.get(0);
        Ok(format!("PostgreSQL {}", version.split(' ').next().unwrap_or_default()))
    }

    /// Makes a role that may log in, and returns its password. The log does not learn it.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn create_role(&self, role: &str) -> Result<String> {
        let password = new_password();
        self.set_password(role, &password, "CREATE ROLE").await?;
        Ok(password)
    }

    /// Gives a role another password, as an administrator would behind the back of everything.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn change_password(&self, role: &str) -> Result<String> {
        let password = new_password();
        self.set_password(role, &password, "ALTER ROLE").await?;
        Ok(password)
    }

    /// Makes every change of a role wait until the returned value is let go. Logins do not wait.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn hold(&self, role: &str) -> Result<Held> {
        let superuser = self.superuser().await?;
        superuser.batch_execute(&format!("BEGIN; ALTER ROLE \"{role}\" CONNECTION LIMIT -1")).await?;
        Ok(Held(superuser))
    }

    /// How many sessions of a role wait for who holds it.
    ///
    /// # Errors
    /// The server cannot be asked.
    pub async fn waiting(&self, role: &str) -> Result<i64> {
        let asked = "SELECT count(*) FROM pg_stat_activity WHERE usename = $1 AND wait_event_type = 'Lock'";
        Ok(self.superuser().await?.query_one(asked, &[&role]).await?.get(0))
    }

    /// The JSON that a secret of this role holds, as AWS's rotation functions expect it.
    pub fn secret_value(&self, role: &str, password: &str) -> Value {
        json!({
            "engine": "postgres",
            "host": HOST,
            "port": self.port,
            "username": role,
            "password": password,
            "dbname": DATABASE,
        })
    }

    /// The same for the superuser, through whom other roles can be repaired.
    pub fn admin_secret_value(&self) -> Value {
        self.secret_value(SUPERUSER, &self.superuser_password)
    }

    /// Whether a role with this password can log in and read something.
    ///
    /// # Errors
    /// Something else than the password stood in the way.
    pub async fn accepts(&self, role: &str, password: &str) -> Result<bool> {
        match self.log_in(role, password).await {
            Ok(client) => {
                client.query_one("SELECT 1", &[]).await?;
                Ok(true)
            }
            Err(error) if error.code() == Some(&SqlState::INVALID_PASSWORD) => Ok(false),
            Err(error) => Err(error).context("logging in"),
        }
    }

    /// Who a role is, to the server, once it has logged in.
    ///
    /// # Errors
    /// It cannot log in.
    pub async fn identity(&self, role: &str, password: &str) -> Result<String> {
        let row = self.log_in(role, password).await?.query_one("SELECT current_user::text", &[]).await?;
        Ok(row.get(0))
    }

    /// All that the server has logged: every statement and every connection.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn log(&self) -> Result<String> {
        fs::read_to_string(self.log_path()).context("reading PostgreSQL's log")
    }

    /// Stops the server at once, as a power cut would; [`Postgres::resume`] starts it again.
    pub fn stop(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        // SIGQUIT makes the postmaster end its children too; SIGKILL would leave them behind.
        let quit = Command::new("sh").args(["-c", &format!("kill -QUIT {}", server.id())]).status();
        if quit.is_ok_and(|status| status.success()) {
            for _ in 0..STOP_PAUSES_MAX {
                if matches!(server.try_wait(), Ok(Some(_))) {
                    return;
                }
                thread::sleep(STOP_PAUSE);
            }
        }
        // Nothing more can be done for a child that neither ends nor can be ended.
        let _ = server.kill();
        let _ = server.wait();
    }

    /// Starts the server on its port and waits until it can be used.
    ///
    /// # Errors
    /// It ends, or does not answer.
    pub async fn resume(&mut self) -> Result<()> {
        let log = File::options().append(true).create(true).open(self.log_path())?;
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data()).args(["-p", &self.port.to_string()]);
        let settings = [
            "listen_addresses=127.0.0.1",
            "fsync=off",
            "full_page_writes=off",
            "shared_buffers=16MB",
            "max_connections=50",
            "log_statement=all",
            "log_connections=on",
            "password_encryption=scram-sha-256",
        ];
        command.args(settings.iter().flat_map(|setting| ["-c", setting]));
        let sockets = self.tls.as_ref().map(|_| self.folder.path().display().to_string());
        command.args(["-c", &format!("unix_socket_directories={}", sockets.unwrap_or_default())]);
        if let Some(tls) = &self.tls {
            command.args(["-c", "ssl=on", "-c", &format!("ssl_max_protocol_version={}", tls.version_max)]);
        }
        let server = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
        let server = self.server.insert(server);
        let id = server.id();
        wait::until("PostgreSQL to start", async || {
            let ended = self.server.as_mut().map(Child::try_wait).transpose()?.flatten();
            ensure!(ended.is_none(), "PostgreSQL (process {id}) ended while it started");
            Ok(self.log_in(SUPERUSER, &self.superuser_password).await.ok())
        })
        .await?;
        Ok(())
    }

    fn initialise(&self) -> Result<()> {
        let password_file = self.folder.path().join("superuser-password");
        self.write(&password_file, &self.superuser_password)?;
        let output = self
            .command("initdb")
            .arg("-D")
            .arg(self.data())
            .arg(format!("--pwfile={}", password_file.display()))
            .args(["--auth-host=scram-sha-256", "--auth-local=scram-sha-256"])
            .args(["--encoding=UTF8", "--no-locale", "--no-sync", "--no-instructions"])
            .arg(format!("--username={SUPERUSER}"))
            .output()?;
        fs::remove_file(&password_file)?;
        ensure!(output.status.success(), "initdb failed: {}", String::from_utf8_lossy(&output.stderr));
        if let Some(tls) = &self.tls {
            self.write(&self.data().join("server.crt"), &tls.certificate.certificate)?;
            self.write(&self.data().join("server.key"), &tls.certificate.key)?;
            fs::write(self.data().join("pg_hba.conf"), ENCRYPTED_ONLY)?;
        }
        Ok(())
    }

    /// Writes a new file that the server, and nobody else, may read.
    fn write(&self, file: &Path, content: &str) -> Result<()> {
        let mut options = File::options();
        options.write(true).create_new(true).mode(FILE_MODE).open(file)?.write_all(content.as_bytes())?;
        if let Some(account) = self.account {
            chown(file, Some(account.uid), Some(account.gid))?;
        }
        Ok(())
    }

    /// A program of PostgreSQL, run by whoever may run it.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(self.folder.path()).env("LC_ALL", "C");
        if let Some(account) = self.account {
            command.uid(account.uid).gid(account.gid);
        }
        command
    }

    async fn superuser(&self) -> Result<Client> {
        Ok(self.log_in(SUPERUSER, &self.superuser_password).await?)
    }

    async fn set_password(&self, role: &str, password: &str, statement: &str) -> Result<()> {
        let verifier = postgres_protocol::password::scram_sha_256(password.as_bytes());
        let superuser = self.superuser().await?;
        superuser.batch_execute(&format!("{statement} \"{role}\" LOGIN PASSWORD '{verifier}'")).await?;
        Ok(())
    }

    async fn log_in(&self, role: &str, password: &str) -> Result<Client, tokio_postgres::Error> {
        let mut config = Config::new();
        config.port(self.port).user(role).password(password).dbname(DATABASE);
        match &self.tls {
            None => config.host(HOST),
            Some(_) => config.host_path(self.folder.path()),
        };
        let (client, connection) = config.connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The first of these accounts that there is, for a server that must not run as root, when this process is root's.
/// The folder becomes its own.
pub(crate) fn account_for(folder: &TempDir, names: &[&str]) -> Result<Option<Account>> {
    const ROOT: u32 = 0;
    if fs::metadata(folder.path())?.uid() != ROOT {
        return Ok(None);
    }
    let accounts = fs::read_to_string("/etc/passwd").context("looking for an account for a server")?;
    let account = names.iter().find_map(|name| {
        let fields: Vec<&str> = accounts
            .lines()
            .map(|line| line.split(':').collect())
            .find(|fields: &Vec<&str>| fields[0] == *name)?;
        Some(Account { uid: fields.get(2)?.parse().ok()?, gid: fields.get(3)?.parse().ok()? })
    });
    let account = account.context("a server does not run as root, and this machine has no other account")?;
    chown(folder.path(), Some(account.uid), Some(account.gid))?;
    Ok(Some(account))
}

pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

pub(crate) fn new_password() -> String {
    canary::value()
}
