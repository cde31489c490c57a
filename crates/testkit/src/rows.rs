//! How many rows the tables of a bank have: what a test of growth looks at.

use std::collections::BTreeMap;

use lombard_store::backup;

use crate::TestBank;

impl TestBank {
    /// How many rows each table has.
    pub async fn rows(&self) -> BTreeMap<&'static str, i64> {
        backup::rows(&self.db).await.expect("the tables").into_iter().collect()
    }
}
