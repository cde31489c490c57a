//! What a consent can allow, and the rights that follow from it.
//!
//! A [`Permission`] is what a customer grants; a [`Right`] is what a call needs. A right's *shade* says how much of the thing may be
//! seen: with or without details, money in or out, since when. The bank builds its answer from the shade and cannot see more.

use std::fmt;
use std::str::FromStr;

use crate::money::Direction;
use crate::time::Instant;

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// One thing that a customer can allow.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Permission {
            $($(#[$doc])* $name,)*
        }

        impl Permission {
            /// Every permission there is, in the order in which they are written.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name under which it is stored.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            fn bit(self) -> u32 {
                let mut place = 0;
                $(if matches!(self, Self::$name) { return 1 << place; } place += 1;)*
                1 << place
            }
        }
    };
}

permissions! {
    /// Accounts without their numbers.
    AccountsBasic = "accounts.basic",
    /// Accounts with their numbers.
    AccountsDetail = "accounts.detail",
    /// Balances.
    Balances = "balances",
    /// Beneficiaries without their accounts.
    BeneficiariesBasic = "beneficiaries.basic",
    /// Beneficiaries with their accounts.
    BeneficiariesDetail = "beneficiaries.detail",
    /// Direct debits.
    DirectDebits = "direct-debits",
    /// Offers.
    Offers = "offers",
    /// Card numbers in clear.
    Pan = "pan",
    /// Who holds the account.
    Parties = "parties",
    /// Who the customer is.
    PartyCustomer = "party.customer",
    /// Product terms.
    Products = "products",
    /// Scheduled payments without the creditor.
    ScheduledPaymentsBasic = "scheduled-payments.basic",
    /// Scheduled payments with the creditor.
    ScheduledPaymentsDetail = "scheduled-payments.detail",
    /// Standing orders without the creditor.
    StandingOrdersBasic = "standing-orders.basic",
    /// Standing orders with the creditor.
    StandingOrdersDetail = "standing-orders.detail",
    /// Statements without amounts.
    StatementsBasic = "statements.basic",
    /// Statements with amounts, and the document.
    StatementsDetail = "statements.detail",
    /// Transactions without description and counterparty.
    TransactionsBasic = "transactions.basic",
    /// Transactions with description and counterparty.
    TransactionsDetail = "transactions.detail",
    /// Transactions by which money came in.
    TransactionsCredits = "transactions.credits",
    /// Transactions by which money went out.
    TransactionsDebits = "transactions.debits",
}

/// A set of permissions.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct PermissionSet(u32);

impl PermissionSet {
    /// The set with these members.
    #[must_use]
    pub fn of(permissions: &[Permission]) -> Self {
        permissions.iter().fold(Self::default(), |set, permission| set.with(*permission))
    }

    /// This set and one more.
    #[must_use]
    pub fn with(self, permission: Permission) -> Self {
        Self(self.0 | permission.bit())
    }

    /// Both sets together.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What both sets hold.
    #[must_use]
    pub fn intersect(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether it holds a permission.
    #[must_use]
    pub fn has(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// Whether nothing is allowed.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The members.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.has(*permission))
    }

    fn level(self, basic: Permission, detail: Permission) -> Option<Level> {
        if self.has(detail) {
            Some(Level::Detail)
        } else if self.has(basic) {
            Some(Level::Basic)
        } else {
            None
        }
    }
}

impl fmt::Display for PermissionSet {
    /// The codes, separated by spaces.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, permission) in self.iter().enumerate() {
            let gap = if i == 0 { "" } else { " " };
            write!(f, "{gap}{}", permission.code())?;
        }
        Ok(())
    }
}

impl fmt::Debug for PermissionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{self}}}")
    }
}

impl FromStr for PermissionSet {
    type Err = UnknownPermission;

    fn from_str(text: &str) -> Result<Self, UnknownPermission> {
        text.split(' ').filter(|code| !code.is_empty()).try_fold(Self::default(), |set, code| {
            let known = Permission::ALL.iter().find(|permission| permission.code() == code);
            known.map(|permission| set.with(*permission)).ok_or(UnknownPermission)
        })
    }
}

/// A stored text names a permission that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a permission")]
pub struct UnknownPermission;

/// How much of a thing may be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Without what points to people and accounts.
    Basic,
    /// All of it.
    Detail,
}

/// The span of time whose data may be seen; both ends belong to it, a missing end is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The first moment.
    pub from: Option<Instant>,
    /// The last moment.
    pub to: Option<Instant>,
}

impl Window {
    /// What lies in both.
    #[must_use]
    pub fn intersect(self, other: Self) -> Self {
        let later = |a: Option<Instant>, b: Option<Instant>| match (a, b) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (one, None) | (None, one) => one,
        };
        let earlier = |a: Option<Instant>, b: Option<Instant>| match (a, b) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (one, None) | (None, one) => one,
        };
        Self { from: later(self.from, other.from), to: earlier(self.to, other.to) }
    }

    /// Whether a moment lies in it.
    #[must_use]
    pub fn contains(self, at: Instant) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at <= to)
    }
}

