//! Customers' orders to pay again and again.

use lombard_domain::account::{Identification, StandingOrder};
use lombard_domain::id::StandingOrderKind;
use lombard_domain::money::Money;
use lombard_domain::text::Text;

use crate::account::currency;
use crate::crypt::Place;
use crate::data_key::{self, Owner, Sealing};
use crate::db::{Keys, Tx};
use crate::driver::{Row, Value};
use crate::error::{Error, Result};
use crate::list::{Bounds, ListQuery, Towards};
use crate::stored::{self, Fingerprint, Fresh, Stored};
use crate::vault::Index;

/// The personal fields, as they are sealed.
#[derive(serde::Serialize, serde::Deserialize)]
struct Personal {
    purpose: Option<Text<140>>,
    scheme: String,
    number: String,
}

/// Stores standing orders that are not there yet; what became of each, in order.
///
/// # Errors
/// When the database fails, also because an account does not exist.
pub async fn add_missing(tx: &mut Tx, orders: &[StandingOrder]) -> Result<Vec<Stored>> {
    let keys = tx.keys()?;
    let sealing = data_key::of(tx, orders.iter().map(|order| Owner::Account(order.account))).await?;
    let rows = orders.iter().map(|order| RowOut::of(&keys, &sealing, order)).collect::<Result<Vec<_>>>()?;
    stored::add(
        tx,
        "-- standing_order::add_missing
        INSERT INTO standing_order (id, source, account_id, amount_minor, frequency, sealed, content)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT DO NOTHING",
        "-- standing_order::compare
        SELECT id, content FROM standing_order
        WHERE id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
            $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)",
        &rows,
    )
    .await
}

/// One page of standing orders, in order of account and identifier whichever way the page was reached.
///
/// # Errors
/// [`Error::Corrupt`] if a row cannot be read.
pub async fn page(tx: &mut Tx, query: &ListQuery) -> Result<Vec<StandingOrder>> {
    let bounds = Bounds::of::<StandingOrderKind>(query);
    match query.towards {
        Towards::Newer => later(tx, &bounds).await,
        Towards::Older => earlier(tx, &bounds).await,
    }
}

async fn later(tx: &mut Tx, bounds: &Bounds) -> Result<Vec<StandingOrder>> {
    let keys = tx.keys()?;
    tx.all(
        "-- standing_order::later
        SELECT s.id, s.source, s.account_id, s.amount_minor, s.frequency, s.sealed, a.currency
        FROM consent_account c CROSS JOIN account_holder h CROSS JOIN account a CROSS JOIN standing_order s
        WHERE c.consent_id = $1 AND c.account_id >= $2 AND c.account_id <= $3
            AND h.account_id = c.account_id AND h.customer_id = $4 AND a.id = c.account_id AND a.status = 'Enabled'
            AND s.account_id = c.account_id AND s.id > CASE WHEN c.account_id = $2 THEN $5 ELSE '' END
            AND s.id <= (SELECT MAX(n.id) FROM (
                SELECT i.id FROM standing_order i
                WHERE i.account_id = c.account_id AND i.id > CASE WHEN c.account_id = $2 THEN $5 ELSE '' END
                ORDER BY i.id LIMIT (SELECT CAST($6 AS BIGINT))) n)
        ORDER BY c.account_id, s.id LIMIT $6",
        &bounds.params(),
        |row| decode(&keys, row),
    )
    .await
}

async fn earlier(tx: &mut Tx, bounds: &Bounds) -> Result<Vec<StandingOrder>> {
    let keys = tx.keys()?;
    let mut rows = tx
        .all(
            "-- standing_order::earlier
            SELECT s.id, s.source, s.account_id, s.amount_minor, s.frequency, s.sealed, a.currency
            FROM consent_account c CROSS JOIN account_holder h CROSS JOIN account a CROSS JOIN standing_order s
            WHERE c.consent_id = $1 AND c.account_id >= $2 AND c.account_id <= $3
                AND h.account_id = c.account_id AND h.customer_id = $4 AND a.id = c.account_id AND a.status = 'Enabled'
                AND s.account_id = c.account_id AND s.id < CASE WHEN c.account_id = $3 THEN $5 ELSE '~' END
                AND s.id >= (SELECT MIN(n.id) FROM (
                    SELECT i.id FROM standing_order i
                    WHERE i.account_id = c.account_id AND i.id < CASE WHEN c.account_id = $3 THEN $5 ELSE '~' END
                    ORDER BY i.id DESC LIMIT (SELECT CAST($6 AS BIGINT))) n)
            ORDER BY c.account_id DESC, s.id DESC LIMIT $6",
            &bounds.params(),
            |row| decode(&keys, row),
        )
        .await?;
    rows.reverse();
    Ok(rows)
}

/// A standing order as it is written: everything that the parameters borrow from.
struct RowOut<'a> {
    id: String,
    source: &'a str,
    account: String,
    amount: i64,
    frequency: &'static str,
    sealed: Vec<u8>,
    content: Vec<u8>,
}

impl<'a> RowOut<'a> {
    fn of(keys: &Keys, sealing: &Sealing, order: &'a StandingOrder) -> Result<Self> {
        let id = order.id.to_string();
        let account = order.account.to_string();
        let personal = serde_json::to_vec(&Personal {
            purpose: order.purpose.clone(),
            scheme: order.creditor.scheme().code().to_owned(),
            number: order.creditor.number().to_owned(),
        })
        .map_err(|_| Error::Corrupt("standing_order.sealed"))?;
        let content = keys.vault().digest(
            Index::Import,
            &[
                b"standing order",
                order.source.as_str().as_bytes(),
                account.as_bytes(),
                &order.amount.minor().to_be_bytes(),
                order.amount.currency().code().as_bytes(),
                order.frequency.code().as_bytes(),
                &personal,
            ],
        );
        Ok(Self {
            source: order.source.as_str(),
            account,
            amount: order.amount.minor(),
            frequency: order.frequency.code(),
            sealed: sealing.seal(Owner::Account(order.account), place(&id), &personal)?,
            content: content.to_vec(),
            id,
        })
    }
}

impl Fresh<7> for RowOut<'_> {
    fn fingerprint(&self) -> Fingerprint<'_> {
        (&self.id, &self.content)
    }

    fn values(&self) -> [Value<'_>; 7] {
        [&self.id, &self.source, &self.account, &self.amount, &self.frequency, &self.sealed, &self.content]
    }
}

fn decode(keys: &Keys, row: &Row<'_>) -> Result<StandingOrder> {
    let corrupt = || Error::Corrupt("standing_order");
    let text = |column| row.get::<String>(column);
    let id = text(0)?;
    let sealed: Vec<u8> = row.get(5)?;
    let personal: Personal = serde_json::from_slice(&keys.crypt().open(place(&id), &sealed)?).map_err(|_| corrupt())?;
    let scheme = personal.scheme.parse().map_err(|_| corrupt())?;
    Ok(StandingOrder {
        id: id.parse().map_err(|_| corrupt())?,
        account: text(2)?.parse().map_err(|_| corrupt())?,
        source: Text::new(&text(1)?).map_err(|_| corrupt())?,
        amount: Money::new(row.get(3)?, currency(&text(6)?)?),
        frequency: text(4)?.parse().map_err(|_| corrupt())?,
        purpose: personal.purpose,
        creditor: Identification::new(scheme, &personal.number).map_err(|_| corrupt())?,
    })
}

fn place(row: &str) -> Place<'_> {
    Place { table: "standing_order", column: "sealed", row }
}
