//! What customers and operators see of consents.

use lombard_domain::consent::{Consent, Status};
use lombard_domain::id::{ClientId, ConsentId, CustomerId, FundsConfirmationId};
use lombard_domain::party::Username;
use lombard_domain::time::Instant;
use lombard_store::{client, consent, customer};

use super::Listed;
use crate::Auth;
use crate::directory::HeldAccount;
use crate::error::Result;

/// What a customer's own page shows.
pub struct Overview {
    /// The customer's name.
    pub name: String,
    /// Their newest consents, newest first.
    pub consents: Vec<Listed>,
    /// The accounts that they hold.
    pub accounts: Vec<HeldAccount>,
}

/// A consent as an operator sees it.
pub struct Shown {
    /// The consent.
    pub consent: Consent,
    /// The name of the app; `None` if the app is not there any more.
    pub client_name: Option<String>,
    /// Every state that it has been in, oldest first.
    pub history: Vec<(Instant, Status)>,
}

impl Auth {
    /// What a customer's own page shows.
    ///
    /// # Errors
    /// When the database or the bank fails.
    pub async fn overview(&self, customer: CustomerId) -> Result<Overview> {
        let mut tx = self.db().read().await?;
        let found = customer::find(&mut tx, customer).await?;
        let mut consents = consent::of_customer(&mut tx, customer, LISTED_MAX).await?;
        drop(tx);
        for listed in &mut consents {
            self.keep_believed(&mut listed.client);
            listed.logo = listed.logo.take().filter(|_| self.logo_of(&listed.client).is_some());
        }
        let accounts = self.parts.directory.accounts_of(customer).await?;
        let name = found.map(|customer| customer.full_name.into_string()).unwrap_or_default();
        Ok(Overview { name, consents, accounts })
    }

    /// The newest consents of the customer who signs in with a name, newest first, for an operator; `None` if there is no such customer.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn consents_of_username(&self, username: &str) -> Result<Option<Vec<Listed>>> {
        let Ok(username) = Username::new(username) else { return Ok(None) };
        let mut tx = self.db().read().await?;
        let Some(found) = customer::credentials(&mut tx, &username).await? else { return Ok(None) };
        Ok(Some(consent::of_customer(&mut tx, found.customer, LISTED_MAX).await?))
    }

    /// The newest consents that an app has lodged or been given, newest first, for an operator.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn consents_of_client(&self, client: ClientId) -> Result<Vec<Listed>> {
        Ok(consent::of_client(&mut self.db().read().await?, client, LISTED_MAX).await?)
    }

    /// A name for an answer to the question whether there is enough money.
    #[must_use]
    pub fn new_funds_confirmation(&self) -> FundsConfirmationId {
        FundsConfirmationId::random(self.random())
    }

    /// A consent and its history, for an operator.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn show_consent(&self, id: ConsentId) -> Result<Option<Shown>> {
        let mut tx = self.db().read().await?;
        let Some(consent) = consent::find(&mut tx, id).await? else { return Ok(None) };
        let history = consent::history(&mut tx, id).await?;
        let client = client::find(&mut tx, consent.client()).await?;
        let client_name = client.map(|stored| stored.client.metadata.client_name.into_string());
        Ok(Some(Shown { consent, client_name, history }))
    }
}

/// Consents on a page.
const LISTED_MAX: i64 = 200;
