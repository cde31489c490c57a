//! The two steps of a sign-in. Both count in the same run of failures, and neither says which part was wrong.

use lombard_domain::audit::{Event, Subject};
use lombard_domain::id::CustomerId;
use lombard_domain::party::Username;
use lombard_domain::random;
use lombard_domain::secret::Secret;
use lombard_domain::time::Instant;
use lombard_store::session::{self, Failures, Session};
use lombard_store::{Index, customer, interaction};

use super::device::Visitor;
use super::interaction::{OnTheWay, Stage};
use super::password::PasswordError;
use super::second_factor::Accepted;
use super::throttle::Run;
use crate::error::Error;
use crate::limit::Subject as Counted;
use crate::{Auth, Call, digest};

/// A browser that has signed in: the values of its new cookies.
pub struct NewSession {
    /// The session's; it replaces every earlier one.
    pub cookie: Secret<String>,
    /// The one by which the browser is known the next time; it replaces the earlier one.
    pub device: Secret<String>,
}

/// Why a sign-in did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Something of ours did not work.
    #[error(transparent)]
    Failed(#[from] Error),
    /// Too many failures in a row; nobody may try until then.
    #[error("locked")]
    Locked {
        /// Until when.
        until: Instant,
    },
    /// The page is not the one whose turn it is.
    #[error("not this step")]
    Step,
    /// Not right; the same for an unknown user and a wrong password.
    #[error("wrong credentials")]
    Wrong,
}

