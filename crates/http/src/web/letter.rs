//! What customers are written when something was done in their name, in the words of the pages.
//!
//! Plain text: nothing in it that a mail program could load or run. No link carries a token, and there is one only, to the customer's
//! own page. What an app calls itself cannot become a link, a line or a sentence of ours.

use std::fmt::Write as _;

use lombard_domain::permission::PermissionSet;
use lombard_domain::receipt::{Credential, Given, Origin, Receipt, What};
use lombard_domain::time::{Instant, Span};

use super::pages::{Asked, permission_lines};
use super::words;

/// What all letters of a bank have in common.
#[derive(Clone, Debug)]
pub struct Letterhead {
    /// The bank's name as customers know it.
    pub bank_name: String,
    /// The public address of this server, without a slash at its end.
    pub issuer: String,
    /// How the bank is reached by somebody who sees something wrong, such as a telephone number.
    pub contact: Option<String>,
}

/// A letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Its subject, with nothing of the customer in it: it shows on locked screens, and stands in the logs of mail servers.
    pub subject: String,
    /// Its text, in lines that end with a line feed.
    pub text: String,
}

impl Letterhead {
    /// The letter for a receipt.
    #[must_use]
    pub fn write(&self, receipt: &Receipt) -> Letter {
        let bank = &self.bank_name;
        let when = moment(receipt.at);
        let (subject, told, not_you) = match &receipt.what {
            What::SignedIn(origin) => ("New sign-in", signed_in(bank, &when, origin), NOT_YOUR_SIGN_IN),
            What::ConsentGiven(given) => {
                ("An app can see data of yours", allowed(bank, &when, given), NOT_YOUR_CONSENT)
            }
            What::CredentialChanged(credential) => {
                ("Your sign-in was changed", changed(bank, &when, *credential), NOT_YOUR_CHANGE)
            }
        };
        let mut text = format!("Hello,\n\n{told}\nIf this was you, there is nothing to do.\n\n{not_you}");
        // Writing to a string cannot fail.
        let _ = match &self.contact {
            Some(contact) => writeln!(text, " Then tell {bank}: {contact}"),
            None => writeln!(text, " Then tell {bank}, in the way that you know."),
        };
        let _ = writeln!(text, "\nWhat you share, and how you stop it:\n{}{OWN_PAGE}", self.issuer);
        if receipt.is_last {
            let _ = writeln!(text, "\n{HELD_BACK}");
        }
        let _ = writeln!(text, "\n{bank} never asks for your password or a code by e-mail.");
        Letter { subject: format!("{bank}: {subject}"), text }
    }
}

fn signed_in(bank: &str, when: &str, origin: &Origin) -> String {
    let place = origin.network.map(|network| format!("Network:  {network}\n")).unwrap_or_default();
    let browser = origin.browser.words();
    format!(
        "somebody signed in at {bank} with your user name, your password and your second\nfactor, in a browser that you had not used before.\n\nWhen:     {when}\n{place}Browser:  {browser}\n"
    )
}

fn allowed(bank: &str, when: &str, given: &Given) -> String {
    let what = if given.renewed { "you allowed an app to go on seeing" } else { "you allowed an app to see" };
    let until = given.until.map_or_else(|| "you stop it".to_owned(), |until| words::day(until.date()));
    let lines = seen(given.permissions, given.identity);
    let lines = lines.into_iter().fold(String::new(), |text, line| text + "  - " + &line + "\n");
    let app = quoted(given.app.as_str());
    format!(
        "{what} data of yours at {bank}.\n\nThe app calls itself:  {app}\nWhen:   {when}\nUntil:  {until}\nWhat it can see:\n{lines}"
    )
}

fn changed(bank: &str, when: &str, credential: Credential) -> String {
    let what = match credential {
        Credential::Password => "password",
        Credential::SecondFactor => "second factor",
    };
    format!("the {what} with which you sign in at {bank} was replaced.\n\nWhen:  {when}\n")
}

/// What an app can see, as the page said it.
fn seen(permissions: PermissionSet, identity: bool) -> Vec<String> {
    let asked: Vec<Asked> =
        identity.then_some(Asked::Identity).into_iter().chain(words::permitted(permissions)).collect();
    permission_lines(&asked).into_iter().map(|line| line.title).collect()
}

/// `2 March 2026, 12:00 UTC`.
fn moment(at: Instant) -> String {
    let minutes = at.since(at.date().start()).whole_seconds() / Span::minutes(1).whole_seconds();
    format!("{}, {:02}:{:02} UTC", words::day(at.date()), minutes / 60, minutes % 60)
}

/// What an app calls itself, in quotation marks: in one line, and so that no mail program makes a link of it.
fn quoted(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 2);
    let mut rest = name.chars().filter(|character| !matches!(character, '"' | '\u{201c}' | '\u{201d}')).peekable();
    text.push('"');
    while let Some(character) = rest.next() {
        text.push(if character.is_whitespace() || character.is_control() { ' ' } else { character });
        let ends_here = rest.peek().is_none_or(|next| next.is_whitespace());
        if !ends_here && matches!(character, '.' | ':' | '/' | '@' | '\u{3002}' | '\u{ff0e}') {
            text.push(' ');
        }
    }
    text.push('"');
    text
}

