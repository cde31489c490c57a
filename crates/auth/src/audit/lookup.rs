//! Reading the record: entries of one app, customer or consent, and the report of who had access to a customer's data.

use std::collections::BTreeMap;

use lombard_domain::id::{ClientId, CustomerId};
use lombard_domain::time::Instant;
use lombard_store::audit::{self, Access, ListQuery, Recorded, Whose};
use lombard_store::client;

use super::export::Part;
use crate::Auth;
use crate::error::Result;

/// Who had access to a customer's data, and whatever else was done in their name.
#[derive(Clone, Debug)]
pub struct AccessReport {
    /// The customer.
    pub customer: CustomerId,
    /// What was done, one for each way, by app and consent.
    pub accesses: Vec<Access>,
    /// What the apps call themselves, by their client ids.
    pub apps: BTreeMap<String, String>,
    /// When it was made.
    pub made_at: Instant,
    /// Whether there was more than a report can hold, so that it must be asked for in shorter spans of time.
    pub cut: bool,
}

impl Auth {
    /// Chains what waits, and gives entries of the record, the last first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_record(&self, query: &ListQuery) -> Result<Vec<Recorded>> {
        self.seal_record().await?;
        Ok(audit::list(&mut self.db().read().await?, query).await?)
    }

    /// Chains what waits, and tells what was done with a customer's data.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn access_report(&self, customer: CustomerId, part: Part) -> Result<AccessReport> {
        self.seal_record().await?;
        let Part { since, until } = part;
        let query = ListQuery { whose: Whose::Customer(customer), since, until, before: None, limit: WAYS_MAX };
        let mut tx = self.db().read().await?;
        let accesses = audit::accesses(&mut tx, &query, customer).await?;
        let mut apps = BTreeMap::new();
        for id in accesses.iter().filter_map(|access| access.client.as_ref()) {
            if apps.contains_key(id) {
                continue;
            }
            let found = match id.parse::<ClientId>() {
                Ok(client) => client::find(&mut tx, client).await?,
                Err(_) => None,
            };
            apps.extend(found.map(|found| (id.clone(), found.client.metadata.client_name.to_string())));
        }
        let cut = i64::try_from(accesses.len()).is_ok_and(|len| len >= WAYS_MAX);
        Ok(AccessReport { customer, accesses, apps, made_at: self.now(), cut })
    }

    /// Who is meant by an operator: a customer's id, or the name by which they sign in.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn customer_meant(&self, text: &str) -> Result<Option<CustomerId>> {
        match text.parse() {
            Ok(id) => Ok(Some(id)),
            Err(_) => self.customer_named(text).await,
        }
    }
}

/// Lines of a report.
const WAYS_MAX: i64 = 20_000;
