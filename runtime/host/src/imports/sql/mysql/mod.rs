//! Sessions with MySQL and MariaDB.
//!
//! The driver speaks the protocol itself, because the usual ones dial themselves and choose their own TLS:
//! here the stream is the one that the egress rules let through, each byte of it counts, and the
//! certificate is judged as for any other database. It does what a rotation function needs: log in, prepare,
//! run, read rows. It has no pool, no compression, no local files and no statements in a row.

mod fault;
mod login;
mod packet;
mod scramble;
mod value;

use std::sync::Arc;

use keywheel_domain::sensitive::Sensitive;

use super::cleartext::Guarded;
use super::metered::{Allowance, Metered};
use super::value::size_bytes;
use crate::contract::keywheel::rotation::sql as wit;
use crate::egress::Egress;
use crate::limits::Limits;
use packet::{LOCAL_INFILE, Message, OK, REFUSED, Reader, Wire, is_end, violation};
use value::Column;
use wit::{Error, ErrorKind, Rows, Target, Value};

/// Commands.
const QUIT: u8 = 0x01;
const QUERY: u8 = 0x03;
const PREPARE: u8 = 0x16;
const EXECUTE: u8 = 0x17;
const CLOSE: u8 = 0x19;

/// The server cannot prepare a statement of this kind.
const NOT_PREPARED: u16 = 1295;
/// What the server needs to know beside the statement's number: no cursor, one run.
const NO_CURSOR_ONE_RUN: [u8; 5] = [0, 1, 0, 0, 0];
/// More than any table has.
const COLUMNS_MAX: u64 = 4096;

/// A session.
pub(super) struct Session {
    /// Gone when it broke, or was left in the middle of an answer.
    wire: Option<Wire>,
    allowance: Arc<Allowance>,
}

/// A statement that the server has prepared.
struct Prepared {
    number: [u8; 4],
    parameters: usize,
}

impl Session {
    /// Connects to an address that the rules reach, and logs in.
    pub(super) async fn open(
        egress: &Egress,
        target: &Target,
        password: &Sensitive<String>,
        limits: &Limits,
    ) -> Result<Self, Error> {
        let stream = egress.connect(&target.host, target.port).await;
        let stream = stream.map_err(|error| super::fault::from_egress(&error))?;
        let stream = Guarded::unwatched(stream).map_err(|error| fault::from_io(&error))?;
        let allowance = Arc::new(Allowance::new(limits.answer_bytes_max));
        let opened = login::log_in(Metered::new(stream, Arc::clone(&allowance)), target, password).await;
        let wire = opened.map_err(|error| allowance.refusal().unwrap_or(error))?;
        Ok(Self { wire: Some(wire), allowance })
    }

    /// Runs a statement; returns how many rows it changed.
    pub(super) async fn execute(&mut self, statement: &str, parameters: &[Value]) -> Result<u64, Error> {
        let mut wire = self.begin()?;
        let answer = execute(&mut wire, statement, parameters).await;
        self.end(wire, answer)
    }

    /// Runs a statement; returns its rows.
    pub(super) async fn query(
        &mut self,
        statement: &str,
        parameters: &[Value],
        limits: &Limits,
    ) -> Result<Rows, Error> {
        let mut wire = self.begin()?;
        let answer = query(&mut wire, statement, parameters, limits).await;
        self.end(wire, answer)
    }

    /// Tells the server that the session ends.
    pub(super) async fn close(self) {
        if let Some(mut wire) = self.wire {
            let _ = wire.command(Message::with_capacity(1).byte(QUIT)).await;
        }
    }

    fn begin(&mut self) -> Result<Wire, Error> {
        self.allowance.renew();
        let closed = || {
            self.allowance.refusal().unwrap_or_else(|| {
                fault::transient(ErrorKind::Connection, "the connection is closed".to_owned())
            })
        };
        self.wire.take().ok_or_else(closed)
    }

    /// Keeps the connection, unless the answer has broken it or was not read to its end.
    fn end<T>(&mut self, wire: Wire, answer: Result<T, Error>) -> Result<T, Error> {
        if answer.as_ref().err().is_none_or(|error| error.kind == ErrorKind::Statement) {
            self.wire = Some(wire);
        }
        answer.map_err(|error| self.allowance.refusal().unwrap_or(error))
    }
}

async fn execute(wire: &mut Wire, statement: &str, parameters: &[Value]) -> Result<u64, Error> {
    let prepared = match prepare(wire, statement).await? {
        Ok(prepared) => Some(prepared),
        // Without parameters, it is the same to send it as it is. Several in one text are refused either way.
        Err(refusal) if parameters.is_empty() && fault::code(&refusal) == Some(NOT_PREPARED) => {
            command(wire, QUERY, statement).await?;
            None
        }
        Err(refusal) => return Err(fault::while_running(&refusal)),
    };
    if let Some(prepared) = &prepared {
        run(wire, prepared, parameters).await?;
    }
    let changed = match answer(wire).await? {
        Answer::Done { changed } => changed,
        Answer::Rows { columns } => {
            skip(wire, columns).await?;
            while next_row(wire).await?.is_some() {}
            0
        }
    };
    forget(wire, prepared).await?;
    Ok(changed)
}

