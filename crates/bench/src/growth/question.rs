//! What is asked of both banks.

use anyhow::Context as _;

use crate::case::API;
use crate::https::{self, json_of, text};
use crate::sandbox::Facts;
use crate::story::Access;

/// Something an app reads over and over.
pub(crate) struct Question {
    /// Its name in the table.
    pub(crate) name: &'static str,
    place: Place,
}

/// Where the answer is.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// Of all accounts at once.
    Bulk(&'static str),
    /// Below one account.
    Account(&'static str),
    /// The second page of what was booked before the middle of the account's history.
    Middle,
    /// What happened in one account, from the beginning.
    Feed,
}

impl Question {
    /// The path of the answer for this app.
    ///
    /// # Errors
    /// The link to the page in the middle cannot be got.
    pub(crate) async fn path(&self, facts: &Facts, access: &Access) -> anyhow::Result<String> {
        let account = format!("{API}/accounts/{}", access.account);
        Ok(match self.place {
            Place::Bulk(name) => format!("{API}/{name}"),
            Place::Account(below) => format!("{account}{below}"),
            Place::Feed => format!("/lombard/v1/accounts/{}/transactions/sync", access.account),
            Place::Middle => {
                let first = format!("{}{account}/transactions?toBookingDateTime={MIDDLE}", facts.issuer);
                let request = https::client(facts)?.get(first).bearer_auth(&access.token);
                let next = text(&json_of(request.send().await?).await?, "/Links/Next")?;
                next.strip_prefix(&facts.issuer).context("a link that leads elsewhere")?.to_owned()
            }
        })
    }
}

/// All of them.
pub(crate) const QUESTIONS: [Question; 7] = [
    Question { name: "all accounts", place: Place::Bulk("accounts") },
    Question { name: "one account", place: Place::Account("") },
    Question { name: "balances in bulk", place: Place::Bulk("balances") },
    Question { name: "transactions in bulk", place: Place::Bulk("transactions") },
    Question { name: "newest transactions", place: Place::Account("/transactions") },
    Question { name: "a page in the middle", place: Place::Middle },
    Question { name: "change feed, first page", place: Place::Feed },
];

/// Half way through the years of [`super::bank`].
const MIDDLE: &str = "2022-06-28T00:00:00";
