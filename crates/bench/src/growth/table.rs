//! What growth costs, as a table in Markdown.

use std::fmt::Write as _;

use super::{Grown, Growth, Size};
use crate::report::{machine, megabytes};

/// Everything that was measured, for the documentation.
pub(crate) fn table(growth: &Growth, postgres: bool) -> String {
    let mut text = format!("{}\n\n{HEAD}\n", machine(postgres));
    // A String takes everything that is written.
    for case in &growth.cases {
        let _ = writeln!(text, "{}", line(case));
    }
    let _ = writeln!(text, "\n{SIZES_HEAD}\n{}\n{}", size("small", &growth.small), size("big", &growth.big));
    text
}

fn line(case: &Grown) -> String {
    let Grown { name, small, big } = case;
    format!(
        "| {name} | {:.0} | {:.0} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.0} | {:.0} | {:.2} |",
        small.per_second(),
        big.per_second(),
        big.per_second() / small.per_second(),
        small.percentile(50),
        big.percentile(50),
        small.percentile(99),
        big.percentile(99),
        small.cpu_micros(),
        big.cpu_micros(),
        big.cpu_micros() / small.cpu_micros(),
    )
}

fn size(name: &str, size: &Size) -> String {
    format!(
        "| {name} | {} | {} | {:.1} | {} | {:.1} | {:.1} |",
        size.bank.customers(),
        size.bank.transactions(),
        size.import.as_secs_f64(),
        size.start.as_millis(),
        megabytes(size.memory.resident),
        megabytes(size.memory.peak),
    )
}

/// Rates in requests per second, latencies in milliseconds, processor time of the server in microseconds per request.
const HEAD: &str = "\
| case | small req/s | big req/s | big ÷ small | small p50 ms | big p50 | small p99 | big p99 | small CPU µs | big CPU µs | big ÷ small |
|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|";
/// The start is the first with the data there; memory is the server's at the end, in megabytes.
const SIZES_HEAD: &str = "\
| bank | customers | transactions | import s | start ms | resident MB | peak MB |
|---|---:|---:|---:|---:|---:|---:|";

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::growth::bank::Bank;
    use crate::load::Measured;
    use crate::process::Memory;

    #[test]
    fn lines_have_as_many_cells_as_their_heads() {
        let measured = |micros: u32| Measured {
            micros: vec![micros; 10],
            duration: Duration::from_secs(1),
            cpu: Duration::from_millis(10),
            load_cpu: Duration::ZERO,
        };
        let case = Grown { name: "accounts", small: measured(1_000), big: measured(2_000) };
        assert_eq!(line(&case), "| accounts | 10 | 10 | 1.00 | 1.00 | 2.00 | 1.00 | 2.00 | 1000 | 1000 | 1.00 |");
        let (import, start) = (Duration::from_secs(60), Duration::from_millis(200));
        let big = Size { bank: Bank::BIG, import, start, memory: Memory { resident: 1, peak: 2 } };
        assert!(size("big", &big).starts_with("| big | 2001 | 1000000 | 60.0 | 200 |"));
        let cells = |line: &str| line.matches('|').count();
        assert!(HEAD.lines().all(|head| cells(head) == cells(&line(&case))));
        assert!(SIZES_HEAD.lines().all(|head| cells(head) == cells(&size("big", &big))));
    }
}
