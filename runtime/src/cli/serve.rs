//! `keywheel serve`: puts the process together, from the folder on disk up to the open port.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use clap::{Args, ValueEnum};
use keywheel_domain::sensitive::Sensitive;
use keywheel_functions::{Builtin, builtins};
use keywheel_host::{Catalog, Engine, EngineOptions, Limits};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{oneshot, watch};
use tracing_appender::non_blocking::ErrorCounter;

use super::{Failure, log};
use crate::audit::trail::{self, Trail};
use crate::clock::{Clock, SystemClock};
use crate::config::{self, ACCOUNT_ID_DEFAULT, Config, LogFormat, StoreConfig};
use crate::entropy::{Entropy, SystemEntropy};
use crate::metrics::Metrics;
use crate::ops::{BuiltinFunction, Functions, Operations, Quotas};
use crate::server::{Certificates, Listener, Parts, Server};
use crate::store::{OpenError, RedbStore, Store};
use crate::vault::{
    AccessKey, AccessKeys, LocalRing, PassphraseCost, RootAccess, Vault, open_root_key, settle_account,
};
use crate::webhooks::{HttpDeliver, Webhooks};
use crate::worker::{HostInvoke, Invoke, Source, Worker};

/// A new data folder is its owner's alone.
const FOLDER_MODE: u32 = 0o700;
/// More than this is no passphrase.
const PASSPHRASE_BYTES_MAX: u64 = 4096;
/// What work in the background gets to end when the server has stopped.
const BACKGROUND_TIME_MAX: Duration = Duration::from_secs(1);
/// Where compiled functions are kept in the data folder. It may be removed at any time.
const COMPILED_FOLDER: &str = "compiled";
/// What the key that authenticates them is derived for.
const PURPOSE_COMPILED: &str = "compiled functions";
/// The region in the lines to paste; every region is served.
const REGION_SHOWN: &str = "us-east-1";
/// The services that are served, as the SDKs name them in the environment.
const SERVICES: [&str; 6] = ["SECRETS_MANAGER", "LAMBDA", "KMS", "CLOUDTRAIL", "IAM", "STS"];

