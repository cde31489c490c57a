//! Nonces for proofs of possession (RFC 9449 8): made from the time and a key that all nodes have, so none is stored.
//!
//! A nonce stands for a stretch of time. It is good during that stretch and the next one.

use lombard_store::Index;

use crate::{Auth, digest};

impl Auth {
    /// The nonce that proofs should hold now; `None` where proofs need none.
    #[must_use]
    pub fn dpop_nonce(&self) -> Option<String> {
        self.stretch().map(|stretch| self.nonce_of(stretch))
    }

    /// Whether a proof with this nonce is fresh enough.
    pub(crate) fn accepts_nonce(&self, nonce: Option<&str>) -> bool {
        let Some(stretch) = self.stretch() else { return true };
        let Some(nonce) = nonce else { return false };
        let good = |stretch| digest::same(self.nonce_of(stretch).as_bytes(), nonce.as_bytes());
        good(stretch) || good(stretch - 1)
    }

    fn stretch(&self) -> Option<i64> {
        let life = self.policy().dpop_nonce_life?.whole_seconds().max(1);
        Some(self.now().seconds().div_euclid(life))
    }

    fn nonce_of(&self, stretch: i64) -> String {
        digest::base64url(&self.db().vault().digest(Index::Nonce, &[&stretch.to_be_bytes()]))
    }
}
