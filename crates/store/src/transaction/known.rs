//! Which transactions are there.

use std::collections::HashSet;

use lombard_domain::id::TransactionId;

use crate::db::Tx;
use crate::error::{Error, Result};
use crate::stored;

/// Those of these transactions that are stored, booked or pending.
///
/// # Errors
/// [`Error::Corrupt`] if an identifier cannot be read.
pub async fn known(tx: &mut Tx, transactions: &[TransactionId]) -> Result<HashSet<TransactionId>> {
    let ids: Vec<String> = transactions.iter().map(TransactionId::to_string).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let found = stored::by_ids(
        tx,
        "-- transaction::known
        SELECT id FROM account_transaction
        WHERE id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
            $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)",
        &ids,
        |row| row.get::<String>(0)?.parse().map_err(|_| Error::Corrupt("account_transaction.id")),
    )
    .await?;
    Ok(found.into_iter().collect())
}
