//! Who holds accounts, and who the customer is.

use lombard_domain::id::{AccountId, CustomerId};
use lombard_store::Error;
use lombard_store::contact;

use super::EmbeddedBank;
use crate::error::Result;
use crate::view::PartyView;

impl EmbeddedBank {
    /// Who holds an account, as one of its holders may know it.
    pub(super) async fn holders_of(&self, account: AccountId, customer: CustomerId) -> Result<Vec<PartyView>> {
        let holders = contact::holders(&mut self.db.read().await?, account).await?;
        Ok(holders.into_iter().map(|holder| PartyView::of(holder, customer)).collect())
    }

    /// One customer's part in an account, which they hold: their consent was given for it.
    pub(super) async fn holder_of(&self, account: AccountId, customer: CustomerId) -> Result<PartyView> {
        let own = self.holders_of(account, customer).await?.into_iter().find(|party| party.id == customer);
        Ok(own.ok_or(Error::Corrupt("a holder of an account"))?)
    }

    /// The customer who gave a consent.
    pub(super) async fn who_is(&self, customer: CustomerId) -> Result<PartyView> {
        let person = contact::person(&mut self.db.read().await?, customer).await?;
        Ok(PartyView::of_customer(person.ok_or(Error::Corrupt("the customer of a consent"))?))
    }
}
