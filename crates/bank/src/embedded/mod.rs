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
use lombard_domain::account::{Balance, Product};
use lombard_domain::id::StatementId;
use lombard_domain::money::Money;
use lombard_domain::permission::{
    ConfirmFunds, ReadAccounts, ReadBalances, ReadBeneficiaries, ReadDirectDebits, ReadOffers, ReadParties,
    ReadPartyCustomer, ReadProducts, ReadScheduledPayments, ReadStandingOrders, ReadStatementFiles, ReadStatements,
    ReadTransactions, Window,
};
use lombard_domain::time::Clock;
use lombard_store::Db;

use crate::port::{Answer, Bank, ListQuery, Reach, TransactionQuery};
use crate::view::{
    AccountView, BeneficiaryView, DirectDebitView, OfferView, Page, PartyView, ScheduledPaymentView, StandingOrderView,
    StatementFile, StatementView, TransactionPage,
};

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
        reach: Reach<'a, ReadTransactions>,
        query: TransactionQuery,
    ) -> Answer<'a, TransactionPage> {
        Box::pin(async move { self.page(reach.account().unwrap(), reach.shade(), query).await })
    }

    fn standing_orders<'a>(
        &'a self,
        reach: Reach<'a, ReadStandingOrders>,
        query: ListQuery,
    ) -> Answer<'a, Page<StandingOrderView>> {
        Box::pin(async move {
            let _ = query;
            let items = self.orders_of(reach.account().unwrap(), reach.shade()).await?;
            Ok(Page { items, prev: None, next: None })
        })
    }

    fn beneficiaries<'a>(
        &'a self,
        _reach: Reach<'a, ReadBeneficiaries>,
        _query: ListQuery,
    ) -> Answer<'a, Page<BeneficiaryView>> {
        Box::pin(async { Ok(Page { items: vec![], prev: None, next: None }) })
    }

    fn direct_debits<'a>(
        &'a self,
        _reach: Reach<'a, ReadDirectDebits>,
        _query: ListQuery,
    ) -> Answer<'a, Page<DirectDebitView>> {
        Box::pin(async { Ok(Page { items: vec![], prev: None, next: None }) })
    }

    fn scheduled_payments<'a>(
        &'a self,
        _reach: Reach<'a, ReadScheduledPayments>,
        _query: ListQuery,
    ) -> Answer<'a, Page<ScheduledPaymentView>> {
        Box::pin(async { Ok(Page { items: vec![], prev: None, next: None }) })
    }

    fn offers<'a>(&'a self, _reach: Reach<'a, ReadOffers>, _query: ListQuery) -> Answer<'a, Page<OfferView>> {
        Box::pin(async { Ok(Page { items: vec![], prev: None, next: None }) })
    }

    fn products<'a>(&'a self, _reach: Reach<'a, ReadProducts>) -> Answer<'a, Vec<Product>> {
        Box::pin(async { Ok(vec![]) })
    }

    fn parties<'a>(&'a self, _access: &'a AccountAccess<ReadParties>) -> Answer<'a, Vec<PartyView>> {
        Box::pin(async { Ok(vec![]) })
    }

    fn customer<'a>(&'a self, _access: &'a ConsentAccess<ReadPartyCustomer>) -> Answer<'a, PartyView> {
        Box::pin(async { unimplemented!() })
    }

    fn statements<'a>(
        &'a self,
        _reach: Reach<'a, ReadStatements>,
        _window: Window,
        _query: ListQuery,
    ) -> Answer<'a, Page<StatementView>> {
        Box::pin(async { Ok(Page { items: vec![], prev: None, next: None }) })
    }

    fn statement<'a>(
        &'a self,
        _access: &'a AccountAccess<ReadStatements>,
        _statement: StatementId,
    ) -> Answer<'a, Option<StatementView>> {
        Box::pin(async { Ok(None) })
    }

    fn statement_transactions<'a>(
        &'a self,
        _access: &'a AccountAccess<ReadTransactions>,
        _statement: StatementId,
        _query: TransactionQuery,
    ) -> Answer<'a, Option<TransactionPage>> {
        Box::pin(async { Ok(None) })
    }

    fn statement_file<'a>(
        &'a self,
        _access: &'a AccountAccess<ReadStatementFiles>,
        _statement: StatementId,
    ) -> Answer<'a, Option<StatementFile>> {
        Box::pin(async { Ok(None) })
    }

    fn funds<'a>(&'a self, _access: &'a ConsentAccess<ConfirmFunds>, _amount: Money) -> Answer<'a, Option<bool>> {
        Box::pin(async { Ok(None) })
    }
}
