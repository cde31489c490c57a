//! Step 1: who asks. Nothing is trusted before this is known.

use lombard_domain::id::ClientId;
use lombard_domain::oauth::{Client, ClientStatus, ErrorCode};

use crate::Auth;
use crate::error::{Error, Result};
use crate::oauth::Params;

/// A client that exists and may act.
pub(super) struct KnownClient(pub(super) Client);

impl Auth {
    /// Finds the client of a request.
    pub(super) async fn known_client(&self, params: &Params) -> Result<KnownClient> {
        let unknown = || Error::oauth(ErrorCode::InvalidRequest, "the client is not registered here, or may not act");
        let id: ClientId = params.need("client_id")?.parse().map_err(|_| unknown())?;
        let stored = lombard_store::client::find(&mut self.db().read().await?, id).await?;
        let client = stored.map(|stored| stored.client).filter(|client| {
            client.status == ClientStatus::Active && client.metadata.security_profile >= self.policy().minimum_profile
        });
        client.map(KnownClient).ok_or_else(unknown)
    }
}
