//! How a service is configured: flags, then environment, then a file, then these defaults. `docs/server.md` lists them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use countersign_protocol::ServiceUrl;
use countersign_protocol::limits::{MAX_MOVE_KIB, MAX_WAIT_SECONDS};
use countersign_protocol::messages::{Matching, Policy, StormPolicy};
use ipnet::IpNet;
use serde::Deserialize;

use crate::keys::MasterKeySource;
use crate::push_limit::PushLimit;

/// Digits of number matching: what NIST SP 800-63B-4, section 3.1.3 asks for.
pub(crate) const DEFAULT_DIGITS: u8 = 6;

/// Everything that a service can be told.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Where it listens. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Its address as browsers and phones see it; without one, the address that it listens on.
    pub public_url: Option<ServiceUrl>,
    /// Folder of the database, the master key and the first API key.
    pub data: PathBuf,
    /// Where the master key comes from.
    pub master_key: MasterKeySource,
    /// What an approval must bring.
    pub policy: Policy,
    /// How long a ticket, and then an activation, is good for.
    pub ticket_lifetime: Duration,
    /// How long a sign-in waits for an answer.
    pub challenge_lifetime: Duration,
    /// The longest that a request is kept waiting for news.
    pub longest_wait: Duration,
    /// What a device leaves between two fetches.
    pub next_fetch: Duration,
    /// Sign-ins of one account that may be open at once.
    pub open_sign_ins: u32,
    /// Sign-ins that an account's devices are asked about without one that succeeds.
    pub push_limit: PushLimit,
    /// Connections that may be open at once.
    pub connections: usize,
    /// Of these, what one client may have: an IPv4 address or an IPv6 network of 64 bits. Without a value, half of
    /// them. Behind a named proxy, requests that are under way count in place of connections.
    pub client_connections: Option<usize>,
    /// Proxies whose `X-Forwarded-For` is believed. Each must set it, or add to it.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether wake-ups may go to addresses that aren't public, such as a push server in the organisation's own network.
    /// Any enrolled phone names the address that it is woken at.
    pub wake_up_private: bool,
    /// Certificate authorities (PEM) that vouch for push servers, beside the public ones.
    pub wake_up_ca_file: Option<PathBuf>,
    /// Key file (JSON) of a service account of the app's Firebase project. Without one, phones that use Firebase aren't woken.
    pub wake_up_fcm_file: Option<PathBuf>,
    /// Certificate authorities (PEM) that vouch for other issuers, such as a Keycloak of the organisation's own, beside the
    /// public ones.
    pub issuer_ca_file: Option<PathBuf>,
    /// Whether other issuers may be at plain http on loopback. For trying things out on one machine.
    pub issuer_loopback: bool,
}

/// The configuration file, and what flags and environment lay over it. What is absent keeps its default.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Overrides {
    /// See [`Config::listen`].
    pub listen: Option<SocketAddr>,
    /// See [`Config::public_url`].
    pub public_url: Option<ServiceUrl>,
    /// See [`Config::data`].
    pub data: Option<PathBuf>,
    /// File of the master key.
    pub master_key_file: Option<PathBuf>,
    /// Digits of number matching; 0 turns it off.
    pub digits: Option<u8>,
    /// Whether the QR on the sign-in page may be scanned in place of typing the number.
    pub scan: Option<bool>,
    /// Wrong numbers that end a sign-in.
    pub tries: Option<u8>,
    /// Seconds; see [`Config::ticket_lifetime`].
    pub ticket_lifetime: Option<u64>,
    /// Seconds; see [`Config::challenge_lifetime`].
    pub challenge_lifetime: Option<u64>,
    /// Seconds; see [`Config::longest_wait`].
    pub longest_wait: Option<u64>,
    /// Milliseconds; see [`Config::next_fetch`].
    pub next_fetch: Option<u64>,
    /// See [`Config::open_sign_ins`].
    pub open_sign_ins: Option<u32>,
    /// See [`PushLimit::count`].
    pub push_limit: Option<u32>,
    /// Seconds; see [`PushLimit::rest`].
    pub push_rest: Option<u64>,
    /// See [`StormPolicy::turned_down`].
    pub storm_limit: Option<u16>,
    /// Seconds; see [`StormPolicy::pause`].
    pub storm_pause: Option<u32>,
    /// See [`Policy::relay`].
    pub relay: Option<u16>,
    /// See [`Config::connections`].
    pub connections: Option<usize>,
    /// See [`Config::client_connections`].
    pub client_connections: Option<usize>,
    /// See [`Config::trusted_proxies`]: addresses, or networks such as `10.0.0.0/8`.
    pub trusted_proxies: Option<Vec<String>>,
    /// See [`Config::wake_up_private`].
    pub wake_up_private: Option<bool>,
    /// See [`Config::wake_up_ca_file`].
    pub wake_up_ca_file: Option<PathBuf>,
    /// See [`Config::wake_up_fcm_file`].
    pub wake_up_fcm_file: Option<PathBuf>,
    /// See [`Config::issuer_ca_file`].
    pub issuer_ca_file: Option<PathBuf>,
    /// See [`Config::issuer_loopback`].
    pub issuer_loopback: Option<bool>,
}

