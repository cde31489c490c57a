//! Accounts.

use lombard_domain::id::{AccountId, ConsentId, CustomerId};
use lombard_domain::permission::Seen;
use lombard_store::{Error, account};

use super::EmbeddedBank;
use crate::error::Result;
use crate::view::AccountView;

impl EmbeddedBank {
    /// The accounts of a consent that its customer still holds or took to another bank.
    pub(crate) async fn accounts_in(
        &self,
        consent: ConsentId,
        customer: CustomerId,
        seen: Seen,
    ) -> Result<Vec<AccountView>> {
        let accounts = account::of_consent(&mut self.db.read().await?, consent, customer).await?;
        Ok(accounts.into_iter().map(|account| AccountView::of(account, seen)).collect())
    }

    /// One account, which exists: a consent was given for it.
    pub(crate) async fn one_account(&self, account: AccountId, seen: Seen) -> Result<AccountView> {
        let found = account::find(&mut self.db.read().await?, account).await?;
        Ok(AccountView::of(found.ok_or(Error::Corrupt("an account of a consent"))?, seen))
    }
}
