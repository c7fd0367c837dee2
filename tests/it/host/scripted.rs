//! A server that answers what it was told to, whatever it hears, and then says nothing more.

use std::time::Duration;

use anyhow::{Context as _, Result};
use keywheel_tests::postgres::HOST;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Nothing that a test waits for takes longer.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest message of a client.
const MESSAGE_BYTES_MAX: usize = 4096;

/// No TLS.
pub(super) const NO_TLS: &[u8] = b"N";
/// TLS may begin.
pub(super) const TLS: &[u8] = b"S";
/// The login is taken; the server is ready for a query.
pub(super) const LOGIN: &[u8] = b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I";
/// A statement is prepared: no parameter, one column, `n`, an `int4`.
pub(super) const PREPARED: &[u8] = b"\
    1\0\0\0\x04\
    t\0\0\0\x06\0\0\
    T\0\0\0\x1a\0\x01n\0\0\0\0\0\0\0\0\0\0\x17\0\x04\xff\xff\xff\xff\0\x01\
    Z\0\0\0\x05I";
/// Two rows of it; the end of the answer is missing.
pub(super) const TWO_ROWS: &[u8] = b"\
    2\0\0\0\x04\
    D\0\0\0\x0e\0\x01\0\0\0\x04\0\0\0\x01\
    D\0\0\0\x0e\0\x01\0\0\0\x04\0\0\0\x02";
/// The head of a message of two gigabytes, and the first of its bytes.
pub(super) const ENDLESS: &[u8] = &{
    let mut bytes = [0xff; 4096];
    (bytes[0], bytes[1]) = (b'E', 0x7f);
    bytes
};

/// One answer for each message of the client.
pub(super) type Script = &'static [&'static [u8]];

/// How many connections a server took, and how many are open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Connections {
    pub(super) taken: usize,
    pub(super) open: usize,
}

/// The server. It ends with this value.
pub(super) struct Scripted {
    port: u16,
    connections: watch::Receiver<Connections>,
    task: JoinHandle<()>,
}

impl Scripted {
    pub(super) async fn start(script: Script) -> Result<Self> {
        Self::start_with(script, false).await
    }

    /// A server that speaks first.
    pub(super) async fn start_talking(script: Script) -> Result<Self> {
        Self::start_with(script, true).await
    }

    async fn start_with(script: Script, talks: bool) -> Result<Self> {
        let listener = TcpListener::bind((HOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let (counter, connections) = watch::channel(Connections::default());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counter.send_modify(|count| (count.taken, count.open) = (count.taken + 1, count.open + 1));
                let counter = counter.clone();
                tokio::spawn(async move {
                    // A client that cuts the connection ends it too.
                    let _ = play(stream, script, talks).await;
                    counter.send_modify(|count| count.open -= 1);
                });
            }
        });
        Ok(Self { port, connections, task })
    }

    pub(super) const fn port(&self) -> u16 {
        self.port
    }

    /// Waits until no connection is open; tells how many there were.
    pub(super) async fn all_closed(&mut self) -> Result<usize> {
        let closed = self.connections.wait_for(|count| count.open == 0);
        let count = tokio::time::timeout(PATIENCE, closed).await.context("a connection stays open")??;
        Ok(count.taken)
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Answers until the script is over, then listens until the client ends.
async fn play(mut stream: TcpStream, script: Script, talks: bool) -> Result<()> {
    let mut message = [0; MESSAGE_BYTES_MAX];
    let mut answers = script.iter();
    if talks && let Some(greeting) = answers.next() {
        stream.write_all(greeting).await?;
    }
    while stream.read(&mut message).await? > 0 {
        if let Some(answer) = answers.next() {
            stream.write_all(answer).await?;
        }
    }
    Ok(())
}
