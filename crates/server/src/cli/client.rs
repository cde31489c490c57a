//! `lombard client`: the apps that may ask customers for consent.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use lombard_auth::client::{Asked, Registrar};
use lombard_domain::id::ClientId;
use lombard_domain::oauth::ClientStatus;
use serde_json::json;

use super::place::Place;
use super::{ClientAdd, ClientCommand, ClientList, ClientSuspend, OPERATOR, say};

/// Does what `lombard client` was asked.
///
/// # Errors
/// The database cannot be used, or the app cannot be registered as asked.
pub(crate) async fn client(command: &ClientCommand) -> anyhow::Result<ExitCode> {
    match command {
        ClientCommand::Add(args) => add(args).await,
        ClientCommand::List(args) => list(args).await,
        ClientCommand::Suspend(args) => suspend(args).await,
    }
}

async fn add(args: &ClientAdd) -> anyhow::Result<ExitCode> {
    let mut asked = json!({
        "client_name": args.name,
        "redirect_uris": args.redirect_uri,
        "token_endpoint_auth_method": args.auth_method,
    });
    if let (Some(scope), Some(fields)) = (&args.scope, asked.as_object_mut()) {
        fields.insert("scope".to_owned(), scope.as_str().into());
    }
    let asked = Asked::read(asked.to_string().as_bytes())?;
    let core = Place::find(&args.place)?.core().await?;
    let new = core.auth.register(OPERATOR, Registrar::Operator, &asked).await?;
    say(format_args!("client_id      {}", new.client.id));
    say(format_args!("client_secret  {}", new.secret.expose()));
    say("\nThe secret is shown this once. Give both to the app's makers by a safe way.");
    Ok(ExitCode::SUCCESS)
}

async fn list(args: &ClientList) -> anyhow::Result<ExitCode> {
    let core = Place::find(&args.place)?.core().await?;
    let mut after = None;
    loop {
        let page = core.auth.clients(after).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for client in page {
            let name = client.metadata.client_name.as_str();
            say(format_args!("{}  {:<9}  {}  {name}", client.id, client.status.code(), client.created_at.date()));
        }
    }
    if after.is_none() {
        say("No app is registered.");
    }
    Ok(ExitCode::SUCCESS)
}

async fn suspend(args: &ClientSuspend) -> anyhow::Result<ExitCode> {
    let id: ClientId =
        args.client.parse().ok().with_context(|| format!("{} is not a client id; {LIST}", args.client))?;
    let core = Place::find(&args.place)?.core().await?;
    let status = if args.undo { ClientStatus::Active } else { ClientStatus::Suspended };
    if !core.auth.set_client_status(OPERATOR, id, status).await? {
        bail!("there is no such app, or it is {} already; {LIST}", status.code());
    }
    say(format_args!("{id} is {}.", status.code()));
    Ok(ExitCode::SUCCESS)
}

const LIST: &str = "`lombard client list` shows them all";