/// Arguments of `keywheel serve`.
///
/// The environment adds KEYWHEEL_PASSPHRASE, KEYWHEEL_ACCOUNT_ID, KEYWHEEL_ROOT_ACCESS_KEY_ID,
/// KEYWHEEL_ROOT_SECRET_ACCESS_KEY, KEYWHEEL_LOG and KEYWHEEL_WEBHOOK_CA_FILE.
#[derive(Args)]
pub(super) struct ServeArguments {
    /// The data folder; made at the first start.
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4584")]
    listen: String,
    /// The certificate that clients see, in PEM, with those between it and its authority. A new one is
    /// noticed within seconds.
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// The private key of the certificate, in PEM.
    #[arg(long, value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Allow plain HTTP on an address that others can reach.
    #[arg(long)]
    insecure_http: bool,
    /// The file of the root key; made at the first start [default: root.key in the data folder].
    #[arg(long, value_name = "FILE")]
    root_key_file: Option<PathBuf>,
    /// A file with the passphrase that the root key is derived from, instead of a root key file.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Days that calls are kept for `aws cloudtrail lookup-events`; 0 writes none down.
    #[arg(long, value_name = "DAYS", default_value_t = trail::DAYS_DEFAULT)]
    trail_days: u16,
    /// Sets a limit: `secrets` of an account in one region [500000], `connections` [1024] and `requests` [256] at one
    /// time, `connection-requests` until a connection is closed [100000]; or lowers one of a secret: `versions` [500],
    /// `labels` [20], `tags` [50], `value-bytes` [65536], `policy-characters` [20480].
    #[arg(long, value_name = "NAME=NUMBER")]
    limit: Vec<String>,
    /// The form of the log on standard error.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text)]
    log_format: Format,
    /// What is logged, for example warn or debug [default: info].
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Serves until a signal asks to stop.
pub(super) fn run(arguments: ServeArguments) -> Result<(), Failure> {
    let passphrase = arguments.passphrase_file.as_deref().map(read_passphrase).transpose()?;
    let arguments = config::Arguments {
        data: arguments.data,
        listen: arguments.listen,
        tls_certificate: arguments.tls_cert,
        tls_key: arguments.tls_key,
        insecure_http: arguments.insecure_http,
        root_key_file: arguments.root_key_file,
        passphrase,
        trail_days: arguments.trail_days,
        limits: arguments.limit,
        log_format: match arguments.log_format {
            Format::Text => LogFormat::Text,
            Format::Json => LogFormat::Json,
        },
        log_level: arguments.log_level,
    };
    let config = Config::read(arguments, &|name| std::env::var(name).ok())
        .map_err(|error| Failure::Usage(error.into()))?;
    let log = log::start(&config.log).map_err(Failure::Usage)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the threads of the server could not be started")?;
    let served = runtime.block_on(serve(config, log.dropped.clone()));
    // A compilation cannot be interrupted; nobody waits for its end.
    runtime.shutdown_timeout(BACKGROUND_TIME_MAX);
    Ok(served?)
}

async fn serve(config: Config, dropped: ErrorCounter) -> anyhow::Result<()> {
    let stop = stop_on_signals()?;
    // First of all the port: when it is taken, nothing has been made yet.
    let mut listener = Listener::bind(config.listen.address).await?;
    if let Some(files) = &config.listen.tls {
        listener = listener.with_tls(Certificates::read(files)?);
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let metrics = Arc::new(Metrics::new().with_log(dropped));
    let store = open_store(&config.store)?;

    let root = open_root_key(&*store, &config.keys.root_key, PassphraseCost::RECOMMENDED, &*entropy).await?;
    let ring = Arc::new(LocalRing::new(Arc::clone(&store), &root, Arc::clone(&entropy)));
    let vault = Arc::new(Vault::new(ring, &root, Arc::clone(&entropy)));
    let asked = config.account.account_id.as_deref();
    let account = settle_account(&*store, asked, ACCOUNT_ID_DEFAULT).await?;
    let access_keys = Arc::new(AccessKeys::new(Arc::clone(&store), Arc::clone(&vault), Arc::clone(&entropy)));
    let root_access = access_keys.settle_root(&account, config.account.root_access_key.as_ref()).await?;

    let catalog = open_catalog(&config.store, &vault)?;
    let functions = Functions::of(builtins().iter().map(|builtin| BuiltinFunction {
        name: builtin.name.to_owned(),
        digest: builtin.digest.to_owned(),
        bytes: builtin.wasm.len() as u64,
    }));
    let operations = Operations::new(store, vault, Arc::clone(&clock), Arc::clone(&entropy), functions);
    let operations = Arc::new(operations.with_quotas(Quotas::new(config.quotas)));
    let sources =
        builtins().iter().map(|Builtin { name, wasm, .. }| Source { name: (*name).to_owned(), wasm });
    let invoke =
        Arc::new(HostInvoke::new(Arc::clone(&operations), catalog, sources.collect(), Limits::default()));
    let worker = Arc::new(Worker::new(
        Arc::clone(&operations),
        Arc::clone(&clock),
        Arc::clone(&entropy),
        Arc::clone(&invoke) as Arc<dyn Invoke>,
        Arc::clone(&metrics),
    ));
    let deliver = HttpDeliver::new(Arc::clone(&clock), config.webhooks.ca_file.as_deref())?;
    let webhooks = Arc::new(Webhooks::new(
        Arc::clone(&operations),
        Arc::clone(&clock),
        Arc::clone(&entropy),
        Arc::new(deliver),
        Arc::clone(&metrics),
    ));
    let trail = (config.trail_days > 0)
        .then(|| Arc::new(Trail::new(Arc::clone(operations.store()), Arc::clone(&clock), config.trail_days)));
    let parts = Parts {
        operations,
        access_keys: Arc::clone(&access_keys),
        clock,
        entropy,
        metrics,
        limits: config.limits,
    };
    let mut server = Server::new(parts).with_lambda(Arc::new(worker.lambda(Arc::clone(&invoke))));
    if let Some(trail) = &trail {
        server = server.with_trail(Arc::clone(trail));
    }
    let server = Arc::new(server);

    announce(&access_keys, &root_access, &listener).await?;
    say(&format!("listening on {}://{}\n", listener.scheme(), listener.address()))?;
    // In the background: a function that is needed before it is compiled waits for its own compilation.
    tokio::spawn(async move { invoke.preload().await });
    // A step that still runs when both have stopped is cut off here, and repeated at the next start.
    let (served, all_answered) = oneshot::channel::<()>();
    let serving = async {
        listener.serve(server, stopped(stop.clone())).await;
        // The trail waits for the last answer, or for this end to be dropped.
        let _ = served.send(());
    };
    let tracing = async {
        if let Some(trail) = &trail {
            trail.run(async { all_answered.await.unwrap_or_default() }).await;
        }
    };
    tokio::join!(worker.run(stop.clone()), webhooks.run(stop.clone()), serving, tracing);
    tracing::info!("stopped");
    Ok(())
}

/// Where functions are compiled. The code of earlier starts is taken over if this folder's key made it.
fn open_catalog(config: &StoreConfig, vault: &Vault) -> anyhow::Result<Catalog> {
    let engine = Engine::new(&EngineOptions::default())?;
    let folder = config.folder.join(COMPILED_FOLDER);
    Ok(Catalog::new(engine, Some(folder), vault.derive(PURPOSE_COMPILED)))
}

/// Opens the store, and says what to do where it does not open.
fn open_store(config: &StoreConfig) -> anyhow::Result<Arc<dyn Store>> {
    let folder = config.folder.display();
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(&config.folder).with_context(|| {
        format!(
            "the data folder `{folder}` could not be made: give one that this user may write to by --data"
        )
    })?;
    let file = config.file.display();
    let store = RedbStore::open(&config.file).map_err(|error| match error {
        OpenError::InUse => anyhow!(
            "the data folder `{folder}` is in use by another keywheel: stop that one, or give another folder by \
             --data"
        ),
        OpenError::UnknownFormat { found, supported } => anyhow!(
            "the data folder `{folder}` has format {found}, and this keywheel reads format {supported}: use the \
             version that made it"
        ),
        OpenError::NotAStore => {
            anyhow!("`{file}` is not a keywheel store: give another folder by --data")
        }
        OpenError::Damaged(_) => {
            anyhow::Error::new(error).context(format!("restore `{file}` from a backup"))
        }
        OpenError::Io(source) if is_full(&source) => anyhow::Error::new(source)
            .context(format!("`{file}` could not be written: make room on its disk, then start again")),
        OpenError::Io(source) => anyhow::Error::new(source)
            .context(format!("`{file}` could not be opened: let this user read and write it and its folder")),
    })?;
    Ok(Arc::new(store))
}

/// Whether a file could not grow.
fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), FileTooLarge | QuotaExceeded | StorageFull)
}

