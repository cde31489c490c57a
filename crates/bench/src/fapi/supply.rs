//! Requests that no server takes twice: their assertions and proofs are made before the time that is measured.
//!
//! They live for a minute, so a supply is for one case. If it runs out the rest is made on the way, which is counted, because it
//! takes processor time beside the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request};
use http_body_util::Full;
use tokio::time::Instant;

use super::credentials::Credentials;

/// How the requests of a case are signed.
pub(crate) struct Signer {
    /// By whom.
    pub(crate) credentials: Arc<Credentials>,
    pub(crate) method: Method,
    /// Below the issuer.
    pub(crate) path: String,
    /// The token that the request carries.
    pub(crate) token: Option<String>,
    /// The form beside the assertion, if there is one.
    pub(crate) form: Option<&'static [(&'static str, &'static str)]>,
}

/// What is new in each request.
#[derive(Clone)]
struct Fresh {
    proof: HeaderValue,
    form: Option<Bytes>,
}

/// What makes the requests of a case differ, for all callers together.
pub(crate) struct Supply {
    signer: Option<Arc<Signer>>,
    ready: Vec<Fresh>,
    spend: Spend,
    taken: AtomicUsize,
}

/// How often something may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spend {
    /// Over and over, to a server that looks at nothing.
    Again,
    /// Once.
    Once,
}

impl Signer {
    fn sign(&self) -> anyhow::Result<Fresh> {
        let proof = self.credentials.proof(self.method.as_str(), &self.path, self.token.as_deref());
        let form = self.form.map(|fields| Bytes::from(self.credentials.form(fields)));
        Ok(Fresh { proof: HeaderValue::try_from(proof)?, form })
    }
}

impl Supply {
    /// Nothing is made beforehand; without a signer all requests are the same.
    pub(crate) fn on_the_way(signer: Option<&Arc<Signer>>) -> Self {
        Self { signer: signer.cloned(), ready: Vec::new(), spend: Spend::Once, taken: AtomicUsize::new(0) }
    }

    /// For so many requests, or as many as can be signed while what was signed first is still young.
    ///
    /// # Errors
    /// A proof does not fit into a header.
    pub(crate) fn signed(signer: &Arc<Signer>, count: usize) -> anyhow::Result<Self> {
        let begun = Instant::now();
        let mut ready = Vec::with_capacity(count);
        while ready.len() < count && begun.elapsed() < SIGNING_MAX {
            ready.push(signer.sign()?);
        }
        Ok(Self { ready, ..Self::on_the_way(Some(signer)) })
    }

    /// The same once more, for a server that does not care what was there before.
    pub(crate) fn again(&self) -> Self {
        let (signer, ready) = (self.signer.clone(), self.ready.clone());
        Self { signer, ready, spend: Spend::Again, taken: AtomicUsize::new(0) }
    }

    /// Puts into a request what must be new in it.
    ///
    /// # Errors
    /// A proof does not fit into a header.
    pub(crate) fn renew(&self, request: &mut Request<Full<Bytes>>) -> anyhow::Result<()> {
        let Some(signer) = &self.signer else { return Ok(()) };
        let number = self.taken.fetch_add(1, Ordering::Relaxed);
        let number = match self.spend {
            Spend::Again => number.checked_rem(self.ready.len()).unwrap_or(0),
            Spend::Once => number,
        };
        let Fresh { proof, form } = match self.ready.get(number) {
            Some(fresh) => fresh.clone(),
            None => signer.sign()?,
        };
        request.headers_mut().insert(PROOF, proof);
        if let Some(form) = form {
            *request.body_mut() = Full::new(form);
        }
        Ok(())
    }

    /// How many requests were signed on the way.
    pub(crate) fn late(&self) -> usize {
        match (&self.signer, self.spend) {
            (Some(_), Spend::Once) => self.taken.load(Ordering::Relaxed).saturating_sub(self.ready.len()),
            (None, _) | (_, Spend::Again) => 0,
        }
    }
}

/// The header with a proof (RFC 9449 4.1).
const PROOF: HeaderName = HeaderName::from_static("dpop");
/// How long signing may take: with the longest case after it, still within the minute that a proof lives.
const SIGNING_MAX: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use http_body_util::BodyExt as _;

    use super::*;

    fn signer() -> Arc<Signer> {
        let form: &[_] = &[("grant_type", "client_credentials")];
        Arc::new(Signer {
            credentials: Arc::new(Credentials::new("https://bank.example")),
            method: Method::POST,
            path: "/token".to_owned(),
            token: None,
            form: Some(form),
        })
    }

    async fn request(supply: &Supply) -> (Option<HeaderValue>, Bytes) {
        let mut request = Request::new(Full::new(Bytes::from_static(b"as it was")));
        supply.renew(&mut request).unwrap();
        let proof = request.headers().get(PROOF).cloned();
        (proof, request.into_body().collect().await.unwrap().to_bytes())
    }

    #[tokio::test]
    async fn no_request_comes_twice_and_the_late_ones_are_counted() {
        let supply = Supply::signed(&signer(), 3).unwrap();
        let mut seen = HashSet::new();
        for _ in 0..5 {
            let (proof, body) = request(&supply).await;
            assert!(body.starts_with(b"grant_type=client_credentials&"));
            assert!(seen.insert(proof.unwrap()));
        }
        assert_eq!(supply.late(), 2);
    }

    #[tokio::test]
    async fn a_server_that_does_not_care_is_sent_the_same_in_turn() {
        let supply = Supply::signed(&signer(), 2).unwrap().again();
        let (one, other, again) = (request(&supply).await, request(&supply).await, request(&supply).await);
        assert_eq!(one, again);
        assert_ne!(one, other);
        assert_eq!(supply.late(), 0);
    }

    #[tokio::test]
    async fn without_a_signer_nothing_changes() {
        let supply = Supply::on_the_way(None);
        assert_eq!(request(&supply).await, (None, Bytes::from_static(b"as it was")));
        assert_eq!(supply.late(), 0);
    }
}
