//! What an app asks to see, in the words of the consent page.
//!
//! Many permissions become a few lines that an ordinary person can read. A line names only what was
//! asked for: it never says more, and never less, than the app would get. The titles stand alone on
//! the customer's own page, so they too must be exact.

/// One thing that an app can ask to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Who the customer is (OpenID Connect).
    Identity,
    /// Whether there is enough money.
    Funds,
    /// Account names and types; in depth, their numbers as well.
    Accounts(Depth),
    /// Balances.
    Balances,
    /// Transactions; in depth, with whom and what for.
    Transactions(Flow, Depth),
    /// Saved payees; in depth, who they are.
    Beneficiaries(Depth),
    /// Standing orders; in depth, who is paid.
    StandingOrders(Depth),
    /// Direct debits, which always say who is paid.
    DirectDebits,
    /// Payments planned for a later day; in depth, who is paid.
    ScheduledPayments(Depth),
    /// Statements; in depth, what they say.
    Statements(Depth),
    /// The terms of the accounts.
    Products,
    /// Offers that the bank made.
    Offers,
    /// Who holds the accounts.
    Holders,
    /// The customer's own name and how to reach them.
    Contact,
    /// Card numbers that are not masked.
    Cards,
}

/// How much of a thing would be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Without what points to people and accounts.
    Basic,
    /// All of it.
    Detail,
}

/// Which way money flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// Either way.
    Both,
    /// To the customer.
    In,
    /// From the customer.
    Out,
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
    let has = |one: Asked| asked.contains(&one);
    let first = |of: fn(Asked) -> Option<PermissionLine>| asked.iter().copied().find_map(of);
    let lines = [
        has(Asked::Identity)
            .then(|| PermissionLine::new("Who you are", "A number that stands for you, made for this app only.")),
        has(Asked::Funds).then(|| {
            let detail = "It asks about an amount and is told yes or no. It is never told your balance.";
            PermissionLine::new("Whether there is enough money in your account", detail)
        }),
        first(accounts),
        has(Asked::Cards).then(|| PermissionLine::new("Full card numbers", "And not only their last digits.")),
        has(Asked::Balances).then(|| {
            PermissionLine::new("How much is in your accounts", "The balance, and what you can spend or borrow.")
        }),
        first(transactions),
        regular(asked),
        first(statements),
        more(asked),
        people(has(Asked::Contact), has(Asked::Holders)),
    ];
    lines.into_iter().flatten().collect()
}

impl PermissionLine {
    /// A line from its words.
    fn new(title: &str, detail: &str) -> Self {
        Self { title: title.to_owned(), detail: detail.to_owned() }
    }
}

fn accounts(asked: Asked) -> Option<PermissionLine> {
    let line = match asked {
        Asked::Accounts(Depth::Detail) => {
            PermissionLine::new("Your account names, types and numbers", "Of the accounts that you choose, no others.")
        }
        Asked::Accounts(Depth::Basic) => PermissionLine::new(
            "Your account names and types",
            "Of the accounts that you choose, no others. Not the account numbers.",
        ),
        _ => return None,
    };
    Some(line)
}

fn transactions(asked: Asked) -> Option<PermissionLine> {
    let Asked::Transactions(flow, depth) = asked else { return None };
    let (what, other) = match flow {
        Flow::Both => ("Your payments in and out", "who paid or was paid"),
        Flow::In => ("Your payments in", "who paid"),
        Flow::Out => ("Your payments out", "who was paid"),
    };
    Some(match depth {
        Depth::Detail => {
            PermissionLine::new(what, &format!("When, how much, {other}, the reference, and the balance after it."))
        }
        Depth::Basic => PermissionLine::new(
            &format!("{what}, without names"),
            &format!("When and how much. Not {other}, not the reference, not the balance after it."),
        ),
    })
}

