//! Who may take money from accounts.

use lombard_domain::account::{DirectDebit, PreviousPayment};
use lombard_domain::id::DirectDebitKind;
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
    name: Text<70>,
    mandate: Option<Text<35>>,
}

/// Stores direct debits that are not there yet; what became of each, in order.
///
/// # Errors
/// When the database fails, also because an account does not exist.
pub async fn add_missing(tx: &mut Tx, debits: &[DirectDebit]) -> Result<Vec<Stored>> {
    let keys = tx.keys()?;
    let sealing = data_key::of(tx, debits.iter().map(|debit| Owner::Account(debit.account))).await?;
    let rows = debits.iter().map(|debit| RowOut::of(&keys, &sealing, debit)).collect::<Result<Vec<_>>>()?;
    stored::add(
        tx,
        "-- direct_debit::add_missing
        INSERT INTO direct_debit (id, source, account_id, status, frequency, previous_on, previous_minor, sealed, content)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT DO NOTHING",
        "-- direct_debit::compare
        SELECT id, content FROM direct_debit
        WHERE id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
            $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)",
        &rows,
    )
    .await
}

/// Notes the last payments of direct debits that are there; for each, whether it was news.
///
/// What was paid on an earlier day than the payment that is known is no news.
///
/// # Errors
/// When the database fails.
pub async fn paid(tx: &mut Tx, debits: &[DirectDebit]) -> Result<Vec<bool>> {
    let rows: Vec<(String, Option<String>, Option<i64>)> = debits
        .iter()
        .map(|debit| {
            let previous = debit.previous.map(|previous| (previous.on.to_string(), previous.amount.minor()));
            let (on, minor) = previous.unzip();
            (debit.id.to_string(), on, minor)
        })
        .collect();
    let sets: Vec<[Value<'_>; 3]> = rows.iter().map(|(id, on, minor)| -> [Value<'_>; 3] { [on, minor, id] }).collect();
    let touched = tx
        .exec_many(
            "-- direct_debit::paid
            UPDATE direct_debit SET previous_on = $1, previous_minor = $2
            WHERE id = $3 AND (previous_on < $1 OR (previous_on = $1 AND previous_minor <> $2)
                OR (previous_on IS NULL AND $1 IS NOT NULL))",
            &sets,
        )
        .await?;
    Ok(touched.into_iter().map(|touched| touched == 1).collect())
}

/// One page of direct debits, in order of account and identifier whichever way the page was reached.
///
/// # Errors
/// [`Error::Corrupt`] if a row cannot be read.
pub async fn page(tx: &mut Tx, query: &ListQuery) -> Result<Vec<DirectDebit>> {
    let bounds = Bounds::of::<DirectDebitKind>(query);
    match query.towards {
        Towards::Newer => later(tx, &bounds).await,
        Towards::Older => earlier(tx, &bounds).await,
    }
}

async fn later(tx: &mut Tx, bounds: &Bounds) -> Result<Vec<DirectDebit>> {
    let keys = tx.keys()?;
    tx.all(
        "-- direct_debit::later
        SELECT d.id, d.source, d.account_id, d.status, d.frequency, d.previous_on, d.previous_minor, d.sealed, a.currency
        FROM consent_account c CROSS JOIN account_holder h CROSS JOIN account a CROSS JOIN direct_debit d
        WHERE c.consent_id = $1 AND c.account_id >= $2 AND c.account_id <= $3
            AND h.account_id = c.account_id AND h.customer_id = $4 AND a.id = c.account_id AND a.status = 'Enabled'
            AND d.account_id = c.account_id AND d.id > CASE WHEN c.account_id = $2 THEN $5 ELSE '' END
            AND d.id <= (SELECT MAX(n.id) FROM (
                SELECT i.id FROM direct_debit i
                WHERE i.account_id = c.account_id AND i.id > CASE WHEN c.account_id = $2 THEN $5 ELSE '' END
                ORDER BY i.id LIMIT (SELECT CAST($6 AS BIGINT))) n)
        ORDER BY c.account_id, d.id LIMIT $6",
        &bounds.params(),
        |row| decode(&keys, row),
    )
    .await
}

