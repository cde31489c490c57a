//! The last step: what the customer is asked, and what becomes of the answer.

use lombard_domain::audit::{Event, Subject};
use lombard_domain::consent::{Consent, Kind, Terms};
use lombard_domain::id::{AccountId, ConsentId, CustomerId, GrantId};
use lombard_domain::oauth::{AuthorizationRequest, Client, Code, ErrorCode, Grant, OauthError};
use lombard_domain::permission::Window;
use lombard_domain::random;
use lombard_domain::time::Instant;
use lombard_store::{Tx, consent, grant, interaction};

use super::begin::returnable;
use super::redirect_uri::Return;
use crate::directory::HeldAccount;
use crate::error::Result;
use crate::login::{Interrupted, SignedIn};
use crate::{Auth, Call, digest};

/// What the customer is asked.
pub struct Question {
    /// The customer's name.
    pub customer_name: String,
    /// Who asks.
    pub client: Client,
    /// What for.
    pub request: AuthorizationRequest,
    /// What would be allowed.
    pub terms: Terms,
    /// Among which accounts the customer chooses; empty if the app only wants to know who they are.
    pub accounts: Vec<HeldAccount>,
}

/// The customer's answer.
pub enum Decision {
    /// Yes, for these accounts.
    Allow(Vec<String>),
    /// No.
    Deny,
}

/// A request that ends without a consent.
pub(crate) struct Turning<'a> {
    pub(crate) interaction: &'a [u8],
    pub(crate) request: &'a AuthorizationRequest,
    pub(crate) pushed: Option<&'a [u8]>,
    /// Who said no, if anybody had signed in.
    pub(crate) customer: Option<CustomerId>,
}

impl SignedIn {
    fn turning<'a>(&'a self, request: &'a AuthorizationRequest) -> Turning<'a> {
        Turning {
            interaction: &self.interaction,
            request,
            pushed: self.pushed.as_deref(),
            customer: Some(self.customer),
        }
    }
}

impl Auth {
    /// What to ask a customer who has signed in for a request.
    ///
    /// # Errors
    /// [`Interrupted`] if the request is over.
    pub async fn question(&self, signed_in: &SignedIn) -> std::result::Result<Question, Interrupted> {
        let request = signed_in.request.clone().ok_or(Interrupted::Expired)?;
        let mut tx = self.db().read().await?;
        let stored = lombard_store::client::find(&mut tx, request.client).await?;
        let client = stored.ok_or(Interrupted::Expired)?.client;
        let customer = lombard_store::customer::find(&mut tx, signed_in.customer).await?.ok_or(Interrupted::Expired)?;
        drop(tx);
        self.is_who_was_expected(&request, &client, signed_in.customer)?;
        let terms = self.terms(&request);
        let accounts = if terms.permissions.is_empty() {
            Vec::new()
        } else {
            self.parts.directory.accounts_of(signed_in.customer).await.map_err(crate::Error::from)?
        };
        Ok(Question { customer_name: customer.full_name.into_string(), client, request, terms, accounts })
    }

    /// Carries out the customer's answer; the way back to the app.
    ///
    /// # Errors
    /// [`Interrupted::NoAccount`] if accounts must be chosen and none of theirs was; [`Interrupted::Expired`] if the request was answered before.
    pub async fn decide(
        &self,
        call: Call<'_>,
        signed_in: &SignedIn,
        decision: Decision,
    ) -> std::result::Result<Return, Interrupted> {
        let question = self.question(signed_in).await?;
        match decision {
            Decision::Allow(chosen) => self.allow(call, signed_in, question, &chosen).await,
            Decision::Deny => {
                let refused = OauthError::new(ErrorCode::AccessDenied, DENIED);
                self.turn_back(call, signed_in.turning(&question.request), refused).await
            }
        }
    }

    async fn allow(
        &self,
        call: Call<'_>,
        signed_in: &SignedIn,
        question: Question,
        chosen: &[String],
    ) -> std::result::Result<Return, Interrupted> {
        let accounts: Vec<AccountId> = question
            .accounts
            .iter()
            .filter(|account| chosen.contains(&account.id.to_string()))
            .map(|account| account.id)
            .collect();
        // An account that is not on the page, or none: nothing is half-applied.
        if accounts.len() != chosen.len() || (accounts.is_empty() && !question.terms.permissions.is_empty()) {
            return Err(Interrupted::NoAccount);
        }
        let now = self.now();
        let mut tx = self.db().begin("allow").await?;
        self.finish(&mut tx, &signed_in.interaction, signed_in.pushed.as_deref(), now).await?;
        let consent =
            Consent::lodge(ConsentId::random(self.random()), question.client.id, Kind::Request, question.terms, now)
                .authorise(signed_in.customer, accounts, now)
                .map_err(|_| Interrupted::Expired)?;
        consent::insert(&mut tx, &consent).await?;
        let code = self.grant(&mut tx, &consent, &question.request, signed_in).await?;
        self.record(&mut tx, call, Event::ConsentAuthorised, crate::consent::subject(&consent), None).await?;
        tx.commit().await?;
        let returnable = returnable(&question.request, &question.client);
        self.send_code(&returnable, code.expose()).map_err(Interrupted::Failed)
    }

