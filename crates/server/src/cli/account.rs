//! `lombard account`: accounts that are closed or go to another bank.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use lombard_auth::notification::Closed;
use lombard_domain::notification::Reason;
use lombard_domain::text::Text;

use super::place::Place;
use super::{AccountClose, AccountCommand, OPERATOR, say};

/// Does what `lombard account` was asked.
///
/// # Errors
/// The database cannot be used, or there is no such account.
pub(crate) async fn account(command: &AccountCommand) -> anyhow::Result<ExitCode> {
    match command {
        AccountCommand::Close(args) => close(args, Reason::AccountClosure).await,
        AccountCommand::Switch(args) => close(args, Reason::Switched).await,
    }
}

async fn close(args: &AccountClose, why: Reason) -> anyhow::Result<ExitCode> {
    let source = Text::new(&args.source).context("not an account's identifier")?;
    let core = Place::find(&args.place)?.core().await?;
    match core.auth.close_account(OPERATOR, &source, why).await? {
        Some(Closed::Now(id)) => say(format_args!("The account {id} is closed; apps cannot read it any more.")),
        Some(Closed::Before(id)) => say(format_args!("The account {id} was closed before; nothing was changed.")),
        None => bail!("there is no account with this identifier"),
    }
    Ok(ExitCode::SUCCESS)
}
