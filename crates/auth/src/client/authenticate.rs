//! How an app proves who it is at the token endpoint and its neighbours (RFC 6749 2.3), and with which key it binds its tokens.
//!
//! The order is part of the contract: the app's own proof first, then its proof of possession with the server's nonce, and only
//! then are both used up, because an app that is asked for a nonce comes back with the same assertion.

use lombard_domain::audit::{Event, Subject};
use lombard_domain::id::ClientId;
use lombard_domain::oauth::{AuthMethod, Binding, Client, ClientStatus, ErrorCode, OauthError, Thumbprint};
use lombard_domain::time::Span;
use lombard_store::client::StoredClient;
use lombard_store::used_once::UsedOnce;

use super::assertion::Reason;
use super::credentials::{Credentials, Shown, failed};
use crate::error::Result;
use crate::limit::Subject as Counted;
use crate::possession::{Evidence, Expected, Proof, thumbprint_of};
use crate::record::First;
use crate::{Auth, Call, Caller, digest};

/// An app that has proved who it is. Only [`Auth::authenticate`] makes one.
pub struct Authenticated {
    client: Client,
    proof: Option<Thumbprint>,
    certificate: Option<Thumbprint>,
}

impl Authenticated {
    /// The app.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> ClientId {
        self.client.id
    }

    /// The key that it proved to hold by a DPoP proof (RFC 9449 4).
    pub(crate) fn proof(&self) -> Option<&Thumbprint> {
        self.proof.as_ref()
    }

    /// To what a token for it is bound: as it registered, or to the key of a proof that it brought of its own accord.
    pub(crate) fn binding(&self) -> std::result::Result<Option<Binding>, OauthError> {
        let metadata = &self.client.metadata;
        if metadata.tls_client_certificate_bound_access_tokens {
            let missing = || {
                OauthError::new(
                    ErrorCode::InvalidRequest,
                    "tokens of this client need its certificate: call at mtls_endpoint_aliases",
                )
            };
            return Ok(Some(Binding::Certificate(self.certificate.clone().ok_or_else(missing)?)));
        }
        match &self.proof {
            Some(key) => Ok(Some(Binding::Key(key.clone()))),
            None if metadata.must_bind() => {
                Err(OauthError::new(ErrorCode::InvalidDpopProof, "tokens of this client need a DPoP proof"))
            }
            None => Ok(None),
        }
    }
}

impl Auth {
    /// Checks an app's credentials, and its proof of possession if there is one.
    ///
    /// # Errors
    /// `invalid_client`, the same whatever the reason, which is on record; `invalid_dpop_proof` and `use_dpop_nonce` for the
    /// proof of possession.
    pub async fn authenticate(
        &self,
        call: Call<'_>,
        credentials: &Credentials,
        evidence: &Evidence<'_>,
    ) -> Result<Authenticated> {
        let id = credentials.client();
        let stored = match id {
            Some(id) => lombard_store::client::find(&mut self.db().read().await?, id).await?,
            None => None,
        };
        let subject = Subject { client: id, ..Subject::default() };
        let known = self.identify(stored, credentials, evidence).await;
        let known = known.and_then(|known| self.may_act(&known.0).map(|()| known));
        let (client, assertion) = match known {
            Ok(known) => known,
            Err(reason) => {
                self.record_alone(call, Event::ClientAuthenticationFailed, subject, Some(reason)).await?;
                return Err(failed().into());
            }
        };
        let proof = match self.check_proof(evidence) {
            // To be asked for a nonce is part of the conversation; everything else is put on record.
            Err(error) if error.code != ErrorCode::UseDpopNonce => {
                self.record_alone(call, Event::ClientAuthenticationFailed, subject, Some("proof")).await?;
                return Err(error.into());
            }
            checked => checked?,
        };
        self.use_up(call, subject, assertion, proof.as_ref()).await?;
        call.made_by(match (&proof, client.metadata.tls_client_certificate_bound_access_tokens) {
            (_, true) => Caller::AppCertificate,
            (Some(_), false) => Caller::AppKey,
            (None, false) => Caller::AppBearer,
        });
        // Only now: a name that anybody can write must not use up what its owner may do.
        self.ask(call, &[Counted::Client(client.id)]).await?;
        Ok(Authenticated {
            client,
            proof: proof.map(|proof| proof.thumbprint().clone()),
            certificate: evidence.certificates.first().map(|leaf| thumbprint_of(leaf)),
        })
    }

    /// Whether an app that has proved who it is may act at all.
    fn may_act(&self, client: &Client) -> std::result::Result<(), Reason> {
        if client.status == ClientStatus::Suspended {
            return Err("suspended");
        }
        if client.metadata.security_profile < self.policy().minimum_profile {
            return Err("profile");
        }
        Ok(())
    }

