//! `countersign-server`: the approval service as a program. See `docs/server.md`.

mod command_line;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use countersign_protocol::{ServiceUrl, name};
use countersign_server::{
    ClientCommand, Clock, Config, MasterKey, MasterKeySource, Overrides, Service, SystemClock,
    create_api_key, logging, manage_clients, rotate_key, rotate_openid_keys,
};

/// The Countersign approval service. Without a command it serves.
#[derive(Parser)]
#[command(name = "countersign-server", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Subcommand)]
enum Command {
    /// Manage clients, the programs and systems that start sign-ins
    #[command(arg_required_else_help = true)]
    Client {
        #[command(subcommand)]
        command: Box<ClientCommand>,
    },
    /// Make API keys
    #[command(arg_required_else_help = true)]
    ApiKey {
        #[command(subcommand)]
        command: ApiKeyCommand,
    },
    /// Make a new signing key; devices go over to it by themselves
    RotateKey,
    /// Make new keys for ID tokens: published now, used in two days
    RotateOpenidKeys {
        /// Use them now and delete the old ones, since one has leaked
        #[arg(long)]
        at_once: bool,
    },
    /// Exit with 0 if the service on the listen address is ready
    Health,
}

#[derive(Subcommand)]
enum ApiKeyCommand {
    /// Create a key and print it once
    ///
    /// This is the short way to a client of the REST API. A client that doesn't exist is created with the rights sign_in,
    /// enrol, read_users, manage_users and read_audit, and without return URLs: register those with `client change`. An
    /// existing client keeps its rights, and can have two keys at once. Use `client add` for other rights, such as
    /// manage_clients.
    Create {
        /// The organisation; made if there is none of this name
        #[arg(long)]
        organisation: String,
        /// The relying party's name: the `aud` of its assertions
        #[arg(long)]
        client: String,
    },
}

