//! Sessions with PostgreSQL.

use std::pin::pin;
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use keywheel_domain::sensitive::Sensitive;
use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::cleartext::Guarded;
use super::metered::{Allowance, Metered};
use super::value::{Parameter, column_value, size_bytes};
use super::{fault, tls};
use crate::contract::keywheel::rotation::sql as wit;
use crate::egress::Egress;
use crate::limits::Limits;
use wit::{Error, ErrorKind, Rows, Target, Tls, Value};

/// How the host names itself to the server.
const APPLICATION_NAME: &str = "keywheel";

/// A session, and the task that reads and writes its connection.
pub(super) struct Session {
    client: Client,
    connection: ConnectionTask,
    allowance: Arc<Allowance>,
}

/// Ends the task when it is dropped: no connection outlives its session.
struct ConnectionTask(JoinHandle<()>);

impl Drop for ConnectionTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Session {
    /// Connects to an address that the rules reach, and logs in.
    pub(super) async fn open(
        egress: &Egress,
        target: &Target,
        password: &Sensitive<String>,
        limits: &Limits,
    ) -> Result<Self, Error> {
        let stream =
            egress.connect(&target.host, target.port).await.map_err(|error| fault::from_egress(&error))?;
        let guarded = Guarded::new(stream, target.tls == Tls::Disable)
            .map_err(|error| fault::transient(ErrorKind::Connection, error.to_string()))?;
        let allowance = Arc::new(Allowance::new(limits.answer_bytes_max));
        let metered = Metered::new(guarded, Arc::clone(&allowance));

        let mut config = Config::new();
        config.user(&target.username).password(password.expose()).application_name(APPLICATION_NAME);
        if let Some(database) = &target.database {
            config.dbname(database);
        }
        config.ssl_mode(match target.tls {
            Tls::Disable => SslMode::Disable,
            Tls::Prefer => SslMode::Prefer,
            Tls::VerifyFull => SslMode::Require,
        });
        let client_config = tls::client_config(target.tls)
            .map_err(|error| fault::permanent(ErrorKind::Connection, error.to_string()))?;
        let mut connector = MakeRustlsConnect::new(client_config);
        let connector = MakeTlsConnect::<Metered>::make_tls_connect(&mut connector, &target.host)
            .map_err(|error| fault::permanent(ErrorKind::Connection, error.to_string()))?;

        let (client, connection) = config
            .connect_raw(metered, connector)
            .await
            .map_err(|error| allowance.refusal().unwrap_or_else(|| fault::while_opening(&error)))?;
        let connection = tokio::spawn(async move {
            // The error reaches the guest through the call that it breaks.
            let _ = connection.await;
        });
        Ok(Self { client, connection: ConnectionTask(connection), allowance })
    }

    /// Runs a statement; returns how many rows it changed. Not by the simple protocol, so that a text with
    /// two statements is refused.
    pub(super) async fn execute(&self, statement: &str, parameters: &[Value]) -> Result<u64, Error> {
        let rows = self.run(statement, parameters).await?;
        let mut rows = pin!(rows);
        while rows.try_next().await.map_err(|error| self.broken(&error))?.is_some() {}
        Ok(rows.rows_affected().unwrap_or(0))
    }

    /// Runs a statement; returns its rows.
    pub(super) async fn query(
        &self,
        statement: &str,
        parameters: &[Value],
        limits: &Limits,
    ) -> Result<Rows, Error> {
        let stream = self.run(statement, parameters).await?;
        let mut stream = pin!(stream);
        let (mut columns, mut rows, mut bytes) = (Vec::new(), Vec::new(), 0_usize);
        while let Some(row) = stream.try_next().await.map_err(|error| self.broken(&error))? {
            if rows.is_empty() {
                columns = row.columns().iter().map(|column| column.name().to_owned()).collect();
            }
            if rows.len() == limits.rows_max {
                let message = format!("the query returns more than {} rows", limits.rows_max);
                return Err(fault::permanent(ErrorKind::Limit, message));
            }
            let values: Vec<Value> =
                (0..row.len()).map(|index| column_value(&row, index)).collect::<Result<_, _>>()?;
            bytes += values.iter().map(size_bytes).sum::<usize>();
            if bytes > limits.rows_bytes_max {
                let message = format!("the query returns more than {} bytes", limits.rows_bytes_max);
                return Err(fault::permanent(ErrorKind::Limit, message));
            }
            rows.push(values);
        }
        Ok(Rows { columns, rows })
    }

    async fn run(&self, statement: &str, parameters: &[Value]) -> Result<tokio_postgres::RowStream, Error> {
        self.allowance.renew();
        // Prepared first, at the price of a round trip: the driver asks for types that it does not know,
        // and cannot while rows of theirs are under way.
        let prepared = self.client.prepare(statement).await.map_err(|error| self.broken(&error))?;
        let parameters = parameters.iter().map(Parameter);
        self.client.query_raw(&prepared, parameters).await.map_err(|error| self.broken(&error))
    }

    /// The driver tells only that the connection is closed, not why.
    fn broken(&self, error: &tokio_postgres::Error) -> Error {
        self.allowance.refusal().unwrap_or_else(|| fault::while_running(error))
    }

    /// Tells the server that the session ends, and waits until the connection is closed.
    pub(super) async fn close(self) {
        let Self { client, mut connection, .. } = self;
        drop(client);
        let _ = (&mut connection.0).await;
    }
}
