//! `lombard consent`: what customers allowed apps, and how the bank takes it back.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use lombard_auth::consent::{Listed, Shown};
use lombard_domain::consent::{Consent, Kind, Revoker, Status};
use lombard_domain::id::ConsentId;
use lombard_domain::time::Instant;

use super::place::Place;
use super::{ConsentCommand, ConsentList, ConsentRevoke, ConsentShow, OPERATOR, Reason, say};

/// Does what `lombard consent` was asked.
///
/// # Errors
/// The database cannot be used, or there is no such consent, app or customer.
pub(crate) async fn consent(command: &ConsentCommand) -> anyhow::Result<ExitCode> {
    match command {
        ConsentCommand::List(args) => list(args).await,
        ConsentCommand::Show(args) => show(args).await,
        ConsentCommand::Revoke(args) => revoke(args).await,
    }
}

async fn list(args: &ConsentList) -> anyhow::Result<ExitCode> {
    let core = Place::find(&args.place)?.core().await?;
    let found = match (&args.client, &args.customer) {
        (Some(client), _) => core.auth.consents_of_client(client.parse().context("not a client id")?).await?,
        (None, Some(username)) => {
            let found = core.auth.consents_of_username(username).await?;
            found.context("there is no customer with this user name")?
        }
        (None, None) => bail!("--client or --customer must say whose consents are meant"),
    };
    let now = core.auth.now();
    for Listed { consent, client, .. } in &found {
        let client_name = client.metadata.client_name.as_str();
        let status = words_of_status(consent.status(now));
        say(format_args!("{}  {}  {status}  {client_name}", consent.id(), day(consent.created_at())));
    }
    if found.is_empty() {
        eprintln!("There are none.");
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(args: &ConsentShow) -> anyhow::Result<ExitCode> {
    let core = Place::find(&args.place)?.core().await?;
    let found = core.auth.show_consent(id(&args.consent)?).await?;
    let Shown { consent, client_name, history } = found.context("there is no consent with this id")?;
    let terms = consent.terms();
    let app = client_name.as_deref().unwrap_or("an app that is not there any more");
    say(format_args!("consent    {}", consent.id()));
    say(format_args!("status     {}", words_of_status(consent.status(core.auth.now()))));
    say(format_args!("app        {app} ({})", consent.client()));
    if let Some(yes) = consent.state().authorisation() {
        say(format_args!("customer   {}, for {} accounts", yes.customer, yes.accounts.len()));
    }
    say(format_args!("made       {}", words_of_kind(consent.kind())));
    say(format_args!("allows     {}", terms.permissions));
    say(format_args!("until      {}", until(&consent)));
    for (at, status) in history {
        say(format_args!("{}  {}", at.rfc3339(), words_of_status(status)));
    }
    Ok(ExitCode::SUCCESS)
}

async fn revoke(args: &ConsentRevoke) -> anyhow::Result<ExitCode> {
    let core = Place::find(&args.place)?.core().await?;
    let (why, revocable, what_follows) = match args.reason {
        Reason::Fraud => (
            Revoker::BankForFraud,
            "authorised, or was taken back for another reason",
            "The app is told that access is suspended. Nobody can give the consent again.",
        ),
        Reason::Authentication => {
            (Revoker::BankForAuthentication, "authorised", "The app is told that the customer must sign in again.")
        }
        Reason::Closed => (Revoker::Bank, "authorised", "The app is told that the bank withdrew access."),
    };
    if !core.auth.revoke_by_operator(OPERATOR, id(&args.consent)?, why).await? {
        bail!("there is no consent with this id that is {revocable}; `lombard consent show` says where one stands");
    }
    say(format_args!("The consent is taken back. Its tokens stop working with the next call. {what_follows}"));
    Ok(ExitCode::SUCCESS)
}

fn id(text: &str) -> anyhow::Result<ConsentId> {
    text.parse().context("not a consent's id, which begins with con_")
}

fn day(at: Instant) -> String {
    at.date().to_string()
}

fn until(consent: &Consent) -> String {
    consent.terms().expires_at.map_or_else(|| "it is taken back".to_owned(), Instant::rfc3339)
}

fn words_of_kind(kind: Kind) -> &'static str {
    match kind {
        Kind::AccountAccess => "lodged by the app, for account information",
        Kind::FundsConfirmation => "lodged by the app, to confirm funds",
        Kind::Request => "from what the app asked for when it sent the customer",
    }
}

fn words_of_status(status: Status) -> &'static str {
    match status {
        Status::Abandoned => "rejected: the customer never finished",
        Status::AuthenticationDue => "taken back by the bank until the customer signs in again",
        Status::Authorised => "authorised",
        Status::Awaiting => "waits for the customer",
        Status::Declined => "rejected by the customer",
        Status::Deleted => "deleted by the app",
        Status::Expired => "expired",
        Status::RevokedByBank => "taken back by the bank",
        Status::RevokedByClient => "given up by the app",
        Status::RevokedByCustomer => "taken back by the customer",
        Status::SuspendedForFraud => "taken back by the bank: fraud suspected",
    }
}
