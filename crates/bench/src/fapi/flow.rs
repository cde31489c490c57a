//! Whole flows: pushed request, pages, both factors, consent, code, tokens, one read; each with a browser that is new.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::App;
use crate::load::Measured;
use crate::process;
use crate::signature::Signatures;

/// Flows that were measured.
pub(crate) struct Flows {
    /// How many ran at any time, each of another customer.
    pub(crate) at_once: usize,
    /// What was seen.
    pub(crate) measured: Measured,
    /// Requests of each flow.
    pub(crate) requests: u32,
}

impl Flows {
    /// Lets customers go through flows, one after the other, for so long; what they have begun they finish.
    ///
    /// # Errors
    /// A flow took another turn, or there are too few customers.
    pub(crate) async fn measure(app: &Arc<App>, pid: u32, at_once: usize, duration: Duration) -> anyhow::Result<Self> {
        // One each to warm up.
        together(app, at_once, Instant::now()).await?;
        let used = || anyhow::Ok((process::cpu(pid)?, process::cpu(std::process::id())?));
        let (begun, before) = (Instant::now(), used()?);
        let (mut micros, requests) = together(app, at_once, begun + duration).await?;
        let (duration, after) = (begun.elapsed(), used()?);
        micros.sort_unstable();
        let (cpu, load_cpu) = (after.0.saturating_sub(before.0), after.1.saturating_sub(before.1));
        Ok(Self { at_once, measured: Measured { micros, duration, cpu, load_cpu }, requests })
    }
}

/// How long each flow took, and how many requests one makes.
async fn together(app: &Arc<App>, at_once: usize, end: Instant) -> anyhow::Result<(Vec<u32>, u32)> {
    let mut customers = JoinSet::new();
    for customer in 0..at_once {
        customers.spawn(one_after_the_other(Arc::clone(app), customer, end));
    }
    let (mut micros, mut requests) = (Vec::new(), 0);
    while let Some(done) = customers.join_next().await {
        let (some, each) = done??;
        micros.extend(some);
        requests = each;
    }
    Ok((micros, requests))
}

/// One customer's flows, at least one.
async fn one_after_the_other(app: Arc<App>, customer: usize, end: Instant) -> anyhow::Result<(Vec<u32>, u32)> {
    // Each their own: sign-ins of one customer beside each other count as failures until they succeed, and would lock.
    let customer = app.facts.customers.get(customer).context("too few customers")?;
    let mut micros = Vec::new();
    loop {
        let begun = Instant::now();
        let connected = app.connect(customer).await?;
        app.read(&connected.token).await?;
        micros.push(u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX));
        if Instant::now() >= end {
            return Ok((micros, connected.requests.saturating_add(1)));
        }
    }
}

/// The server's work on signatures in one flow.
///
/// It verifies an assertion and a proof at the push and again for the code, then the new access token and the proof of the read.
/// It signs the access token, the ID token, and the handshake of TLS with the new browser.
pub(crate) const FLOW_SIGNATURES: Signatures = Signatures { verified: 6, signed: 3 };
