//! What customers sign in with, as operators set it.

use lombard_domain::audit::{Event, Subject};
use lombard_domain::id::CustomerId;
use lombard_domain::party::{Customer, Username};
use lombard_domain::receipt::{Credential, What};
use lombard_domain::secret::Secret;
use lombard_store::customer::{self, Credentials};

use super::password::PasswordError;
use super::second_factor;
use crate::error::{Error, Result};
use crate::{Auth, Call};

impl Auth {
    /// Sets a customer's password; whether there is such a customer.
    ///
    /// # Errors
    /// When the password is too short or too long, or the database fails.
    pub async fn set_password(&self, call: Call<'_>, username: &str, password: Secret<String>) -> Result<bool> {
        let Some(former) = self.credentials(username).await? else { return Ok(false) };
        let id = former.customer;
        let hash = self.hash(password).await?;
        let mut tx = self.db().begin("set password").await?;
        customer::set_password(&mut tx, id, hash.expose()).await?;
        // Who had none gets the first one from the bank, and knows.
        if former.password_hash.is_some() {
            self.give_receipt(&mut tx, id, What::CredentialChanged(Credential::Password)).await?;
        }
        let subject = Subject { customer: Some(id), ..Subject::default() };
        self.record(&mut tx, call, Event::CredentialsSet, subject, Some("password")).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Gives a customer a new second factor; the secret for their authenticator, or `None` if there is no such customer.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn enrol_second_factor(&self, call: Call<'_>, username: &str) -> Result<Option<Secret<Vec<u8>>>> {
        let Some(former) = self.credentials(username).await? else { return Ok(None) };
        let id = former.customer;
        let secret = second_factor::generate_secret(self.random());
        let mut tx = self.db().begin("enrol second factor").await?;
        customer::set_totp(&mut tx, id, &secret).await?;
        if former.totp_secret.is_some() {
            self.give_receipt(&mut tx, id, What::CredentialChanged(Credential::SecondFactor)).await?;
        }
        let subject = Subject { customer: Some(id), ..Subject::default() };
        self.record(&mut tx, call, Event::CredentialsSet, subject, Some("second-factor")).await?;
        tx.commit().await?;
        Ok(Some(secret))
    }

    /// Whether a customer has a password.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_password(&self, username: &str) -> Result<bool> {
        Ok(self.credentials(username).await?.is_some_and(|found| found.password_hash.is_some()))
    }

    /// Gives one password to every customer who has none, which only a sandbox does; how many there were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_missing_passwords(&self, password: Secret<String>) -> Result<u64> {
        let hash = self.hash(password).await?;
        let mut tx = self.db().begin("set missing passwords").await?;
        let set = customer::set_missing_passwords(&mut tx, hash.expose()).await?;
        tx.commit().await?;
        Ok(set)
    }

    /// Up to 1,000 customers in the order of their ids, after one of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn customers(&self, after: Option<CustomerId>) -> Result<Vec<Customer>> {
        Ok(customer::list(&mut self.db().read().await?, after, PAGE).await?)
    }

    pub(crate) async fn customer_named(&self, username: &str) -> Result<Option<CustomerId>> {
        Ok(self.credentials(username).await?.map(|found| found.customer))
    }

    async fn credentials(&self, username: &str) -> Result<Option<Credentials>> {
        let Ok(username) = Username::new(username) else { return Ok(None) };
        Ok(customer::credentials(&mut self.db().read().await?, &username).await?)
    }

    async fn hash(&self, password: Secret<String>) -> Result<Secret<String>> {
        self.parts.passwords.hash(password, self.random()).await.map_err(|error| match error {
            PasswordError::Busy => Error::Busy,
            other => Error::internal(other),
        })
    }
}

/// Customers on one page.
const PAGE: i64 = 1000;
