//! The last step: what becomes of the customer's answer.

use lombard_domain::audit::{Event, Subject};
use lombard_domain::consent::{Consent, Kind};
use lombard_domain::id::{AccountId, ConsentId, CustomerId, GrantId};
use lombard_domain::oauth::{AuthorizationRequest, Code, ErrorCode, Grant, OauthError, ResponseType, Scope};
use lombard_domain::random;
use lombard_domain::receipt::{Given, What};
use lombard_domain::secret::Secret;
use lombard_domain::time::Instant;
use lombard_store::{Tx, consent, grant, interaction};

use super::begin::returnable;
use super::intent::{NoSuchIntent, Yes};
use super::question::Question;
use super::redirect_uri::{Return, Success};
use crate::error::Result;
use crate::login::{Interrupted, SignedIn, Unasked};
use crate::oauth::token::About;
use crate::{Auth, Call, digest};

/// The customer's answer.
pub enum Decision {
    /// Yes.
    Allow(Choice),
    /// No.
    Deny,
}

/// What a customer allows.
pub struct Choice {
    /// For these accounts, as the page named them.
    pub accounts: Vec<String>,
    /// To which question: [`Question::stamp`] as the page sent it back.
    pub stamp: String,
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
    /// Carries out the customer's answer; the way back to the app.
    ///
    /// # Errors
    /// [`Interrupted::NoAccount`] if accounts must be chosen and none of theirs was; [`Interrupted::Changed`] if the page showed something
    /// else than there is now; [`Interrupted::StepUp`] if they must sign in once more first; [`Interrupted::Expired`] if the request was answered before; otherwise as [`Auth::question`].
    pub async fn decide(
        &self,
        call: Call<'_>,
        signed_in: &SignedIn,
        decision: Decision,
    ) -> std::result::Result<Return, Interrupted> {
        let question = self.question(signed_in).await?;
        match decision {
            Decision::Allow(choice) => self.allow(call, signed_in, question, &choice).await,
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
        choice: &Choice,
    ) -> std::result::Result<Return, Interrupted> {
        if question.stamp() != choice.stamp {
            return Err(Interrupted::Changed);
        }
        let accounts = chosen(&question, &choice.accounts)?;
        let now = self.now();
        let mut tx = self.db().begin("allow").await?;
        if !signed_in.stepped_up && self.must_step_up(&mut tx, signed_in.customer, question.client.id).await? {
            interaction::step_up(&mut tx, &signed_in.interaction, now).await?;
            tx.commit().await?;
            return Err(Interrupted::StepUp);
        }
        self.finish(&mut tx, &signed_in.interaction, signed_in.pushed.as_deref(), now).await?;
        let renewed = question.renews().is_some();
        let Question { client, request, terms, lodged, .. } = question;
        let consent = match &lodged {
            Some(shown) => {
                let yes = Yes { customer: signed_in.customer, accounts, shown };
                self.authorise_lodged(&mut tx, call, &request, yes).await?
            }
            None => {
                let consent = Consent::lodge(ConsentId::random(self.random()), client.id, Kind::Request, terms, now)
                    .authorise(signed_in.customer, accounts, now)
                    .map_err(|_| Interrupted::Expired)?;
                consent::insert(&mut tx, &consent).await?;
                self.record(&mut tx, call, Event::ConsentAuthorised, crate::consent::subject(&consent), None).await?;
                consent
            }
        };
        let (grant, code) = self.grant(&mut tx, &consent, &request, signed_in).await?;
        let given = Given {
            app: client.metadata.client_name.clone(),
            permissions: consent.terms().permissions,
            identity: request.scope.has(Scope::OpenId),
            until: consent.terms().expires_at,
            renewed,
        };
        self.give_receipt(&mut tx, signed_in.customer, What::ConsentGiven(given)).await?;
        tx.commit().await?;
        // Signing takes a millisecond, in which nobody should wait for the database.
        let id_token = match request.response_type {
            ResponseType::Code => None,
            ResponseType::CodeIdToken => {
                let about = About { client: &client, grant: &grant, consent: &consent };
                Some(self.id_token_beside(about, &code, request.state.as_ref()).map_err(Interrupted::Failed)?)
            }
        };
        let success = Success { code: &code, id_token: id_token.as_ref() };
        self.send_success(&returnable(&request, &client), &success).map_err(Interrupted::Failed)
    }

    async fn grant(
        &self,
        tx: &mut Tx,
        consent: &Consent,
        request: &AuthorizationRequest,
        signed_in: &SignedIn,
    ) -> Result<(Grant, Secret<String>)> {
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
        Ok((new, code))
    }

    /// Ends a request without a consent: the customer said no, went away, or cannot be asked. A lodged consent that waited for this
    /// answer is rejected with it.
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
        let rejected = self.decline_lodged(&mut tx, request).await?;
        let consent = rejected.map(|consent| consent.id());
        let subject = Subject { client: Some(request.client), customer, consent, ..Subject::default() };
        self.record(&mut tx, call, Event::ConsentRejected, subject, Some(error.code.code())).await?;
        tx.commit().await?;
        self.send_error(&returnable(request, &client), &error).map_err(Interrupted::Failed)
    }

    /// Sends a customer back to the app who cannot be asked what it wants.
    ///
    /// # Errors
    /// [`Interrupted::Expired`] if the request was answered before.
    pub async fn turn_unasked_back(
        &self,
        call: Call<'_>,
        signed_in: &SignedIn,
        why: Unasked,
    ) -> std::result::Result<Return, Interrupted> {
        let request = signed_in.request.as_ref().ok_or(Interrupted::Expired)?;
        let error = match why {
            Unasked::IntentOver => NoSuchIntent.into(),
            // The app must not learn whose account it is, or whether there is one.
            Unasked::NotTheirAccount => OauthError::new(ErrorCode::AccessDenied, DENIED),
            Unasked::SomebodyElse => {
                OauthError::new(ErrorCode::LoginRequired, "another customer signed in than the request names")
            }
        };
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
}

/// The accounts that are allowed: the ticked ones, or the one that the app named and that nobody can exchange for another.
fn chosen(question: &Question, ticked: &[String]) -> std::result::Result<Vec<AccountId>, Interrupted> {
    let offered = question.accounts.iter().map(|account| account.id);
    let (accounts, all_known): (Vec<AccountId>, bool) = match question.kind() {
        Kind::FundsConfirmation => (offered.collect(), ticked.is_empty()),
        Kind::AccountAccess | Kind::Request => {
            let accounts: Vec<_> = offered.filter(|id| ticked.contains(&id.to_string())).collect();
            let all_known = accounts.len() == ticked.len();
            (accounts, all_known)
        }
    };
    // An account that is not on the page, or none: nothing is half-applied.
    if !all_known || (accounts.is_empty() && !question.terms.permissions.is_empty()) {
        return Err(Interrupted::NoAccount);
    }
    Ok(accounts)
}

/// The same whether the customer said no, went away, or does not have the account that was named.
pub(crate) const DENIED: &str = "the customer did not allow it";