fn statements(asked: Asked) -> Option<PermissionLine> {
    let line = match asked {
        Asked::Statements(Depth::Detail) => {
            PermissionLine::new("Your statements", "With what they say, also as documents.")
        }
        Asked::Statements(Depth::Basic) => PermissionLine::new(
            "The dates of your statements",
            "For which days there are statements. Not what they say, and not the documents.",
        ),
        _ => return None,
    };
    Some(line)
}

/// Saved payees and regular payments.
fn regular(asked: &[Asked]) -> Option<PermissionLine> {
    let named = |group: &[(Asked, &'static str)]| -> Vec<&'static str> {
        group.iter().filter(|(one, _)| asked.contains(one)).map(|(_, words)| *words).collect()
    };
    let (whole, part) = (named(WITH_NAMES), named(WITHOUT_NAMES));
    let payees = asked.iter().find_map(|one| match one {
        Asked::Beneficiaries(depth) => Some(*depth),
        _ => None,
    });
    let without = if whole.is_empty() { ", without names" } else { "" };
    let title = match (payees, whole.is_empty() && part.is_empty()) {
        (None, true) => return None,
        (None, false) => format!("Your regular payments{without}"),
        (Some(Depth::Detail), true) => "Your saved payees".to_owned(),
        (Some(Depth::Basic), true) => "Your saved payees, without names".to_owned(),
        (Some(Depth::Detail), false) if part.is_empty() => "Your saved payees and regular payments".to_owned(),
        (Some(Depth::Detail), false) => format!("Your saved payees, and your regular payments{without}"),
        (Some(Depth::Basic), false) => format!("Your saved payees, without names, and your regular payments{without}"),
    };
    let payees = payees.map(|depth| match depth {
        Depth::Detail => "The people and companies you saved to pay again, with their account numbers.".to_owned(),
        Depth::Basic => "The references of the payees that you saved, but not who they are.".to_owned(),
    });
    let whole = (!whole.is_empty()).then(|| format!("Your {}, and who is paid.", list(&whole)));
    let part = (!part.is_empty()).then(|| format!("Your {}, but not who is paid.", list(&part)));
    let sentences: Vec<String> = [payees, whole, part].into_iter().flatten().collect();
    Some(PermissionLine { title, detail: sentences.join(" ") })
}

/// What says little of a person.
fn more(asked: &[Asked]) -> Option<PermissionLine> {
    let words = MORE.iter().filter(|(one, _)| asked.contains(one)).map(|(_, words)| *words).collect::<Vec<_>>();
    (!words.is_empty()).then(|| PermissionLine::new(&capital(&list(&words)), "For the accounts that you choose."))
}

fn people(contact: bool, holders: bool) -> Option<PermissionLine> {
    let reach = "your email address, telephone numbers and postal address.";
    match (contact, holders) {
        (false, false) => None,
        (true, false) => {
            Some(PermissionLine::new("Your name and how to reach you", &format!("Your full name, and {reach}")))
        }
        (false, true) => Some(PermissionLine::new(
            "Who holds the accounts, and how to reach you",
            &format!("The names of all who hold an account that you choose; if you do, also {reach}"),
        )),
        (true, true) => Some(PermissionLine::new(
            "Your name, how to reach you, and who holds the accounts",
            &format!("Your full name, the names of all who hold an account that you choose, and {reach}"),
        )),
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

/// The text with its first letter in upper case.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Regular payments with who is paid.
const WITH_NAMES: &[(Asked, &str)] = &[
    (Asked::StandingOrders(Depth::Detail), "standing orders"),
    (Asked::DirectDebits, "direct debits"),
    (Asked::ScheduledPayments(Depth::Detail), "payments planned for a later day"),
];

/// Regular payments without.
const WITHOUT_NAMES: &[(Asked, &str)] = &[
    (Asked::StandingOrders(Depth::Basic), "standing orders"),
    (Asked::ScheduledPayments(Depth::Basic), "payments planned for a later day"),
];

const MORE: &[(Asked, &str)] = &[(Asked::Products, "product terms"), (Asked::Offers, "offers")];

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything that an app can ask for about accounts, with as much as can be had.
    pub(in super::super) const ALL: [Asked; 14] = [
        Asked::Holders,
        Asked::Contact,
        Asked::Identity,
        Asked::Cards,
        Asked::Accounts(Depth::Detail),
        Asked::Balances,
        Asked::Transactions(Flow::Both, Depth::Detail),
        Asked::Beneficiaries(Depth::Detail),
        Asked::StandingOrders(Depth::Detail),
        Asked::DirectDebits,
        Asked::ScheduledPayments(Depth::Detail),
        Asked::Statements(Depth::Detail),
        Asked::Products,
        Asked::Offers,
    ];

    fn titles(asked: &[Asked]) -> Vec<String> {
        permission_lines(asked).into_iter().map(|line| line.title).collect()
    }

    #[test]
    fn gathers_everything_into_few_lines_in_a_fixed_order() {
        let expected = [
            "Who you are",
            "Your account names, types and numbers",
            "Full card numbers",
            "How much is in your accounts",
            "Your payments in and out",
            "Your saved payees and regular payments",
            "Your statements",
            "Product terms and offers",
            "Your name, how to reach you, and who holds the accounts",
        ];
        assert_eq!(titles(&ALL), expected);
    }

    #[test]
    fn says_less_where_less_is_asked() {
        use Asked::*;
        use Depth::{Basic, Detail};
        for (asked, title, says, keeps) in [
            (vec![Accounts(Basic)], "Your account names and types", "Not the account numbers.", "types and numbers"),
            (vec![Transactions(Flow::In, Detail)], "Your payments in", "who paid", "was paid"),
            (vec![Transactions(Flow::Out, Detail)], "Your payments out", "who was paid", "who paid"),
            (
                vec![Transactions(Flow::Both, Basic)],
                "Your payments in and out, without names",
                "Not who paid or was paid",
                "When, how much, who",
            ),
            (vec![Statements(Basic)], "The dates of your statements", "not the documents", "also as documents"),
            (vec![Beneficiaries(Basic)], "Your saved payees, without names", "but not who they are", "account numbers"),
            (
                vec![StandingOrders(Basic)],
                "Your regular payments, without names",
                "Your standing orders, but not who is paid.",
                "and who is paid",
            ),
            (
                vec![StandingOrders(Basic), DirectDebits],
                "Your regular payments",
                "Your direct debits, and who is paid. Your standing orders, but not who is paid.",
                "standing orders and direct debits",
            ),
            (
                vec![Beneficiaries(Basic), DirectDebits, StandingOrders(Detail)],
                "Your saved payees, without names, and your regular payments",
                "but not who they are. Your standing orders and direct debits, and who is paid.",
                "account numbers",
            ),
            (vec![Offers], "Offers", "For the accounts that you choose.", "roduct"),
            (vec![Contact], "Your name and how to reach you", "Your full name", "hold"),
            (vec![Holders], "Who holds the accounts, and how to reach you", "The names of all", "Your full name"),
            (vec![Funds], "Whether there is enough money in your account", "never told your balance", "spend"),
        ] {
            let lines = permission_lines(&asked);
            assert_eq!(lines.len(), 1, "{asked:?}");
            assert_eq!(lines[0].title, title, "{asked:?}");
            assert!(lines[0].detail.contains(says), "{asked:?}: {}", lines[0].detail);
            assert!(!lines[0].detail.contains(keeps), "{asked:?}: {}", lines[0].detail);
        }
    }

    #[test]
    fn every_permission_alone_has_exactly_one_line_and_none_has_none() {
        for asked in ALL {
            assert_eq!(permission_lines(&[asked, asked]).len(), 1, "{asked:?}");
        }
        assert!(permission_lines(&[]).is_empty());
    }
}
