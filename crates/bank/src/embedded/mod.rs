//! The bank in our own database.
//!
//! The methods of the port unpack the capability and hand on what it says; the functions beside them, which take plain identifiers
//! and shades, can be called by nobody else.

mod account;
mod balance;
mod beneficiary;
mod direct_debit;
mod directory;
mod funds;
mod history;
mod list;
mod offer;
mod party;
mod product;
mod scheduled_payment;
mod standing_order;
mod statement;
mod statement_file;
mod sync;
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
    ReadTransactions,
};
use lombard_domain::time::Clock;
use lombard_store::Db;

use crate::document::Printer;
use crate::page::StatementKey;
use crate::port::{Answer, Bank, ListQuery, Reach, StatementQuery, SyncQuery, TransactionQuery};
use crate::view::{
    AccountView, BeneficiaryView, DirectDebitView, OfferView, Page, PartyView, ScheduledPaymentView, StandingOrderView,
    StatementFile, StatementView, SyncPage, TransactionPage,
};

/// The bank in our own database. Cheap to clone.
#[derive(Clone)]
pub struct EmbeddedBank {
    db: Db,
    clock: Arc<dyn Clock>,
    printer: Printer,
}

impl EmbeddedBank {
    /// The bank in a database.
    #[must_use]
    pub fn new(db: Db, clock: Arc<dyn Clock>) -> Self {
        Self { db, clock, printer: Printer::new() }
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
        Box::pin(self.transactions_under(reach.access(), reach.account(), query))
    }

    fn changes<'a>(
        &'a self,
        access: &'a AccountAccess<ReadTransactions>,
        query: SyncQuery,
    ) -> Answer<'a, Option<SyncPage>> {
        Box::pin(self.changes_under(access, query))
    }

    fn standing_orders<'a>(
        &'a self,
        reach: Reach<'a, ReadStandingOrders>,
        query: ListQuery,
    ) -> Answer<'a, Page<StandingOrderView>> {
        Box::pin(self.standing_orders_in(list::wanted(&reach), reach.shade(), query))
    }

    fn beneficiaries<'a>(
        &'a self,
        reach: Reach<'a, ReadBeneficiaries>,
        query: ListQuery,
    ) -> Answer<'a, Page<BeneficiaryView>> {
        Box::pin(self.beneficiaries_in(list::wanted(&reach), reach.shade(), query))
    }

    fn direct_debits<'a>(
        &'a self,
        reach: Reach<'a, ReadDirectDebits>,
        query: ListQuery,
    ) -> Answer<'a, Page<DirectDebitView>> {
        Box::pin(self.direct_debits_in(list::wanted(&reach), query))
    }

    fn scheduled_payments<'a>(
        &'a self,
        reach: Reach<'a, ReadScheduledPayments>,
        query: ListQuery,
    ) -> Answer<'a, Page<ScheduledPaymentView>> {
        Box::pin(self.scheduled_payments_in(list::wanted(&reach), reach.shade(), query))
    }

    fn offers<'a>(&'a self, reach: Reach<'a, ReadOffers>, query: ListQuery) -> Answer<'a, Page<OfferView>> {
        Box::pin(self.offers_in(list::wanted(&reach), query))
    }

    fn products<'a>(&'a self, reach: Reach<'a, ReadProducts>) -> Answer<'a, Vec<Product>> {
        Box::pin(self.products_in(list::wanted(&reach)))
    }

    fn party<'a>(&'a self, access: &'a AccountAccess<ReadParties>) -> Answer<'a, PartyView> {
        Box::pin(self.holder_of(access.account(), access.consent().customer()))
    }

    fn parties<'a>(&'a self, access: &'a AccountAccess<ReadParties>) -> Answer<'a, Vec<PartyView>> {
        Box::pin(self.holders_of(access.account(), access.consent().customer()))
    }

    fn customer<'a>(&'a self, access: &'a ConsentAccess<ReadPartyCustomer>) -> Answer<'a, PartyView> {
        Box::pin(self.who_is(access.customer()))
    }

    fn statements<'a>(
        &'a self,
        reach: Reach<'a, ReadStatements>,
        query: StatementQuery,
    ) -> Answer<'a, Page<StatementView, StatementKey>> {
        Box::pin(self.statements_under(reach.access(), list::wanted(&reach), query))
    }

    fn statement<'a>(
        &'a self,
        access: &'a AccountAccess<ReadStatements>,
        statement: StatementId,
    ) -> Answer<'a, Option<StatementView>> {
        Box::pin(self.one_statement(access, statement))
    }

    fn statement_transactions<'a>(
        &'a self,
        access: &'a AccountAccess<ReadTransactions>,
        statement: StatementId,
        query: TransactionQuery,
    ) -> Answer<'a, Option<TransactionPage>> {
        Box::pin(self.transactions_of_statement(access, statement, query))
    }

    fn statement_file<'a>(
        &'a self,
        access: &'a AccountAccess<ReadStatementFiles>,
        statement: StatementId,
        bank_name: &'a str,
    ) -> Answer<'a, Option<StatementFile>> {
        Box::pin(self.file_of_statement(access, statement, bank_name))
    }

    fn funds<'a>(&'a self, access: &'a ConsentAccess<ConfirmFunds>, amount: Money) -> Answer<'a, Option<bool>> {
        Box::pin(self.funds_in(access.consent(), access.customer(), amount))
    }
}
