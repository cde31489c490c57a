//! Accounts, who holds them, and what they were sold as.

use lombard_domain::account::{Account, AccountStatus, Category, Product};
use lombard_domain::money::Money;
use lombard_domain::party::{HolderRole, Holding};

use super::super::plan;
use super::{account_id, blind, customer_id, date, identification, source, text};

pub(in super::super) fn account(plan: &plan::Account) -> Account {
    Account {
        id: account_id(plan.key),
        source: blind(&source(plan.key)),
        currency: plan.currency,
        category: Category::Personal,
        kind: plan.kind,
        status: AccountStatus::Enabled,
        nickname: Some(text(plan.nickname)),
        identification: identification(&plan.number),
        opened_on: date(plan.opened),
        credit_line: plan.credit_line.map(|minor| Money::new(minor, plan.currency)),
        switched_at: None,
    }
}

pub(in super::super) fn holdings(plan: &plan::Account) -> Vec<Holding> {
    let holding =
        |username: &&str, role| Holding { account: account_id(plan.key), customer: customer_id(username), role };
    let owners = plan.owners.iter().map(|username| holding(username, HolderRole::Owner));
    let authorised = plan.authorised.iter().map(|username| holding(username, HolderRole::Authorised));
    owners.chain(authorised).collect()
}

pub(in super::super) fn product(plan: &plan::Account) -> Product {
    Product {
        account: account_id(plan.key),
        code: text(plan.product.code),
        name: text(plan.product.name),
        kind: plan.product.kind,
        description: Some(text(plan.product.description)),
    }
}
