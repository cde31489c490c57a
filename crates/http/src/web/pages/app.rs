//! The app on a page: what it is called, who answers for it, and what a customer should know before they believe it.
//!
//! Name and addresses are text, never links, and never marked as safe.

use super::Frame;

/// Who asks.
#[derive(Clone)]
pub(crate) struct AppCard<'a> {
    /// Its name: checked if somebody vouches for it, its own claim if not.
    pub(crate) name: &'a str,
    /// The digest of its logo; only of an app that somebody vouches for.
    pub(crate) logo: Option<&'a str>,
    /// The host of its website, if somebody vouches for that.
    pub(crate) host: Option<&'a str>,
    /// Where the customer's answer goes: a host, or words for this device.
    pub(crate) returns_to: &'a str,
    /// Its client id.
    pub(crate) client_id: &'a str,
    /// The day of its registration in words, such as `3 March 2025`.
    pub(crate) registered_since: &'a str,
    /// Who answers for it, if that was checked.
    pub(crate) vouched: Option<Vouched<'a>>,
    /// What the customer should know before they believe it.
    pub(crate) cautions: Vec<Caution<'a>>,
}

impl AppCard<'_> {
    /// What stands in for its logo.
    pub(super) fn initial(&self) -> String {
        initial(self.name)
    }

    /// Whether nothing else is to be said than that it is new, which is no reason to raise one's voice.
    pub(super) fn is_only_new(&self) -> bool {
        matches!(self.cautions.as_slice(), [Caution::New(_)])
    }
}

/// Who answers for an app, and who says so.
#[derive(Clone, Copy)]
pub(crate) struct Vouched<'a> {
    /// The organisation that answers for it.
    pub(crate) organisation: &'a str,
    /// Who checked that.
    pub(crate) by: VouchedBy<'a>,
}

/// Who checked whose an app is.
#[derive(Clone, Copy)]
pub(crate) enum VouchedBy<'a> {
    /// The bank, on this day in words.
    Bank(&'a str),
    /// A directory that the bank trusts.
    Directory(&'a str),
}

/// Why a customer should look twice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caution<'a> {
    /// Its name has letters of several alphabets in one word.
    Alphabets,
    /// Its name is like that of this app.
    LikeApp(&'a str),
    /// Its name is like the bank's.
    LikeBank,
    /// It was registered on this day, a short while ago.
    New(&'a str),
    /// Nobody vouches for it.
    Unchecked,
}

impl Caution<'_> {
    /// What it means, before the name of another app if there is one, and after it.
    pub(crate) fn words(self, frame: &Frame<'_>) -> [String; 2] {
        let plain = |text: &str| [text.to_owned(), String::new()];
        match self {
            Self::Alphabets => plain(
                "Its name mixes letters of different alphabets. Names that imitate others are often made that way.",
            ),
            Self::LikeApp(_) => [
                "Its name is very much like the name of another app that we know, ".to_owned(),
                ". It is not the same app.".to_owned(),
            ],
            Self::LikeBank => [
                format!("Its name sounds like {}. It is not an app that we know as ours.", frame.bank_name),
                String::new(),
            ],
            Self::New(day) => [format!("It is new here: it was registered on {day}."), String::new()],
            Self::Unchecked => {
                plain("Nobody has confirmed to us who makes this app. The name is what it calls itself.")
            }
        }
    }

    /// The name of another app that belongs between the words.
    pub(crate) fn other(self) -> Option<String> {
        match self {
            Self::LikeApp(name) => Some(name.to_owned()),
            Self::Alphabets | Self::LikeBank | Self::New(_) | Self::Unchecked => None,
        }
    }
}

/// The letter that stands in for a logo.
pub(super) fn initial(name: &str) -> String {
    let first = name.chars().find(|c| c.is_alphanumeric());
    first.map_or_else(|| "·".to_owned(), |c| c.to_uppercase().take(1).collect())
}

#[cfg(test)]
pub(super) mod samples {
    use super::super::tests::Ink;
    use super::*;

    impl AppCard<'static> {
        /// An app that a directory vouches for, with a logo.
        pub(in super::super) fn sample(ink: Ink) -> Self {
            Self {
                name: ink.write("Pocket Ledger"),
                logo: Some(ink.write("5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9")),
                host: Some(ink.write("pocketledger.example")),
                returns_to: ink.write("app.pocketledger.example"),
                client_id: ink.write("cl_4Jm2vQx9TtY8"),
                registered_since: ink.write("3 March 2025"),
                vouched: Some(Vouched {
                    organisation: ink.write("Pocket Ledger Ltd"),
                    by: VouchedBy::Directory(ink.write("Open Banking Ltd")),
                }),
                cautions: Vec::new(),
            }
        }

        /// One that the bank itself has checked, and that has no logo.
        pub(in super::super) fn sample_checked(ink: Ink) -> Self {
            let by = VouchedBy::Bank(ink.write("21 November 2026"));
            let vouched = Some(Vouched { organisation: ink.write("Rent Register Cooperative"), by });
            Self { name: ink.write("Rent Register"), logo: None, host: None, vouched, ..Self::sample(ink) }
        }

        /// One that nobody vouches for, known for a while.
        pub(in super::super) fn sample_unchecked(ink: Ink) -> Self {
            let cautions = vec![Caution::Unchecked];
            Self { logo: None, host: None, vouched: None, cautions, ..Self::sample(ink) }
        }

        /// One that a directory vouches for, and that was registered yesterday.
        pub(in super::super) fn sample_new(ink: Ink) -> Self {
            let day = ink.write("21 November 2026");
            Self { registered_since: day, cautions: vec![Caution::New(day)], ..Self::sample(ink) }
        }

        /// One that gives itself the name of another.
        pub(in super::super) fn sample_alike(ink: Ink) -> Self {
            let day = ink.write("21 November 2026");
            Self {
                name: ink.write("Pocket-Ledger™"),
                returns_to: ink.write("pocket-ledger-login.example"),
                registered_since: day,
                cautions: vec![Caution::LikeApp(ink.write("Pocket Ledger")), Caution::Unchecked, Caution::New(day)],
                ..Self::sample_unchecked(ink)
            }
        }

        /// One that calls itself the bank, in a name that runs on and on.
        pub(in super::super) fn sample_like_bank(ink: Ink) -> Self {
            let name = ink.write("Lombard-Security-Department-Account-Protection-Verification-Service-Confirmation");
            let cautions = vec![Caution::LikeBank, Caution::Alphabets, Caution::Unchecked];
            Self { name, cautions, ..Self::sample_alike(ink) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::initial;

    #[test]
    fn the_letter_of_a_name_is_its_first_that_is_one() {
        for (name, letter) in
            [("pocket", "P"), ("★ über", "Ü"), ("3D", "3"), ("株式", "株"), ("ßa", "S"), ("★", "·"), ("<b>", "B")]
        {
            assert_eq!(initial(name), letter);
        }
    }
}
