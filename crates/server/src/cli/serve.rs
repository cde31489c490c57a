//! `lombard serve`: the server of a real bank.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use lombard_auth::Recording;
use lombard_auth::login::second_factor::SecondFactor;
use lombard_http::Site;

use super::Serve;
use super::place::Place;
use crate::config::{Config, Weight, master_key, system_environment};
use crate::listen::tls::{ChainAndKey, ServedCertificate};
use crate::run::{Doors, MasterSource};
use crate::system::SystemClock;
use crate::telemetry::Telemetry;
use crate::wire::{Core, Plan};

/// Serves with the settings of a file, unless one of them is only fit for a sandbox.
///
/// # Errors
/// The settings cannot be read, or the server cannot start.
pub(crate) async fn serve(args: &Serve) -> anyhow::Result<ExitCode> {
    let config = Config::load(&args.config)?;
    let findings = config.findings(&SystemClock, &system_environment);
    let refusals: Vec<_> = findings.iter().filter(|finding| finding.weight == Weight::Refusal).collect();
    for refusal in &refusals {
        eprintln!("refused  {refusal}");
    }
    if !refusals.is_empty() {
        eprintln!("lombard: not started; `lombard config check` says the same without starting");
        return Ok(ExitCode::FAILURE);
    }
    let tracing = config.telemetry.tracing(&system_environment)?;
    let telemetry = Telemetry::start(&config.log.level, config.log.format, tracing)?;
    for warning in findings.iter().filter(|finding| finding.weight == Weight::Warning) {
        tracing::warn!("{warning}");
    }
    let place = Place::of_config(&config)?;
    let certificate = ChainAndKey::read(&config.server.certificate_file, &config.server.key_file)?;
    let doors = Doors {
        public: config.server.listen,
        mtls: config.server.mtls_listen,
        ops: config.server.ops_listen,
        certificate: ServedCertificate::new(certificate).context("cannot use the certificate")?,
        certificate_files: Some((config.server.certificate_file.clone(), config.server.key_file.clone())),
        masters: masters(args.config.clone()),
        limits: config.server.limits(),
        proxies: Arc::new(config.server.proxies()),
    };
    let plan = Plan {
        policy: config.policy()?,
        second_factor: SecondFactor::totp(),
        passwords: config.sign_in.password_places(),
        recording: Recording::Kept,
        trust: config.trust()?,
        post: config.post(&system_environment)?,
        shared_counter: config.limits.shared_counter().await?,
    };
    let core = Core::new(place.open().await?, plan).await?;
    let bound = doors.bind().await?;
    tracing::info!(address = %bound.public_address()?, issuer = config.server.public_url.as_str(), "serving");
    let site = Site { bank_name: config.server.bank_name().to_owned(), sandbox: None };
    bound.serve(core, site, telemetry).await?;
    Ok(ExitCode::SUCCESS)
}

/// The master keys of a file of settings, as it is when they are asked for.
fn masters(config: PathBuf) -> MasterSource {
    Box::new(move || master_key::masters(&Config::load(&config)?.keys, &system_environment))
}
