//! Direct debits: what was agreed stays as it is, when money was taken last moves on.

use lombard_domain::account::DirectDebit;
use lombard_store::{Stored, Tx, direct_debit};

use super::super::Error;
use super::super::file::File;
use super::super::rows::Rows;
use super::AT_ONCE;
use super::tally::{Outcome, Tally};

/// Stores direct debits that are new, and the last payments of those that are known.
pub(super) async fn save(tx: &mut Tx, rows: &Rows<DirectDebit>, tally: &mut Tally<'_>) -> Result<(), Error> {
    for part in rows.values.chunks(AT_ONCE) {
        let stored = direct_debit::add_missing(tx, part).await?;
        let known = part.iter().zip(&stored).filter(|(_, stored)| **stored == Stored::Present);
        let known: Vec<DirectDebit> = known.map(|(debit, _)| debit.clone()).collect();
        let mut moved = direct_debit::paid(tx, &known).await?.into_iter();
        let outcome: Vec<Outcome> = stored
            .into_iter()
            .map(|stored| match stored {
                Stored::Present if moved.next() == Some(true) => Outcome::Updated,
                stored => stored.into(),
            })
            .collect();
        tally.settle(File::DirectDebits, &rows.lines, &outcome);
    }
    Ok(())
}
