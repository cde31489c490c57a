//! A statement as a document.

use lombard_auth::access::AccountAccess;
use lombard_domain::account::{BookingStatus, Cursor, Transaction};
use lombard_domain::id::{AccountId, StatementId};
use lombard_domain::money::Direction;
use lombard_domain::party::HolderRole;
use lombard_domain::permission::{ReadStatementFiles, Window};
use lombard_domain::text::Text;
use lombard_store::transaction::{self, PageQuery, Towards};
use lombard_store::{Error, Tx, account, contact};

use super::EmbeddedBank;
use crate::document::{Entry, Sheet};
use crate::error::Result;
use crate::view::StatementFile;

impl EmbeddedBank {
    /// A statement of an account as a document, if it lies wholly in what the consent shows.
    pub(super) async fn file_of_statement(
        &self,
        access: &AccountAccess<ReadStatementFiles>,
        id: StatementId,
        bank_name: &str,
    ) -> Result<Option<StatementFile>> {
        let Some(found) = self.statement_under(access, id).await? else { return Ok(None) };
        let turn = self.printer.turn().await;
        let account = access.account();
        let mut tx = self.db.read().await?;
        let known = account::find(&mut tx, account).await?.ok_or(Error::Corrupt("an account of a consent"))?;
        let holders = contact::holders(&mut tx, account).await?;
        let owners = holders.into_iter().filter(|holder| holder.role == HolderRole::Owner);
        let (entries, is_cut) = booked(&mut tx, account, found.statement.moments()).await?;
        drop(tx);
        let sheet = Sheet {
            bank_name: bank_name.to_owned(),
            owners: owners.map(|owner| owner.person.customer.full_name.into_string()).collect(),
            account: known,
            statement: found.statement,
            figures: found.figures,
            entries,
            is_cut,
        };
        let name = format!("statement-{}.pdf", sheet.statement.to);
        Ok(Some(StatementFile { name, content: turn.print(sheet).await? }))
    }
}

/// What was booked in a window, the oldest first, and whether there is more than a document lists.
async fn booked(tx: &mut Tx, account: AccountId, window: Window) -> Result<(Vec<Entry>, bool)> {
    let mut entries = Vec::new();
    let mut after: Option<Cursor> = None;
    loop {
        let query = PageQuery { after, towards: Towards::Newer, only: None, window, limit: CHUNK };
        // The newest first, whichever way they were reached.
        let rows = transaction::page(tx, account, &query).await?;
        let Some(last) = rows.first() else { return Ok((entries, false)) };
        after = Some(last.cursor());
        for row in rows.into_iter().rev() {
            match row.transaction.status {
                BookingStatus::Booked if entries.len() == ENTRIES_MAX => return Ok((entries, true)),
                BookingStatus::Booked => entries.push(entry(row.transaction)),
                BookingStatus::Pending => {}
            }
        }
    }
}

fn entry(transaction: Transaction) -> Entry {
    let Transaction { booked_at, amount, description, counterparty, .. } = transaction;
    let name = counterparty.and_then(|other| other.name).map(Text::into_string);
    let text = match (description.map(Text::into_string), name) {
        (Some(description), Some(name)) if !description.contains(&name) => format!("{name}: {description}"),
        (Some(description), _) => description,
        (None, Some(name)) => name,
        (None, None) => match amount.direction() {
            Direction::Credit => "Payment in".to_owned(),
            Direction::Debit => "Payment out".to_owned(),
        },
    };
    Entry { on: booked_at.date(), text, amount }
}

/// Transactions in a document; some 150 pages.
const ENTRIES_MAX: usize = 5000;
/// Transactions that are read at once.
const CHUNK: i64 = 500;
