//! Anti-forgery tokens of pages: a keyed digest of the cookie and of what the form is for. Nothing is stored.

use lombard_store::Index;

use crate::{Auth, digest};

impl Auth {
    /// The token for a form of a browser.
    #[must_use]
    pub fn csrf_token(&self, cookie: &str, form: &str) -> String {
        digest::base64url(&self.db().vault().digest(Index::Csrf, &[cookie.as_bytes(), form.as_bytes()]))
    }

    /// Whether a form came from a page of ours, shown to this browser.
    #[must_use]
    pub fn csrf_holds(&self, cookie: &str, form: &str, presented: Option<&str>) -> bool {
        presented.is_some_and(|token| digest::same(token.as_bytes(), self.csrf_token(cookie, form).as_bytes()))
    }
}