/// Why a configuration can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file can't be read.
    #[error("the configuration file {} can't be read", .0.display())]
    File(PathBuf, #[source] std::io::Error),
    /// The file isn't the TOML that it should be.
    #[error("the configuration file {} is wrong: {message}", path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        message: String,
    },
    /// A value is out of its range.
    #[error("{setting} must be {range}")]
    OutOfRange {
        /// Which.
        setting: &'static str,
        /// What it may be.
        range: &'static str,
    },
    /// There is no usual folder for data on this system, or no home.
    #[error("there is no usual data folder: name one with --data or COUNTERSIGN_DATA")]
    NoDataFolder,
}

impl Config {
    /// The defaults, with data in `data`.
    #[must_use]
    pub fn new(data: impl Into<PathBuf>) -> Self {
        let data = data.into();
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8440)),
            public_url: None,
            master_key: MasterKeySource::File(data.join("master.key")),
            data,
            policy: Policy {
                matching: Matching { digits: Some(DEFAULT_DIGITS), scan: true },
                tries: 1,
                storm: StormPolicy::default(),
                relay: MAX_MOVE_KIB,
            },
            ticket_lifetime: Duration::from_secs(600),
            challenge_lifetime: Duration::from_secs(120),
            longest_wait: Duration::from_secs(30),
            next_fetch: Duration::from_millis(250),
            open_sign_ins: 5,
            push_limit: PushLimit::default(),
            connections: 100_000,
            client_connections: None,
            trusted_proxies: Vec::new(),
            wake_up_private: false,
            wake_up_ca_file: None,
            wake_up_fcm_file: None,
            issuer_ca_file: None,
            issuer_loopback: false,
        }
    }

    /// The defaults with `overrides` laid over them.
    ///
    /// # Errors
    ///
    /// [`ConfigError`]: a value out of its range, or no data folder.
    pub fn with(overrides: Overrides) -> Result<Self, ConfigError> {
        let data = overrides.data.or_else(default_data_folder).ok_or(ConfigError::NoDataFolder)?;
        let defaults = Self::new(data);
        let seconds = |value: Option<u64>, default| value.map_or(default, Duration::from_secs);
        let digits = match overrides.digits {
            Some(0) => None,
            Some(digits) => Some(digits),
            None => defaults.policy.matching.digits,
        };
        let scan = overrides.scan.unwrap_or(defaults.policy.matching.scan);
        let config = Self {
            listen: overrides.listen.unwrap_or(defaults.listen),
            public_url: overrides.public_url,
            master_key: overrides.master_key_file.map_or(defaults.master_key, MasterKeySource::File),
            policy: Policy {
                matching: Matching { digits, scan },
                tries: overrides.tries.unwrap_or(defaults.policy.tries),
                storm: StormPolicy {
                    turned_down: overrides.storm_limit.unwrap_or(defaults.policy.storm.turned_down),
                    pause: overrides.storm_pause.unwrap_or(defaults.policy.storm.pause),
                },
                relay: overrides.relay.unwrap_or(defaults.policy.relay),
            },
            ticket_lifetime: seconds(overrides.ticket_lifetime, defaults.ticket_lifetime),
            challenge_lifetime: seconds(overrides.challenge_lifetime, defaults.challenge_lifetime),
            longest_wait: seconds(overrides.longest_wait, defaults.longest_wait),
            next_fetch: overrides.next_fetch.map_or(defaults.next_fetch, Duration::from_millis),
            open_sign_ins: overrides.open_sign_ins.unwrap_or(defaults.open_sign_ins),
            push_limit: PushLimit {
                count: overrides.push_limit.unwrap_or(defaults.push_limit.count),
                rest: seconds(overrides.push_rest, defaults.push_limit.rest),
            },
            connections: overrides.connections.unwrap_or(defaults.connections),
            client_connections: overrides.client_connections,
            trusted_proxies: networks(&overrides.trusted_proxies.unwrap_or_default())?,
            wake_up_private: overrides.wake_up_private.unwrap_or(defaults.wake_up_private),
            wake_up_ca_file: overrides.wake_up_ca_file,
            wake_up_fcm_file: overrides.wake_up_fcm_file,
            issuer_ca_file: overrides.issuer_ca_file,
            issuer_loopback: overrides.issuer_loopback.unwrap_or(defaults.issuer_loopback),
            data: defaults.data,
        };
        config.check()?;
        Ok(config)
    }

    /// Refuses values out of their range.
    ///
    /// # Errors
    ///
    /// [`ConfigError::OutOfRange`].
    pub fn check(&self) -> Result<(), ConfigError> {
        let longest_wait = Duration::from_secs(u64::from(MAX_WAIT_SECONDS));
        let checks = [
            (
                self.policy.matching.digits.is_none_or(|digits| (2..=8).contains(&digits)),
                "digits",
                "0, or 2 to 8",
            ),
            ((1..=3).contains(&self.policy.tries), "tries", "1 to 3"),
            (within(self.ticket_lifetime, 1, 86_400), "ticket_lifetime", "1 to 86400 seconds"),
            (within(self.challenge_lifetime, 1, 3600), "challenge_lifetime", "1 to 3600 seconds"),
            (self.longest_wait <= longest_wait, "longest_wait", "at most 60 seconds"),
            (self.next_fetch <= Duration::from_secs(3600), "next_fetch", "at most 3600000 milliseconds"),
            // With the activations of an account they must fit in one delivery of 64 KiB.
            ((1..=8).contains(&self.open_sign_ins), "open_sign_ins", "1 to 8"),
            (self.push_limit.count > 0, "push_limit", "at least 1"),
            (within(self.push_limit.rest, 60, 2_592_000), "push_rest", "60 to 2592000 seconds"),
            ((60..=86_400).contains(&self.policy.storm.pause), "storm_pause", "60 to 86400 seconds"),
            (self.policy.relay <= MAX_MOVE_KIB, "relay", "0, or up to 1664 KiB"),
            (self.connections > 0, "connections", "at least 1"),
            (self.client_connections != Some(0), "client_connections", "at least 1"),
        ];
        match checks.into_iter().find(|(holds, ..)| !holds) {
            Some((_, setting, range)) => Err(ConfigError::OutOfRange { setting, range }),
            None => Ok(()),
        }
    }
}

