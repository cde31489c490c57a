//! `statements.csv`. What a statement sums up is not in the file: it follows from the transactions.

use lombard_domain::account::{Statement, StatementKind};
use lombard_domain::id::StatementId;
use lombard_domain::text::Text;

use super::super::file::File;
use super::super::rows::Rows;
use super::super::table::{Row, word};
use super::field::{account, date, in_order};
use super::{Accounts, Identify, Noun, Reader};

impl Reader<'_> {
    pub(super) fn statements(&mut self, accounts: &Accounts) -> Rows<Statement> {
        self.list(File::Statements, |row, identify| statement(row, accounts, identify))
    }
}

fn statement(row: &mut Row<'_>, accounts: &Accounts, identify: &Identify<'_>) -> Option<(String, Statement)> {
    let source = row.read("statement_id", Text::<64>::new);
    let account = account(row, accounts, identify);
    let kind = row.read("statement_type", word(StatementKind::ALL, StatementKind::code));
    let reference = row.read_optional("reference", Text::new);
    let from = row.read("first_day", date);
    let to = row.read("last_day", date);
    let made_on = row.read("made_on", date);
    let days = in_order(row, ("first_day", from), ("last_day", to));
    let made = in_order(row, ("last_day", to), ("made_on", made_on));
    let source = source?;
    days.and(made)?;
    let statement = Statement {
        id: StatementId::from_bits(identify(Noun::Statement, source.as_str())),
        account: account?.id,
        source,
        kind: kind?,
        reference: reference?,
        from: from?,
        to: to?,
        made_on: made_on?,
    };
    Some((statement.source.as_str().to_owned(), statement))
}
