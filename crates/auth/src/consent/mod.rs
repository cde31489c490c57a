//! The life of consents: lodged by an app, made from a customer's answer, listed, taken back, over.
//!
//! Every change is made by compare-and-set from the state that was seen, is put on record in its own transaction, and takes every grant
//! and token with it where rights end.

mod expire;
mod lodge;
mod look;
mod renewal;
mod revoke;

use lombard_domain::audit::Subject;
use lombard_domain::consent::Consent;
pub use lombard_store::consent::Listed;

pub use lodge::{Flaw, FundsLodging, Lodging, NotLodged, lodge_flaws};
pub use look::{Overview, Shown};

pub(crate) fn subject(consent: &Consent) -> Subject {
    Subject {
        client: Some(consent.client()),
        customer: consent.state().authorisation().map(|yes| yes.customer),
        consent: Some(consent.id()),
        account: None,
    }
}
