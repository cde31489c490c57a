//! `lombard key`: the keys that sign tokens, the one that signs checkpoints of the record, and the master key.

use std::process::ExitCode;

use lombard_auth::Policy;
use lombard_auth::jose::Alg;
use lombard_domain::time::Instant;

use super::place::Place;
use super::{KeyBare, KeyCommand, KeyRotate, OPERATOR, say};

/// Does what `lombard key` was asked.
///
/// # Errors
/// The database cannot be used.
pub(crate) async fn key(command: &KeyCommand) -> anyhow::Result<ExitCode> {
    match command {
        KeyCommand::Rotate(args) => rotate(args).await,
        KeyCommand::RotateAudit(args) => rotate_audit(args).await,
        KeyCommand::RotateMaster(args) => rotate_master(args).await,
    }
}

async fn rotate(args: &KeyRotate) -> anyhow::Result<ExitCode> {
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

async fn rotate_audit(args: &KeyBare) -> anyhow::Result<ExitCode> {
    let core = Place::find(&args.place)?.core().await?;
    let kid = core.auth.rotate_audit_key(OPERATOR).await?;
    say(format_args!("Checkpoints of the record are signed by {kid} from now on."));
    say(
        "Give auditors the keys anew (lombard audit key); checkpoints of before are still checked with the former one.",
    );
    Ok(ExitCode::SUCCESS)
}

async fn rotate_master(args: &KeyBare) -> anyhow::Result<ExitCode> {
    let place = Place::find(&args.place)?;
    let core = place.core().await?;
    let mut told = None;
    let turned = core
        .auth
        .rotate_master_key(OPERATOR, |left| {
            if told != Some(left / TOLD_EVERY) {
                told = Some(left / TOLD_EVERY);
                eprintln!("{left} data keys are left.");
            }
        })
        .await?;
    say(match (turned.new, turned.rewrapped) {
        (false, 0) => "The first master key is in use and wraps every data key; nothing was changed.".to_owned(),
        (_, rewrapped) => {
            format!("The first master key is in use and wraps every data key; {rewrapped} were wrapped anew.")
        }
    });
    say("Former master keys can be taken out of the settings; keep them for as long as backups from before are kept.");
    Ok(ExitCode::SUCCESS)
}

/// How often the operator hears how many keys are left.
const TOLD_EVERY: i64 = 5_000;
