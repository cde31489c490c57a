//! The gate: the one place where a call for data is checked, on every call, against live state.

use std::marker::PhantomData;

use lombard_domain::audit::{Entry, Event, Subject};
use lombard_domain::consent::Ended;
use lombard_domain::id::{AccountId, TokenId};
use lombard_domain::oauth::{AccessToken, Binding, ClientStatus, Scope};
use lombard_domain::permission::{ConfirmFunds, ReadAccounts, Right, Window};
use lombard_store::token::{self, ConsentStanding, Standing};
use lombard_store::used_once::UsedOnce;

use super::denied::UNATTENDED;
use super::pledge::on_record;
use super::unattended::{self, Demand};
use super::{AccountAccess, Budget, ClientAccess, ConsentAccess, Denied, Flaw, IdentityAccess, Presence, Presented};
use crate::jose::{self, Alg, Expiry, Typ, VerifyRules};
use crate::keys::Known;
use crate::limit::Subject as Counted;
use crate::record::{Asked, Outcome, Writing};
use crate::{Auth, Call, Caller};

/// Checks calls for data.
///
/// Refusals are on record, but for tokens that are missing or not ours: there is nobody whom such an entry could be about.
#[derive(Clone)]
pub struct Gate {
    auth: Auth,
}

/// A token that works, the consent behind it if it is a customer's yes, and what must be used up with it.
type Judged = (AccessToken, Option<ConsentStanding>, Option<UsedOnce>);

/// A call whose token and consent are in order, before it is known what it may do.
struct Admitted {
    token: AccessToken,
    consent: ConsentStanding,
    /// What must be used up before anything is given.
    once: Option<UsedOnce>,
}

impl Gate {
    /// The gate of a server.
    #[must_use]
    pub fn new(auth: Auth) -> Self {
        Self { auth }
    }

    /// Checks a call for something of all accounts of its consent.
    ///
    /// # Errors
    /// [`Denied`] says why there is no such right. The refusal is on record.
    pub async fn consent<R: Right>(
        &self,
        call: Call<'_>,
        presented: Option<&Presented<'_>>,
        presence: &Presence,
    ) -> Result<ConsentAccess<R>, Denied> {
        let admitted = self.admit(call, presented, None).await?;
        match self.right::<R>(&admitted, presence) {
            Ok(access) => self.read(call, admitted, presence, access).await,
            Err(denied) => Err(self.refuse(call, &admitted, denied).await),
        }
    }

    /// Checks a call for something of one account.
    ///
    /// # Errors
    /// [`Denied`] says why there is no such right. The refusal is on record.
    pub async fn account<R: Right>(
        &self,
        call: Call<'_>,
        presented: Option<&Presented<'_>>,
        account: &str,
        presence: &Presence,
    ) -> Result<AccountAccess<R>, Denied> {
        let account: Option<AccountId> = account.parse().ok();
        let admitted = self.admit(call, presented, account).await?;
        let checked = self
            .right::<R>(&admitted, presence)
            .and_then(|consent| Ok((consent, account_for::<R>(&admitted.consent).ok_or(Denied::Account)?)));
        match checked {
            Ok((consent, account)) => {
                Ok(AccountAccess { consent: self.read(call, admitted, presence, consent).await?, account })
            }
            Err(denied) => Err(self.refuse(call, &admitted, denied).await),
        }
    }

    /// What is left of a budget after a call was refused that had been allowed: refused calls do not count.
    pub async fn give_back(&self, budget: Budget) -> Budget {
        unattended::give_back(self.auth.db(), budget).await
    }

    /// The same for a call that was never answered, because its caller hung up; the place is free a moment later.
    pub fn give_back_alone(&self, budget: Budget) {
        unattended::give_back_alone(self.auth.db(), budget);
    }

