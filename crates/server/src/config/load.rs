//! From a file to checked settings, or an error that names file, line and key.
//!
//! An error must never repeat the value of a setting that can hold a secret; so it shows keys, not lines.

use std::collections::HashSet;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use super::{Config, DirectoryKeys, Registration, SoftwareStatements};
use crate::{files, telemetry};

/// Looks up an environment variable by its name.
pub(crate) type Environment = dyn Fn(&str) -> Option<String>;

/// The environment of this process; a variable that is not UTF-8 counts as missing.
pub(crate) fn system_environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Why a file of settings cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConfigError {
    /// The file.
    pub(crate) file: PathBuf,
    /// Its line, counted from one, if the error has one.
    pub(crate) line: Option<usize>,
    /// The setting, as `section.key`, if the error has one.
    pub(crate) key: Option<String>,
    /// What is wrong, and what would be right.
    pub(crate) message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(key) = &self.key {
            write!(f, ", {key}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads and checks a file. Paths in it are taken from the folder of the file.
    ///
    /// # Errors
    /// The file cannot be read, is not TOML, has an unknown or a missing key, or a value out of range.
    pub(crate) fn load(file: &Path) -> Result<Self, ConfigError> {
        let error = |message: String| ConfigError { file: file.to_owned(), line: None, key: None, message };
        let bytes =
            files::read_limited(file, MAX_CONFIG_BYTES).map_err(|source| error(format!("cannot be read: {source}")))?;
        let text = String::from_utf8(bytes).map_err(|_| error("is not UTF-8".to_owned()))?;
        let mut config = Self::parse(&text, file)?;
        let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        if let Some(folder) = file.parent() {
            config.rebase(folder);
        }
        config.file = Some(file);
        Ok(config)
    }

    fn parse(text: &str, file: &Path) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|error| explain(text, file, &error))?;
        config.check().map_err(|(section, key, message)| ConfigError {
            file: file.to_owned(),
            line: line_of(text, section, key),
            key: Some(format!("{section}.{key}")),
            message,
        })?;
        Ok(config)
    }

    /// What one key alone cannot tell, and the ranges of the numbers.
    fn check(&self) -> Result<(), Wrong> {
        for (section, key, value, range) in self.numbers() {
            if !range.contains(&value) {
                let text = format!("{value} is not between {} and {}", range.start(), range.end());
                return Err((section, key, text));
            }
        }
        let listens = [Some(self.server.listen), self.server.mtls_listen, Some(self.server.ops_listen)];
        let mut seen = Vec::new();
        for (listen, key) in listens.into_iter().zip(["listen", "mtls_listen", "ops_listen"]) {
            let Some(listen) = listen else { continue };
            if listen.port() != 0 && seen.contains(&listen) {
                return Err(("server", key, format!("{listen} is taken by another listener of this file")));
            }
            seen.push(listen);
        }
        self.check_keys_set()?;
        let token_file = self.authorization.initial_access_token_file.is_some();
        if token_file != (self.authorization.registration == Registration::Token) {
            let text = "is needed with registration = \"token\", and only then".to_owned();
            return Err(("authorization", "initial_access_token_file", text));
        }
        self.check_mtls()?;
        self.check_vouchers()?;
        self.check_agreements()?;
        if let Some((key, text)) = self.receipts.flaw() {
            return Err(("receipts", key, text.to_owned()));
        }
        telemetry::filter(&self.log.level).map_err(|error| ("log", "level", error.to_string()))?;
        Ok(())
    }

    /// Apps that show a certificate must be told of another address, and nobody else of one that is not there.
    fn check_mtls(&self) -> Result<(), Wrong> {
        let error = |text: &str| Err(("server", "mtls_public_url", text.to_owned()));
        let server = &self.server;
        match (&server.mtls_listen, &server.mtls_public_url) {
            (Some(_), None) => error("is missing: apps must know how to reach mtls_listen"),
            (None, Some(_)) => error("is of no use without mtls_listen"),
            (Some(_), Some(url)) if *url == server.public_url => {
                error("must differ from public_url, where nobody is asked for a certificate")
            }
            (Some(_), Some(_)) | (None, None) => Ok(()),
        }
    }

    fn check_vouchers(&self) -> Result<(), Wrong> {
        let mut seen = Vec::new();
        for directory in &self.directories {
            if seen.contains(&&directory.issuer) {
                return Err(("directories", "issuer", format!("{} is there twice", directory.issuer)));
            }
            seen.push(&directory.issuer);
        }
        if self.authorization.software_statements == SoftwareStatements::Required && self.directories.is_empty() {
            let text = "\"required\" needs a [[directories]] that vouches; otherwise no app could register";
            return Err(("authorization", "software_statements", text.to_owned()));
        }
        Ok(())
    }

    fn check_agreements(&self) -> Result<(), Wrong> {
        let mut seen = HashSet::new();
        match self.agreements.iter().find(|agreement| !seen.insert(agreement.client_id)) {
            Some(twice) => Err(("agreements", "client_id", format!("{} is there twice", twice.client_id))),
            None => Ok(()),
        }
    }

    /// Every number with the range in which it makes sense; what is unfit for production is narrower, see `finding`.
    fn numbers(&self) -> Vec<(&'static str, &'static str, u32, RangeInclusive<u32>)> {
        let Self {
            server,
            database,
            authorization,
            apps,
            access,
            sign_in,
            receipts,
            limits,
            throttling,
            telemetry,
            ..
        } = self;
        let mut numbers = vec![
            ("server", "max_connections", server.max_connections, 1..=1_000_000),
            ("server", "max_connections_per_address", server.max_connections_per_address, 1..=1_000_000),
            ("server", "handshakes_per_second", server.handshakes_per_second, 1..=1_000_000),
            ("server", "handshake_seconds", server.handshake_seconds, 1..=60),
            ("server", "header_read_seconds", server.header_read_seconds, 1..=60),
            ("server", "idle_seconds", server.idle_seconds, 1..=3_600),
            ("server", "exchange_seconds", server.exchange_seconds, 1..=3_600),
            ("server", "progress_seconds", server.progress_seconds, 1..=3_600),
            ("server", "drain_seconds", server.drain_seconds, 0..=3_600),
            ("database", "pool_connections", database.pool_connections, 1..=1_000),
            ("database", "sqlite_readers", database.sqlite_readers, 1..=64),
            ("authorization", "access_token_seconds", authorization.access_token_seconds, 1..=86_400),
            ("authorization", "code_seconds", authorization.code_seconds, 1..=3_600),
            // FAPI 2.0 Security Profile 5.3.2.2: less than 600 seconds.
            ("authorization", "request_uri_seconds", authorization.request_uri_seconds, 5..=599),
            ("authorization", "consent_days", authorization.consent_days, 1..=3_650),
            ("apps", "new_days", apps.new_days, 0..=365),
            ("authorization", "ended_consent_days", authorization.ended_consent_days, 90..=3650),
            ("authorization", "event_life_days", authorization.event_life_days, 1..=90),
            ("authorization", "software_statement_hours", authorization.software_statement_hours, 1..=8_760),
            ("sign_in", "idle_minutes", sign_in.idle_minutes, 1..=60),
            ("sign_in", "max_failures", sign_in.max_failures, 1..=20),
            ("sign_in", "lock_minutes", sign_in.lock_minutes, 1..=1_440),
            ("sign_in", "password_hash_concurrency", sign_in.password_hash_concurrency, 1..=64),
            ("sign_in", "password_hash_waiting", sign_in.password_hash_waiting, 1..=1_024),
            ("receipts", "per_hour", receipts.per_hour, 1..=1_000),
            ("receipts", "smtp_port", u32::from(receipts.smtp_port), 1..=65_535),
            ("limits", "nodes", limits.nodes, 1..=1_000),
            ("throttling", "running_max", throttling.running_max, 16..=100_000),
            ("throttling", "waiting_max", throttling.waiting_max, 1..=100_000),
            ("throttling", "wait_ms", throttling.wait_ms, 1..=10_000),
            ("telemetry", "traces_per_thousand", telemetry.traces_per_thousand, 0..=1_000),
        ];
        if let Some(days) = authorization.history_days {
            numbers.push(("authorization", "history_days", days, 1..=36_500));
        }
        if let Some(seconds) = authorization.dpop_nonce_seconds {
            numbers.push(("authorization", "dpop_nonce_seconds", seconds, 10..=300));
        }
        for (key, value, range) in [
            ("open_days", access.open_days, 1..=36_500),
            ("fresh_minutes", access.fresh_minutes, 1..=1_440),
            ("renewal_days", access.renewal_days, 1..=3_650),
        ] {
            numbers.extend(value.map(|value| ("access", key, value, range)));
        }
        numbers.extend(self.numbers_of_watching());
        numbers
    }

    fn numbers_of_watching(&self) -> Vec<(&'static str, &'static str, u32, RangeInclusive<u32>)> {
        let watching = &self.watching;
        let mut numbers = vec![
            ("watching", "fading_hours", watching.fading_hours, 1..=720),
            ("watching", "customer_step_up_score", watching.customer_step_up_score, 0..=1_000),
            ("watching", "customer_sign_out_score", watching.customer_sign_out_score, 0..=1_000),
            ("watching", "client_step_up_score", watching.client_step_up_score, 0..=1_000),
            ("watching", "client_throttle_score", watching.client_throttle_score, 0..=1_000),
            ("watching", "client_suspend_score", watching.client_suspend_score, 0..=1_000),
            ("watching", "network_throttle_score", watching.network_throttle_score, 0..=1_000),
            ("watching", "step_up_hours", watching.step_up_hours, 1..=720),
            ("watching", "throttle_minutes", watching.throttle_minutes, 1..=10_080),
            ("watching", "throttle_divisor", watching.throttle_divisor, 2..=1_000),
        ];
        for rule in &self.watching_rules {
            let reached = 1..=rule.rule.0.threshold_max();
            numbers.extend(rule.threshold.map(|threshold| ("watching_rules", "threshold", threshold, reached)));
            numbers.extend(rule.score.map(|score| ("watching_rules", "score", score, 0..=1_000)));
        }
        numbers
    }

    /// One master key is in use; whatever else is known was in use before.
    fn check_keys_set(&self) -> Result<(), Wrong> {
        let keys = &self.keys;
        if keys.master_key_file.is_some() && keys.master_key_env.is_some() {
            return Err(("keys", "master_key_env", "set master_key_file or master_key_env, not both".to_owned()));
        }
        let elsewhere = keys.master_key_file.is_some() || keys.master_key_env.is_some();
        if elsewhere && keys.master_key_command.is_some() {
            let text = "of master_key_file, master_key_env and master_key_command one is set".to_owned();
            return Err(("keys", "master_key_command", text));
        }
        for (key, line) in [
            ("master_key_command", &keys.master_key_command),
            ("former_master_key_command", &keys.former_master_key_command),
        ] {
            if line.as_ref().is_some_and(|line| !line.first().is_some_and(|program| program.starts_with('/'))) {
                return Err(("keys", key, "begins with the full path of a program".to_owned()));
            }
        }
        if keys.former_master_key_files.len() > FORMER_KEYS_MAX {
            let text = format!("more than {FORMER_KEYS_MAX}; `lombard key rotate-master` makes them needless");
            return Err(("keys", "former_master_key_files", text));
        }
        Ok(())
    }

    fn rebase(&mut self, folder: &Path) {
        let required = [&mut self.server.certificate_file, &mut self.server.key_file];
        let optional = [
            &mut self.database.ca_file,
            &mut self.keys.master_key_file,
            &mut self.authorization.initial_access_token_file,
            &mut self.server.client_ca_file,
            &mut self.limits.shared_ca_file,
            &mut self.outgoing.ca_file,
            &mut self.telemetry.otlp_ca_file,
            &mut self.outgoing.certificate_file,
            &mut self.outgoing.key_file,
        ];
        let directories = self.directories.iter_mut().filter_map(|directory| match &mut directory.keys {
            DirectoryKeys::File(file) => Some(file),
            DirectoryKeys::Url(_) => None,
        });
        let receipts = self.receipts.files().into_iter().flatten();
        let former = self.keys.former_master_key_files.iter_mut();
        for path in
            required.into_iter().chain(optional.into_iter().flatten()).chain(directories).chain(former).chain(receipts)
        {
            *path = folder.join(&path);
        }
    }
}

