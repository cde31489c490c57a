//! What is sealed, opened for a search whether any of it stands somewhere in the clear; and all that is stored, as it is.

use lombard_domain::secret::Secret;

use crate::crypt::Place;
use crate::db::Tx;
use crate::driver::Value;
use crate::error::Result;

/// A value that is sealed.
pub struct Known {
    /// What it is, in words that tell nothing of it.
    pub kind: &'static str,
    /// The value: a JSON text, or the bytes of a key.
    pub plain: Secret<Vec<u8>>,
}

struct Column {
    kind: &'static str,
    place: Place<'static>,
    sql: &'static str,
}

macro_rules! column {
    ($kind:literal, $table:literal, $column:literal, $sql:literal) => {
        Column { kind: $kind, place: Place { table: $table, column: $column, row: "" }, sql: $sql }
    };
}

/// Up to `limit` values of each sealed column, those of what is under way for minutes left out.
///
/// Identifiers are digests or drawn by chance, so the first ones are a fair sample.
///
/// # Errors
/// [`Error::Corrupt`](crate::Error::Corrupt) if a value cannot be opened.
pub async fn known(tx: &mut Tx, limit: i64) -> Result<Vec<Known>> {
    let keys = tx.keys()?;
    let mut known = Vec::new();
    for Column { kind, place, sql } in COLUMNS {
        let params: [Value<'_>; 1] = [&limit];
        let rows = tx.all(sql, &params, |row| {
            let id: String = row.get(0)?;
            let sealed: Vec<u8> = row.get(1)?;
            let plain = Secret::new(keys.crypt().open(Place { row: &id, ..*place }, &sealed)?);
            Ok(Known { kind, plain })
        });
        known.extend(rows.await?);
    }
    Ok(known)
}

/// Texts that may be read by anybody, and can be the same as one that is sealed: what products are called, what apps say.
///
/// # Errors
/// When the database fails.
pub async fn public(tx: &mut Tx) -> Result<Vec<String>> {
    tx.all(
        "-- at_rest::public
        SELECT metadata FROM client
        UNION SELECT name FROM product
        UNION SELECT description FROM product WHERE description IS NOT NULL
        UNION SELECT kind FROM account",
        &[],
        |row| row.get(0),
    )
    .await
}

const COLUMNS: &[Column] = &[
    column!(
        "a customer's name, birth date or e-mail address",
        "customer",
        "sealed",
        "-- at_rest::customers
        SELECT id, sealed FROM customer WHERE erased_at IS NULL ORDER BY id LIMIT $1"
    ),
    column!(
        "a second factor's secret",
        "customer",
        "totp_sealed",
        "-- at_rest::second_factors
        SELECT id, totp_sealed FROM customer WHERE totp_sealed IS NOT NULL ORDER BY id LIMIT $1"
    ),
    column!(
        "a customer's telephone number or address",
        "contact",
        "sealed",
        "-- at_rest::contacts
        SELECT customer_id, sealed FROM contact ORDER BY customer_id LIMIT $1"
    ),
    column!(
        "what a customer is told",
        "receipt",
        "sealed",
        "-- at_rest::receipts
        SELECT id, sealed FROM receipt ORDER BY id LIMIT $1"
    ),
    column!(
        "an account's number or nickname",
        "account",
        "sealed",
        "-- at_rest::accounts
        SELECT id, sealed FROM account WHERE id <> source ORDER BY id LIMIT $1"
    ),
    column!(
        "a transaction's description or counterparty",
        "account_transaction",
        "sealed",
        "-- at_rest::transactions
        SELECT id, sealed FROM account_transaction ORDER BY id LIMIT $1"
    ),
    column!(
        "a beneficiary",
        "beneficiary",
        "sealed",
        "-- at_rest::beneficiaries
        SELECT id, sealed FROM beneficiary ORDER BY id LIMIT $1"
    ),
    column!(
        "who may debit an account",
        "direct_debit",
        "sealed",
        "-- at_rest::direct_debits
        SELECT id, sealed FROM direct_debit ORDER BY id LIMIT $1"
    ),
    column!(
        "a planned payment",
        "scheduled_payment",
        "sealed",
        "-- at_rest::scheduled_payments
        SELECT id, sealed FROM scheduled_payment ORDER BY id LIMIT $1"
    ),
    column!(
        "a standing order",
        "standing_order",
        "sealed",
        "-- at_rest::standing_orders
        SELECT id, sealed FROM standing_order ORDER BY id LIMIT $1"
    ),
    column!(
        "an offer to a customer",
        "offer",
        "sealed",
        "-- at_rest::offers
        SELECT id, sealed FROM offer ORDER BY id LIMIT $1"
    ),
    column!(
        "a network that was accused",
        "alarm",
        "sealed",
        "-- at_rest::alarms
        SELECT id, sealed FROM alarm WHERE sealed IS NOT NULL ORDER BY id LIMIT $1"
    ),
    column!(
        "a network that something was done against",
        "measure",
        "sealed",
        "-- at_rest::measures
        SELECT id, sealed FROM measure WHERE sealed IS NOT NULL ORDER BY id LIMIT $1"
    ),
    column!(
        "by whom a measure was lifted, and why",
        "measure",
        "lift_sealed",
        "-- at_rest::lifts
        SELECT id, lift_sealed FROM measure WHERE lift_sealed IS NOT NULL ORDER BY id LIMIT $1"
    ),
    column!(
        "what is known of an app from the days before",
        "client_history",
        "sealed",
        "-- at_rest::histories
        SELECT client_id, sealed FROM client_history ORDER BY client_id LIMIT $1"
    ),
    column!(
        "the account that a consent names",
        "consent",
        "sealed",
        "-- at_rest::consents
        SELECT id, sealed FROM consent WHERE sealed IS NOT NULL ORDER BY id LIMIT $1"
    ),
    column!(
        "whom to ask about an app",
        "client",
        "contacts_sealed",
        "-- at_rest::clients
        SELECT id, contacts_sealed FROM client WHERE contacts_sealed IS NOT NULL ORDER BY id LIMIT $1"
    ),
    column!(
        "who has checked an app, and for whom",
        "client",
        "verified_sealed",
        "-- at_rest::verifications
        SELECT id, verified_sealed FROM client WHERE verified_sealed IS NOT NULL ORDER BY id LIMIT $1"
    ),
    column!(
        "a private key",
        "signing_key",
        "sealed",
        "-- at_rest::signing_keys
        SELECT kid, sealed FROM signing_key ORDER BY kid LIMIT $1"
    ),
    column!(
        "the key of the blind indexes",
        "vault",
        "sealed",
        "-- at_rest::vault
        SELECT name, sealed FROM vault ORDER BY name LIMIT $1"
    ),
];
