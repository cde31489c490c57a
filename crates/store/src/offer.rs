//! What the bank offers to the holders of accounts.

use lombard_domain::account::Offer;
use lombard_domain::id::{OfferId, OfferKind};
use lombard_domain::money::Money;
use lombard_domain::text::Text;
use lombard_domain::time::Date;

use crate::account::currency;
use crate::crypt::Place;
use crate::data_key::{self, Owner, Sealing};
use crate::db::{Keys, Tx};
use crate::driver::{Row, Value};
use crate::error::{Error, Result};
use crate::list::{Bounds, ListQuery, Towards};
use crate::stored::{self, Fingerprint, Fresh, Stored};
use crate::vault::Index;

/// The personal fields, as they are sealed: an offer is made to somebody.
#[derive(serde::Serialize, serde::Deserialize)]
struct Personal {
    description: Text<500>,
}

/// Stores offers that are not there yet; what became of each, in order.
///
/// # Errors
/// When the database fails, also because an account does not exist.
pub async fn add_missing(tx: &mut Tx, offers: &[Offer]) -> Result<Vec<Stored>> {
    let keys = tx.keys()?;
    let sealing = data_key::of(tx, offers.iter().map(|offer| Owner::Account(offer.account))).await?;
    let rows = offers.iter().map(|offer| RowOut::of(&keys, &sealing, offer)).collect::<Result<Vec<_>>>()?;
    stored::add(
        tx,
        "-- offer::add_missing
        INSERT INTO offer (id, source, account_id, kind, from_day, to_day, amount_minor, sealed, content)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT DO NOTHING",
        "-- offer::compare
        SELECT id, content FROM offer
        WHERE id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
            $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)",
        &rows,
    )
    .await
}

/// Removes offers; how many there were.
///
/// # Errors
/// When the database fails.
pub async fn remove(tx: &mut Tx, ids: &[OfferId]) -> Result<u64> {
    let ids: Vec<String> = ids.iter().map(OfferId::to_string).collect();
    let sets: Vec<[Value<'_>; 1]> = ids.iter().map(|id| -> [Value<'_>; 1] { [id] }).collect();
    let touched = tx
        .exec_many(
            "-- offer::remove
            DELETE FROM offer WHERE id = $1",
            &sets,
        )
        .await?;
    Ok(touched.iter().sum())
}

/// One page of offers, in order of account and identifier whichever way the page was reached.
///
/// # Errors
/// [`Error::Corrupt`] if a row cannot be read.
pub async fn page(tx: &mut Tx, query: &ListQuery) -> Result<Vec<Offer>> {
    let bounds = Bounds::of::<OfferKind>(query);
    match query.towards {
        Towards::Newer => later(tx, &bounds).await,
        Towards::Older => earlier(tx, &bounds).await,
    }
}

async fn later(tx: &mut Tx, bounds: &Bounds) -> Result<Vec<Offer>> {
    let keys = tx.keys()?;
    tx.all(
        "-- offer::later
        SELECT o.id, o.source, o.account_id, o.kind, o.from_day, o.to_day, o.amount_minor, o.sealed, a.currency
        FROM consent_account c CROSS JOIN account_holder h CROSS JOIN account a CROSS JOIN offer o
        WHERE c.consent_id = $1 AND c.account_id >= $2 AND c.account_id <= $3
            AND h.account_id = c.account_id AND h.customer_id = $4 AND a.id = c.account_id AND a.status = 'Enabled'
            AND o.account_id = c.account_id AND o.id > CASE WHEN c.account_id = $2 THEN $5 ELSE '' END
            AND o.id <= (SELECT MAX(n.id) FROM (
                SELECT i.id FROM offer i
                WHERE i.account_id = c.account_id AND i.id > CASE WHEN c.account_id = $2 THEN $5 ELSE '' END
                ORDER BY i.id LIMIT (SELECT CAST($6 AS BIGINT))) n)
        ORDER BY c.account_id, o.id LIMIT $6",
        &bounds.params(),
        |row| decode(&keys, row),
    )
    .await
}

