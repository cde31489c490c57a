//! An app as the customer is shown it: what was checked of it, and what they should know before they believe it.

use lombard_auth::client::{Identity, Imitated};
use lombard_domain::oauth::{Client, RedirectUri, Vouched, WebUri};

use super::pages::{self, AppCard, Caution, VouchedBy};
use super::words;

/// What a page says of an app, in words.
pub(super) struct Facts<'a> {
    client: &'a Client,
    identity: &'a Identity,
    id: String,
    host: Option<String>,
    returns_to: String,
    registered: String,
    checked: Option<String>,
}

impl<'a> Facts<'a> {
    /// Of an app that asks, and wants the answer at this address.
    pub(super) fn of(client: &'a Client, identity: &'a Identity, redirect_uri: &RedirectUri) -> Self {
        let returns_to = redirect_uri.host().filter(|_| !redirect_uri.is_loopback());
        Self {
            client,
            identity,
            id: client.id.to_string(),
            host: client.vouched_home().and_then(WebUri::host),
            returns_to: returns_to.unwrap_or_else(|| THIS_DEVICE.to_owned()),
            registered: words::day(client.created_at.date()),
            checked: match client.vouched() {
                Vouched::Bank(verification) => Some(words::day(verification.at.date())),
                Vouched::Directory(_) | Vouched::Nobody => None,
            },
        }
    }

    /// The card on the page.
    pub(super) fn card(&self) -> AppCard<'_> {
        AppCard {
            name: self.client.metadata.client_name.as_str(),
            logo: self.identity.logo.as_deref(),
            host: self.host.as_deref(),
            returns_to: &self.returns_to,
            client_id: &self.id,
            registered_since: &self.registered,
            vouched: self.vouched(),
            cautions: self.cautions(),
        }
    }

    fn vouched(&self) -> Option<pages::Vouched<'_>> {
        let (organisation, by) = match self.client.vouched() {
            Vouched::Bank(verification) => {
                (verification.organisation.as_str(), VouchedBy::Bank(self.checked.as_deref().unwrap_or_default()))
            }
            Vouched::Directory(software) => (software.org_name.as_str(), VouchedBy::Directory(software.iss.as_str())),
            Vouched::Nobody => return None,
        };
        Some(pages::Vouched { organisation, by })
    }

    /// The weightiest first.
    fn cautions(&self) -> Vec<Caution<'_>> {
        let imitates = self.identity.imitates.as_ref().map(|imitated| match imitated {
            Imitated::Alphabets => Caution::Alphabets,
            Imitated::App { name } => Caution::LikeApp(name),
            Imitated::Bank => Caution::LikeBank,
        });
        let unchecked = self.client.vouched().is_nobody().then_some(Caution::Unchecked);
        let new = self.identity.is_new.then_some(Caution::New(&self.registered));
        imitates.into_iter().chain(unchecked).chain(new).collect()
    }
}

/// Who answers for an app, if that was checked.
pub(super) fn organisation(client: &Client) -> Option<String> {
    match client.vouched() {
        Vouched::Bank(verification) => Some(verification.organisation.to_string()),
        Vouched::Directory(software) => Some(software.org_name.to_string()),
        Vouched::Nobody => None,
    }
}

/// Where an app is that runs on the customer's own machine.
const THIS_DEVICE: &str = "an app on this device";
