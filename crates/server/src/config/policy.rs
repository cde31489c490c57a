//! The settings as the rules of authorization understand them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use lombard_auth::jose::Jwks;
use lombard_auth::{Directory, Policy};
use lombard_domain::oauth::Need;
use lombard_domain::time::Span;

use super::{Config, DirectoryKeys, NamedDirectory, Outgoing, Registration, SoftwareStatements};
use crate::fetch::Reach;
use crate::files;
use crate::listen::tls::{ChainAndKey, read_chain};
use crate::wire::Trust;

impl Config {
    /// The policy that these settings mean.
    ///
    /// # Errors
    /// The file with the initial access token, or one with a directory's keys, cannot be read.
    pub(crate) fn policy(&self) -> anyhow::Result<Policy> {
        let authorization = &self.authorization;
        let seconds = |seconds: u32| Span::seconds(i64::from(seconds));
        let days = |days: u32| Span::days(i64::from(days));
        let registration = match authorization.registration {
            Registration::Open => lombard_auth::Registration::Open,
            Registration::Closed => lombard_auth::Registration::Closed,
            Registration::Token => lombard_auth::Registration::with_token(&self.initial_access_token()?),
        };
        let defaults = Policy::for_issuer(self.server.public_url.as_str());
        Ok(Policy {
            access_token_life: seconds(authorization.access_token_seconds),
            code_life: seconds(authorization.code_seconds),
            request_uri_life: seconds(authorization.request_uri_seconds),
            consent_life: days(authorization.consent_days),
            ended_consent_life: days(authorization.ended_consent_days),
            event_life: days(authorization.event_life_days),
            history: authorization.history_days.map(days),
            session_idle: Span::minutes(i64::from(self.sign_in.idle_minutes)),
            sign_in_failures: i64::from(self.sign_in.max_failures),
            lock_life: Span::minutes(i64::from(self.sign_in.lock_minutes)),
            registration,
            mtls_base: self.server.mtls_public_url.as_ref().map(|url| url.as_str().to_owned()),
            minimum_profile: authorization.minimum_profile,
            apps: self.apps.rules(self.server.bank_name()),
            directories: self.directories.iter().map(directory).collect::<anyhow::Result<_>>()?,
            software_statement: match authorization.software_statements {
                SoftwareStatements::Optional => Need::Optional,
                SoftwareStatements::Required => Need::Required,
            },
            software_statement_age: Span::hours(i64::from(authorization.software_statement_hours)),
            dpop_nonce_life: authorization.dpop_nonce_seconds.map(seconds),
            receipts_per_hour: i64::from(self.receipts.per_hour),
            unattended: self.unattended(),
            old_data: self.old_data(),
            limits: self.limits.limits(),
            throttling: self.throttling.throttling(),
            watching: self.response(),
            ..defaults
        })
    }

    /// Whom the server believes, and whom it may ask.
    ///
    /// # Errors
    /// A file with authorities cannot be read, or the certificate to show cannot.
    pub(crate) fn trust(&self) -> anyhow::Result<Trust> {
        let read = |file: &Option<PathBuf>| file.as_deref().map_or_else(|| Ok(Vec::new()), read_chain);
        Ok(Trust {
            client_authorities: read(&self.server.client_ca_file)?,
            reach: if self.outgoing.private_addresses { Reach::Everything } else { Reach::PublicOnly },
            outgoing_roots: read(&self.outgoing.ca_file)?,
            outgoing_certificate: self.outgoing.certificate()?.map(Arc::new),
        })
    }

    fn initial_access_token(&self) -> anyhow::Result<String> {
        let file = self.authorization.initial_access_token_file.as_ref();
        let file = file.context("authorization.initial_access_token_file is not set")?;
        let bytes = files::read_limited(file, TOKEN_BYTES_MAX)
            .with_context(|| format!("cannot read the initial access token in {}", file.display()))?;
        let text = String::from_utf8(bytes).context("the initial access token is not text")?;
        Ok(text.trim().to_owned())
    }
}

impl Outgoing {
    /// What is shown to apps that ask for a certificate when they are sent events.
    ///
    /// # Errors
    /// There is one file and not the other, a file cannot be read, or they do not belong together.
    pub(super) fn certificate(&self) -> anyhow::Result<Option<ChainAndKey>> {
        let (chain, key) = match (&self.certificate_file, &self.key_file) {
            (None, None) => return Ok(None),
            (Some(chain), Some(key)) => (chain, key),
            _ => bail!("certificate_file and key_file need each other"),
        };
        let pair = ChainAndKey::read(chain, key)?;
        pair.check().with_context(|| format!("{} and {} do not belong together", chain.display(), key.display()))?;
        Ok(Some(pair))
    }
}

fn directory(named: &NamedDirectory) -> anyhow::Result<Directory> {
    let keys = match &named.keys {
        DirectoryKeys::File(file) => lombard_auth::DirectoryKeys::Here(read_jwks(file)?),
        DirectoryKeys::Url(url) => lombard_auth::DirectoryKeys::At(url.as_str().to_owned()),
    };
    Ok(Directory { issuer: named.issuer.as_str().to_owned(), keys })
}

/// Reads a file with public keys, of which one at least must be of use.
///
/// # Errors
/// The file cannot be read, is no JWK set, holds a private key, or none for ES256, PS256 or EdDSA.
pub(crate) fn read_jwks(file: &Path) -> anyhow::Result<Jwks> {
    let bytes = files::read_limited(file, JWKS_BYTES_MAX).with_context(|| format!("cannot read {}", file.display()))?;
    let keys = Jwks::parse(&bytes).with_context(|| format!("{} is not a set of public keys (JWKS)", file.display()))?;
    if keys.keys().is_empty() {
        bail!("{} holds no key for ES256, PS256 or EdDSA", file.display());
    }
    Ok(keys)
}

/// Bytes of a file with public keys.
const JWKS_BYTES_MAX: u64 = 64 * 1024;
/// Bytes of the file with the initial access token.
const TOKEN_BYTES_MAX: u64 = 4096;
