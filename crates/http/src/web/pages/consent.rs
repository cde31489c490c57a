//! The page on which a customer allows or denies. Shows who asks, for what, for how long and on which
//! accounts; never a balance, and never one answer louder than the other.

use askama::Template;

use super::{Frame, PermissionLine, Purpose};

/// Said when the customer allowed without a single account.
pub(crate) const NO_ACCOUNT_TICKED: &str = "You allowed, but ticked no account. Tick at least one, or deny.";

/// `GET /interaction/{id}/consent`.
#[derive(Template)]
#[template(path = "consent.html")]
pub(crate) struct ConsentPage<'a> {
    /// The bank around the page.
    pub(crate) frame: Frame<'a>,
    /// What the app wants; decides the words and whether accounts are chosen.
    pub(crate) purpose: Purpose,
    /// Who asks.
    pub(crate) app: AppCard<'a>,
    /// The name of the customer who is signed in.
    pub(crate) customer: Option<&'a str>,
    /// Where the form posts to.
    pub(crate) action: &'a str,
    /// Where the cancel button posts to.
    pub(crate) cancel_action: &'a str,
    /// The token that proves that the form is ours.
    pub(crate) csrf: &'a str,
    /// What is asked for; see [`super::permission_lines`].
    pub(crate) permissions: Vec<PermissionLine>,
    /// The stretch of time that payments may be read from; none if unlimited or not asked for.
    pub(crate) window: Option<Window>,
    /// The last day, in words such as `3 March 2027`; none if it has no end.
    pub(crate) until: Option<&'a str>,
    /// The dashboard's address as a person would type it: `bank.example/my/consents`.
    pub(crate) dashboard: &'a str,
    /// The accounts to choose from; unused when the app only asks to sign in.
    pub(crate) accounts: Vec<AccountLine>,
    /// Why the last answer could not be taken.
    pub(crate) error: Option<&'a str>,
}

impl ConsentPage<'_> {
    fn shares_accounts(&self) -> bool {
        self.purpose == Purpose::Accounts
    }

    /// Without an account to share there is nothing that could be allowed.
    fn can_allow(&self) -> bool {
        !self.shares_accounts() || !self.accounts.is_empty()
    }
}

/// Who asks. All of it but the last two is the app's own claim, so it is shown as text, never linked.
#[derive(Clone, Copy)]
pub(crate) struct AppCard<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// The host of its website, if it gave one.
    pub(crate) host: Option<&'a str>,
    /// Its client id.
    pub(crate) client_id: &'a str,
    /// The day of its registration in words, such as `3 March 2025`.
    pub(crate) registered_since: &'a str,
}

/// One account to tick or untick.
pub(crate) struct AccountLine {
    /// What the form sends back.
    pub(crate) id: String,
    /// The customer's or the bank's name for it.
    pub(crate) nickname: String,
    /// What it is, such as `Current account`.
    pub(crate) kind: String,
    /// Just enough of its number to know it, such as `ending 4821`.
    pub(crate) identification: String,
    /// The customer's part in it where it is not simply theirs: `joint`, `authorised user`.
    pub(crate) holder: Option<String>,
    /// Whether it is ticked.
    pub(crate) checked: bool,
}

/// The stretch of time that payments may be read from: days in words.
pub(crate) struct Window {
    /// The first day.
    pub(crate) from: Option<String>,
    /// The last day.
    pub(crate) to: Option<String>,
}

impl Window {
    /// The window as the end of a sentence about payments.
    fn words(&self) -> String {
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => format!("from {from} to {to}"),
            (Some(from), None) => format!("from {from} on"),
            (None, Some(to)) => format!("up to {to}"),
            (None, None) => "of any time".to_owned(),
        }
    }
}

#[cfg(test)]
mod samples {
    use super::super::{Asked, permission_lines, tests::Ink};
    use super::*;

    impl ConsentPage<'static> {
        /// An app asks for much, with a window and an end; no account was ticked.
        pub(in super::super) fn sample(ink: Ink) -> Self {
            Self {
                frame: Frame::sample(ink),
                purpose: Purpose::Accounts,
                app: AppCard {
                    name: ink.write("Pocket Ledger"),
                    host: Some(ink.write("pocketledger.example")),
                    client_id: ink.write("cl_4Jm2vQx9TtY8"),
                    registered_since: ink.write("3 March 2025"),
                },
                customer: Some(ink.write("Anna Novak")),
                action: "/interaction/int_7f3a/consent",
                cancel_action: "/interaction/int_7f3a/cancel",
                csrf: ink.write("c5rfT0ken"),
                permissions: permissions(ink),
                window: Some(Window { from: Some(ink.own("1 January 2025")), to: Some(ink.own("31 December 2025")) }),
                until: Some(ink.write("19 February 2027")),
                dashboard: ink.write("bank.example/my/consents"),
                accounts: accounts(ink),
                error: Some(ink.write(NO_ACCOUNT_TICKED)),
            }
        }

        /// The usual first sight: no error, no window.
        pub(in super::super) fn sample_first(ink: Ink) -> Self {
            let mut accounts = accounts(ink);
            accounts.iter_mut().for_each(|account| account.checked = true);
            Self { window: None, error: None, accounts, ..Self::sample(ink) }
        }

        /// The app only asks to sign in.
        pub(in super::super) fn sample_sign_in_only(ink: Ink) -> Self {
            Self {
                purpose: Purpose::SignIn,
                permissions: permission_lines(&[Asked::Identity]),
                window: None,
                until: None,
                accounts: Vec::new(),
                error: None,
                ..Self::sample(ink)
            }
        }

        /// The customer has nothing that could be shared.
        pub(in super::super) fn sample_no_accounts(ink: Ink) -> Self {
            Self { accounts: Vec::new(), error: None, ..Self::sample(ink) }
        }
    }

    fn permissions(ink: Ink) -> Vec<PermissionLine> {
        let asked = [
            Asked::Accounts,
            Asked::Balances,
            Asked::Transactions,
            Asked::Beneficiaries,
            Asked::StandingOrders,
            Asked::Parties,
        ];
        let stain =
            |line: PermissionLine| PermissionLine { title: ink.own(&line.title), detail: ink.own(&line.detail) };
        permission_lines(&asked).into_iter().map(stain).collect()
    }

    fn accounts(ink: Ink) -> Vec<AccountLine> {
        let rows = [
            ("acc_1", "Everyday", "Current account", "ending 4821", None),
            ("acc_2", "Rainy days", "Savings account", "ending 0377", None),
            ("acc_3", "Home and family", "Current account", "ending 9120", Some("joint")),
            ("acc_4", "Card", "Credit card", "ending 5512", Some("authorised user")),
        ];
        let line = |(id, nickname, kind, identification, holder): (_, _, _, _, Option<&str>)| AccountLine {
            id: ink.own(id),
            nickname: ink.own(nickname),
            kind: ink.own(kind),
            identification: ink.own(identification),
            holder: holder.map(|role| ink.own(role)),
            checked: false,
        };
        rows.into_iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Window;

    #[test]
    fn a_window_reads_as_the_end_of_a_sentence() {
        let day = |text: &str| Some(text.to_owned());
        let words = |from, to| Window { from, to }.words();
        assert_eq!(words(day("1 May 2025"), day("2 May 2025")), "from 1 May 2025 to 2 May 2025");
        assert_eq!(words(day("1 May 2025"), None), "from 1 May 2025 on");
        assert_eq!(words(None, day("2 May 2025")), "up to 2 May 2025");
        assert_eq!(words(None, None), "of any time");
    }
}
