//! `sql`: connections to databases. Driver, TLS and egress check are the host's.

mod cleartext;
mod fault;
mod metered;
mod mysql;
mod postgres;
pub(crate) mod tls;
mod value;

use std::time::Duration;

use keywheel_domain::sensitive::Sensitive;
use tokio::time::timeout;
use wasmtime::component::Resource;

use crate::contract::keywheel::rotation::sql as wit;
use crate::limits::Limits;
use crate::rehearsal::{self, Call, Rehearsal, through};
use crate::state::State;
use wit::{Engine, Error, ErrorKind, Rows, Target, Value};

/// An open session. Dropping it closes the connection, whatever it is doing.
#[expect(unreachable_pub, reason = "the code that `bindgen!` makes re-exports it")]
pub struct Session(Driver);

/// A session by who speaks the server's protocol.
enum Driver {
    Postgres(postgres::Session),
    Mysql(mysql::Session),
    Simulated(rehearsal::Session),
}

impl Driver {
    async fn execute(&mut self, statement: &str, parameters: &[Value]) -> Result<u64, Error> {
        match self {
            Self::Postgres(session) => session.execute(statement, parameters).await,
            Self::Mysql(session) => session.execute(statement, parameters).await,
            Self::Simulated(session) => session.execute(statement, parameters),
        }
    }

    async fn query(&mut self, statement: &str, parameters: &[Value], limits: &Limits) -> Result<Rows, Error> {
        match self {
            Self::Postgres(session) => session.query(statement, parameters, limits).await,
            Self::Mysql(session) => session.query(statement, parameters, limits).await,
            Self::Simulated(session) => session.query(statement, parameters),
        }
    }

    /// Tells the server that the session ends.
    async fn close(self) {
        match self {
            Self::Postgres(session) => session.close().await,
            Self::Mysql(session) => session.close().await,
            Self::Simulated(_) => {}
        }
    }
}

impl wit::Host for State {}

impl wit::HostConnection for State {
    async fn open(&mut self, mut target: Target) -> wasmtime::Result<Result<Resource<Session>, Error>> {
        self.begin("sql.connection.open")?;
        let password = Sensitive::new(std::mem::take(&mut target.password));
        self.transcript.lock().redactor().learn(password.expose());
        let stage = self.rehearsal.clone();
        let call = |_: &Rehearsal| Call::login(&target);
        let answer = through(stage.as_ref(), call, fault::lost, self.connect(&target, &password)).await;
        self.end();
        match answer {
            Ok(driver) => {
                let handle = self.table.push(Session(driver))?;
                self.connections += 1;
                if let Some(stage) = stage {
                    stage.opened(handle.rep(), &target);
                }
                Ok(Ok(handle))
            }
            Err(error) => Ok(Err(self.clean(error))),
        }
    }

    async fn execute(
        &mut self,
        session: Resource<Session>,
        statement: String,
        parameters: Vec<Value>,
    ) -> wasmtime::Result<Result<u64, Error>> {
        self.begin("sql.connection.execute")?;
        let call = |stage: &Rehearsal| stage.statement("sql.connection.execute", session.rep(), &statement);
        let running = self.table.get_mut(&session)?.0.execute(&statement, &parameters);
        let answer = through(self.rehearsal.as_ref(), call, fault::lost, running).await;
        self.end();
        Ok(answer.map_err(|error| self.clean(error)))
    }

    async fn query(
        &mut self,
        session: Resource<Session>,
        statement: String,
        parameters: Vec<Value>,
    ) -> wasmtime::Result<Result<Rows, Error>> {
        self.begin("sql.connection.query")?;
        let call = |stage: &Rehearsal| stage.statement("sql.connection.query", session.rep(), &statement);
        let running = self.table.get_mut(&session)?.0.query(&statement, &parameters, &self.limits);
        let answer = through(self.rehearsal.as_ref(), call, fault::lost, running).await;
        self.end();
        Ok(answer.map_err(|error| self.clean(error)))
    }

    async fn drop(&mut self, session: Resource<Session>) -> wasmtime::Result<()> {
        let session = self.table.delete(session)?;
        self.connections -= 1;
        // A server that does not take the goodbye is left without one.
        let _ = timeout(Duration::from_millis(self.limits.goodbye_ms_max), session.0.close()).await;
        Ok(())
    }
}

impl State {
    async fn connect(&mut self, target: &Target, password: &Sensitive<String>) -> Result<Driver, Error> {
        if let Some(targets) = self.rehearsal.as_ref().and_then(Rehearsal::targets) {
            return targets.open(target, password).map(Driver::Simulated);
        }
        if self.connections + self.traffic.count() >= self.limits.connections_max {
            let message =
                format!("no more than {} connections may be open at once", self.limits.connections_max);
            return Err(fault::permanent(ErrorKind::Limit, message));
        }
        let milliseconds = self.limits.connect_ms_max;
        let (egress, limits) = (&self.egress, &self.limits);
        let opening = async {
            match target.engine {
                Engine::Postgres => {
                    postgres::Session::open(egress, target, password, limits).await.map(Driver::Postgres)
                }
                Engine::Mysql => {
                    mysql::Session::open(egress, target, password, limits).await.map(Driver::Mysql)
                }
            }
        };
        timeout(Duration::from_millis(milliseconds), opening).await.unwrap_or_else(|_| {
            let (host, port) = (&target.host, target.port);
            let message = format!("`{host}:{port}` did not take a login within {milliseconds} ms");
            Err(fault::transient(ErrorKind::Connection, message))
        })
    }

    /// A server may repeat what it was sent.
    fn clean(&self, error: Error) -> Error {
        let message = self.transcript.lock().clean(&error.message, self.limits.message_bytes_max);
        Error { message, ..error }
    }
}
