//! `lombard key`: the keys that sign tokens.

use std::process::ExitCode;

use lombard_auth::Policy;

use super::place::Place;
use super::{KeyCommand, OPERATOR, say};

/// Does what `lombard key` was asked.
///
/// # Errors
/// The database cannot be used.
pub(crate) async fn key(command: &KeyCommand) -> anyhow::Result<ExitCode> {
    let KeyCommand::Rotate(args) = command;
    let core = Place::find(&args.place)?.core().await?;
    let Policy { key_lead, .. } = core.auth.policy();
    let (kid, active_from) = core.auth.rotate_key(OPERATOR, *key_lead).await?;
    say(format_args!("The next signing key is {kid}."));
    say(format_args!(
        "It is published now and signs from {}, when everybody can have seen it.",
        lombard_domain::time::Instant::from_seconds(active_from.seconds()).rfc3339()
    ));
    Ok(ExitCode::SUCCESS)
}
