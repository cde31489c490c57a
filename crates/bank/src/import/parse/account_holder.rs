//! `account_holders.csv`.

use std::collections::HashSet;

use lombard_domain::account::Account;
use lombard_domain::currency::Currency;
use lombard_domain::party::{HolderRole, Holding};

use super::super::file::File;
use super::super::problem::{Problem, quoted};
use super::super::rows::Rows;
use super::super::table::{Reading, word};
use super::field::{account, customer};
use super::{Known, Reader, Referred};

impl Reader<'_> {
    pub(super) fn holdings(
        &mut self,
        customers: &Known<()>,
        accounts: &Referred<Account, Option<Currency>>,
    ) -> Rows<Holding> {
        let (identify, mut rows) = (self.identify, Rows::default());
        let mut owned: HashSet<String> = HashSet::new();
        let reading = self.table(File::AccountHolders, |row| {
            let account = account(row, &accounts.known, identify);
            let customer = customer(row, customers, identify);
            let role = row.read("role", word(&[HolderRole::Owner, HolderRole::Authorised], HolderRole::code));
            let (Some(account), Some((customer, id)), Some(role)) = (account, customer, role) else { return };
            if role == HolderRole::Owner {
                owned.insert(account.source.clone());
            }
            let holding = Holding { account: account.id, customer: id, role };
            rows.take(row, "customer_id", &format!("{} {customer}", account.source), holding);
        });
        if reading == Reading::Whole {
            for (account, line) in accounts.lines.iter().filter(|(account, _)| !owned.contains(account)) {
                let reason = format!("nobody in {} owns {}", File::AccountHolders.name(), quoted(account));
                let column = Some("account_id".to_owned());
                self.problems.add(Problem { file: File::Accounts, line: Some(*line), column, reason });
            }
        }
        rows
    }
}
