//! The table, in Markdown, so that it can be pasted into the documentation.

use std::fmt::Write as _;
use std::thread;
use std::time::Duration;

use crate::load::{CONNECTIONS, Measured, STREAMS};
use crate::process::Memory;

/// One case, measured on both servers.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) lombard: Measured,
    pub(crate) bare: Measured,
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
    pub(crate) starts: Starts,
    pub(crate) memory: Memory,
    pub(crate) database: bool,
}

impl Report<'_> {
    /// Prints it.
    #[expect(clippy::print_stdout, reason = "the result of the program")]
    pub(crate) fn print(&self) {
        println!("{}", self.text());
    }

    fn text(&self) -> String {
        let engine = if self.database { "PostgreSQL" } else { "SQLite" };
        let cores = thread::available_parallelism().map_or(0, usize::from);
        let cpu = processor().unwrap_or_else(|| "unknown processor".to_owned());
        let mut text = format!(
            "{engine}; {cores} × {cpu}, shared by server and load; TLS on loopback; HTTP/2: {CONNECTIONS} connections × \
             {STREAMS} streams, HTTP/1.1: {CONNECTIONS} connections\n\n{HEAD}\n"
        );
        for row in self.rows {
            // A String takes everything that is written.
            let _ = writeln!(text, "{}", row.text());
        }
        let Memory { resident, peak } = self.memory;
        let _ = write!(
            text,
            "\nMemory at the end: {:.1} MB resident, {:.1} MB at the most.\n\
             First answer over TLS after {} ms (first start, empty folder), {} ms (second start).",
            megabytes(resident),
            megabytes(peak),
            self.starts.first.as_millis(),
            self.starts.second.as_millis(),
        );
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

fn megabytes(kib: u32) -> f64 {
    f64::from(kib) * 1024.0 / 1e6
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

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(micros: u32, count: usize) -> Measured {
        let cpu = Duration::from_micros(u64::from(micros)) * u32::try_from(count).unwrap();
        Measured { micros: vec![micros; count], duration: Duration::from_secs(1), cpu }
    }

    #[test]
    fn a_row_has_as_many_cells_as_the_head() {
        let row = Row { name: "accounts".to_owned(), lombard: measured(2_000, 10), bare: measured(500, 40) };
        assert_eq!(row.text(), "| accounts | 10 | 2.00 | 2.00 | 40 | 0.50 | 0.50 | 0.250 | 2000 | 500 | 4.0 |");
        let cells = |line: &str| line.matches('|').count();
        assert!(HEAD.lines().all(|line| cells(line) == cells(&row.text())));
    }
}
