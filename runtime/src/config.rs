//! What a server is told: one struct per section, checked before a port is bound.
//!
//! [`Config::read`] is pure: it takes the arguments and the environment as values. Files are read by who
//! uses them.

mod limits;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use keywheel_domain::sensitive::Sensitive;

pub use self::limits::{LimitError, LimitsConfig, QuotasConfig};

/// The account of a new data folder when none is given.
pub const ACCOUNT_ID_DEFAULT: &str = "123456789012";
/// Digits of an account id.
const ACCOUNT_ID_DIGITS: usize = 12;
/// The key file of a data folder when no other is named.
const ROOT_KEY_FILE: &str = "root.key";
/// The store of a data folder.
pub const STORE_FILE: &str = "store.redb";
/// Characters of an access key id.
const ACCESS_KEY_ID_CHARS_MAX: usize = 128;
/// A shorter secret could be guessed from one signed request.
const SECRET_ACCESS_KEY_CHARS_MIN: usize = 16;
/// More is a mistake.
const SECRET_ACCESS_KEY_CHARS_MAX: usize = 128;

/// The arguments of `keywheel serve`.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    /// `--data`
    pub data: PathBuf,
    /// `--listen`
    pub listen: String,
    /// `--tls-cert`
    pub tls_certificate: Option<PathBuf>,
    /// `--tls-key`
    pub tls_key: Option<PathBuf>,
    /// `--insecure-http`
    pub insecure_http: bool,
    /// `--root-key-file`
    pub root_key_file: Option<PathBuf>,
    /// What the file of `--passphrase-file` holds.
    pub passphrase: Option<Sensitive<String>>,
    /// `--trail-days`
    pub trail_days: u16,
    /// `--limit`, each as `NAME=NUMBER`.
    pub limits: Vec<String>,
    /// `--log-format`
    pub log_format: LogFormat,
    /// `--log-level`
    pub log_level: Option<String>,
}

/// Where clients connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenConfig {
    /// Port 0 takes a free one.
    pub address: SocketAddr,
    /// What is shown to clients; `None` for plain HTTP.
    pub tls: Option<TlsFiles>,
}

/// Whom clients find at the port, both in PEM. They are read again when they change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, and those between it and its authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Where the data is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreConfig {
    /// The folder, made when it is not there.
    pub folder: PathBuf,
    /// The store's file in it.
    pub file: PathBuf,
}

/// Where the root key comes from.
#[derive(Clone, Debug)]
pub enum RootKeySource {
    /// From this file, made at the first start.
    File(PathBuf),
    /// From a passphrase.
    Passphrase(Sensitive<String>),
}

/// The keys above all others.
#[derive(Clone, Debug)]
pub struct KeysConfig {
    /// What everything is sealed under.
    pub root_key: RootKeySource,
}

/// An access key that the operator chose.
#[derive(Clone, Debug)]
pub struct RootAccessKey {
    /// The access key id.
    pub id: String,
    /// The secret access key.
    pub secret: Sensitive<String>,
}

/// Whom the data folder belongs to.
#[derive(Clone, Debug)]
pub struct AccountConfig {
    /// Twelve digits; `None` takes the folder's own, or [`ACCOUNT_ID_DEFAULT`] for a new folder.
    pub account_id: Option<String>,
    /// `None` takes the folder's own, or makes one for a new folder.
    pub root_access_key: Option<RootAccessKey>,
}

/// The form of a line of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// What is logged, on standard error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// The form of a line.
    pub format: LogFormat,
    /// A level, or directives such as `info,keywheel::server=debug`.
    pub level: String,
}

/// How webhooks are delivered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhooksConfig {
    /// Authorities that endpoints are trusted by, in PEM, beside the system's.
    pub ca_file: Option<PathBuf>,
}

/// All that a server is told.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where clients connect.
    pub listen: ListenConfig,
    /// Where the data is.
    pub store: StoreConfig,
    /// The keys above all others.
    pub keys: KeysConfig,
    /// Whom the folder belongs to.
    pub account: AccountConfig,
    /// Days that calls are kept; 0 writes none down.
    pub trail_days: u16,
    /// What is logged.
    pub log: LogConfig,
    /// What clients may take.
    pub limits: LimitsConfig,
    /// What accounts may have.
    pub quotas: QuotasConfig,
    /// How webhooks are delivered.
    pub webhooks: WebhooksConfig,
}

