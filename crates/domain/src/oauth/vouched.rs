//! Who says that an app is whose it says it is.
//!
//! What an app says of itself is only its word until a directory or the bank has checked it.

use super::client::{Client, WebUri};
use super::software::Software;
use super::verification::Verification;

/// Who vouches for an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vouched<'a> {
    /// The bank, by one of its operators.
    Bank(&'a Verification),
    /// A directory that the bank believes.
    Directory(&'a Software),
    /// Nobody.
    Nobody,
}

impl Vouched<'_> {
    /// Whether nobody does.
    #[must_use]
    pub fn is_nobody(self) -> bool {
        self == Self::Nobody
    }

    /// Whether the bank does, or a directory whose statement says this.
    fn stands_for(self, says: impl Fn(&Software) -> bool) -> bool {
        match self {
            Self::Bank(_) => true,
            Self::Directory(software) => says(software),
            Self::Nobody => false,
        }
    }

    /// The word for it, in the database.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Bank(_) => "bank",
            Self::Directory(_) => "directory",
            Self::Nobody => "nobody",
        }
    }
}

impl Client {
    /// Who vouches for it. A directory's word counts before the bank's own, because it is newer with every statement.
    #[must_use]
    pub fn vouched(&self) -> Vouched<'_> {
        match (&self.metadata.software, &self.verification) {
            (Some(software), _) => Vouched::Directory(software),
            (None, Some(verification)) => Vouched::Bank(verification),
            (None, None) => Vouched::Nobody,
        }
    }

    /// Whether its name is one that somebody vouches for: a statement that names no app leaves the name to the app.
    #[must_use]
    pub fn has_vouched_name(&self) -> bool {
        self.vouched().stands_for(|software| software.says_name)
    }

    /// Its logo, if somebody vouches for it.
    #[must_use]
    pub fn vouched_logo(&self) -> Option<&WebUri> {
        let vouched = self.vouched().stands_for(|software| software.says_logo);
        self.metadata.logo_uri.as_ref().filter(|_| vouched)
    }

    /// Its home page, if somebody vouches for it.
    #[must_use]
    pub fn vouched_home(&self) -> Option<&WebUri> {
        let vouched = self.vouched().stands_for(|software| software.says_home);
        self.metadata.client_uri.as_ref().filter(|_| vouched)
    }
}
