//! Scopes: the names under which apps ask, and the permissions that each stands for.

use std::fmt;
use std::str::FromStr;

use crate::permission::{Permission, PermissionSet};

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $permissions:expr;)*) => {
        /// One scope that this server knows.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Scope { $($(#[$doc])* $name,)* }

        impl Scope {
            /// Every scope, in the order in which they are written.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name on the wire.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The most that a customer allows when they allow it. What a lodged consent allows can be less.
            #[must_use]
            pub fn permissions(self) -> PermissionSet {
                use Permission::*;
                let permissions: &[Permission] = match self { $(Self::$name => $permissions,)* };
                PermissionSet::of(permissions)
            }

            fn bit(self) -> u32 {
                let mut place = 0;
                $(if matches!(self, Self::$name) { return 1 << place; } place += 1;)*
                1 << place
            }
        }
    };
}

scopes! {
    /// OpenID Connect: who the customer is, under a name for this app only.
    OpenId = "openid", &[];
    /// Account names, types and numbers.
    AccountsRead = "accounts:read", &[AccountsBasic, AccountsDetail];
    /// How much is in the accounts.
    BalancesRead = "balances:read", &[Balances];
    /// Saved payees.
    BeneficiariesRead = "beneficiaries:read", &[BeneficiariesBasic, BeneficiariesDetail];
    /// Who may take money.
    DirectDebitsRead = "direct-debits:read", &[DirectDebits];
    /// Offers of the bank.
    OffersRead = "offers:read", &[Offers];
    /// Who holds the accounts, and who the customer is.
    PartiesRead = "parties:read", &[Parties, PartyCustomer];
    /// Product terms.
    ProductsRead = "products:read", &[Products];
    /// Payments planned for a later day.
    ScheduledPaymentsRead = "scheduled-payments:read", &[ScheduledPaymentsBasic, ScheduledPaymentsDetail];
    /// Regular payments.
    StandingOrdersRead = "standing-orders:read", &[StandingOrdersBasic, StandingOrdersDetail];
    /// Statements.
    StatementsRead = "statements:read", &[StatementsBasic, StatementsDetail];
    /// Payments in and out.
    TransactionsRead = "transactions:read", &[TransactionsBasic, TransactionsDetail, TransactionsCredits, TransactionsDebits];
    /// UK Open Banking: whatever a lodged account-access consent allows.
    Accounts = "accounts", Permission::ACCOUNT_INFORMATION;
    /// UK Open Banking: whatever a lodged funds-confirmation consent allows.
    FundsConfirmations = "fundsconfirmations", &[FundsConfirmation];
    /// Grant Management 6.2: looking at grants; for the app itself, not for a customer to give.
    GrantManagementQuery = "grant_management_query", &[];
    /// Grant Management 6.3: ending grants; for the app itself, not for a customer to give.
    GrantManagementRevoke = "grant_management_revoke", &[];
}

impl Scope {
    /// Whether a customer can give it. What is left is for an app's own tokens.
    #[must_use]
    pub fn is_a_customers(self) -> bool {
        !matches!(self, Self::GrantManagementQuery | Self::GrantManagementRevoke)
    }

    /// Which kind of lodged consent its rights come from; `None` if it says itself what is asked for.
    #[must_use]
    pub fn lodged(self) -> Option<crate::consent::Kind> {
        match self {
            Self::Accounts => Some(crate::consent::Kind::AccountAccess),
            Self::FundsConfirmations => Some(crate::consent::Kind::FundsConfirmation),
            _ => None,
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

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<T: IntoIterator<Item = Scope>>(scopes: T) -> Self {
        scopes.into_iter().fold(Self::default(), |set, scope| Self(set.0 | scope.bit()))
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