impl From<lombard_store::Error> for SignInError {
    fn from(error: lombard_store::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl Auth {
    /// The first step: user name and password.
    ///
    /// # Errors
    /// [`SignInError::Wrong`] or [`SignInError::Locked`], the same whether there is such a user or not.
    pub async fn check_password(
        &self,
        call: Call<'_>,
        on_the_way: &OnTheWay,
        username: &str,
        password: Secret<String>,
    ) -> Result<(), SignInError> {
        if on_the_way.stage == Stage::SignedIn {
            return Err(SignInError::Step);
        }
        let Ok(username) = Username::new(username) else {
            // Nobody can be called that, so there is nobody whose failures could be counted.
            self.record_alone(call, Event::SignInFailed, Subject::default(), Some("username")).await?;
            return Err(SignInError::Wrong);
        };
        let subject = self.throttle_subject(&username);
        self.ask_for_name(call, &subject).await?;
        self.charge(call, &subject, None).await?;
        let found = customer::credentials(&mut self.db().read().await?, &username).await?;
        let phc = found.as_ref().and_then(|found| found.password_hash.as_deref());
        let right = match self.parts.passwords.verify(password, phc).await {
            Ok(right) => right,
            Err(PasswordError::Busy) => return Err(SignInError::Failed(Error::Busy)),
            Err(error) => return Err(SignInError::Failed(Error::internal(error))),
        };
        // The record names whose name was tried, if it is anybody's; the caller is told the same, in the same time.
        let Some(found) = found.as_ref().filter(|_| right) else {
            let customer = found.as_ref().map(|found| found.customer);
            return Err(self.failed(call, &subject, customer, "password").await?);
        };
        let mut tx = self.db().begin("password").await?;
        let run = Run(session::failures(&mut tx, &subject).await?);
        session::set_failures(&mut tx, &subject, run.half_way().0, self.now()).await?;
        if !interaction::set_customer(&mut tx, &on_the_way.interaction, found.customer).await? {
            return Err(SignInError::Step);
        }
        Ok(tx.commit().await?)
    }

    /// The second step: a one-time code. The session that the browser had before, if any, ends with it. Only now is it looked whether
    /// the customer knows the browser, and they are told if they do not.
    ///
    /// # Errors
    /// [`SignInError::Wrong`] or [`SignInError::Locked`]; [`SignInError::Step`] if the password has not been checked.
    pub async fn check_second_factor(
        &self,
        call: Call<'_>,
        on_the_way: &OnTheWay,
        code: &str,
        visitor: Visitor<'_>,
    ) -> Result<NewSession, SignInError> {
        let (Stage::SecondFactor, Some(id)) = (on_the_way.stage, on_the_way.customer) else {
            return Err(SignInError::Step);
        };
        self.ask(call, &[Counted::Customer(id)]).await.map_err(Error::Limited)?;
        let found = customer::find(&mut self.db().read().await?, id).await?.ok_or(SignInError::Step)?;
        let subject = self.throttle_subject(&found.username);
        self.charge(call, &subject, Some(id)).await?;
        let secret = customer::totp_secret(&mut self.db().read().await?, id).await?;
        let Some(accepted) = self.parts.second_factor.check(code, secret.as_ref(), self.now()) else {
            return Err(self.failed(call, &subject, Some(id), "second-factor").await?);
        };
        let now = self.now();
        let mut tx = self.db().begin("sign in").await?;
        if let Accepted::Once(step) = accepted
            && !customer::use_totp_step(&mut tx, id, step.number()).await?
        {
            drop(tx);
            return Err(self.failed(call, &subject, Some(id), "second-factor-reused").await?);
        }
        let cookie = random::credential(self.random());
        let cookie_digest = digest::of(cookie.expose());
        let session = Session { customer: id, signed_in_at: now, seen_at: now };
        if let Some(former) = visitor.session {
            session::delete(&mut tx, &digest::of(former)).await?;
        }
        session::insert(&mut tx, &cookie_digest, &session).await?;
        if !interaction::set_signed_in(&mut tx, &on_the_way.interaction, id, &cookie_digest, now).await? {
            return Err(SignInError::Step);
        }
        session::failures(&mut tx, &subject).await?;
        session::set_failures(&mut tx, &subject, Failures::default(), now).await?;
        let device = self.know_device(&mut tx, call, id, visitor).await?;
        self.record(&mut tx, call, Event::SignedIn, Subject { customer: Some(id), ..Subject::default() }, None).await?;
        tx.commit().await?;
        Ok(NewSession { cookie, device })
    }

    /// Counts an attempt by the name that was typed in, before the database is asked anything.
    async fn ask_for_name(&self, call: Call<'_>, subject: &[u8]) -> Result<(), SignInError> {
        let Some(digest) = subject.first_chunk() else { return Ok(()) };
        Ok(self.ask(call, &[Counted::Named(*digest)]).await.map_err(Error::Limited)?)
    }

    /// Counts an attempt before it is checked.
    async fn charge(&self, call: Call<'_>, subject: &[u8], customer: Option<CustomerId>) -> Result<(), SignInError> {
        let mut tx = self.db().begin("attempt").await?;
        let run = Run(session::failures(&mut tx, subject).await?);
        let (run, outcome) = run.attempt(self.policy(), self.now());
        session::set_failures(&mut tx, subject, run.0, self.now()).await?;
        if let Err(locked) = outcome {
            let subject = Subject { customer, ..Subject::default() };
            self.record(&mut tx, call, Event::SignInFailed, subject, Some("locked")).await?;
            tx.commit().await?;
            return Err(SignInError::Locked { until: locked.until });
        }
        Ok(tx.commit().await?)
    }

    async fn failed(
        &self,
        call: Call<'_>,
        subject: &[u8],
        customer: Option<CustomerId>,
        reason: &'static str,
    ) -> Result<SignInError, SignInError> {
        let mut tx = self.db().begin("sign-in failed").await?;
        let run = Run(session::failures(&mut tx, subject).await?).failed(self.policy(), self.now());
        session::set_failures(&mut tx, subject, run.0, self.now()).await?;
        let about = Subject { customer, ..Subject::default() };
        self.record(&mut tx, call, Event::SignInFailed, about, Some(reason)).await?;
        tx.commit().await?;
        Ok(match run.0.locked_until {
            0 => SignInError::Wrong,
            until => SignInError::Locked { until: Instant::from_micros(until) },
        })
    }

    fn throttle_subject(&self, username: &Username) -> Vec<u8> {
        self.db().vault().digest(Index::Throttle, &[username.as_str().as_bytes()]).to_vec()
    }
}
