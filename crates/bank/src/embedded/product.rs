//! The products that accounts are.

use lombard_domain::account::Product;
use lombard_store::list::Wanted;
use lombard_store::product;

use super::EmbeddedBank;
use crate::error::Result;

impl EmbeddedBank {
    /// The products of one account or of all that a consent is for, as far as they are known.
    pub(super) async fn products_in(&self, wanted: Wanted) -> Result<Vec<Product>> {
        let mut tx = self.db.read().await?;
        Ok(match wanted.account {
            Some(account) => product::find(&mut tx, account).await?.into_iter().collect(),
            None => product::of_consent(&mut tx, wanted.consent, wanted.customer).await?,
        })
    }
}
