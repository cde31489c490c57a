//! `lombard client verify` and `lombard client unverify`: an operator says that they have checked whose an app is, or takes that back.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use lombard_auth::client::Imitated;

use super::{LIST, id};
use crate::cli::place::Place;
use crate::cli::{ClientUnverify, ClientVerify, OPERATOR, say};

/// Vouches for an app.
///
/// # Errors
/// The database cannot be used, or there is no such app.
pub(super) async fn verify(args: &ClientVerify) -> anyhow::Result<ExitCode> {
    let id = id(&args.client)?;
    let core = Place::find(&args.place)?.core().await?;
    let verified = core.auth.verify_client(OPERATOR, id, args.organisation.clone(), args.by.clone()).await?;
    let (client, imitates) = verified.with_context(|| format!("there is no such app; {LIST}"))?;
    let (name, organisation) = (&client.metadata.client_name, &args.organisation);
    say(format_args!(
        "{id} is verified. Customers read that {organisation} answers for {name}, and that the bank checked it."
    ));
    match imitates {
        Some(Imitated::Bank) => eprintln!("Look again: its name sounds like the bank's own."),
        Some(Imitated::App { name }) => {
            eprintln!("Look again: its name is very much like that of another app, {name}.")
        }
        Some(Imitated::Alphabets) => eprintln!("Look again: its name mixes letters of different alphabets."),
        None => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// Takes back what was said of an app.
///
/// # Errors
/// The database cannot be used, or no operator vouches for such an app.
pub(super) async fn unverify(args: &ClientUnverify) -> anyhow::Result<ExitCode> {
    let id = id(&args.client)?;
    let core = Place::find(&args.place)?.core().await?;
    if !core.auth.unverify_client(OPERATOR, id).await? {
        bail!("there is no such app, or no operator vouches for it; {LIST}");
    }
    say(format_args!("{id} is not verified by the bank any more."));
    Ok(ExitCode::SUCCESS)
}
