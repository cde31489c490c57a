//! Whom customers saved to pay again.

use lombard_domain::account::{Beneficiary, Identification};
use lombard_domain::id::BeneficiaryKind;
use lombard_domain::text::Text;

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

/// Stores beneficiaries that are not there yet; what became of each, in order.
///
/// # Errors
/// When the database fails, also because an account does not exist.
pub async fn add_missing(tx: &mut Tx, payees: &[Beneficiary]) -> Result<Vec<Stored>> {
    let keys = tx.keys()?;
    let sealing = data_key::of(tx, payees.iter().map(|payee| Owner::Account(payee.account))).await?;
    let rows = payees.iter().map(|payee| RowOut::of(&keys, &sealing, payee)).collect::<Result<Vec<_>>>()?;
    stored::add(
        tx,
        "-- beneficiary::add_missing
        INSERT INTO beneficiary (id, source, account_id, trust, sealed, content)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT DO NOTHING",
        "-- beneficiary::compare
        SELECT id, content FROM beneficiary
        WHERE id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
            $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)",
        &rows,
    )
    .await
}

/// One page of beneficiaries, in order of account and identifier whichever way the page was reached.
///
/// # Errors
/// [`Error::Corrupt`] if a row cannot be read.
pub async fn page(tx: &mut Tx, query: &ListQuery) -> Result<Vec<Beneficiary>> {
    let bounds = Bounds::of::<BeneficiaryKind>(query);
    match query.towards {
        Towards::Newer => later(tx, &bounds).await,
        Towards::Older => earlier(tx, &bounds).await,
    }
}

async fn later(tx: &mut Tx, bounds: &Bounds) -> Result<Vec<Beneficiary>> {
    let keys = tx.keys()?;
    tx.all(
        "-- beneficiary::later
        SELECT b.id, b.source, b.account_id, b.trust, b.sealed
        FROM consent_account c CROSS JOIN account_holder h CROSS JOIN account a CROSS JOIN beneficiary b
        WHERE c.consent_id = $1 AND c.account_id >= $2 AND c.account_id <= $3
            AND h.account_id = c.account_id AND h.customer_id = $4 AND a.id = c.account_id AND a.status = 'Enabled'
            AND b.account_id = c.account_id AND b.id > CASE WHEN c.account_id = $2 THEN $5 ELSE '' END
            AND b.id <= (SELECT MAX(n.id) FROM (
                SELECT i.id FROM beneficiary i
                WHERE i.account_id = c.account_id AND i.id > CASE WHEN c.account_id = $2 THEN $5 ELSE '' END
                ORDER BY i.id LIMIT (SELECT CAST($6 AS BIGINT))) n)
        ORDER BY c.account_id, b.id LIMIT $6",
        &bounds.params(),
        |row| decode(&keys, row),
    )
    .await
}

async fn earlier(tx: &mut Tx, bounds: &Bounds) -> Result<Vec<Beneficiary>> {
    let keys = tx.keys()?;
    let mut rows = tx
        .all(
            "-- beneficiary::earlier
            SELECT b.id, b.source, b.account_id, b.trust, b.sealed
            FROM consent_account c CROSS JOIN account_holder h CROSS JOIN account a CROSS JOIN beneficiary b
            WHERE c.consent_id = $1 AND c.account_id >= $2 AND c.account_id <= $3
                AND h.account_id = c.account_id AND h.customer_id = $4 AND a.id = c.account_id AND a.status = 'Enabled'
                AND b.account_id = c.account_id AND b.id < CASE WHEN c.account_id = $3 THEN $5 ELSE '~' END
                AND b.id >= (SELECT MIN(n.id) FROM (
                    SELECT i.id FROM beneficiary i
                    WHERE i.account_id = c.account_id AND i.id < CASE WHEN c.account_id = $3 THEN $5 ELSE '~' END
                    ORDER BY i.id DESC LIMIT (SELECT CAST($6 AS BIGINT))) n)
            ORDER BY c.account_id DESC, b.id DESC LIMIT $6",
            &bounds.params(),
            |row| decode(&keys, row),
        )
        .await?;
    rows.reverse();
    Ok(rows)
}

/// A beneficiary as it is written: everything that the parameters borrow from.
struct RowOut<'a> {
    id: String,
    source: &'a str,
    account: String,
    trust: &'static str,
    sealed: Vec<u8>,
    content: Vec<u8>,
}

impl<'a> RowOut<'a> {
    fn of(keys: &Keys, sealing: &Sealing, payee: &'a Beneficiary) -> Result<Self> {
        let id = payee.id.to_string();
        let account = payee.account.to_string();
        let personal = serde_json::to_vec(&Personal {
            reference: payee.reference.clone(),
            name: payee.name.clone(),
            scheme: payee.creditor.scheme().code().to_owned(),
            number: payee.creditor.number().to_owned(),
        })
        .map_err(|_| Error::Corrupt("beneficiary.sealed"))?;
        let parts: &[&[u8]] = &[
            b"beneficiary",
            payee.source.as_str().as_bytes(),
            account.as_bytes(),
            payee.trust.code().as_bytes(),
            &personal,
        ];
        Ok(Self {
            source: payee.source.as_str(),
            trust: payee.trust.code(),
            sealed: sealing.seal(Owner::Account(payee.account), place(&id), &personal)?,
            content: keys.vault().digest(Index::Import, parts).to_vec(),
            id,
            account,
        })
    }
}

impl Fresh<6> for RowOut<'_> {
    fn fingerprint(&self) -> Fingerprint<'_> {
        (&self.id, &self.content)
    }

    fn values(&self) -> [Value<'_>; 6] {
        [&self.id, &self.source, &self.account, &self.trust, &self.sealed, &self.content]
    }
}

fn decode(keys: &Keys, row: &Row<'_>) -> Result<Beneficiary> {
    let corrupt = || Error::Corrupt("beneficiary");
    let text = |column| row.get::<String>(column);
    let id = text(0)?;
    let sealed: Vec<u8> = row.get(4)?;
    let personal: Personal = serde_json::from_slice(&keys.crypt().open(place(&id), &sealed)?).map_err(|_| corrupt())?;
    let scheme = personal.scheme.parse().map_err(|_| corrupt())?;
    Ok(Beneficiary {
        id: id.parse().map_err(|_| corrupt())?,
        account: text(2)?.parse().map_err(|_| corrupt())?,
        source: Text::new(&text(1)?).map_err(|_| corrupt())?,
        trust: text(3)?.parse().map_err(|_| corrupt())?,
        reference: personal.reference,
        name: personal.name,
        creditor: Identification::new(scheme, &personal.number).map_err(|_| corrupt())?,
    })
}

fn place(row: &str) -> Place<'_> {
    Place { table: "beneficiary", column: "sealed", row }
}
