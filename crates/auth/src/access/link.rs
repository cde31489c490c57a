//! The stamps of links: what a link of ours leads to belongs to the access whose answer gave it.
//!
//! A stamp is good for one consent, one resource, one place in it, and an hour. Whoever has one can go nowhere else with it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lombard_domain::id::ConsentId;
use lombard_domain::time::{Instant, Span};
use lombard_store::{Db, Index};

/// A link that a call follows, as the call says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Where in the resource it leads, in one spelling.
    pub target: String,
    /// The stamp that it carries.
    pub stamp: String,
}

/// Makes the stamps for the links of one answer.
#[derive(Clone)]
pub struct LinkStamps {
    db: Db,
    of: Access,
    is_followed: bool,
}

/// An access that was counted.
#[derive(Clone)]
pub(super) struct Access {
    pub(super) consent: ConsentId,
    pub(super) resource: String,
    /// When.
    pub(super) at: Instant,
}

impl LinkStamps {
    /// The stamp of the link that leads to a place, spelled as in [`Link::target`].
    #[must_use]
    pub fn stamp(&self, target: &str) -> String {
        let moment = self.of.at.micros().to_be_bytes();
        let consent = self.of.consent.to_string();
        let parts = [consent.as_bytes(), self.of.resource.as_bytes(), &moment, target.as_bytes()];
        let proof = self.db.vault().digest(Index::Link, &parts);
        let bytes: Vec<u8> = moment.into_iter().chain(proof.into_iter().take(PROOF_BYTES)).collect();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Whether the call itself came by such a link, rather than by an address that nobody vouches for.
    #[must_use]
    pub fn is_followed(&self) -> bool {
        self.is_followed
    }

    /// For the answer to a call that was counted.
    pub(super) fn of(db: Db, access: Access) -> Self {
        Self { db, of: access, is_followed: false }
    }

    /// For the answer to a call that follows a link now: those of the same access, if the link's stamp is ours and not too old.
    pub(super) fn followed(db: &Db, (consent, resource): (ConsentId, &str), link: &Link, now: Instant) -> Option<Self> {
        let mut bytes = [0_u8; 8 + PROOF_BYTES];
        if link.stamp.len() != STAMP_CHARS || URL_SAFE_NO_PAD.decode_slice(&link.stamp, &mut bytes).is_err() {
            return None;
        }
        let (moment, _) = bytes.split_first_chunk::<8>()?;
        let at = Instant::from_micros(i64::from_be_bytes(*moment));
        let stamps =
            Self { db: db.clone(), of: Access { consent, resource: resource.to_owned(), at }, is_followed: true };
        let is_ours = now.since(at) < LINK_LIFE
            && crate::digest::same(stamps.stamp(&link.target).as_bytes(), link.stamp.as_bytes());
        is_ours.then_some(stamps)
    }
}

/// How long the links of an answer belong to its access.
const LINK_LIFE: Span = Span::hours(1);
/// Bytes of a stamp's digest.
const PROOF_BYTES: usize = 16;
/// Characters of a stamp.
const STAMP_CHARS: usize = 32;
