//! `lombard client`: the apps that may ask customers for consent.

mod add;
mod keys;
mod registration;
mod verify;

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use lombard_domain::id::ClientId;
use lombard_domain::oauth::ClientStatus;

use super::place::Place;
use super::{ClientCommand, ClientList, ClientShow, ClientSuspend, OPERATOR, say};
use registration::Shown;

/// Does what `lombard client` was asked.
///
/// # Errors
/// The database or a file cannot be used, or the app cannot be registered as asked.
pub(crate) async fn client(command: &ClientCommand) -> anyhow::Result<ExitCode> {
    match command {
        ClientCommand::Add(args) => add::add(args).await,
        ClientCommand::Keys(args) => keys::keys(args).await,
        ClientCommand::List(args) => list(args).await,
        ClientCommand::Show(args) => show(args).await,
        ClientCommand::Suspend(args) => suspend(args).await,
        ClientCommand::Unverify(args) => verify::unverify(args).await,
        ClientCommand::Verify(args) => verify::verify(args).await,
    }
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
            let (status, vouched) = (client.status.code(), client.vouched().code());
            say(format_args!("{}  {status:<9}  {vouched:<9}  {}  {name}", client.id, client.created_at.date()));
        }
    }
    if after.is_none() {
        say("No app is registered.");
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(args: &ClientShow) -> anyhow::Result<ExitCode> {
    let id = id(&args.client)?;
    let place = Place::find(&args.place)?;
    let core = place.core().await?;
    let found = lombard_store::client::find(&mut core.db.read().await?, id).await?;
    let client = found.with_context(|| format!("there is no such app; {LIST}"))?.client;
    let shown = Shown::of(&client, place.known_policy());
    let shown = if args.metadata { shown.with_server()? } else { shown };
    say(shown.text()?.expose());
    Ok(ExitCode::SUCCESS)
}

fn id(text: &str) -> anyhow::Result<ClientId> {
    text.parse().ok().with_context(|| format!("{text} is not a client id; {LIST}"))
}

async fn suspend(args: &ClientSuspend) -> anyhow::Result<ExitCode> {
    let id = id(&args.client)?;
    let core = Place::find(&args.place)?.core().await?;
    let status = if args.undo { ClientStatus::Active } else { ClientStatus::Suspended };
    if !core.auth.set_client_status(OPERATOR, id, status).await? {
        bail!("there is no such app, or it is {} already; {LIST}", status.code());
    }
    say(format_args!("{id} is {}.", status.code()));
    Ok(ExitCode::SUCCESS)
}

const LIST: &str = "`lombard client list` shows them all";
