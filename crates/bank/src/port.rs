//! The port through which the API asks for data. A bank's core can stand behind it as well as our own database.

use std::future::Future;
use std::pin::Pin;

use lombard_auth::access::{AccountAccess, ConsentAccess};
use lombard_domain::account::{Balance, Product};
use lombard_domain::id::{AccountId, ConsentId, CustomerId, StatementId};
use lombard_domain::money::Money;
use lombard_domain::permission::{
    ConfirmFunds, ReadAccounts, ReadBalances, ReadBeneficiaries, ReadDirectDebits, ReadOffers, ReadParties,
    ReadPartyCustomer, ReadProducts, ReadScheduledPayments, ReadStandingOrders, ReadStatementFiles, ReadStatements,
    ReadTransactions, Right, Window,
};

use crate::error::Result;
use crate::page::{ListKey, PageKey, StatementKey};
use crate::view::{
    AccountView, BeneficiaryView, DirectDebitView, OfferView, Page, PartyView, ScheduledPaymentView, StandingOrderView,
    StatementFile, StatementView, SyncPage, TransactionPage,
};

/// An answer that is being looked up.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// The bank. Every method takes the capability for what it gives.
pub trait Bank: Send + Sync {
    /// The accounts of a consent.
    fn accounts<'a>(&'a self, access: &'a ConsentAccess<ReadAccounts>) -> Answer<'a, Vec<AccountView>>;

    /// One account.
    fn account<'a>(&'a self, access: &'a AccountAccess<ReadAccounts>) -> Answer<'a, AccountView>;

    /// How much is in the accounts of a consent.
    fn balances<'a>(&'a self, access: &'a ConsentAccess<ReadBalances>) -> Answer<'a, Vec<Balance>>;

    /// How much is in one account.
    fn balance<'a>(&'a self, access: &'a AccountAccess<ReadBalances>) -> Answer<'a, Balance>;

    /// A page of what happened, account by account, the newest first.
    fn transactions<'a>(
        &'a self,
        reach: Reach<'a, ReadTransactions>,
        query: TransactionQuery,
    ) -> Answer<'a, TransactionPage>;

    /// How the transactions of an account have changed since last time; `None` if the cursor is none that was given out for this
    /// account under this consent, or the data that it belongs to is not there any more.
    fn changes<'a>(
        &'a self,
        access: &'a AccountAccess<ReadTransactions>,
        query: SyncQuery,
    ) -> Answer<'a, Option<SyncPage>>;

    /// A page of standing orders.
    fn standing_orders<'a>(
        &'a self,
        reach: Reach<'a, ReadStandingOrders>,
        query: ListQuery,
    ) -> Answer<'a, Page<StandingOrderView>>;

    /// A page of beneficiaries.
    fn beneficiaries<'a>(
        &'a self,
        reach: Reach<'a, ReadBeneficiaries>,
        query: ListQuery,
    ) -> Answer<'a, Page<BeneficiaryView>>;

    /// A page of direct debits.
    fn direct_debits<'a>(
        &'a self,
        reach: Reach<'a, ReadDirectDebits>,
        query: ListQuery,
    ) -> Answer<'a, Page<DirectDebitView>>;

    /// A page of payments planned for later.
    fn scheduled_payments<'a>(
        &'a self,
        reach: Reach<'a, ReadScheduledPayments>,
        query: ListQuery,
    ) -> Answer<'a, Page<ScheduledPaymentView>>;

    /// A page of offers.
    fn offers<'a>(&'a self, reach: Reach<'a, ReadOffers>, query: ListQuery) -> Answer<'a, Page<OfferView>>;

    /// The products that accounts are; an account of which the bank knows no product is left out.
    fn products<'a>(&'a self, reach: Reach<'a, ReadProducts>) -> Answer<'a, Vec<Product>>;

    /// The customer's own part in an account.
    fn party<'a>(&'a self, access: &'a AccountAccess<ReadParties>) -> Answer<'a, PartyView>;

    /// Who holds an account. How others than the customer can be reached is not told.
    fn parties<'a>(&'a self, access: &'a AccountAccess<ReadParties>) -> Answer<'a, Vec<PartyView>>;

    /// Who the customer is.
    fn customer<'a>(&'a self, access: &'a ConsentAccess<ReadPartyCustomer>) -> Answer<'a, PartyView>;

    /// A page of statements, account by account, the newest first.
    fn statements<'a>(
        &'a self,
        reach: Reach<'a, ReadStatements>,
        query: StatementQuery,
    ) -> Answer<'a, Page<StatementView, StatementKey>>;

    /// One statement; `None` if the account has none under this name, or it may not be seen.
    fn statement<'a>(
        &'a self,
        access: &'a AccountAccess<ReadStatements>,
        statement: StatementId,
    ) -> Answer<'a, Option<StatementView>>;

    /// A page of what happened between the two days of a statement; `None` as for [`Bank::statement`].
    fn statement_transactions<'a>(
        &'a self,
        access: &'a AccountAccess<ReadTransactions>,
        statement: StatementId,
        query: TransactionQuery,
    ) -> Answer<'a, Option<TransactionPage>>;

    /// A statement as a document with the bank's name at its head; `None` as for [`Bank::statement`].
    fn statement_file<'a>(
        &'a self,
        access: &'a AccountAccess<ReadStatementFiles>,
        statement: StatementId,
        bank_name: &'a str,
    ) -> Answer<'a, Option<StatementFile>>;

    /// Whether there is so much in the one account of a consent at this moment; `None` if it is kept in another currency.
    fn funds<'a>(&'a self, access: &'a ConsentAccess<ConfirmFunds>, amount: Money) -> Answer<'a, Option<bool>>;
}

