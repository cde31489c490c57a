//! `[telemetry]`: where traces go, which of them, and whose word of a trace counts.

use std::path::PathBuf;

use lombard_http::{Traces, TrustIncoming};
use rustls::RootCertStore;
use serde::Deserialize;

use super::Environment;
use crate::fetch;
use crate::listen::tls::read_chain;
use crate::telemetry::Tracing;
use crate::trace::{Collector, Endpoint};

/// `[telemetry]`: traces of calls for the operator's tracing system.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Telemetry {
    /// Where spans are sent; none: what the environment says, or nowhere.
    pub(crate) otlp_endpoint: Option<Endpoint>,
    /// Authorities in PEM that are believed beside the usual ones.
    pub(crate) otlp_ca_file: Option<PathBuf>,
    /// How many of a thousand traces that begin here are kept.
    pub(crate) traces_per_thousand: u32,
    /// Whose word of a trace counts.
    pub(crate) trust_incoming: Trust,
}

/// Whose word of a trace counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Trust {
    /// Nobody's.
    #[default]
    Never,
    /// That of calls that come through a trusted proxy.
    TrustedProxies,
    /// Everybody's.
    Always,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            otlp_endpoint: None,
            otlp_ca_file: None,
            traces_per_thousand: TRACES_PER_THOUSAND,
            trust_incoming: Trust::default(),
        }
    }
}

impl Telemetry {
    /// What a sandbox does: every trace, to where the environment says.
    pub(crate) fn of_sandbox() -> Self {
        Self { traces_per_thousand: 1_000, ..Self::default() }
    }

    /// How calls are traced, and where spans go; nothing if nobody says where.
    ///
    /// # Errors
    /// The environment names something else than an address, or the authorities cannot be read.
    pub(crate) fn tracing(&self, environment: &Environment) -> anyhow::Result<Option<Tracing>> {
        let endpoint = match (&self.otlp_endpoint, environment(ENDPOINT_VARIABLE).filter(|text| !text.is_empty())) {
            (Some(endpoint), _) => endpoint.clone(),
            (None, Some(text)) => {
                Endpoint::try_from(text).map_err(|bad| anyhow::anyhow!("{ENDPOINT_VARIABLE} {bad}"))?
            }
            (None, None) => return Ok(None),
        };
        let extra = self.otlp_ca_file.as_deref().map(read_chain).transpose()?.unwrap_or_default();
        let roots: RootCertStore = fetch::roots_beside_system(extra)?;
        let trust = match self.trust_incoming {
            Trust::Never => TrustIncoming::Never,
            Trust::TrustedProxies => TrustIncoming::TrustedProxies,
            Trust::Always => TrustIncoming::Always,
        };
        let traces = Traces { trust, per_thousand: self.traces_per_thousand };
        Ok(Some(Tracing { traces, collector: Collector::new(endpoint, roots)? }))
    }
}

/// Where OpenTelemetry's own programs look for the address of a collector.
const ENDPOINT_VARIABLE: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
/// One in ten: enough to see what is slow, and little of what is sent.
const TRACES_PER_THOUSAND: u32 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn traced(telemetry: &Telemetry, variable: Option<&'static str>) -> anyhow::Result<Option<Traces>> {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let environment = move |name: &str| variable.filter(|_| name == ENDPOINT_VARIABLE).map(str::to_owned);
        Ok(telemetry.tracing(&environment)?.map(|tracing| tracing.traces))
    }

    #[test]
    fn nothing_is_traced_until_somebody_says_where_to() {
        let off = Telemetry::default();
        assert_eq!(traced(&off, None).unwrap(), None);
        assert_eq!(traced(&off, Some("")).unwrap(), None);
        let usual = Traces { trust: TrustIncoming::Never, per_thousand: 100 };
        assert_eq!(traced(&off, Some("http://localhost:4318")).unwrap(), Some(usual));
        assert!(traced(&off, Some("localhost")).unwrap_err().to_string().contains(ENDPOINT_VARIABLE));
        let set: Telemetry = toml::from_str(
            "otlp_endpoint = \"http://localhost:4318\"\ntraces_per_thousand = 7\ntrust_incoming = \"trusted_proxies\"",
        )
        .unwrap();
        let expected = Traces { trust: TrustIncoming::TrustedProxies, per_thousand: 7 };
        assert_eq!(traced(&set, Some("localhost")).unwrap(), Some(expected), "the settings come first");
    }
}
