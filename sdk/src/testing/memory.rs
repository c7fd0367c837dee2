//! The in-memory host: a Secrets Manager, SQL servers, a log, and faults at chosen calls.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::{Brand, Host, MysqlServer, Outcome, Reach, SecretsManager, Session, SqlServer, kill};
use crate::http::{self, Request, Response};
use crate::log::Level;
use crate::rotator::{Event, Rotator, Step};
use crate::secrets::{self, Description, PasswordRules, StoredVersion, Value, VersionValue};
use crate::sensitive::Sensitive;
use crate::sql::{self, Rows, Target};

/// What goes wrong at one call of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The call fails for the moment and has no effect.
    Refuse,
    /// The call has its effect, and its answer is lost on the way.
    LoseAnswer,
    /// The process dies before the effect.
    KillBefore,
    /// The process dies after the effect.
    KillAfter,
}

impl Fault {
    /// All faults.
    pub const ALL: [Self; 4] = [Self::Refuse, Self::LoseAnswer, Self::KillBefore, Self::KillAfter];
}

/// Answers the requests to one origin.
type Service = Box<dyn FnMut(&Request) -> Response>;

#[derive(Default)]
struct World {
    secrets: SecretsManager,
    servers: BTreeMap<(String, u16), Simulated>,
    services: BTreeMap<String, Service>,
    log: Vec<String>,
    calls: Vec<&'static str>,
    faults: BTreeMap<usize, Fault>,
    approved: bool,
}

/// A simulated server of either kind.
enum Simulated {
    Postgres(SqlServer),
    Mysql(MysqlServer),
}

/// The same call of a server of either kind.
macro_rules! on_either {
    ($simulated:expr, $server:ident => $call:expr) => {
        match $simulated {
            Simulated::Postgres($server) => $call,
            Simulated::Mysql($server) => $call,
        }
    };
}

/// An in-memory host. A clone is the same host.
#[derive(Clone, Default)]
pub struct InMemory(Rc<RefCell<World>>);

impl InMemory {
    /// A host without secrets and servers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stores a secret, whose value is `AWSCURRENT`. Returns its ARN.
    pub fn secret(&self, name: &str, value: &str) -> String {
        self.0.borrow_mut().secrets.create(name, Value::Text(value.into()))
    }

    /// What `RotateSecret` does: labels an empty version `AWSPENDING`.
    pub fn begin_rotation(&self, secret_id: &str, token: &str) {
        self.0.borrow_mut().secrets.begin_rotation(secret_id, token);
    }

    /// What the service does after the last step: takes `AWSPENDING` away.
    pub fn end_rotation(&self, secret_id: &str) {
        self.0.borrow_mut().secrets.end_rotation(secret_id);
    }

    /// Refuses to read the values of a secret from now on, as a policy that does not name it.
    pub fn deny_reading(&self, secret_id: &str) {
        self.0.borrow_mut().secrets.deny_reading(secret_id);
    }

    /// The event for one step of the rotation that [`begin_rotation`](Self::begin_rotation) began.
    pub fn event(&self, secret_id: &str, step: Step) -> Event {
        self.0.borrow().secrets.event(secret_id, step)
    }

    /// Runs one step of the rotation on this host.
    pub fn invoke(&self, rotator: &dyn Rotator, secret_id: &str, step: Step) -> Outcome {
        super::invoke(self.clone(), rotator, &self.event(secret_id, step))
    }

    /// Replaces the text of the version that carries a label, as an operator might by hand.
    pub fn overwrite(&self, secret_id: &str, stage: &str, value: &str) {
        self.0.borrow_mut().secrets.overwrite(secret_id, stage, Value::Text(value.into()));
    }

    /// The text of the version that carries a label, if it holds one.
    pub fn text(&self, secret_id: &str, stage: &str) -> Option<String> {
        match self.0.borrow().secrets.get(secret_id, None, Some(stage)).ok()?.value {
            Value::Text(text) => Some(text.expose().clone()),
            Value::Binary(_) => None,
        }
    }

    /// The labels of a version, in alphabetical order.
    pub fn stages(&self, secret_id: &str, version_id: &str) -> Vec<String> {
        self.0.borrow().secrets.stages(secret_id, version_id)
    }

    /// The server at an address; a PostgreSQL is made when there is none.
    pub fn server(&self, host: &str, port: u16) -> Server {
        self.server_or(host, port, || Simulated::Postgres(SqlServer::default()))
    }

