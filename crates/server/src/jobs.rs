//! What a server does without being asked: keys, the end of what is over, the chain of the record, events to apps and their logos,
//! letters to customers.
//!
//! Each job is a loop that ends when the server stops. What fails is said in the log and tried again; no job holds a rule.

use std::sync::Arc;
use std::time::Duration;

use lombard_auth::notification::Courier;
use lombard_auth::receipt::{self, Postman};
use lombard_auth::watch::{self, Watched};
use lombard_auth::{Auth, audit, keys};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::runtime::Handle;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;

use self::rhythm::Rhythm;
use crate::gauges;
use crate::listen::tls::ServedCertificate;
use crate::stop::Stop;
use crate::telemetry;

mod rhythm;

/// Starts all of them.
pub(crate) fn start(
    auth: &Auth,
    metrics: PrometheusHandle,
    certificate: Arc<ServedCertificate>,
    stop: &Stop,
) -> Vec<JoinHandle<()>> {
    vec![
        tokio::spawn(telemetry::keep_metrics_small(metrics, stop.clone())),
        tokio::spawn(keep_keys_fresh(auth.clone(), stop.clone())),
        aside(forget_what_is_over(auth.clone(), stop.clone())),
        aside(chain_the_record(auth.clone(), stop.clone())),
        tokio::spawn(send_notifications(auth.clone(), stop.clone())),
        tokio::spawn(fetch_logos(auth.clone(), stop.clone())),
        tokio::spawn(send_receipts(auth.clone(), stop.clone())),
        tokio::spawn(gauges::keep(auth.clone(), certificate, stop.clone())),
        aside(watch_the_record(auth.clone(), stop.clone())),
    ]
}

/// Starts a job that takes many rows at a time on a thread of its own: statements run on the thread that asks for them, and would keep
/// calls waiting.
fn aside(job: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    let runtime = Handle::current();
    spawn_blocking(move || runtime.block_on(job))
}

/// Reads signing keys anew, so that a key made by `lombard key rotate` is published and used in time.
async fn keep_keys_fresh(auth: Auth, stop: Stop) {
    let every = Duration::from_secs(keys::REFRESH_SECONDS);
    while timeout(every, stop.wait()).await.is_err() {
        if let Err(error) = auth.refresh_keys().await {
            tracing::warn!(%error, "the signing keys could not be read anew; the known ones stay in use");
        }
    }
}

/// Ends and forgets what is over, so that no table grows for ever.
async fn forget_what_is_over(auth: Auth, stop: Stop) {
    while timeout(FORGET_EVERY, stop.wait()).await.is_err() {
        match auth.forget_what_is_over().await {
            Ok(forgotten) => {
                for (leftover, rows) in forgotten {
                    metrics::counter!("lombard_forgotten_rows_total", "what" => leftover.code()).increment(rows);
                }
            }
            Err(error) => {
                tracing::warn!(%error, "what is over could not be forgotten; the next attempt is in a minute")
            }
        }
    }
}

/// Chains what is on record, at once after a start: a crash leaves entries that are not chained yet.
async fn chain_the_record(auth: Auth, stop: Stop) {
    audit::begin_to_count();
    let mut rhythm = Rhythm::new(CHAIN_SOON, CHAIN_EVERY, PORTION);
    loop {
        // Also where the chain cannot be made: this is how it is noticed.
        if let Ok(seconds) = auth.record_lag().await {
            metrics::gauge!("lombard_audit_lag_seconds").set(seconds);
        }
        let chained = auth.seal_record().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the record could not be chained; the next attempt is in a moment");
            0
        });
        if timeout(rhythm.after(chained), stop.wait()).await.is_ok() {
            return;
        }
    }
}

