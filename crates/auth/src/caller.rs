//! Who calls, as far as metrics tell: a few kinds, never a name.

use std::sync::atomic::{AtomicU8, Ordering};

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Caller {
    /// An app that has proved who it is, and whose token anybody could use who has it.
    AppBearer,
    /// An app that has proved to hold the certificate to which its token is bound (RFC 8705).
    AppCertificate,
    /// An app that has proved to hold the key to which its token is bound (RFC 9449).
    AppKey,
    /// A customer, on the pages for customers.
    Customer,
    /// Nobody who has proved anything.
    Nobody,
}

impl Caller {
    /// All.
    pub const ALL: [Self; 5] = [Self::AppBearer, Self::AppCertificate, Self::AppKey, Self::Customer, Self::Nobody];

    /// Its name in metrics and traces.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AppBearer => "app-bearer",
            Self::AppCertificate => "app-certificate",
            Self::AppKey => "app-key",
            Self::Customer => "customer",
            Self::Nobody => "none",
        }
    }
}

/// What is known so far of who makes a call.
#[derive(Debug, Default)]
pub(crate) struct Known(AtomicU8);

impl Known {
    pub(crate) fn set(&self, caller: Caller) {
        let place =
            Caller::ALL.into_iter().position(|one| one == caller).and_then(|place| u8::try_from(place + 1).ok());
        self.0.store(place.unwrap_or(0), Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> Option<Caller> {
        let place = usize::from(self.0.load(Ordering::Relaxed)).checked_sub(1)?;
        Caller::ALL.get(place).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_not_known_until_it_is_said() {
        let known = Known::default();
        assert_eq!(known.get(), None);
        for caller in Caller::ALL {
            known.set(caller);
            assert_eq!(known.get(), Some(caller));
        }
    }
}