async fn query(
    wire: &mut Wire,
    statement: &str,
    parameters: &[Value],
    limits: &Limits,
) -> Result<Rows, Error> {
    let prepared = prepare(wire, statement).await?.map_err(|refusal| fault::while_running(&refusal))?;
    run(wire, &prepared, parameters).await?;
    let Answer::Rows { columns: count } = answer(wire).await? else {
        forget(wire, Some(prepared)).await?;
        return Ok(Rows { columns: Vec::new(), rows: Vec::new() });
    };
    let mut columns = Vec::new();
    for _ in 0..count {
        columns.push(Column::read(&wire.receive().await?).ok_or_else(violation)?);
    }
    end_of_columns(wire).await?;
    if let Some(refusal) = columns.iter().find_map(|column| column.check().err()) {
        while next_row(wire).await?.is_some() {}
        forget(wire, Some(prepared)).await?;
        return Err(refusal);
    }
    let (mut rows, mut bytes) = (Vec::new(), 0_usize);
    while let Some(message) = next_row(wire).await? {
        if rows.len() == limits.rows_max {
            let message = format!("the query returns more than {} rows", limits.rows_max);
            return Err(fault::permanent(ErrorKind::Limit, message));
        }
        let values = value::row(&columns, &message).ok_or_else(violation)?;
        bytes += values.iter().map(size_bytes).sum::<usize>();
        if bytes > limits.rows_bytes_max {
            let message = format!("the query returns more than {} bytes", limits.rows_bytes_max);
            return Err(fault::permanent(ErrorKind::Limit, message));
        }
        rows.push(values);
    }
    forget(wire, Some(prepared)).await?;
    Ok(Rows { columns: columns.into_iter().map(|column| column.name).collect(), rows })
}

async fn command(wire: &mut Wire, command: u8, statement: &str) -> Result<(), Error> {
    let message = Message::with_capacity(1 + statement.len()).byte(command).bytes(statement.as_bytes());
    wire.command(message).await
}

/// The inner error is the server's refusal.
async fn prepare(wire: &mut Wire, statement: &str) -> Result<Result<Prepared, Vec<u8>>, Error> {
    command(wire, PREPARE, statement).await?;
    let message = wire.receive().await?;
    if message.first() == Some(&REFUSED) {
        return Ok(Err(message));
    }
    let (number, columns, parameters) = read_prepared(&message).ok_or_else(violation)?;
    for count in [parameters, columns] {
        if count > 0 {
            skip(wire, count.into()).await?;
        }
    }
    Ok(Ok(Prepared { number, parameters: parameters.into() }))
}

fn read_prepared(message: &[u8]) -> Option<([u8; 4], u16, u16)> {
    let mut reader = Reader(message);
    if reader.u8()? != OK {
        return None;
    }
    Some((reader.array()?, reader.u16()?, reader.u16()?))
}

async fn run(wire: &mut Wire, prepared: &Prepared, parameters: &[Value]) -> Result<(), Error> {
    if parameters.len() != prepared.parameters {
        let message =
            format!("the statement has {} parameters, and got {}", prepared.parameters, parameters.len());
        return Err(fault::permanent(ErrorKind::Statement, message));
    }
    let message = Message::with_capacity(10 + value::parameters_bytes_max(parameters))
        .byte(EXECUTE)
        .bytes(&prepared.number)
        .bytes(&NO_CURSOR_ONE_RUN);
    wire.command(value::parameters(message, parameters)).await
}

/// How a server's answer to a statement begins.
enum Answer {
    Done { changed: u64 },
    Rows { columns: u64 },
}

async fn answer(wire: &mut Wire) -> Result<Answer, Error> {
    let message = wire.receive().await?;
    let mut reader = Reader(&message);
    match message.first() {
        Some(&OK) => {
            reader.u8();
            Ok(Answer::Done { changed: reader.count().ok_or_else(violation)? })
        }
        Some(&(REFUSED | LOCAL_INFILE)) => Err(fault::while_running(&message)),
        _ => match reader.count() {
            Some(columns @ 1..=COLUMNS_MAX) => Ok(Answer::Rows { columns }),
            _ => Err(violation()),
        },
    }
}

/// Reads over what the server says of so many columns or parameters.
async fn skip(wire: &mut Wire, columns: u64) -> Result<(), Error> {
    for _ in 0..columns {
        wire.receive().await?;
    }
    end_of_columns(wire).await
}

async fn end_of_columns(wire: &mut Wire) -> Result<(), Error> {
    if is_end(&wire.receive().await?) { Ok(()) } else { Err(violation()) }
}

/// The next row, unless there are no more.
async fn next_row(wire: &mut Wire) -> Result<Option<Vec<u8>>, Error> {
    let message = wire.receive().await?;
    match message.first() {
        Some(&REFUSED) => Err(fault::while_running(&message)),
        Some(&OK) => Ok(Some(message)),
        _ if is_end(&message) => Ok(None),
        // A row in the form of text begins with a length.
        Some(_) => Ok(Some(message)),
        None => Err(violation()),
    }
}

/// Lets the server forget a statement. It does not answer.
async fn forget(wire: &mut Wire, prepared: Option<Prepared>) -> Result<(), Error> {
    match prepared {
        Some(prepared) => wire.command(Message::with_capacity(5).byte(CLOSE).bytes(&prepared.number)).await,
        None => Ok(()),
    }
}