/// Writes down how well the bank serves, until told to stop; to be told only once nothing is answered any more.
pub(crate) async fn note_service(auth: Auth, stop: Stop) {
    loop {
        let is_over = timeout(NOTE_EVERY, stop.wait()).await.is_ok();
        if let Err(error) = auth.note_service().await {
            tracing::warn!(%error, "how well the bank serves could not be written down; the next attempt is in a moment");
        }
        if is_over {
            return;
        }
    }
}

/// Reads what was chained, raises alarms and takes measures; and learns what measures other nodes took.
async fn watch_the_record(auth: Auth, stop: Stop) {
    if auth.policy().watching.is_none() {
        return;
    }
    watch::begin_to_count();
    let mut rhythm = Rhythm::new(WATCH_SOON, WATCH_EVERY, PORTION);
    let mut pause = WATCH_EVERY;
    while timeout(pause, stop.wait()).await.is_err() {
        let watched = auth.watch().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the record could not be watched; the next attempt is in a moment");
            Watched::default()
        });
        pause = rhythm.after(u64::try_from(watched.entries).unwrap_or(u64::MAX));
    }
}

/// Sends apps what they asked to be told. What an earlier run did not send is in the database, and goes out with the first round.
async fn send_notifications(auth: Auth, stop: Stop) {
    let mut courier = Courier::new(auth);
    loop {
        if let Err(error) = courier.round().await {
            tracing::warn!(%error, "notifications could not be looked for; the next attempt is in a moment");
        }
        if timeout(SEND_EVERY, stop.wait()).await.is_ok() {
            break;
        }
    }
    courier.stop().await;
}

/// Fetches logos of apps that somebody vouches for.
async fn fetch_logos(auth: Auth, stop: Stop) {
    while timeout(LOGOS_EVERY, stop.wait()).await.is_err() {
        match auth.fetch_logos().await {
            Ok(fetched) => {
                metrics::counter!("lombard_logos_total", "outcome" => "stored").increment(fetched.stored);
                metrics::counter!("lombard_logos_total", "outcome" => "failed").increment(fetched.failed);
            }
            Err(error) => tracing::warn!(%error, "logos could not be looked for; the next attempt is in a moment"),
        }
    }
}

/// Tells customers what was done in their name. What an earlier run did not send is in the database, and goes out with the first round.
async fn send_receipts(auth: Auth, stop: Stop) {
    let Some(mut postman) = Postman::new(auth.clone()) else { return };
    receipt::begin_to_count();
    loop {
        if let Ok(waiting) = auth.waiting_receipts().await {
            let age = waiting.oldest.map_or(0, |oldest| auth.now().since(oldest).whole_seconds().max(0));
            metrics::gauge!("lombard_receipts_waiting").set(u32::try_from(waiting.count).unwrap_or(u32::MAX));
            metrics::gauge!("lombard_receipts_waiting_seconds").set(u32::try_from(age).unwrap_or(u32::MAX));
        }
        if let Err(error) = postman.round().await {
            tracing::warn!(%error, "receipts could not be looked for; the next attempt is in a moment");
        }
        if timeout(SEND_EVERY, stop.wait()).await.is_ok() {
            break;
        }
    }
    postman.stop().await;
}

/// Between two rounds of chaining what is on record, where little is.
const CHAIN_EVERY: Duration = Duration::from_secs(1);
/// The same where much is.
const CHAIN_SOON: Duration = Duration::from_millis(40);
/// Between two looks at what was put on record, where little is.
const WATCH_EVERY: Duration = Duration::from_secs(1);
/// The same where much is.
const WATCH_SOON: Duration = Duration::from_millis(100);
/// Entries of the record that are chained or looked at in one go, where so many come in.
const PORTION: u32 = 64;
/// Between two times at which it is written down how well the bank serves.
const NOTE_EVERY: Duration = Duration::from_secs(5);
/// Between two looks for what is to be sent, to apps and to customers.
const SEND_EVERY: Duration = Duration::from_secs(2);
/// Between two looks for logos that are to be fetched.
const LOGOS_EVERY: Duration = Duration::from_secs(15);
/// Between two looks for what can be forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(60);
