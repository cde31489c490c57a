//! `lombard audit`: the record as evidence.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, BufWriter};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use lombard_auth::audit::{
    Access, AccessReport, AuditKeys, Fault, ListQuery, Part, Recorded, Whose, first_checkpoint, verify_bundle,
};
use lombard_domain::time::{Clock as _, Instant, Span};
use serde_json::json;

use super::args::SpanArgs;
use super::place::Place;
use super::{AuditBare, AuditCommand, AuditExport, AuditList, AuditReport, AuditVerify, say};
use crate::files;
use crate::system::SystemClock;

/// Does what `lombard audit` was asked.
///
/// # Errors
/// The database or the file cannot be used, or the record is not as it was.
pub(crate) async fn audit(command: &AuditCommand) -> anyhow::Result<ExitCode> {
    match command {
        AuditCommand::Checkpoint(args) => checkpoint(args).await?,
        AuditCommand::Export(args) => export(args).await?,
        AuditCommand::Key(args) => {
            let core = Place::find(&args.place)?.core().await?;
            say(core.auth.audit_keys().await?.to_json());
        }
        AuditCommand::List(args) => list(args).await?,
        AuditCommand::Report(args) => report(args).await?,
        AuditCommand::Verify(args) => match &args.bundle {
            Some(bundle) => verify_file(args, bundle)?,
            None => verify(args).await?,
        },
    }
    Ok(ExitCode::SUCCESS)
}

async fn checkpoint(args: &AuditBare) -> anyhow::Result<()> {
    let core = Place::find(&args.place)?.core().await?;
    let made = core.auth.make_checkpoint().await?.context("nothing is on record yet")?;
    eprintln!("Covers the entries up to position {}, as they are at {}.", made.position, made.at.rfc3339());
    say(made.jws);
    Ok(())
}

async fn export(args: &AuditExport) -> anyhow::Result<()> {
    let core = Place::find(&args.place)?.core().await?;
    let shown = args.out.display();
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&args.out).with_context(|| format!("cannot make the file {shown}"))?;
    let mut out = BufWriter::with_capacity(BUFFER, file);
    let written = core.auth.export_record(part(&args.span), &mut out).await;
    // A file without an end is no bundle; it would only be taken for one that somebody cut off.
    let clear = || fs::remove_file(&args.out);
    match written {
        Ok(Some(done)) => {
            out.into_inner().map_err(|error| error.into_error())?.sync_all()?;
            say(format_args!("{} entries, positions {} to {}, in {shown}.", done.entries, done.first, done.last));
            Ok(())
        }
        Ok(None) => {
            clear()?;
            bail!("nothing is on record from that time on");
        }
        Err(error) => {
            clear()?;
            Err(error.into())
        }
    }
}

async fn verify(args: &AuditVerify) -> anyhow::Result<()> {
    let core = Place::find(&args.place)?.core().await?;
    let kept = match &args.checkpoint {
        Some(file) => {
            let opened = core.auth.kept_checkpoint(&read_checkpoint(file)?).await?;
            Some(opened.with_context(|| format!("{} is no checkpoint of this record", file.display()))?)
        }
        None => None,
    };
    let checked = core.auth.verify_record(kept.as_ref()).await?;
    let proven = checked.chain.map_err(|fault| bad(&fault))?;
    say(format_args!("The record is as it was: {} entries, checked in {}.", proven.entries, seconds(checked.took)));
    if checked.waiting > 0 {
        say(format_args!("{} more are not chained yet; each is as it was recorded.", checked.waiting));
    }
    match checked.newest {
        Some(newest) => {
            say(format_args!("Newest checkpoint: position {}, {}.", newest.position, newest.at.rfc3339()));
        }
        None => say("There is no checkpoint yet."),
    }
    match kept {
        Some(kept) => {
            say(format_args!("Nothing is missing that the kept checkpoint covers, up to position {}.", kept.position))
        }
        None => say("Whether the end was cut off shows only a checkpoint that was kept elsewhere (--checkpoint)."),
    }
    Ok(())
}

fn verify_file(args: &AuditVerify, bundle: &Path) -> anyhow::Result<()> {
    let began = SystemClock.now();
    let file = File::open(bundle).with_context(|| format!("cannot read {}", bundle.display()))?;
    let keys = match &args.key {
        Some(file) => {
            let text = files::read_limited(file, KEY_FILE_MAX).with_context(|| file.display().to_string())?;
            Some(AuditKeys::parse(&text).with_context(|| format!("{} has no keys", file.display()))?)
        }
        None => None,
    };
    let kept = args.checkpoint.as_deref().map(read_checkpoint).transpose()?;
    let checked = verify_bundle(BufReader::with_capacity(BUFFER, file), keys.as_ref(), kept.as_deref())?;
    let proven = checked.chain.map_err(|fault| bad(&fault))?;
    let took = seconds(SystemClock.now().since(began));
    let (first, last) = (checked.first, proven.last);
    say(format_args!(
        "The bundle is as it was exported: {} entries, positions {first} to {last}, checked in {took}.",
        proven.entries
    ));
    if let Some(newest) = checked.newest {
        say(format_args!("Newest checkpoint: position {}, {}.", newest.position, newest.at.rfc3339()));
    }
    if keys.is_none() {
        say("The keys came with the bundle, so anybody could have made it; give those of the bank with --key.");
    }
    Ok(())
}

fn bad(fault: &Fault) -> anyhow::Error {
    anyhow::anyhow!("the record is not as it was: {fault}")
}

