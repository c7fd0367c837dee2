//! Why an answer did not come, or was none.

use std::io;

use super::{ANSWER_BYTES_MAX, CONNECT_MS_MAX};
use crate::tls::CaFileError;
use keywheel_domain::time::SECOND_MS;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum ClientError {
    /// Nobody listens, or the name is unknown.
    #[error("no server answers at {endpoint}: start one by `keywheel serve`, or name another by --endpoint")]
    Unreachable {
        /// Where.
        endpoint: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Somebody else, an authority that is not trusted here, or no TLS.
    #[error(
        "{endpoint} could not show that it is the server: AWS_CA_BUNDLE names a file with the authority that \
         vouches for it, in PEM"
    )]
    NotTrusted {
        /// Where.
        endpoint: String,
        /// What broke.
        #[source]
        source: io::Error,
    },
    /// The authorities cannot be read.
    #[error(transparent)]
    CaFile(#[from] CaFileError),
    /// Not even a refusal.
    #[error("{endpoint} did not take a connection within {} s", CONNECT_MS_MAX / SECOND_MS)]
    NotTaken {
        /// Where.
        endpoint: String,
    },
    /// The connection broke. What was asked may have been done.
    #[error("the connection to {endpoint} broke before the answer had come")]
    Broken {
        /// Where.
        endpoint: String,
        /// What the protocol said.
        #[source]
        source: hyper::Error,
    },
    /// What was asked may have been done.
    #[error("{endpoint} did not answer within {} s", millis / SECOND_MS)]
    Silent {
        /// Where.
        endpoint: String,
        /// How long it was waited for.
        millis: i64,
    },
    /// More than a client of ours asks for.
    #[error("the answer is longer than {ANSWER_BYTES_MAX} bytes")]
    TooLong,
    /// An event of the stream that has no end.
    #[error("an event is longer than {bytes_max} bytes")]
    EventTooLong {
        /// How long one may be.
        bytes_max: usize,
    },
    /// Another program, or another version.
    #[error("the answer is not what this version of keywheel reads")]
    Unreadable,
    /// Another program.
    #[error("{endpoint} answered with the HTTP status {status} and not as a keywheel does")]
    NotKeywheel {
        /// Where.
        endpoint: String,
        /// Of the answer.
        status: u16,
    },
    /// The server said no.
    #[error("{code}: {sentence}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What programs branch on.
        code: String,
        /// What people read.
        sentence: String,
    },
}

impl ClientError {
    /// Whether the same request may be answered a little later: the server starts again, or has too much to
    /// do.
    pub(in crate::cli) fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::NotTaken { .. } | Self::Broken { .. } | Self::Silent { .. } => {
                true
            }
            Self::Refused { status, code, .. } => *status >= 500 || code == "ThrottlingException",
            Self::NotTrusted { .. }
            | Self::CaFile(_)
            | Self::TooLong
            | Self::EventTooLong { .. }
            | Self::Unreadable
            | Self::NotKeywheel { .. } => false,
        }
    }
}