/// Shows a new root access key, and logs what became of a given one.
async fn announce(keys: &AccessKeys, access: &RootAccess, listener: &Listener) -> anyhow::Result<()> {
    match access {
        RootAccess::Unseen(key) => {
            say(&lines_to_paste(key, listener.scheme(), listener.address()))?;
            keys.announced(key).await?;
        }
        RootAccess::Added => tracing::info!("the given root access key was added; earlier ones stay valid"),
        RootAccess::Replaced => tracing::warn!("the secret of the given root access key was replaced"),
        RootAccess::Known => {}
    }
    Ok(())
}

fn lines_to_paste(key: &AccessKey, scheme: &str, address: SocketAddr) -> String {
    // Nobody can connect to "every address".
    let host = if address.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { address.ip() };
    let endpoint = SocketAddr::new(host, address.port());
    let endpoints: String = SERVICES
        .iter()
        .map(|service| format!("export AWS_ENDPOINT_URL_{service}={scheme}://{endpoint}\n"))
        .collect();
    format!(
        "The root access key of account {}. Its secret is shown this once; keep it.\n\n\
         export AWS_ACCESS_KEY_ID={}\n\
         export AWS_SECRET_ACCESS_KEY={}\n\
         export AWS_DEFAULT_REGION={REGION_SHOWN}\n\
         {endpoints}\n",
        key.account(),
        key.id(),
        key.secret().expose(),
    )
}

