//! Payments planned for a later day.

use lombard_domain::account::{Identification, ScheduledPayment};
use lombard_domain::id::{ScheduledPaymentId, ScheduledPaymentKind};
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
    reference: Option<Text<35>>,
    name: Option<Text<140>>,
    scheme: String,
    number: String,
}

/// Stores scheduled payments that are not there yet; what became of each, in order.
///
/// # Errors
/// When the database fails, also because an account does not exist.
pub async fn add_missing(tx: &mut Tx, payments: &[ScheduledPayment]) -> Result<Vec<Stored>> {
    let keys = tx.keys()?;
    let sealing = data_key::of(tx, payments.iter().map(|payment| Owner::Account(payment.account))).await?;
    let rows = payments.iter().map(|payment| RowOut::of(&keys, &sealing, payment)).collect::<Result<Vec<_>>>()?;
    stored::add(
        tx,
        "-- scheduled_payment::add_missing
        INSERT INTO scheduled_payment (id, source, account_id, due_on, what, amount_minor, sealed, content)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT DO NOTHING",
        "-- scheduled_payment::compare
        SELECT id, content FROM scheduled_payment
        WHERE id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
            $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)",
        &rows,
    )
    .await
}

/// Removes scheduled payments; how many there were.
///
/// # Errors
/// When the database fails.
pub async fn remove(tx: &mut Tx, ids: &[ScheduledPaymentId]) -> Result<u64> {
    let ids: Vec<String> = ids.iter().map(ScheduledPaymentId::to_string).collect();
    let sets: Vec<[Value<'_>; 1]> = ids.iter().map(|id| -> [Value<'_>; 1] { [id] }).collect();
    let touched = tx
        .exec_many(
            "-- scheduled_payment::remove
            DELETE FROM scheduled_payment WHERE id = $1",
            &sets,
        )
        .await?;
    Ok(touched.iter().sum())
}

/// One page of scheduled payments, in order of account and identifier whichever way the page was reached.
///
/// # Errors
/// [`Error::Corrupt`] if a row cannot be read.
pub async fn page(tx: &mut Tx, query: &ListQuery) -> Result<Vec<ScheduledPayment>> {
    let bounds = Bounds::of::<ScheduledPaymentKind>(query);
    match query.towards {
        Towards::Newer => later(tx, &bounds).await,
        Towards::Older => earlier(tx, &bounds).await,
    }
}

async fn later(tx: &mut Tx, bounds: &Bounds) -> Result<Vec<ScheduledPayment>> {
    let keys = tx.keys()?;
    tx.all(
        "-- scheduled_payment::later
        SELECT s.id, s.source, s.account_id, s.due_on, s.what, s.amount_minor, s.sealed, a.currency
        FROM consent_account c CROSS JOIN account_holder h CROSS JOIN account a CROSS JOIN scheduled_payment s
        WHERE c.consent_id = $1 AND c.account_id >= $2 AND c.account_id <= $3
            AND h.account_id = c.account_id AND h.customer_id = $4 AND a.id = c.account_id AND a.status = 'Enabled'
            AND s.account_id = c.account_id AND s.id > CASE WHEN c.account_id = $2 THEN $5 ELSE '' END
            AND s.id <= (SELECT MAX(n.id) FROM (
                SELECT i.id FROM scheduled_payment i
                WHERE i.account_id = c.account_id AND i.id > CASE WHEN c.account_id = $2 THEN $5 ELSE '' END
                ORDER BY i.id LIMIT (SELECT CAST($6 AS BIGINT))) n)
        ORDER BY c.account_id, s.id LIMIT $6",
        &bounds.params(),
        |row| decode(&keys, row),
    )
    .await
}

