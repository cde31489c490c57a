//! The bank in our own database.
//!
//! The methods of the port unpack the capability and hand on what it says; the functions beside them, which take plain identifiers
//! and shades, can be called by nobody else.

mod account;
mod balance;
mod directory;
mod standing_order;
#[cfg(test)]
mod tests;
mod transaction;

use std::sync::Arc;

use lombard_auth::access::{AccountAccess, ConsentAccess};
use lombard_domain::account::Balance;
use lombard_domain::permission::{ReadAccounts, ReadBalances, ReadStandingOrders, ReadTransactions};
use lombard_domain::time::Clock;
use lombard_store::Db;

use crate::port::{Answer, Bank, TransactionQuery};
use crate::view::{AccountView, StandingOrderView, TransactionPage};

/// The bank in our own database. Cheap to clone.
#[derive(Clone)]
pub struct EmbeddedBank {
    db: Db,
    clock: Arc<dyn Clock>,
}

impl EmbeddedBank {
    /// The bank in a database.
    #[must_use]
    pub fn new(db: Db, clock: Arc<dyn Clock>) -> Self {
        Self { db, clock }
    }
}

impl Bank for EmbeddedBank {
    fn accounts<'a>(&'a self, access: &'a ConsentAccess<ReadAccounts>) -> Answer<'a, Vec<AccountView>> {
        Box::pin(self.accounts_in(access.consent(), access.customer(), access.shade()))
    }

    fn account<'a>(&'a self, access: &'a AccountAccess<ReadAccounts>) -> Answer<'a, AccountView> {
        Box::pin(self.one_account(access.account(), access.shade()))
    }

    fn balances<'a>(&'a self, access: &'a ConsentAccess<ReadBalances>) -> Answer<'a, Vec<Balance>> {
        Box::pin(self.balances_in(access.consent(), access.customer()))
    }

    fn balance<'a>(&'a self, access: &'a AccountAccess<ReadBalances>) -> Answer<'a, Balance> {
        Box::pin(self.one_balance(access.account()))
    }

    fn transactions<'a>(
        &'a self,
        access: &'a AccountAccess<ReadTransactions>,
        query: TransactionQuery,
    ) -> Answer<'a, TransactionPage> {
        Box::pin(self.page(access.account(), access.shade(), query))
    }

    fn standing_orders<'a>(
        &'a self,
        access: &'a AccountAccess<ReadStandingOrders>,
    ) -> Answer<'a, Vec<StandingOrderView>> {
        Box::pin(self.orders_of(access.account(), access.shade()))
    }
}