async fn list(args: &AuditList) -> anyhow::Result<()> {
    let core = Place::find(&args.place)?.core().await?;
    let whose = match (&args.client, &args.consent, &args.customer) {
        (Some(client), _, _) => Whose::Client(client.parse().context("not a client id")?),
        (None, Some(consent), _) => Whose::Consent(consent.parse().context("not a consent's id")?),
        (None, None, Some(customer)) => {
            let found = core.auth.customer_meant(customer).await?;
            Whose::Customer(found.context("there is no customer with this user name")?)
        }
        (None, None, None) => Whose::Anybody,
    };
    let Part { since, until } = part(&args.span);
    let found =
        core.auth.list_record(&ListQuery { whose, since, until, before: args.before, limit: args.limit }).await?;
    for entry in &found {
        if args.json { say(entry_json(entry)) } else { say(entry_line(entry)) }
    }
    match found.last() {
        None => eprintln!("There are none."),
        Some(last) if i64::try_from(found.len()).is_ok_and(|len| len == args.limit) => {
            eprintln!("There may be older ones: --before {}", last.position);
        }
        Some(_) => {}
    }
    Ok(())
}

fn entry_line(entry: &Recorded) -> String {
    let mut line = format!("{}  {}  {}", time(entry.at), entry.event, entry.outcome);
    let address = entry.address.map(|address| address.to_string());
    for (name, value) in [
        ("reason", &entry.reason),
        ("client", &entry.client),
        ("customer", &entry.customer),
        ("consent", &entry.consent),
        ("account", &entry.account),
        ("from", &address),
        ("call", &entry.interaction),
    ] {
        if let Some(value) = value {
            line.push_str(&format!("  {name}={value}"));
        }
    }
    line.push_str(&format!("  {}  {}", entry.position, entry.id));
    line
}

fn entry_json(entry: &Recorded) -> serde_json::Value {
    json!({
        "position": entry.position, "id": entry.id, "at": time(entry.at), "event": entry.event, "outcome": entry.outcome,
        "reason": entry.reason, "client": entry.client, "customer": entry.customer, "consent": entry.consent, "account": entry.account,
        "address": entry.address.map(|address| address.to_string()), "interaction": entry.interaction,
    })
}

async fn report(args: &AuditReport) -> anyhow::Result<()> {
    let core = Place::find(&args.place)?.core().await?;
    let customer = core.auth.customer_meant(&args.customer).await?;
    let customer = customer.context("there is no customer with this user name")?;
    let report = core.auth.access_report(customer, part(&args.span)).await?;
    if args.json {
        say(report_json(&report));
    } else {
        report_text(&report);
    }
    Ok(())
}

fn report_text(report: &AccessReport) {
    say(format_args!("Access to the data of customer {}, as of {}", report.customer, report.made_at.rfc3339()));
    let groups: BTreeSet<_> = report.accesses.iter().map(|access| (&access.client, &access.consent)).collect();
    for (client, consent) in groups {
        say("");
        say(match client {
            Some(id) => match report.apps.get(id) {
                Some(name) => format!("App {name} ({id})"),
                None => format!("An app that is not there any more ({id})"),
            },
            None => "The customer, or the bank".to_owned(),
        });
        if let Some(consent) = consent {
            say(format_args!("under consent {consent}"));
        }
        for access in report.accesses.iter().filter(|one| (&one.client, &one.consent) == (client, consent)) {
            say(format_args!("  {}", access_line(access)));
        }
    }
    if report.accesses.is_empty() {
        say("There was none.");
    }
    if report.cut {
        say("There is more than one report can hold; ask for shorter spans of time with --from and --to.");
    }
}

fn access_line(access: &Access) -> String {
    let what = match (access.event.as_str(), &access.reason) {
        ("data.read", Some(what)) => format!("read {what}"),
        ("data.refused", Some(why)) => format!("was refused ({why})"),
        (event, Some(why)) => format!("{event} ({why})"),
        (event, None) => event.to_owned(),
    };
    let of = access.account.as_ref().map_or_else(String::new, |account| format!(" of account {account}"));
    let (first, last) = (time(access.first), time(access.last));
    match access.count {
        1 => format!("{what}{of}: once, {first}"),
        count => format!("{what}{of}: {count} times, from {first} to {last}"),
    }
}

fn report_json(report: &AccessReport) -> serde_json::Value {
    let accesses = report.accesses.iter().map(|one| {
        json!({
            "client": one.client, "client_name": one.client.as_ref().and_then(|id| report.apps.get(id)),
            "consent": one.consent, "account": one.account, "event": one.event, "outcome": one.outcome,
            "reason": one.reason, "count": one.count, "first": time(one.first), "last": time(one.last),
        })
    });
    json!({
        "customer": report.customer, "made_at": report.made_at.rfc3339(), "complete": !report.cut,
        "accesses": accesses.collect::<Vec<_>>(),
    })
}

fn part(span: &SpanArgs) -> Part {
    Part { since: span.from, until: span.to }
}

fn read_checkpoint(file: &Path) -> anyhow::Result<String> {
    let text = files::read_limited(file, KEY_FILE_MAX).with_context(|| format!("cannot read {}", file.display()))?;
    let text = String::from_utf8(text).ok();
    let line = text.as_deref().and_then(first_checkpoint);
    Ok(line.with_context(|| format!("{} has no checkpoint", file.display()))?.to_owned())
}

fn time(micros: i64) -> String {
    Instant::from_micros(micros).rfc3339()
}

fn seconds(span: Span) -> String {
    let millis = span.micros() / 1000;
    format!("{}.{:03} s", millis / 1000, millis % 1000)
}

/// What is read or written at once, in bytes.
const BUFFER: usize = 1 << 20;
/// The largest file of keys or of a checkpoint, in bytes.
const KEY_FILE_MAX: u64 = 64 * 1024;
