//! Browsers that customers have signed in with before, known by a cookie and by nothing that could be measured of them.
//!
//! The cookie holds up to four marks, because several customers may use one browser: each mark is one customer's. A mark is always drawn
//! here. One that somebody planted in the browser is never taken over: it would make their own browser known as the customer's.
//!
//! Nothing of this happens, or shows, before both factors were right.

use lombard_domain::browser::Browser;
use lombard_domain::id::CustomerId;
use lombard_domain::random;
use lombard_domain::receipt::{Origin, RoughNetwork, What};
use lombard_domain::secret::Secret;
use lombard_domain::time::Span;
use lombard_store::device::{self, MARKS_MAX};
use lombard_store::{Index, Tx};

use crate::error::Result;
use crate::{Auth, Call};

/// Who signs in, as their browser shows it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Visitor<'a> {
    /// The session that the browser has.
    pub session: Option<&'a str>,
    /// The cookie by which it may be known.
    pub device: Option<&'a str>,
    /// What it says it is.
    pub browser: Browser,
}

impl Auth {
    /// Looks whether a customer who has just signed in knows the browser, and tells them if they do not; the value of its cookie from
    /// now on.
    pub(super) async fn know_device(
        &self,
        tx: &mut Tx,
        call: Call<'_>,
        customer: CustomerId,
        visitor: Visitor<'_>,
    ) -> Result<Secret<String>> {
        let now = self.now();
        let mut marks = marks(visitor.device);
        let digests: Vec<_> = marks.iter().map(|mark| self.digest_of_mark(customer, mark)).collect();
        if device::recognise(tx, customer, &digests, now).await? {
            return Ok(Secret::new(marks.join(SEPARATOR)));
        }
        let fresh = random::credential(self.random());
        device::learn(tx, customer, &self.digest_of_mark(customer, fresh.expose()), now).await?;
        device::keep_newest(tx, customer, DEVICES_MAX).await?;
        let origin = Origin { network: call.address.map(RoughNetwork::of), browser: visitor.browser };
        self.give_receipt(tx, customer, What::SignedIn(origin)).await?;
        marks.truncate(MARKS_MAX.saturating_sub(1));
        marks.insert(0, fresh.expose());
        Ok(Secret::new(marks.join(SEPARATOR)))
    }

    fn digest_of_mark(&self, customer: CustomerId, mark: &str) -> [u8; 32] {
        self.db().vault().digest(Index::Device, &[customer.to_string().as_bytes(), mark.as_bytes()])
    }
}

/// The marks in a cookie, as far as they can be ours.
fn marks(cookie: Option<&str>) -> Vec<&str> {
    let is_ours =
        |mark: &&str| mark.len() == MARK_BYTES && mark.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    cookie.unwrap_or_default().split(SEPARATOR).filter(is_ours).take(MARKS_MAX).collect()
}

/// How long a browser is known that nobody signs in with: as long as browsers keep a cookie (RFC 6265bis 5.5: 400 days).
pub const DEVICE_LIFE: Span = Span::days(400);
/// Browsers of one customer.
const DEVICES_MAX: i64 = 20;
/// Characters of a mark.
const MARK_BYTES: usize = 43;
/// Stands between two marks.
const SEPARATOR: &str = ".";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_marks_that_can_be_ours_and_few() {
        let (a, b) = ("a".repeat(43), "-_B9".repeat(11)[..43].to_owned());
        assert!(marks(None).is_empty());
        assert_eq!(marks(Some(&format!("{a}.{b}"))), [&*a, &*b]);
        for bad in ["", ".", "a", "é", "a b", &"a".repeat(44), &format!("{}é", "a".repeat(41)), &"a".repeat(42)] {
            assert!(marks(Some(bad)).is_empty(), "{bad}");
            assert_eq!(marks(Some(&format!("{bad}.{b}"))), [&*b], "{bad}");
        }
        let many = vec![&*a; 100].join(".");
        assert_eq!(marks(Some(&many)).len(), 4);
    }
}