/// Why the arguments or the environment make no sense. The sentence says what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// `--limit` makes no sense.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// `--listen` is no address.
    #[error("--listen takes an IP address and a port, such as 127.0.0.1:4584, not `{given}`")]
    Listen {
        /// What was given.
        given: String,
    },
    /// Plain HTTP would leave the machine.
    #[error(
        "plain HTTP on {address} can be read and replayed on the way: give --tls-cert and --tls-key, listen on \
         127.0.0.1, or say --insecure-http"
    )]
    InsecureHttp {
        /// The address.
        address: SocketAddr,
    },
    /// A certificate without its key, or the other way round.
    #[error("--tls-cert and --tls-key belong together: give both or none")]
    HalfTls,
    /// Encrypted, and allowed not to be.
    #[error("--insecure-http allows what --tls-cert prevents: give one of them")]
    InsecureTls,
    /// Two sources of the root key.
    #[error(
        "the root key comes from a file or from a passphrase: give --root-key-file or a passphrase, not both"
    )]
    TwoRootKeys,
    /// Two passphrases.
    #[error("give the passphrase by --passphrase-file or by KEYWHEEL_PASSPHRASE, not both")]
    TwoPassphrases,
    /// A passphrase of no characters.
    #[error("the passphrase is empty")]
    EmptyPassphrase,
    /// The account is not an account id.
    #[error("KEYWHEEL_ACCOUNT_ID takes {ACCOUNT_ID_DIGITS} digits")]
    AccountId,
    /// Half an access key.
    #[error(
        "KEYWHEEL_ROOT_ACCESS_KEY_ID and KEYWHEEL_ROOT_SECRET_ACCESS_KEY belong together: set both or none"
    )]
    HalfAccessKey,
    /// The access key id has other characters.
    #[error("KEYWHEEL_ROOT_ACCESS_KEY_ID takes 1 to {ACCESS_KEY_ID_CHARS_MAX} letters, digits and `_`")]
    AccessKeyId,
    /// The secret is too short or has other characters.
    #[error(
        "KEYWHEEL_ROOT_SECRET_ACCESS_KEY takes {SECRET_ACCESS_KEY_CHARS_MIN} to \
         {SECRET_ACCESS_KEY_CHARS_MAX} visible ASCII characters"
    )]
    SecretAccessKey,
}

/// Looks a variable of the environment up.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Config {
    /// Reads and checks everything.
    pub fn read(arguments: Arguments, environment: Environment<'_>) -> Result<Self, ConfigError> {
        let (limits, quotas) = limits::read(&arguments.limits)?;
        Ok(Self {
            listen: ListenConfig::read(&arguments)?,
            keys: KeysConfig::read(&arguments, environment)?,
            account: AccountConfig::read(environment)?,
            trail_days: arguments.trail_days,
            log: LogConfig::read(&arguments, environment),
            store: StoreConfig { file: arguments.data.join(STORE_FILE), folder: arguments.data },
            limits,
            quotas,
            webhooks: WebhooksConfig { ca_file: environment("KEYWHEEL_WEBHOOK_CA_FILE").map(PathBuf::from) },
        })
    }
}

impl ListenConfig {
    fn read(arguments: &Arguments) -> Result<Self, ConfigError> {
        let given = &arguments.listen;
        let address: SocketAddr = given.parse().map_err(|_| ConfigError::Listen { given: given.clone() })?;
        let tls = match (&arguments.tls_certificate, &arguments.tls_key) {
            (Some(certificate), Some(key)) => {
                Some(TlsFiles { certificate: certificate.clone(), key: key.clone() })
            }
            (None, None) => None,
            _ => return Err(ConfigError::HalfTls),
        };
        if tls.is_some() && arguments.insecure_http {
            return Err(ConfigError::InsecureTls);
        }
        if tls.is_none() && !address.ip().is_loopback() && !arguments.insecure_http {
            return Err(ConfigError::InsecureHttp { address });
        }
        Ok(Self { address, tls })
    }
}

