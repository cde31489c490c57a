//! What in the settings is unfit for production, each with what to do about it.
//!
//! A refusal keeps `lombard serve` from starting; a warning is logged. Nothing here changes anything.

use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;

use lombard_domain::oauth::Profile;
use lombard_domain::time::{Clock, Instant};

use super::telemetry::Trust;
use super::{Config, Environment, OldDataRule, PublicUrl, Registration, master_key};
use crate::files;
use crate::listen::tls::{ChainAndKey, read_chain};
use crate::pki;
use crate::trace::Endpoint;
use crate::x509::Facts;

mod receipts;
mod trust;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// How bad it is.
    pub(crate) weight: Weight,
    /// The setting, as `section.key`.
    pub(crate) key: &'static str,
    /// What is wrong and what to do, for somebody who sees the program for the first time.
    pub(crate) text: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// The server must not start.
    Refusal,
    /// The operator should know.
    Warning,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.text)
    }
}

impl Config {
    /// Everything that is unfit for production, in the order of the file.
    pub(crate) fn findings(&self, clock: &dyn Clock, environment: &Environment) -> Vec<Finding> {
        let mut found = Findings(Vec::new());
        self.check_server(&mut found);
        self.check_certificate(&mut found, clock.now());
        self.check_client_authorities(&mut found, clock.now());
        self.check_database(&mut found);
        self.check_keys(&mut found, environment);
        self.check_authorization(&mut found);
        self.check_initial_access_token(&mut found);
        self.check_directories(&mut found);
        self.check_access(&mut found);
        self.check_outgoing(&mut found);
        self.check_sign_in(&mut found);
        self.check_receipts(&mut found, environment);
        self.check_limits(&mut found);
        self.check_telemetry(&mut found);
        found.0
    }

    fn check_server(&self, found: &mut Findings) {
        let url = &self.server.public_url;
        if !url.is_https() {
            found.refuse(
                "server.public_url",
                format!("{url} is plain HTTP, on which anybody between could read the tokens; write https://"),
            );
        }
        if url.is_local() {
            found.warn(
                "server.public_url",
                format!(
                    "{url} can be reached from this machine only; apps need the address by which the world sees it"
                ),
            );
        }
        if let Some(mtls) = self.server.mtls_public_url.as_ref().filter(|url| !url.is_https()) {
            found.refuse(
                "server.mtls_public_url",
                format!("{mtls} is plain HTTP, which has no certificates; write https://"),
            );
        }
        let ops: SocketAddr = self.server.ops_listen;
        if !ops.ip().is_loopback() {
            found.refuse(
                "server.ops_listen",
                format!(
                    "{ops} can be reached from other machines, and this listener asks nobody who they are; use 127.0.0.1:{}",
                    ops.port()
                ),
            );
        }
    }

    fn check_certificate(&self, found: &mut Findings, now: Instant) {
        found.must_be_private("server.key_file", &self.server.key_file);
        let chain = match read_chain(&self.server.certificate_file) {
            Ok(chain) => chain,
            Err(error) => {
                let text = format!("{error:#}; name a file with the server's certificate, then those that signed it");
                return found.refuse("server.certificate_file", text);
            }
        };
        let file = self.server.certificate_file.display();
        let Some(facts) = chain.first().and_then(|leaf| Facts::read(leaf)) else {
            return found.refuse("server.certificate_file", format!("{file} holds no X.509 certificate"));
        };
        if facts.issuer.as_deref() == Some(pki::AUTHORITY) {
            found.refuse(
                "server.certificate_file",
                format!("{file} was made by a sandbox, which no browser trusts; get one from a public or a company authority"),
            );
        }
        if now < facts.not_before || now > facts.not_after {
            found.refuse(
                "server.certificate_file",
                format!(
                    "{file} is valid from {} to {}, not now; renew it, or set this machine's clock",
                    facts.not_before.date(),
                    facts.not_after.date()
                ),
            );
        }
        let hosts: BTreeSet<_> = [Some(&self.server.public_url), self.server.mtls_public_url.as_ref()]
            .into_iter()
            .flatten()
            .map(PublicUrl::host)
            .collect();
        for host in hosts.into_iter().filter(|host| !facts.speaks_for(host)) {
            found.warn(
                "server.certificate_file",
                format!("{file} does not name {host}; clients will refuse it, unless a proxy before this server shows another"),
            );
        }
        match ChainAndKey::read(&self.server.certificate_file, &self.server.key_file) {
            Err(error) => {
                found.refuse("server.key_file", format!("{error:#}; name the file with the certificate's private key"))
            }
            Ok(pair) => {
                if let Err(error) = pair.check() {
                    found.refuse(
                        "server.key_file",
                        format!("the key is not the one of the first certificate in {file} ({error}); name the two that belong together"),
                    );
                }
            }
        }
    }

