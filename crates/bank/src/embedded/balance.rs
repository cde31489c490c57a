//! Balances, as the sums that are kept with the accounts.

use lombard_domain::account::Balance;
use lombard_domain::id::{AccountId, ConsentId, CustomerId};
use lombard_domain::time::Instant;
use lombard_store::Error;
use lombard_store::account::{self, Amounts};

use super::EmbeddedBank;
use crate::error::Result;

impl EmbeddedBank {
    /// How much is in the accounts of a consent that its customer still holds.
    pub(crate) async fn balances_in(&self, consent: ConsentId, customer: CustomerId) -> Result<Vec<Balance>> {
        let found = account::balances_of_consent(&mut self.db.read().await?, consent, customer).await?;
        let now = self.clock.now();
        found.into_iter().map(|(account, amounts)| balance(account, amounts, now)).collect()
    }

    /// How much is in one account, which exists: a consent was given for it.
    pub(crate) async fn one_balance(&self, account: AccountId) -> Result<Balance> {
        let found = account::balance(&mut self.db.read().await?, account).await?;
        let amounts = found.ok_or(Error::Corrupt("an account of a consent"))?;
        balance(account, amounts, self.clock.now())
    }
}

fn balance(account: AccountId, amounts: Amounts, at: Instant) -> Result<Balance> {
    let Amounts { booked, pending, credit_line } = amounts;
    let available = booked.plus(pending).ok_or(Error::Corrupt("a balance"))?;
    Ok(Balance { account, booked, available, credit_line, at })
}
