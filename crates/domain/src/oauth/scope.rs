//! Scopes: the names under which apps ask, and the permissions that each stands for.

use std::fmt;
use std::str::FromStr;

use crate::permission::{Permission, PermissionSet};

/// One scope that this server knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Account names, types and numbers.
    AccountsRead,
    /// How much is in the accounts.
    BalancesRead,
    /// Grant Management 6.2: looking at grants; for the app itself, not for a customer to give.
    GrantManagementQuery,
    /// Grant Management 6.3: ending grants; for the app itself, not for a customer to give.
    GrantManagementRevoke,
    /// OpenID Connect: who the customer is, under a name for this app only.
    OpenId,
    /// Regular payments.
    StandingOrdersRead,
    /// Payments in and out.
    TransactionsRead,
}

impl Scope {
    /// Every scope, in the order in which they are written.
    pub const ALL: &[Self] = &[
        Self::OpenId,
        Self::AccountsRead,
        Self::BalancesRead,
        Self::StandingOrdersRead,
        Self::TransactionsRead,
        Self::GrantManagementQuery,
        Self::GrantManagementRevoke,
    ];

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AccountsRead => "accounts:read",
            Self::BalancesRead => "balances:read",
            Self::GrantManagementQuery => "grant_management_query",
            Self::GrantManagementRevoke => "grant_management_revoke",
            Self::OpenId => "openid",
            Self::StandingOrdersRead => "standing-orders:read",
            Self::TransactionsRead => "transactions:read",
        }
    }

    /// What a customer allows when they allow it.
    #[must_use]
    pub fn permissions(self) -> PermissionSet {
        use Permission::*;
        PermissionSet::of(match self {
            Self::AccountsRead => &[AccountsBasic, AccountsDetail],
            Self::BalancesRead => &[Balances],
            Self::GrantManagementQuery | Self::GrantManagementRevoke | Self::OpenId => &[],
            Self::StandingOrdersRead => &[StandingOrdersBasic, StandingOrdersDetail],
            Self::TransactionsRead => &[TransactionsBasic, TransactionsDetail, TransactionsCredits, TransactionsDebits],
        })
    }

    /// Whether a customer can give it. What is left is for an app's own tokens.
    #[must_use]
    pub fn is_a_customers(self) -> bool {
        match self {
            Self::AccountsRead
            | Self::BalancesRead
            | Self::OpenId
            | Self::StandingOrdersRead
            | Self::TransactionsRead => true,
            Self::GrantManagementQuery | Self::GrantManagementRevoke => false,
        }
    }

    fn bit(self) -> u32 {
        match self {
            Self::AccountsRead => 1,
            Self::BalancesRead => 1 << 1,
            Self::OpenId => 1 << 2,
            Self::StandingOrdersRead => 1 << 3,
            Self::TransactionsRead => 1 << 4,
            Self::GrantManagementQuery => 1 << 5,
            Self::GrantManagementRevoke => 1 << 6,
        }
    }
}

/// A set of scopes.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ScopeSet(u32);

impl ScopeSet {
    /// All scopes that this server knows.
    #[must_use]
    pub fn all() -> Self {
        Scope::ALL.iter().fold(Self::default(), |set, scope| Self(set.0 | scope.bit()))
    }

    /// Reads a `scope` parameter: names separated by single spaces (RFC 6749 3.3).
    ///
    /// # Errors
    /// [`BadScope`] when it is empty, too long, malformed or names a scope that does not exist.
    pub fn parse(text: &str) -> Result<Self, BadScope> {
        if text.is_empty() || text.len() > LENGTH_MAX {
            return Err(BadScope);
        }
        text.split(' ').try_fold(Self::default(), |set, name| {
            let known = Scope::ALL.iter().find(|scope| scope.name() == name).ok_or(BadScope)?;
            Ok(Self(set.0 | known.bit()))
        })
    }

    /// Whether it holds a scope.
    #[must_use]
    pub fn has(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether all its members are in `other`.
    #[must_use]
    pub fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// The members that both sets have.
    #[must_use]
    pub fn intersect(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether a customer can give all its members.
    #[must_use]
    pub fn is_a_customers(self) -> bool {
        self.iter().all(Scope::is_a_customers)
    }

    /// This set without a scope.
    #[must_use]
    pub fn without(self, scope: Scope) -> Self {
        Self(self.0 & !scope.bit())
    }

    /// The members.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.iter().copied().filter(move |scope| self.has(*scope))
    }

    /// What a customer allows when they allow all of them.
    #[must_use]
    pub fn permissions(self) -> PermissionSet {
        self.iter().fold(PermissionSet::default(), |set, scope| set.union(scope.permissions()))
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, scope) in self.iter().enumerate() {
            let gap = if i == 0 { "" } else { " " };
            write!(f, "{gap}{}", scope.name())?;
        }
        Ok(())
    }
}

impl fmt::Debug for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{self}}}")
    }
}

impl FromStr for ScopeSet {
    type Err = BadScope;

    fn from_str(text: &str) -> Result<Self, BadScope> {
        if text.is_empty() { Ok(Self::default()) } else { Self::parse(text) }
    }
}

impl TryFrom<String> for ScopeSet {
    type Error = BadScope;

    fn try_from(text: String) -> Result<Self, BadScope> {
        text.parse()
    }
}

impl From<ScopeSet> for String {
    fn from(scopes: ScopeSet) -> Self {
        scopes.to_string()
    }
}

/// The text is not a list of scopes that this server knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a list of known scopes")]
pub struct BadScope;

/// Characters of one `scope` parameter; all scopes together need far fewer.
const LENGTH_MAX: usize = 1000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn is_read_back_as_it_was_written(members in proptest::sample::subsequence(Scope::ALL, 0..=Scope::ALL.len())) {
            let text = members.iter().map(|scope| scope.name()).collect::<Vec<_>>().join(" ");
            let set: ScopeSet = text.parse().unwrap();
            prop_assert_eq!(set.to_string(), text);
        }

        #[test]
        fn survives_any_text(text: String) {
            let _ = ScopeSet::parse(&text);
        }
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        for bad in [
            "",
            " ",
            "accounts:read ",
            "accounts:read  openid",
            "admin",
            "ACCOUNTS:READ",
            "accounts:read,openid",
            "openid\n",
        ] {
            assert_eq!(ScopeSet::parse(bad), Err(BadScope), "{bad}");
        }
        assert_eq!(ScopeSet::parse(&"openid ".repeat(5000)), Err(BadScope));
        assert_eq!(ScopeSet::parse("openid openid").unwrap().to_string(), "openid", "a repeated scope is no error");
    }
}