fn say(text: &str) -> anyhow::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes()).and_then(|()| output.flush()).context("standard output is closed")
}

fn read_passphrase(path: &Path) -> anyhow::Result<Sensitive<String>> {
    let shown = path.display();
    let file = File::open(path).with_context(|| {
        format!("the passphrase file `{shown}` could not be read: check --passphrase-file")
    })?;
    let told = fs::metadata(path).map_or(0, |metadata| metadata.len()).min(PASSPHRASE_BYTES_MAX);
    // Room for all of it at once, so that no copy is left behind when the buffer grows.
    let mut text = Sensitive::new(String::with_capacity(usize::try_from(told).unwrap_or(0) + 32));
    file.take(PASSPHRASE_BYTES_MAX + 1)
        .read_to_string(text.expose_mut())
        .with_context(|| format!("the passphrase file `{shown}` could not be read as text"))?;
    if text.expose().len() as u64 > PASSPHRASE_BYTES_MAX {
        return Err(anyhow!("the passphrase file `{shown}` is longer than {PASSPHRASE_BYTES_MAX} bytes"));
    }
    // An editor's last line feed is no part of the passphrase.
    let kept = text.expose().trim_end_matches(['\r', '\n']).len();
    text.expose_mut().truncate(kept);
    Ok(text)
}

/// Turns true at the first SIGINT or SIGTERM.
fn stop_on_signals() -> anyhow::Result<watch::Receiver<bool>> {
    let mut interrupt = signal(SignalKind::interrupt()).context("signals cannot be received")?;
    let mut terminate = signal(SignalKind::terminate()).context("signals cannot be received")?;
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping");
        sender.send_replace(true);
    });
    Ok(receiver)
}

async fn stopped(mut stop: watch::Receiver<bool>) {
    // Should the sender be gone, the runtime is ending as well.
    let _ = stop.wait_for(|stop| *stop).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn store_at(folder: &Path) -> StoreConfig {
        StoreConfig { folder: folder.to_owned(), file: folder.join("store.redb") }
    }

    #[test]
    fn a_folder_that_cannot_serve_says_what_to_do() {
        let parent = tempfile::tempdir().unwrap();
        let check = |config: &StoreConfig, sentence: &str| {
            let error = open_store(config).err().map(|error| format!("{error:#}")).unwrap();
            assert!(error.contains(sentence) && error.contains(&*config.folder.to_string_lossy()), "{error}");
        };
        let good = store_at(&parent.path().join("made/on/the/way"));
        let open = open_store(&good).unwrap();
        assert_eq!(fs::metadata(&good.folder).unwrap().permissions().mode() & 0o777, FOLDER_MODE);
        check(&good, "is in use by another keywheel");
        drop(open);
        fs::write(&good.file, "something else").unwrap();
        check(&good, "is not a keywheel store");
        assert_eq!(fs::read(&good.file).unwrap(), b"something else");
        check(&store_at(&good.file), "could not be made");
        check(&store_at(Path::new("/proc/keywheel")), "could not be made");
    }

    #[test]
    fn a_passphrase_ends_before_the_line_feed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passphrase");
        for (content, passphrase) in
            [("correct horse\n", "correct horse"), ("a\r\n", "a"), (" a ", " a "), ("\n", "")]
        {
            fs::write(&path, content).unwrap();
            assert_eq!(read_passphrase(&path).unwrap().expose(), passphrase);
        }
        fs::write(&path, "x".repeat(5000)).unwrap();
        assert!(read_passphrase(&path).is_err());
        fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(read_passphrase(&path).is_err());
    }
}
