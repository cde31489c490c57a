//! Domain values in the words of ordinary people.

use lombard_auth::HeldAccount;
use lombard_auth::oauth::authorize::Question;
use lombard_domain::account::AccountKind;
use lombard_domain::money::Direction;
use lombard_domain::oauth::Scope;
use lombard_domain::party::HolderRole;
use lombard_domain::permission::{Level, Permission, PermissionSet, ReadTransactions, Right, Window};
use lombard_domain::time::Date;

use super::pages::{Asked, Depth, Flow};

/// `3 March 2027`.
pub(super) fn day(date: Date) -> String {
    let month = usize::try_from(date.month()).ok().and_then(|month| MONTHS.get(month.wrapping_sub(1)));
    format!("{} {} {}", date.day(), month.unwrap_or(&""), date.year())
}

/// `Current account`.
pub(super) fn kind(kind: AccountKind) -> &'static str {
    match kind {
        AccountKind::ChargeCard => "Charge card",
        AccountKind::CreditCard => "Credit card",
        AccountKind::Current => "Current account",
        AccountKind::EMoney => "E-money account",
        AccountKind::Loan => "Loan",
        AccountKind::Mortgage => "Mortgage",
        AccountKind::PrePaidCard => "Prepaid card",
        AccountKind::Savings => "Savings account",
    }
}

/// `ending 4821`, from a number of which all but the end is hidden.
pub(super) fn ending(masked: &str) -> String {
    format!("ending {}", masked.trim_start_matches('x'))
}

/// The customer's part in an account where it is not simply theirs.
pub(super) fn holder(account: &HeldAccount) -> Option<&'static str> {
    match account.role {
        HolderRole::Authorised => Some("authorised user"),
        HolderRole::Owner if account.owners > 1 => Some("joint"),
        HolderRole::Owner => None,
    }
}

/// What a question asks for, as the consent page lists it.
pub(super) fn asked(question: &Question) -> Vec<Asked> {
    let identity = question.request.scope.has(Scope::OpenId).then_some(Asked::Identity);
    identity.into_iter().chain(permitted(question.terms.permissions)).collect()
}

/// What permissions mean: exactly what an app would see with them, as [`Right::shade`] says it.
pub(super) fn permitted(set: PermissionSet) -> Vec<Asked> {
    use Permission::*;
    let depth = |basic, detail| match (set.has(basic), set.has(detail)) {
        (_, true) => Some(Depth::Detail),
        (true, false) => Some(Depth::Basic),
        (false, false) => None,
    };
    let has = |permission, asked| set.has(permission).then_some(asked);
    let lines = [
        has(FundsConfirmation, Asked::Funds),
        depth(AccountsBasic, AccountsDetail).map(Asked::Accounts),
        has(Balances, Asked::Balances),
        ReadTransactions::shade(set, Window::default())
            .map(|shade| Asked::Transactions(flow(shade.only), level(shade.seen.level))),
        depth(BeneficiariesBasic, BeneficiariesDetail).map(Asked::Beneficiaries),
        depth(StandingOrdersBasic, StandingOrdersDetail).map(Asked::StandingOrders),
        has(DirectDebits, Asked::DirectDebits),
        depth(ScheduledPaymentsBasic, ScheduledPaymentsDetail).map(Asked::ScheduledPayments),
        depth(StatementsBasic, StatementsDetail).map(Asked::Statements),
        has(Products, Asked::Products),
        has(Offers, Asked::Offers),
        has(Parties, Asked::Holders),
        has(PartyCustomer, Asked::Contact),
        has(Pan, Asked::Cards),
    ];
    lines.into_iter().flatten().collect()
}

fn flow(only: Option<Direction>) -> Flow {
    match only {
        None => Flow::Both,
        Some(Direction::Credit) => Flow::In,
        Some(Direction::Debit) => Flow::Out,
    }
}

fn level(level: Level) -> Depth {
    match level {
        Level::Basic => Depth::Basic,
        Level::Detail => Depth::Detail,
    }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

#[cfg(test)]
mod tests {
    use lombard_domain::permission::{ReadAccounts, ReadStatementFiles, ReadStatements};
    use proptest::prelude::*;

    use super::*;
    use crate::web::pages::permission_lines;

    fn titles(members: &[Permission]) -> Vec<String> {
        permission_lines(&permitted(PermissionSet::of(members))).into_iter().map(|line| line.title).collect()
    }

    #[test]
    fn every_permission_is_said() {
        use Permission::*;
        for permission in Permission::ALL {
            let alone = titles(&[*permission]);
            // A direction or a depth of transactions alone opens nothing, so nothing is said.
            let opens = !matches!(
                permission,
                TransactionsBasic | TransactionsDetail | TransactionsCredits | TransactionsDebits
            );
            assert_eq!(alone.len(), usize::from(opens), "{permission:?}: {alone:?}");
        }
        assert_eq!(titles(&[TransactionsBasic, TransactionsDebits]), ["Your payments out, without names"]);
        assert_eq!(titles(&[TransactionsBasic, TransactionsDetail, TransactionsCredits]), ["Your payments in"]);
        assert_eq!(titles(&[AccountsBasic, Pan]), ["Your account names and types", "Full card numbers"]);
    }

    proptest! {
        /// What the page says and what the gate opens are the same, whatever the permissions.
        #[test]
        fn says_what_the_gate_opens(members in proptest::sample::subsequence(Permission::ALL, 0..=Permission::ALL.len())) {
            let set = PermissionSet::of(&members);
            let said = permitted(set);
            let window = Window::default();
            let numbers = ReadAccounts::shade(set, window).map(|seen| seen.level == Level::Detail);
            prop_assert_eq!(said.contains(&Asked::Accounts(Depth::Detail)), numbers == Some(true));
            prop_assert_eq!(said.contains(&Asked::Accounts(Depth::Basic)), numbers == Some(false));
            prop_assert_eq!(said.contains(&Asked::Statements(Depth::Detail)), ReadStatementFiles::shade(set, window).is_some());
            let listed = ReadStatements::shade(set, window).is_some();
            prop_assert_eq!(said.iter().any(|one| matches!(one, Asked::Statements(_))), listed);
            let payments = ReadTransactions::shade(set, window).is_some();
            prop_assert_eq!(said.iter().any(|one| matches!(one, Asked::Transactions(..))), payments);
            prop_assert_eq!(said.contains(&Asked::Cards), set.has(Permission::Pan));
        }
    }
}
