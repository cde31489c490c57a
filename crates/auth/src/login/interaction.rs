//! Where a customer is on the way through the pages, and whether this browser may go on.

use lombard_domain::consent::Kind;
use lombard_domain::id::CustomerId;
use lombard_domain::oauth::{AuthorizationRequest, Client, ClientStatus, ErrorCode, OauthError, RedirectUri};
use lombard_domain::time::Instant;
use lombard_store::interaction;

use crate::error::{Error, Result};
use crate::oauth::authorize::{DENIED, Return, Turning};
use crate::{Auth, Call, digest};

/// A customer on the way.
pub struct OnTheWay {
    /// Which page is next.
    pub stage: Stage,
    /// The app that asks, which may act; `None` on the customer's own pages.
    pub client: Option<Client>,
    /// What it asks for.
    pub(crate) request: Option<AuthorizationRequest>,
    pub(crate) interaction: Vec<u8>,
    pub(crate) pushed: Option<Vec<u8>>,
    pub(crate) customer: Option<CustomerId>,
    pub(crate) stepped_up: bool,
}

/// Which page is next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// User name and password.
    Login,
    /// The second factor.
    SecondFactor,
    /// Both were right.
    SignedIn,
}

/// A customer who has signed in for an interaction, in the browser that holds its session.
pub struct SignedIn {
    /// Who.
    pub customer: CustomerId,
    /// When.
    pub at: Instant,
    pub(crate) request: Option<AuthorizationRequest>,
    pub(crate) interaction: Vec<u8>,
    pub(crate) pushed: Option<Vec<u8>>,
    /// Whether they were asked to sign in once more, and have.
    pub(crate) stepped_up: bool,
}

/// Why a customer cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Interrupted {
    /// The interaction is unknown, over, answered, or another browser's, which nobody can tell apart.
    #[error("the interaction is over")]
    Expired,
    /// Accounts must be chosen, and none of the customer's was.
    #[error("no account was chosen")]
    NoAccount,
    /// What the page showed has changed since.
    #[error("what was shown has changed")]
    Changed,
    /// There is nothing to ask this customer: they are to be sent back.
    #[error("the customer is not asked")]
    Unasked(Unasked),
    /// The customer has not signed in yet.
    #[error("the customer has not signed in")]
    NotSignedIn,
    /// The customer must sign in once more before they answer.
    #[error("the customer must sign in once more")]
    StepUp,
    /// Something of ours did not work.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// Why a customer who has signed in is sent back without being asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unasked {
    /// The lodged consent that the request names cannot be authorised any more.
    IntentOver,
    /// The account that the app named is not theirs.
    NotTheirAccount,
    /// The app expected another customer, or another one gave the consent that is to be renewed.
    SomebodyElse,
}