impl KeysConfig {
    fn read(arguments: &Arguments, environment: Environment<'_>) -> Result<Self, ConfigError> {
        let variable = environment("KEYWHEEL_PASSPHRASE").map(Sensitive::new);
        let passphrase = match (arguments.passphrase.clone(), variable) {
            (Some(_), Some(_)) => return Err(ConfigError::TwoPassphrases),
            (file, variable) => file.or(variable),
        };
        let root_key = match (passphrase, &arguments.root_key_file) {
            (Some(_), Some(_)) => return Err(ConfigError::TwoRootKeys),
            (Some(passphrase), None) if passphrase.expose().is_empty() => {
                return Err(ConfigError::EmptyPassphrase);
            }
            (Some(passphrase), None) => RootKeySource::Passphrase(passphrase),
            (None, Some(path)) => RootKeySource::File(path.clone()),
            (None, None) => RootKeySource::File(arguments.data.join(ROOT_KEY_FILE)),
        };
        Ok(Self { root_key })
    }
}

impl AccountConfig {
    fn read(environment: Environment<'_>) -> Result<Self, ConfigError> {
        let account_id = environment("KEYWHEEL_ACCOUNT_ID");
        let is_account =
            |id: &String| id.len() == ACCOUNT_ID_DIGITS && id.bytes().all(|byte| byte.is_ascii_digit());
        if !account_id.as_ref().is_none_or(is_account) {
            return Err(ConfigError::AccountId);
        }
        let id = environment("KEYWHEEL_ROOT_ACCESS_KEY_ID");
        let secret = environment("KEYWHEEL_ROOT_SECRET_ACCESS_KEY").map(Sensitive::new);
        let root_access_key = match (id, secret) {
            (Some(id), Some(secret)) => Some(RootAccessKey::checked(id, secret)?),
            (None, None) => None,
            _ => return Err(ConfigError::HalfAccessKey),
        };
        Ok(Self { account_id, root_access_key })
    }
}

impl RootAccessKey {
    fn checked(id: String, secret: Sensitive<String>) -> Result<Self, ConfigError> {
        let in_id = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if !(1..=ACCESS_KEY_ID_CHARS_MAX).contains(&id.len()) || !id.bytes().all(in_id) {
            return Err(ConfigError::AccessKeyId);
        }
        let chars = SECRET_ACCESS_KEY_CHARS_MIN..=SECRET_ACCESS_KEY_CHARS_MAX;
        let text = secret.expose();
        if !chars.contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ConfigError::SecretAccessKey);
        }
        Ok(Self { id, secret })
    }
}

impl LogConfig {
    fn read(arguments: &Arguments, environment: Environment<'_>) -> Self {
        let level = arguments.log_level.clone().or_else(|| environment("KEYWHEEL_LOG"));
        Self { format: arguments.log_format, level: level.unwrap_or_else(|| "info".to_owned()) }
    }
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Json => "json",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments() -> Arguments {
        Arguments { data: "folder".into(), listen: "127.0.0.1:4584".to_owned(), ..Arguments::default() }
    }

