//! The port through which the API asks for data. A bank's core can stand behind it as well as our own database.

use std::future::Future;
use std::pin::Pin;

use lombard_auth::access::{AccountAccess, ConsentAccess};
use lombard_domain::account::Balance;
use lombard_domain::permission::{ReadAccounts, ReadBalances, ReadStandingOrders, ReadTransactions, Window};

use crate::error::Result;
use crate::page::PageKey;
use crate::view::{AccountView, StandingOrderView, TransactionPage};

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

    /// A page of what happened on an account, the newest first.
    fn transactions<'a>(
        &'a self,
        access: &'a AccountAccess<ReadTransactions>,
        query: TransactionQuery,
    ) -> Answer<'a, TransactionPage>;

    /// The standing orders of an account.
    fn standing_orders<'a>(
        &'a self,
        access: &'a AccountAccess<ReadStandingOrders>,
    ) -> Answer<'a, Vec<StandingOrderView>>;
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

/// Transactions on a page, unless another number is asked for.
pub const PAGE_SIZE: usize = 25;
/// Transactions on a page at most.
pub const PAGE_SIZE_MAX: usize = 1000;
