//! The settings as the rules of authorization understand them.

use anyhow::Context as _;
use lombard_auth::Policy;
use lombard_domain::time::Span;

use super::{Config, Registration};
use crate::files;

impl Config {
    /// The policy that these settings mean.
    ///
    /// # Errors
    /// The file with the initial access token cannot be read.
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
            history: authorization.history_days.map(days),
            session_idle: Span::minutes(i64::from(self.sign_in.idle_minutes)),
            sign_in_failures: i64::from(self.sign_in.max_failures),
            lock_life: Span::minutes(i64::from(self.sign_in.lock_minutes)),
            registration,
            ..defaults
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

/// Bytes of the file with the initial access token.
const TOKEN_BYTES_MAX: u64 = 4096;
