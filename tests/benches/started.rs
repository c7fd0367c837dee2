//! The real binary as a process, from its start to its first answer.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use keywheel_tests::node::{ACCESS_KEY_ID, SECRET_ACCESS_KEY};
use keywheel_tests::process;

use crate::requests::{connected, exchange};
use crate::resident;

/// What it prints before its address.
const READY: &str = "listening on http://";

/// A server that answers. It is killed with this value.
pub(crate) struct Started {
    child: Child,
    pub(crate) address: SocketAddr,
    /// From the start of the process until it said that it listens.
    pub(crate) listening: Duration,
    /// From the start of the process until `GET /healthz` was answered well.
    pub(crate) healthy: Duration,
}

impl Started {
    /// Starts it on a data folder, with the access key of [`Node`](keywheel_tests::node::Node).
    pub(crate) async fn on(data: &Path) -> Self {
        let mut command = process::serve(data).unwrap();
        command.env("KEYWHEEL_ROOT_ACCESS_KEY_ID", ACCESS_KEY_ID);
        command.env("KEYWHEEL_ROOT_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
        let start = Instant::now();
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.find_map(|line| line.unwrap().strip_prefix(READY)?.parse().ok()).unwrap();
        let listening = start.elapsed();
        let request = format!("GET /healthz HTTP/1.1\r\nhost: {address}\r\n\r\n");
        exchange(&mut connected(address).await, request.as_bytes()).await;
        Self { child, address, listening, healthy: start.elapsed() }
    }

    /// How much memory it has now, in MiB.
    pub(crate) fn resident_mib(&self) -> u64 {
        resident::of_process_mib(self.child.id())
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // An error means that it ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
