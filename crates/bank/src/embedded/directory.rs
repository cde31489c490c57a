//! Which accounts a customer can choose on the consent page.

use std::future::Future;
use std::pin::Pin;

use lombard_auth::{AccountDirectory, DirectoryError, HeldAccount};
use lombard_domain::account::AccountStatus;
use lombard_domain::id::CustomerId;
use lombard_store::account::{self, Held};

use super::EmbeddedBank;
use crate::error::{Error, Result};

impl AccountDirectory for EmbeddedBank {
    fn accounts_of<'a>(
        &'a self,
        customer: CustomerId,
    ) -> Pin<Box<dyn Future<Output = std::result::Result<Vec<HeldAccount>, DirectoryError>> + Send + 'a>> {
        Box::pin(async move {
            self.held_by(customer).await.map_err(|error| match error {
                Error::Busy(_) => DirectoryError::Busy,
                Error::Failed(_) | Error::HistoryClosed { .. } => DirectoryError::Failed(Box::new(error)),
            })
        })
    }
}

impl EmbeddedBank {
    /// The accounts of a customer that can be used, in the order in which they were opened.
    pub(crate) async fn held_by(&self, customer: CustomerId) -> Result<Vec<HeldAccount>> {
        let held = account::of_customer(&mut self.db.read().await?, customer).await?;
        let usable = |held: &Held| match held.account.status {
            AccountStatus::Enabled => true,
            AccountStatus::Deleted | AccountStatus::Disabled => false,
        };
        Ok(held.into_iter().filter(usable).map(chosen).collect())
    }
}

fn chosen(held: Held) -> HeldAccount {
    let Held { account, role, owners } = held;
    HeldAccount {
        id: account.id,
        nickname: account.nickname.map(lombard_domain::text::Text::into_string),
        kind: account.kind,
        masked: account.identification.masked(),
        identification: account.identification,
        role,
        owners,
    }
}
