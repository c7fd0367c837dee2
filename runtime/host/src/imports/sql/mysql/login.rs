//! Greets a server, begins TLS, and proves that the client has the password.
//!
//! The password itself is sent to a server over TLS only, and only when `caching_sha2_password` asks for
//! it because the server has not seen it before. `mysql_clear_password` is never answered; a key that a
//! server offers on an unencrypted connection, to encrypt the password with, is not asked for, since
//! nobody vouches for it.

use std::sync::Arc;

use keywheel_domain::sensitive::Sensitive;
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;

use super::fault;
use super::packet::{Duplex, END, MORE_DATA, Message, OK, REFUSED, Reader, Wire, violation};
use super::scramble::{self, NONCE_BYTES, Nonce};
use crate::contract::keywheel::rotation::sql::{Error, ErrorKind, Target, Tls};
use crate::imports::sql::tls;

/// The version of the protocol that every server speaks since 3.21.
const PROTOCOL: u8 = 10;
/// Messages of a server until it has decided; no plugin needs so many.
const ROUNDS_MAX: usize = 8;
/// What the client is ready to read in one message, as it tells the server.
const MESSAGE_BYTES_MAX: u32 = 0x0100_0000;
/// UTF-8 of up to four bytes, `utf8mb4_general_ci`.
const CHARACTER_SET: u8 = 45;
const RESERVED_BYTES: usize = 23;

/// Capabilities. Neither local files nor several statements at once are among them.
const LONG_PASSWORD: u32 = 1;
const LONG_FLAG: u32 = 1 << 2;
const CONNECT_WITH_DATABASE: u32 = 1 << 3;
const PROTOCOL_41: u32 = 1 << 9;
const TLS: u32 = 1 << 11;
const TRANSACTIONS: u32 = 1 << 13;
const SECURE_CONNECTION: u32 = 1 << 15;
const PLUGIN_AUTH: u32 = 1 << 19;
const ALWAYS: u32 = LONG_PASSWORD | LONG_FLAG | PROTOCOL_41 | TRANSACTIONS | SECURE_CONNECTION | PLUGIN_AUTH;
/// Without these there is no safe way to log in.
const REQUIRED: u32 = PROTOCOL_41 | SECURE_CONNECTION | PLUGIN_AUTH;

const NATIVE: &str = "mysql_native_password";
const CACHING: &str = "caching_sha2_password";
/// The server knows the password from before.
const CACHED: &[u8] = &[MORE_DATA, 3];
/// The server must see the password itself.
const SHOW_PASSWORD: &[u8] = &[MORE_DATA, 4];

/// What a server says first.
struct Greeting {
    capabilities: u32,
    nonce: Nonce,
    plugin: Vec<u8>,
}

/// Logs in on a fresh connection.
pub(super) async fn log_in(
    stream: impl Duplex + 'static,
    target: &Target,
    password: &Sensitive<String>,
) -> Result<Wire, Error> {
    let database = target.database.as_deref().unwrap_or_default();
    if [&target.username, database, password.expose()].iter().any(|text| text.contains('\0')) {
        let message = "a user, a password or the name of a database cannot hold a zero byte";
        return Err(fault::permanent(ErrorKind::Connection, message.to_owned()));
    }
    let mut wire = Wire::new(stream);
    let first = wire.receive().await?;
    let greeting = read_greeting(&first).ok_or_else(|| fault::while_opening(&first))?;
    if greeting.capabilities & REQUIRED != REQUIRED {
        let message = "the server is too old: it has no safe way to log in";
        return Err(fault::permanent(ErrorKind::Connection, message.to_owned()));
    }
    let mut capabilities = ALWAYS;
    if !database.is_empty() {
        capabilities |= CONNECT_WITH_DATABASE;
    }
    let encrypted = wants_tls(target.tls, &greeting)?;
    if encrypted {
        capabilities |= TLS;
        wire = begin_tls(wire, capabilities, target).await?;
    }
    let plugin = Plugin::named(&greeting.plugin).unwrap_or(Plugin::Native);
    let proof = plugin.proof(password, &greeting.nonce);
    let mut answer = head(capabilities, target.username.len() + database.len() + 128)
        .terminated(&target.username)
        .byte(u8::try_from(proof.len()).expect("a hash is short"))
        .bytes(&proof);
    if !database.is_empty() {
        answer = answer.terminated(database);
    }
    wire.send(answer.terminated(plugin.name())).await?;
    match prove(&mut wire, plugin, password, encrypted).await {
        Ok(()) => Ok(wire),
        // An account or a server that wants TLS refuses like this, and does not say why.
        Err(error) if error.kind == ErrorKind::Authentication && !encrypted && offers_tls(&greeting) => {
            let message =
                format!("{}; the connection is not encrypted, which it may have to be", error.message);
            Err(Error { message, ..error })
        }
        Err(error) => Err(error),
    }
}

