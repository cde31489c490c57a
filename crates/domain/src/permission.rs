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
    /// Whether there is enough money in an account; yes or no.
    FundsConfirmation = "funds-confirmation",
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

impl Permission {
    /// What a consent to account information can hold: all but what is not account information.
    pub const ACCOUNT_INFORMATION: &[Self] = &[
        Self::AccountsBasic,
        Self::AccountsDetail,
        Self::Balances,
        Self::BeneficiariesBasic,
        Self::BeneficiariesDetail,
        Self::DirectDebits,
        Self::Offers,
        Self::Pan,
        Self::Parties,
        Self::PartyCustomer,
        Self::Products,
        Self::ScheduledPaymentsBasic,
        Self::ScheduledPaymentsDetail,
        Self::StandingOrdersBasic,
        Self::StandingOrdersDetail,
        Self::StatementsBasic,
        Self::StatementsDetail,
        Self::TransactionsBasic,
        Self::TransactionsDetail,
        Self::TransactionsCredits,
        Self::TransactionsDebits,
    ];
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

    fn seen(self, basic: Permission, detail: Permission) -> Option<Seen> {
        let cards = if self.has(Permission::Pan) { Cards::Clear } else { Cards::Masked };
        self.level(basic, detail).map(|level| Seen { level, cards })
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

/// Whether card numbers are shown whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cards {
    /// Only the end.
    Masked,
    /// All of it.
    Clear,
}

/// How much may be seen of things that point to people and accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// With or without what points to people and accounts.
    pub level: Level,
    /// Card numbers.
    pub cards: Cards,
}

/// How much of an account's transactions may be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransactionShade {
    /// With or without description, counterparty and running balance.
    pub seen: Seen,
    /// Which way the money flows, or `None` for both ways.
    pub only: Option<Direction>,
    /// Booked when.
    pub window: Window,
}

/// How much of an account's statements may be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatementShade {
    /// With or without amounts and the document.
    pub level: Level,
    /// A statement must lie wholly in it.
    pub window: Window,
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

macro_rules! rights {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $shade:ty, $rule:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub enum $name {}

        impl Right for $name {
            const NAME: &'static str = $code;
            type Shade = $shade;

            fn shade(permissions: PermissionSet, window: Window) -> Option<$shade> {
                let rule: fn(PermissionSet, Window) -> Option<$shade> = $rule;
                rule(permissions, window)
            }
        }
    )*};
}

rights! {
    /// The right to ask whether there is enough money in an account.
    ConfirmFunds = "funds:confirm", (), |set, _| set.has(Permission::FundsConfirmation).then_some(());
    /// The right to read accounts.
    ReadAccounts = "accounts:read", Seen, |set, _| set.seen(Permission::AccountsBasic, Permission::AccountsDetail);
    /// The right to read balances.
    ReadBalances = "balances:read", (), |set, _| set.has(Permission::Balances).then_some(());
    /// The right to read beneficiaries.
    ReadBeneficiaries = "beneficiaries:read", Seen,
        |set, _| set.seen(Permission::BeneficiariesBasic, Permission::BeneficiariesDetail);
    /// The right to read direct debits.
    ReadDirectDebits = "direct-debits:read", (), |set, _| set.has(Permission::DirectDebits).then_some(());
    /// The right to read offers.
    ReadOffers = "offers:read", (), |set, _| set.has(Permission::Offers).then_some(());
    /// The right to read who holds an account.
    ReadParties = "parties:read", (), |set, _| set.has(Permission::Parties).then_some(());
    /// The right to read who the customer is.
    ReadPartyCustomer = "party-customer:read", (), |set, _| set.has(Permission::PartyCustomer).then_some(());
    /// The right to read product terms.
    ReadProducts = "products:read", (), |set, _| set.has(Permission::Products).then_some(());
    /// The right to read scheduled payments.
    ReadScheduledPayments = "scheduled-payments:read", Seen,
        |set, _| set.seen(Permission::ScheduledPaymentsBasic, Permission::ScheduledPaymentsDetail);
    /// The right to read standing orders.
    ReadStandingOrders = "standing-orders:read", Seen,
        |set, _| set.seen(Permission::StandingOrdersBasic, Permission::StandingOrdersDetail);
    /// The right to read statements.
    ReadStatements = "statements:read", StatementShade, |set, window| {
        let level = set.level(Permission::StatementsBasic, Permission::StatementsDetail)?;
        Some(StatementShade { level, window })
    };
    /// The right to have a statement as a document.
    ReadStatementFiles = "statement-files:read", StatementShade, |set, window| {
        let level = set.has(Permission::StatementsDetail).then_some(Level::Detail)?;
        Some(StatementShade { level, window })
    };
    /// The right to read transactions.
    ReadTransactions = "transactions:read", TransactionShade, |set, window| {
        let seen = set.seen(Permission::TransactionsBasic, Permission::TransactionsDetail)?;
        let credits = set.has(Permission::TransactionsCredits);
        let debits = set.has(Permission::TransactionsDebits);
        let only = match (credits, debits) {
            (true, true) => None,
            (true, false) => Some(Direction::Credit),
            (false, true) => Some(Direction::Debit),
            (false, false) => return None,
        };
        Some(TransactionShade { seen, only, window })
    };
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
        assert_eq!((some.seen.level, some.only), (Level::Basic, Some(Direction::Debit)));
        let all = shade(&[TransactionsBasic, TransactionsDetail, TransactionsDebits, TransactionsCredits]).unwrap();
        assert_eq!((all.seen.level, all.only), (Level::Detail, None));
    }
}