    /// Checks a call for who the customer is (OpenID Connect Core 5.3).
    ///
    /// # Errors
    /// [`Denied`] says why there is no such right.
    pub async fn identity(&self, call: Call<'_>, presented: Option<&Presented<'_>>) -> Result<IdentityAccess, Denied> {
        let admitted = self.admit(call, presented, None).await?;
        if !admitted.token.scope.has(Scope::OpenId) {
            return Err(self.refuse(call, &admitted, Denied::Permission(Scope::OpenId.name())).await);
        }
        self.auth.ask(call, &[Counted::CustomerOf(admitted.token.client, admitted.consent.customer)]).await?;
        let mut tx = self.auth.db().read().await?;
        let client = lombard_store::client::find(&mut tx, admitted.token.client).await?;
        let consent = lombard_store::consent::find(&mut tx, admitted.consent.id).await?;
        drop(tx);
        let sector = client.ok_or(Denied::InvalidToken)?.client.sector;
        let subject = self.auth.subject(&sector, admitted.consent.customer);
        let intent = consent.as_ref().and_then(crate::oauth::token::intent_id);
        let entry = self.auth.entry(call, Event::DataRead, subject_of(&admitted), Some(Scope::OpenId.name()));
        self.used(call, admitted.once, entry).await?;
        Ok(IdentityAccess { subject, intent })
    }

    /// Checks a call of an app for something of its own, with a token of its own for one of these scopes.
    ///
    /// # Errors
    /// [`Denied`] says why there is no such right. The refusal is on record.
    pub async fn client(
        &self,
        call: Call<'_>,
        presented: Option<&Presented<'_>>,
        scopes: &[Scope],
    ) -> Result<ClientAccess, Denied> {
        let presented = presented.ok_or(Denied::NoToken)?;
        let standing = self.standing(presented, None).await?;
        let client = standing.token.as_ref().map(|token| token.client);
        let about = Subject { client, ..Subject::default() };
        // Where several would do, the first is the one that is named.
        let needed = scopes.first().map_or("", |scope| scope.name());
        let judged = self.judge(call, standing, presented).and_then(|(token, consent, once)| match consent {
            None if scopes.iter().any(|scope| token.scope.has(*scope)) => Ok((token, once)),
            _ => Err(Denied::Permission(needed)),
        });
        match judged {
            Ok((token, once)) => {
                let entry = self.auth.entry(call, Event::DataRead, about, Some(needed));
                self.used(call, once, entry).await?;
                Ok(ClientAccess { client: token.client })
            }
            Err(denied) => {
                self.auth.record_alone(call, Event::DataRefused, about, Some(denied.reason())).await?;
                Err(denied)
            }
        }
    }

    async fn admit(
        &self,
        call: Call<'_>,
        presented: Option<&Presented<'_>>,
        account: Option<AccountId>,
    ) -> Result<Admitted, Denied> {
        let presented = presented.ok_or(Denied::NoToken)?;
        let standing = self.standing(presented, account).await?;
        let subject = Subject {
            client: standing.token.as_ref().map(|token| token.client),
            customer: standing.consent.map(|consent| consent.customer),
            consent: standing.consent.map(|consent| consent.id),
            account: None,
        };
        let due = standing.consent.filter(|consent| self.auth.is_sign_in_due(consent));
        let judged = self.judge(call, standing, presented).and_then(|(token, consent, once)| {
            // A client's own token is no customer's yes: it opens no data (UK Open Banking: 401).
            Ok(Admitted { token, consent: consent.ok_or(Denied::InvalidToken)?, once })
        });
        match judged {
            Ok(admitted) => Ok(admitted),
            Err(denied) => {
                if let (Some(consent), Denied::ConsentEnded(Ended::AuthenticationDue)) = (due, &denied) {
                    self.auth.end_until_sign_in(call, consent.id).await?;
                }
                self.auth.record_alone(call, Event::DataRefused, subject, Some(denied.reason())).await?;
                Err(denied)
            }
        }
    }

