//! A registration as JSON, for whoever sets the app up.
//!
//! The same members as the registration endpoint answers with (RFC 7591 3.2.1, RFC 7592 3), and on request what the app
//! needs to know of the server. Secrets are in it only when they have just been made.

use anyhow::{Context as _, bail};
use lombard_auth::Policy;
use lombard_auth::oauth::discovery::{ServerMetadata, paths};
use lombard_domain::oauth::{Client, Vouched};
use lombard_domain::secret::Secret;
use serde_json::{Map, Value, json};

/// A registration that is to be shown.
pub(super) struct Shown<'a> {
    members: Map<String, Value>,
    policy: Option<&'a Policy>,
}

impl<'a> Shown<'a> {
    /// A registration without secrets; its own address only if that of the server is known.
    pub(super) fn of(client: &Client, policy: Option<&'a Policy>) -> Self {
        let mut members = Map::new();
        let id = client.id.to_string();
        if let Some(policy) = policy {
            let address = policy.endpoint(&format!("{}/{id}", paths::REGISTER));
            members.insert("registration_client_uri".to_owned(), address.into());
        }
        members.insert("client_id".to_owned(), id.into());
        members.insert("client_id_issued_at".to_owned(), client.created_at.seconds().into());
        members.insert("vouched_for_by".to_owned(), client.vouched().code().into());
        if let Vouched::Bank(verification) = client.vouched() {
            members.insert("verified_organisation".to_owned(), verification.organisation.as_str().into());
            members.insert("verified_by".to_owned(), verification.by.as_str().into());
            members.insert("verified_at".to_owned(), verification.at.date().to_string().into());
        }
        members.insert("response_types".to_owned(), json!(["code"]));
        members.insert("subject_type".to_owned(), "pairwise".into());
        if let Ok(Value::Object(metadata)) = serde_json::to_value(&client.metadata) {
            members.extend(metadata);
        }
        Self { members, policy }
    }

    /// Adds what is shown this once.
    pub(super) fn with_secrets(mut self, secret: Option<&Secret<String>>, registration: &Secret<String>) -> Self {
        if let Some(secret) = secret {
            self.members.insert("client_secret".to_owned(), secret.expose().as_str().into());
            // Zero: never.
            self.members.insert("client_secret_expires_at".to_owned(), 0.into());
        }
        let token = registration.expose().as_str().into();
        self.members.insert("registration_access_token".to_owned(), token);
        self
    }

    /// Adds the server's own metadata, as far as it says where something is (RFC 8414 2, RFC 8705 5).
    ///
    /// # Errors
    /// The address of the server is not known.
    pub(super) fn with_server(mut self) -> anyhow::Result<Self> {
        let Some(policy) = self.policy else { bail!(NO_ADDRESS) };
        let Value::Object(metadata) = serde_json::to_value(ServerMetadata::of(policy))? else {
            bail!("the server's metadata is no object");
        };
        let places = metadata.into_iter().filter(|(name, _)| {
            name.ends_with("_endpoint") || ["issuer", "jwks_uri", "mtls_endpoint_aliases"].contains(&name.as_str())
        });
        self.members.insert("server_metadata".to_owned(), Value::Object(places.collect()));
        Ok(self)
    }

    /// The JSON, for people to read.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn text(self) -> anyhow::Result<Secret<String>> {
        serde_json::to_string_pretty(&self.members).map(Secret::new).context("cannot write the registration")
    }
}

/// Why the server's metadata cannot be shown.
pub(super) const NO_ADDRESS: &str = "under which address apps reach this bank is not known here; start the sandbox once, or \
                                     name the server's settings with --config";
