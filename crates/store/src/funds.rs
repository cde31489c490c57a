//! What an answer to the question whether there is enough money is made from.

use lombard_domain::account::AccountStatus;
use lombard_domain::id::{ConsentId, CustomerId};

use crate::account::{Amounts, amounts};
use crate::db::Tx;
use crate::error::{Error, Result};

/// The one account of a consent to confirm funds, as far as the answer depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Funds {
    /// Whether the account can be used.
    pub status: AccountStatus,
    /// How much is in it.
    pub amounts: Amounts,
}

/// What is in the account of a consent; `None` if its customer does not hold it any more.
///
/// # Errors
/// [`Error::Corrupt`] if the row cannot be read.
pub async fn of_consent(tx: &mut Tx, consent: ConsentId, customer: CustomerId) -> Result<Option<Funds>> {
    tx.one(
        "-- funds::of_consent
        SELECT a.currency, a.booked_minor, a.pending_minor, a.credit_line, a.status
        FROM consent_account c
        JOIN account_holder h ON h.account_id = c.account_id
        JOIN account a ON a.id = c.account_id
        WHERE c.consent_id = $1 AND h.customer_id = $2",
        &[&consent.to_string(), &customer.to_string()],
        |row| {
            let status: String = row.get(4)?;
            let status = status.parse().map_err(|_| Error::Corrupt("account.status"))?;
            Ok(Funds { status, amounts: amounts(row)? })
        },
    )
    .await
}
