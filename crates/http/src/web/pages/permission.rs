//! What an app asks to see, in the words of the consent page.
//!
//! Many permissions become a few lines that an ordinary person can read. A line names only what was
//! asked for: it never says more, and never less, than the app would get.

/// One thing that an app can ask to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Who the customer is (OpenID Connect).
    Identity,
    /// Account names, types and numbers.
    Accounts,
    /// Balances.
    Balances,
    /// Transactions.
    Transactions,
    /// Saved payees.
    Beneficiaries,
    /// Standing orders.
    StandingOrders,
    /// Direct debits.
    DirectDebits,
    /// Payments planned for a later day.
    ScheduledPayments,
    /// Statements.
    Statements,
    /// The terms of the accounts.
    Products,
    /// Offers that the bank made.
    Offers,
    /// Who holds the account.
    Parties,
}

/// One line of the list "What it would see".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PermissionLine {
    /// What it is, in a few words.
    pub(crate) title: String,
    /// What that means; may be empty.
    pub(crate) detail: String,
}

/// Gathers permissions into the lines of the consent page, in a fixed order.
#[must_use]
pub(crate) fn permission_lines(asked: &[Asked]) -> Vec<PermissionLine> {
    let named = |group: &[(Asked, &'static str)]| -> Vec<&'static str> {
        group.iter().filter(|(one, _)| asked.contains(one)).map(|(_, words)| *words).collect()
    };
    let single = SINGLE
        .iter()
        .filter(|(one, _, _)| asked.contains(one))
        .map(|(_, title, detail)| PermissionLine::new(title, detail));

    let payees = asked.contains(&Asked::Beneficiaries);
    let regular = named(REGULAR);
    let regular_line = match (payees, regular.is_empty()) {
        (false, true) => None,
        (true, true) => {
            Some(PermissionLine::new("Your saved payees", "The people and companies you saved to pay again."))
        }
        (false, false) => Some(PermissionLine::new("Your regular payments", &sentence("Your", &regular))),
        (true, false) => Some(PermissionLine::new(
            "Your saved payees and regular payments",
            &sentence("The people and companies you saved to pay again, and your", &regular),
        )),
    };

    let more = named(MORE);
    let more_line =
        (!more.is_empty()).then(|| PermissionLine::new(&capital(&list(&more)), "For the accounts that you choose."));
    single.chain(regular_line).chain(more_line).collect()
}

impl PermissionLine {
    /// A line from its words.
    fn new(title: &str, detail: &str) -> Self {
        Self { title: title.to_owned(), detail: detail.to_owned() }
    }
}

/// "a", "a and b", "a, b and c".
fn list(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn sentence(start: &str, words: &[&str]) -> String {
    format!("{start} {}.", list(words))
}

/// The text with its first letter in upper case.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Permissions that have a line of their own, in the order of the page.
const SINGLE: &[(Asked, &str, &str)] = &[
    (Asked::Identity, "Who you are", "A number that stands for you, made for this app only."),
    (Asked::Accounts, "Your account names, types and numbers", "Of the accounts that you choose, no others."),
    (Asked::Balances, "How much is in your accounts", "The balance, and what you can spend or borrow."),
    (Asked::Transactions, "Your payments in and out", "When, how much, who paid or was paid, and the reference."),
];

/// The regular payments of a customer.
const REGULAR: &[(Asked, &str)] = &[
    (Asked::StandingOrders, "standing orders"),
    (Asked::DirectDebits, "direct debits"),
    (Asked::ScheduledPayments, "payments planned for a later day"),
];

/// What is left.
const MORE: &[(Asked, &str)] = &[
    (Asked::Statements, "statements"),
    (Asked::Products, "product terms"),
    (Asked::Offers, "offers"),
    (Asked::Parties, "who holds the account"),
];

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Asked; 12] = [
        Asked::Parties,
        Asked::Identity,
        Asked::Accounts,
        Asked::Balances,
        Asked::Transactions,
        Asked::Beneficiaries,
        Asked::StandingOrders,
        Asked::DirectDebits,
        Asked::ScheduledPayments,
        Asked::Statements,
        Asked::Products,
        Asked::Offers,
    ];

    #[test]
    fn gathers_everything_into_six_lines_in_a_fixed_order() {
        let titles: Vec<_> = permission_lines(&ALL).into_iter().map(|line| line.title).collect();
        let expected = [
            "Who you are",
            "Your account names, types and numbers",
            "How much is in your accounts",
            "Your payments in and out",
            "Your saved payees and regular payments",
            "Statements, product terms, offers and who holds the account",
        ];
        assert_eq!(titles, expected);
    }

    #[test]
    fn names_only_what_was_asked() {
        let lines = permission_lines(&[Asked::DirectDebits, Asked::StandingOrders]);
        assert_eq!(lines, [PermissionLine::new("Your regular payments", "Your standing orders and direct debits.")]);
        let lines = permission_lines(&[Asked::Beneficiaries]);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].title, "Your saved payees");
        assert_eq!(permission_lines(&[Asked::Offers])[0].title, "Offers");
    }

    #[test]
    fn every_permission_alone_has_exactly_one_line_and_none_has_none() {
        for asked in ALL {
            assert_eq!(permission_lines(&[asked, asked]).len(), 1, "{asked:?}");
        }
        assert!(permission_lines(&[]).is_empty());
    }
}