#[derive(Args)]
struct Settings {
    /// Configuration file, TOML
    #[arg(long, env = "COUNTERSIGN_CONFIG", global = true)]
    config: Option<PathBuf>,
    /// Folder of the database and the master key
    #[arg(long, env = "COUNTERSIGN_DATA", global = true)]
    data: Option<PathBuf>,
    /// Where to listen [default: 127.0.0.1:8440]
    #[arg(long, env = "COUNTERSIGN_LISTEN", global = true)]
    listen: Option<SocketAddr>,
    /// The address that browsers and phones see; https, or http on loopback
    #[arg(long, env = "COUNTERSIGN_PUBLIC_URL", global = true)]
    public_url: Option<ServiceUrl>,
    /// File of the master key [default: master.key in the data folder]
    #[arg(long, env = "COUNTERSIGN_MASTER_KEY_FILE", global = true)]
    master_key_file: Option<PathBuf>,
    /// Digits of number matching, 2 to 8, or 0 for none [default: 6]
    #[arg(long, env = "COUNTERSIGN_DIGITS", global = true)]
    digits: Option<u8>,
    /// Whether the page's QR may be scanned in place of typing the number [default: true]
    #[arg(long, env = "COUNTERSIGN_SCAN", global = true)]
    scan: Option<bool>,
    /// Wrong numbers that end a sign-in, 1 to 3 [default: 1]
    #[arg(long, env = "COUNTERSIGN_TRIES", global = true)]
    tries: Option<u8>,
    /// Seconds that an enrolment's QR is good for [default: 600]
    #[arg(long, env = "COUNTERSIGN_TICKET_LIFETIME", global = true)]
    ticket_lifetime: Option<u64>,
    /// Seconds that a sign-in waits [default: 120]
    #[arg(long, env = "COUNTERSIGN_CHALLENGE_LIFETIME", global = true)]
    challenge_lifetime: Option<u64>,
    /// Seconds that a request is kept waiting at most [default: 30]
    #[arg(long, env = "COUNTERSIGN_LONGEST_WAIT", global = true)]
    longest_wait: Option<u64>,
    /// Milliseconds that a device leaves between fetches [default: 250]
    #[arg(long, env = "COUNTERSIGN_NEXT_FETCH", global = true)]
    next_fetch: Option<u64>,
    /// Open sign-ins of one account, 1 to 8 [default: 5]
    #[arg(long, env = "COUNTERSIGN_OPEN_SIGN_INS", global = true)]
    open_sign_ins: Option<u32>,
    /// Sign-ins that an account's phones are asked about without one that succeeds [default: 10]
    #[arg(long, env = "COUNTERSIGN_PUSH_LIMIT", global = true)]
    push_limit: Option<u32>,
    /// Seconds after the last of them before phones are asked again [default: 3600]
    #[arg(long, env = "COUNTERSIGN_PUSH_REST", global = true)]
    push_rest: Option<u64>,
    /// Requests turned down in a row after which a phone rests; 0 for never [default: 3]
    #[arg(long, env = "COUNTERSIGN_STORM_LIMIT", global = true)]
    storm_limit: Option<u16>,
    /// Seconds of a phone's first rest, doubled at each further request that is turned down [default: 900]
    #[arg(long, env = "COUNTERSIGN_STORM_PAUSE", global = true)]
    storm_pause: Option<u32>,
    /// Sealed KiB that a move to a new phone may have at this service, up to 1664; 0 for no moves [default: 1664]
    #[arg(long, env = "COUNTERSIGN_RELAY", global = true)]
    relay: Option<u16>,
    /// Open connections [default: 100000]
    #[arg(long, env = "COUNTERSIGN_CONNECTIONS", global = true)]
    connections: Option<usize>,
    /// Open connections of one client address; behind a trusted proxy, its requests that are under way [default: half]
    #[arg(long, env = "COUNTERSIGN_CLIENT_CONNECTIONS", global = true)]
    client_connections: Option<usize>,
    /// Proxies whose X-Forwarded-For is believed: addresses or networks, separated by commas
    #[arg(long, env = "COUNTERSIGN_TRUSTED_PROXIES", global = true, value_delimiter = ',')]
    trusted_proxies: Option<Vec<String>>,
    /// Whether wake-ups may go to addresses that aren't public [default: false]
    #[arg(long, env = "COUNTERSIGN_WAKE_UP_PRIVATE", global = true)]
    wake_up_private: Option<bool>,
    /// Certificate authorities (PEM) of push servers, beside the public ones
    #[arg(long, env = "COUNTERSIGN_WAKE_UP_CA_FILE", global = true)]
    wake_up_ca_file: Option<PathBuf>,
    /// Key file of a service account of the app's Firebase project
    #[arg(long, env = "COUNTERSIGN_WAKE_UP_FCM_FILE", global = true)]
    wake_up_fcm_file: Option<PathBuf>,
    /// Certificate authorities (PEM) of other issuers, beside the public ones
    #[arg(long, env = "COUNTERSIGN_ISSUER_CA_FILE", global = true)]
    issuer_ca_file: Option<PathBuf>,
    /// Whether other issuers may be at plain http on loopback, to try things out [default: false]
    #[arg(long, env = "COUNTERSIGN_ISSUER_LOOPBACK", global = true)]
    issuer_loopback: Option<bool>,
    /// How log lines look
    #[arg(long, env = "COUNTERSIGN_LOG_FORMAT", global = true, default_value = "text")]
    log_format: LogFormat,
    /// What is logged, as in `info,countersign_server=debug`
    #[arg(long, env = "COUNTERSIGN_LOG", global = true, default_value = "info")]
    log: String,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run(command_line::read()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            report(&*failure);
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    let format = match arguments.settings.log_format {
        LogFormat::Text => logging::Format::Text,
        LogFormat::Json => logging::Format::Json,
    };
    logging::start(format, &arguments.settings.log);
    let config = configure(arguments.settings)?;
    match arguments.command {
        None => serve(config),
        Some(Command::ApiKey { command: ApiKeyCommand::Create { organisation, client } }) => {
            for (option, name) in [("--organisation", &organisation), ("--client", &client)] {
                name::check(name).map_err(|error| format!("{option}: {error}"))?;
            }
            let key = create_api_key(&config, &organisation, &client, SystemClock.now())?;
            say(key.expose())
        }
        Some(Command::Client { command }) => {
            let printed = manage_clients(&config, *command, SystemClock.now())?;
            for warning in &printed.warnings {
                writeln!(std::io::stderr(), "countersign-server: {warning}")?;
            }
            say(printed.text.expose())
        }
        Some(Command::RotateKey) => {
            let thumbprint = rotate_key(&config, SystemClock.now())?;
            say(&format!("the signing key is now {thumbprint}"))
        }
        Some(Command::RotateOpenidKeys { at_once }) => {
            rotate_openid_keys(&config, at_once, SystemClock.now())?;
            say(if at_once {
                "the old keys are deleted and the new ones sign from now on"
            } else {
                "the new keys are published and sign in two days; the old ones are kept for two more"
            })
        }
        Some(Command::Health) => health(config.listen),
    }
}

fn configure(settings: Settings) -> Result<Config, Failure> {
    let file = settings.config.as_deref().map(Overrides::read).transpose()?.unwrap_or_default();
    let mut flags = Overrides::default();
    flags.listen = settings.listen;
    flags.public_url = settings.public_url;
    flags.data = settings.data;
    flags.master_key_file = settings.master_key_file;
    flags.digits = settings.digits;
    flags.scan = settings.scan;
    flags.tries = settings.tries;
    flags.ticket_lifetime = settings.ticket_lifetime;
    flags.challenge_lifetime = settings.challenge_lifetime;
    flags.longest_wait = settings.longest_wait;
    flags.next_fetch = settings.next_fetch;
    flags.open_sign_ins = settings.open_sign_ins;
    flags.push_limit = settings.push_limit;
    flags.push_rest = settings.push_rest;
    flags.storm_limit = settings.storm_limit;
    flags.storm_pause = settings.storm_pause;
    flags.relay = settings.relay;
    flags.connections = settings.connections;
    flags.client_connections = settings.client_connections;
    flags.trusted_proxies = settings.trusted_proxies;
    flags.wake_up_private = settings.wake_up_private;
    flags.wake_up_ca_file = settings.wake_up_ca_file;
    flags.wake_up_fcm_file = settings.wake_up_fcm_file;
    flags.issuer_ca_file = settings.issuer_ca_file;
    flags.issuer_loopback = settings.issuer_loopback;
    let mut config = Config::with(flags.over(file))?;
    // Not a flag: other users can read a program's arguments.
    if let Some(text) = std::env::var("COUNTERSIGN_MASTER_KEY").ok().filter(|text| !text.is_empty()) {
        config.master_key = MasterKeySource::Given(MasterKey::from_text(&text)?);
    }
    Ok(config)
}

fn serve(config: Config) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let signal = stop_signal()?;
        let service = Service::start(config).await?;
        signal.await;
        service.shutdown().await;
        Ok(())
    })
}

