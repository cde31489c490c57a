//! The rules of a sandbox, for itself and for the commands that work beside it.
//!
//! Must never be used for a real bank: anybody may register, and keys are fetched from everywhere.

use std::path::Path;

use anyhow::Context as _;
use lettre::message::Mailbox;
use lombard_auth::client::AppRules;
use lombard_auth::limit::{Class, Kind, Limits};
use lombard_auth::watch::{Response, Steps};
use lombard_auth::{Policy, Registration};
use lombard_http::Letterhead;

use crate::config::BANK_NAME;
use crate::directory::SandboxDirectory;
use crate::fetch::Reach;
use crate::pki;
use crate::post::{FilePost, Stationery};
use crate::wire::Trust;

/// Names, lifetimes and limits of a sandbox under these addresses.
pub(crate) fn policy(issuer: &str, mtls_base: Option<String>, directory: Option<&SandboxDirectory>) -> Policy {
    let mut limits = Limits::usual();
    // Whoever tries software out signs in as the same few people, whose passwords everybody knows, and registers, again and again.
    for (class, kind) in
        [(Class::SignIn, Kind::Address), (Class::SignIn, Kind::Customer), (Class::Registration, Kind::Address)]
    {
        limits.set(class, kind, None);
    }
    let apps = AppRules { bank_names: vec![BANK_NAME.to_owned()], ..AppRules::usual() };
    let usual = Policy::for_issuer(issuer);
    // Alarms are there to be seen; but whoever tries out what an attacker does must not be shut out of their own sandbox.
    let watching = usual.watching.clone().map(|response| Response { steps: Steps::default(), ..response });
    Policy {
        apps,
        limits,
        watching,
        registration: Registration::Open,
        mtls_base,
        directories: directory.into_iter().map(SandboxDirectory::trusted).collect(),
        ..usual
    }
}

/// The same for whoever measures what the server can do, or loads it: nobody is refused for calling too often, or too much at once.
pub(crate) fn without_limits(policy: Policy, throttled: bool) -> Policy {
    let throttling = if throttled { policy.throttling } else { None };
    Policy { limits: Limits::off(), throttling, ..policy }
}

/// What customers are written goes into a folder, where whoever tries software out can read it.
///
/// # Errors
/// The folder cannot be made.
pub(crate) fn post(folder: &Path, issuer: &str, bank_name: &str) -> anyhow::Result<FilePost> {
    let head = Letterhead { bank_name: bank_name.to_owned(), issuer: issuer.to_owned(), contact: None };
    let from = Mailbox::new(Some(bank_name.to_owned()), FROM.parse().context("the sandbox has no address")?);
    FilePost::new(Stationery { head, from }, folder.join(RECEIPTS))
}

/// The folder of what customers are written, in the folder of the sandbox.
pub(crate) const RECEIPTS: &str = "receipts";
/// From whom it is.
const FROM: &str = "no-reply@localhost";

/// A sandbox believes its own authority, and asks whoever an app names: on a developer's machine that is mostly the machine itself.
pub(crate) fn trust(folder: &Path) -> Trust {
    let own: Vec<_> = pki::find_authority(folder).into_iter().collect();
    Trust { client_authorities: own.clone(), reach: Reach::Everything, outgoing_roots: own, outgoing_certificate: None }
}