    fn read(arguments: Arguments, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::read(arguments, &|name| {
            environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn refused(arguments: Arguments, environment: &[(&str, &str)]) -> Option<ConfigError> {
        read(arguments, environment).err()
    }

    #[test]
    fn the_folder_is_all_one_must_give() {
        let config = read(arguments(), &[]).unwrap();
        assert_eq!(config.store.file, PathBuf::from("folder/store.redb"));
        assert!(
            matches!(config.keys.root_key, RootKeySource::File(path) if path.as_os_str() == "folder/root.key")
        );
        assert!(config.account.account_id.is_none() && config.account.root_access_key.is_none());
        assert_eq!(config.log, LogConfig { format: LogFormat::Text, level: "info".to_owned() });
    }

    #[test]
    fn plain_http_stays_on_the_machine_unless_told_otherwise() {
        let listen = |listen: &str, insecure_http| Arguments {
            listen: listen.to_owned(),
            insecure_http,
            ..arguments()
        };
        for allowed in
            [("127.0.0.1:0", false), ("[::1]:80", false), ("127.8.0.1:1", false), ("0.0.0.0:4584", true)]
        {
            assert!(read(listen(allowed.0, allowed.1), &[]).is_ok(), "{allowed:?}");
        }
        for address in ["0.0.0.0:4584", "192.168.1.2:4584", "[::]:4584"] {
            let error = refused(listen(address, false), &[]);
            assert_eq!(error, Some(ConfigError::InsecureHttp { address: address.parse().unwrap() }));
        }
        for given in ["localhost", "localhost:4584", "127.0.0.1", ":4584", "", "127.0.0.1:99999"] {
            assert_eq!(
                refused(listen(given, true), &[]),
                Some(ConfigError::Listen { given: given.to_owned() })
            );
        }
    }

    #[test]
    fn tls_takes_a_certificate_with_its_key_and_may_be_reached_by_others() {
        let tls = |certificate: Option<&str>, key: Option<&str>, insecure_http| Arguments {
            listen: "0.0.0.0:4584".to_owned(),
            tls_certificate: certificate.map(PathBuf::from),
            tls_key: key.map(PathBuf::from),
            insecure_http,
            ..arguments()
        };
        let files = TlsFiles { certificate: "c.pem".into(), key: "k.pem".into() };
        assert_eq!(read(tls(Some("c.pem"), Some("k.pem"), false), &[]).unwrap().listen.tls, Some(files));
        for half in [(Some("c.pem"), None), (None, Some("k.pem"))] {
            assert_eq!(refused(tls(half.0, half.1, false), &[]), Some(ConfigError::HalfTls));
        }
        assert_eq!(refused(tls(Some("c.pem"), Some("k.pem"), true), &[]), Some(ConfigError::InsecureTls));
    }

    #[test]
    fn the_root_key_has_one_source() {
        let passphrase = |text: &str| Some(Sensitive::new(text.to_owned()));
        let from_file = Arguments { passphrase: passphrase("correct horse"), ..arguments() };
        let two = Arguments { root_key_file: Some("key".into()), ..from_file.clone() };
        assert!(matches!(read(from_file.clone(), &[]).unwrap().keys.root_key, RootKeySource::Passphrase(_)));
        assert!(matches!(
            read(arguments(), &[("KEYWHEEL_PASSPHRASE", "x")]).unwrap().keys.root_key,
            RootKeySource::Passphrase(_)
        ));
        assert_eq!(refused(two, &[]), Some(ConfigError::TwoRootKeys));
        assert_eq!(refused(from_file, &[("KEYWHEEL_PASSPHRASE", "x")]), Some(ConfigError::TwoPassphrases));
        assert_eq!(refused(arguments(), &[("KEYWHEEL_PASSPHRASE", "")]), Some(ConfigError::EmptyPassphrase));
    }

    #[test]
    fn an_account_is_twelve_digits_and_an_access_key_is_whole() {
        let secret = ("KEYWHEEL_ROOT_SECRET_ACCESS_KEY", "0123456789abcdef/+");
        let check = |environment: &[(&str, &str)], error: ConfigError| {
            assert_eq!(refused(arguments(), environment), Some(error));
        };
        for account in ["", "12345678901", "1234567890123", "12345678901a"] {
            check(&[("KEYWHEEL_ACCOUNT_ID", account)], ConfigError::AccountId);
        }
        check(&[secret], ConfigError::HalfAccessKey);
        check(&[("KEYWHEEL_ROOT_ACCESS_KEY_ID", "AKIA1")], ConfigError::HalfAccessKey);
        check(&[secret, ("KEYWHEEL_ROOT_ACCESS_KEY_ID", "AKIA-1")], ConfigError::AccessKeyId);
        check(
            &[("KEYWHEEL_ROOT_ACCESS_KEY_ID", "AKIA1"), ("KEYWHEEL_ROOT_SECRET_ACCESS_KEY", "short")],
            ConfigError::SecretAccessKey,
        );
        let config = read(arguments(), &[secret, ("KEYWHEEL_ROOT_ACCESS_KEY_ID", "AKIA1")]).unwrap();
        assert_eq!(config.account.root_access_key.unwrap().id, "AKIA1");
    }

    #[test]
    fn debug_shows_no_secret() {
        let environment = [
            ("KEYWHEEL_ROOT_ACCESS_KEY_ID", "AKIA1"),
            ("KEYWHEEL_ROOT_SECRET_ACCESS_KEY", "hunter2hunter2hunter2"),
            ("KEYWHEEL_PASSPHRASE", "hunter2"),
        ];
        assert!(!format!("{:?}", read(arguments(), &environment)).contains("hunter2"));
    }
}