/// A section, its key, and what is wrong with it.
type Wrong = (&'static str, &'static str, String);

/// Turns an error of the parser, which knows a place, into one that names the key.
fn explain(text: &str, file: &Path, error: &toml::de::Error) -> ConfigError {
    let message = error.message().trim().replace('\n', "; ");
    let start = error.span().map(|span| span.start);
    let line = start.map(|start| {
        let before = text.get(..start).unwrap_or(text);
        before.matches('\n').count() + 1
    });
    let section = line.and_then(|line| text.lines().take(line).filter_map(header).last());
    let named = ["unknown field `", "missing field `"]
        .iter()
        .find_map(|prefix| message.strip_prefix(prefix))
        .and_then(|rest| rest.split('`').next());
    // A section that is missing is reported at the first line, which may belong to another.
    let section = section.filter(|_| !(message.starts_with("missing") && named.is_some_and(is_section)));
    let written = line
        .and_then(|line| text.lines().nth(line.saturating_sub(1)))
        .and_then(|line| line.split_once('='))
        .map(|(key, _)| key.trim());
    let key = match (section, named.or(written)) {
        (Some(section), Some(key)) if section != key => Some(format!("{section}.{key}")),
        (Some(only), _) | (None, Some(only)) => Some(only.to_owned()),
        (None, None) => None,
    };
    ConfigError { file: file.to_owned(), line, key, message }
}

/// The line, counted from one, on which a key is set, or else the line of its section.
fn line_of(text: &str, section: &str, key: &str) -> Option<usize> {
    let mut current = None;
    let mut of_section = None;
    for (line, number) in text.lines().zip(1_usize..) {
        if let Some(name) = header(line) {
            current = Some(name);
            if name == section {
                of_section = Some(number);
            }
        } else if current == Some(section) && line.split_once('=').is_some_and(|(name, _)| name.trim() == key) {
            return Some(number);
        }
    }
    of_section
}

/// The name in a line such as `[server]` or `[[directories]]`.
fn header(line: &str) -> Option<&str> {
    let inside = line.trim_start().strip_prefix('[')?;
    let inside = inside.strip_prefix('[').unwrap_or(inside);
    inside.split_once(']').map(|(name, _)| name.trim())
}

/// Whether a word is the name of a section that must be there.
fn is_section(name: &str) -> bool {
    ["server", "database"].contains(&name)
}

/// Master keys of earlier times.
const FORMER_KEYS_MAX: usize = 8;
/// Bytes of a file of settings.
const MAX_CONFIG_BYTES: u64 = 256 * 1024;
