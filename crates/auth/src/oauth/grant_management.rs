//! Grant Management (draft of the OpenID Foundation, 6): an app looks after the grants that customers gave it.

use lombard_domain::id::GrantId;
use lombard_domain::oauth::{ErrorCode, Grant};
use lombard_store::{Tx, consent, grant};
use serde::Serialize;
use serde_json::Value;

use crate::access::ClientAccess;
use crate::error::{Error, Result};
use crate::{Auth, Call};

/// What a grant is for (Grant Management 6.3).
#[derive(Debug, Serialize)]
pub struct GrantView {
    scopes: Vec<ScopeView>,
    claims: Vec<&'static str>,
    authorization_details: Value,
}

#[derive(Debug, Serialize)]
struct ScopeView {
    scope: String,
    resource: Vec<String>,
}

impl Auth {
    /// What a grant of the calling app is for.
    ///
    /// # Errors
    /// `invalid_grant_id`, the same for a grant that is another app's, was ended, or never was.
    pub async fn show_grant(&self, client: &ClientAccess, id: &str) -> Result<GrantView> {
        let mut tx = self.db().read().await?;
        let found = self.own_grant(&mut tx, client, id).await?;
        let resource = &self.policy().resource;
        let consent = consent::find(&mut tx, found.consent).await?;
        let accounts = consent.as_ref().and_then(|consent| consent.state().authorisation()).map(|yes| &yes.accounts);
        let accounts = accounts.map_or(&[][..], Vec::as_slice);
        let details = found.details.as_ref().map(|details| details.to_json(resource, accounts));
        let scope = ScopeView { scope: found.scope.to_string(), resource: vec![resource.clone()] };
        Ok(GrantView {
            // A grant for details alone has none.
            scopes: (!found.scope.is_empty()).then_some(scope).into_iter().collect(),
            claims: Vec::new(),
            authorization_details: details.unwrap_or_else(|| Value::Array(Vec::new())),
        })
    }

    /// Ends a grant of the calling app with every token, and with it its consent, unless the app lodged that: it then stays until the app
    /// deletes it.
    ///
    /// # Errors
    /// `invalid_grant_id`, the same for a grant that is another app's, was ended, or never was.
    pub async fn end_grant(&self, call: Call<'_>, client: &ClientAccess, id: &str) -> Result<()> {
        let mut tx = self.db().begin("end grant").await?;
        let found = self.own_grant(&mut tx, client, id).await?;
        self.end_grant_in(&mut tx, call, &found).await?;
        Ok(tx.commit().await?)
    }

    async fn own_grant(&self, tx: &mut Tx, client: &ClientAccess, id: &str) -> Result<Grant> {
        let unknown = || Error::oauth(ErrorCode::InvalidGrantId, "there is no such grant of this client");
        let id: GrantId = id.parse().map_err(|_| unknown())?;
        let found = grant::find_live(tx, id).await?.filter(|grant| grant.client == client.client());
        let found = found.ok_or_else(unknown)?;
        let consent = consent::find(tx, found.consent).await?;
        let stands = consent.is_some_and(|consent| consent.standing(self.now()).is_ok());
        if stands { Ok(found) } else { Err(unknown()) }
    }
}
