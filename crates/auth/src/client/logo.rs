//! Logos of apps: which are shown, and how they come here.
//!
//! Only the logo of an app that somebody vouches for is fetched, once, and shown as it was then: an app that could exchange it later would
//! exchange what was checked. An app that nobody knows has none, because a bank's logo on its page is what makes people believe it.

use lombard_domain::oauth::{Client, ClientStatus, WebUri};
use lombard_domain::time::Span;
use lombard_store::logo::{self, Due, Picture};
use lombard_store::{Tx, client};

use super::picture;
use crate::error::Result;
use crate::{Auth, digest};

/// What became of the logos that were due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fetched {
    /// Stored, and shown from now on.
    pub stored: u64,
    /// Not fetched, or no picture; tried again later, a few times.
    pub failed: u64,
}

impl Auth {
    /// Fetches the logos that are due, one after the other.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fetch_logos(&self) -> Result<Fetched> {
        let mut fetched = Fetched::default();
        let due = logo::due(&mut self.db().read().await?, self.now(), AT_ONCE).await?;
        for due in due {
            match self.fetch_logo(due).await? {
                Some(true) => fetched.stored = fetched.stored.saturating_add(1),
                Some(false) => fetched.failed = fetched.failed.saturating_add(1),
                None => {}
            }
        }
        Ok(fetched)
    }

    /// A picture that pages show, by its digest.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn logo(&self, digest: &str) -> Result<Option<Vec<u8>>> {
        let is_digest = digest.len() == DIGEST_DIGITS && digest.bytes().all(|b| b.is_ascii_hexdigit());
        if !is_digest {
            return Ok(None);
        }
        Ok(logo::find(&mut self.db().read().await?, digest).await?)
    }

    /// Where the logo of an app is that is to be shown.
    pub(crate) fn logo_of<'a>(&self, client: &'a Client) -> Option<&'a WebUri> {
        client.vouched_logo().filter(|_| self.policy().apps.logos)
    }

    /// Forgets an app's logo and has it fetched, if it is to be shown.
    pub(super) async fn want_logo(&self, tx: &mut Tx, client: &Client) -> Result<()> {
        let due = self.logo_of(client).map(|_| self.now());
        Ok(logo::replace(tx, client.id, due).await?)
    }

    /// Whether a logo was stored; `None` if it is not wanted any more, or another node has it.
    async fn fetch_logo(&self, due: Due) -> Result<Option<bool>> {
        let again = (due.attempts < RETRIES_MAX).then(|| self.now().plus(RETRY_AFTER));
        let mut tx = self.db().begin("claim logo").await?;
        if !logo::claim(&mut tx, due, again).await? {
            return Ok(None);
        }
        let stored = client::find(&mut tx, due.client).await?;
        tx.commit().await?;
        let Some(uri) = stored.as_ref().and_then(|stored| self.logo_of(&stored.client)) else { return Ok(None) };
        let picture = match self.picture(uri).await {
            Ok(picture) => picture,
            Err(why) => {
                tracing::info!(client = %due.client, error = %why, "a logo could not be fetched");
                return Ok(Some(false));
            }
        };
        let mut tx = self.db().begin("store logo").await?;
        let now = client::find(&mut tx, due.client).await?.map(|stored| stored.client);
        // Meanwhile the app may have changed, or nobody vouches for it any more.
        let still = now.filter(|client| client.status == ClientStatus::Active && self.logo_of(client) == Some(uri));
        if still.is_none() {
            return Ok(None);
        }
        logo::insert(&mut tx, due.client, &picture, self.now()).await?;
        tx.commit().await?;
        Ok(Some(true))
    }

    async fn picture(&self, uri: &WebUri) -> std::result::Result<Picture, String> {
        let bytes = self.parts.fetch.picture(uri.as_str()).await.map_err(|error| error.to_string())?;
        // Reading a picture keeps a core busy. A reader that panics has met a broken picture, and nothing else.
        let png = tokio::task::spawn_blocking(move || picture::redraw(&bytes)).await;
        let png = png.map_err(|_| "the reader of pictures failed".to_owned())?.map_err(|error| error.to_string())?;
        Ok(Picture { digest: digest::hex_of(&png), png })
    }
}

/// Logos fetched in one round.
const AT_ONCE: i64 = 20;
/// After so long a logo is tried again.
const RETRY_AFTER: Span = Span::days(1);
/// So often it is tried again.
const RETRIES_MAX: i64 = 6;
/// Hexadecimal digits of SHA-256.
const DIGEST_DIGITS: usize = 64;
