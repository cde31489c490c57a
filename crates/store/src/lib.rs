//! The database: all SQL, each statement written once, for SQLite and PostgreSQL alike.
//!
//! It decides nothing: no rule of OAuth, of consents or of an API dialect lives here. A function takes domain types, runs one
//! statement and gives domain types back, or [`Error::Corrupt`] when a row cannot be one. Secrets are stored as digests, personal
//! fields sealed ([`crypt`]) with keys of their owners, which a key that is not in the database wraps.
//!
//! Statements number their placeholders `$1`, `$2`, … in order of first appearance (SQLite numbers them so), and their first line is
//! `-- noun::function`. The suite in `tests/it` runs every public function on both engines.

pub mod account;
pub mod at_rest;
pub mod audit;
pub mod backup;
pub mod beneficiary;
pub mod client;
pub mod consent;
pub mod contact;
pub mod crypt;
pub mod customer;
pub mod data_key;
mod db;
pub mod device;
pub mod direct_debit;
mod driver;
mod error;
pub mod funds;
pub mod grant;
pub mod interaction;
pub mod key;
pub mod list;
pub mod logo;
pub mod master;
pub mod migrate;
pub mod notification;
pub mod offer;
mod pressure;
pub mod product;
pub mod receipt;
pub mod scheduled_payment;
pub mod service_level;
pub mod session;
pub mod standing_order;
pub mod statement;
mod stored;
pub mod subscription;
pub mod token;
pub mod transaction;
pub mod unattended_access;
pub mod used_once;
mod vault;
pub mod watch;

pub use db::{Db, Options, Tx};
pub use error::{Error, Result};
pub use stored::Stored;
pub use vault::Index;
