//! How many calls run at once, and how many wait for a place, class by class.

use lombard_domain::throttle::Bounds;
use lombard_domain::time::Span;

use super::Class;

/// How many calls of each class run at once and wait. Every class has its own places, which no other can take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Throttling {
    /// So many of a class run at once at most; fewer when answers become slow.
    pub most: u32,
    /// So many of a class wait at most.
    pub waiting: u32,
    /// So long a call waits at most; less while everybody waits.
    pub wait: Span,
}

impl Throttling {
    /// What most servers need.
    #[must_use]
    pub fn usual() -> Self {
        Self { most: 256, waiting: 128, wait: Span::milliseconds(100) }
    }

    /// Between how many and how many calls of a class run at once.
    #[must_use]
    pub fn bounds(&self, class: Class) -> Bounds {
        let least = match class {
            // Must keep working, however slow it is.
            Class::Revocation => 16,
            // Signatures and passwords: how long they take says little about how much there is to do.
            Class::SignIn | Class::Token => 8,
            Class::Consent
            | Class::Events
            | Class::Funds
            | Class::Page
            | Class::Public
            | Class::Read
            | Class::Registration => 4,
        };
        Bounds { least: least.min(self.most), most: self.most }
    }
}