impl Overrides {
    /// Reads a configuration file.
    ///
    /// # Errors
    ///
    /// [`ConfigError::File`] or [`ConfigError::Toml`].
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text =
            std::fs::read_to_string(path).map_err(|error| ConfigError::File(path.to_owned(), error))?;
        toml::from_str(&text)
            .map_err(|error| ConfigError::Toml { path: path.to_owned(), message: error.message().to_owned() })
    }

    /// These values where they are given, and `below` where they aren't.
    #[must_use]
    pub fn over(self, below: Self) -> Self {
        Self {
            listen: self.listen.or(below.listen),
            public_url: self.public_url.or(below.public_url),
            data: self.data.or(below.data),
            master_key_file: self.master_key_file.or(below.master_key_file),
            digits: self.digits.or(below.digits),
            scan: self.scan.or(below.scan),
            tries: self.tries.or(below.tries),
            ticket_lifetime: self.ticket_lifetime.or(below.ticket_lifetime),
            challenge_lifetime: self.challenge_lifetime.or(below.challenge_lifetime),
            longest_wait: self.longest_wait.or(below.longest_wait),
            next_fetch: self.next_fetch.or(below.next_fetch),
            open_sign_ins: self.open_sign_ins.or(below.open_sign_ins),
            push_limit: self.push_limit.or(below.push_limit),
            push_rest: self.push_rest.or(below.push_rest),
            storm_limit: self.storm_limit.or(below.storm_limit),
            storm_pause: self.storm_pause.or(below.storm_pause),
            relay: self.relay.or(below.relay),
            connections: self.connections.or(below.connections),
            client_connections: self.client_connections.or(below.client_connections),
            trusted_proxies: self.trusted_proxies.or(below.trusted_proxies),
            wake_up_private: self.wake_up_private.or(below.wake_up_private),
            wake_up_ca_file: self.wake_up_ca_file.or(below.wake_up_ca_file),
            wake_up_fcm_file: self.wake_up_fcm_file.or(below.wake_up_fcm_file),
            issuer_ca_file: self.issuer_ca_file.or(below.issuer_ca_file),
            issuer_loopback: self.issuer_loopback.or(below.issuer_loopback),
        }
    }
}