    fn check_database(&self, found: &mut Findings) {
        if let Some(file) = self.database.url.sqlite_file()
            && file.parent().is_some_and(|folder| folder.join(SANDBOX_MARK).exists())
        {
            found.refuse(
                "database.url",
                format!(
                    "{} belongs to a sandbox, whose customers and passwords are public; use a file in another folder",
                    file.display()
                ),
            );
        }
        if let Some(file) = &self.database.ca_file
            && let Err(error) = read_chain(file)
        {
            let text = format!("{error:#}; name the file of the authority that PostgreSQL's certificate is from");
            found.refuse("database.ca_file", text);
        }
        if let Some(file) = &self.file
            && self.database.url.has_password()
        {
            found.must_be_private("database.url", file);
        }
    }

    fn check_limits(&self, found: &mut Findings) {
        if !self.limits.enabled {
            found
                .warn("limits.enabled", "nothing is limited: one app or address can take all of the server".to_owned());
        }
        let Some(shared) = &self.limits.shared else { return };
        if shared.is_open() {
            let text = "addresses and the names of apps go there without TLS; write rediss://".to_owned();
            found.refuse("limits.shared", text);
        }
        if let Some(file) = &self.limits.shared_ca_file
            && let Err(error) = read_chain(file)
        {
            let text = format!("{error:#}; name the file of the authority that the counter's certificate is from");
            found.refuse("limits.shared_ca_file", text);
        }
        if let Some(file) = &self.file
            && shared.has_password()
        {
            found.must_be_private("limits.shared", file);
        }
    }

    fn check_keys(&self, found: &mut Findings, environment: &Environment) {
        let key = match (&self.keys.master_key_command, &self.keys.master_key_env) {
            (Some(_), _) => "keys.master_key_command",
            (None, Some(_)) => "keys.master_key_env",
            (None, None) => "keys.master_key_file",
        };
        if let Err(error) = master_key::masters(&self.keys, environment) {
            found.refuse(key, format!("{error:#}"));
        }
        for (key, line) in [
            ("keys.master_key_command", &self.keys.master_key_command),
            ("keys.former_master_key_command", &self.keys.former_master_key_command),
        ] {
            let program = line.as_ref().and_then(|line| line.first()).map(Path::new);
            if let Some(program) = program.filter(|program| !program.is_file()) {
                found.refuse(key, format!("there is no program {}", program.display()));
            }
        }
        if let Some(file) = &self.keys.master_key_file {
            found.must_be_private(key, file);
        }
        for file in &self.keys.former_master_key_files {
            found.must_be_private("keys.former_master_key_files", file);
        }
    }

    fn check_authorization(&self, found: &mut Findings) {
        let authorization = &self.authorization;
        if authorization.access_token_seconds > MAX_ACCESS_TOKEN_SECONDS {
            found.refuse(
                "authorization.access_token_seconds",
                format!(
                    "{} is too long for a token that may be stolen; use {MAX_ACCESS_TOKEN_SECONDS} or less, apps can refresh",
                    authorization.access_token_seconds
                ),
            );
        }
        if authorization.code_seconds > MAX_CODE_SECONDS {
            found.refuse(
                "authorization.code_seconds",
                format!(
                    "{} is more than the {MAX_CODE_SECONDS} that FAPI 2.0 allows; apps exchange a code within a second",
                    authorization.code_seconds
                ),
            );
        }
        if authorization.minimum_profile < Profile::Fapi2Security {
            found.warn(
                "authorization.minimum_profile",
                format!(
                    "\"{}\" lets apps use secrets and tokens that whoever steals them can use too; with \"{}\" they prove to hold a key",
                    authorization.minimum_profile.name(),
                    Profile::Fapi2Security.name()
                ),
            );
        }
        if authorization.registration == Registration::Open {
            found.refuse(
                "authorization.registration",
                "with \"open\" anybody on the internet could register an app; use \"token\" or \"closed\"".to_owned(),
            );
        }
        if authorization.software_statement_hours > MAX_STATEMENT_HOURS {
            found.warn(
                "authorization.software_statement_hours",
                format!(
                    "{} lets an app register long after its directory shut it out; use {MAX_STATEMENT_HOURS} or less",
                    authorization.software_statement_hours
                ),
            );
        }
    }

