//! The arguments of `lombard report`.

use clap::{Args, Subcommand, ValueEnum};
use lombard_domain::time::{Date, Instant};

use super::Where;
use super::audit::moment;

/// `lombard report`
#[derive(Debug, Subcommand)]
pub(crate) enum ReportCommand {
    /// Say beforehand that the bank will not serve for a while: downtime in that time counts as planned.
    PlanDowntime(PlanDowntime),
    /// Tell how well the bank served: availability, response times and errors of each interface, by day and quarter.
    ServiceLevel(ServiceLevel),
}

/// `lombard report plan-downtime`
#[derive(Debug, Args)]
pub(crate) struct PlanDowntime {
    /// From this moment on, which must still be to come: 2026-01-31T01:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) from: Instant,
    /// Before this moment.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) to: Instant,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// `lombard report service-level`
#[derive(Debug, Args)]
pub(crate) struct ServiceLevel {
    /// The first day, such as 2026-01-01; days are those of UTC.
    #[arg(long, value_name = "DAY")]
    pub(crate) from: Date,
    /// The last day, which is part of the report.
    #[arg(long, value_name = "DAY")]
    pub(crate) to: Date,
    /// For people, for a table, or for programs.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// In which form a report is printed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ReportFormat {
    /// Comma-separated, with a header.
    Csv,
    /// One JSON object.
    Json,
    /// Columns for people.
    Text,
}
