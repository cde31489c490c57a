//! The command line: what can be asked of the program, and who does it.
//!
//! One file a command. A command parses nothing itself and holds no rule; it wires the parts and prints.

use std::fmt::Display;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod account;
mod args;
mod audit;
mod backup;
mod client;
mod config;
mod consent;
mod customer;
mod directory;
mod doctor;
mod import;
mod key;
mod migrate;
mod place;
mod report;
mod sandbox;
mod serve;
mod watch;

pub(crate) use args::{
    AccountClose, AccountCommand, AfterRestore, AuditBare, AuditCommand, AuditExport, AuditList, AuditReport,
    AuditVerify, Backup, ClientAdd, ClientCommand, ClientKeys, ClientList, ClientShow, ClientSuspend, ClientUnverify,
    ClientVerify, ConfigCheck, ConfigCommand, ConsentCommand, ConsentList, ConsentRevoke, ConsentShow, CustomerCommand,
    CustomerErase, DirectoryCommand, DirectoryIssue, DirectoryJwks, Doctor, EnrolTotp, Import, KeyBare, KeyCommand,
    KeyRotate, Migrate, Reason, ReportCommand, Restore, Sandbox, Serve, SetPassword, WatchAlarms, WatchCommand,
    WatchLift, WatchMeasures, WatchShow, Where,
};

/// The bank's side of open banking, in one binary.
///
/// New here? `lombard sandbox` starts a bank with made-up customers on this machine and prints what to try.
#[derive(Debug, Parser)]
#[command(name = "lombard", version, propagate_version = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start a bank to play with on this machine: made-up customers, its own database, keys and certificates.
    Sandbox(Sandbox),
    /// Start the server of a real bank with the settings of a file.
    Serve(Serve),
    /// Load customers, accounts and transactions from CSV files: all of them, or none.
    Import(Import),
    /// Bring a database to the form that this version needs.
    Migrate(Migrate),
    /// Write the whole database into one file, while the server goes on.
    Backup(Backup),
    /// Fill an empty database, of either kind, from the file of a backup.
    Restore(Restore),
    /// Close accounts, so that apps can read them no more.
    #[command(subcommand)]
    Account(AccountCommand),
    /// Check the record of what happened, export it, and look things up in it.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Add, show and suspend the apps that may ask customers for consent; make keys for a test.
    #[command(subcommand)]
    Client(ClientCommand),
    /// Look at what customers allowed apps, and take it back.
    #[command(subcommand)]
    Consent(ConsentCommand),
    /// Vouch for apps as the sandbox's own directory, as a scheme's directory does in production.
    #[command(subcommand)]
    Directory(DirectoryCommand),
    /// Look after the keys that sign tokens, and the master key of the database.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Tell how well the bank served, for regulators; announce downtime.
    #[command(subcommand)]
    Report(ReportCommand),
    /// Look at a file of settings.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Give customers what they sign in with, and erase those who ask for it.
    #[command(subcommand)]
    Customer(CustomerCommand),
    /// Look at alarms that the record gave rise to, and at what was done because of them; undo it.
    #[command(subcommand)]
    Watch(WatchCommand),
    /// Search what the database stores for names, numbers and secrets that should be sealed.
    Doctor(Doctor),
}

/// Does what the command line asks; the exit code tells scripts how it went.
///
/// # Errors
/// What was asked cannot be done; the text is for the person at the terminal.
pub(crate) async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Account(command) => account::account(&command).await,
        Command::Audit(command) => audit::audit(&command).await,
        Command::Backup(args) => backup::backup(&args).await,
        Command::Client(command) => client::client(&command).await,
        Command::Config(ConfigCommand::Check(args)) => config::check(&args),
        Command::Consent(command) => consent::consent(&command).await,
        Command::Customer(command) => customer::customer(&command).await,
        Command::Directory(command) => directory::directory(&command),
        Command::Doctor(args) => doctor::doctor(&args).await,
        Command::Import(args) => import::import(&args).await,
        Command::Key(command) => key::key(&command).await,
        Command::Migrate(args) => migrate::migrate(&args).await,
        Command::Report(command) => report::report(&command).await,
        Command::Restore(args) => backup::restore(&args).await,
        Command::Sandbox(args) => sandbox::sandbox(&args).await,
        Command::Serve(args) => serve::serve(&args).await,
        Command::Watch(command) => watch::watch(&command).await,
    }
}

/// Writes what a command is for to standard output, and a line end.
///
/// A reader that has gone away, such as `head`, wants no more: that is no failure, and no reason for a server to end.
pub(crate) fn say(text: impl Display) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// How the record names what an operator does on the command line.
pub(crate) const OPERATOR: lombard_auth::Call<'static> = lombard_auth::Call::local("operator");

#[cfg(test)]
mod tests;
