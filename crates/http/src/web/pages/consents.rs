//! The dashboard: which apps the customer shares with, and a button to stop each.

use askama::Template;

use super::Frame;
use super::app::initial;

/// `GET /my/consents`.
#[derive(Template)]
#[template(path = "consents.html")]
pub(crate) struct MyConsentsPage<'a> {
    /// The bank around the page.
    pub(crate) frame: Frame<'a>,
    /// The name of the customer who is signed in.
    pub(crate) customer: Option<&'a str>,
    /// The token that proves that the forms are ours.
    pub(crate) csrf: &'a str,
    /// The app that was stopped just now.
    pub(crate) stopped: Option<&'a str>,
    /// Why the last click did not work.
    pub(crate) error: Option<&'a str>,
    /// Consents that an app can still use.
    pub(crate) live: Vec<ConsentLine>,
    /// Consents that have ended, latest first.
    pub(crate) ended: Vec<ConsentLine>,
}

/// One consent on the dashboard. Days are in words, such as `3 March 2027`.
pub(crate) struct ConsentLine {
    /// Names it in the form that stops it.
    pub(crate) id: String,
    /// The app's name.
    pub(crate) app: String,
    /// The digest of its logo; only of an app that somebody vouches for.
    pub(crate) logo: Option<String>,
    /// The host of its website, if somebody vouches for that.
    pub(crate) host: Option<String>,
    /// Who answers for it; `None`: nobody that was checked.
    pub(crate) organisation: Option<String>,
    /// The titles of the permission lines; empty if the app only learns who the customer is.
    pub(crate) permissions: Vec<String>,
    /// The accounts, such as `Everyday, ending 4821`; empty if the app only signs in.
    pub(crate) accounts: Vec<String>,
    /// When it was given.
    pub(crate) since: String,
    /// When it ends or ended; none if it has no end.
    pub(crate) until: Option<String>,
    /// When the app last used it, if known.
    pub(crate) last_used: Option<String>,
    /// How it stands.
    pub(crate) standing: Standing,
}

impl ConsentLine {
    /// What stands in for the app's logo.
    fn initial(&self) -> String {
        initial(&self.app)
    }
}

/// How a consent stands, for the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The app can use it.
    Active,
    /// The app can use it, but not for long.
    EndsSoon,
    /// The customer stopped it.
    Stopped,
    /// Its time is over.
    Expired,
    /// The app gave it up.
    GivenUp,
    /// The bank stopped it.
    StoppedByBank,
}

impl Standing {
    fn words(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::EndsSoon => "Ends soon",
            Self::Stopped => "Stopped by you",
            Self::Expired => "Ran out",
            Self::GivenUp => "Ended by the app",
            Self::StoppedByBank => "Stopped by us",
        }
    }

    /// The class of its tag in the stylesheet.
    fn class(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::EndsSoon => "soon",
            Self::Stopped | Self::Expired | Self::GivenUp | Self::StoppedByBank => "over",
        }
    }
}

#[cfg(test)]
mod samples {
    use super::super::tests::Ink;
    use super::*;

    impl MyConsentsPage<'static> {
        /// Three live consents, four ended ones, one of them just now.
        pub(in super::super) fn sample(ink: Ink) -> Self {
            let live = vec![
                ConsentLine::sample(ink, "con_1", "Pocket Ledger", Standing::Active),
                ConsentLine {
                    permissions: Vec::new(),
                    accounts: Vec::new(),
                    logo: None,
                    host: None,
                    organisation: None,
                    last_used: None,
                    ..ConsentLine::sample(ink, "con_2", "Rent Register", Standing::EndsSoon)
                },
                ConsentLine { until: None, ..ConsentLine::sample(ink, "con_7", "Year End", Standing::Active) },
            ];
            let ended = vec![
                ConsentLine::sample(ink, "con_3", "Tax Helper", Standing::Stopped),
                ConsentLine::sample(ink, "con_4", "Old Budget", Standing::Expired),
                ConsentLine::sample(ink, "con_5", "Loan Finder", Standing::GivenUp),
                ConsentLine::sample(ink, "con_6", "Coin Jar", Standing::StoppedByBank),
            ];
            Self {
                frame: Frame::sample(ink),
                customer: Some(ink.write("Anna Novak")),
                csrf: ink.write("c5rfT0ken"),
                stopped: Some(ink.write("Tax Helper")),
                error: Some(ink.write("That page was too old. Please try again.")),
                live,
                ended,
            }
        }

        /// The usual sight: no notices.
        pub(in super::super) fn sample_quiet(ink: Ink) -> Self {
            Self { stopped: None, error: None, ..Self::sample(ink) }
        }

        /// Nothing was ever shared.
        pub(in super::super) fn sample_empty(ink: Ink) -> Self {
            Self { stopped: None, error: None, live: Vec::new(), ended: Vec::new(), ..Self::sample(ink) }
        }
    }

    impl ConsentLine {
        fn sample(ink: Ink, id: &str, app: &str, standing: Standing) -> Self {
            Self {
                id: ink.own(id),
                app: ink.own(app),
                logo: Some(ink.own("5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9")),
                host: Some(ink.own("pocketledger.example")),
                organisation: Some(ink.own("Pocket Ledger Ltd")),
                permissions: vec![
                    ink.own("Your account names, types and numbers"),
                    ink.own("How much is in your accounts"),
                    ink.own("Your payments in and out"),
                ],
                accounts: vec![ink.own("Everyday, ending 4821"), ink.own("Home and family, ending 9120")],
                since: ink.own("21 November 2026"),
                until: Some(ink.own("19 February 2027")),
                last_used: Some(ink.own("today at 09:14")),
                standing,
            }
        }
    }
}
