//! Gauges that nothing sets by itself: queues, keys, the certificate, the database's log. Read every few seconds, so that asking for
//! metrics asks the database nothing.

use std::sync::Arc;
use std::time::Duration;

use lombard_auth::Auth;
use lombard_auth::readings::Readings;
use lombard_domain::time::Span;
use tokio::time::timeout;

use crate::listen::tls::ServedCertificate;
use crate::stop::Stop;

/// Keeps them up to date until told to stop.
pub(crate) async fn keep(auth: Auth, certificate: Arc<ServedCertificate>, stop: Stop) {
    loop {
        if let Some(end) = certificate.valid_until() {
            metrics::gauge!("lombard_certificate_remaining_seconds").set(seconds(end.since(auth.now())));
        }
        match auth.readings().await {
            Ok(readings) => show(&readings),
            Err(error) => tracing::warn!(%error, "queues and keys could not be looked at; the metrics of them are old"),
        }
        if timeout(READ_EVERY, stop.wait()).await.is_ok() {
            return;
        }
    }
}

fn show(readings: &Readings) {
    for (queue, waiting) in &readings.queues {
        metrics::gauge!("lombard_queue_length", "queue" => *queue).set(number(*waiting));
    }
    for (key, age) in &readings.key_ages {
        metrics::gauge!("lombard_key_age_seconds", "key" => *key).set(seconds(*age));
    }
    let (current, former) = readings.data_keys;
    metrics::gauge!("lombard_data_keys", "wrapped" => "current").set(number(current));
    metrics::gauge!("lombard_data_keys", "wrapped" => "former").set(number(former));
    if let Some(bytes) = readings.log_bytes {
        metrics::gauge!("lombard_database_log_bytes").set(number(bytes));
    }
}

fn number(count: u64) -> f64 {
    // Exact to 2^32, far beyond what any of these reaches; more than that is as good as that.
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn seconds(span: Span) -> f64 {
    let micros = span.micros();
    let length = Duration::from_micros(micros.unsigned_abs()).as_secs_f64();
    if micros < 0 { -length } else { length }
}

/// Between two looks.
const READ_EVERY: Duration = Duration::from_secs(15);
