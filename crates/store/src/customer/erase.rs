//! Customers of whom nothing personal may be left.

use lombard_domain::account::AccountStatus;
use lombard_domain::id::{AccountId, CustomerId};
use lombard_domain::time::Instant;

use crate::data_key::{self, Owner};
use crate::db::Tx;
use crate::driver::Value;
use crate::error::{Error, Result};

/// What was erased with a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erased {
    /// The accounts that nobody else held, with everything that had happened on them.
    pub accounts: Vec<AccountId>,
    /// How many data keys were destroyed.
    pub keys: u64,
}

/// Erases a customer, and the accounts that nobody else holds; `None` if there is no such customer, or not any more.
///
/// The rows that consents and the audit trail refer to stay, with nothing in them but their identifier. Consents are ended by whoever
/// calls this; their grants end here.
///
/// # Errors
/// When the database fails.
pub async fn erase(tx: &mut Tx, id: CustomerId, now: Instant) -> Result<Option<Erased>> {
    let customer = id.to_string();
    let nothing: &[u8] = &[];
    let touched = tx
        .exec(
            "-- customer::erase
            UPDATE customer SET source = id, username_index = $1, password_hash = NULL, totp_sealed = NULL, totp_step = 0,
                sealed = $2, content = $2, erased_at = $3
            WHERE id = $4 AND erased_at IS NULL",
            // The index of a name has another length than an identifier, so this is nobody's.
            &[&customer.as_bytes(), &nothing, &now.micros(), &customer],
        )
        .await?;
    if touched == 0 {
        return Ok(None);
    }
    let accounts = sole_accounts(tx, &customer).await?;
    for statement in OF_CUSTOMER {
        tx.exec(statement, &[&customer]).await?;
    }
    tx.exec(
        "-- customer::end_grants
        UPDATE consent_grant SET nonce = NULL, revoked_at = COALESCE(revoked_at, $1) WHERE customer_id = $2",
        &[&now.micros(), &customer],
    )
    .await?;
    let names: Vec<String> = accounts.iter().map(ToString::to_string).collect();
    let sets: Vec<[Value<'_>; 1]> = names.iter().map(|name| -> [Value<'_>; 1] { [name] }).collect();
    for statement in OF_ACCOUNT {
        tx.exec_many(statement, &sets).await?;
    }
    let closed = AccountStatus::Deleted.code();
    let sets: Vec<[Value<'_>; 3]> = names.iter().map(|name| -> [Value<'_>; 3] { [&nothing, &closed, name] }).collect();
    tx.exec_many(
        "-- customer::erase_account
        UPDATE account SET source = id, sealed = $1, content = $1, status = $2, switched = 0, booked_minor = 0, pending_minor = 0,
            credit_line = NULL
        WHERE id = $3",
        &sets,
    )
    .await?;
    let owners: Vec<Owner> = accounts.iter().map(|id| Owner::Account(*id)).chain([Owner::Customer(id)]).collect();
    let keys = data_key::destroy(tx, &owners).await?;
    Ok(Some(Erased { accounts, keys }))
}

/// The accounts that nobody else holds.
async fn sole_accounts(tx: &mut Tx, customer: &str) -> Result<Vec<AccountId>> {
    tx.all(
        "-- customer::sole_accounts
        SELECT h.account_id FROM account_holder h
        WHERE h.customer_id = $1 AND NOT EXISTS (
            SELECT 1 FROM account_holder o WHERE o.account_id = h.account_id AND o.customer_id <> $1)
        ORDER BY h.account_id",
        &[&customer],
        |row| row.get::<String>(0)?.parse().map_err(|_| Error::Corrupt("account_holder.account_id")),
    )
    .await
}

/// What goes with a customer.
const OF_CUSTOMER: [&str; 9] = [
    "-- customer::erase_alarms
    DELETE FROM alarm WHERE accused = $1",
    "-- customer::erase_measures
    DELETE FROM measure WHERE accused = $1",
    "-- customer::erase_holdings
    DELETE FROM account_holder WHERE customer_id = $1",
    "-- customer::erase_contact
    DELETE FROM contact WHERE customer_id = $1",
    "-- customer::erase_sessions
    DELETE FROM session WHERE customer_id = $1",
    "-- customer::erase_devices
    DELETE FROM device WHERE customer_id = $1",
    "-- customer::erase_receipts
    DELETE FROM receipt WHERE customer_id = $1",
    "-- customer::erase_interactions
    DELETE FROM interaction WHERE customer_id = $1",
    "-- customer::erase_named_accounts
    UPDATE consent SET sealed = NULL WHERE customer_id = $1",
];

/// What goes with an account.
const OF_ACCOUNT: [&str; 9] = [
    "-- customer::erase_transactions
    DELETE FROM account_transaction WHERE account_id = $1",
    "-- customer::erase_past_transactions
    DELETE FROM transaction_past WHERE account_id = $1",
    "-- customer::erase_beneficiaries
    DELETE FROM beneficiary WHERE account_id = $1",
    "-- customer::erase_direct_debits
    DELETE FROM direct_debit WHERE account_id = $1",
    "-- customer::erase_scheduled_payments
    DELETE FROM scheduled_payment WHERE account_id = $1",
    "-- customer::erase_standing_orders
    DELETE FROM standing_order WHERE account_id = $1",
    "-- customer::erase_statements
    DELETE FROM statement WHERE account_id = $1",
    "-- customer::erase_offers
    DELETE FROM offer WHERE account_id = $1",
    "-- customer::erase_product
    DELETE FROM product WHERE account_id = $1",
];