    fn check_initial_access_token(&self, found: &mut Findings) {
        if let Some(file) = &self.authorization.initial_access_token_file {
            let key = "authorization.initial_access_token_file";
            found.must_be_private(key, file);
            let long_enough = files::read_limited(file, MAX_TOKEN_BYTES)
                .is_ok_and(|bytes| bytes.trim_ascii().len() >= MIN_TOKEN_BYTES);
            if !long_enough {
                found.refuse(
                    key,
                    format!(
                        "{} must hold at least {MIN_TOKEN_BYTES} letters that nobody can guess; make them with `openssl rand -hex 32`",
                        file.display()
                    ),
                );
            }
        }
    }

    fn check_access(&self, found: &mut Findings) {
        if self.access.old_data == OldDataRule::Off && self.access.open_days.is_none() {
            found.warn(
                "access.old_data",
                "data of any age is given long after the customer signed in; in the United Kingdom and the European Union use \"uk\" or \"eu\""
                    .to_owned(),
            );
        }
    }

    fn check_telemetry(&self, found: &mut Findings) {
        if self.telemetry.otlp_endpoint.as_ref().is_some_and(Endpoint::is_in_the_clear) {
            let text = "traces leave this machine unencrypted; use https, or a collector on this machine";
            found.warn("telemetry.otlp_endpoint", text.to_owned());
        }
        if self.telemetry.trust_incoming == Trust::Always {
            let text = "whoever calls decides which of your traces are kept; \"trusted_proxies\" or \"never\" is safer";
            found.warn("telemetry.trust_incoming", text.to_owned());
        }
    }

    fn check_sign_in(&self, found: &mut Findings) {
        if self.sign_in.fixed_second_factor.is_some() {
            found.refuse(
                "sign_in.fixed_second_factor",
                "a code that never changes is no second factor; remove the line, and enrol customers with `lombard customer enrol-totp`"
                    .to_owned(),
            );
        }
    }
}

struct Findings(Vec<Finding>);

impl Findings {
    fn refuse(&mut self, key: &'static str, text: String) {
        self.0.push(Finding { weight: Weight::Refusal, key, text });
    }

    fn warn(&mut self, key: &'static str, text: String) {
        self.0.push(Finding { weight: Weight::Warning, key, text });
    }

    /// A file that is missing is reported by whoever reads it.
    fn must_be_private(&mut self, key: &'static str, file: &Path) {
        if files::is_private(file).is_ok_and(|private| !private) {
            let file = file.display();
            self.refuse(key, format!("others on this machine can read {file}; run `chmod 600 {file}`"));
        }
    }
}

/// A file that every sandbox leaves in its folder.
pub(crate) const SANDBOX_MARK: &str = "sandbox.json";

/// Longest life of an access token in production, in seconds.
const MAX_ACCESS_TOKEN_SECONDS: u32 = 600;
/// Longest life of an authorization code, in seconds (FAPI 2.0 Security Profile 5.3.2.2).
const MAX_CODE_SECONDS: u32 = 60;
/// Age of a software statement that goes without a warning, in hours.
const MAX_STATEMENT_HOURS: u32 = 24;
/// Letters of the initial access token.
const MIN_TOKEN_BYTES: usize = 32;
/// Bytes of its file.
const MAX_TOKEN_BYTES: u64 = 1_024;