/// A right that a call can need. It exists as a type, so that the wrong one does not compile.
pub trait Right: 'static {
    /// Its name in logs and in the audit trail.
    const NAME: &'static str;

    /// How much of the thing may be seen.
    type Shade: Clone + Copy + fmt::Debug + Send + Sync;

    /// The shade that these permissions give, or `None` if they do not give the right at all.
    fn shade(permissions: PermissionSet, window: Window) -> Option<Self::Shade>;
}

/// The right to read accounts.
#[derive(Clone, Copy, Debug)]
pub enum ReadAccounts {}

impl Right for ReadAccounts {
    const NAME: &'static str = "accounts:read";
    type Shade = Level;

    fn shade(permissions: PermissionSet, _window: Window) -> Option<Level> {
        permissions.level(Permission::AccountsBasic, Permission::AccountsDetail)
    }
}

/// The right to read balances.
#[derive(Clone, Copy, Debug)]
pub enum ReadBalances {}

impl Right for ReadBalances {
    const NAME: &'static str = "balances:read";
    type Shade = ();

    fn shade(permissions: PermissionSet, _window: Window) -> Option<()> {
        permissions.has(Permission::Balances).then_some(())
    }
}

/// The right to read standing orders.
#[derive(Clone, Copy, Debug)]
pub enum ReadStandingOrders {}

impl Right for ReadStandingOrders {
    const NAME: &'static str = "standing-orders:read";
    type Shade = Level;

    fn shade(permissions: PermissionSet, _window: Window) -> Option<Level> {
        permissions.level(Permission::StandingOrdersBasic, Permission::StandingOrdersDetail)
    }
}

/// The right to read transactions.
#[derive(Clone, Copy, Debug)]
pub enum ReadTransactions {}

/// How much of an account's transactions may be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransactionShade {
    /// With or without description, counterparty and running balance.
    pub level: Level,
    /// Which way the money flows, or `None` for both ways.
    pub only: Option<Direction>,
    /// Booked when.
    pub window: Window,
}

impl Right for ReadTransactions {
    const NAME: &'static str = "transactions:read";
    type Shade = TransactionShade;

    fn shade(permissions: PermissionSet, window: Window) -> Option<TransactionShade> {
        let level = permissions.level(Permission::TransactionsBasic, Permission::TransactionsDetail)?;
        let credits = permissions.has(Permission::TransactionsCredits);
        let debits = permissions.has(Permission::TransactionsDebits);
        let only = match (credits, debits) {
            (true, true) => None,
            (true, false) => Some(Direction::Credit),
            (false, true) => Some(Direction::Debit),
            (false, false) => return None,
        };
        Some(TransactionShade { level, only, window })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_set_is_read_back_as_it_was_written(members in proptest::sample::subsequence(Permission::ALL, 0..Permission::ALL.len())) {
            let set = PermissionSet::of(&members);
            prop_assert_eq!(set.iter().collect::<Vec<_>>(), members);
            prop_assert_eq!(set.to_string().parse::<PermissionSet>().unwrap(), set);
        }

        #[test]
        fn a_window_and_another_hold_what_both_hold(a in window(), b in window(), at in 0..100_i64) {
            let at = Instant::from_seconds(at);
            prop_assert_eq!(a.intersect(b).contains(at), a.contains(at) && b.contains(at));
        }
    }

    fn window() -> impl Strategy<Value = Window> {
        let end = || proptest::option::of((0..100_i64).prop_map(Instant::from_seconds));
        (end(), end()).prop_map(|(from, to)| Window { from, to })
    }

    #[test]
    fn every_permission_has_a_name_and_a_place_of_its_own() {
        let all = PermissionSet::of(Permission::ALL);
        assert_eq!(all.iter().count(), Permission::ALL.len());
        assert!("accounts.everything".parse::<PermissionSet>().is_err());
    }

    #[test]
    fn transactions_need_a_level_and_a_direction() {
        use Permission::*;
        let shade = |members: &[Permission]| ReadTransactions::shade(PermissionSet::of(members), Window::default());
        assert!(shade(&[TransactionsDetail]).is_none());
        assert!(shade(&[TransactionsCredits, TransactionsDebits]).is_none());
        let some = shade(&[TransactionsBasic, TransactionsDebits]).unwrap();
        assert_eq!((some.level, some.only), (Level::Basic, Some(Direction::Debit)));
        let all = shade(&[TransactionsBasic, TransactionsDetail, TransactionsDebits, TransactionsCredits]).unwrap();
        assert_eq!((all.level, all.only), (Level::Detail, None));
    }
}
