//! `accounts.csv`.

use std::collections::HashMap;

use lombard_domain::account::{Account, AccountKind, AccountStatus, Category};
use lombard_domain::currency::Currency;
use lombard_domain::id::AccountId;
use lombard_domain::text::Text;

use super::super::file::File;
use super::super::rows::Rows;
use super::super::table::{Reading, Row, word};
use super::field::{currency, date, identification};
use super::{Identify, Noun, Reader, Referred};

impl Reader<'_> {
    pub(super) fn accounts(&mut self) -> Referred<Account, Option<Currency>> {
        let (identify, mut rows, mut known) = (self.identify, Rows::default(), HashMap::new());
        let mut lines = Vec::new();
        let reading = self.table(File::Accounts, |row| {
            let id = row.read("account_id", Text::<64>::new);
            let currency = row.read("currency", currency);
            if let Some(id) = &id
                && known.insert(id.as_str().to_owned(), currency).is_none()
            {
                lines.push((id.as_str().to_owned(), row.line()));
            }
            let Some(account) = account(row, id, currency, identify) else { return };
            let key = account.source.as_str().to_owned();
            rows.take(row, "account_id", &key, account);
        });
        Referred { rows, known: (reading == Reading::Whole).then_some(known), lines }
    }
}

fn account(
    row: &mut Row<'_>,
    id: Option<Text<64>>,
    currency: Option<Currency>,
    identify: &Identify<'_>,
) -> Option<Account> {
    let category = row.read("account_type", word(Category::ALL, Category::code));
    let kind = row.read("account_subtype", word(AccountKind::ALL, AccountKind::code));
    let nickname = row.read_optional("nickname", Text::new);
    let identification = identification(row, ["scheme", "identification"]);
    let opened_on = row.read("opened_on", date);
    let source = id?;
    Some(Account {
        id: AccountId::from_bits(identify(Noun::Account, source.as_str())),
        source,
        currency: currency?,
        category: category?,
        kind: kind?,
        status: AccountStatus::Enabled,
        nickname: nickname?,
        identification: identification?,
        opened_on: opened_on?,
        credit_line: None,
        switched_at: None,
    })
}