    async fn grant(
        &self,
        tx: &mut Tx,
        consent: &Consent,
        request: &AuthorizationRequest,
        signed_in: &SignedIn,
    ) -> Result<lombard_domain::secret::Secret<String>> {
        let now = self.now();
        let new = Grant {
            id: GrantId::random(self.random()),
            consent: consent.id(),
            client: request.client,
            customer: signed_in.customer,
            scope: request.scope,
            details: request.details.clone(),
            nonce: request.nonce.clone(),
            management: request.grant_management,
            signed_in_at: signed_in.at,
            created_at: now,
        };
        grant::insert(tx, &new).await?;
        let code = random::credential(self.random());
        let stored = Code {
            grant: new.id,
            client: request.client,
            redirect_uri: request.redirect_uri.clone(),
            code_challenge: request.code_challenge.clone(),
            dpop_jkt: request.dpop_jkt.clone(),
            expires_at: now.plus(self.policy().code_life),
            used: false,
        };
        grant::insert_code(tx, &digest::of(code.expose()), &stored).await?;
        Ok(code)
    }

    /// Ends a request without a consent: the customer said no, went away, or is somebody else than was expected.
    pub(crate) async fn turn_back(
        &self,
        call: Call<'_>,
        turning: Turning<'_>,
        error: OauthError,
    ) -> std::result::Result<Return, Interrupted> {
        let Turning { interaction, request, pushed, customer } = turning;
        let now = self.now();
        let mut tx = self.db().begin("deny").await?;
        let stored = lombard_store::client::find(&mut tx, request.client).await?;
        let client = stored.ok_or(Interrupted::Expired)?.client;
        self.finish(&mut tx, interaction, pushed, now).await?;
        let subject = Subject { client: Some(request.client), customer, ..Subject::default() };
        self.record(&mut tx, call, Event::ConsentRejected, subject, Some(error.code.code())).await?;
        tx.commit().await?;
        self.send_error(&returnable(request, &client), &error).map_err(Interrupted::Failed)
    }

    /// OpenID Connect Core 3.1.2.2: somebody else than the app expected is not asked.
    fn is_who_was_expected(
        &self,
        request: &AuthorizationRequest,
        client: &Client,
        customer: CustomerId,
    ) -> std::result::Result<(), Interrupted> {
        let Some(expected) = &request.expected_subject else { return Ok(()) };
        if expected.as_str() == self.subject(&client.sector, customer) {
            Ok(())
        } else {
            Err(Interrupted::SomebodyElse)
        }
    }

    /// Sends a customer back who is somebody else than the app expected.
    ///
    /// # Errors
    /// [`Interrupted::Expired`] if the request was answered before.
    pub async fn turn_somebody_else_back(
        &self,
        call: Call<'_>,
        signed_in: &SignedIn,
    ) -> std::result::Result<Return, Interrupted> {
        let request = signed_in.request.as_ref().ok_or(Interrupted::Expired)?;
        let error = OauthError::new(ErrorCode::LoginRequired, "another customer signed in than the request names");
        self.turn_back(call, signed_in.turning(request), error).await
    }

    /// Every request is answered once: both the interaction and the pushed request are used up, or nothing is.
    async fn finish(
        &self,
        tx: &mut Tx,
        interaction: &[u8],
        pushed: Option<&[u8]>,
        now: Instant,
    ) -> std::result::Result<(), Interrupted> {
        let ended = interaction::end(tx, interaction, now).await?;
        let unanswered = match pushed {
            Some(digest) => interaction::use_pushed(tx, digest, now).await?,
            None => true,
        };
        if ended && unanswered { Ok(()) } else { Err(Interrupted::Expired) }
    }

    fn terms(&self, request: &AuthorizationRequest) -> Terms {
        let now = self.now();
        let policy = self.policy();
        Terms {
            permissions: request.permissions(),
            window: Window { from: policy.history.map(|span| now.minus(span)), to: None },
            expires_at: Some(now.plus(policy.consent_life)),
            debtor: None,
        }
    }
}

/// The same whether the customer said no or went away.
pub(crate) const DENIED: &str = "the customer did not allow it";
