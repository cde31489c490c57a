//! Customers and what they sign in with.

mod erase;

use lombard_domain::id::CustomerId;
use lombard_domain::party::{Customer, Username};
use lombard_domain::secret::Secret;
use lombard_domain::text::Text;

use crate::crypt::Place;
use crate::data_key::{self, Owner};
use crate::db::Tx;
use crate::driver::Value;
use crate::error::{Error, Result};
use crate::stored::{self, Stored};
use crate::vault::{Index, Vault};

pub use erase::{Erased, erase};

/// What a customer signs in with.
pub struct Credentials {
    /// Who.
    pub customer: CustomerId,
    /// Their password's argon2id hash, as a PHC string; `None` if they cannot sign in yet.
    pub password_hash: Option<String>,
    /// The secret of their second factor.
    pub totp_secret: Option<Secret<Vec<u8>>>,
}

/// The personal fields, as they are sealed.
#[derive(serde::Serialize, serde::Deserialize)]
struct Personal {
    username: String,
    full_name: Text<140>,
    birth_date: Option<String>,
    email: Option<Text<254>>,
}

/// Stores customers that are not there yet; what became of each, in order.
///
/// # Errors
/// When the database fails. A user name that is another customer's is [`Stored::Clashes`].
pub async fn add_missing(tx: &mut Tx, customers: &[Customer]) -> Result<Vec<Stored>> {
    let keys = tx.keys()?;
    let sealing = data_key::of(tx, customers.iter().map(|customer| Owner::Customer(customer.id))).await?;
    let mut rows = Vec::with_capacity(customers.len());
    for customer in customers {
        let row = customer.id.to_string();
        let personal = encode(customer)?;
        let sealed = sealing.seal(Owner::Customer(customer.id), place(&row), &personal)?;
        let index = username_index(keys.vault(), &customer.username);
        let content = keys.vault().digest(Index::Import, &[customer.source.as_str().as_bytes(), &personal]).to_vec();
        rows.push((row, customer.source.as_str(), index, sealed, content));
    }
    let sets: Vec<[Value<'_>; 5]> = rows
        .iter()
        .map(|(id, source, index, sealed, content)| -> [Value<'_>; 5] { [id, source, index, sealed, content] })
        .collect();
    let touched = tx
        .exec_many(
            "-- customer::add_missing
            INSERT INTO customer (id, source, username_index, totp_step, sealed, content) VALUES ($1, $2, $3, 0, $4, $5)
            ON CONFLICT DO NOTHING",
            &sets,
        )
        .await?;
    let rows: Vec<_> = rows.iter().map(|(id, _, _, _, content)| (id.as_str(), content.as_slice())).collect();
    stored::settle(
        tx,
        "-- customer::compare
        SELECT id, content FROM customer
        WHERE id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
            $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)",
        &rows,
        &touched,
    )
    .await
}

/// The customer with this identifier.
///
/// # Errors
/// [`Error::Corrupt`] if the row cannot be read.
pub async fn find(tx: &mut Tx, id: CustomerId) -> Result<Option<Customer>> {
    let keys = tx.keys()?;
    tx.one(
        "-- customer::find
        SELECT id, source, sealed FROM customer WHERE id = $1 AND erased_at IS NULL",
        &[&id.to_string()],
        |row| decode(&keys, row),
    )
    .await
}

/// Up to `limit` customers in the order of their identifiers, after one of them.
///
/// # Errors
/// [`Error::Corrupt`] if a row cannot be read.
pub async fn list(tx: &mut Tx, after: Option<CustomerId>, limit: i64) -> Result<Vec<Customer>> {
    let keys = tx.keys()?;
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    tx.all(
        "-- customer::list
        SELECT id, source, sealed FROM customer WHERE id > $1 AND erased_at IS NULL ORDER BY id LIMIT $2",
        &[&after, &limit],
        |row| decode(&keys, row),
    )
    .await
}

/// What the customer with this user name signs in with.
///
/// # Errors
/// [`Error::Corrupt`] if the row cannot be read.
pub async fn credentials(tx: &mut Tx, username: &Username) -> Result<Option<Credentials>> {
    let keys = tx.keys()?;
    let index = username_index(keys.vault(), username);
    tx.one(
        "-- customer::credentials
        SELECT id, password_hash, totp_sealed FROM customer WHERE username_index = $1",
        &[&index],
        |row| {
            let id: String = row.get(0)?;
            let totp: Option<Vec<u8>> = row.get(2)?;
            Ok(Credentials {
                customer: id.parse().map_err(|_| Error::Corrupt("customer.id"))?,
                password_hash: row.get(1)?,
                totp_secret: totp
                    .map(|sealed| keys.crypt().open(totp_place(&id), &sealed))
                    .transpose()?
                    .map(Secret::new),
            })
        },
    )
    .await
}

/// The secret of a customer's second factor.
///
/// # Errors
/// [`Error::Corrupt`] if the row cannot be read.
pub async fn totp_secret(tx: &mut Tx, id: CustomerId) -> Result<Option<Secret<Vec<u8>>>> {
    let keys = tx.keys()?;
    let row = id.to_string();
    let secret = tx
        .one(
            "-- customer::totp_secret
            SELECT totp_sealed FROM customer WHERE id = $1",
            &[&row],
            |found| {
                let sealed: Option<Vec<u8>> = found.get(0)?;
                sealed.map(|sealed| keys.crypt().open(totp_place(&row), &sealed).map(Secret::new)).transpose()
            },
        )
        .await?;
    Ok(secret.flatten())
}

/// Sets a customer's password; whether there is such a customer.
///
/// # Errors
/// When the database fails.
pub async fn set_password(tx: &mut Tx, id: CustomerId, password_hash: &str) -> Result<bool> {
    let touched = tx
        .exec(
            "-- customer::set_password
            UPDATE customer SET password_hash = $1 WHERE id = $2 AND erased_at IS NULL",
            &[&password_hash, &id.to_string()],
        )
        .await?;
    Ok(touched == 1)
}

/// Sets one password for every customer who has none, which only a sandbox does; how many there were.
///
/// # Errors
/// When the database fails.
pub async fn set_missing_passwords(tx: &mut Tx, password_hash: &str) -> Result<u64> {
    tx.exec(
        "-- customer::set_missing_passwords
        UPDATE customer SET password_hash = $1 WHERE password_hash IS NULL AND erased_at IS NULL",
        &[&password_hash],
    )
    .await
}

/// Sets the secret of a customer's second factor; whether there is such a customer.
///
/// # Errors
/// When the database fails.
pub async fn set_totp(tx: &mut Tx, id: CustomerId, secret: &Secret<Vec<u8>>) -> Result<bool> {
    let row = id.to_string();
    let sealing = data_key::of(tx, [Owner::Customer(id)]).await?;
    let sealed = sealing.seal(Owner::Customer(id), totp_place(&row), secret.expose())?;
    let touched = tx
        .exec(
            "-- customer::set_totp
            UPDATE customer SET totp_sealed = $1, totp_step = 0 WHERE id = $2 AND erased_at IS NULL",
            &[&sealed, &row],
        )
        .await?;
    Ok(touched == 1)
}

/// Uses up a time step of the second factor; whether it, and no later one, had been used before is `false`.
///
/// # Errors
/// When the database fails.
pub async fn use_totp_step(tx: &mut Tx, id: CustomerId, step: i64) -> Result<bool> {
    let touched = tx
        .exec(
            "-- customer::use_totp_step
            UPDATE customer SET totp_step = $1 WHERE id = $2 AND totp_step < $1",
            &[&step, &id.to_string()],
        )
        .await?;
    Ok(touched == 1)
}

fn username_index(vault: &Vault, username: &Username) -> Vec<u8> {
    vault.digest(Index::Username, &[username.as_str().as_bytes()]).to_vec()
}

fn encode(customer: &Customer) -> Result<Vec<u8>> {
    let personal = Personal {
        username: customer.username.as_str().to_owned(),
        full_name: customer.full_name.clone(),
        birth_date: customer.birth_date.map(|date| date.to_string()),
        email: customer.email.clone(),
    };
    serde_json::to_vec(&personal).map_err(|_| Error::Corrupt("customer.sealed"))
}

pub(crate) fn decode(keys: &crate::db::Keys, row: &crate::driver::Row<'_>) -> Result<Customer> {
    let corrupt = || Error::Corrupt("customer");
    let id: String = row.get(0)?;
    let source: String = row.get(1)?;
    let sealed: Vec<u8> = row.get(2)?;
    let personal: Personal = serde_json::from_slice(&keys.crypt().open(place(&id), &sealed)?).map_err(|_| corrupt())?;
    Ok(Customer {
        id: id.parse().map_err(|_| corrupt())?,
        source: Text::new(&source).map_err(|_| corrupt())?,
        username: Username::new(&personal.username).map_err(|_| corrupt())?,
        full_name: personal.full_name,
        birth_date: personal.birth_date.map(|date| date.parse()).transpose().map_err(|_| corrupt())?,
        email: personal.email,
    })
}

fn place(row: &str) -> Place<'_> {
    Place { table: "customer", column: "sealed", row }
}

fn totp_place(row: &str) -> Place<'_> {
    Place { table: "customer", column: "totp_sealed", row }
}
