//! What sort of account it is, in the words of the import format.

use super::word::words;

words! {
    /// Whose kind of account.
    Category {
        /// A firm's.
        Business = "Business",
        /// A person's.
        Personal = "Personal",
    }
}

words! {
    /// What kind of account.
    AccountKind {
        /// A card whose balance is paid off at once.
        ChargeCard = "ChargeCard",
        /// A card with credit.
        CreditCard = "CreditCard",
        /// An account for payments.
        Current = "CurrentAccount",
        /// Electronic money.
        EMoney = "EMoney",
        /// A loan.
        Loan = "Loan",
        /// A loan on a house.
        Mortgage = "Mortgage",
        /// A card paid beforehand.
        PrePaidCard = "PrePaidCard",
        /// An account for saving.
        Savings = "Savings",
    }
}

words! {
    /// Whether an account can be used.
    AccountStatus {
        /// Closed.
        Deleted = "Deleted",
        /// Blocked.
        Disabled = "Disabled",
        /// In use.
        Enabled = "Enabled",
    }
}