/// Of which accounts something is read: of one, or of all that the consent is for.
pub enum Reach<'a, R: Right> {
    /// One account.
    Account(&'a AccountAccess<R>),
    /// All accounts of a consent.
    Consent(&'a ConsentAccess<R>),
}

impl<'a, R: Right> Reach<'a, R> {
    /// The right to read, whichever account is meant.
    #[must_use]
    pub fn access(&self) -> &'a ConsentAccess<R> {
        match self {
            Self::Account(access) => access.consent(),
            Self::Consent(access) => access,
        }
    }

    /// The one account, if one is meant.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::Account(access) => Some(access.account()),
            Self::Consent(_) => None,
        }
    }

    /// The consent.
    #[must_use]
    pub fn consent(&self) -> ConsentId {
        self.access().consent()
    }

    /// The customer who gave it.
    #[must_use]
    pub fn customer(&self) -> CustomerId {
        self.access().customer()
    }

    /// How much may be seen.
    #[must_use]
    pub fn shade(&self) -> R::Shade {
        self.access().shade()
    }
}

/// Which page of a list is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListQuery {
    /// Where the page begins; without it, at the beginning.
    pub page: Option<ListKey>,
    /// How many at most: 1 to [`PAGE_SIZE_MAX`]; other numbers are moved to the nearest of these.
    pub size: usize,
}

impl Default for ListQuery {
    fn default() -> Self {
        Self { page: None, size: LIST_SIZE }
    }
}

/// Which statements are wanted. What the consent does not allow is left out whatever is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatementQuery {
    /// Where the page begins; without it, at the newest statement of the first account.
    pub page: Option<StatementKey>,
    /// Only statements that lie wholly in it.
    pub window: Window,
    /// How many at most: 1 to [`PAGE_SIZE_MAX`]; other numbers are moved to the nearest of these.
    pub size: usize,
}

impl Default for StatementQuery {
    fn default() -> Self {
        Self { page: None, window: Window::default(), size: LIST_SIZE }
    }
}

/// Which transactions are wanted. What the consent does not allow is left out whatever is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransactionQuery {
    /// Where the page begins; without it, at the newest transaction.
    pub page: Option<PageKey>,
    /// Booked when.
    pub window: Window,
    /// How many at most: 1 to [`PAGE_SIZE_MAX`]; other numbers are moved to the nearest of these.
    pub size: usize,
}

impl Default for TransactionQuery {
    fn default() -> Self {
        Self { page: None, window: Window::default(), size: PAGE_SIZE }
    }
}

/// Which changes are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncQuery {
    /// What the last answer said to ask with; without it, everything is new.
    pub cursor: Option<String>,
    /// How many at most: 1 to [`SYNC_SIZE_MAX`]; other numbers are moved to the nearest of these.
    pub size: usize,
}

/// Changes in one answer, unless another number is asked for.
pub const SYNC_SIZE: usize = 100;
/// Changes in one answer at most.
pub const SYNC_SIZE_MAX: usize = 500;
/// Entries of another list on a page, unless another number is asked for.
pub const LIST_SIZE: usize = 100;
/// Transactions on a page, unless another number is asked for.
pub const PAGE_SIZE: usize = 25;
/// Entries on a page at most.
pub const PAGE_SIZE_MAX: usize = 1000;