async fn earlier(tx: &mut Tx, bounds: &Bounds) -> Result<Vec<Offer>> {
    let keys = tx.keys()?;
    let mut rows = tx
        .all(
            "-- offer::earlier
            SELECT o.id, o.source, o.account_id, o.kind, o.from_day, o.to_day, o.amount_minor, o.sealed, a.currency
            FROM consent_account c CROSS JOIN account_holder h CROSS JOIN account a CROSS JOIN offer o
            WHERE c.consent_id = $1 AND c.account_id >= $2 AND c.account_id <= $3
                AND h.account_id = c.account_id AND h.customer_id = $4 AND a.id = c.account_id AND a.status = 'Enabled'
                AND o.account_id = c.account_id AND o.id < CASE WHEN c.account_id = $3 THEN $5 ELSE '~' END
                AND o.id >= (SELECT MIN(n.id) FROM (
                    SELECT i.id FROM offer i
                    WHERE i.account_id = c.account_id AND i.id < CASE WHEN c.account_id = $3 THEN $5 ELSE '~' END
                    ORDER BY i.id DESC LIMIT (SELECT CAST($6 AS BIGINT))) n)
            ORDER BY c.account_id DESC, o.id DESC LIMIT $6",
            &bounds.params(),
            |row| decode(&keys, row),
        )
        .await?;
    rows.reverse();
    Ok(rows)
}

/// An offer as it is written: everything that the parameters borrow from.
struct RowOut<'a> {
    id: String,
    source: &'a str,
    account: String,
    kind: &'static str,
    days: [Option<String>; 2],
    amount: Option<i64>,
    sealed: Vec<u8>,
    content: Vec<u8>,
}

impl<'a> RowOut<'a> {
    fn of(keys: &Keys, sealing: &Sealing, offer: &'a Offer) -> Result<Self> {
        let id = offer.id.to_string();
        let account = offer.account.to_string();
        let days = [offer.from, offer.to].map(|day| day.map(|day| day.to_string()));
        let personal = serde_json::to_vec(&Personal { description: offer.description.clone() })
            .map_err(|_| Error::Corrupt("offer.sealed"))?;
        let amount = offer.amount.map(|amount| (amount.minor().to_be_bytes(), amount.currency().to_string()));
        let mut parts: Vec<&[u8]> = vec![b"offer", offer.source.as_str().as_bytes(), account.as_bytes()];
        parts.push(offer.kind.code().as_bytes());
        parts.extend(days.iter().map(|day| day.as_deref().unwrap_or_default().as_bytes()));
        parts.push(&personal);
        if let Some((minor, currency)) = &amount {
            parts.extend([minor.as_slice(), currency.as_bytes()]);
        }
        Ok(Self {
            source: offer.source.as_str(),
            kind: offer.kind.code(),
            amount: offer.amount.map(Money::minor),
            sealed: sealing.seal(Owner::Account(offer.account), place(&id), &personal)?,
            content: keys.vault().digest(Index::Import, &parts).to_vec(),
            id,
            account,
            days,
        })
    }
}

impl Fresh<9> for RowOut<'_> {
    fn fingerprint(&self) -> Fingerprint<'_> {
        (&self.id, &self.content)
    }

    fn values(&self) -> [Value<'_>; 9] {
        let [from, to] = &self.days;
        [&self.id, &self.source, &self.account, &self.kind, from, to, &self.amount, &self.sealed, &self.content]
    }
}

fn decode(keys: &Keys, row: &Row<'_>) -> Result<Offer> {
    let corrupt = || Error::Corrupt("offer");
    let text = |column| row.get::<String>(column);
    let day = |column| -> Result<Option<Date>> {
        row.get::<Option<String>>(column)?.map(|day| day.parse().map_err(|_| corrupt())).transpose()
    };
    let id = text(0)?;
    let amount: Option<i64> = row.get(6)?;
    let sealed: Vec<u8> = row.get(7)?;
    let personal: Personal = serde_json::from_slice(&keys.crypt().open(place(&id), &sealed)?).map_err(|_| corrupt())?;
    let currency = currency(&text(8)?)?;
    Ok(Offer {
        id: id.parse().map_err(|_| corrupt())?,
        account: text(2)?.parse().map_err(|_| corrupt())?,
        source: Text::new(&text(1)?).map_err(|_| corrupt())?,
        kind: text(3)?.parse().map_err(|_| corrupt())?,
        description: personal.description,
        from: day(4)?,
        to: day(5)?,
        amount: amount.map(|minor| Money::new(minor, currency)),
    })
}

fn place(row: &str) -> Place<'_> {
    Place { table: "offer", column: "sealed", row }
}