async fn earlier(tx: &mut Tx, bounds: &Bounds) -> Result<Vec<DirectDebit>> {
    let keys = tx.keys()?;
    let mut rows = tx
        .all(
            "-- direct_debit::earlier
            SELECT d.id, d.source, d.account_id, d.status, d.frequency, d.previous_on, d.previous_minor, d.sealed, a.currency
            FROM consent_account c CROSS JOIN account_holder h CROSS JOIN account a CROSS JOIN direct_debit d
            WHERE c.consent_id = $1 AND c.account_id >= $2 AND c.account_id <= $3
                AND h.account_id = c.account_id AND h.customer_id = $4 AND a.id = c.account_id AND a.status = 'Enabled'
                AND d.account_id = c.account_id AND d.id < CASE WHEN c.account_id = $3 THEN $5 ELSE '~' END
                AND d.id >= (SELECT MIN(n.id) FROM (
                    SELECT i.id FROM direct_debit i
                    WHERE i.account_id = c.account_id AND i.id < CASE WHEN c.account_id = $3 THEN $5 ELSE '~' END
                    ORDER BY i.id DESC LIMIT (SELECT CAST($6 AS BIGINT))) n)
            ORDER BY c.account_id DESC, d.id DESC LIMIT $6",
            &bounds.params(),
            |row| decode(&keys, row),
        )
        .await?;
    rows.reverse();
    Ok(rows)
}

/// A direct debit as it is written: everything that the parameters borrow from.
struct RowOut<'a> {
    id: String,
    source: &'a str,
    account: String,
    words: [&'static str; 2],
    previous_on: Option<String>,
    previous_minor: Option<i64>,
    sealed: Vec<u8>,
    content: Vec<u8>,
}

impl<'a> RowOut<'a> {
    fn of(keys: &Keys, sealing: &Sealing, debit: &'a DirectDebit) -> Result<Self> {
        let id = debit.id.to_string();
        let account = debit.account.to_string();
        let words = [debit.status.code(), debit.frequency.code()];
        let personal = serde_json::to_vec(&Personal { name: debit.name.clone(), mandate: debit.mandate.clone() })
            .map_err(|_| Error::Corrupt("direct_debit.sealed"))?;
        // The last payment is not part of the digest: it moves on, and what was agreed stays what it is.
        let mut parts: Vec<&[u8]> = vec![b"direct debit", debit.source.as_str().as_bytes(), account.as_bytes()];
        parts.extend(words.iter().map(|word| word.as_bytes()));
        parts.push(&personal);
        Ok(Self {
            source: debit.source.as_str(),
            words,
            sealed: sealing.seal(Owner::Account(debit.account), place(&id), &personal)?,
            content: keys.vault().digest(Index::Import, &parts).to_vec(),
            previous_on: debit.previous.map(|previous| previous.on.to_string()),
            previous_minor: debit.previous.map(|previous| previous.amount.minor()),
            id,
            account,
        })
    }
}

impl Fresh<9> for RowOut<'_> {
    fn fingerprint(&self) -> Fingerprint<'_> {
        (&self.id, &self.content)
    }

    fn values(&self) -> [Value<'_>; 9] {
        let [status, frequency] = &self.words;
        [
            &self.id,
            &self.source,
            &self.account,
            status,
            frequency,
            &self.previous_on,
            &self.previous_minor,
            &self.sealed,
            &self.content,
        ]
    }
}

fn decode(keys: &Keys, row: &Row<'_>) -> Result<DirectDebit> {
    let corrupt = || Error::Corrupt("direct_debit");
    let text = |column| row.get::<String>(column);
    let id = text(0)?;
    let previous: (Option<String>, Option<i64>) = (row.get(5)?, row.get(6)?);
    let sealed: Vec<u8> = row.get(7)?;
    let personal: Personal = serde_json::from_slice(&keys.crypt().open(place(&id), &sealed)?).map_err(|_| corrupt())?;
    let previous = match previous {
        (Some(on), Some(minor)) => {
            let amount = Money::new(minor, currency(&text(8)?)?);
            Some(PreviousPayment { on: on.parse().map_err(|_| corrupt())?, amount })
        }
        (None, None) => None,
        _ => return Err(corrupt()),
    };
    Ok(DirectDebit {
        id: id.parse().map_err(|_| corrupt())?,
        account: text(2)?.parse().map_err(|_| corrupt())?,
        source: Text::new(&text(1)?).map_err(|_| corrupt())?,
        status: text(3)?.parse().map_err(|_| corrupt())?,
        name: personal.name,
        mandate: personal.mandate,
        frequency: text(4)?.parse().map_err(|_| corrupt())?,
        previous,
    })
}

fn place(row: &str) -> Place<'_> {
    Place { table: "direct_debit", column: "sealed", row }
}