/// The customer's own page.
const OWN_PAGE: &str = "/my/consents";
const NOT_YOUR_SIGN_IN: &str =
    "If it was not you, somebody knows your password: change it, and look at what is\nshared on the page below.";
const NOT_YOUR_CONSENT: &str = "If it was not you, or you did not mean it, stop it on the page below.";
const NOT_YOUR_CHANGE: &str = "If you did not ask for it, somebody else did.";
const HELD_BACK: &str = "There were many such messages within an hour. This is the last one for now: look at\nthe page above for anything that you do not know.";

#[cfg(test)]
mod tests {
    use lombard_domain::browser::Browser;
    use lombard_domain::id::{CustomerId, ReceiptId};
    use lombard_domain::permission::Permission;
    use lombard_domain::receipt::RoughNetwork;
    use lombard_domain::text::Text;
    use proptest::prelude::*;

    use super::*;

    fn letter(what: What) -> Letter {
        let head = Letterhead {
            bank_name: "Test bank".to_owned(),
            issuer: "https://bank.example".to_owned(),
            contact: Some("+44 20 7946 0000".to_owned()),
        };
        head.write(&Receipt {
            id: ReceiptId::from_bits(1),
            customer: CustomerId::from_bits(2),
            at: Instant::from_seconds(1_772_452_980),
            what,
            is_last: false,
        })
    }

    fn given(app: &str) -> Given {
        Given {
            app: Text::new(app).unwrap(),
            permissions: PermissionSet::of(&[Permission::AccountsDetail, Permission::Balances]),
            identity: true,
            until: Some(Instant::from_seconds(1_780_000_000)),
            renewed: false,
        }
    }

    #[test]
    fn a_sign_in_says_when_from_where_and_what_to_do() {
        let browser = Browser::of_user_agent("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");
        let network = Some(RoughNetwork::of("192.0.2.77".parse().unwrap()));
        let letter = letter(What::SignedIn(Origin { network, browser }));
        assert_eq!(letter.subject, "Test bank: New sign-in");
        assert_eq!(
            letter.text,
            "Hello,

somebody signed in at Test bank with your user name, your password and your second
factor, in a browser that you had not used before.

When:     2 March 2026, 12:03 UTC
Network:  192.0.2.x
Browser:  Firefox on Linux

If this was you, there is nothing to do.

If it was not you, somebody knows your password: change it, and look at what is
shared on the page below. Then tell Test bank: +44 20 7946 0000

What you share, and how you stop it:
https://bank.example/my/consents

Test bank never asks for your password or a code by e-mail.
"
        );
    }

    #[test]
    fn a_consent_says_which_app_may_see_what_until_when() {
        let text = letter(What::ConsentGiven(given("Pocket Ledger"))).text;
        for part in [
            "you allowed an app to see data of yours at Test bank",
            "The app calls itself:  \"Pocket Ledger\"\n",
            "Until:  28 May 2026\n",
            "  - Who you are\n",
            "  - Your account names, types and numbers\n",
            "  - How much is in your accounts\n",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let renewed = Given { renewed: true, until: None, ..given("Pocket Ledger") };
        let text = letter(What::ConsentGiven(renewed)).text;
        assert!(text.contains("go on seeing") && text.contains("Until:  you stop it\n"), "{text}");
    }

    #[test]
    fn a_change_says_of_what() {
        let password = letter(What::CredentialChanged(Credential::Password)).text;
        assert!(password.contains("the password with which you sign in at Test bank was replaced"), "{password}");
        let factor = letter(What::CredentialChanged(Credential::SecondFactor)).text;
        assert!(factor.contains("the second factor with which"), "{factor}");
    }

    #[test]
    fn what_an_app_calls_itself_is_no_link_and_stays_between_its_marks() {
        for (name, shown) in [
            ("Pocket Ledger", "\"Pocket Ledger\""),
            ("Ledger & Co. Ltd.", "\"Ledger & Co. Ltd.\""),
            ("https://evil.example/x", "\"https: / / evil. example/ x\""),
            ("www.evil.example", "\"www. evil. example\""),
            ("call@evil.example", "\"call@ evil. example\""),
            ("x\" by Test bank. \"Call", "\"x by Test bank. Call\""),
        ] {
            assert_eq!(quoted(name), shown);
        }
    }

    proptest! {
        /// However an app is called, the letter has one link, and as many lines as with any other name.
        #[test]
        fn no_name_makes_a_link_or_a_line(name in "\\PC{1,80}") {
            prop_assume!(Text::<80>::new(&name).is_ok());
            let plain = letter(What::ConsentGiven(given("Plain")));
            let letter = letter(What::ConsentGiven(given(&name)));
            prop_assert_eq!(letter.text.matches("://").count(), 1);
            prop_assert_eq!(letter.text.lines().count(), plain.text.lines().count());
            prop_assert_eq!(letter.subject, plain.subject);
        }
    }
}