const fn offers_tls(greeting: &Greeting) -> bool {
    greeting.capabilities & TLS != 0
}

fn wants_tls(mode: Tls, greeting: &Greeting) -> Result<bool, Error> {
    match mode {
        Tls::Disable => Ok(false),
        Tls::Prefer => Ok(offers_tls(greeting)),
        Tls::VerifyFull if offers_tls(greeting) => Ok(true),
        Tls::VerifyFull => {
            let message = "the server does not support TLS";
            Err(fault::permanent(ErrorKind::Connection, message.to_owned()))
        }
    }
}

async fn begin_tls(mut wire: Wire, capabilities: u32, target: &Target) -> Result<Wire, Error> {
    let permanent = |message: String| fault::permanent(ErrorKind::Connection, message);
    let config = tls::client_config(target.tls).map_err(|error| permanent(error.to_string()))?;
    let host = ServerName::try_from(target.host.clone()).map_err(|error| permanent(error.to_string()))?;
    wire.send(head(capabilities, 0)).await?;
    let number = wire.number();
    let connector = TlsConnector::from(Arc::new(config));
    let stream =
        connector.connect(host, wire.into_stream()?).await.map_err(|error| fault::from_io(&error))?;
    Ok(Wire::new(stream).continuing(number))
}

/// How the answer to a greeting begins, and all of it when it asks for TLS.
fn head(capabilities: u32, more_bytes: usize) -> Message {
    Message::with_capacity(9 + RESERVED_BYTES + more_bytes)
        .bytes(&capabilities.to_le_bytes())
        .bytes(&MESSAGE_BYTES_MAX.to_le_bytes())
        .byte(CHARACTER_SET)
        .bytes(&[0; RESERVED_BYTES])
}

/// Answers what the server asks until it has decided.
async fn prove(
    wire: &mut Wire,
    mut plugin: Plugin,
    password: &Sensitive<String>,
    encrypted: bool,
) -> Result<(), Error> {
    for _ in 0..ROUNDS_MAX {
        let message = wire.receive().await?;
        match message.first() {
            Some(&OK) => return Ok(()),
            Some(&REFUSED) => return Err(fault::while_opening(&message)),
            Some(&END) => {
                let (name, nonce) = read_switch(&message).ok_or_else(violation)?;
                plugin = Plugin::named(name).ok_or_else(|| unsupported(name))?;
                let proof = plugin.proof(password, &nonce);
                wire.send(Message::with_capacity(proof.len()).bytes(&proof)).await?;
            }
            _ if plugin == Plugin::Caching && message == CACHED => {}
            _ if plugin == Plugin::Caching && message == SHOW_PASSWORD && encrypted => {
                let length = password.expose().len() + 1;
                wire.send(Message::with_capacity(length).terminated(password.expose())).await?;
            }
            _ if plugin == Plugin::Caching && message == SHOW_PASSWORD => {
                let message = "the server asks for the password itself, and the connection is not encrypted; \
                               with TLS it can have it (`\"ssl\": true` in the secret)";
                return Err(fault::permanent(ErrorKind::Connection, message.to_owned()));
            }
            _ => return Err(violation()),
        }
    }
    Err(violation())
}

