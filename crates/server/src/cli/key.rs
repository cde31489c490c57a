//! `lombard key`: the keys that sign tokens.

use std::process::ExitCode;

use lombard_auth::Policy;

use super::place::Place;
use super::{KeyCommand, OPERATOR};

/// Does what `lombard key` was asked.
///
/// # Errors
/// The database cannot be used.
#[expect(clippy::print_stdout, reason = "what was done is what the command says")]
pub(crate) async fn key(command: &KeyCommand) -> anyhow::Result<ExitCode> {
    let KeyCommand::Rotate(args) = command;
    let core = Place::find(&args.place)?.core().await?;
    let Policy { key_lead, .. } = core.auth.policy();
    let (kid, active_from) = core.auth.rotate_key(OPERATOR, *key_lead).await?;
    println!("The next signing key is {kid}.");
    println!("It is published now and signs from {}, when everybody can have seen it.", active_from.rfc3339());
    Ok(ExitCode::SUCCESS)
}