impl From<lombard_store::Error> for Interrupted {
    fn from(error: lombard_store::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl OnTheWay {
    /// Where the answer will go, which pages must let the browser follow.
    #[must_use]
    pub fn redirect_uri(&self) -> Option<&RedirectUri> {
        self.request.as_ref().map(|request| &request.redirect_uri)
    }

    /// Whether the customer was asked to sign in once more before they answer.
    #[must_use]
    pub fn is_stepping_up(&self) -> bool {
        self.stepped_up && self.stage != Stage::SignedIn
    }

    /// Who will probably sign in, if the app knows (OpenID Connect Core 3.1.2.1, `login_hint`).
    #[must_use]
    pub fn login_hint(&self) -> Option<&str> {
        self.request.as_ref()?.login_hint.as_ref().map(lombard_domain::oauth::Opaque::as_str)
    }

    /// Whether the app asks for data of accounts, and not only for who the customer is.
    #[must_use]
    pub fn asks_for_accounts(&self) -> bool {
        self.request.as_ref().is_some_and(|request| !request.permissions().is_empty())
    }

    /// Whether the app only asks whether there is enough money in an account.
    #[must_use]
    pub fn asks_about_funds(&self) -> bool {
        self.request.as_ref().is_some_and(|request| request.lodged_kind() == Some(Kind::FundsConfirmation))
    }
}

impl Auth {
    /// Where an interaction is, for the browser with these cookies.
    ///
    /// # Errors
    /// [`Interrupted::Expired`] unless it is this browser's and still open.
    pub async fn on_the_way(&self, id: &str, cookies: &[&str]) -> std::result::Result<OnTheWay, Interrupted> {
        let interaction = digest::of(id);
        let mut tx = self.db().read().await?;
        let found = interaction::find(&mut tx, &interaction).await?.ok_or(Interrupted::Expired)?;
        let own = cookies.iter().any(|cookie| digest::same(&digest::of(cookie), &found.browser_digest));
        if !own || self.now() >= found.expires_at {
            return Err(Interrupted::Expired);
        }
        let client = match &found.request {
            Some(request) => {
                let stored = lombard_store::client::find(&mut tx, request.client).await?;
                let client = stored.map(|stored| stored.client).filter(|client| client.status == ClientStatus::Active);
                Some(client.ok_or(Interrupted::Expired)?)
            }
            None => None,
        };
        let stage = match (found.customer, found.signed_in_at) {
            (None, _) => Stage::Login,
            (Some(_), None) => Stage::SecondFactor,
            (Some(_), Some(_)) => Stage::SignedIn,
        };
        Ok(OnTheWay {
            stage,
            client,
            request: found.request,
            interaction,
            pushed: found.pushed_digest,
            customer: found.customer,
            stepped_up: found.stepped_up,
        })
    }

    /// An interaction whose customer has signed in, in a browser whose session is alive.
    ///
    /// # Errors
    /// [`Interrupted::NotSignedIn`] if pages come before this one, [`Interrupted::Expired`] if it is over.
    pub async fn signed_in(&self, id: &str, session: Option<&str>) -> std::result::Result<SignedIn, Interrupted> {
        let cookies: Vec<&str> = session.into_iter().collect();
        let on_the_way = self.on_the_way(id, &cookies).await?;
        let customer = self.customer(session).await?.ok_or(Interrupted::Expired)?;
        if on_the_way.stage != Stage::SignedIn || on_the_way.customer != Some(customer.id) {
            return Err(Interrupted::NotSignedIn);
        }
        Ok(SignedIn {
            customer: customer.id,
            at: customer.signed_in_at,
            request: on_the_way.request,
            interaction: on_the_way.interaction,
            pushed: on_the_way.pushed,
            stepped_up: on_the_way.stepped_up,
        })
    }

    /// The customer goes away; the way back to the app, or `None` from the customer's own pages.
    ///
    /// # Errors
    /// As [`Auth::on_the_way`].
    pub async fn cancel(
        &self,
        call: Call<'_>,
        on_the_way: &OnTheWay,
    ) -> std::result::Result<Option<Return>, Interrupted> {
        let Some(request) = &on_the_way.request else {
            let mut tx = self.db().begin("cancel").await?;
            interaction::end(&mut tx, &on_the_way.interaction, self.now()).await?;
            tx.commit().await?;
            return Ok(None);
        };
        let customer = on_the_way.customer.filter(|_| on_the_way.stage == Stage::SignedIn);
        let turning =
            Turning { interaction: &on_the_way.interaction, request, pushed: on_the_way.pushed.as_deref(), customer };
        self.turn_back(call, turning, OauthError::new(ErrorCode::AccessDenied, DENIED)).await.map(Some)
    }

    /// Ends the interaction by which a customer signed in to their own pages.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_interaction(&self, on_the_way: &OnTheWay) -> Result<()> {
        let mut tx = self.db().begin("end interaction").await?;
        interaction::end(&mut tx, &on_the_way.interaction, self.now()).await?;
        Ok(tx.commit().await?)
    }
}