fn unsupported(plugin: &[u8]) -> Error {
    let message = format!(
        "the account logs in by the plugin `{}`; this host speaks `{NATIVE}` and `{CACHING}`",
        String::from_utf8_lossy(plugin)
    );
    fault::permanent(ErrorKind::Connection, message)
}

fn read_greeting(message: &[u8]) -> Option<Greeting> {
    let mut reader = Reader(message);
    if reader.u8()? != PROTOCOL {
        return None;
    }
    let _version = reader.terminated()?;
    let _session = reader.u32()?;
    let first = reader.take(8)?;
    let _ = reader.take(1)?;
    let low = reader.u16()?;
    let _character_set_and_status = reader.take(3)?;
    let high = reader.u16()?;
    let _length_and_reserved = reader.take(11)?;
    let rest = reader.take(NONCE_BYTES - first.len())?;
    let _ = reader.take(1)?;
    // Some servers leave out the zero byte after it.
    let plugin = reader.terminated().unwrap_or(reader.0);
    Some(Greeting {
        capabilities: u32::from(high) << 16 | u32::from(low),
        nonce: [first, rest].concat().try_into().ok()?,
        plugin: plugin.to_vec(),
    })
}

/// The plugin that a server wants, and its random bytes.
fn read_switch(message: &[u8]) -> Option<(&[u8], Nonce)> {
    let mut reader = Reader(message);
    reader.u8()?;
    let name = reader.terminated()?;
    // A plugin that is not spoken may send what it likes.
    let nonce = reader.array().or_else(|| Plugin::named(name).is_none().then_some([0; NONCE_BYTES]))?;
    Some((name, nonce))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Plugin {
    Native,
    Caching,
}

impl Plugin {
    fn named(name: &[u8]) -> Option<Self> {
        [Self::Native, Self::Caching].into_iter().find(|plugin| plugin.name().as_bytes() == name)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Native => NATIVE,
            Self::Caching => CACHING,
        }
    }

    fn proof(self, password: &Sensitive<String>, nonce: &Nonce) -> Vec<u8> {
        match self {
            Self::Native => scramble::native(password.expose().as_bytes(), nonce),
            Self::Caching => scramble::caching(password.expose().as_bytes(), nonce),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;
    use crate::contract::keywheel::rotation::sql::Engine;

    const PASSWORD: &str = "hunter2-and-more";
    const NONCE: Nonce = *b"0123456789abcdefghij";

    fn greeting(capabilities: u32, plugin: &str) -> Vec<u8> {
        let [a, b, c, d] = capabilities.to_le_bytes();
        let parts: [&[u8]; 8] = [
            b"\x0a11.4.2\0\x07\0\0\0",
            &NONCE[..8],
            &[0, a, b, 45, 2, 0, c, d, 21],
            &[0; 10],
            &NONCE[8..],
            b"\0",
            plugin.as_bytes(),
            b"\0",
        ];
        parts.concat()
    }

    fn switch(plugin: &str) -> Vec<u8> {
        [&[END], plugin.as_bytes(), b"\0", &NONCE[..], b"\0"].concat()
    }

    /// Logs in where the server says this, whatever it hears. Returns how it ended and what the server heard.
    async fn check(tls: Tls, messages: &[Vec<u8>], expected: Result<(), &str>) -> Vec<u8> {
        let (client, mut server) = duplex(1 << 16);
        for (index, message) in messages.iter().enumerate() {
            let number = u8::try_from(2 * index).unwrap();
            server
                .write_all(&[&[u8::try_from(message.len()).unwrap(), 0, 0, number][..], message].concat())
                .await
                .unwrap();
        }
        let target = Target {
            engine: Engine::Mysql,
            host: "db".to_owned(),
            port: 3306,
            database: Some("shop".to_owned()),
            username: "app".to_owned(),
            password: String::new(),
            tls,
        };
        server.shutdown().await.unwrap();
        let answer = log_in(client, &target, &Sensitive::new(PASSWORD.to_owned())).await;
        match (answer.map(drop), expected) {
            (Ok(()), Ok(())) => {}
            (Err(error), Err(part)) => assert!(error.message.contains(part), "{}", error.message),
            (answer, expected) => panic!("{answer:?} instead of {expected:?}"),
        }
        let mut heard = Vec::new();
        server.read_to_end(&mut heard).await.unwrap();
        assert!(!heard.windows(PASSWORD.len()).any(|window| window == PASSWORD.as_bytes()));
        heard
    }

    #[tokio::test]
    async fn a_proof_logs_in_by_both_plugins() {
        for plugin in [NATIVE, CACHING] {
            let heard = check(Tls::Prefer, &[greeting(REQUIRED, plugin), vec![OK, 0, 0]], Ok(())).await;
            let capabilities = u32::from_le_bytes(heard[4..8].try_into().unwrap());
            const LOCAL_FILES: u32 = 1 << 7;
            const MULTIPLE_STATEMENTS: u32 = 1 << 16;
            assert_eq!(capabilities & (LOCAL_FILES | MULTIPLE_STATEMENTS | TLS), 0);
            let proof =
                Plugin::named(plugin.as_bytes()).unwrap().proof(&Sensitive::new(PASSWORD.to_owned()), &NONCE);
            assert!(heard.windows(proof.len()).any(|window| window == proof));
        }
        let other = [greeting(REQUIRED, "dialog"), switch(NATIVE), vec![OK, 0, 0]];
        check(Tls::Disable, &other, Ok(())).await;
    }

    #[tokio::test]
    async fn the_password_itself_is_not_sent_without_encryption() {
        let show = [greeting(REQUIRED, CACHING), SHOW_PASSWORD.to_vec()];
        check(Tls::Prefer, &show, Err("the connection is not encrypted")).await;
        for plugin in ["mysql_clear_password", "client_ed25519", "mysql_old_password"] {
            let asked = [greeting(REQUIRED, NATIVE), switch(plugin)];
            check(Tls::Prefer, &asked, Err(&format!("the account logs in by the plugin `{plugin}`"))).await;
        }
        let old = [greeting(REQUIRED, NATIVE), vec![END]];
        check(Tls::Prefer, &old, Err("does not speak MySQL's protocol")).await;
    }

    #[tokio::test]
    async fn tls_that_is_asked_for_and_not_offered_ends_the_login() {
        let heard = check(Tls::VerifyFull, &[greeting(REQUIRED, NATIVE)], Err("does not support TLS")).await;
        assert_eq!(heard, b"");
        // What comes behind the greeting in clear text could be taken for something said under TLS.
        let injected = [greeting(REQUIRED | TLS, NATIVE), vec![OK, 0, 0]];
        check(Tls::Prefer, &injected, Err("does not speak MySQL's protocol")).await;
    }

    #[tokio::test]
    async fn a_login_that_is_refused_without_tls_says_so() {
        let refused = [&[REFUSED, 0x15, 4][..], b"#28000Access denied"].concat();
        let hint = "Access denied; the connection is not encrypted, which it may have to be";
        check(Tls::Disable, &[greeting(REQUIRED | TLS, NATIVE), refused.clone()], Err(hint)).await;
        check(Tls::Disable, &[greeting(REQUIRED, NATIVE), refused], Err("Access denied")).await;
    }

    #[tokio::test]
    async fn what_is_no_greeting_is_told() {
        check(Tls::Prefer, &[b"SSH-2.0".to_vec()], Err("does not speak MySQL's protocol")).await;
        check(
            Tls::Prefer,
            &[[&[REFUSED, 0x10, 4][..], b"Too many connections"].concat()],
            Err("Too many connections"),
        )
        .await;
        check(Tls::Prefer, &[greeting(PROTOCOL_41, NATIVE)], Err("too old")).await;
        let whole = greeting(REQUIRED, NATIVE);
        for length in 0..whole.len() - NATIVE.len() - 2 {
            assert!(read_greeting(&whole[..length]).is_none(), "{length}");
        }
    }
}
