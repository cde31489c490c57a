//! The keys that an app registered: brought along, or kept at an address of its own.

use std::sync::Arc;

use lombard_domain::oauth::Client;

use crate::Auth;
use crate::jose::{JoseError, Jwks, Verified, VerifyRules};

/// What is needed of a token that an app signed, apart from its keys.
#[derive(Clone, Copy)]
pub(crate) struct Signed<'a> {
    /// The token.
    pub(crate) token: &'a str,
    /// What it must be.
    pub(crate) typ: crate::jose::Typ<'a>,
    /// Its algorithm: one of these.
    pub(crate) algs: &'a [lombard_domain::oauth::Alg],
}

impl Signed<'_> {
    fn verify(self, keys: &dyn crate::jose::KeySource) -> Result<Verified, JoseError> {
        crate::jose::verify(self.token, VerifyRules { typ: self.typ, algs: self.algs, keys })
    }
}

impl Auth {
    /// The keys of an app; none if they cannot be had.
    pub(crate) async fn keys_of(&self, client: &Client) -> Arc<Jwks> {
        let metadata = &client.metadata;
        if let Some(uri) = &metadata.jwks_uri {
            return self.reached(self.key_cache.at(uri.as_str(), self.now()).await, client);
        }
        let inline = metadata.jwks.as_ref().map(ToString::to_string);
        Arc::new(inline.and_then(|text| Jwks::parse(text.as_bytes()).ok()).unwrap_or_default())
    }

    /// The keys of an app, fetched anew if it keeps them elsewhere; `None` if it does not.
    pub(crate) async fn newer_keys_of(&self, client: &Client) -> Option<Arc<Jwks>> {
        let uri = client.metadata.jwks_uri.as_ref()?;
        Some(self.reached(self.key_cache.newer(uri.as_str(), self.now()).await, client))
    }

    fn reached(&self, fetched: Result<Arc<Jwks>, crate::FetchError>, client: &Client) -> Arc<Jwks> {
        fetched.unwrap_or_else(|error| {
            tracing::warn!(client.id = %client.id, %error, "the keys of an app could not be fetched");
            Arc::default()
        })
    }

    /// Verifies a token with the keys of an app. A key that is not known is looked for anew, once.
    pub(crate) async fn verify_of(&self, client: &Client, signed: Signed<'_>) -> Result<Verified, JoseError> {
        let verified = signed.verify(&*self.keys_of(client).await);
        // A signature that fails may also be that of a new key under an old name.
        if !matches!(verified, Err(JoseError::UnknownKey | JoseError::Signature)) {
            return verified;
        }
        match self.newer_keys_of(client).await {
            Some(keys) => signed.verify(&*keys),
            None => verified,
        }
    }

    /// Verifies a token as long as a true one would take, where there is no app whose keys could be used.
    pub(crate) fn verify_in_vain(&self, signed: Signed<'_>) {
        let ours = self.published_keys();
        let any_of_that_kind = |_: Option<&str>, alg| {
            ours.keys().iter().find(|key| key.alg() == alg).map(|key| Arc::clone(key.public_key()))
        };
        let _ = signed.verify(&any_of_that_kind);
    }
}