/// Completes at the signal that asks the process to stop. Handlers are set before this returns.
fn stop_signal() -> Result<impl Future<Output = ()>, Failure> {
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    Ok(async move {
        #[cfg(unix)]
        let terminated = terminate.recv();
        #[cfg(not(unix))]
        let terminated = std::future::pending::<Option<()>>();
        tokio::select! {
            _ = terminated => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    })
}

/// Asks the service on this machine whether it is ready, for containers that have no other tool.
fn health(listen: SocketAddr) -> Result<(), Failure> {
    let timeout = Duration::from_secs(5);
    let mut address = listen;
    if address.ip().is_unspecified() {
        let loopback =
            if address.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() };
        address.set_ip(loopback);
    }
    let failed = |reason: String| format!("the service at {address} is not ready: {reason}");
    let ask = || {
        let mut stream = TcpStream::connect_timeout(&address, timeout)?;
        stream.set_read_timeout(Some(timeout))?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut reply = String::new();
        stream.take(4096).read_to_string(&mut reply)?;
        Ok(reply)
    };
    let hint = "start it, or name the address that it listens on with --listen";
    let reply = ask().map_err(|error: std::io::Error| failed(format!("{error}; {hint}")))?;
    let (head, body) = reply.split_once("\r\n\r\n").unwrap_or((&reply, ""));
    if head.starts_with("HTTP/1.1 200 ") {
        return Ok(());
    }
    let problem = serde_json::from_str::<serde_json::Value>(body).unwrap_or_default();
    let reason =
        problem["error"]["message"].as_str().unwrap_or("what answers there is no countersign-server");
    Err(failed(reason.to_owned()).into())
}

fn say(text: &str) -> Result<(), Failure> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}

/// Says what happened and why, each cause on a line of its own.
fn report(failure: &dyn std::error::Error) {
    let mut stderr = std::io::stderr();
    let _ = writeln!(stderr, "countersign-server: {failure}");
    let mut cause = failure.source();
    while let Some(error) = cause {
        let _ = writeln!(stderr, "  because: {error}");
        cause = error.source();
    }
}
