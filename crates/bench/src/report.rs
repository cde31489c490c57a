//! The tables, in Markdown, so that they can be pasted into the documentation.

use std::fmt::Write as _;
use std::time::Duration;

use crate::case::ACCOUNTS_WITH_PROOF;
use crate::fapi::{FLOW_SIGNATURES, Flows};
use crate::load::{CONNECTIONS, Measured, STREAMS};
use crate::process::Memory;
use crate::signature::{Costs, Signatures};

/// One case, measured on both servers.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) lombard: Measured,
    pub(crate) bare: Measured,
    /// What Lombard does with signatures for each request.
    pub(crate) signatures: Signatures,
    /// Requests that were signed beside the server instead of beforehand.
    pub(crate) late: usize,
}

/// Where flows ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cores {
    /// The server on one alone, the load on the others.
    One,
    /// Wherever Linux let them.
    Any,
}

/// From the start of the binary to the first answer.
pub(crate) struct Starts {
    /// With an empty folder.
    pub(crate) first: Duration,
    /// With what the first left.
    pub(crate) second: Duration,
}

/// Everything that was measured.
pub(crate) struct Report<'a> {
    pub(crate) rows: &'a [Row],
    pub(crate) flows: &'a [Flows],
    pub(crate) cores: Cores,
    pub(crate) costs: Costs,
    pub(crate) starts: Starts,
    pub(crate) memory: Memory,
    pub(crate) postgres: bool,
}

impl Report<'_> {
    /// Prints it.
    #[expect(clippy::print_stdout, reason = "the result of the program")]
    pub(crate) fn print(&self) {
        println!("{}", self.text());
    }

    fn text(&self) -> String {
        let mut text = format!("{}\n\n{HEAD}\n", machine(self.postgres));
        for row in self.rows {
            // A String takes everything that is written.
            let _ = writeln!(text, "{}", row.text());
        }
        let Memory { resident, peak } = self.memory;
        let _ = writeln!(
            text,
            "\nMemory after these: {:.1} MB resident, {:.1} MB at the most.\n\
             First answer over TLS after {} ms (first start, empty folder), {} ms (second start).",
            megabytes(resident),
            megabytes(peak),
            self.starts.first.as_millis(),
            self.starts.second.as_millis(),
        );
        if !self.flows.is_empty() {
            text.push_str(&self.flows_text());
        }
        text.push_str(&self.signatures_text());
        text
    }

    fn flows_text(&self) -> String {
        let cores = match self.cores {
            Cores::One => "the server on one core",
            Cores::Any => "the server on any core (taskset did not work)",
        };
        let mut text = format!("\nWhole FAPI 2 flows, HTTP/2, {cores}:\n\n{FLOWS_HEAD}\n");
        let bare = self.rows.iter().find(|row| row.name.ends_with(ACCOUNTS_WITH_PROOF));
        let bare = bare.map_or(f64::NAN, |row| row.bare.cpu_micros());
        for flows in self.flows {
            let _ = writeln!(text, "{}", flows_line(flows, bare));
        }
        text
    }

    fn signatures_text(&self) -> String {
        let Costs { verify, sign } = self.costs;
        let mut text = format!(
            "\nSignatures, computed: ES256 costs {verify:.1} µs to verify and {sign:.1} µs to sign \
             (processor time, measured before the load).\n\n{SIGNATURES_HEAD}\n"
        );
        for row in self.rows {
            let line = signatures_line(&row.name, row.signatures, &row.lombard, self.costs);
            let _ = writeln!(text, "{line} {} |", row.late);
        }
        for flows in self.flows {
            let name = format!("flow, {} at once", flows.at_once);
            let line = signatures_line(&name, FLOW_SIGNATURES, &flows.measured, self.costs);
            // An app in a flow signs when it must: what is signed depends on the step before.
            let _ = writeln!(text, "{line} all |");
        }
        text
    }
}

impl Row {
    fn text(&self) -> String {
        let (lombard, bare) = (&self.lombard, &self.bare);
        format!(
            "| {} | {:.0} | {:.2} | {:.2} | {:.0} | {:.2} | {:.2} | {:.3} | {:.0} | {:.0} | {:.1} |",
            self.name,
            lombard.per_second(),
            lombard.percentile(50),
            lombard.percentile(99),
            bare.per_second(),
            bare.percentile(50),
            bare.percentile(99),
            lombard.per_second() / bare.per_second(),
            lombard.cpu_micros(),
            bare.cpu_micros(),
            lombard.cpu_micros() / bare.cpu_micros(),
        )
    }
}

/// `bare` is the processor time of the bare handler for one request, in microseconds.
fn flows_line(flows: &Flows, bare: f64) -> String {
    let Flows { at_once, measured, requests } = flows;
    format!(
        "| {at_once} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {requests} | {:.0} | {:.1} |",
        measured.per_second(),
        measured.percentile(50),
        measured.percentile(90),
        measured.cpu_micros() / 1e3,
        1e6 / measured.cpu_micros(),
        measured.cpu_micros() / (f64::from(*requests) * bare),
        measured.load_micros() / 1e3,
    )
}

