//! The arguments of `lombard audit`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use lombard_domain::time::{Date, Instant};

use super::Where;

/// `lombard audit`
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Print the newest signed statement of what the record is; keep it where the bank's database cannot be reached from.
    Checkpoint(AuditBare),
    /// Write the record, or a part of it, to a file that can be checked without the bank.
    Export(AuditExport),
    /// Print the public keys by which checkpoints are checked, for auditors.
    Key(AuditBare),
    /// Show entries, newest first.
    List(AuditList),
    /// Tell who had access to a customer's data: what, under which consent, when, and how often.
    Report(AuditReport),
    /// Check that no entry was changed, removed, inserted or reordered; names the first bad one otherwise.
    Verify(AuditVerify),
}

/// `lombard audit checkpoint` and `lombard audit key`
#[derive(Debug, Args)]
pub(crate) struct AuditBare {
    #[command(flatten)]
    pub(crate) place: Where,
}

/// `lombard audit export`
#[derive(Debug, Args)]
pub(crate) struct AuditExport {
    /// File to write, one JSON object a line; it must not exist.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) span: SpanArgs,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// A span of time.
#[derive(Debug, Args)]
pub(crate) struct SpanArgs {
    /// From this moment on: 2026-01-31, or 2026-01-31T12:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) from: Option<Instant>,
    /// Before this moment; a day stands for its beginning.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) to: Option<Instant>,
}

/// `lombard audit list`
#[derive(Debug, Args)]
#[group(id = "of_whom", required = false, multiple = false, args = ["client", "consent", "customer"])]
pub(crate) struct AuditList {
    /// Of the app with this client id.
    #[arg(long, value_name = "CLIENT_ID")]
    pub(crate) client: Option<String>,
    /// Of what was done under the consent with this id.
    #[arg(long, value_name = "CONSENT_ID")]
    pub(crate) consent: Option<String>,
    /// Of the customer with this id, or who signs in with this name.
    #[arg(long, value_name = "CUSTOMER")]
    pub(crate) customer: Option<String>,
    #[command(flatten)]
    pub(crate) span: SpanArgs,
    /// How many at most.
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=LIST_MAX))]
    pub(crate) limit: i64,
    /// Only those before this position of the record, where the page before ended.
    #[arg(long, value_name = "POSITION", value_parser = clap::value_parser!(i64).range(1..))]
    pub(crate) before: Option<i64>,
    /// Print JSON, one object a line.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// `lombard audit report`
#[derive(Debug, Args)]
pub(crate) struct AuditReport {
    /// The customer's id, or the name with which they sign in.
    #[arg(long, value_name = "CUSTOMER")]
    pub(crate) customer: String,
    #[command(flatten)]
    pub(crate) span: SpanArgs,
    /// Print JSON instead of a text for people.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// `lombard audit verify`
#[derive(Debug, Args)]
pub(crate) struct AuditVerify {
    /// Check this exported file instead of a database; needs no database and no master key.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data", "config", "database"])]
    pub(crate) bundle: Option<PathBuf>,
    /// With --bundle: the keys that the bank gave you (lombard audit key), instead of those that came with the file.
    #[arg(long, value_name = "FILE", requires = "bundle")]
    pub(crate) key: Option<PathBuf>,
    /// A checkpoint that was kept elsewhere: everything that it covers must still be there, also the end.
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoint: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) place: Where,
}

pub(super) fn moment(text: &str) -> Result<Instant, &'static str> {
    let day = text.parse::<Date>().ok().map(Date::start);
    day.or_else(|| Instant::from_zoned_iso_8601(text)).ok_or("is not a day or a moment, such as 2026-01-31T12:00:00Z")
}

/// Entries listed at once.
const LIST_MAX: i64 = 10_000;
