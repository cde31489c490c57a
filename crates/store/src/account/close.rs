//! Accounts that are closed, or go to another bank.

use lombard_domain::account::AccountStatus;
use lombard_domain::id::AccountId;
use lombard_domain::notification::Reason;
use lombard_domain::text::Text;
use lombard_domain::time::Instant;

use crate::db::Tx;
use crate::error::{Error, Result};

/// What became of an account that was to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// It is closed from now on.
    Now(AccountId),
    /// It was closed before; nothing was changed.
    Before(AccountId),
}

/// Closes the account with this identifier of the core-banking system, or this one of ours, and notes why; `None` if there is none.
///
/// # Errors
/// [`Error::Corrupt`] if the row cannot be read.
pub async fn close(tx: &mut Tx, source: &Text<64>, why: Reason, now: Instant) -> Result<Option<Closed>> {
    let switched = i64::from(why == Reason::Switched);
    let closed = tx
        .one(
            "-- account::close
            UPDATE account SET status = $1, status_at = $2, switched = $3 WHERE (source = $4 OR id = $4) AND status <> $1
            RETURNING id",
            &[&AccountStatus::Deleted.code(), &now.micros(), &switched, &source.as_str()],
            read_id,
        )
        .await?;
    if let Some(id) = closed {
        return Ok(Some(Closed::Now(id)));
    }
    let known = tx
        .one(
            "-- account::find_by_source
            SELECT id FROM account WHERE source = $1 OR id = $1",
            &[&source.as_str()],
            read_id,
        )
        .await?;
    Ok(known.map(Closed::Before))
}

fn read_id(row: &crate::driver::Row<'_>) -> Result<AccountId> {
    let id: String = row.get(0)?;
    id.parse().map_err(|_| Error::Corrupt("account.id"))
}