    async fn standing(&self, presented: &Presented<'_>, account: Option<AccountId>) -> Result<Standing, Denied> {
        let id = self.auth.token_id(presented.token())?;
        let standing = token::standing(&mut self.auth.db().read().await?, id, account).await?;
        standing.ok_or(Denied::InvalidToken)
    }

    /// Whether a token works at this moment for who presents it.
    fn judge(&self, call: Call<'_>, standing: Standing, presented: &Presented<'_>) -> Result<Judged, Denied> {
        let now = self.auth.now();
        if standing.client != Some(ClientStatus::Active) {
            return Err(Denied::InvalidToken);
        }
        if let Some(consent) = &standing.consent {
            consent.status.standing(consent.expires_at, now).map_err(Denied::ConsentEnded)?;
            if self.auth.is_sign_in_due(consent) {
                return Err(Denied::ConsentEnded(Ended::AuthenticationDue));
            }
        }
        let token = standing.token.ok_or(Denied::InvalidToken)?;
        if token.expires_at <= now {
            return Err(Denied::Expired);
        }
        let once = self.auth.check_possession(&token, presented)?;
        call.made_by(match &token.binding {
            None => Caller::AppBearer,
            Some(Binding::Certificate(_)) => Caller::AppCertificate,
            Some(Binding::Key(_)) => Caller::AppKey,
        });
        Ok((token, standing.consent, once))
    }

    fn right<R: Right>(&self, admitted: &Admitted, presence: &Presence) -> Result<ConsentAccess<R>, Denied> {
        let consent = &admitted.consent;
        // The token's scope can be narrower than the consent (RFC 6749 6), so both must allow it.
        let permissions = consent.permissions.intersect(admitted.token.permissions());
        let rule = &self.auth.policy().old_data;
        let history = rule.open_since(consent.signed_in_at, consent.window, self.auth.now());
        let open = consent.window.intersect(Window { from: history, to: None });
        let shade = R::shade(permissions, open).ok_or(Denied::Permission(R::NAME))?;
        if *presence == Presence::Unclear {
            return Err(Denied::Presence);
        }
        Ok(ConsentAccess {
            client: admitted.token.client,
            consent: consent.id,
            customer: consent.customer,
            granted: consent.window,
            history,
            budget: None,
            stamps: None,
            shade,
            right: PhantomData,
        })
    }

    /// Puts a read on record, uses up the proof that came with it, and takes its place if nobody is there: these are one.
    async fn read<R: Right>(
        &self,
        call: Call<'_>,
        admitted: Admitted,
        presence: &Presence,
        access: ConsentAccess<R>,
    ) -> Result<ConsentAccess<R>, Denied> {
        self.auth.ask(call, &[counted::<R>(&admitted)]).await?;
        let about = subject_of(&admitted);
        let entry = self.auth.entry(call, Event::DataRead, about, Some(R::NAME));
        // PSD2 Art. 65: who asks whether there is enough money stands at the till with the customer.
        let counts = R::NAME != ConfirmFunds::NAME;
        let demand = if counts { self.auth.demand(access.client, access.consent, presence) } else { Demand::Nothing };
        let claim = match demand {
            Demand::Nothing => {
                let writing = self.begin(call, admitted.once, entry)?;
                match call.pledge {
                    Some(pledge) => pledge.make(writing),
                    None => on_record(writing).await?,
                }
                return Ok(access);
            }
            Demand::Follow(claim, stamps) => {
                self.used(call, admitted.once, entry).await?;
                let budget = self.auth.followed(&claim).await?;
                return Ok(ConsentAccess { budget: Some(budget), stamps: Some(stamps), ..access });
            }
            Demand::Claim(claim) => claim,
        };
        let refused = |reason| self.auth.entry(call, Event::DataRefused, about, Some(reason));
        let asked = Asked {
            once: admitted.once.into_iter().collect(),
            claim: Some(claim),
            entry: Some(entry),
            replayed: Some(refused(Denied::Proof(Flaw::Replayed).reason())),
            full: Some(refused(UNATTENDED)),
        };
        match self.auth.parts.recorder.write(asked).await? {
            Outcome::Done(budget) => {
                let stamps = budget.as_ref().and_then(|budget| self.auth.stamps(budget));
                Ok(ConsentAccess { budget, stamps, ..access })
            }
            Outcome::Full(budget) => Err(Denied::Unattended(Box::new(budget))),
            Outcome::Replayed { .. } => Err(Denied::Proof(Flaw::Replayed)),
        }
    }

