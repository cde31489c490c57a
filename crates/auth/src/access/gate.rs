//! The gate: the one place where a call for data is checked, on every call, against live state.

use std::marker::PhantomData;

use lombard_domain::audit::{Entry, Event, Subject};
use lombard_domain::consent::Ended;
use lombard_domain::id::{AccountId, TokenId};
use lombard_domain::oauth::{AccessToken, ClientStatus, Scope};
use lombard_domain::permission::Right;
use lombard_store::token::{self, ConsentStanding, Standing};
use lombard_store::used_once::UsedOnce;

use super::{AccountAccess, ClientAccess, ConsentAccess, IdentityAccess, Presented};
use crate::error::Error;
use crate::jose::{self, Alg, Expiry, Typ, VerifyRules};
use crate::keys::Known;
use crate::record::First;
use crate::{Auth, Call};

/// Why a call gets no data.
#[derive(Debug)]
pub enum Denied {
    /// Not one of the accounts that the consent is for: somebody else's, not chosen, or not there at all, which nobody can tell apart.
    Account,
    /// Too much is going on.
    Busy,
    /// The consent is over.
    ConsentEnded(Ended),
    /// The token's time is over.
    Expired,
    /// Something of ours is broken.
    Internal(Error),
    /// The token is not one of ours, was revoked, belongs to a client that may not act, or is not presented as it must be.
    InvalidToken,
    /// A proof with a nonce of this server is needed (RFC 9449 9).
    Nonce,
    /// There is no token.
    NoToken,
    /// The consent does not give this right, whose name follows.
    Permission(&'static str),
    /// The proof of possession is missing, does not hold, is another key's, or came before (RFC 9449 7.1).
    Proof,
}

impl From<Error> for Denied {
    fn from(error: Error) -> Self {
        match error {
            Error::Busy => Self::Busy,
            other => Self::Internal(other),
        }
    }
}

impl From<lombard_store::Error> for Denied {
    fn from(error: lombard_store::Error) -> Self {
        Error::from(error).into()
    }
}

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
    ) -> Result<ConsentAccess<R>, Denied> {
        let admitted = self.admit(call, presented, None).await?;
        let access = match right::<R>(&admitted) {
            Ok(access) => access,
            Err(denied) => return Err(self.refuse(call, &admitted, denied).await),
        };
        self.read(call, admitted, R::NAME).await?;
        Ok(access)
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
    ) -> Result<AccountAccess<R>, Denied> {
        let account: Option<AccountId> = account.parse().ok();
        let admitted = self.admit(call, presented, account).await?;
        let checked = right::<R>(&admitted).and_then(|consent| {
            Ok(AccountAccess { consent, account: admitted.consent.account.ok_or(Denied::Account)? })
        });
        match checked {
            Ok(access) => {
                self.read(call, admitted, R::NAME).await?;
                Ok(access)
            }
            Err(denied) => Err(self.refuse(call, &admitted, denied).await),
        }
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
        let client = lombard_store::client::find(&mut self.auth.db().read().await?, admitted.token.client).await?;
        let sector = client.ok_or(Denied::InvalidToken)?.client.sector;
        let subject = self.auth.subject(&sector, admitted.consent.customer);
        self.read(call, admitted, Scope::OpenId.name()).await?;
        Ok(IdentityAccess { subject })
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
        let judged = self.judge(standing, presented).and_then(|(token, consent, once)| match consent {
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
        let judged = self.judge(standing, presented).and_then(|(token, consent, once)| {
            // A client's own token is no customer's yes: it opens no data (UK Open Banking: 401).
            Ok(Admitted { token, consent: consent.ok_or(Denied::InvalidToken)?, once })
        });
        match judged {
            Ok(admitted) => Ok(admitted),
            Err(denied) => {
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
    fn judge(&self, standing: Standing, presented: &Presented<'_>) -> Result<Judged, Denied> {
        let now = self.auth.now();
        if standing.client != Some(ClientStatus::Active) {
            return Err(Denied::InvalidToken);
        }
        if let Some(consent) = &standing.consent {
            consent.status.standing(consent.expires_at, now).map_err(Denied::ConsentEnded)?;
        }
        let token = standing.token.ok_or(Denied::InvalidToken)?;
        if token.expires_at <= now {
            return Err(Denied::Expired);
        }
        let once = self.auth.check_possession(&token, presented)?;
        Ok((token, standing.consent, once))
    }

    /// Puts a read on record and uses up the proof that came with it; the two are one.
    async fn read(&self, call: Call<'_>, admitted: Admitted, right: &'static str) -> Result<(), Denied> {
        let about = subject(&admitted);
        let entry = self.auth.entry(call, Event::DataRead, about, Some(right));
        self.used(call, admitted.once, entry).await
    }

    async fn used(&self, call: Call<'_>, once: Option<UsedOnce>, entry: Entry) -> Result<(), Denied> {
        let replayed = self.auth.entry(call, Event::DataRefused, entry.subject, Some(Denied::Proof.reason()));
        let names = once.into_iter().collect();
        match self.auth.parts.recorder.use_up(names, Some(entry), replayed).await? {
            First::Time => Ok(()),
            First::Replayed { .. } => Err(Denied::Proof),
        }
    }

    async fn refuse(&self, call: Call<'_>, admitted: &Admitted, denied: Denied) -> Denied {
        let recorded = self.auth.record_alone(call, Event::DataRefused, subject(admitted), Some(denied.reason())).await;
        recorded.err().map_or(denied, Denied::from)
    }
}

impl Denied {
    /// The word for it on record.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Busy => "busy",
            Self::ConsentEnded(Ended::AuthenticationDue) => "authentication-due",
            Self::ConsentEnded(Ended::Expired) => "consent-expired",
            Self::ConsentEnded(Ended::NeverGiven) => "consent-not-given",
            Self::ConsentEnded(Ended::Revoked) => "consent-revoked",
            Self::Expired => "token-expired",
            Self::Internal(_) => "internal",
            Self::InvalidToken => "token-invalid",
            Self::Nonce => "nonce",
            Self::NoToken => "no-token",
            Self::Permission(right) => right,
            Self::Proof => "proof",
        }
    }
}

impl Auth {
    /// The `jti` of an access token of ours; says nothing about where the token stands.
    ///
    /// The time is not looked at here: the database knows it too, and an expired token must be told from a false one.
    pub(crate) fn token_id(&self, token: &str) -> Result<TokenId, Denied> {
        let now = self.now();
        let id = self.parts.keys.token_id(token, now, |keys| {
            let rules = VerifyRules { typ: Typ::OneOf(&["at+jwt"]), algs: &[Alg::Es256], keys };
            let claims = jose::verify(token, rules).and_then(|verified| verified.claims()).ok()?;
            let ours = claims.issuer() == Some(self.policy().issuer.as_str())
                && claims.audience().contains(&self.policy().resource)
                && claims.check_times(now, Expiry::Required { leeway: TOKEN_MEMORY }).is_ok();
            let id = claims.id().filter(|_| ours)?.parse().ok()?;
            Some(Known { id, expires_at: claims.expires_at()? })
        });
        id.ok_or(Denied::InvalidToken)
    }
}

fn right<R: Right>(admitted: &Admitted) -> Result<ConsentAccess<R>, Denied> {
    let consent = &admitted.consent;
    // The token's scope can be narrower than the consent (RFC 6749 6), so both must allow it.
    let permissions = consent.permissions.intersect(admitted.token.permissions());
    let shade = R::shade(permissions, consent.window).ok_or(Denied::Permission(R::NAME))?;
    Ok(ConsentAccess {
        client: admitted.token.client,
        consent: consent.id,
        customer: consent.customer,
        shade,
        right: PhantomData,
    })
}

fn subject(admitted: &Admitted) -> Subject {
    Subject {
        client: Some(admitted.token.client),
        customer: Some(admitted.consent.customer),
        consent: Some(admitted.consent.id),
        account: admitted.consent.account,
    }
}

/// How long after its expiry a token is still told that it expired, rather than that it is not one of ours.
const TOKEN_MEMORY: lombard_domain::time::Span = lombard_domain::time::Span::hours(1);