    /// The server at an address; a MySQL or MariaDB is made when there is none.
    pub fn mysql_server(&self, host: &str, port: u16, brand: Brand) -> Server {
        self.server_or(host, port, || Simulated::Mysql(MysqlServer::new(brand)))
    }

    fn server_or(&self, host: &str, port: u16, make: impl FnOnce() -> Simulated) -> Server {
        let address = (host.to_owned(), port);
        self.0.borrow_mut().servers.entry(address.clone()).or_insert_with(make);
        Server { host: self.clone(), address }
    }

    /// Answers requests to an origin, such as `https://api.example`, from now on.
    pub fn http(&self, origin: &str, answer: impl FnMut(&Request) -> Response + 'static) {
        self.0.borrow_mut().services.insert(origin.to_ascii_lowercase(), Box::new(answer));
    }

    /// What people answer to [`approvals::require`](crate::approvals::require) from now on; at first they do
    /// not agree.
    pub fn set_approved(&self, approved: bool) {
        self.0.borrow_mut().approved = approved;
    }

    /// What the function logged.
    pub fn log_lines(&self) -> Vec<String> {
        self.0.borrow().log.clone()
    }

    /// The names of the imports called so far, in order, without those of the log.
    pub fn calls(&self) -> Vec<&'static str> {
        self.0.borrow().calls.clone()
    }

    /// Lets the call with this number go wrong, counted like [`calls`](Self::calls), from 0.
    pub fn fault_at(&self, call: usize, fault: Fault) {
        self.0.borrow_mut().faults.insert(call, fault);
    }

    fn call<T, E>(
        &self,
        name: &'static str,
        unanswered: impl Fn() -> E,
        effect: impl FnOnce(&mut World) -> Result<T, E>,
    ) -> Result<T, E> {
        let fault = {
            let mut world = self.0.borrow_mut();
            let number = world.calls.len();
            world.calls.push(name);
            world.faults.remove(&number)
        };
        match fault {
            None => effect(&mut self.0.borrow_mut()),
            Some(Fault::Refuse) => Err(unanswered()),
            Some(Fault::KillBefore) => kill(),
            Some(Fault::LoseAnswer) => {
                let _ = effect(&mut self.0.borrow_mut());
                Err(unanswered())
            }
            Some(Fault::KillAfter) => {
                let _ = effect(&mut self.0.borrow_mut());
                kill()
            }
        }
    }
}

impl Host for InMemory {
    fn get_secret_value(
        &self,
        secret_id: &str,
        version_id: Option<&str>,
        version_stage: Option<&str>,
    ) -> Result<VersionValue, secrets::Error> {
        self.call("get-secret-value", unavailable, |world| {
            world.secrets.get(secret_id, version_id, version_stage)
        })
    }

    fn put_secret_value(
        &self,
        secret_id: &str,
        client_request_token: &str,
        value: &Value,
        version_stages: &[&str],
        rotation_token: &str,
    ) -> Result<StoredVersion, secrets::Error> {
        self.call("put-secret-value", unavailable, |world| {
            world.secrets.put(secret_id, client_request_token, value, version_stages, rotation_token)
        })
    }

    fn describe_secret(&self, secret_id: &str) -> Result<Description, secrets::Error> {
        self.call("describe-secret", unavailable, |world| world.secrets.describe(secret_id))
    }

    fn update_secret_version_stage(
        &self,
        secret_id: &str,
        version_stage: &str,
        move_to_version_id: Option<&str>,
        remove_from_version_id: Option<&str>,
    ) -> Result<(), secrets::Error> {
        self.call("update-secret-version-stage", unavailable, |world| {
            world.secrets.update_stage(secret_id, version_stage, move_to_version_id, remove_from_version_id)
        })
    }

    fn get_random_password(&self, rules: &PasswordRules) -> Result<Sensitive<String>, secrets::Error> {
        self.call("get-random-password", unavailable, |world| world.secrets.random_password(rules))
    }

    fn open(&self, target: &Target) -> Result<Box<dyn Session>, sql::Error> {
        let address = (target.host.clone(), target.port);
        self.call("open", disconnected, |world| match world.servers.get(&address) {
            Some(Simulated::Postgres(server)) if target.engine == sql::Engine::Postgres => {
                server.log_in(&target.username, target.password.expose())
            }
            Some(Simulated::Mysql(server)) if target.engine == sql::Engine::Mysql => {
                server.log_in(&target.username, target.password.expose())
            }
            Some(_) => Err(other_protocol()),
            None => Err(disconnected()),
        })?;
        Ok(Box::new(MemorySession {
            host: self.clone(),
            address,
            username: target.username.clone(),
            broken: false,
        }))
    }

