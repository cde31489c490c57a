//! The page on which a customer allows or denies. Shows who asks, for what, for how long and on which
//! accounts; never a balance, and never one answer louder than the other.

use askama::Template;

use super::app::{AppCard, VouchedBy};
use super::{Frame, PermissionLine, Purpose};

/// Said when what was shown has changed before the customer answered.
pub(crate) const CHANGED: &str =
    "This was answered or changed somewhere else while you looked at it. Please check it once more, then answer.";
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
    /// What the answer would renew.
    pub(crate) renewal: Option<Renewal>,
    /// Names what is shown, for the answer to be taken for an answer to this.
    pub(crate) question: &'a str,
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
    /// The stretch of time that payments and statements may be read from; none if neither is asked for.
    pub(crate) window: Option<Window>,
    /// The last day, in words such as `3 March 2027`; none if it has no end.
    pub(crate) until: Option<&'a str>,
    /// The dashboard's address as a person would type it: `bank.example/my/consents`.
    pub(crate) dashboard: &'a str,
    /// The accounts to choose from, or the one that the app named; unused when the app only asks to sign in.
    pub(crate) accounts: Vec<AccountLine>,
    /// Why the last answer could not be taken.
    pub(crate) error: Option<&'a str>,
}

impl ConsentPage<'_> {
    fn shares_accounts(&self) -> bool {
        self.purpose == Purpose::Accounts
    }

    fn asks_about_funds(&self) -> bool {
        self.purpose == Purpose::Funds
    }

    /// Without an account to share there is nothing that could be allowed.
    fn can_allow(&self) -> bool {
        !self.shares_accounts() || !self.accounts.is_empty()
    }

    fn renews(&self) -> bool {
        matches!(self.renewal, Some(Renewal::Going { .. }))
    }

    /// What becomes of what the customer allowed before.
    fn renewal_words(&self) -> Option<[String; 2]> {
        let choice = if self.asks_about_funds() { "" } else { ", for the accounts that you tick here" };
        Some(match self.renewal.as_ref()? {
            Renewal::Going { since } => [
                format!("You already allow this, since {since}. If you allow it again, it is renewed{choice}."),
                "If you deny, nothing changes: it goes on as it is now, and you can stop it at any time.".to_owned(),
            ],
            Renewal::Stopped { on } => [
                format!(
                    "You allowed this before, and it was stopped on {on}. If you allow it again, it starts anew{choice}."
                ),
                "If you deny, it stays stopped.".to_owned(),
            ],
        })
    }
}

/// What a customer's answer would renew. Days are in words.
pub(crate) enum Renewal {
    /// What they allow already.
    Going {
        /// When they allowed it last.
        since: String,
    },
    /// What they allowed before.
    Stopped {
        /// When it was taken back.
        on: String,
    },
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

/// The stretch of time that things may be read from: days in words.
pub(crate) struct Window {
    /// Which things, such as `payments`.
    pub(crate) what: &'static str,
    /// The first day.
    pub(crate) from: Option<String>,
    /// The last day.
    pub(crate) to: Option<String>,
}

impl Window {
    /// The window as a sentence.
    fn sentence(&self) -> String {
        let what = self.what;
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => format!("Only {what} from {from} to {to}."),
            (Some(from), None) => format!("Only {what} from {from} on."),
            (None, Some(to)) => format!("Only {what} up to {to}, as far back as we have them."),
            (None, None) => format!("This means {what} of any time, as far back as we have them."),
        }
    }
}

#[cfg(test)]
mod samples {
    use super::super::{Asked, Depth, Flow, permission_lines, tests::Ink};
    use super::*;

    impl ConsentPage<'static> {
        /// An app asks for much, with a window and an end; no account was ticked.
        pub(in super::super) fn sample(ink: Ink) -> Self {
            Self {
                frame: Frame::sample(ink),
                purpose: Purpose::Accounts,
                app: AppCard::sample(ink),
                renewal: None,
                question: ink.write("awaiting-1772452800000000"),
                customer: Some(ink.write("Anna Novak")),
                action: "/interaction/int_7f3a/consent",
                cancel_action: "/interaction/int_7f3a/cancel",
                csrf: ink.write("c5rfT0ken"),
                permissions: permissions(ink),
                window: Some(Window {
                    what: "payments and statements",
                    from: Some(ink.own("1 January 2025")),
                    to: Some(ink.own("31 December 2025")),
                }),
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
            let app = AppCard::sample_unchecked(ink);
            let window = Some(Window { what: "payments and statements", from: None, to: None });
            Self { window, error: None, app, accounts, ..Self::sample(ink) }
        }

        /// The same of other apps, each for one thing that a customer is told of them.
        pub(in super::super) fn samples_of_apps(ink: Ink) -> Vec<(&'static str, Self)> {
            let of = |app| Self { app, ..Self::sample_first(ink) };
            vec![
                ("consent-verified", of(AppCard::sample(ink))),
                ("consent-checked", of(AppCard::sample_checked(ink))),
                ("consent-new", of(AppCard::sample_new(ink))),
                ("consent-unverified", of(AppCard::sample_unchecked(ink))),
                ("consent-look-alike", of(AppCard::sample_alike(ink))),
                ("consent-like-bank", of(AppCard::sample_like_bank(ink))),
            ]
        }

        /// What the customer allows already is to be renewed, for one account as before.
        pub(in super::super) fn sample_renewal(ink: Ink) -> Self {
            let mut accounts = accounts(ink);
            accounts.iter_mut().take(1).for_each(|account| account.checked = true);
            let renewal = Some(Renewal::Going { since: ink.own("21 November 2026") });
            Self { renewal, error: Some(ink.write(CHANGED)), accounts, until: None, ..Self::sample(ink) }
        }

        /// What the customer stopped is asked for again.
        pub(in super::super) fn sample_stopped(ink: Ink) -> Self {
            Self { renewal: Some(Renewal::Stopped { on: ink.own("2 February 2027") }), ..Self::sample_renewal(ink) }
        }

        /// An app asks whether there is enough money in an account.
        pub(in super::super) fn sample_funds(ink: Ink) -> Self {
            let mut accounts = accounts(ink);
            accounts.truncate(1);
            Self {
                purpose: Purpose::Funds,
                permissions: permission_lines(&[Asked::Funds]),
                window: None,
                until: None,
                accounts,
                error: None,
                ..Self::sample(ink)
            }
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
            Asked::Accounts(Depth::Detail),
            Asked::Balances,
            Asked::Transactions(Flow::Both, Depth::Detail),
            Asked::Beneficiaries(Depth::Detail),
            Asked::StandingOrders(Depth::Basic),
            Asked::Statements(Depth::Basic),
            Asked::Contact,
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
    fn a_window_reads_as_a_sentence() {
        let day = |text: &str| Some(text.to_owned());
        let words = |from, to| Window { what: "payments", from, to }.sentence();
        assert_eq!(words(day("1 May 2025"), day("2 May 2025")), "Only payments from 1 May 2025 to 2 May 2025.");
        assert_eq!(words(day("1 May 2025"), None), "Only payments from 1 May 2025 on.");
        assert_eq!(words(None, day("2 May 2025")), "Only payments up to 2 May 2025, as far back as we have them.");
        assert_eq!(words(None, None), "This means payments of any time, as far back as we have them.");
    }
}