    /// Uses up the assertion and the proof of a call; each counts once.
    async fn use_up(
        &self,
        call: Call<'_>,
        subject: Subject,
        assertion: Option<UsedOnce>,
        proof: Option<&Proof>,
    ) -> Result<()> {
        let asserted = assertion.is_some();
        let names: Vec<UsedOnce> = assertion.into_iter().chain(proof.map(once)).collect();
        if names.is_empty() {
            return Ok(());
        }
        let replayed = self.entry(call, Event::ClientAuthenticationFailed, subject, Some("replayed"));
        match self.parts.recorder.use_up(names, replayed).await? {
            First::Time => Ok(()),
            First::Replayed { at: 0 } if asserted => Err(failed().into()),
            // RFC 9449 5: it is the proof that the app must make anew; who it is, it has proved.
            First::Replayed { .. } => {
                Err(OauthError::new(ErrorCode::InvalidDpopProof, "the DPoP proof has come before").into())
            }
        }
    }

    /// Who calls, by the one way of authentication that the app registered; and what must be used up with it.
    async fn identify(
        &self,
        stored: Option<StoredClient>,
        credentials: &Credentials,
        evidence: &Evidence<'_>,
    ) -> std::result::Result<(Client, Option<UsedOnce>), Reason> {
        let Some(StoredClient { client, secret_digest, .. }) = stored else {
            match credentials.shown() {
                Shown::Nothing(reason) => return Err(reason),
                Shown::Assertion(assertion) => self.check_assertion_in_vain(assertion.expose()),
                // An app that does not exist is compared all the same, with a digest that nothing has.
                Shown::Secret(secret, _) => {
                    let _ = digest::same(&digest::of(secret.expose()), &[0; 32]);
                }
                Shown::Certificate => self.check_certificate_in_vain(evidence.certificates),
            }
            return Err("unknown");
        };
        let registered = client.metadata.token_endpoint_auth_method;
        match credentials.shown() {
            Shown::Assertion(assertion) => {
                let once = self.check_assertion(&client, assertion.expose(), evidence.path).await?;
                Ok((client, Some(once)))
            }
            Shown::Certificate => {
                match registered {
                    AuthMethod::SelfSignedTlsClientAuth => {
                        self.check_own_certificate(&client, evidence.certificates).await?;
                    }
                    AuthMethod::TlsClientAuth => self.check_certificate(&client, evidence.certificates)?,
                    AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost | AuthMethod::PrivateKeyJwt => {
                        return Err("method");
                    }
                }
                Ok((client, None))
            }
            Shown::Nothing(reason) => Err(reason),
            Shown::Secret(secret, method) => {
                if !digest::same(&digest::of(secret.expose()), &secret_digest) {
                    return Err("secret");
                }
                if *method == registered { Ok((client, None)) } else { Err("method") }
            }
        }
    }

    /// RFC 9449 5: a proof that comes with a request must hold, whether or not one was needed.
    fn check_proof(&self, evidence: &Evidence<'_>) -> std::result::Result<Option<Proof>, OauthError> {
        let refuse = |why| OauthError::new(ErrorCode::InvalidDpopProof, why);
        let header = match evidence.proofs.as_slice() {
            [] => return Ok(None),
            [one] => one,
            [..] => return Err(refuse("there is more than one DPoP header")),
        };
        let uri = format!("{}{}", self.policy().base(evidence.door), evidence.path);
        let expected = Expected { method: evidence.method, uri: &uri, access_token: None, now: self.now() };
        let proof = Proof::verify(header, &expected).map_err(|_| refuse("the DPoP proof does not hold"))?;
        if self.accepts_nonce(proof.nonce()) {
            return Ok(Some(proof));
        }
        Err(OauthError::new(
            ErrorCode::UseDpopNonce,
            "the DPoP proof needs the nonce of this answer's DPoP-Nonce header",
        ))
    }
}

/// Under which name a proof is used up: its own and its key's, for two apps may choose the same (RFC 9449 11.1).
pub(crate) fn once(proof: &Proof) -> UsedOnce {
    let digest = digest::of_parts(&[b"proof", proof.thumbprint().as_str().as_bytes(), proof.id().as_bytes()]);
    // Remembered beyond its end: it may have been checked just before it, and is used up only now.
    UsedOnce { digest, expires_at: proof.expires_at().plus(AFTERWARDS) }
}

/// From the check of a proof to its use no call takes longer.
const AFTERWARDS: Span = Span::minutes(1);
