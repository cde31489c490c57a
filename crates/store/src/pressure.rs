//! How busy the database is: who holds connections, who waits for one, how long transactions and statements take.
//!
//! Names of transactions and statements are literals of the source, so there are only so many. What statements carry is never looked at.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use metrics::{Gauge, Histogram};
use tokio::time::Instant;

/// What is counted of one database.
pub(crate) struct Pressure {
    system: &'static str,
    reads: Kind,
    writes: Kind,
    transactions: RwLock<HashMap<&'static str, Histogram>>,
}

/// What is counted of the connections of one kind.
struct Kind {
    busy: Gauge,
    waiting: Gauge,
    waited: Histogram,
}

/// Somebody who is counted until this is dropped.
struct Counted(Gauge);

impl Counted {
    fn new(gauge: &Gauge) -> Self {
        gauge.increment(1.0);
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

/// Somebody who waits for a connection.
pub(crate) struct Waiting<'a> {
    pressure: &'a Pressure,
    kind: &'a Kind,
    began: Instant,
    _waits: Counted,
}

/// Somebody who holds a connection: for a transaction, or for reading.
pub(crate) struct Holding {
    began: Instant,
    seconds: Histogram,
    _holds: Counted,
    _span: tracing::Span,
}

impl Drop for Holding {
    fn drop(&mut self) {
        self.seconds.record(self.began.elapsed().as_secs_f64());
    }
}

impl Pressure {
    /// Begins to count, of a database with so many connections for reading and for writing.
    pub(crate) fn new(system: &'static str, readers: usize, writers: usize) -> Self {
        let kind = |kind: &'static str, connections: usize| {
            let most = f64::from(u32::try_from(connections).unwrap_or(u32::MAX));
            metrics::gauge!("lombard_database_connections", "kind" => kind).set(most);
            Kind {
                busy: metrics::gauge!("lombard_database_busy", "kind" => kind),
                waiting: metrics::gauge!("lombard_database_waiting", "kind" => kind),
                waited: metrics::histogram!("lombard_database_wait_seconds", "kind" => kind),
            }
        };
        Self { system, reads: kind("read", readers), writes: kind("write", writers), transactions: RwLock::default() }
    }

    /// Somebody begins to wait for a connection for reading.
    pub(crate) fn read(&self) -> Waiting<'_> {
        self.waiting(&self.reads)
    }

    /// Somebody begins to wait for their transaction.
    pub(crate) fn write(&self) -> Waiting<'_> {
        self.waiting(&self.writes)
    }

    fn waiting<'a>(&'a self, kind: &'a Kind) -> Waiting<'a> {
        Waiting { pressure: self, kind, began: Instant::now(), _waits: Counted::new(&kind.waiting) }
    }

    fn seconds(&self, name: &'static str) -> Histogram {
        let known = self.transactions.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        known.unwrap_or_else(|| {
            let made = metrics::histogram!("lombard_transaction_seconds", "name" => name);
            self.transactions.write().unwrap_or_else(PoisonError::into_inner).insert(name, made.clone());
            made
        })
    }
}

impl Waiting<'_> {
    /// Their turn has come.
    pub(crate) fn over(self, name: &'static str) -> Holding {
        self.kind.waited.record(self.began.elapsed().as_secs_f64());
        Holding {
            began: Instant::now(),
            seconds: self.pressure.seconds(name),
            _holds: Counted::new(&self.kind.busy),
            _span: tracing::trace_span!(target: SPANS, "transaction",
                otel.kind = "client", db.system.name = self.pressure.system, db.operation.name = name),
        }
    }
}

/// Says so if a statement was slow.
pub(crate) fn note_statement(sql: &'static str, began: Instant) {
    let took = began.elapsed();
    if took >= SLOW {
        metrics::counter!("lombard_slow_statements_total", "statement" => name_of(sql)).increment(1);
        let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        tracing::warn!(statement = name_of(sql), duration_ms, "a statement was slow");
    }
}

/// The name in the first line of a statement.
fn name_of(sql: &'static str) -> &'static str {
    let line = sql.lines().next().unwrap_or_default();
    line.strip_prefix("--").map_or("unnamed", str::trim)
}

/// From how long on a statement is slow.
const SLOW: Duration = Duration::from_millis(250);
/// What marks spans that are for traces alone; the binary exports them.
const SPANS: &str = "lombard.span";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_named_by_its_first_line() {
        assert_eq!(name_of(concat!("--", " client::find\n        SELECT 'Ann'")), "client::find");
        assert_eq!(name_of("BEGIN"), "unnamed");
    }
}
