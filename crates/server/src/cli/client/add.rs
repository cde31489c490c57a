//! `lombard client add`: an operator registers an app, from arguments or from a file.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use lombard_auth::client::{Asked, NewRegistration, Registrar};
use serde_json::json;

use super::registration::{NO_ADDRESS, Shown};
use crate::cli::place::Place;
use crate::cli::{ClientAdd, OPERATOR, say};
use crate::files;

/// Registers an app.
///
/// # Errors
/// The file or the database cannot be used, or the app cannot be registered as asked.
pub(super) async fn add(args: &ClientAdd) -> anyhow::Result<ExitCode> {
    let asked = match &args.file {
        Some(file) => from_file(file)?,
        None => from_arguments(args)?,
    };
    let place = Place::find(&args.place)?;
    if args.metadata && place.known_policy().is_none() {
        // Afterwards the app would be registered, and its secrets would not have been shown.
        bail!(NO_ADDRESS);
    }
    let core = place.core().await?;
    let new = core.auth.register(OPERATOR, Registrar::Operator, &asked).await?;
    if args.file.is_none() && !args.metadata {
        tell(&new);
        return Ok(ExitCode::SUCCESS);
    }
    let secret = new.secret.as_ref();
    let shown = Shown::of(&new.client, place.known_policy()).with_secrets(secret, &new.registration_token);
    let shown = if args.metadata { shown.with_server()? } else { shown };
    say(shown.text()?.expose());
    eprintln!("What is secret in it is shown this once. Give it to the app's makers by a safe way.");
    Ok(ExitCode::SUCCESS)
}

fn from_file(file: &Path) -> anyhow::Result<Asked> {
    let bytes = files::read_limited(file, FILE_BYTES_MAX).with_context(|| format!("cannot read {}", file.display()))?;
    Asked::read(&bytes).with_context(|| format!("{} holds no client metadata (RFC 7591)", file.display()))
}

fn from_arguments(args: &ClientAdd) -> anyhow::Result<Asked> {
    let mut asked = json!({
        "client_name": args.name,
        "redirect_uris": args.redirect_uri,
        "token_endpoint_auth_method": args.auth_method,
    });
    if let (Some(scope), Some(fields)) = (&args.scope, asked.as_object_mut()) {
        fields.insert("scope".to_owned(), scope.as_str().into());
    }
    Ok(Asked::read(asked.to_string().as_bytes())?)
}

fn tell(new: &NewRegistration) {
    say(format_args!("client_id      {}", new.client.id));
    if let Some(secret) = &new.secret {
        say(format_args!("client_secret  {}", secret.expose()));
        say("\nThe secret is shown this once. Give both to the app's makers by a safe way.");
    }
}

/// Bytes of a file with client metadata; the same as of a request.
const FILE_BYTES_MAX: u64 = 64 * 1024;
