//! The bank behind the API: accounts, balances, transactions and standing orders, and how they get into the database.
//!
//! Whoever wants data asks through the port [`Bank`], whose every method takes a capability that only `lombard_auth::access` can
//! make: no capability, no data. Answers are views that hold no more than the capability's shade allows. Nothing here knows HTTP or
//! an API dialect.

mod document;
mod embedded;
#[cfg(test)]
#[path = "../../store/tests/it/engines.rs"]
mod engines;
mod error;
pub mod import;
mod page;
mod port;
pub mod seed;
mod view;

pub use embedded::EmbeddedBank;
pub use error::{Error, Result};
pub use page::{BadPageKey, ListKey, PageKey, StatementKey};
pub use port::{
    Answer, Bank, LIST_SIZE, ListQuery, PAGE_SIZE, PAGE_SIZE_MAX, Reach, SYNC_SIZE, SYNC_SIZE_MAX, StatementQuery,
    SyncQuery, TransactionQuery,
};
pub use view::{
    AccountNumber, AccountView, Available, BeneficiaryView, CounterpartyView, CreditorView, DirectDebitView, OfferView,
    Page, PartyRole, PartyView, ScheduledPaymentView, StandingOrderView, StatementFile, StatementView, SyncPage,
    TransactionDetail, TransactionPage, TransactionView,
};
