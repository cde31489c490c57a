//! `lombard directory`: the sandbox's directory vouches for apps.

use std::process::ExitCode;

use anyhow::Context as _;
use lombard_domain::oauth::{RedirectUri, Role, WebUri};
use lombard_domain::text::Text;
use lombard_domain::time::Clock as _;

use super::place::tell_of_new_folder;
use super::{DirectoryCommand, DirectoryIssue, DirectoryJwks, say};
use crate::config::policy::read_jwks;
use crate::directory::{Described, Keys, SandboxDirectory};
use crate::system::{SystemClock, SystemRandom};

/// Does what `lombard directory` was asked.
///
/// # Errors
/// The folder of the sandbox cannot be used, or the software cannot be described like this.
pub(crate) fn directory(command: &DirectoryCommand) -> anyhow::Result<ExitCode> {
    match command {
        DirectoryCommand::Issue(args) => issue(args),
        DirectoryCommand::Jwks(args) => jwks(args),
    }
}

fn issue(args: &DirectoryIssue) -> anyhow::Result<ExitCode> {
    let software = described(args)?;
    tell_of_new_folder(&args.data);
    let directory = SandboxDirectory::ensure(&args.data)?;
    say(directory.vouch(&software, SystemClock.now(), &SystemRandom)?);
    Ok(ExitCode::SUCCESS)
}

fn jwks(args: &DirectoryJwks) -> anyhow::Result<ExitCode> {
    tell_of_new_folder(&args.data);
    let keys = SandboxDirectory::ensure(&args.data)?.jwks().to_json();
    say(format_args!("{keys:#}"));
    Ok(ExitCode::SUCCESS)
}

fn described(args: &DirectoryIssue) -> anyhow::Result<Described> {
    let keys = match (&args.jwks, &args.jwks_uri) {
        (Some(file), _) => Keys::Here(read_jwks(file)?),
        (None, Some(url)) => Keys::At(WebUri::try_from(url.clone()).context("--jwks-uri")?),
        (None, None) => anyhow::bail!("--jwks or --jwks-uri must say where the app's keys are"),
    };
    Ok(Described {
        id: text(&args.software_id, "--software-id")?,
        name: text(&args.name, "--name")?,
        redirect_uris: args
            .redirect_uri
            .iter()
            .map(|uri| RedirectUri::new(uri).with_context(|| format!("--redirect-uri {uri}")))
            .collect::<anyhow::Result<_>>()?,
        keys,
        roles: args.role.iter().map(|name| role(name)).collect::<anyhow::Result<_>>()?,
        org_id: text(&args.org_id, "--org-id")?,
        org_name: text(&args.org_name, "--org-name")?,
    })
}

fn text<const MAX: usize>(text: &str, argument: &'static str) -> anyhow::Result<Text<MAX>> {
    Text::new(text).context(argument)
}

fn role(name: &str) -> anyhow::Result<Role> {
    let known = Role::ALL.iter().find(|role| role.name() == name);
    known.copied().with_context(|| format!("--role: {name} is not one of AISP, ASPSP, CBPII and PISP"))
}