/// Addresses and networks. An address is a network of its own.
fn networks(texts: &[String]) -> Result<Vec<IpNet>, ConfigError> {
    let parse = |text: &String| {
        let text = text.trim();
        let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
        text.parse().ok().or_else(address).ok_or(ConfigError::OutOfRange {
            setting: "trusted_proxies",
            range: "addresses or networks, such as 127.0.0.1 or 10.0.0.0/8",
        })
    };
    texts.iter().map(parse).collect()
}

/// Where a service's data usually is: what systemd says, else the platform's folder.
fn default_data_folder() -> Option<PathBuf> {
    const NAME: &str = "countersign-server";
    let folder =
        |variable: &str| std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    if let Some(state) = folder("STATE_DIRECTORY") {
        return Some(state);
    }
    let base = if cfg!(target_os = "macos") {
        folder("HOME")?.join("Library/Application Support")
    } else if cfg!(windows) {
        folder("LOCALAPPDATA")?
    } else {
        folder("XDG_DATA_HOME").or_else(|| Some(folder("HOME")?.join(".local/share")))?
    };
    Some(base.join(NAME))
}

fn within(duration: Duration, least: u64, most: u64) -> bool {
    (Duration::from_secs(least)..=Duration::from_secs(most)).contains(&duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overrides(text: &str) -> Overrides {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn what_comes_first_wins_and_the_rest_keeps_its_default() {
        let file = overrides("data = '/file'\ndigits = 2\nchallenge_lifetime = 60");
        let flags = overrides("digits = 8");
        let config = Config::with(flags.over(file)).unwrap();
        assert_eq!(config.data, PathBuf::from("/file"));
        assert_eq!(config.policy.matching.digits, Some(8));
        assert_eq!(config.challenge_lifetime.as_secs(), 60);
        assert_eq!(config.ticket_lifetime.as_secs(), 600);
    }

    #[test]
    fn values_out_of_range_are_refused_by_name() {
        for (text, setting) in [
            ("digits = 1", "digits"),
            ("digits = 9", "digits"),
            ("tries = 0", "tries"),
            ("tries = 4", "tries"),
            ("longest_wait = 61", "longest_wait"),
            ("ticket_lifetime = 0", "ticket_lifetime"),
            ("open_sign_ins = 9", "open_sign_ins"),
            ("push_limit = 0", "push_limit"),
            ("push_rest = 59", "push_rest"),
            ("storm_pause = 86401", "storm_pause"),
            ("relay = 1665", "relay"),
            ("client_connections = 0", "client_connections"),
            ("trusted_proxies = ['proxy.example']", "trusted_proxies"),
            ("trusted_proxies = ['10.0.0.0/33']", "trusted_proxies"),
            ("trusted_proxies = ['']", "trusted_proxies"),
        ] {
            let error = Config::with(overrides(&format!("data = '/x'\n{text}"))).unwrap_err();
            assert!(error.to_string().starts_with(setting), "{text}: {error}");
        }
        assert!(Config::with(overrides("data = '/x'\ndigits = 0")).is_ok());
    }

    #[test]
    fn proxies_are_named_by_address_or_network() {
        let config = Config::with(overrides("data = '/x'\ntrusted_proxies = ['::1', '10.0.0.0/8']")).unwrap();
        assert_eq!(config.trusted_proxies, ["::1/128".parse().unwrap(), "10.0.0.0/8".parse().unwrap()]);
    }

    #[test]
    fn a_misspelt_setting_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server.toml");
        std::fs::write(&path, "digit = 6").unwrap();
        let error = Overrides::read(&path).unwrap_err();
        assert!(error.to_string().contains("digit"), "{error}");
        let missing = Overrides::read(&folder.path().join("none")).unwrap_err();
        assert!(matches!(missing, ConfigError::File(..)));
    }

    #[test]
    fn plain_http_beyond_loopback_is_no_public_address() {
        assert!(toml::from_str::<Overrides>("public_url = 'http://approve.example'").is_err());
        assert!(toml::from_str::<Overrides>("public_url = 'https://approve.example'").is_ok());
    }
}
