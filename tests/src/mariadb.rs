//! A private MariaDB in a temporary folder: every account has a password, every statement is logged and every
//! change is in a binary log, and nothing is left behind. Over TCP it takes logins in clear text or, when it
//! has a certificate, over TLS only.
//!
//! It is looked at through MariaDB's own client, so that the driver under test does not vouch for itself.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use keywheel_sdk::native_password;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::certificate::Certificate;
use crate::mariadb_programs::{self, CLIENT, INSTALL, SERVER};
use crate::postgres::{Account, FILE_MODE, HOST, START_ATTEMPTS_MAX, account_for, free_port, new_password};
use crate::wait;

/// The database that every user may read.
pub const DATABASE: &str = "shop";
const ADMIN: &str = "keywheel_tests";
/// MariaDB refuses to run as root. Whoever of these the machine has runs it then.
const ACCOUNTS: [&str; 2] = ["mysql", "nobody"];
/// What a client says when the password is not accepted.
const PASSWORD_REFUSED: &str = "ERROR 1045 ";
/// What the server leaves to find out what it did.
const LOGS: [&str; 3] = ["error.log", "general.log", "data/changes.000001"];

/// A server. It ends with this value.
pub struct Mariadb {
    folder: TempDir,
    account: Option<Account>,
    admin_password: String,
    encrypted: bool,
    port: u16,
    server: Option<Child>,
}

impl Mariadb {
    /// A new server with no users but its admin.
    ///
    /// # Errors
    /// MariaDB is not installed, or does not start.
    pub async fn start() -> Result<Self> {
        Self::start_with(None).await
    }

    /// The same, but it refuses logins over TCP that are not encrypted.
    ///
    /// # Errors
    /// MariaDB is not installed, or does not start.
    pub async fn start_encrypted(certificate: &Certificate) -> Result<Self> {
        Self::start_with(Some(certificate)).await
    }

    async fn start_with(certificate: Option<&Certificate>) -> Result<Self> {
        if let Some(program) = mariadb_programs::missing() {
            bail!("MariaDB's `{program}` is not on this machine: run `cargo xtask setup`");
        }
        let folder = tempfile::Builder::new().prefix("keywheel-mariadb-").tempdir()?;
        let mut mariadb = Self {
            account: account_for(&folder, &ACCOUNTS)?,
            admin_password: new_password(),
            encrypted: certificate.is_some(),
            port: 0,
            server: None,
            folder,
        };
        mariadb.initialise(certificate)?;
        for _ in 0..START_ATTEMPTS_MAX {
            mariadb.port = free_port()?;
            if mariadb.resume().await.is_ok() {
                fs::remove_file(mariadb.path("accounts.sql"))?;
                return Ok(mariadb);
            }
            mariadb.stop();
        }
        bail!("MariaDB does not start; its log says:\n{}", mariadb.log()?)
    }

    /// The port on [`HOST`].
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Makes a user that may log in from anywhere and read [`DATABASE`], and returns its password. The log does
    /// not learn it.
    ///
    /// # Errors
    /// The server refuses.
    pub fn create_user(&self, user: &str) -> Result<String> {
        let password = new_password();
        let hash = native_password::hash(&password.as_str().into());
        self.run(&format!(
            "CREATE USER `{user}`@`%` IDENTIFIED BY PASSWORD '{hash}'; GRANT SELECT ON `{DATABASE}`.* TO `{user}`@`%`"
        ))?;
        Ok(password)
    }

    /// Gives a user another password, as an administrator would behind the back of everything.
    ///
    /// # Errors
    /// The server refuses.
    pub fn change_password(&self, user: &str) -> Result<String> {
        let password = new_password();
        let hash = native_password::hash(&password.as_str().into());
        self.run(&format!("SET PASSWORD FOR `{user}`@`%` = '{hash}'"))?;
        Ok(password)
    }