/// All cells but the last.
fn signatures_line(name: &str, signatures: Signatures, lombard: &Measured, costs: Costs) -> String {
    let Signatures { verified, signed } = signatures;
    let micros = costs.of(signatures);
    format!(
        "| {name} | {verified} | {signed} | {micros:.0} | {:.0} | {:.1} | {:.0} |",
        lombard.cpu_micros(),
        micros / lombard.cpu_micros() * 100.0,
        lombard.load_micros(),
    )
}

/// Where it was measured, and with what load.
pub(crate) fn machine(postgres: bool) -> String {
    let engine = if postgres { "PostgreSQL" } else { "SQLite" };
    let cores = processors();
    let cpu = processor().unwrap_or_else(|| "unknown processor".to_owned());
    format!(
        "{engine}; {cores} × {cpu}, shared by server and load; TLS on loopback; HTTP/2: {CONNECTIONS} connections × \
         {STREAMS} streams, HTTP/1.1: {CONNECTIONS} connections"
    )
}

pub(crate) fn megabytes(kib: u32) -> f64 {
    f64::from(kib) * 1024.0 / 1e6
}

/// How many processors the machine has; not how many are left to this process, which is on some of them only by now.
fn processors() -> usize {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    text.lines().filter(|line| line.starts_with("processor")).count()
}

fn processor() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// Rates in requests per second, latencies in milliseconds, processor time of the server in microseconds per request.
const HEAD: &str = "\
| case | req/s | p50 ms | p99 ms | bare req/s | bare p50 | bare p99 | req/s ÷ bare | CPU µs/req | bare CPU µs/req | CPU ÷ bare |
|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|";
/// Rates per second, latencies and processor time in milliseconds; the bare handler is given as many requests.
const FLOWS_HEAD: &str = "\
| at once | flows/s | p50 ms | p90 ms | CPU ms/flow | flows per CPU s | requests | CPU ÷ bare | load CPU ms/flow |
|---:|---:|---:|---:|---:|---:|---:|---:|---:|";
/// Processor time in microseconds per request or flow: of the signatures, of the server, of the load.
const SIGNATURES_HEAD: &str = "\
| case | verified | signed | signatures µs | CPU µs | share % | load CPU µs | signed by the load meanwhile |
|---|---:|---:|---:|---:|---:|---:|---:|";

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(micros: u32, count: usize) -> Measured {
        let cpu = Duration::from_micros(u64::from(micros)) * u32::try_from(count).unwrap();
        Measured { micros: vec![micros; count], duration: Duration::from_secs(1), cpu, load_cpu: cpu / 2 }
    }

    fn row() -> Row {
        Row {
            name: "accounts".to_owned(),
            lombard: measured(2_000, 10),
            bare: measured(500, 40),
            signatures: Signatures { verified: 2, signed: 1 },
            late: 3,
        }
    }

    fn cells(line: &str) -> usize {
        line.matches('|').count()
    }

    #[test]
    fn a_row_has_as_many_cells_as_the_head() {
        let row = row();
        assert_eq!(row.text(), "| accounts | 10 | 2.00 | 2.00 | 40 | 0.50 | 0.50 | 0.250 | 2000 | 500 | 4.0 |");
        assert!(HEAD.lines().all(|line| cells(line) == cells(&row.text())));
    }

    #[test]
    fn a_flow_is_compared_with_as_many_requests() {
        let flows = Flows { at_once: 4, measured: measured(50_000, 20), requests: 10 };
        let line = flows_line(&flows, 500.0);
        assert_eq!(line, "| 4 | 20.0 | 50.0 | 50.0 | 50.0 | 20.0 | 10 | 10 | 25.0 |");
        assert!(FLOWS_HEAD.lines().all(|head| cells(head) == cells(&line)));
    }

    #[test]
    fn signatures_are_a_share_of_the_servers_time() {
        let costs = Costs { verify: 60.0, sign: 20.0 };
        let row = row();
        let line = signatures_line(&row.name, row.signatures, &row.lombard, costs);
        assert_eq!(line, "| accounts | 2 | 1 | 140 | 2000 | 7.0 | 1000 |");
        assert!(SIGNATURES_HEAD.lines().all(|head| cells(head) == cells(&line) + 1));
    }

    #[test]
    fn a_report_has_a_table_for_each_thing_that_was_measured() {
        let flows = [Flows { at_once: 1, measured: measured(50_000, 20), requests: 10 }];
        let report = Report {
            rows: &[row()],
            flows: &flows,
            cores: Cores::One,
            costs: Costs { verify: 60.0, sign: 20.0 },
            starts: Starts { first: Duration::from_millis(500), second: Duration::from_millis(100) },
            memory: Memory { resident: 1, peak: 2 },
            postgres: false,
        };
        let tables = |text: &str| text.lines().filter(|line| line.starts_with("|---")).count();
        assert_eq!(tables(&report.text()), 3);
        assert_eq!(tables(&Report { flows: &[], ..report }.text()), 2);
    }
}
