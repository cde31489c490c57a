//! `lombard customer`: what customers sign in with, and erasing them.

use std::io::{IsTerminal as _, Read as _};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use lombard_auth::login::password::MAX_PASSWORD_BYTES;
use lombard_auth::login::second_factor::otpauth_uri;
use lombard_bank::seed;
use lombard_domain::secret::Secret;

use super::place::Place;
use super::{CustomerCommand, CustomerErase, EnrolTotp, OPERATOR, SetPassword, say};

/// Does what `lombard customer` was asked.
///
/// # Errors
/// The database cannot be used, or there is no such customer.
pub(crate) async fn customer(command: &CustomerCommand) -> anyhow::Result<ExitCode> {
    match command {
        CustomerCommand::SetPassword(args) => set_password(args).await,
        CustomerCommand::EnrolTotp(args) => enrol_totp(args).await,
        CustomerCommand::Erase(args) => erase(args).await,
    }
}

async fn erase(args: &CustomerErase) -> anyhow::Result<ExitCode> {
    if !args.yes {
        bail!("this cannot be undone; say --yes to erase the customer for good");
    }
    let place = Place::find(&args.place)?;
    let own = |person: &seed::SeedCustomer| {
        let customer = &person.customer;
        customer.username.as_str() == args.customer || customer.id.to_string() == args.customer
    };
    if place.sandbox.is_some() && seed::people().iter().any(own) {
        bail!(
            "this is one of the sandbox's own people, without whom it does not start; erase a customer who was imported"
        );
    }
    let core = place.core().await?;
    let Some((id, erased)) = core.auth.erase_customer(OPERATOR, &args.customer).await? else {
        bail!("there is no such customer, or not any more");
    };
    say(format_args!("The customer {id} is erased, with {} accounts that nobody else held.", erased.accounts.len()));
    say(format_args!("{} data keys are destroyed. Servers that run forget them within a minute.", erased.keys));
    Ok(ExitCode::SUCCESS)
}

async fn set_password(args: &SetPassword) -> anyhow::Result<ExitCode> {
    let core = Place::find(&args.place)?.core().await?;
    if std::io::stdin().is_terminal() {
        eprintln!("Type the new password, then Enter and Ctrl-D:");
    }
    let mut typed = String::new();
    std::io::stdin().take(INPUT_BYTES_MAX).read_to_string(&mut typed).context("cannot read the password")?;
    let password = Secret::new(typed.trim_end_matches(['\r', '\n']).to_owned());
    drop(Secret::new(typed));
    if !(1..=MAX_PASSWORD_BYTES).contains(&password.expose().len()) {
        bail!("a password has 1 to {MAX_PASSWORD_BYTES} bytes; give it on standard input");
    }
    if !core.auth.set_password(OPERATOR, &args.username, password).await? {
        bail!("there is no customer with this user name");
    }
    say("The password is set.");
    Ok(ExitCode::SUCCESS)
}

async fn enrol_totp(args: &EnrolTotp) -> anyhow::Result<ExitCode> {
    let core = Place::find(&args.place)?.core().await?;
    let Some(secret) = core.auth.enrol_second_factor(OPERATOR, &args.username).await? else {
        bail!("there is no customer with this user name");
    };
    say(otpauth_uri("Lombard", &args.username, &secret).expose());
    eprintln!("This is shown once. The customer's authenticator app takes it, as text or as a QR code.");
    Ok(ExitCode::SUCCESS)
}

/// Bytes of a typed password.
const INPUT_BYTES_MAX: u64 = 4096;