    /// Runs statements as the admin, and returns what they answer: a line for each row.
    ///
    /// # Errors
    /// The server refuses.
    pub fn run(&self, statements: &str) -> Result<String> {
        let output = self.client(ADMIN, &self.admin_password, statements)?;
        let told = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "MariaDB refuses `{statements}`: {told}");
        Ok(String::from_utf8(output.stdout)?)
    }

    /// The JSON that a secret of this user holds, as AWS's rotation functions expect it.
    pub fn secret_value(&self, user: &str, password: &str) -> Value {
        json!({
            "engine": "mariadb",
            "host": HOST,
            "port": self.port,
            "username": user,
            "password": password,
            "dbname": DATABASE,
        })
    }

    /// The same for the admin, through whom others can be made and repaired.
    pub fn admin_secret_value(&self) -> Value {
        self.secret_value(ADMIN, &self.admin_password)
    }

    /// Whether a user with this password can log in and use [`DATABASE`].
    ///
    /// # Errors
    /// Something else than the password stood in the way.
    pub fn accepts(&self, user: &str, password: &str) -> Result<bool> {
        let output = self.client(user, password, &format!("USE {DATABASE}; SELECT 1"))?;
        let told = String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            return Ok(true);
        }
        ensure!(told.starts_with(PASSWORD_REFUSED), "logging in as `{user}`: {told}");
        Ok(false)
    }

    /// All that the server has logged: every statement, every connection, and every change.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn log(&self) -> Result<String> {
        let mut all = String::new();
        for name in LOGS {
            let file = self.path(name);
            if file.exists() {
                all.push_str(&String::from_utf8_lossy(&fs::read(file).context("reading MariaDB's log")?));
            }
        }
        Ok(all)
    }

    /// Stops the server at once, as a power cut would; [`Mariadb::resume`] starts it again.
    pub fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            // Nothing more can be done for a child that cannot be ended.
            let _ = server.kill();
            let _ = server.wait();
        }
    }

    /// Starts the server on its port and waits until it can be used.
    ///
    /// # Errors
    /// It ends, or does not answer.
    pub async fn resume(&mut self) -> Result<()> {
        let log = File::options().append(true).create(true).open(self.path("error.log"))?;
        let mut command = self.command(SERVER)?;
        command
            .arg("--no-defaults")
            .arg(format!("--datadir={}", self.path("data").display()))
            .arg(format!("--tmpdir={}", self.folder.path().display()))
            .arg(format!("--port={}", self.port))
            .arg(format!("--bind-address={HOST}"))
            .arg(format!("--socket={}", self.path("socket").display()))
            .arg(format!("--general-log-file={}", self.path("general.log").display()))
            .args(["--general-log=1", "--log-bin=changes", "--server-id=1", "--skip-name-resolve"])
            .args(["--innodb-buffer-pool-size=8M", "--innodb-log-file-size=4M", "--performance-schema=OFF"])
            .args(["--innodb-flush-log-at-trx-commit=2", "--max-connections=50"]);
        // Only the first start finds it.
        if self.path("accounts.sql").exists() {
            command.arg(format!("--init-file={}", self.path("accounts.sql").display()));
        }
        if self.encrypted {
            command
                .arg(format!("--ssl-cert={}", self.path("server.crt").display()))
                .arg(format!("--ssl-key={}", self.path("server.key").display()))
                .arg("--require-secure-transport=ON");
        }
        let server = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
        let server = self.server.insert(server);
        let id = server.id();
        wait::until("MariaDB to start", async || {
            let ended = self.server.as_mut().map(Child::try_wait).transpose()?.flatten();
            ensure!(ended.is_none(), "MariaDB (process {id}) ended while it started");
            Ok(self.run("SELECT 1").ok())
        })
        .await?;
        Ok(())
    }

    fn initialise(&self, certificate: Option<&Certificate>) -> Result<()> {
        let output = self
            .command(INSTALL)?
            .arg("--no-defaults")
            .arg(format!("--datadir={}", self.path("data").display()))
            .arg(format!("--tmpdir={}", self.folder.path().display()))
            .args(["--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"])
            .args(["--innodb-buffer-pool-size=8M", "--innodb-log-file-size=4M"])
            .output()?;
        ensure!(output.status.success(), "{INSTALL} failed: {}", String::from_utf8_lossy(&output.stderr));
        let hash = native_password::hash(&self.admin_password.as_str().into());
        let accounts = format!(
            "DELETE FROM mysql.global_priv WHERE User <> 'mariadb.sys';\nFLUSH PRIVILEGES;\n\
             CREATE USER {ADMIN}@'%' IDENTIFIED BY PASSWORD '{hash}';\n\
             GRANT ALL ON *.* TO {ADMIN}@'%' WITH GRANT OPTION;\nCREATE DATABASE {DATABASE};\n"
        );
        self.write("accounts.sql", &accounts)?;
        if let Some(certificate) = certificate {
            self.write("server.crt", &certificate.certificate)?;
            self.write("server.key", &certificate.key)?;
        }
        Ok(())
    }

    /// Writes a new file that the server, and nobody else, may read.
    fn write(&self, name: &str, content: &str) -> Result<()> {
        let file = self.path(name);
        let mut options = File::options();
        options.write(true).create_new(true).mode(FILE_MODE).open(&file)?.write_all(content.as_bytes())?;
        if let Some(account) = self.account {
            chown(&file, Some(account.uid), Some(account.gid))?;
        }
        Ok(())
    }

    /// A program of MariaDB, run by whoever may run it.
    fn command(&self, program: &str) -> Result<Command> {
        let file = mariadb_programs::find(program).with_context(|| format!("`{program}` is gone"))?;
        let mut command = Command::new(file);
        // Servers that start at the same time would take each other's temporary files for their own.
        command.env("TMPDIR", self.folder.path()).env("HOME", self.folder.path());
        command.current_dir(self.folder.path()).env("LC_ALL", "C");
        if let Some(account) = self.account {
            command.uid(account.uid).gid(account.gid);
        }
        Ok(command)
    }

    fn client(&self, user: &str, password: &str, statements: &str) -> Result<std::process::Output> {
        let mut command = self.command(CLIENT)?;
        command.arg("--no-defaults").args([
            "--protocol=tcp",
            "--host",
            HOST,
            "--port",
            &self.port.to_string(),
        ]);
        if self.encrypted {
            command.arg("--ssl");
        }
        command.args(["--batch", "--skip-column-names", "--user", user, "--execute", statements]);
        Ok(command.env("MYSQL_PWD", password).stdin(Stdio::null()).output()?)
    }

    fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Mariadb {
    fn drop(&mut self) {
        self.stop();
    }
}