async fn earlier(tx: &mut Tx, bounds: &Bounds) -> Result<Vec<ScheduledPayment>> {
    let keys = tx.keys()?;
    let mut rows = tx
        .all(
            "-- scheduled_payment::earlier
            SELECT s.id, s.source, s.account_id, s.due_on, s.what, s.amount_minor, s.sealed, a.currency
            FROM consent_account c CROSS JOIN account_holder h CROSS JOIN account a CROSS JOIN scheduled_payment s
            WHERE c.consent_id = $1 AND c.account_id >= $2 AND c.account_id <= $3
                AND h.account_id = c.account_id AND h.customer_id = $4 AND a.id = c.account_id AND a.status = 'Enabled'
                AND s.account_id = c.account_id AND s.id < CASE WHEN c.account_id = $3 THEN $5 ELSE '~' END
                AND s.id >= (SELECT MIN(n.id) FROM (
                    SELECT i.id FROM scheduled_payment i
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

/// A scheduled payment as it is written: everything that the parameters borrow from.
struct RowOut<'a> {
    id: String,
    source: &'a str,
    account: String,
    due_on: String,
    what: &'static str,
    amount: i64,
    sealed: Vec<u8>,
    content: Vec<u8>,
}

impl<'a> RowOut<'a> {
    fn of(keys: &Keys, sealing: &Sealing, payment: &'a ScheduledPayment) -> Result<Self> {
        let id = payment.id.to_string();
        let account = payment.account.to_string();
        let due_on = payment.on.to_string();
        let personal = serde_json::to_vec(&Personal {
            reference: payment.reference.clone(),
            name: payment.name.clone(),
            scheme: payment.creditor.scheme().code().to_owned(),
            number: payment.creditor.number().to_owned(),
        })
        .map_err(|_| Error::Corrupt("scheduled_payment.sealed"))?;
        let content = keys.vault().digest(
            Index::Import,
            &[
                b"scheduled payment",
                payment.source.as_str().as_bytes(),
                account.as_bytes(),
                due_on.as_bytes(),
                payment.what.code().as_bytes(),
                &payment.amount.minor().to_be_bytes(),
                payment.amount.currency().code().as_bytes(),
                &personal,
            ],
        );
        Ok(Self {
            source: payment.source.as_str(),
            what: payment.what.code(),
            amount: payment.amount.minor(),
            sealed: sealing.seal(Owner::Account(payment.account), place(&id), &personal)?,
            content: content.to_vec(),
            id,
            account,
            due_on,
        })
    }
}

impl Fresh<8> for RowOut<'_> {
    fn fingerprint(&self) -> Fingerprint<'_> {
        (&self.id, &self.content)
    }

    fn values(&self) -> [Value<'_>; 8] {
        [&self.id, &self.source, &self.account, &self.due_on, &self.what, &self.amount, &self.sealed, &self.content]
    }
}

fn decode(keys: &Keys, row: &Row<'_>) -> Result<ScheduledPayment> {
    let corrupt = || Error::Corrupt("scheduled_payment");
    let text = |column| row.get::<String>(column);
    let id = text(0)?;
    let sealed: Vec<u8> = row.get(6)?;
    let personal: Personal = serde_json::from_slice(&keys.crypt().open(place(&id), &sealed)?).map_err(|_| corrupt())?;
    let scheme = personal.scheme.parse().map_err(|_| corrupt())?;
    Ok(ScheduledPayment {
        id: id.parse().map_err(|_| corrupt())?,
        account: text(2)?.parse().map_err(|_| corrupt())?,
        source: Text::new(&text(1)?).map_err(|_| corrupt())?,
        on: text(3)?.parse().map_err(|_| corrupt())?,
        what: text(4)?.parse().map_err(|_| corrupt())?,
        amount: Money::new(row.get(5)?, currency(&text(7)?)?),
        reference: personal.reference,
        name: personal.name,
        creditor: Identification::new(scheme, &personal.number).map_err(|_| corrupt())?,
    })
}

fn place(row: &str) -> Place<'_> {
    Place { table: "scheduled_payment", column: "sealed", row }
}