    fn send(&self, request: &Request) -> Result<Response, http::Error> {
        self.call("send", unanswered, |world| match world.services.get_mut(&request.origin()) {
            Some(answer) => Ok(answer(request)),
            None => Err(unanswered()),
        })
    }

    fn require_approval(&self, _: &str) -> bool {
        self.0.borrow().approved
    }

    fn log(&self, _: Level, message: &str) {
        self.0.borrow_mut().log.push(message.to_owned());
    }
}

struct MemorySession {
    host: InMemory,
    address: (String, u16),
    username: String,
    broken: bool,
}

impl MemorySession {
    fn run(
        &mut self,
        name: &'static str,
        statement: &str,
        parameters: &[sql::Value],
    ) -> Result<Rows, sql::Error> {
        if self.broken {
            return Err(disconnected());
        }
        let answer = self.host.call(name, disconnected, |world| {
            let server = world.servers.get_mut(&self.address).ok_or_else(disconnected)?;
            match server {
                Simulated::Postgres(server) => server.run_with(&self.username, statement, parameters),
                Simulated::Mysql(server) => server.run(&self.username, statement, parameters),
            }
        });
        self.broken = matches!(&answer, Err(error) if error.kind == sql::ErrorKind::Connection);
        answer
    }
}

impl Session for MemorySession {
    fn execute(&mut self, statement: &str, parameters: &[sql::Value]) -> Result<u64, sql::Error> {
        self.run("execute", statement, parameters).map(|_| 0)
    }

    fn query(&mut self, statement: &str, parameters: &[sql::Value]) -> Result<Rows, sql::Error> {
        self.run("query", statement, parameters)
    }
}

fn unavailable() -> secrets::Error {
    secrets::Error {
        code: "InternalServiceError".to_owned(),
        message: "An error occurred on the server side.".to_owned(),
    }
}

fn unanswered() -> http::Error {
    http::Error {
        kind: http::ErrorKind::Connection,
        message: "the service does not answer".to_owned(),
        transient: true,
    }
}

fn disconnected() -> sql::Error {
    sql::Error {
        kind: sql::ErrorKind::Connection,
        sqlstate: None,
        message: "the server cannot be reached".to_owned(),
        transient: true,
    }
}

fn other_protocol() -> sql::Error {
    sql::Error {
        kind: sql::ErrorKind::Connection,
        sqlstate: None,
        message: "the server speaks another protocol".to_owned(),
        transient: false,
    }
}

/// A simulated SQL server of an [`InMemory`] host.
pub struct Server {
    host: InMemory,
    address: (String, u16),
}

impl Server {
    /// Adds a user, or changes its password.
    pub fn user(&self, name: &str, password: &str) -> &Self {
        self.with(|simulated| on_either!(simulated, server => server.set_password(name, password)));
        self
    }

    /// Adds a user who may change the password of any other.
    pub fn admin(&self, name: &str, password: &str) -> &Self {
        self.with(|simulated| on_either!(simulated, server => server.set_admin(name, password)));
        self
    }

    /// Removes a user.
    pub fn drop_user(&self, name: &str) -> &Self {
        self.with(|simulated| on_either!(simulated, server => server.drop_user(name)));
        self
    }

    /// Whether a user can log in with a password.
    pub fn accepts(&self, name: &str, password: &str) -> bool {
        self.with(|simulated| on_either!(simulated, server => server.accepts(name, password)))
    }

    /// Changes how the server can be reached.
    pub fn set_reach(&self, reach: Reach) {
        self.with(|simulated| on_either!(simulated, server => server.set_reach(reach)));
    }

    /// The statements that the server has run, as a log of statements would show them.
    pub fn statements(&self) -> Vec<String> {
        self.with(|simulated| on_either!(simulated, server => server.statements().to_vec()))
    }

    /// Grants a user something, in the words of the server: what stands between `GRANT` and `TO`.
    pub fn grant(&self, name: &str, what: &str) -> &Self {
        self.with(|simulated| on_either!(simulated, server => server.grant(name, what)));
        self
    }

    /// What a user was granted, in alphabetical order.
    pub fn grants(&self, name: &str) -> Vec<String> {
        self.with(|simulated| on_either!(simulated, server => server.grants(name)))
    }

    fn with<T>(&self, access: impl FnOnce(&mut Simulated) -> T) -> T {
        let mut world = self.host.0.borrow_mut();
        access(world.servers.get_mut(&self.address).expect("a server stays where it was made"))
    }
}
