//! `lombard key`: the keys that sign tokens.

use std::process::ExitCode;

use lombard_auth::Policy;
use lombard_auth::jose::Alg;
use lombard_domain::time::Instant;

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
    let algs = args.alg.map_or_else(|| Alg::ALL.to_vec(), |alg| vec![alg]);
    for alg in algs {
        let (kid, active_from) = core.auth.rotate_key(OPERATOR, alg, *key_lead).await?;
        let from = Instant::from_seconds(active_from.seconds()).rfc3339();
        say(format_args!("The next signing key for {alg} is {kid}."));
        say(format_args!("It is published now and signs from {from}, when everybody can have seen it."));
    }
    Ok(ExitCode::SUCCESS)
}