    /// Begins to put a read on record, unless the proof that came with it has come before.
    fn begin(&self, call: Call<'_>, once: Option<UsedOnce>, entry: Entry) -> Result<Writing, Denied> {
        let reason = Denied::Proof(Flaw::Replayed).reason();
        let replayed = self.auth.entry(call, Event::DataRefused, entry.subject, Some(reason));
        let once = once.into_iter().collect();
        let asked = Asked { once, entry: Some(entry), replayed: Some(replayed), ..Asked::default() };
        Ok(self.auth.parts.recorder.begin(asked)?)
    }

    async fn used(&self, call: Call<'_>, once: Option<UsedOnce>, entry: Entry) -> Result<(), Denied> {
        on_record(self.begin(call, once, entry)?).await
    }

    async fn refuse(&self, call: Call<'_>, admitted: &Admitted, denied: Denied) -> Denied {
        let recorded =
            self.auth.record_alone(call, Event::DataRefused, subject_of(admitted), Some(denied.reason())).await;
        recorded.err().map_or(denied, Denied::from)
    }
}

impl Auth {
    /// The `jti` of an access token of ours; says nothing about where the token stands.
    ///
    /// The time is not looked at here: the database knows it too, and an expired token must be told from a false one.
    pub(crate) fn token_id(&self, token: &str) -> Result<TokenId, Denied> {
        self.known_token(token).map(|known| known.id)
    }

    /// The same, and the app for which it was issued.
    pub(crate) fn known_token(&self, token: &str) -> Result<Known, Denied> {
        let now = self.now();
        let known = self.parts.keys.known_token(token, now, |keys| {
            let rules = VerifyRules { typ: Typ::OneOf(&["at+jwt"]), algs: &[Alg::Es256], keys };
            let claims = jose::verify(token, rules).and_then(|verified| verified.claims()).ok()?;
            let ours = claims.issuer() == Some(self.policy().issuer.as_str())
                && claims.audience().contains(&self.policy().resource)
                && claims.check_times(now, Expiry::Required { leeway: TOKEN_MEMORY }).is_ok();
            let id = claims.id().filter(|_| ours)?.parse().ok()?;
            let client = claims.text("client_id").ok()??.parse().ok()?;
            Some(Known { id, client, expires_at: claims.expires_at()? })
        });
        known.ok_or(Denied::InvalidToken)
    }
}

/// The account that was asked for, if there is anything of it to read: of one that went to another bank, only that it did (UK Open
/// Banking: `SwitchStatus`).
fn account_for<R: Right>(consent: &ConsentStanding) -> Option<AccountId> {
    consent.account.filter(|_| !consent.switched || R::NAME == ReadAccounts::NAME)
}

fn subject_of(admitted: &Admitted) -> Subject {
    Subject {
        client: Some(admitted.token.client),
        customer: Some(admitted.consent.customer),
        consent: Some(admitted.consent.id),
        account: admitted.consent.account,
    }
}

/// Who is counted beside the app: a customer under this app, so that no app uses up what another may ask; for questions about funds
/// the consent, because many of them find a balance by halving.
fn counted<R: Right>(admitted: &Admitted) -> Counted {
    if R::NAME == ConfirmFunds::NAME {
        Counted::Consent(admitted.consent.id)
    } else {
        Counted::CustomerOf(admitted.token.client, admitted.consent.customer)
    }
}

/// How long after its expiry a token is still told that it expired, rather than that it is not one of ours.
const TOKEN_MEMORY: lombard_domain::time::Span = lombard_domain::time::Span::hours(1);
