//! What the customer is asked: by whom, for what, on which accounts.

use lombard_domain::consent::{Authorisation, Consent, Debtor, Kind, Terms};
use lombard_domain::id::CustomerId;
use lombard_domain::oauth::{AuthorizationRequest, Client};
use lombard_domain::permission::Window;

use crate::Auth;
use crate::client::Identity;
use crate::directory::HeldAccount;
use crate::login::{Interrupted, SignedIn, Unasked};

/// What the customer is asked.
pub struct Question {
    /// The customer's name.
    pub customer_name: String,
    /// Who asks.
    pub client: Client,
    /// What is known of who asks, beside what they say themselves.
    pub identity: Identity,
    /// What for.
    pub request: AuthorizationRequest,
    /// What would be allowed: what the app lodged, or what the request says.
    pub terms: Terms,
    /// Among which accounts the customer chooses; empty if the app only wants to know who they are. Of a consent to confirm funds, the
    /// one that the app named.
    pub accounts: Vec<HeldAccount>,
    /// The consent that the app lodged; `None` if one is made from the answer.
    pub lodged: Option<Consent>,
}

impl Question {
    /// What is asked for, in the large.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.lodged.as_ref().map_or(Kind::Request, Consent::kind)
    }

    /// What the customer allowed before, if their answer renews it.
    #[must_use]
    pub fn renews(&self) -> Option<&Authorisation> {
        self.lodged.as_ref()?.state().authorisation()
    }

    /// Names what the page shows, so that an answer to it cannot be taken for an answer to something else. The form sends it back.
    #[must_use]
    pub fn stamp(&self) -> String {
        self.lodged.as_ref().map(|lodged| lodged.stamp().to_string()).unwrap_or_default()
    }
}

impl Auth {
    /// What to ask a customer who has signed in for a request.
    ///
    /// # Errors
    /// [`Interrupted::Expired`] if the request is over; [`Interrupted::Unasked`] if there is nothing to ask this customer.
    pub async fn question(&self, signed_in: &SignedIn) -> Result<Question, Interrupted> {
        let request = signed_in.request.clone().ok_or(Interrupted::Expired)?;
        let mut tx = self.db().read().await?;
        let stored = lombard_store::client::find(&mut tx, request.client).await?;
        let mut client = stored.ok_or(Interrupted::Expired)?.client;
        self.keep_believed(&mut client);
        let customer = lombard_store::customer::find(&mut tx, signed_in.customer).await?.ok_or(Interrupted::Expired)?;
        let lodged = self.intended(&mut tx, &request).await?;
        drop(tx);
        self.is_who_was_expected(&request, &client, signed_in.customer)?;
        let lodged = lodged.map_err(|_| Interrupted::Unasked(Unasked::IntentOver))?;
        // Only who gave a consent can renew it.
        let giver = lodged.as_ref().and_then(|lodged| lodged.state().authorisation()).map(|yes| yes.customer);
        if giver.is_some_and(|giver| giver != signed_in.customer) {
            return Err(Interrupted::Unasked(Unasked::SomebodyElse));
        }
        let terms = lodged.as_ref().map_or_else(|| self.terms(&request), |lodged| lodged.terms().clone());
        let accounts = if terms.permissions.is_empty() {
            Vec::new()
        } else {
            self.parts.directory.accounts_of(signed_in.customer).await.map_err(crate::Error::from)?
        };
        let accounts = match &terms.debtor {
            None => accounts,
            Some(debtor) => vec![named(accounts, debtor).ok_or(Interrupted::Unasked(Unasked::NotTheirAccount))?],
        };
        let identity = self.identity(&client).await?;
        let customer_name = customer.full_name.into_string();
        Ok(Question { customer_name, client, identity, request, terms, accounts, lodged })
    }

    /// OpenID Connect Core 3.1.2.2: somebody else than the app expected is not asked.
    fn is_who_was_expected(
        &self,
        request: &AuthorizationRequest,
        client: &Client,
        customer: CustomerId,
    ) -> Result<(), Interrupted> {
        let Some(expected) = &request.expected_subject else { return Ok(()) };
        if expected.as_str() == self.subject(&client.sector, customer) {
            Ok(())
        } else {
            Err(Interrupted::Unasked(Unasked::SomebodyElse))
        }
    }

    /// The terms of a request that says itself what is asked for.
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

/// The account that the app named, if it is among the customer's.
fn named(accounts: Vec<HeldAccount>, debtor: &Debtor) -> Option<HeldAccount> {
    accounts.into_iter().find(|account| account.identification.names_the_account_of(&debtor.account))
}
